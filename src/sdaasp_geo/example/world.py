"""Every table of the example, made from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sdaasp_geo.example.communes import (
    arrondissements_layer,
    communes_layer,
    make_polygons,
    passage_table,
    seats_layer,
)
from sdaasp_geo.example.facilities import make_bpe
from sdaasp_geo.example.geography import make_geography
from sdaasp_geo.example.roads import Roads, make_roads
from sdaasp_geo.example.settlements import (
    ARRONDISSEMENTS,
    DEPARTEMENT,
    RETIRED_NUMBERS,
    TOWNS,
    Settlements,
    make_settlements,
)
from sdaasp_geo.example.sites import make_france_services, make_operators
from sdaasp_geo.example.squares import make_squares

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

SEED: Final = 99
# A commune that is no more joined the largest of the villages whose number is this near.
NEAR_NUMBERS: Final = 8


@dataclass(frozen=True)
class World:
    """The tables of the example, as they are to be written.

    Parameters
    ----------
    seed
        Of the world.
    merged
        Code of a commune that is no more → code of today's.
    communes, seats, arrondissements
        Layers in EPSG:2154.
    passage, bpe, operators, france_services
        Text tables.
    squares
        Layer in EPSG:3035.
    roads
        Nodes in EPSG:2154 and ways.
    """

    seed: int
    merged: dict[str, str]
    communes: gpd.GeoDataFrame
    seats: gpd.GeoDataFrame
    arrondissements: gpd.GeoDataFrame
    passage: pd.DataFrame
    bpe: pd.DataFrame
    operators: pd.DataFrame
    france_services: pd.DataFrame
    squares: gpd.GeoDataFrame
    roads: Roads


def make_world(seed: int = SEED) -> World:
    """Make the example's tables; the same ones for the same seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    land = make_geography(rng)
    settlements = make_settlements(rng, land)
    polygons = make_polygons(rng, land, settlements)
    roads = make_roads(rng, land, settlements)
    merged = merged_communes(settlements)
    return World(
        seed=seed,
        merged=merged,
        communes=communes_layer(settlements, polygons),
        seats=seats_layer(land, settlements),
        arrondissements=arrondissements_layer(settlements, polygons),
        passage=passage_table(settlements, merged),
        bpe=make_bpe(rng, settlements, roads, merged),
        operators=make_operators(rng, settlements, roads, merged),
        france_services=make_france_services(rng, settlements, roads),
        squares=make_squares(settlements, polygons, roads),
        roads=roads,
    )


def merged_communes(settlements: Settlements) -> dict[str, str]:
    """Retired code → code of the commune it joined."""
    given = len(ARRONDISSEMENTS) + len(TOWNS)
    villages = [
        number
        for number in range(given, len(settlements.points))
        if settlements.departement[number] == DEPARTEMENT
    ]
    merged = {}
    for retired in RETIRED_NUMBERS:
        near = [n for n in villages if abs(int(settlements.code[n][2:]) - retired) <= NEAR_NUMBERS]
        joined = max(near, key=lambda n: int(settlements.population[n]))
        merged[f"{DEPARTEMENT}{retired:03d}"] = settlements.code[joined]
    return merged
