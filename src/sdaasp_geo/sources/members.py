"""The files of an archive or a folder, one after the other, nothing written to disk."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.archives import archive_trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# A bound against archives made to never end: the whole annuaire is a twentieth of it.
MOST_BYTES = 8 << 30
_PIECE_BYTES = 1 << 20

_DAMAGED = "an interrupted download"
_ERRORS = (zipfile.BadZipFile, tarfile.TarError, EOFError, OSError, NotImplementedError,
           zlib.error, lzma.LZMAError)  # fmt: skip


class Member(NamedTuple):
    """One file: its name, and the way to its next bytes (all that is left without a size)."""

    name: str
    read: Callable[[int], bytes]


def members(path: Path, endings: tuple[str, ...]) -> Iterator[Member]:
    """Yield the files of a folder or an archive, or the one that a path names.

    Parameters
    ----------
    path
        A folder; a ``.zip``, a ``.tar`` (packed by gzip, bzip2 or xz, or plain); a
        ``.gz`` or ``.bz2``; or the file itself.
    endings
        Those of the members wanted, small letters. A file that is no archive is wanted
        whatever its name.

    Yields
    ------
    Member
        In the order of the archive, of a folder by name. Each must be read before the
        next is asked for.

    Raises
    ------
    InputError
        If there is no such file, it is damaged or a trap (names that lead outside,
        encrypted, swelling), or holds no such member.
    """
    if not path.exists():
        cause = "a wrong path in the territory file, or a file that was not fetched"
        raise InputError([Fault(path.name, "a file", "no such file", cause)])
    counted = _Bound(path.name)
    count = 0
    try:
        for member in _opened(path, endings):
            count += 1
            yield Member(member.name, counted.over(member.read))
    except _ERRORS as error:
        raise InputError([_damaged(path.name, error)]) from error
    if not count:
        wanted = " or ".join(endings)
        raise InputError(
            [Fault(path.name, f"files that end with {wanted}", "none", "another file")]
        )


def _damaged(file: str, error: Exception) -> Fault:
    return Fault(file, "a whole file or archive", str(error), _DAMAGED)


class _Bound:
    """Counts the bytes that come out of one archive, and stops where there is no end."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._taken = 0

    def over(self, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        def counted(size: int = -1) -> bytes:
            # Whoever reads is no longer inside the loop over the members.
            try:
                piece = read(size)
            except _ERRORS as error:
                raise InputError([_damaged(self._file, error)]) from error
            self._taken += len(piece)
            if self._taken > MOST_BYTES:
                found = f"more than {MOST_BYTES >> 30} GB unpacked"
                cause = "an archive made to never end"
                raise InputError([Fault(self._file, "a file of its own size", found, cause)])
            return piece

        return counted


def _opened(path: Path, endings: tuple[str, ...]) -> Iterator[Member]:
    name = path.name.lower()
    if path.is_dir():
        yield from _of_folder(path, endings)
    elif name.endswith(".zip"):
        yield from _of_zip(path, endings)
    elif ".tar" in name or name.endswith(".tgz"):
        yield from _of_tar(path, endings)
    elif name.endswith(".gz"):
        with gzip.open(path) as stream:
            yield Member(path.stem, stream.read)
    elif name.endswith(".bz2"):
        with bz2.open(path) as unpacked:
            yield Member(path.stem, unpacked.read)
    else:
        with path.open("rb") as plain:
            yield Member(path.name, plain.read)


def _of_folder(path: Path, endings: tuple[str, ...]) -> Iterator[Member]:
    for item in sorted(path.rglob("*")):
        if item.is_file() and item.name.lower().endswith(endings):
            with item.open("rb") as stream:
                yield Member(str(item.relative_to(path)), stream.read)


def _of_zip(path: Path, endings: tuple[str, ...]) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        if (trouble := archive_trouble(archive)) is not None:
            raise InputError([Fault(path.name, *trouble)])
        for info in archive.infolist():
            if info.filename.lower().endswith(endings):
                with archive.open(info) as stream:
                    yield Member(info.filename, stream.read)


def _of_tar(path: Path, endings: tuple[str, ...]) -> Iterator[Member]:
    # As a stream ("r|*"): a packed archive has no list of members to jump by.
    with tarfile.open(path, "r|*") as archive:
        for info in archive:
            # Links and devices are passed over: only plain files hold data.
            if info.isfile() and info.name.lower().endswith(endings):
                stream = archive.extractfile(info)
                if stream is not None:
                    with closing(stream):
                        yield Member(info.name, stream.read)


def whole(member: Member, most_bytes: int, file: str) -> bytes:
    """Read all of a small member.

    Raises
    ------
    InputError
        If it is larger than that: no file of this kind is.
    """
    content = member.read(most_bytes + 1)
    if len(content) > most_bytes:
        found = f"{member.name!r}, of more than {most_bytes} bytes"
        raise InputError([Fault(file, "one small file a service", found, "another file")])
    return content


def pieces(member: Member) -> Iterator[bytes]:
    """Yield the bytes of a member, a megabyte at a time."""
    while piece := member.read(_PIECE_BYTES):
        yield piece
