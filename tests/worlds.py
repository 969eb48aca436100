"""Toy territories: small enough to compute every answer by hand.

One kilometre of any road takes one minute, and so does one kilometre of access line.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import LineString, Point

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.network.road_network import RoadNetwork

CRS = "EPSG:2154"
KM = 1000.0


def plain(**choices):
    """Assumptions under which a kilometre is a minute everywhere."""
    defaults = {
        "speed_kmh": {"local": 60.0, "motorway": 60.0},
        "access_speed_kmh": 60.0,
        "access_length_factor": 1.0,
        "min_component_nodes": 2,
        "same_commune": "routed",
    }
    return Assumptions(**(defaults | choices))


def roads(*lines, oneway=(), road_class=None):
    """Roads from lists of (x, y) in km; `oneway` holds the numbers of one-way lines."""
    geometry = [LineString(KM * np.asarray(line, dtype=float)) for line in lines]
    count = len(geometry)
    return gpd.GeoDataFrame(
        {
            "road_class": pd.Series(road_class or ["local"] * count, dtype="str"),
            "posted_kmh": np.full(count, np.nan),
            "duration_min": np.full(count, np.nan),
            "oneway": [number in oneway for number in range(count)],
            "length_factor": np.ones(count),
        },
        geometry=geometry,
        crs=CRS,
    )


def network(*lines, oneway=(), assumptions=None):
    return RoadNetwork.from_roads(roads(*lines, oneway=oneway), assumptions or plain())


def origins(*rows, known_by="position"):
    """Rows (name, unit, x km, y km); None instead of coordinates for a lost place."""
    frame = gpd.GeoDataFrame(
        {
            "origin": pd.Series([row[0] for row in rows], dtype="str"),
            "commune": pd.Series([row[1] for row in rows], dtype="str"),
            "unit": pd.Series([row[1] for row in rows], dtype="str"),
            "known_by": pd.Series([known_by] * len(rows), dtype="str"),
            "population": [100.0] * len(rows),
            "unit_area_km2": [4.0] * len(rows),
        },
        geometry=[None if row[2] is None else Point(KM * row[2], KM * row[3]) for row in rows],
        crs=CRS,
    )
    return frame.reset_index(drop=True)


def facilities(*rows):
    """Rows (name, service, unit, x km, y km, known_by[, count])."""
    return gpd.GeoDataFrame(
        {
            "facility": pd.Series([row[0] for row in rows], dtype="str"),
            "service": pd.Series([row[1] for row in rows], dtype="str"),
            "commune": pd.Series([row[2] for row in rows], dtype="str"),
            "unit": pd.Series([row[2] for row in rows], dtype="str"),
            "count": [row[6] if len(row) > 6 else 1 for row in rows],
            "position_quality": pd.Series(["exact"] * len(rows), dtype="str"),
            "known_by": pd.Series([row[5] for row in rows], dtype="str"),
            "source": pd.Series(["toy"] * len(rows), dtype="str"),
            "vintage": pd.Series(["2024"] * len(rows), dtype="str"),
        },
        geometry=[Point(KM * row[3], KM * row[4]) for row in rows],
        crs=CRS,
    )
