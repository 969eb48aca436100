"""Writes many sheets: one draws while the others are compressed."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sdaasp_geo.report import style
from sdaasp_geo.report.images import pixels, png_bytes
from sdaasp_geo.report.layout import footer_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from sdaasp_geo.report.layout import Sheet

    Picture = npt.NDArray[np.uint8]

# One draws, the others compress: more than two bring nothing.
WORKERS = 2


def write_drawings(
    drawings: Mapping[str, Callable[[], Sheet]],
    target: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    workers: int = WORKERS,
) -> list[Path]:
    """Write sheets of one diagnostic as PNG at 150 dots an inch.

    Parameters
    ----------
    drawings
        How to draw each file; all have the same small print.
    target
        Folder of the files, which is made if it does not exist.
    progress
        Called with (done, total, file name) after each map.
    workers
        Threads that compress pictures while the next is drawn.

    Returns
    -------
    list of Path
        The files, in the order of `drawings`.
    """
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    waiting: deque[tuple[Path, Future[bytes]]] = deque()

    def finish() -> None:
        path, encoded = waiting.popleft()
        path.write_bytes(encoded.result())
        written.append(path)
        if progress is not None:
            progress(len(written), len(drawings), path.name)

    with style.settings(), ThreadPoolExecutor(max_workers=workers) as pool:
        for name, picture in _pictures(drawings):
            waiting.append((target / name, pool.submit(png_bytes, picture, style.DPI)))
            # A picture is some 6 MB: never more than a few wait.
            while len(waiting) > workers:
                finish()
        while waiting:
            finish()
    return written


def _pictures(drawings: Mapping[str, Callable[[], Sheet]]) -> Iterator[tuple[str, Picture]]:
    """Draw each sheet; the same small print is half of the work: draw it once a page size."""
    strips: dict[tuple[float, float, int], Picture] = {}
    for name, draw in drawings.items():
        sheet = draw()
        rows = footer_rows(sheet)
        width, height = sheet.figure.get_size_inches()
        page = (float(width), float(height), rows)
        if page in strips:
            for line in sheet.footer:
                line.set_visible(False)
        picture = pixels(sheet.figure)
        if page in strips:
            picture[-rows:] = strips[page]
        else:
            strips[page] = picture[-rows:].copy()
        yield name, picture
