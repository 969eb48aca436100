"""Reach on the roads of the Bouches-du-Rhône."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from real_data import real_data
from sdaasp_geo.access.isochrones import isochrones
from sdaasp_geo.access.rasters import access_raster, grid_over
from sdaasp_geo.access.reach import inhabitants_within, reach, reach_times
from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.network.snapping import snap
from sdaasp_geo.tables.schemas import ROADS

pytestmark = pytest.mark.real
CHOICES = Assumptions()


@pytest.fixture(scope="module")
def real():
    folder = real_data("bouches-du-rhone")
    if folder is None:
        pytest.skip("no real data: bouches-du-rhone")
    parts = [gpd.read_file(folder / f"{name}.gpkg") for name in ("roads", "local_links")]
    roads = pd.concat(parts, ignore_index=True).assign(
        posted_kmh=np.nan, duration_min=np.nan, oneway=False, length_factor=1.2
    )
    table = roads[list(ROADS.columns)].astype({"road_class": "str"})
    places = gpd.read_file(folder / "communes.gpkg", layer="chefs_lieux")
    return RoadNetwork.from_roads(table, CHOICES), places


def test_land_times_and_cells_agree(real):
    network, chefs_lieux = real
    places = chefs_lieux.iloc[[5, 40, 80]]
    minutes = [10, 20, 40]
    table = isochrones(network, places, minutes, CHOICES)
    shapes = table.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert shapely.covers(shapes[1:], shapes[:-1]).all()
    assert (np.diff(table.area) > 0).all()
    # The étang de Berre and the like: water and far fields are not filled.
    assert table.area.iloc[-1] < 0.5 * table.convex_hull.area.iloc[-1]
    found = reach(network, places, CHOICES)
    middle = shapely.line_interpolate_point(network.lines, 0.37, normalized=True)
    time_min = found.time_min(middle)
    # A motorway's middle is attached to another street, away from its own land.
    own = snap(network, middle, CHOICES).distance_m < 0.01
    for limit, land in zip(minutes, shapes, strict=True):
        assert land.covers(shapely.multipoints(middle[own & (time_min <= limit)]))
        outside = middle[own & (time_min > limit + 2.0)]
        assert shapely.covers(land, outside).mean() < 0.05


def test_people_within_are_those_of_the_times(real):
    network, chefs_lieux = real
    origins = chefs_lieux.assign(origin=chefs_lieux["code_insee"], population=1.0)
    places = chefs_lieux.iloc[[5, 40, 80]]
    times = reach_times(network, places, origins, CHOICES)
    counted = inhabitants_within(origins, times, [0, 20, 40])["inhabitants"].tolist()
    assert counted == [(times["time_min"] <= limit).sum() for limit in (0, 20, 40)]
    assert counted[0] < counted[1] < counted[2]
    west, south, _, _ = places.total_bounds
    grid = grid_over((west, south, west + 5000, south + 5000), 500.0)
    cells = access_raster(network, places, grid, CHOICES)
    points = grid.centres(slice(None))
    expected = reach(network, places, CHOICES).time_min(points).astype(np.float32)
    np.testing.assert_array_equal(cells.time_min.ravel(), expected)
