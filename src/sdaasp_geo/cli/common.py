"""What every command shares: how arguments are named, progress shown and files told."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from sdaasp_geo.pipeline.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sdaasp_geo.pipeline.progress import Progress

TerritoryFile = Annotated[Path, typer.Argument(help="A territory file (TOML).")]
OutFolder = Annotated[
    Path, typer.Option("--out", help="Folder of the outputs; earlier ones are replaced.")
]
Maps = Annotated[bool, typer.Option(help="Draw the maps and the report.")]


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show where the work is on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield silent
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("…", total=None)

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what or "…")

        yield show


def name_files(files: Sequence[Path]) -> None:
    """Name the files that were written."""
    for path in files:
        typer.echo(str(path))
    typer.echo(f"{len(files)} files written")
