"""Outputs appear whole or not at all.

Everything is written into a hidden folder beside the one asked for; then the two change
places. A run that is interrupted, or killed, leaves the previous outputs as they were.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sdaasp_geo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

# Lists what a run wrote: a folder that holds it may be replaced by the next run, and what
# it does not name is the user's own.
MANIFEST = ".sdaasp-geo-files"

_PREFIX = ".sdaasp-geo-"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def check_output(folder: Path) -> None:
    """Refuse, before anything is computed, a folder that could not be written.

    Raises
    ------
    OutputError
        If it is a file, holds something else than earlier outputs, or cannot be
        written to.
    """
    if folder.exists() and not folder.is_dir():
        message = f"{folder}: expected a folder for the outputs, found a file"
        raise OutputError(message)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        message = (
            f"{folder}: expected a new or empty folder, or one with earlier outputs, found other "
            f"files and no {MANIFEST}. Likely cause: the wrong folder; name a new one"
        )
        raise OutputError(message)
    parent = _existing(folder.resolve().parent)
    if not os.access(parent, os.W_OK | os.X_OK) or not parent.is_dir():
        message = (
            f"{folder}: expected a folder that can be written, found that {parent} cannot. "
            "Likely cause: the permissions of the folder, or a read-only disk"
        )
        raise OutputError(message)


@contextlib.contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write in, and put it in the place of `folder` when all went well.

    Files of the user's own in `folder` are kept. After an error, a keyboard interrupt
    or a kill, `folder` is as it was.

    Yields
    ------
    Path
        The folder to write in, on the same disk.

    Raises
    ------
    OutputError
        If the folder cannot be made or replaced.
    """
    check_output(folder)
    # A link to a folder stays a link: what it points to is replaced.
    target = folder.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_remains(target)
        staging = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=target.parent))
        staging.chmod(0o755)
    except OSError as error:
        message = f"{folder}: expected a folder that can be written, found: {error}"
        raise OutputError(message) from error
    try:
        yield staging
        _list_outputs(staging)
        _replace(target, staging)
    except OSError as error:
        message = f"{folder}: the outputs could not be written: {error}"
        raise OutputError(message) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _replace(target: Path, staging: Path) -> None:
    if not target.exists():
        staging.rename(target)
        return
    written = {entry.name for entry in staging.iterdir()}
    earlier = _earlier_outputs(target)
    _exchange(staging, target)
    # `staging` now names the old folder; what the user put there goes back.
    for entry in list(staging.iterdir()):
        if entry.name not in earlier and entry.name not in written:
            entry.rename(target / entry.name)


def _earlier_outputs(target: Path) -> set[str]:
    listing = target / MANIFEST
    return set(listing.read_text("utf-8").splitlines()) if listing.is_file() else set()


def _list_outputs(folder: Path) -> None:
    names = sorted({entry.name for entry in folder.iterdir()} | {MANIFEST})
    (folder / MANIFEST).write_text("\n".join(names) + "\n", encoding="utf-8")


def _clear_remains(target: Path) -> None:
    """Undo what a killed run left: its half-written folder, or a swap stopped halfway."""
    aside = _aside(target)
    if aside.exists() and not target.exists():
        aside.rename(target)
    for entry in target.parent.glob(f"{_PREFIX}[0-9]*-*"):
        pid = entry.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(entry, ignore_errors=True)


def _alive(pid: int) -> bool:
    if os.name != "posix":
        return True  # there, asking would end the process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _aside(target: Path) -> Path:
    return target.with_name(f"{_PREFIX}previous-{target.name}")


def _exchange(first: Path, second: Path) -> None:
    """Swap two folders in one step where the system can, in two renames elsewhere."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    if rename is not None:
        names = os.fsencode(first), os.fsencode(second)
        if rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
            return
    aside = _aside(second)
    shutil.rmtree(aside, ignore_errors=True)
    second.rename(aside)
    first.rename(second)
    aside.rename(first)
