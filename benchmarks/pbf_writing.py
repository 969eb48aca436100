"""OpenStreetMap PBF written from arrays, not object by object.

The format is https://wiki.openstreetmap.org/wiki/PBF_Format: blocks of 8,000 nodes or
ways, each a protobuf message compressed by zlib. Numbers are packed by kernels, blocks
are compressed on all threads asked for.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.routing.kernels import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    Int64 = NDArray[np.int64]
    Bytes = NDArray[np.uint8]

_BLOCK = 8_000
# A packed number takes ten bytes at most.
_LONGEST = 10
# Field number and kind of the fields of a message, in one byte.
_DENSE_NODES, _WAY = 2 << 3 | 2, 3 << 3 | 2


class TagSets(NamedTuple):
    """Tags that objects have: set s holds ``keys[indptr[s]:indptr[s + 1]]`` and its values.

    Keys and values are places in `strings`, of which the first is empty.
    """

    indptr: Int64
    keys: Int64
    values: Int64
    strings: list[str]


class Nodes(NamedTuple):
    """Nodes in rising order of their ids; coordinates in ten-millionths of a degree."""

    id: Int64
    lat: Int64
    lon: Int64
    tag_set: Int64
    version: Int64
    timestamp: Int64


class Ways(NamedTuple):
    """Ways in rising order of their ids; way w has ``refs[indptr[w]:indptr[w + 1]]``."""

    id: Int64
    tag_set: Int64
    timestamp: Int64
    indptr: Int64
    refs: Int64


def tag_sets(sets: Sequence[Mapping[str, str]]) -> TagSets:
    """Give each string of some sets of tags a number."""
    strings = {"": 0}
    keys, values = [], []
    for tags in sets:
        for key, value in tags.items():
            keys.append(strings.setdefault(key, len(strings)))
            values.append(strings.setdefault(value, len(strings)))
    ends = itertools.accumulate((len(tags) for tags in sets), initial=0)
    columns = (np.array(list(column), np.int64) for column in (ends, keys, values))
    return TagSets(*columns, list(strings))


def header() -> bytes:
    """Return the first block of a file."""
    features = b"".join(_field(4, name) for name in (b"OsmSchema-V0.6", b"DenseNodes"))
    sorted_by_id = _field(5, b"Sort.Type_then_ID")
    return _framed(b"OSMHeader", features + sorted_by_id + _field(16, b"synthetic"))


def node_blocks(nodes: Nodes, tags: TagSets, executor: Executor) -> Iterator[bytes]:
    """Encode nodes, in order."""
    return executor.map(partial(_node_block, nodes, tags), range(0, nodes.id.size, _BLOCK))


def way_blocks(ways: Ways, tags: TagSets, executor: Executor) -> Iterator[bytes]:
    """Encode ways, in order."""
    return executor.map(partial(_way_block, ways, tags), range(0, ways.id.size, _BLOCK))


def _node_block(nodes: Nodes, tags: TagSets, first: int) -> bytes:
    some = Nodes(*(column[first : first + _BLOCK] for column in nodes))
    own, tag_set = _used(tags, some.tag_set)
    room = np.empty(some.id.size * _LONGEST, np.uint8)
    told = _field(1, _packed(some.version, room)) + _field(2, _deltas(some.timestamp, room))
    dense = _field(1, _deltas(some.id, room)) + _field(5, told)
    dense += _field(8, _deltas(some.lat, room)) + _field(9, _deltas(some.lon, room))
    numbers = _node_tags(tag_set, *own[:3])
    dense += _field(10, _packed(numbers, np.empty(numbers.size * _LONGEST, np.uint8)))
    return _block(bytes([_DENSE_NODES]) + _sized(dense), own.strings)


def _way_block(ways: Ways, tags: TagSets, first: int) -> bytes:
    last = first + _BLOCK
    own, tag_set = _used(tags, ways.tag_set[first:last])
    some = Ways(
        ways.id[first:last],
        tag_set,
        ways.timestamp[first:last],
        ways.indptr[first : last + 1],
        ways.refs,
    )
    references, sizes = np.diff(some.indptr), np.diff(own.indptr)
    # What is known of each way besides its references and tags fits in a hundred bytes.
    numbers = int(references.sum() + 2 * sizes[tag_set].sum())
    room = np.empty(numbers * _LONGEST + some.id.size * 100, np.uint8)
    widest = int(references.max() + 2 * sizes.max()) * _LONGEST + 100
    scratch = np.empty(widest, np.uint8), np.empty(widest, np.uint8)
    used = _encode_ways(some, own[:3], room, scratch)
    return _block(room[:used].tobytes(), own.strings)


def _used(tags: TagSets, tag_set: Int64) -> tuple[TagSets, Int64]:
    """Keep the sets of tags of a block, and its strings; return also the new numbers."""
    sets, number = np.unique(tag_set, return_inverse=True)
    counts = np.diff(tags.indptr)[sets]
    indptr = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(indptr[-1]) + np.repeat(tags.indptr[sets] - indptr[:-1], counts)
    # The empty string stays the first.
    named = np.concatenate([[0], tags.keys[places], tags.values[places]])
    strings, place = np.unique(named, return_inverse=True)
    keys, values = place[1:].reshape(2, -1)
    return TagSets(indptr, keys, values, [tags.strings[text] for text in strings]), number


def _block(group: bytes, strings: list[str]) -> bytes:
    table = b"".join(_field(1, text.encode()) for text in strings)
    return _framed(b"OSMData", _field(1, table) + _field(2, group))


def _framed(kind: bytes, content: bytes) -> bytes:
    raw_size = bytes([2 << 3]) + _varint(len(content))
    blob = raw_size + _field(3, zlib.compress(content))
    head = _field(1, kind) + bytes([3 << 3]) + _varint(len(blob))
    return struct.pack(">I", len(head)) + head + blob


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _sized(content)


def _sized(content: bytes) -> bytes:
    return _varint(len(content)) + content


def _varint(value: int) -> bytes:
    room = np.empty(_LONGEST, np.uint8)
    return room[: _put(room, 0, value)].tobytes()


def _packed(values: Int64, room: Bytes) -> bytes:
    return room[: _put_all(room, 0, values)].tobytes()


def _deltas(values: Int64, room: Bytes) -> bytes:
    return room[: _put_deltas(room, 0, values)].tobytes()


@compiled
def _put(room: Bytes, at: int, value: int) -> int:
    """Write a number, seven bits a byte, the lowest first; return where it ends."""
    while value >= 128:
        room[at] = value & 127 | 128
        value >>= 7
        at += 1
    room[at] = value
    return at + 1


@compiled
def _put_all(room: Bytes, at: int, values: Int64) -> int:
    for value in values:
        at = _put(room, at, value)
    return at


@compiled
def _put_deltas(room: Bytes, at: int, values: Int64) -> int:
    """Write differences, the sign in the lowest bit."""
    before = np.int64(0)
    for value in values:
        difference = value - before
        at = _put(room, at, (difference << 1) ^ (difference >> 63))
        before = value
    return at


@compiled
def _put_bytes(room: Bytes, at: int, number: int, content: Bytes) -> int:
    """Write a field of bytes."""
    at = _put(room, at, number << 3 | 2)
    at = _put(room, at, content.size)
    room[at : at + content.size] = content
    return at + content.size


@compiled
def _node_tags(tag_set: Int64, indptr: Int64, keys: Int64, values: Int64) -> Int64:
    """Keys and values of node after node, with a 0 after each node."""
    count = tag_set.size
    for number in tag_set:
        count += 2 * (indptr[number + 1] - indptr[number])
    numbers = np.zeros(count, np.int64)
    at = 0
    for number in tag_set:
        for tag in range(indptr[number], indptr[number + 1]):
            numbers[at], numbers[at + 1] = keys[tag], values[tag]
            at += 2
        at += 1
    return numbers


@compiled
def _encode_ways(
    ways: Ways,
    tags: tuple[Int64, Int64, Int64],
    room: Bytes,
    scratch: tuple[Bytes, Bytes],
) -> int:
    """Write ways one after the other; return where the last one ends."""
    indptr, keys, values = tags
    body, part = scratch
    at = 0
    for way in range(ways.id.size):
        first, last = indptr[ways.tag_set[way]], indptr[ways.tag_set[way] + 1]
        end = _put(body, _put(body, 0, 1 << 3), ways.id[way])
        end = _put_bytes(body, end, 2, part[: _put_all(part, 0, keys[first:last])])
        end = _put_bytes(body, end, 3, part[: _put_all(part, 0, values[first:last])])
        told = _put(part, _put(part, 0, 1 << 3), 1)
        told = _put(part, _put(part, told, 2 << 3), ways.timestamp[way])
        end = _put_bytes(body, end, 4, part[:told])
        refs = ways.refs[ways.indptr[way] : ways.indptr[way + 1]]
        end = _put_bytes(body, end, 8, part[: _put_deltas(part, 0, refs)])
        at = _put(room, _put(room, at, _WAY), end)
        room[at : at + end] = body[:end]
        at += end
    return at
