"""Archives: refused where they are traps, and one member taken out where a reader wants it."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import NamedTuple

# Deflate cannot shrink a text more than 1,032-fold, and real data shrink 5 to 30-fold.
MOST_RATIO = 1_000
# Small members may shrink much: a blank table is no trap.
_SMALL_BYTES = 1 << 20
MOST_BYTES = 64 << 30
# What publishers use. The others are unpacked without bound: a member that lies about its
# size would fill the memory.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveTrouble(NamedTuple):
    """Why an archive is refused."""

    expected: str
    found: str
    cause: str


def archive_trouble(archive: zipfile.ZipFile, member: str | None = None) -> ArchiveTrouble | None:
    """Return why an archive should not be opened, or None; nothing is unpacked for it.

    Parameters
    ----------
    archive
        An open archive.
    member
        Ending of a file that it must hold, if any.

    Notes
    -----
    Refused are names that lead outside (``..``, absolute, with a drive), links, encrypted
    members, other methods than stored and deflated, a member or the whole swelling more than `MOST_RATIO`-fold, or beyond
    `MOST_BYTES`.
    """
    members = [info for info in archive.infolist() if not info.is_dir()]
    for info in archive.infolist():
        trouble = _member_trouble(info)
        if trouble is not None:
            return trouble
    packed = sum(info.compress_size for info in members)
    plain = sum(info.file_size for info in members)
    if _swells(plain, packed) or plain > MOST_BYTES:
        return _bomb(f"{plain} bytes out of {packed} in all")
    if not members:
        return ArchiveTrouble("an archive that holds a file", "an empty one", "a wrong file")
    if member is not None and not wanted_members(archive, member):
        names = ", ".join(info.filename for info in members[:5])
        return ArchiveTrouble(f"a '{member}' in the archive", names, "a wrong or new edition")
    return None


def wanted_members(archive: zipfile.ZipFile, ending: str) -> list[zipfile.ZipInfo]:
    """Members whose name ends so, whatever the case."""
    return [
        info
        for info in archive.infolist()
        if not info.is_dir() and info.filename.lower().endswith(ending.lower())
    ]


def unpack(path: Path, folder: Path, ending: str) -> tuple[Path, ...]:
    """Take the members with one ending out of a checked archive, each whole or not at all.

    Parameters
    ----------
    path
        The archive, which :func:`archive_trouble` finds no fault with.
    folder
        Where they go, under their own name without folders.
    ending
        Of the names.

    Returns
    -------
    tuple of Path
        A file that is there with its size already is not written again.

    Raises
    ------
    ValueError
        If the archive is a trap after all, or two members have one name.
    """
    written: list[Path] = []
    with zipfile.ZipFile(path) as archive:
        trouble = archive_trouble(archive, ending)
        if trouble is not None:
            message = f"{path.name}: expected {trouble.expected}, found {trouble.found}"
            raise ValueError(message)
        for info in wanted_members(archive, ending):
            target = folder / PurePosixPath(info.filename).name
            if target in written:
                message = f"{path.name}: expected one '{target.name}', found several"
                raise ValueError(message)
            _take_out(archive, info, target)
            written.append(target)
    return tuple(written)


def _take_out(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    if target.is_file() and target.stat().st_size == info.file_size:
        return
    part = target.with_name(f".{target.name}.part")
    try:
        with archive.open(info) as source, part.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _member_trouble(info: zipfile.ZipInfo) -> ArchiveTrouble | None:
    name = info.filename
    # orig_filename is what the archive says; on some systems zipfile has mended `filename`.
    for said in (name, info.orig_filename):
        posix, windows = PurePosixPath(said), PureWindowsPath(said)
        outside = posix.is_absolute() or windows.is_absolute() or bool(windows.drive)
        if outside or windows.root or ".." in posix.parts or ".." in windows.parts:
            cause = "an archive made to write elsewhere: do not open it"
            return ArchiveTrouble("names inside the archive's own folder", repr(said), cause)
    if stat.S_ISLNK(info.external_attr >> 16):
        cause = "an archive made to reach other files: do not open it"
        return ArchiveTrouble("plain files in the archive", f"{name!r}, a link", cause)
    if info.flag_bits & 0x1:
        return ArchiveTrouble("an open archive", f"{name!r}, encrypted", "another file")
    if _swells(info.file_size, info.compress_size):
        return _bomb(f"{name!r}, {info.file_size} bytes out of {info.compress_size}")
    if info.compress_type not in _METHODS:
        found = f"{name!r}, by method {info.compress_type}"
        return ArchiveTrouble("members stored or deflated", found, "an unusual archive")
    return None


def _swells(plain: int, packed: int) -> bool:
    return plain > _SMALL_BYTES and plain > MOST_RATIO * max(packed, 1)


def _bomb(found: str) -> ArchiveTrouble:
    cause = "an archive made to fill the disk: do not open it"
    return ArchiveTrouble(f"files at most {MOST_RATIO} times their packed size", found, cause)
