"""Whether a file is what it should be, before it is kept: form, wholeness, no trap."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from sdaasp_geo.sources.fetch.packed import (
    check_7z,
    check_gz,
    check_tar,
    check_xlsx,
    check_zip,
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

    from sdaasp_geo.sources.fetch.registry import Entry

_HEAD_BYTES = 64 * 1024
_MARKUP = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<")
_MATCHED = re.compile(rb'"numberMatched"\s*:\s*(\d+)')
_RETURNED = re.compile(rb'"numberReturned"\s*:\s*(\d+)')
_SEPARATORS = (b";", b",", b"\t", b"|")


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
            raise refused(entry, f"{wanted} bytes, as {who} says", f"{found}", CUT)
    if found == 0:
        raise refused(entry, "some content", "an empty file", CUT)
    head, tail = _ends(path)
    if HTML.match(head):
        raise refused(entry, _NAMES[entry.form], "a web page (HTML)", PAGE)
    check = _CHECKS.get(entry.form)
    if check is not None:
        check(path, entry, head, tail)


def _csv(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path, tail
    line = head.removeprefix(b"\xef\xbb\xbf").splitlines()[0] if head.strip() else b""
    if _MARKUP.match(head) or b"\0" in head or not any(item in line for item in _SEPARATORS):
        found = f"a file that begins with {shown(head)}"
        raise refused(entry, "a CSV with a header and separators", found, PAGE)
    header = _text(line)
    refuse_lacking(entry, [name for name in entry.columns if name not in header])


def _geojson(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        found = f"a file that begins with {shown(head)}"
        raise refused(entry, "GeoJSON", found, PAGE)
    if not (tail.rstrip().endswith(b"}") and _closed(path)):
        raise refused(entry, "a whole GeoJSON", f"one that ends with {shown(tail[-40:])}", CUT)
    matched, returned = _counts(head, tail)
    if matched is not None and returned is not None and returned < matched:
        cause = "the service gives no more features at once: ask for fewer départements"
        raise refused(entry, f"all {matched} features", f"{returned}", cause)
    if returned == 0:
        raise refused(entry, "some feature", "none", "a filter that matches nothing")
    with path.open("rb") as file:
        refuse_lacking(entry, properties_unfound(file, entry.columns))


def _parquet(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path
    if not (head.startswith(b"PAR1") and tail.endswith(b"PAR1")):
        found = f"a file that begins with {shown(head)} and ends with {shown(tail[-4:])}"
        raise refused(entry, "a whole parquet file (PAR1 at both ends)", found, CUT)


def _osm_pbf(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path, tail
    # A block begins with the length of its header, then the header's type.
    if b"OSMHeader" not in head[:32]:
        found = f"a file that begins with {shown(head)}"
        raise refused(entry, "an OpenStreetMap extract (PBF)", found, PAGE)


def _gpkg(path: Path, entry: Entry, head: bytes, tail: bytes) -> None:
    del path, tail
    if not head.startswith(b"SQLite format 3\0"):
        found = f"a file that begins with {shown(head)}"
        raise refused(entry, "a GeoPackage", found, PAGE)


_CHECKS: dict[str, Callable[[Path, Entry, bytes, bytes], None]] = {
    "7z": check_7z,
    "csv": _csv,
    "geojson": _geojson,
    "gpkg": _gpkg,
    "gz": check_gz,
    "osm_pbf": _osm_pbf,
    "parquet": _parquet,
    "tar": check_tar,
    "xlsx": check_xlsx,
    "zip": check_zip,
}
_NAMES = {
    "7z": "a 7z archive",
    "any": "a data file",
    "csv": "a CSV",
    "geojson": "GeoJSON",
    "gpkg": "a GeoPackage",
    "gz": "a gzip file",
    "osm_pbf": "an OpenStreetMap extract (PBF)",
    "parquet": "a parquet file",
    "tar": "a packed tar archive",
    "xlsx": "an Excel workbook (xlsx)",
    "zip": "a zip archive",
}


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
        while chunk := file.read(CHUNK_BYTES):
            counts = {mark: count + chunk.count(mark) for mark, count in counts.items()}
    if counts[b"{"] == counts[b"}"] and counts[b"["] == counts[b"]"]:
        return True
    # Half a text, or a name with a bracket in it: only reading it all tells.
    try:
        json.loads(path.read_bytes())
    except ValueError:
        return False
    return True


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")
