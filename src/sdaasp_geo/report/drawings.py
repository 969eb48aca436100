"""Writes many sheets: on several processes, or one that draws while others compress."""

from __future__ import annotations

import io
import multiprocessing
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from matplotlib.backends.backend_pdf import PdfPages

from sdaasp_geo.report import style
from sdaasp_geo.report.images import pixels, png_bytes
from sdaasp_geo.report.layout import footer_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    import numpy as np
    import numpy.typing as npt

    from sdaasp_geo.report.layout import Sheet

    Picture = npt.NDArray[np.uint8]
    Draw = Callable[[], Sheet]
    Tell = Callable[[int, int, str], None]

Format = Literal["png", "svg", "pdf"]
FORMATS: tuple[Format, ...] = ("png", "svg", "pdf")

# One draws, the others compress: more than two threads bring nothing.
WORKERS = 2
# Sheets that one process is given at once: few enough that none waits for the last.
_AT_ONCE = 6
_SOFTWARE = "sdaasp_geo"


def write_drawings(  # noqa: PLR0913 (what, where, and how fast)
    drawings: Mapping[str, Draw],
    target: Path,
    *,
    progress: Tell | None = None,
    workers: int = WORKERS,
    fmt: Format = "png",
    jobs: int = 1,
    books: Mapping[str, Sequence[Draw]] | None = None,
    late: Callable[[], Mapping[str, Draw]] | None = None,
) -> list[Path]:
    """Write sheets of one diagnostic: PNG at 150 dots an inch, SVG or PDF.

    Parameters
    ----------
    drawings
        How to draw each file, named ``….png``; all have the same small print. With more
        than one job they must be fit to be sent to other processes.
    target
        Folder of the files, which is made if it does not exist, as are those in it.
    progress
        Called with (done, total, file name) after each map.
    workers
        Threads that compress pictures while the next is drawn, in one process.
    fmt
        Kind of the files; the same drawings give the same bytes.
    jobs
        Processes that draw.
    books
        PDF files of several pages, by name.
    late
        Gives more drawings that take long to prepare: it is asked for them once the
        others are given out.

    Returns
    -------
    list of Path
        The files, in the order of `drawings`, then the late ones and the books.

    Raises
    ------
    ValueError
        If `fmt` is none of the three, or there is not one job at least.
    """
    if fmt not in FORMATS:
        message = f"fmt: expected one of {', '.join(FORMATS)}, found {fmt!r}"
        raise ValueError(message)
    if jobs < 1:
        message = f"jobs: expected 1 or more, found {jobs}"
        raise ValueError(message)
    task = _Task(target, fmt, workers, jobs, progress)
    target.mkdir(parents=True, exist_ok=True)
    books = books or {}
    more = late or dict
    names = (_apart if jobs > 1 else _here)(task, drawings, books, more)
    return [target / name for name in names]


@dataclass
class _Task:
    """Where and how to write, and how much of it is done."""

    target: Path
    fmt: Format
    workers: int
    jobs: int
    progress: Tell | None
    done: int = 0
    total: int = 0

    def named(self, drawings: Mapping[str, Draw]) -> dict[str, Draw]:
        """Give drawings their file names, and make the folders that these are in."""
        named = {Path(n).with_suffix(f".{self.fmt}").as_posix(): d for n, d in drawings.items()}
        for folder in {(self.target / name).parent for name in named}:
            folder.mkdir(parents=True, exist_ok=True)
        self.total += len(named)
        return named

    def tell(self, name: str) -> None:
        """Tell that a file is written."""
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, self.total, Path(name).name)


def _here(
    task: _Task,
    drawings: Mapping[str, Draw],
    books: Mapping[str, Sequence[Draw]],
    late: Callable[[], Mapping[str, Draw]],
) -> list[str]:
    task.total += len(books)
    named = task.named({**drawings, **late()})
    for name in _write_here(named, task.target, task.fmt, task.workers):
        task.tell(name)
    for name, pages in books.items():
        for written in write_book(name, pages, task.target):
            task.tell(written)
    return [*named, *books]


def vector_metadata(fmt: str) -> dict[str, str | None]:
    """Metadata without a date or a version of the software, for the same bytes each time."""
    if fmt == "svg":
        return {"Date": None, "Creator": _SOFTWARE}
    return {"CreationDate": None, "Creator": _SOFTWARE, "Producer": _SOFTWARE}


