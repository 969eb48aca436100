"""Roads of an OpenStreetMap extract as lines of OPL, the text format of osmium.

osmium hands one Python object to its caller for each way, and one for each node of it: a
microsecond a node, which was three quarters of the time that an extract took. Here it selects
and writes by itself, in compiled code, and what it wrote is taken apart by the block.

The format: https://osmcode.org/opl-file-format/
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium
import pyarrow as pa
from pyarrow import csv

from sdaasp_geo.errors import OutputError
from sdaasp_geo.sources.osm_file import pbf

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

# Nodes within their ways, and no word on who drew what and when.
_FORMAT = "opl,locations_on_ways=true,add_metadata=false"
_PREFIX = "sdaasp-geo-osm-"
_BUFFER_BYTES = 4 * 2**20
# Text taken apart at a time: enough for a whole city, little beside what it turns into.
_BLOCK_BYTES = 16 * 2**20

_ESCAPED = re.compile("%([0-9a-f]+)%")
# n51x1.49y42.48,n52x1.5y42.49 becomes a table of three columns.
_TO_CSV = bytes.maketrans(b"xy,", b",,\n")
_VERTEX_TYPES = {"node": pa.int64(), "lon": pa.float64(), "lat": pa.float64()}


class Line(NamedTuple):
    """A way or a node as its line gives it.

    Parameters
    ----------
    is_way
        Whether it is a way.
    number
        Its OpenStreetMap id.
    tags
        Its tags, as :func:`tags_of` reads them.
    nodes
        Nodes of a way, as :func:`vertices_of` reads them; of a node, empty.
    """

    is_way: bool
    number: int
    tags: bytes
    nodes: bytes

    @property
    def vertex_count(self) -> int:
        """How many nodes a way names."""
        return self.nodes.count(b"n")


def candidate_lines(path: Path, *, signals: bool) -> Iterator[list[Line]]:
    """Yield the ways that may be roads, and the traffic lights if asked for, by the block.

    The text stands in a temporary file while it is read: two to five times the size of the roads
    in the extract.

    Raises
    ------
    OutputError
        If the temporary folder is full.
    RuntimeError, ValueError, IndexError or OverflowError
        If osmium cannot read the file.
    """
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder:
        text = Path(folder) / "roads.opl"
        _write(path, text, signals=signals)
        yield from _blocks(text)


def tags_of(written: bytes) -> dict[str, str]:
    """Read the tags of a line.

    Examples
    --------
    >>> tags_of(b"highway=primary,name=Rue%20%du%20%%c9%")
    {'highway': 'primary', 'name': 'Rue du É'}
    """
    text = written.decode()
    pairs = dict([pair.split("=", 1) for pair in text.split(",")]) if text else {}
    if "%" not in text:
        return pairs
    return {_unescaped(key): _unescaped(value) for key, value in pairs.items()}


def vertices_of(nodes: list[bytes]) -> tuple[Ints, Floats, Floats]:
    """Read the nodes of several ways, one after the other.

    Returns
    -------
    tuple of ndarray
        Node ids, int64 (P,); longitudes and latitudes in degrees, float64 (P,), NaN where
        the file does not hold the node.

    Examples
    --------
    >>> vertices_of([b"n51x1.5y42.25,n52xy", b"n52xy"])
    (array([51, 52, 52]), array([1.5, nan, nan]), array([42.25,   nan,   nan]))
    """
    text = b",".join(nodes).translate(_TO_CSV, b"n")
    # Ways without any node leave empty lines, which are passed over but are no file.
    if not text.strip():
        return np.empty(0, np.int64), np.empty(0), np.empty(0)
    table = csv.read_csv(
        pa.py_buffer(text),
        read_options=csv.ReadOptions(column_names=list(_VERTEX_TYPES)),
        parse_options=csv.ParseOptions(quote_char=False),
        convert_options=csv.ConvertOptions(column_types=_VERTEX_TYPES),
    )
    node, lon, lat = (column.to_numpy() for column in table.columns)
    return node, lon, lat


def _write(path: Path, text: Path, *, signals: bool) -> None:
    """Let osmium write what may be a road, each way with the places of its nodes."""
    kinds = osmium.osm.WAY | osmium.osm.NODE if signals else osmium.osm.WAY
    roads = osmium.filter.KeyFilter("highway", "route")
    roads.enable_for(osmium.osm.WAY)
    lights = osmium.filter.TagFilter(("highway", "traffic_signals"))
    lights.enable_for(osmium.osm.NODE)
    located = osmium.NodeLocationsForWays(osmium.index.create_map("flex_mem"))
    located.ignore_errors()
    needed = osmium.osm.NODE | osmium.osm.WAY
    try:
        with osmium.io.Reader(pbf(path), needed) as reader, _writer(text) as writer:
            osmium.apply(reader, located, osmium.filter.EntityFilter(kinds), roads, lights, writer)
    except RuntimeError as error:
        # osmium tells a full disk and a damaged extract alike.
        if os.strerror(errno.ENOSPC) in str(error):
            message = (
                f"{text.parent}: expected room for the roads of {path.name} as text, found a full "
                f"disk; the variable TMPDIR names another folder for temporary files"
            )
            raise OutputError(message) from error
        raise


@contextmanager
def _writer(text: Path) -> Iterator[osmium.SimpleWriter]:
    """Give a writer of OPL, and close it."""
    writer = osmium.SimpleWriter(osmium.io.File(str(text), _FORMAT), _BUFFER_BYTES, overwrite=True)
    try:
        yield writer
        writer.close()
    except BaseException:
        _abandon(writer)
        raise


def _abandon(writer: osmium.SimpleWriter) -> None:
    try:
        writer.close()
    except RuntimeError:
        # What it could not write it tries to write again when it is destroyed, and that
        # second failure ends the process (pyosmium 4.3). So it is never destroyed.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(writer))


def _blocks(text: Path) -> Iterator[list[Line]]:
    with text.open("rb") as file:
        while lines := file.readlines(_BLOCK_BYTES):
            yield [_line(line) for line in lines]


def _line(written: bytes) -> Line:
    """Take a line apart: ``w1 Ta=b Nn2x3y4`` or ``n1 Ta=b x3y4``."""
    number, tags, rest = written.rstrip(b"\n").split(b" ", 2)
    is_way = number[:1] == b"w"
    return Line(is_way, int(number[1:]), tags[1:], rest[1:] if is_way else b"")


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)
