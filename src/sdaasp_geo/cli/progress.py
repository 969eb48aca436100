"""Where the work is: a bar on a terminal, steps if asked, nothing in a pipe."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from sdaasp_geo.pipeline.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bar
    from rich.progress import ProgressColumn

    from sdaasp_geo.cli.session import Session
    from sdaasp_geo.pipeline.progress import Progress

# The library names its steps in French, as the maps that it draws; but for the long one.
_CONTRACTING = "contracting the road network"
STEPS_IN_ENGLISH = {
    _CONTRACTING: _CONTRACTING,
    "communes": "communes",
    "comparaison": "comparison",
    "implantation": "choice of sites",
    "observatoire": "observatory",
    "points de départ": "starting points",
    "rapport": "report",
    "routes": "roads",
    "scénario": "scenario",
    "tables": "tables",
    "temps d'accès": "access times",
    "temps par maille": "times by cell",
}


@contextmanager
def steps(session: Session) -> Iterator[Progress]:
    """Show the steps of a command."""
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    if session.settings.verbose and not _mute(session):
        yield _told(session)
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
    with _shown(session, columns) as progress:
        yield progress


@contextmanager
def downloads(session: Session) -> Iterator[Progress]:
    """Show the bytes that came."""
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        TextColumn,
        TransferSpeedColumn,
    )

    text = TextColumn("{task.description:<40}")
    with _shown(session, (text, BarColumn(), DownloadColumn(), TransferSpeedColumn())) as progress:
        yield progress


@contextmanager
def _shown(session: Session, columns: tuple[ProgressColumn, ...]) -> Iterator[Progress]:
    # A log of continuous integration keeps every redrawing of a bar.
    if _mute(session) or not sys.stderr.isatty() or os.environ.get("CI"):
        yield silent
        return
    with _bar(columns) as bar:
        task = bar.add_task("…", total=None)

        def show(done: int, total: int, what: str) -> None:
            told = _step(session, what)
            bar.update(task, completed=done, total=total or None, description=told or "…")

        yield show


def _bar(columns: tuple[ProgressColumn, ...]) -> Bar:
    from rich.console import Console  # noqa: PLC0415 (a pipe needs none)
    from rich.progress import Progress as Bar  # noqa: PLC0415

    return Bar(*columns, console=Console(stderr=True), transient=True)


def _step(session: Session, what: str) -> str:
    if session.settings.language == "fr":
        return "contraction du réseau routier" if what == _CONTRACTING else what
    return STEPS_IN_ENGLISH.get(what, what)


def _mute(session: Session) -> bool:
    return session.settings.quiet or session.settings.json


def _told(session: Session) -> Progress:
    """Return a listener that writes one line a step."""
    last = ""

    def tell(done: int, total: int, what: str) -> None:
        nonlocal last
        del done, total
        if what and what != last:
            typer.echo(f"  {_step(session, what)}", err=True)
        last = what

    return tell
