"""The doorway to every file: plain, ``.gz``, or a member of a ``.zip``, always whole and bounded.

A reader asks for endings that it understands and is lent a plain file; what was unpacked
for it is gone when it is done.
"""

from __future__ import annotations

import dataclasses
import gzip
import shutil
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.archives import MOST_BYTES, MOST_RATIO, archive_trouble, swells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TEXT_ENDINGS = (".csv", ".txt", ".tsv")
TABLE_ENDINGS = (*TEXT_ENDINGS, ".parquet", ".xlsx", ".xlsm", ".dbf")
LAYER_ENDINGS = (".gpkg", ".shp", ".geojson", ".json", ".geoparquet", ".parquet", ".fgb", ".kml")

_ZIP, _GZIP = ".zip", ".gz"
_PREFIX = "sdaasp-geo-"
_CHUNK_BYTES = 1 << 20
# What goes with a shapefile; without the first two it cannot be read.
_BESIDE_SHP = (".shx", ".dbf", ".prj", ".cpg", ".qix")
_ARCHIVES = (".zip", ".gz", ".7z", ".tar", ".tgz", ".bz2", ".rar", ".xz")
_LISTED = 10
# What a damaged or strange archive raises, by the method of its members.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError)
_CUT = "an interrupted download"


@contextmanager
def opened(
    path: Path, *, endings: Sequence[str], stem: str | None = None, what: str = "file"
) -> Iterator[Path]:
    """Lend a plain file: the one named, or what a ``.gz`` or a ``.zip`` holds.

    Parameters
    ----------
    path
        A file; ``folder/a.zip/inside/b.csv``, or ``a.zip/b.csv``, names a member.
    endings
        Lower-case endings of the members that the reader understands (``.csv``).
    stem
        Where several members fit, the one of this name without ending is meant (a layer).
    what
        What the reader calls such a member, for messages.

    Yields
    ------
    Path
        The file itself if it is plain (or is not there at all: its reader says so), else
        a temporary one under the member's own name, removed afterwards. A shapefile comes
        with the files beside it.

    Raises
    ------
    InputError
        If an archive is damaged, encrypted, a trap (names that lead outside, links,
        swelling a thousandfold), or holds no member that fits, or several.

    Notes
    -----
    The lists of variables and modalities that Insee puts beside its data (``varmod_…``,
    ``meta_…``, ``…_metadata.csv``) never fit.
    """
    outer, member = archive_and_member(path)
    if outer.suffix.lower() not in {_ZIP, _GZIP} or not outer.is_file():
        yield path
        return
    _refuse_empty(outer)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        try:
            if outer.suffix.lower() == _GZIP:
                plain = _gunzipped(outer, Path(folder))
            else:
                plain = _unzipped(outer, Path(folder), member, (endings, stem, what))
        except _DAMAGE as error:
            kind = "gzip file" if outer.suffix.lower() == _GZIP else "zip archive"
            fault = Fault(outer.name, f"a {kind} that opens", str(error), _CUT)
            raise InputError([fault]) from error
        with _named(plain.name, outer.name):
            yield plain


@contextmanager
def _named(inner: str, outer: str) -> Iterator[None]:
    """Let faults speak of the file that the analyst knows."""
    try:
        yield
    except InputError as error:
        faults = [
            dataclasses.replace(fault, file=outer) if fault.file == inner else fault
            for fault in error.faults
        ]
        raise InputError(faults) from error


def archive_and_member(path: Path) -> tuple[Path, str | None]:
    """Part the path of a member from that of its archive (or of a sheet from its workbook).

    Examples
    --------
    >>> archive_and_member(Path("absent/a.csv"))[1] is None
    True
    """
    if path.exists():
        return path, None
    for parent in path.parents:
        if parent.is_file():
            return parent, path.relative_to(parent).as_posix()
    return path, None


def contents(path: Path) -> list[str]:
    """Names of the plain files that a file is or holds; what cannot be opened holds none."""
    outer, member = archive_and_member(path)
    if member is not None:
        return [member]
    if outer.suffix.lower() == _GZIP:
        return [outer.stem]
    if outer.suffix.lower() != _ZIP or not outer.is_file():
        return [outer.name]
    try:
        with zipfile.ZipFile(outer) as archive:
            return [info.filename for info in archive.infolist() if not info.is_dir()]
    except _DAMAGE:
        return []


