"""Roads as osmium's text: what it escapes, what is missing, and a full disk."""

import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from osmium.osm.mutable import Node, Way

from sdaasp_geo.sources.osm_opl import candidate_lines, tags_of, vertices_of

# Whatever a mapper may type; half of a surrogate pair is no text, and osmium writes the first
# digit of the last plane, which is for private use, not at all.
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0", max_codepoint=0xFFFFF)
TEXTS = st.text(LETTERS, max_size=12)
# Whole ten-millionths of a degree, as the file holds them.
PLACES = st.tuples(
    st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000)
)


def write(path, nodes, ways):
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, (place, tags) in sorted(nodes.items()):
            lonlat = tuple(unit / 1e7 for unit in place)
            writer.add_node(Node(id=number, location=lonlat, tags=tags))
        for number, (refs, tags) in enumerate(ways, start=1):
            writer.add_way(Way(id=number, nodes=refs, tags=tags))
    return path


def lines_of(path, *, signals=False):
    return [line for block in candidate_lines(path, signals=signals) for line in block]


@settings(deadline=None, max_examples=60)
@given(
    places=st.dictionaries(st.integers(1, 2**40), PLACES, min_size=1, max_size=6),
    lost=st.integers(2**41, 2**42),
    courses=st.lists(st.lists(st.integers(0, 6), max_size=8), min_size=1, max_size=5),
    tags=st.dictionaries(TEXTS, TEXTS, max_size=5),
)
def test_lines_say_what_osmiums_objects_say(places, lost, courses, tags):
    ids = [*places, lost]
    ways = [([ids[n % len(ids)] for n in course], tags | {"highway": "x"}) for course in courses]
    with tempfile.TemporaryDirectory() as folder:
        nodes = {number: (place, {}) for number, place in places.items()}
        path = write(Path(folder) / "some.osm.pbf", nodes, ways)
        expected = [
            (
                way.id,
                dict(way.tags),
                [
                    (n.ref, *((n.lon, n.lat) if n.location.valid() else (None, None)))
                    for n in way.nodes
                ],
            )
            for way in osmium.FileProcessor(str(path)).with_locations()
            if way.is_way()
        ]
        lines = lines_of(path)
    assert [(line.number, tags_of(line.tags)) for line in lines] == [w[:2] for w in expected]
    assert [line.vertex_count for line in lines] == [len(w[2]) for w in expected]
    node, lon, lat = vertices_of([line.nodes for line in lines])
    flat = [vertex for *_, vertices in expected for vertex in vertices]
    assert node.dtype == np.int64
    assert node.tolist() == [ref for ref, *_ in flat]
    # To the bit: both are the double nearest to the same decimal number.
    for ours, theirs in ((lon, [v[1] for v in flat]), (lat, [v[2] for v in flat])):
        assert [None if np.isnan(degree) else degree for degree in ours.tolist()] == theirs


def test_only_roads_and_lights_are_written(tmp_path):
    nodes = {
        1: ((10, 20), {"highway": "traffic_signals", "traffic_signals:direction": "forward"}),
        2: ((30, 40), {"highway": "crossing"}),
    }
    ways = [([1, 2], {"building": "yes"}), ([2, 1], {"route": "ferry"}), ([1], {"highway": ""})]
    path = write(tmp_path / "some.osm.pbf", nodes, ways)
    assert [line.number for line in lines_of(path)] == [2, 3]
    light, *roads = lines_of(path, signals=True)
    assert (light.is_way, light.number, light.vertex_count) == (False, 1, 0)
    assert tags_of(light.tags) == nodes[1][1]
    assert [line.is_way for line in roads] == [True, True]


@pytest.mark.parametrize("nodes", [[], [b""], [b"", b""]])
def test_ways_without_nodes_have_no_vertices(nodes):
    assert [column.size for column in vertices_of(nodes)] == [0, 0, 0]


def test_a_way_without_nodes_among_others_has_no_vertex():
    node, lon, lat = vertices_of([b"", b"n7x1.5y2", b"", b"n8xy", b""])
    assert node.tolist() == [7, 8]
    assert lon.tolist()[:1] + lat.tolist()[:1] == [1.5, 2]
    assert np.isnan([lon[1], lat[1]]).all()


def test_blocks_cut_no_line(tmp_path, monkeypatch):
    nodes = {number: ((number, number), {}) for number in range(1, 50)}
    ways = [([number, number + 1], {"highway": "x"}) for number in range(1, 49)]
    path = write(tmp_path / "some.osm.pbf", nodes, ways)
    whole = lines_of(path)
    monkeypatch.setattr("sdaasp_geo.sources.osm_opl._BLOCK_BYTES", 100)
    blocks = list(candidate_lines(path, signals=False))
    assert len(blocks) > 10
    assert [line for block in blocks for line in block] == whole


def test_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch):
    path = write(tmp_path / "some.osm.pbf", {1: ((1, 1), {})}, [([1, 1], {"highway": "x"})])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    blocks = candidate_lines(path, signals=False)
    next(blocks)
    assert len(list(scratch.iterdir())) == 1
    blocks.close()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RuntimeError):
        lines_of(path)
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("buffer_bytes", [30_000, 4_000_000], ids=["on the way", "at the end"])
def test_a_full_disk_is_told_and_the_process_lives(tmp_path, buffer_bytes):
    nodes = {number: ((number, number), {}) for number in range(1, 2000)}
    ways = [([number, number + 1], {"highway": "x"}) for number in range(1, 1999)]
    path = write(tmp_path / "some.osm.pbf", nodes, ways)
    script = f"""
        import gc, pathlib
        from sdaasp_geo.errors import OutputError
        from sdaasp_geo.sources import osm_opl
        osm_opl._BUFFER_BYTES = {buffer_bytes}
        try:
            osm_opl._write(pathlib.Path({str(path)!r}), pathlib.Path("/dev/full"), signals=False)
        except OutputError as error:
            assert str(error).startswith("/dev: expected room for the roads of some.osm.pbf"), error
            gc.collect()
            print("told")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "told\n"), done.stderr
