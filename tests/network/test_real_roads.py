"""The roads of the Bouches-du-Rhône, two files in one network."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from real_data import real_data
from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.network.snapping import entries, exits, snap
from sdaasp_geo.tables.schemas import ROADS

pytestmark = pytest.mark.real


def real_folder():
    folder = real_data("bouches-du-rhone")
    if folder is None:
        pytest.skip("no real data: bouches-du-rhone")
    return folder


def real_roads():
    parts = []
    for name, factor in {"roads": 1.08, "local_links": 1.3}.items():
        part = gpd.read_file(real_folder() / f"{name}.gpkg", layer=name)
        parts.append(part.assign(length_factor=factor, oneway=False))
    roads = pd.concat(parts, ignore_index=True)
    roads = roads.assign(posted_kmh=np.nan, duration_min=np.nan)
    return roads[list(ROADS.columns)].astype({"road_class": "str"})


def test_two_files_of_roads_join_into_one_piece():
    network = RoadNetwork.from_roads(real_roads(), Assumptions())
    found = network.connectivity(Assumptions().min_component_nodes)
    assert found.usable_components == 1
    assert found.largest_share > 0.99
    alone = real_roads().query("road_class != 'local'")
    found = RoadNetwork.from_roads(alone, Assumptions()).connectivity()
    # The README of the data counts 4,785 nodes in 7 pieces for the first file alone.
    assert (found.nodes, found.streets, found.components) == (4785, 6245, 7)
    assert round(found.largest_share, 3) == 0.997


def test_every_chef_lieu_is_attached_and_has_a_way_in_and_out():
    network = RoadNetwork.from_roads(real_roads(), Assumptions())
    places = gpd.read_file(real_folder() / "communes.gpkg", layer="chefs_lieux").geometry
    found = snap(network, places.to_numpy(), Assumptions())
    assert set(found.reason) == {""}
    # Local links start at the chef-lieu itself.
    assert np.median(found.distance_m) < 1
    for doors in (entries(network, found), exits(network, found)):
        assert np.unique(doors.point).size == len(places)


def test_a_stored_real_network_is_the_same(tmp_path):
    network = RoadNetwork.from_roads(real_roads(), Assumptions())
    network.save(tmp_path / "network.npz")
    loaded = RoadNetwork.load(tmp_path / "network.npz")
    assert np.array_equal(loaded.incoming.weights_ms, network.incoming.weights_ms)
    assert np.array_equal(loaded.shape_xy, network.shape_xy)
