"""The command that fetches the official files of a département."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

import sdaasp_geo as sg

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sdaasp_geo.pipeline.progress import Progress


def fetch(
    folder: Annotated[Path, typer.Argument(help="Folder of the files; made if need be.")],
    departement: Annotated[str, typer.Option(help="Code of the département: 13, 2A, 974.")],
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(help="A kind of file (bpe, communes, osm …), as often as need be."),
    ] = None,
    vintage: Annotated[
        list[str] | None,
        typer.Option(help="KIND=YEAR where not the newest, such as bpe=2023."),
    ] = None,
    registry: Annotated[
        Path | None, typer.Option(help="A registry of files of your own (TOML).")
    ] = None,
    workers: Annotated[int, typer.Option(help="Files at once.", min=1)] = 4,
) -> None:
    """Fetch the official files of a département, verified, and write a territory file.

    What came is kept: run it again to go on after a failure.
    """
    choice = sg.FetchChoice(only=only or None, vintages=_vintages(vintage or ()), registry=registry)
    try:
        with _bytes_bar() as progress:
            result = sg.fetch(
                departement, folder, choice=choice, workers=workers, progress=progress
            )
    except sg.FetchError as error:
        if error.result is not None:
            typer.echo(error.result.summary())
        raise
    typer.echo(result.summary())


def _vintages(texts: Sequence[str]) -> dict[str, str]:
    vintages = {}
    for text in texts:
        kind, equals, vintage = text.partition("=")
        if not (kind and equals and vintage):
            message = f"expected KIND=YEAR such as bpe=2023, found {text!r}"
            raise typer.BadParameter(message, param_hint="--vintage")
        vintages[kind] = vintage
    return vintages


@contextmanager
def _bytes_bar() -> Iterator[Progress]:
    """Show the bytes that came on a terminal, and nothing in a pipe."""
    columns = (
        TextColumn("{task.description:<40}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    with Bar(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("…", total=None)

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total or None, description=what)

        yield show
