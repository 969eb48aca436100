"""Outputs appear whole or not at all.

Everything is written into a hidden folder beside the one asked for; then the two change
places. A run that is interrupted, or killed, leaves the previous outputs as they were.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import platform
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

_LOG = logging.getLogger(__name__)

_PREFIX = ".sdaasp-geo-"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def check_output(folder: Path, *, manifest: str = MANIFEST) -> None:
    """Refuse, before anything is computed, a folder that could not be written.

    Parameters
    ----------
    folder
        Where the outputs are wanted.
    manifest
        Name of the file that tells earlier outputs of the same kind.

    Raises
    ------
    OutputError
        If it is a file, holds something else than earlier outputs, is or holds the
        folder of the command itself, or cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        message = f"{folder}: expected a folder for the outputs, found a file"
        raise OutputError(message)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / manifest).is_file():
        message = (
            f"{folder}: expected a new or empty folder, or one with earlier outputs, found other "
            f"files and no {manifest}. Likely cause: the wrong folder; name a new one"
        )
        raise OutputError(message)
    if Path.cwd().is_relative_to(folder.resolve()):
        message = (
            f"{folder}: expected a folder below or beside the one you are in, which is replaced "
            "as a whole, found the folder you are in. Likely cause: --out ."
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
def whole_folder(folder: Path, *, manifest: str = MANIFEST) -> Iterator[Path]:
    """Give a folder to write in, and put it in the place of `folder` when all went well.

    Files of the user's own in `folder`, at any depth, are kept. After an error, a
    keyboard interrupt or a kill, `folder` is as it was.

    Parameters
    ----------
    folder
        Where the outputs are wanted.
    manifest
        Name of the file that lists them, and tells them from the user's files later.

    Yields
    ------
    Path
        The folder to write in, on the same disk.

    Raises
    ------
    OutputError
        If the folder cannot be made or replaced.
    """
    check_output(folder, manifest=manifest)
    # A link to a folder stays a link: what it points to is replaced.
    target = folder.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_remains(target)
        prefix = f"{_PREFIX}{os.getpid()}-{_host()}-"
        staging = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
        staging.chmod(0o755)
    except OSError as error:
        message = f"{folder}: expected a folder that can be written, found: {error}"
        raise OutputError(message) from error
    try:
        yield staging
        (staging / manifest).write_text("\n".join([*_files(staging), manifest]) + "\n", "utf-8")
        _replace(target, staging, manifest)
        _LOG.info("the outputs are in %s", folder)
    except OSError as error:
        message = f"{folder}: the outputs could not be written: {error}"
        raise OutputError(message) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _replace(target: Path, staging: Path, manifest: str) -> None:
    if not target.exists():
        staging.rename(target)
        return
    listing = target / manifest
    earlier = set(listing.read_text("utf-8").splitlines()) if listing.is_file() else set()
    # Before the swap, so that a kill at any moment loses nothing of the user's.
    for name in _files(target):
        if name not in earlier:
            _keep_file(target / name, staging / name)
    _exchange(staging, target)


def _keep_file(own: Path, copy: Path) -> None:
    if copy.exists():
        message = f"{own} is not of an earlier run and has the name of an output; move it away"
        raise FileExistsError(message)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(own, copy)


def _files(folder: Path) -> list[str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path.relative_to(folder).as_posix() for path in files)


def _clear_remains(target: Path) -> None:
    """Undo what a killed run left: its half-written folder, or a swap stopped halfway.

    A disk may be shared: the processes of another machine cannot be asked, and keep theirs.
    """
    aside = _aside(target)
    if aside.exists() and not target.exists():
        aside.rename(target)
    for entry in target.parent.glob(f"{_PREFIX}[0-9]*-{_host()}-*"):
        pid = entry.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdigit() and not _alive(int(pid)):
            shutil.rmtree(entry, ignore_errors=True)


def _host() -> str:
    """Name this machine by letters and digits alone, fit for a file name and a pattern."""
    return "".join(letter for letter in platform.node() if letter.isalnum()) or "host"


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
