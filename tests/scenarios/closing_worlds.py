"""Small random territories, and closings tried one by one: the slow way of knowing."""

import geopandas as gpd
import numpy as np
import pandas as pd

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.scenarios.closures import STAYS, Ground

SERVICES = ["bread", "doctor", "court"]
UNITS = ["u", "v", "w", "x", "y"]


def random_ground(seed, rule, *, limit=None, stacked=False):
    """Ground and facilities; `stacked` puts facilities on few places, whatever their unit."""
    rng = np.random.default_rng(seed)
    side = int(rng.integers(2, 5))
    lines = [[(0, 0), (1, 0)]]
    for x in range(side):
        for y in range(side):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < side and y + dy < side and rng.random() < 0.85:
                    lines.append([(x, y), (x + dx, y + dy)])
    oneway = {number for number in range(1, len(lines)) if rng.random() < 0.2}
    assumptions = worlds.plain(same_commune=rule, time_limit_min=limit)
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)

    def place():
        return tuple(rng.uniform(-0.2, side - 0.8, 2))

    spots = [place() for _ in range(4)]
    known = ["commune", "position"]
    origins = worlds.origins(
        *((f"o{i}", str(rng.choice(UNITS)), *place()) for i in range(8)),
    ).assign(known_by=rng.choice(known, 8), population=rng.integers(0, 4, 8) * 50.0)
    # From places so small that the estimate wins to ones so wide that neighbours do.
    origins["unit_area_km2"] = rng.choice([0.5, 4.0, 40.0, 400.0], 8)
    facilities = worlds.facilities(
        *(
            (
                f"f{int(rng.integers(0, 99)):02d}-{i}",
                str(rng.choice(SERVICES[:2])),
                str(rng.choice(UNITS)),
                *(spots[int(rng.integers(0, 4))] if stacked else place()),
                str(rng.choice(known)),
                int(rng.choice([1, 1, 2, 3])),
            )
            for i in range(int(rng.integers(1, 12)))
        )
    )
    return Ground(network, origins, SERVICES, assumptions), facilities


def measured(ground, facilities):
    return nearest_times(
        ground.network, ground.origins, facilities, ground.services, ground.assumptions
    )


def closed(facilities, rows, taken):
    """The facilities that are left when so many of each row close."""
    left = facilities["count"].to_numpy(copy=True)
    left[rows] -= taken[rows]
    assert (left >= 0).all()
    return facilities.assign(count=left)[left > 0]


def one_by_one(ground, facilities, closures):
    """Every changed time, by measuring anew without each group."""
    before = measured(ground, facilities)["time_min"].to_numpy()
    width = len(ground.services)
    rows = []
    for group in sorted({*closures.group.tolist()} - {STAYS}):
        gone = np.flatnonzero(closures.group == group)
        rest = closed(facilities, gone, closures.taken)
        after = measured(ground, rest)["time_min"].to_numpy()
        changed = ~((before == after) | (np.isnan(before) & np.isnan(after)))
        rows += [
            (group, pair // width, pair % width, before[pair], after[pair])
            for pair in np.flatnonzero(changed)
        ]
    columns = ["group", "origin", "service", "before_min", "after_min"]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict.fromkeys(columns[:3], "int64") | dict.fromkeys(columns[3:], float))


def as_frame(rows, crs=worlds.CRS):
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=crs)
