"""Several territories side by side, each into a folder of its own."""

from __future__ import annotations

import dataclasses
import logging
import os
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdaasp_geo.errors import Fault, InputError, SdaaspError
from sdaasp_geo.pipeline.progress import Progress, silent
from sdaasp_geo.pipeline.write import diagnose_file, write_diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Executor, Future

_LOG = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of one territory: files written, or faults."""

    files: tuple[str, ...]
    faults: tuple[Fault, ...]


def diagnose_many(
    paths: Sequence[str | Path],
    out: str | Path,
    *,
    executor: Executor | None = None,
    maps: bool = True,
    page: bool = False,
    progress: Progress = silent,
) -> list[Path]:
    """Diagnose several territories, each into the sub-folder of its name.

    A territory that is wrong does not stop the others: what they give is written, and
    then every fault of every territory is raised together. Each sub-folder is replaced
    whole or not at all.

    Parameters
    ----------
    paths
        Territory files. ``somme.toml`` goes into ``out/somme``, and is what
        :func:`~sdaasp_geo.pipeline.write.write_diagnostic` writes of it alone.
    out
        Folder of the sub-folders.
    executor
        Runs one territory a task: processes of this machine by default, one a core; or a
        cluster whose workers see the same files under the same names. Maps are not to be
        drawn in several threads of one process: give workers one thread each.
    maps
        Whether to draw the maps and the reports.
    page
        Whether to write the pages to explore, ``observatoire.html``.
    progress
        Called with (territories done, all, the one just finished).

    Returns
    -------
    list of Path
        Every file, territory after territory.

    Raises
    ------
    InputError
        Before anything is done, if two files have one name or one is given twice, or if
        there is none; afterwards, with the faults of the territories that were wrong,
        each under the name of its territory.
    """
    files = [Path(path).absolute() for path in paths]
    folder = Path(out).absolute()
    _check_names(files, folder)
    task = partial(_one, folder, maps, page)
    with _processes(executor, len(files)) as pool:
        outcomes, lost = _finished({pool.submit(task, path): path for path in files}, progress)
    for path in lost:
        # The end of one process ends all that were under way: each again, by itself, which
        # is also what a machine needs whose memory was too small for all at once.
        with _processes(executor, 1) as pool:
            again, _ = _finished({pool.submit(task, path): path}, silent)
        outcomes |= again
    faults = [
        dataclasses.replace(fault, file=_told(path, fault.file))
        for path in files
        for fault in outcomes[path].faults
    ]
    if faults:
        raise InputError(faults)
    # As the caller has named them, not as the workers had to.
    return [
        Path(out) / Path(name).relative_to(folder)
        for path in files
        for name in outcomes[path].files
    ]


def _one(folder: Path, maps: bool, page: bool, path: Path) -> Outcome:  # noqa: FBT001 (bound by place)
    """Diagnose one territory; a fault is an answer, which keeps its place on its way back."""
    out = folder / path.stem
    try:
        diagnostic = diagnose_file(path, out)
        written = write_diagnostic(diagnostic, out, maps=maps, page=page)
    except InputError as error:
        return Outcome((), error.faults)
    except SdaaspError as error:
        return Outcome((), (Fault(str(out), "a diagnostic", str(error)),))
    return Outcome(tuple(map(str, written)), ())


def _finished(
    started: dict[Future[Outcome], Path], progress: Progress
) -> tuple[dict[Path, Outcome], list[Path]]:
    """Wait for all; what breaks in one territory takes nothing from the others.

    Returns the outcomes, and the territories whose process has ended under them.
    """
    progress(0, len(started), "")
    outcomes, lost = {}, []
    for done, future in enumerate(as_completed(started), start=1):
        path = started[future]
        error = future.exception()
        if error is None:
            outcomes[path] = future.result()
        else:
            _LOG.error("%s was not finished", path.name, exc_info=error)
            found = f"{type(error).__name__}: {error}"
            outcomes[path] = Outcome((), (Fault(path.name, "a run that finishes", found),))
        if isinstance(error, BrokenExecutor):
            lost.append(path)
        progress(done, len(started), path.stem)
    return outcomes, lost


def _check_names(files: Sequence[Path], folder: Path) -> None:
    if not files:
        message = "one territory file at least"
        raise InputError([Fault(str(folder), message, "none")])
    first: dict[str, Path] = {}
    faults = []
    for path in files:
        # Some disks do not tell capitals from small letters.
        other = first.setdefault(path.stem.casefold(), path)
        if other is not path:
            expected = "a name of its own for each territory, which names its folder"
            cause = "the same file twice" if other == path else "two files of one name"
            faults.append(Fault(str(path), expected, f"that of {other}", cause))
    if faults:
        raise InputError(faults)


def _told(path: Path, file: str) -> str:
    """Name a file of a territory so that it can be told from those of the others."""
    return file if file in (path.name, str(path)) else f"{path.name}: {file}"


@contextmanager
def _processes(executor: Executor | None, territories: int) -> Iterator[Executor]:
    """Give the executor, or processes of this machine; started anew, they share no state."""
    if executor is not None:
        yield executor
        return
    workers = min(territories, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool
