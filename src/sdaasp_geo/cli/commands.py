"""How a command is declared: common options, help with examples, files completed."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from sdaasp_geo.cli import help_page
from sdaasp_geo.cli.session import Session
from sdaasp_geo.cli.settings import COMMON, Settings, settings_in

if TYPE_CHECKING:
    from collections.abc import Callable


class Command(TyperCommand):
    """A command whose help is in the reader's language and ends with examples."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 (typer's own types)
        """Write the help into a formatter."""
        formatter.write(help_page.of_command(self, ctx, settings_in(ctx).language))


class Group(TyperGroup):
    """All the commands, with the same help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the help into a formatter."""
        formatter.write(help_page.of_group(self, ctx, settings_in(ctx).language))


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a function a session in the place of its first argument, and the common options.

    What the function raises is said in the reader's language, and gives the exit code.
    """

    @functools.wraps(function)
    def run(*, context: typer.Context, **options: Any) -> None:  # noqa: ANN401 (any option)
        told = {name: options.pop(name) for name in COMMON}
        session = Session(function.__name__, settings_in(context).told(**told))
        with session.running():
            function(session, **options)

    # Typer reads the options from the signature: the function's, the session left out.
    hints = get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]
    context = _keyword("context", typer.Context, inspect.Parameter.empty)
    given = [_keyword(item.name, hints[item.name], item.default) for item in own]
    common = [_keyword(name, kind, _default(name)) for name, kind in COMMON.items()]
    parameters = [context, *given, *common]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {item.name: item.annotation for item in parameters}
    del run.__wrapped__
    return run


def _keyword(name: str, kind: Any, default: Any) -> inspect.Parameter:  # noqa: ANN401 (any type)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _default(name: str) -> bool | None:
    return None if name == "lang" else False


def tell_settings(context: typer.Context, settings: Settings) -> None:
    """Hand to the commands what was told before their name."""
    context.obj = settings


def toml_files(incomplete: str) -> list[str]:
    """Complete the path of a TOML file: folders, and files of this suffix."""
    return _paths(incomplete, (".toml",))


def place_files(incomplete: str) -> list[str]:
    """Complete the path of a file of places."""
    return _paths(incomplete, (".csv", ".gpkg", ".geojson", ".shp"))


def folders(incomplete: str) -> list[str]:
    """Complete the path of a folder."""
    return _paths(incomplete, ())


def _paths(incomplete: str, suffixes: tuple[str, ...]) -> list[str]:
    head, slash, start = incomplete.rpartition("/")
    folder = Path(head or slash or ".").expanduser()
    if not folder.is_dir():
        return []
    found = []
    for entry in sorted(folder.iterdir()):
        # A hidden one is offered to whom begins its name.
        hidden = entry.name.startswith(".") and not start.startswith(".")
        if hidden or not entry.name.startswith(start):
            continue
        if entry.is_dir():
            found.append(f"{head}{slash}{entry.name}/")
        elif entry.suffix.lower() in suffixes:
            found.append(f"{head}{slash}{entry.name}")
    return found


TerritoryFile = Annotated[
    Path,
    typer.Argument(metavar="TERRITORY", help="A territory file (TOML).", autocompletion=toml_files),
]
OutFolder = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        metavar="FOLDER",
        help="Folder of the outputs; earlier ones are replaced.",
        autocompletion=folders,
    ),
]
Maps = Annotated[bool, typer.Option("--maps/--no-maps", help="Draw the maps and the report.")]
Page = Annotated[bool, typer.Option("--page", help="Write the page to explore, observatoire.html.")]
