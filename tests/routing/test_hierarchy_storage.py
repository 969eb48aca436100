"""A hierarchy on disk is the one that was written, of the graph that is asked about."""

import json
import zipfile

import numpy as np
import pytest
from hierarchy_oracle import assert_same_arrays

from sdaasp_geo.errors import StoredNetworkError
from sdaasp_geo.network import array_file
from sdaasp_geo.routing import hierarchy_storage
from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.hierarchy_storage import (
    graph_key,
    hierarchy_for,
    load_hierarchy,
    load_topology,
    save_hierarchy,
    save_topology,
    topology_for,
)
from sdaasp_geo.routing.topology import build_topology, customised
from synthetic_graph import road_like_graph

GRAPH = road_like_graph(300)
SLOWER = GRAPH._replace(weights_ms=GRAPH.weights_ms + 1)
BUILT = build_hierarchy(GRAPH)


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "hiérarchie.npz"
    save_hierarchy(path, BUILT, GRAPH)
    return path


@pytest.fixture
def no_building(monkeypatch):
    def refuse(*_args, **_options):
        message = "nothing needs building"
        raise AssertionError(message)

    monkeypatch.setattr(hierarchy_storage, "build_hierarchy", refuse)


def test_what_is_loaded_is_what_was_saved(stored):
    loaded = load_hierarchy(stored, GRAPH)
    assert_same_arrays(loaded, BUILT)
    assert not any(array.flags.writeable for array in loaded)


def test_the_same_hierarchy_gives_the_same_bytes_and_nothing_else_is_left(stored, tmp_path):
    again = tmp_path / "again.npz"
    save_hierarchy(again, build_hierarchy(GRAPH), GRAPH)
    assert again.read_bytes() == stored.read_bytes()
    with zipfile.ZipFile(again) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {file.name for file in tmp_path.iterdir()} == {stored.name, again.name}


def test_a_save_that_fails_leaves_what_was_there(stored, tmp_path, monkeypatch):
    before = stored.read_bytes()

    def full(*_args, **_options):
        message = "no space left on device"
        raise OSError(message)

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="no space left"):
        save_hierarchy(stored, BUILT, GRAPH)
    assert stored.read_bytes() == before
    assert list(tmp_path.iterdir()) == [stored]


def test_every_damaged_byte_of_the_contents_is_noticed(stored):
    whole = stored.read_bytes()
    refused = 0
    for place in np.random.default_rng(3).integers(0, len(whole), 100):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        stored.write_bytes(damaged)
        try:
            loaded = load_hierarchy(stored, GRAPH)
        except StoredNetworkError:
            refused += 1
        else:
            # Bytes of the archive that carry nothing (dates, attributes) may differ.
            assert_same_arrays(loaded, BUILT)
    assert refused > 50


def test_contents_that_differ_from_their_checksum(stored, monkeypatch):
    key = graph_key(GRAPH)
    monkeypatch.setattr(hierarchy_storage, "graph_key", lambda _graph: key)
    monkeypatch.setattr(array_file, "digest", lambda _arrays: "0" * 64)
    with pytest.raises(StoredNetworkError, match="differ from their checksum"):
        load_hierarchy(stored, GRAPH)


def test_refusals(stored, tmp_path, monkeypatch):
    with pytest.raises(StoredNetworkError, match=r"nowhere\.npz: .* no such file"):
        load_hierarchy(tmp_path / "nowhere.npz", GRAPH)
    with pytest.raises(StoredNetworkError, match="the hierarchy of another network"):
        load_hierarchy(stored, SLOWER)
    monkeypatch.setattr(hierarchy_storage, "FORMAT_VERSION", 99)
    with pytest.raises(StoredNetworkError, match="version 2 where this library reads 99"):
        load_hierarchy(stored, GRAPH)


def test_a_hierarchy_is_built_once(tmp_path, request):
    path = tmp_path / "kept.npz"
    assert_same_arrays(hierarchy_for(GRAPH, path), BUILT)
    request.getfixturevalue("no_building")
    assert_same_arrays(hierarchy_for(GRAPH, path), BUILT)


@pytest.mark.parametrize("damage", [lambda whole: whole[:1000], lambda _whole: b""])
def test_a_damaged_file_is_built_anew(stored, damage):
    whole = stored.read_bytes()
    stored.write_bytes(damage(whole))
    assert_same_arrays(hierarchy_for(GRAPH, stored), BUILT)
    assert stored.read_bytes() == whole


def test_the_hierarchy_of_another_network_or_version_is_replaced(stored, monkeypatch):
    slower = hierarchy_for(SLOWER, stored)
    assert_same_arrays(load_hierarchy(stored, SLOWER), slower)
    monkeypatch.setattr(hierarchy_storage, "FORMAT_VERSION", 3)
    hierarchy_for(SLOWER, stored)
    assert_same_arrays(load_hierarchy(stored, SLOWER), slower)


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path, no_building):
    path = tmp_path / "other.npz"
    path.write_text("the work of a year")
    with pytest.raises(StoredNetworkError, match="another kind of file"):
        hierarchy_for(GRAPH, path)
    assert path.read_text() == "the work of a year"
    np.savez(path, label=np.array(json.dumps({"format": "sdaasp_geo road network"})))
    before = path.read_bytes()
    with pytest.raises(StoredNetworkError, match="found a file of 'sdaasp_geo road network'"):
        hierarchy_for(GRAPH, path)
    np.savez(path, a=np.arange(3))
    other = path.read_bytes()
    with pytest.raises(StoredNetworkError, match="expected a stored hierarchy"):
        hierarchy_for(GRAPH, path)
    assert path.read_bytes() == other != before


def test_a_topology_is_kept_for_any_times_of_its_arcs(tmp_path, monkeypatch):
    path = tmp_path / "topology.npz"
    built = build_topology(GRAPH)
    assert_same_arrays(topology_for(GRAPH, path), built)
    whole = path.read_bytes()
    monkeypatch.setattr(hierarchy_storage, "build_topology", None)
    loaded = topology_for(SLOWER, path)
    assert_same_arrays(loaded, built)
    assert not any(array.flags.writeable for array in loaded)
    assert_same_arrays(customised(loaded, SLOWER), customised(built, SLOWER))
    save_topology(path, built, SLOWER)
    assert path.read_bytes() == whole


def test_a_topology_of_other_arcs_or_damaged_is_refused_and_built_anew(tmp_path, stored):
    path = tmp_path / "topology.npz"
    topology_for(GRAPH, path)
    whole = path.read_bytes()
    other = road_like_graph(600)
    with pytest.raises(StoredNetworkError, match="the topology of another network"):
        load_topology(path, other)
    assert_same_arrays(topology_for(other, path), build_topology(other))
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(StoredNetworkError):
        load_topology(path, GRAPH)
    topology_for(GRAPH, path)
    assert path.read_bytes() == whole
    with pytest.raises(StoredNetworkError, match="a file of 'sdaasp_geo contraction hierarchy'"):
        topology_for(GRAPH, stored)
    with pytest.raises(StoredNetworkError, match="a file of 'sdaasp_geo hierarchy topology'"):
        hierarchy_for(GRAPH, path)
