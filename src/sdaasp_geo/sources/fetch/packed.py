"""Checks of packed files: whole, no trap, and what they should be within."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
import zlib
from contextlib import closing
from typing import IO, TYPE_CHECKING, Protocol, cast

from sdaasp_geo.sources.archives import (
    MOST_BYTES,
    archive_trouble,
    leads_outside,
    outside_trouble,
    swelling_trouble,
    swells,
)
from sdaasp_geo.sources.fetch.refusing import (
    CHUNK_BYTES,
    CUT,
    HTML,
    PAGE,
    properties_unfound,
    refuse_lacking,
    refused,
    shown,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdaasp_geo.sources.fetch.refusing import Readable
    from sdaasp_geo.sources.fetch.registry import Entry


class _Opened(Protocol):
    """What the modules of the standard library open."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""

    def close(self) -> None:
        """Close the file."""


_GZIP = b"\x1f\x8b"
_OPENERS: dict[bytes, Callable[[Path], _Opened]] = {
    _GZIP: gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
_SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
_BOOK = "xl/workbook.xml"
# What a damaged or strange archive raises, by the method of its members.
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError,
           NotImplementedError, OSError, RuntimeError)  # fmt: skip


def check_zip(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    """Refuse a zip that is none, a trap, damaged, or without what it should hold."""
    del tail
    _check_zip(path, entry, head, "a zip archive")


def check_xlsx(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    """Refuse a workbook that is none, or damaged."""
    del tail
    _check_zip(path, entry, head, "an Excel workbook (xlsx)")
    with zipfile.ZipFile(path) as archive:
        if _BOOK not in archive.namelist():
            found = ", ".join(archive.namelist()[:5])
            raise refused(entry, "an Excel workbook (xlsx)", found, "another file")


def _check_zip(path: Path, entry: Entry, head: bytes, expected: str) -> None:
    if not head.startswith(b"PK"):
        raise refused(entry, expected, f"a file that begins with {shown(head)}", PAGE)
    try:
        with zipfile.ZipFile(path) as archive:
            trouble = archive_trouble(archive, entry.member)
            if trouble is not None:
                raise refused(entry, *trouble)
            if entry.inside is not None and entry.inside not in archive.namelist():
                found = ", ".join(archive.namelist()[:5])
                cause = "a wrong or new edition"
                raise refused(entry, f"{entry.inside!r} in the archive", found, cause)
            # Reads every member once, and stops at the size that it declares.
            damaged = archive.testzip()
    except _DAMAGE as error:
        raise refused(entry, "a zip archive that opens", str(error), CUT) from error
    if damaged is not None:
        raise refused(entry, "a sound archive", f"{damaged!r} damaged in it", CUT)


def check_gz(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    """Refuse a gzip file that is none, cut, swells, or holds a page or another table."""
    del tail
    if not head.startswith(_GZIP):
        raise refused(entry, "a gzip file", f"a file that begins with {shown(head)}", PAGE)
    try:
        with gzip.open(path) as file:
            if HTML.match(first := file.peek(CHUNK_BYTES)[:CHUNK_BYTES]):
                raise refused(entry, "a data file", "a web page (HTML)", PAGE)
            bounded = _Bounded(file, path, entry)
            missing = properties_unfound(bounded, entry.columns) if entry.columns else []
            bounded.drain()
    except _DAMAGE as error:
        raise refused(entry, "a gzip file that opens", _said(error), CUT) from error
    if not first:
        raise refused(entry, "some content", "an empty file", CUT)
    refuse_lacking(entry, missing)


def check_tar(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    """Refuse a packed tar that is none, cut, swells, or without what it should hold."""
    del tail
    opener = next((opener for mark, opener in _OPENERS.items() if head.startswith(mark)), None)
    if opener is None:
        found = f"a file that begins with {shown(head)}"
        raise refused(entry, "a packed tar archive", found, PAGE)
    try:
        with closing(opener(path)) as file:
            bounded = _Bounded(file, path, entry)
            names = _tar_names(bounded, entry)
            # Only the end of the packed file tells that nothing of it was cut.
            bounded.drain()
    except _DAMAGE as error:
        raise refused(entry, "a tar archive that opens", _said(error), CUT) from error
    ending = (entry.member or "").lower()
    if not any(name.lower().endswith(ending) for name in names):
        expected = (
            f"a '{entry.member}' in the archive" if ending else "an archive that holds a file"
        )
        found = ", ".join(names[:5]) or "an empty one"
        raise refused(entry, expected, found, "a wrong or new edition")


def check_7z(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    """Refuse a file that does not begin as a 7z archive; nothing here could open it."""
    del path, tail
    if not head.startswith(_SEVEN_ZIP):
        found = f"a file that begins with {shown(head)}"
        raise refused(entry, "a 7z archive", found, PAGE)


class _Bounded:
    """Unpacked bytes, counted: an archive made to fill the disk is left at once."""

    def __init__(self, file: Readable, path: Path, entry: Entry) -> None:
        self._file = file
        self._packed = path.stat().st_size
        self._entry = entry
        self._taken = 0

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""
        piece = self._file.read(size)
        self._taken += len(piece)
        if swells(self._taken, self._packed) or self._taken > MOST_BYTES:
            found = f"more than {self._taken} bytes out of {self._packed}"
            raise refused(self._entry, *swelling_trouble(found))
        return piece

    def drain(self) -> None:
        """Read to the end."""
        while self.read(CHUNK_BYTES):
            pass


def _tar_names(file: _Bounded, entry: Entry) -> list[str]:
    """Names of the plain files, all of them within the archive's own folder."""
    names = []
    # As a stream it is only read from.
    stream = cast("IO[bytes]", file)
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            if leads_outside(info.name):
                raise refused(entry, *outside_trouble(info.name))
            if info.isfile():
                names.append(info.name)
    return names


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
