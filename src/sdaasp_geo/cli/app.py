"""The command line: arguments, progress and exit codes.

0: done. 1: the inputs are wrong, every fault is listed and nothing is written. 2: wrong
usage. 130: interrupted; earlier outputs are as they were.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import sdaasp_geo as sg
from sdaasp_geo.cli import fetching, gridding, trying
from sdaasp_geo.cli.commands import (
    Command,
    Group,
    Maps,
    OutFolder,
    Page,
    TerritoryFile,
    command,
    folders,
    tell_settings,
    toml_files,
)
from sdaasp_geo.cli.diagnosing import tell_diagnostic, tell_inputs
from sdaasp_geo.cli.help_page import usage_of
from sdaasp_geo.cli.session import INTERRUPTED, WRONG_USAGE, Session
from sdaasp_geo.cli.settings import AsJson, Lang, Quiet, Verbose, settings_in, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdaasp_geo.cluster import DaskExecutor

_GC_THRESHOLD = 100_000
# An example is input: no diagnostic may take it for its earlier outputs.
_EXAMPLE_MANIFEST = ".sdaasp-geo-example"


class MapFormat(StrEnum):
    """Kinds of pictures that maps are written as."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"


_BEGIN, _MEASURE, _TRY = "Begin", "Measure", "Try things"
# Typer has moved its exceptions from one home to another; this one is in its public names.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="sdaasp-geo",
    help="How long each inhabitant needs to reach the services of daily life, and who is left out.",
    cls=Group,
    no_args_is_help=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _commands(
    context: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Say the version.")] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
    lang: Lang = None,
) -> None:
    """Take what is told before the name of a command."""
    settings = settings_in(context).told(quiet=quiet, as_json=as_json, verbose=verbose, lang=lang)
    tell_settings(context, settings)
    if version:
        from sdaasp_geo.pipeline.provenance import version as number  # noqa: PLC0415

        typer.echo(f"sdaasp-geo {number()}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), nl=False)
        raise typer.Exit(WRONG_USAGE)


@app.command(cls=Command, rich_help_panel=_BEGIN)
@command
def example(
    session: Session,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Folder to write; made if need be.", autocompletion=folders
        ),
    ],
) -> None:
    """Write the example territory (a fictional département) into a folder."""
    from sdaasp_geo.pipeline.outputs import whole_folder  # noqa: PLC0415

    with whole_folder(folder, manifest=_EXAMPLE_MANIFEST) as staging:
        names = [path.relative_to(staging) for path in sg.write_example(staging)]
    session.wrote([folder / name for name in names])


app.command(cls=Command, rich_help_panel=_BEGIN)(command(fetching.fetch))


@app.command(cls=Command, rich_help_panel=_BEGIN)
@command
def doctor(
    session: Session,
    territory: Annotated[
        Path | None,
        typer.Argument(
            metavar="TERRITORY", help="A territory file (TOML).", autocompletion=toml_files
        ),
    ] = None,
) -> None:
    """Say what is installed, what a territory lacks, and what to do next."""
    from sdaasp_geo.cli.doctor import examine  # noqa: PLC0415

    examine(session, territory)


@app.command(cls=Command, rich_help_panel=_MEASURE)
@command
def check(session: Session, territory: TerritoryFile) -> None:
    """Read every input, list every fault, compute nothing."""
    with session.progress() as progress:
        inputs = sg.check(sg.read_territory(territory), progress=progress)
    tell_inputs(session, inputs)


@app.command(cls=Command, rich_help_panel=_MEASURE)
@command
def diagnose(
    session: Session,
    territories: Annotated[
        list[Path],
        typer.Argument(
            metavar="TERRITORY", help="Territory files (TOML).", autocompletion=toml_files
        ),
    ],
    out: OutFolder,
    *,
    maps: Maps = True,
    page: Page = False,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Address of a Dask scheduler that runs the territories."
        ),
    ] = None,
) -> None:
    """Measure access to the services and write tables, maps and report.

    Of several territories, or on a cluster, each goes into a folder of its name in OUT.
    """
    if page:
        from sdaasp_geo.report.observatory.extra import check_page_extra  # noqa: PLC0415

        check_page_extra()
    with session.progress() as progress, _where(cluster) as executor:
        if executor is None and len(territories) == 1:
            diagnostic = sg.diagnose_file(territories[0], out, progress=progress)
            files = sg.write_diagnostic(
                diagnostic, out, maps=maps, page=page, jobs=os.cpu_count() or 1, progress=progress
            )
        else:
            diagnostic = None
            files = sg.diagnose_many(
                territories, out, executor=executor, maps=maps, page=page, progress=progress
            )
    if diagnostic is not None:
        tell_diagnostic(session, diagnostic)
    session.wrote(files)


@app.command(cls=Command, rich_help_panel=_MEASURE)
@command
def maps(
    session: Session,
    territory: TerritoryFile,
    out: OutFolder,
    *,
    form: Annotated[
        MapFormat, typer.Option("--format", metavar="png|svg|pdf", help="Kind of the pictures.")
    ] = MapFormat.PNG,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Processes that draw; as many as there are cores by default."
        ),
    ] = None,
) -> None:
    """Draw the maps alone: every map, the sheet of services, and the atlas by EPCI."""
    with session.progress() as progress:
        diagnostic = sg.diagnose_file(territory, out, progress=progress)
        files = sg.write_maps_only(
            diagnostic,
            out,
            fmt=form.value,
            jobs=jobs or os.cpu_count() or 1,
            progress=progress,
        )
    session.wrote(files)


app.command(cls=Command, rich_help_panel=_MEASURE)(command(gridding.grids))
app.command(cls=Command, rich_help_panel=_TRY)(command(trying.simulate))
app.command(cls=Command, rich_help_panel=_TRY)(command(trying.locate))
app.command(cls=Command, rich_help_panel=_TRY)(command(trying.compare))


def main() -> None:
    """Run the command line and exit with its code."""
    # Importing makes many objects that stay: looking through them for cycles again and
    # again takes a tenth of a short command's time.
    gc.set_threshold(_GC_THRESHOLD)
    settings = settings_of(sys.argv[1:])
    try:
        code = app(standalone_mode=False, prog_name="sdaasp-geo", obj=settings)
    except _UsageError as error:
        _misused(error, Session("", settings))
        sys.exit(WRONG_USAGE)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Who reads has read enough (`| head`): what is still to say goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    sys.exit(code if isinstance(code, int) else 0)


def _misused(error: Exception, session: Session) -> None:
    """Say what is wrong with the arguments, and how the command is called."""
    context = getattr(error, "ctx", None)
    usage = path = ""
    if context is not None:
        path = context.command_path
        session.command = context.info_name if context.parent is not None else ""
        usage = usage_of(context.command, context, session.settings.language)
    session.misused(str(getattr(error, "format_message", error.__str__)()), usage, path)


@contextmanager
def _where(cluster: str | None) -> Iterator[DaskExecutor | None]:
    """Connect to a cluster if one is named."""
    if cluster is None:
        yield None
        return
    from sdaasp_geo.cluster import DaskExecutor  # noqa: PLC0415 (only where it is asked for)

    with DaskExecutor(cluster) as executor:
        yield executor
