"""Sites at random on the random world, and the matrix of pairs that oracles start from."""

import geopandas as gpd
import numpy as np
import toy_scenarios as toy

from sdaasp_geo.access.times import nearest_times


def random_sites(diagnostic, seed, count):
    rng = np.random.default_rng(seed)
    units = diagnostic.land.places.units
    codes = [str(code) for code in rng.choice(units.index, count)]
    rows = []
    for number, code in enumerate(codes):
        x0, y0, x1, y1 = units.geometry[code].bounds
        known_by = "commune" if rng.random() < 0.3 else "position"
        place = units.loc[code, "chef_lieu"]
        point = (place.x, place.y) if known_by == "commune" else (
            rng.uniform(x0, x1), rng.uniform(y0, y1)
        )  # fmt: skip
        rows.append((f"s{number}", f"Site {number}", code, *np.divide(point, toy.KM), known_by))
    return toy.sites(*rows)


def pair_minutes(diagnostic, sites):
    """Minutes between every origin and every site, each site a service of its own."""
    one_each = sites.rename(columns={"site": "facility"}).assign(service=sites["site"], count=1)
    pairs = nearest_times(
        diagnostic.land.network,
        diagnostic.origins,
        gpd.GeoDataFrame(one_each, crs=sites.crs),
        sites["site"].tolist(),
        diagnostic.assumptions,
    )
    return pairs["time_min"].to_numpy().reshape(-1, len(sites))
