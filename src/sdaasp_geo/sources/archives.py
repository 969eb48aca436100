"""Archives that are traps: known before anything is taken out of them."""

from __future__ import annotations

import stat
import zipfile
from pathlib import PurePosixPath, PureWindowsPath
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
    if swells(plain, packed) or plain > MOST_BYTES:
        return swelling_trouble(f"{plain} bytes out of {packed} in all")
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


def _member_trouble(info: zipfile.ZipInfo) -> ArchiveTrouble | None:
    name = info.filename
    # orig_filename is what the archive says; on some systems zipfile has mended `filename`.
    for said in (name, info.orig_filename):
        if leads_outside(said):
            return outside_trouble(said)
    if stat.S_ISLNK(info.external_attr >> 16):
        cause = "an archive made to reach other files: do not open it"
        return ArchiveTrouble("plain files in the archive", f"{name!r}, a link", cause)
    if info.flag_bits & 0x1:
        return ArchiveTrouble("an open archive", f"{name!r}, encrypted", "another file")
    if swells(info.file_size, info.compress_size):
        return swelling_trouble(f"{name!r}, {info.file_size} bytes out of {info.compress_size}")
    if info.compress_type not in _METHODS:
        found = f"{name!r}, by method {info.compress_type}"
        return ArchiveTrouble("members stored or deflated", found, "an unusual archive")
    return None


def leads_outside(name: str) -> bool:
    """Whether a member of that name would be written outside the folder.

    Examples
    --------
    >>> leads_outside("data/a.csv"), leads_outside("../a.csv"), leads_outside("C:a.csv")
    (False, True, True)
    """
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    rooted = posix.is_absolute() or bool(windows.drive) or bool(windows.root)
    return rooted or ".." in posix.parts or ".." in windows.parts


def outside_trouble(name: str) -> ArchiveTrouble:
    """Say why an archive with such a name is refused."""
    cause = "an archive made to write elsewhere: do not open it"
    return ArchiveTrouble("names inside the archive's own folder", repr(name), cause)


def swelling_trouble(found: str) -> ArchiveTrouble:
    """Say why an archive that swells is refused."""
    cause = "an archive made to fill the disk: do not open it"
    return ArchiveTrouble(f"files at most {MOST_RATIO} times their packed size", found, cause)


def swells(plain: int, packed: int) -> bool:
    """Whether so many bytes out of so few are a trap.

    Examples
    --------
    >>> swells(40 << 20, 2 << 20), swells(40 << 20, 4 << 10)
    (False, True)
    """
    return plain > _SMALL_BYTES and plain > MOST_RATIO * max(packed, 1)