def _apart(
    task: _Task,
    drawings: Mapping[str, Draw],
    books: Mapping[str, Sequence[Draw]],
    late: Callable[[], Mapping[str, Draw]],
) -> list[str]:
    """Deal sheets out to processes, started afresh: a fork would copy threads' locks."""
    task.total += len(books)
    named = task.named(drawings)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(task.jobs, mp_context=context, initializer=_ignore_interrupts) as pool:
        try:
            # The longest first, so that none is left to one process at the end.
            waiting = [
                pool.submit(write_book, name, list(pages), task.target)
                for name, pages in books.items()
            ]
            waiting += [pool.submit(write_hand, *hand) for hand in _hands(task, named)]
            more = task.named(late())
            waiting += [pool.submit(write_hand, *hand) for hand in _hands(task, more)]
            for finished in as_completed(waiting):
                for name in finished.result():
                    task.tell(name)
        except BaseException:
            # The first fault is told at once, not after all other sheets.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [*named, *more, *books]


def _hands(
    task: _Task, drawings: Mapping[str, Draw]
) -> Iterator[tuple[dict[str, Draw], Path, Format]]:
    names = list(drawings)
    for start in range(0, len(names), _AT_ONCE):
        hand = {name: drawings[name] for name in names[start : start + _AT_ONCE]}
        yield hand, task.target, task.fmt


def write_hand(drawings: Mapping[str, Draw], target: Path, fmt: Format) -> list[str]:
    """Write some sheets in this process; return the names of the files."""
    return list(_write_here(drawings, target, fmt, workers=0))


def write_book(name: str, pages: Sequence[Draw], target: Path) -> list[str]:
    """Write a PDF of several pages; return its name, alone. The same pages give the same bytes."""
    with style.settings(), PdfPages(target / name, metadata=vector_metadata("pdf")) as book:
        for draw in pages:
            book.savefig(draw().figure)
    return [name]


def _ignore_interrupts() -> None:
    """Leave Ctrl-C to the process that the user started, which stops the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write_here(
    drawings: Mapping[str, Draw], target: Path, fmt: Format, workers: int
) -> Iterator[str]:
    with style.settings():
        if fmt != "png":
            for name, draw in drawings.items():
                (target / name).write_bytes(_vector_bytes(draw(), fmt))
                yield name
        elif workers:
            yield from _compressed_beside(drawings, target, workers)
        else:
            for name, picture in _pictures(drawings):
                (target / name).write_bytes(png_bytes(picture, style.DPI))
                yield name


def _compressed_beside(drawings: Mapping[str, Draw], target: Path, workers: int) -> Iterator[str]:
    waiting: deque[tuple[str, Future[bytes]]] = deque()

    def finish() -> str:
        name, encoded = waiting.popleft()
        (target / name).write_bytes(encoded.result())
        return name

    with ThreadPoolExecutor(max_workers=workers) as pool:
        for name, picture in _pictures(drawings):
            waiting.append((name, pool.submit(png_bytes, picture, style.DPI)))
            # A picture is some 6 MB: never more than a few wait.
            while len(waiting) > workers:
                yield finish()
        while waiting:
            yield finish()


def _vector_bytes(sheet: Sheet, fmt: Format) -> bytes:
    stream = io.BytesIO()
    sheet.figure.savefig(stream, format=fmt, metadata=vector_metadata(fmt))
    return stream.getvalue()


def _pictures(drawings: Mapping[str, Draw]) -> Iterator[tuple[str, Picture]]:
    """Draw each sheet; the same small print is half of the work: draw it once a page size."""
    strips: dict[tuple[float, float, int, tuple[str, ...]], Picture] = {}
    for name, draw in drawings.items():
        sheet = draw()
        rows = footer_rows(sheet)
        width, height = sheet.figure.get_size_inches()
        words = tuple(line.get_text() for line in sheet.footer)
        page = (float(width), float(height), rows, words)
        if page in strips:
            for line in sheet.footer:
                line.set_visible(False)
        picture = pixels(sheet.figure)
        if page in strips:
            picture[-rows:] = strips[page]
        else:
            strips[page] = picture[-rows:].copy()
        yield name, picture
