"""Networks on disk, and the key of what they depend on."""

import dataclasses
import json
import zipfile

import numpy as np
import pytest
from toy_roads import TOY, toy_network

from sdaasp_geo.errors import StoredNetworkError
from sdaasp_geo.network import array_file, storage
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.network.storage import network_key

STREETS = [(0, 0), (100, 0)], ([(100, 0), (100, 50)], {"oneway": True, "road_class": "motorway"})


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "réseau.npz"
    toy_network(*STREETS).save(path)
    return path


def test_what_is_loaded_is_what_was_saved(stored):
    network, loaded = toy_network(*STREETS), RoadNetwork.load(stored)
    assert loaded.crs == network.crs == "EPSG:2154"
    assert loaded.class_names == network.class_names == ("local", "motorway")
    for field in dataclasses.fields(RoadNetwork):
        mine, theirs = getattr(network, field.name), getattr(loaded, field.name)
        arrays = zip(mine, theirs, strict=True) if hasattr(mine, "_fields") else [(mine, theirs)]
        for one, other in arrays:
            assert np.array_equal(one, other), field.name
            assert np.asarray(one).dtype == np.asarray(other).dtype
    with pytest.raises(ValueError, match="read-only"):
        loaded.node_x[0] = 1.0


def test_the_same_network_gives_the_same_bytes_and_nothing_else_is_left(stored, tmp_path):
    again = tmp_path / "again.npz"
    toy_network(*STREETS[::-1]).save(again)
    assert again.read_bytes() == stored.read_bytes()
    with zipfile.ZipFile(again) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert {file.name for file in tmp_path.iterdir()} == {stored.name, again.name}


def test_saving_replaces_the_file_that_was_there(stored):
    toy_network(STREETS[0]).save(stored)
    assert RoadNetwork.load(stored).street_from.size == 1


def test_a_save_that_fails_leaves_what_was_there(stored, tmp_path, monkeypatch):
    before = stored.read_bytes()

    def full(*_args, **_options):
        message = "no space left on device"
        raise OSError(message)

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(OSError, match="no space left"):
        toy_network(STREETS[0]).save(stored)
    assert stored.read_bytes() == before
    assert list(tmp_path.iterdir()) == [stored]


def test_every_damaged_byte_of_the_contents_is_noticed(stored):
    whole = stored.read_bytes()
    network = toy_network(*STREETS)
    rng = np.random.default_rng(3)
    refused = 0
    for place in rng.integers(0, len(whole), 150):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        stored.write_bytes(damaged)
        try:
            loaded = RoadNetwork.load(stored)
        except StoredNetworkError:
            refused += 1
        else:
            # Bytes of the archive that carry nothing (dates, attributes) may differ.
            assert np.array_equal(loaded.outgoing.weights_ms, network.outgoing.weights_ms)
            assert np.array_equal(loaded.shape_xy, network.shape_xy)
    assert refused > 75


@pytest.mark.parametrize("kept", [0, 10, 1000, -1])
def test_a_file_cut_short(stored, kept):
    stored.write_bytes(stored.read_bytes()[:kept])
    with pytest.raises(StoredNetworkError, match=r"cannot be read.*interrupted copy"):
        RoadNetwork.load(stored)


def test_contents_that_differ_from_their_checksum(stored, monkeypatch):
    monkeypatch.setattr(array_file, "digest", lambda _arrays: "0" * 64)
    with pytest.raises(StoredNetworkError, match="differ from their checksum"):
        RoadNetwork.load(stored)


def test_no_such_file(tmp_path):
    with pytest.raises(StoredNetworkError, match=r"nowhere\.npz: .* no such file"):
        RoadNetwork.load(tmp_path / "nowhere.npz")


def test_another_kind_of_file(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, a=np.arange(3))
    with pytest.raises(StoredNetworkError, match="expected a stored road network"):
        RoadNetwork.load(path)
    with zipfile.ZipFile(path, "w") as archive, archive.open("label.npy", "w") as entry:
        label = json.dumps({"format": "someone's graph", "version": 1})
        np.lib.format.write_array(entry, np.array(label))
    with pytest.raises(StoredNetworkError, match="found a file of 'someone's graph'"):
        RoadNetwork.load(path)


def test_another_version(stored, monkeypatch):
    monkeypatch.setattr(storage, "FORMAT_VERSION", 99)
    with pytest.raises(StoredNetworkError, match=r"version 2 where this library reads 99"):
        RoadNetwork.load(stored)


FILES = [("roads.gpkg", "aa"), ("local.gpkg", "bb")]


def test_the_key_is_that_of_the_same_choices():
    key = network_key(FILES, TOY, {"crs": "EPSG:2154"})
    assert len(key) == 64
    assert key == network_key(FILES[::-1], TOY, {"crs": "EPSG:2154"})
    elsewhere = dataclasses.replace(
        TOY, snap_limit_m=1.0, same_commune="zero", basket_mean="median"
    )
    assert key == network_key(FILES, elsewhere, {"crs": "EPSG:2154"})


@pytest.mark.parametrize(
    ("files", "choices", "extra"),
    [
        (FILES[:1], TOY, {}),
        ([FILES[0], ("local.gpkg", "bc")], TOY, {}),
        (FILES, dataclasses.replace(TOY, speed_kmh={"local": 30.0}), {}),
        (FILES, dataclasses.replace(TOY, posted_speed_factor=0.9), {}),
        (FILES, dataclasses.replace(TOY, implicit_limit_kmh={"FR:urban": 30.0}), {}),
        (FILES, TOY, {"buffer_km": 10}),
    ],
)
def test_the_key_changes_with_whatever_changes_a_network(files, choices, extra):
    assert network_key(files, choices, extra) != network_key(FILES, TOY, {})


def test_the_key_changes_with_the_version(monkeypatch):
    before = network_key(FILES, TOY)
    monkeypatch.setattr(storage, "FORMAT_VERSION", 99)
    assert network_key(FILES, TOY) != before
