"""Criticality of 20,000 facilities at once, beside closing a few of them one by one."""

from __future__ import annotations

import argparse
import itertools
import resource
import time
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.basket import load_basket
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.scenarios.closures import Closures, Ground, closing_effects
from sdaasp_geo.scenarios.criticality import criticality

Floats = npt.NDArray[np.float64]

CRS = "EPSG:2154"
BLOCK_M = 250.0
COMMUNES_A_SIDE = 21
# From the most common service to the rarest, each has so many times the one before.
RATIO = 0.82
BY_COMMUNE_SHARE = 0.05


def land(side: int, facilities: int, squares: int, seed: int = 0) -> SimpleNamespace:
    """Return a square département on a grid of streets, some of them fast, some lacking."""
    rng = np.random.default_rng(seed)
    rules = Assumptions()
    network = RoadNetwork.from_roads(_roads(side, rng), rules)
    basket = load_basket("sdaasp-29")
    share = RATIO ** np.arange(len(basket.services))
    service = rng.choice(basket.service_ids, facilities, p=share / share.sum())
    table = _points(side, facilities, rng).assign(service=service, count=1)
    table["facility"] = [f"f{number:06d}" for number in range(facilities)]
    lost = rng.random(facilities) < BY_COMMUNE_SHARE
    table["known_by"] = np.where(lost, "commune", "position")
    table["position_quality"] = np.where(lost, "commune", "exact")
    table = table.assign(source="bench", vintage="2024")
    people = _chefs_lieux(side, rng) if squares == 0 else _squares(side, squares, rng)
    return SimpleNamespace(
        name="bench",
        basket=basket,
        assumptions=rules,
        origins=people,
        land=SimpleNamespace(network=network, facilities=table),
    )


def _roads(side: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    lines, classes = [], []
    for x, y in itertools.product(range(side), range(side)):
        for other_x, other_y in ((x + 1, y), (x, y + 1)):
            fast = (y if other_y == y else x) % 16 == 0
            if max(other_x, other_y) < side and (fast or rng.random() < 0.8):
                lines.append([(x, y), (other_x, other_y)])
                classes.append("secondary" if fast else "local")
    geometry = shapely.linestrings(BLOCK_M * np.array(lines, dtype=float))
    frame = {
        "road_class": classes,
        "posted_kmh": np.nan,
        "duration_min": np.nan,
        "oneway": False,
        "length_factor": 1.0,
    }
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=CRS).astype({"road_class": "str"})


def _units(side: int, x: Floats, y: Floats) -> list[str]:
    cells = [
        np.minimum((COMMUNES_A_SIDE * v / (side - 1)).astype(int), COMMUNES_A_SIDE - 1)
        for v in (x, y)
    ]
    return [f"{number:05d}" for number in cells[0] * COMMUNES_A_SIDE + cells[1]]


def _points(side: int, number: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return places that crowd around towns, as they do."""
    towns = rng.uniform(0.05, 0.95, (40, 2))
    near = towns[rng.integers(0, 40, number)] + rng.normal(0, 0.03, (number, 2))
    where = np.where(rng.random((number, 1)) < 0.7, near, rng.uniform(0, 1, (number, 2)))
    x, y = (np.clip(where, 0, 1) * (side - 1)).T
    units = _units(side, x, y)
    points = shapely.points(BLOCK_M * x, BLOCK_M * y)
    return gpd.GeoDataFrame({"commune": units, "unit": units}, geometry=points, crs=CRS)


def _chefs_lieux(side: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    middle = (np.arange(COMMUNES_A_SIDE) + 0.5) * (side - 1) / COMMUNES_A_SIDE
    x, y = (v.ravel() for v in np.meshgrid(middle, middle))
    return _origins(side, (x, y), "commune", rng)


def _squares(side: int, number: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    x, y = rng.uniform(0, side - 1, (2, number))
    return _origins(side, (x, y), "position", rng)


def _origins(
    side: int, where: tuple[Floats, Floats], known_by: str, rng: np.random.Generator
) -> gpd.GeoDataFrame:
    x, y = where
    units = _units(side, x, y)
    frame = {
        "origin": [f"o{number}" for number in range(len(units))],
        "commune": units,
        "unit": units,
        "known_by": known_by,
        "population": rng.integers(1, 3000, len(units)).astype(float),
        "unit_area_km2": 3.0,
    }
    points = shapely.points(BLOCK_M * x, BLOCK_M * y)
    return gpd.GeoDataFrame(frame, geometry=points, crs=CRS)


def one_by_one(diagnostic: SimpleNamespace, chosen: list[int]) -> tuple[float, bool]:
    """Close a few of the facilities and measure their service anew: seconds each, and whether equal."""
    facilities, ids = diagnostic.land.facilities, diagnostic.basket.service_ids
    network, rules = diagnostic.land.network, diagnostic.assumptions
    ground = Ground(network, diagnostic.origins, ids, rules)
    group = np.full(len(facilities), -1)
    group[chosen] = np.arange(len(chosen))
    found = closing_effects(ground, facilities, Closures(group, np.ones(len(facilities), np.int64)))
    equal, start = True, time.perf_counter()
    for number, row in enumerate(chosen):
        service = facilities["service"].iloc[row]
        rest = facilities.drop(index=facilities.index[row])
        after = nearest_times(network, diagnostic.origins, rest, [service], rules)
        told = found[found["group"] == number]
        mine = after["time_min"].to_numpy()[told["origin"]]
        equal &= bool(np.array_equal(mine, told["after_min"], equal_nan=True))
    return (time.perf_counter() - start) / len(chosen), equal


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=300, help="junctions along a side")
    parser.add_argument("--facilities", type=int, default=20_000)
    parser.add_argument("--squares", type=int, default=60_000)
    options = parser.parse_args()
    print(
        "| origins | junctions | facilities | all at once, s | one by one, s each | ratio | equal |"
    )
    print("|---|---|---|---|---|---|---|")
    for squares in (0, options.squares):
        diagnostic: Any = land(options.side, options.facilities, squares)
        criticality(diagnostic, services=[diagnostic.basket.service_ids[-1]])
        start = time.perf_counter()
        table = criticality(diagnostic)
        seconds = time.perf_counter() - start
        each, equal = one_by_one(diagnostic, list(range(0, len(table), len(table) // 8))[:8])
        kind = f"{len(diagnostic.origins)} {'squares' if squares else 'chefs-lieux'}"
        print(
            f"| {kind} | {diagnostic.land.network.node_x.size} | {len(table)} | {seconds:.1f} "
            f"| {each:.2f} | {each * len(table) / seconds:.0f} | {equal} |"
        )
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory {peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
