"""The help of a command: how it is called, its options, examples to copy."""

from __future__ import annotations

import io
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from sdaasp_geo.cli.examples import EXAMPLES
from sdaasp_geo.cli.words import Language, french, spoken

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDEST, _NARROWEST = 100, 40
_LABELS = 30
_NO_PANEL = "Options"


def of_command(command: Any, context: Any, language: Language) -> str:  # noqa: ANN401 (typer's)
    """Return the help of one command."""
    page = _Page(language)
    arguments, panels = _sorted(command.get_params(context))
    page.usage(usage_of(command, context, language))
    page.text(command.help or "")
    page.table("Arguments", [(_metavar(item, language), _about(item, page)) for item in arguments])
    for panel, options in panels.items():
        page.table(panel, [(_label(item, language), _about(item, page)) for item in options])
    page.examples(command.name or "")
    return page.written()


def of_group(group: Any, context: Any, language: Language) -> str:  # noqa: ANN401 (typer's)
    """Return the help of the whole: every command in one line."""
    page = _Page(language)
    page.usage(usage_of(group, context, language))
    page.text(group.help or "")
    panels: dict[str, list[tuple[str, str]]] = {}
    for title in group.list_commands(context):
        command = group.get_command(context, title)
        panel = str(command.rich_help_panel)
        first = (command.help or "").split("\n\n")[0]
        panels.setdefault(panel, []).append((title, page.words(" ".join(first.split()))))
    for panel, rows in panels.items():
        page.table(panel, rows)
    _, options = _sorted(group.get_params(context))
    for panel, items in options.items():
        page.table(panel, [(_label(item, language), _about(item, page)) for item in items])
    page.examples("")
    return page.written()


def usage_of(command: Any, context: Any, language: Language) -> str:  # noqa: ANN401 (typer's)
    """Return how a command is called, what must be given first."""
    arguments, panels = _sorted(command.get_params(context))
    must = [item for items in panels.values() for item in items if item.required]
    if hasattr(command, "list_commands"):
        return (
            f"{context.command_path} {spoken(language, 'COMMAND')} [{spoken(language, 'OPTIONS')}]"
        )
    parts = [context.command_path]
    for item in arguments:
        name = _metavar(item, language)
        parts.append(name if item.required else f"[{name}]")
    parts += [_label(item, language).partition(", ")[2] or _label(item, language) for item in must]
    return " ".join([*parts, f"[{spoken(language, 'OPTIONS')}]"])


class _Page:
    """A page of help under way."""

    def __init__(self, language: Language) -> None:
        from rich.console import Console  # noqa: PLC0415 (only where help is asked for)

        width = max(_NARROWEST, min(shutil.get_terminal_size().columns, _WIDEST))
        colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.language = language
        self._stream = io.StringIO()
        self._console = Console(
            file=self._stream,
            width=width,
            force_terminal=colours,
            color_system="standard" if colours else None,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def words(self, text: str) -> str:
        return french(text) if self.language == "fr" else text

    def usage(self, line: str) -> None:
        from rich.text import Text  # noqa: PLC0415

        self._console.print(Text.assemble((f"{self.words('Usage:')} ", "bold"), line))

    def text(self, text: str) -> None:
        for paragraph in text.split("\n\n"):
            self._console.print()
            self._console.print(self.words(" ".join(paragraph.split())))

    def table(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        from rich.padding import Padding  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        rows = list(rows)
        if not rows:
            return
        width = min(_LABELS, max(len(label) for label, _ in rows))
        self._console.print()
        self._console.print(Text(self.words(title), "bold"))
        for label, about in rows:
            if len(label) > width:
                # A long name has a line of its own, and keeps its letters.
                self._console.print(Text(f"  {label}", "cyan"))
            grid = Table.grid(padding=(0, 2, 0, 0))
            grid.add_column(width=width, no_wrap=True)
            grid.add_column(ratio=1)
            grid.add_row(Text("" if len(label) > width else label, "cyan"), about)
            self._console.print(Padding(grid, (0, 0, 0, 2)))

    def examples(self, command: str) -> None:
        rows = EXAMPLES.get(command, ())
        if not rows:
            return
        from rich.text import Text  # noqa: PLC0415

        self._console.print()
        self._console.print(Text(self.words("Examples"), "bold"))
        for about, line in rows:
            if about:
                self._console.print(Text(f"  # {self.words(about)}", "dim"))
            # A line to copy is never folded.
            self._console.print(Text(f"  sdaasp-geo {line}", "green"), soft_wrap=True)

    def written(self) -> str:
        lines = self._stream.getvalue().splitlines()
        return "\n".join(line.rstrip() for line in lines) + "\n"


def _sorted(params: Iterable[Any]) -> tuple[list[Any], dict[str, list[Any]]]:
    """Tell arguments from options, those by the heading they stand under."""
    arguments, panels = [], {_NO_PANEL: []}  # type: ignore[var-annotated]
    for item in params:
        if getattr(item, "hidden", False):
            continue
        if item.param_type_name == "argument":
            arguments.append(item)
        else:
            panel = getattr(item, "rich_help_panel", None)
            if panel is None and "--help" in item.opts:
                panel = "Common options"
            panels.setdefault(panel or _NO_PANEL, []).append(item)
    return arguments, {panel: items for panel, items in panels.items() if items}


def _metavar(item: Any, language: Language) -> str:  # noqa: ANN401 (typer's)
    name = spoken(language, item.metavar or str(item.name).upper())
    return f"{name}…" if item.nargs == -1 or getattr(item, "multiple", False) else name


def _label(item: Any, language: Language) -> str:  # noqa: ANN401 (typer's)
    short = [name for name in item.opts if not name.startswith("--")]
    names = [*short, *(name for name in item.opts if name.startswith("--"))]
    label = ", ".join(names)
    if item.secondary_opts:
        return f"{label}/{item.secondary_opts[0]}"
    if getattr(item, "is_flag", False) or getattr(item, "count", False) or "--help" in names:
        return label
    return f"{label} {_metavar(item, language).rstrip('…')}"


def _about(item: Any, page: _Page) -> str:  # noqa: ANN401 (typer's)
    about = page.words(" ".join((item.help or "").split()))
    default = item.default
    if item.required or default in (None, False, (), []) or callable(default):
        return about
    if default is True:
        return about if not item.secondary_opts else f"{about} {page.words('(by default)')}"
    # As one would type it, whatever the language.
    shown = (
        f"{default:g}" if isinstance(default, float) else str(getattr(default, "value", default))
    )
    return f"{about} {spoken(page.language, '[default: {}]', shown)}"
