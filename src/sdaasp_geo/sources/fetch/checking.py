"""Whether a file is what it should be, before it is kept: form, wholeness, no trap."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.fetch.unpacking import archive_trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdaasp_geo.sources.fetch.registry import Entry

_HEAD_BYTES = 64 * 1024
_CHUNK_BYTES = 1 << 20
_HTML = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)?<(?:!doctype|html|head|body)\b",
                   re.IGNORECASE | re.DOTALL)  # fmt: skip
_MARKUP = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<")
_MATCHED = re.compile(rb'"numberMatched"\s*:\s*(\d+)')
_RETURNED = re.compile(rb'"numberReturned"\s*:\s*(\d+)')
# What zipfile raises of a damaged or strange archive, by the method of its members.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError,
           OSError, RuntimeError)  # fmt: skip
_SEPARATORS = (b";", b",", b"\t", b"|")

_PAGE = "an error or consent page sent in place of the file, or a moved address"
_CUT = "a download cut short on the server's side"


def check_content(path: Path, entry: Entry, *, size: int | None = None) -> None:
    """Refuse a file that is not what its entry says.

    Parameters
    ----------
    path
        The file, whatever it is called for now.
    entry
        What it should be.
    size
        Bytes that the server announced, if it did.

    Raises
    ------
    InputError
        If it is empty, of another size, a web page, of another form, cut short, lacks a
        column, or is an archive that would write outside its folder, swell, or is
        damaged. The message names the file by its final name.
    """
    found = path.stat().st_size
    for wanted, who in ((entry.size, "the registry"), (size, "the server")):
        if wanted is not None and found != wanted:
            raise _refused(entry, f"{wanted} bytes, as {who} says", f"{found}", _CUT)
    if found == 0:
        raise _refused(entry, "some content", "an empty file", _CUT)
    head, tail = _ends(path)
    if _HTML.match(head):
        raise _refused(entry, _NAMES[entry.form], "a web page (HTML)", _PAGE)
    check = _CHECKS.get(entry.form)
    if check is not None:
        check(path, entry, head, tail)


def _csv(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path, tail
    line = head.removeprefix(b"\xef\xbb\xbf").splitlines()[0] if head.strip() else b""
    if _MARKUP.match(head) or b"\0" in head or not any(item in line for item in _SEPARATORS):
        found = f"a file that begins with {_shown(head)}"
        raise _refused(entry, "a CSV with a header and separators", found, _PAGE)
    header = _text(line)
    _lacking(entry, [name for name in entry.columns if name not in header])


def _geojson(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = f"a file that begins with {_shown(head)}"
        raise _refused(entry, "GeoJSON", found, _PAGE)
    if not (tail.rstrip().endswith(b"}") and _closed(path)):
        raise _refused(entry, "a whole GeoJSON", f"one that ends with {_shown(tail[-40:])}", _CUT)
    matched, returned = _counts(head, tail)
    if matched is not None and returned is not None and returned < matched:
        cause = "the service gives no more features at once: ask for fewer départements"
        raise _refused(entry, f"all {matched} features", f"{returned}", cause)
    if returned == 0:
        raise _refused(entry, "some feature", "none", "a filter that matches nothing")
    missing = {f'"{name}"'.encode(): name for name in entry.columns}
    _lacking(entry, [missing[mark] for mark in _unfound(path, list(missing))])


def _parquet(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path
    if not (head.startswith(b"PAR1") and tail.endswith(b"PAR1")):
        found = f"a file that begins with {_shown(head)} and ends with {_shown(tail[-4:])}"
        raise _refused(entry, "a whole parquet file (PAR1 at both ends)", found, _CUT)


def _osm_pbf(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path, tail
    # A block begins with the length of its header, then the header's type.
    if b"OSMHeader" not in head[:32]:
        found = f"a file that begins with {_shown(head)}"
        raise _refused(entry, "an OpenStreetMap extract (PBF)", found, _PAGE)


def _gpkg(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path, tail
    if not head.startswith(b"SQLite format 3\0"):
        found = f"a file that begins with {_shown(head)}"
        raise _refused(entry, "a GeoPackage", found, _PAGE)


def _zip(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del tail
    if not head.startswith(b"PK"):
        found = f"a file that begins with {_shown(head)}"
        raise _refused(entry, "a zip archive", found, _PAGE)
    try:
        with zipfile.ZipFile(path) as archive:
            trouble = archive_trouble(archive, entry.member)
            if trouble is not None:
                raise _refused(entry, trouble.expected, trouble.found, trouble.cause)
            # Reads every member once, and stops at the size that it declares.
            damaged = archive.testzip()
    except _DAMAGE as error:
        raise _refused(entry, "a zip archive that opens", str(error), _CUT) from error
    if damaged is not None:
        raise _refused(entry, "a sound archive", f"{damaged!r} damaged in it", _CUT)


_CHECKS: dict[str, Callable[[Path, Entry, bytes, bytes], None]] = {
    "csv": _csv,
    "geojson": _geojson,
    "gpkg": _gpkg,
    "osm_pbf": _osm_pbf,
    "parquet": _parquet,
    "zip": _zip,
}
_NAMES = {
    "any": "a data file",
    "csv": "a CSV",
    "geojson": "GeoJSON",
    "gpkg": "a GeoPackage",
    "osm_pbf": "an OpenStreetMap extract (PBF)",
    "parquet": "a parquet file",
    "zip": "a zip archive",
}


def _refused(entry: Entry, expected: str, found: str, cause: str) -> InputError:
    return InputError([Fault(entry.name, expected, found, cause)])


def _lacking(entry: Entry, names: list[str]) -> None:
    if names:
        expected = f"the columns {', '.join(names)}"
        cause = "another file, or a new edition whose columns have other names"
        raise _refused(entry, expected, "none of that name", cause)


def _ends(path: Path) -> tuple[bytes, bytes]:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        file.seek(max(0, path.stat().st_size - _HEAD_BYTES))
        return head, file.read()


def _counts(head: bytes, tail: bytes) -> tuple[int | None, int | None]:
    # A service writes its counts before or after the features.
    values = []
    for pattern in (_MATCHED, _RETURNED):
        found = pattern.findall(tail) or pattern.findall(head)
        values.append(int(found[-1]) if found else None)
    return values[0], values[1]


def _closed(path: Path) -> bool:
    """Whether everything that a JSON text opens is closed."""
    counts = dict.fromkeys((b"{", b"}", b"[", b"]"), 0)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            counts = {mark: count + chunk.count(mark) for mark, count in counts.items()}
    if counts[b"{"] == counts[b"}"] and counts[b"["] == counts[b"]"]:
        return True
    # Half a text, or a name with a bracket in it: only reading it all tells.
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def _unfound(path: Path, marks: list[bytes]) -> list[bytes]:
    """Search for marks through a file of any length; the coordinates come before the names."""
    left, kept = list(marks), b""
    longest = max(map(len, marks), default=1)
    with path.open("rb") as file:
        while left and (chunk := file.read(_CHUNK_BYTES)):
            window = kept + chunk
            left = [mark for mark in left if mark not in window]
            kept = window[-longest:]
    return left


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _shown(content: bytes) -> str:
    return repr(content[:40].decode("utf-8", errors="replace"))