def fitting(names: Sequence[str], endings: Sequence[str]) -> list[str]:
    """Those of the members of an archive that are data in one of these forms.

    Examples
    --------
    >>> fitting(["x/BPE23.csv", "x/varmod_BPE23.csv", "x/lisezmoi.pdf"], TABLE_ENDINGS)
    ['x/BPE23.csv']
    """
    shapes = {str(PurePosixPath(name).with_suffix("")) for name in names if _ends(name, ".shp")}
    return [
        name
        for name in names
        if _ends(name, *endings)
        and not _is_described(name)
        # The attributes of a shapefile are no table of their own.
        and not (_ends(name, ".dbf") and str(PurePosixPath(name).with_suffix("")) in shapes)
    ]


def _ends(name: str, *endings: str) -> bool:
    return name.lower().endswith(endings)


def _is_described(member: str) -> bool:
    name = PurePosixPath(member).name.lower()
    described = name.startswith(("varmod", "varlist", "meta", "."))
    return described or name.endswith("_metadata.csv") or member.startswith("__MACOSX/")


def _refuse_empty(path: Path) -> None:
    if not path.stat().st_size:
        fault = Fault(path.name, "a header and at least one row", "an empty file", _CUT)
        raise InputError([fault])


def _gunzipped(path: Path, folder: Path) -> Path:
    # The name inside is what remains of the name outside: an old one would hide the ending.
    plain = folder / path.stem
    if _ends(plain.name, *_ARCHIVES):
        raise InputError([_nested(path.name, plain.name)])
    packed, written = path.stat().st_size, 0
    with gzip.open(path) as source, plain.open("wb") as sink:
        while block := source.read(_CHUNK_BYTES):
            written += len(block)
            # A gzip file does not tell its size beforehand: stop when it is too much.
            if swells(written, packed) or written > MOST_BYTES:
                expected = f"a file at most {MOST_RATIO} times its packed size"
                cause = "a file made to fill the disk: do not open it"
                raise InputError([Fault(path.name, expected, f"more out of {packed}", cause)])
            sink.write(block)
    return plain


def _unzipped(
    path: Path, folder: Path, member: str | None, wanted: tuple[Sequence[str], str | None, str]
) -> Path:
    with zipfile.ZipFile(path) as archive:
        trouble = archive_trouble(archive)
        if trouble is not None:
            raise InputError([Fault(path.name, *trouble)])
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        chosen = _chosen(path.name, names, member, wanted)
        plain = folder / PurePosixPath(chosen).name
        _take(archive, chosen, plain)
        if _ends(chosen, ".shp"):
            base = str(PurePosixPath(chosen).with_suffix("")).lower()
            for name in names:
                if name.lower() in {base + ending for ending in _BESIDE_SHP}:
                    _take(archive, name, plain.with_suffix(PurePosixPath(name).suffix.lower()))
    return plain


def _take(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    with archive.open(member) as source, target.open("wb") as sink:
        shutil.copyfileobj(source, sink, _CHUNK_BYTES)


def _chosen(
    file: str,
    names: Sequence[str],
    member: str | None,
    wanted: tuple[Sequence[str], str | None, str],
) -> str:
    """Return the member to read, or raise; a member that is named needs no known ending."""
    endings, stem, what = wanted
    if member is not None:
        fits = [name for name in names if f"/{name}".lower().endswith(f"/{member}".lower())]
        expected = f"a member {member!r}"
    else:
        fits = fitting(names, endings)
        if stem is not None and len(fits) > 1:
            fits = [name for name in fits if PurePosixPath(name).stem.lower() == stem.lower()]
        expected = f"a zip archive that holds one {what}"
    if len(fits) == 1:
        return fits[0]
    inner = [name for name in names if _ends(name, *_ARCHIVES)]
    if not fits and inner:
        raise InputError([_nested(file, inner[0])])
    shown = (fits or fitting(names, endings) or list(names))[:_LISTED]
    cause = f"name the one to read, as in {file}/{shown[0]}"
    raise InputError([Fault(file, expected, ", ".join(shown), cause)])


def _nested(file: str, inner: str) -> Fault:
    cause = "an archive inside an archive: unpack it first"
    return Fault(file, "a file packed once", repr(inner), cause)
