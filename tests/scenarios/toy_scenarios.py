"""Small whole diagnostics, made without files: scenarios are tried on these.

A kilometre of road or of access line takes a minute. :func:`row` is worked out by hand;
:func:`random_world` serves oracles and properties.
"""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point, box

import worlds
from sdaasp_geo.access.internal import inhabited_area_km2
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.basket import Basket, Gamme, Service
from sdaasp_geo.diagnostic.build import Measured, Notices, assembled
from sdaasp_geo.diagnostic.model import Land
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.tables.places import Places

KM = worlds.KM
CAF, PHARMACY, HOSPITAL = "point_accueil_caf", "pharmacie", "maternite"
BASKET = Basket(
    name="toy",
    label="Trois services",
    source="made up",
    gammes=(
        Gamme("proximite", "Proximité"),
        Gamme("intermediaire", "Intermédiaire"),
        Gamme("superieure", "Supérieure"),
    ),
    services=(
        Service(PHARMACY, "Pharmacie", "proximite"),
        Service(CAF, "Point d'accueil CAF", "intermediaire"),
        Service(HOSPITAL, "Maternité", "superieure"),
    ),
)
THRESHOLDS = {"basket": 7.0, "proximite": 4.0, "intermediaire": 10.0, "superieure": 20.0}
RULES = ("routed", "internal_estimate", "zero")


def communes(*rows):
    """Rows (code, name, département, EPCI, population, (x0, y0, x1, y1) in km, chef-lieu)."""
    frame = gpd.GeoDataFrame(
        {
            "commune": pd.Series([row[0] for row in rows], dtype="str"),
            "name": pd.Series([row[1] for row in rows], dtype="str"),
            "departement": pd.Series([row[2] for row in rows], dtype="str"),
            "epci": pd.Series([row[3] for row in rows], dtype="str"),
            "population": [float(row[4]) for row in rows],
        },
        geometry=[box(*(KM * np.array(row[5], dtype=float))) for row in rows],
        crs=worlds.CRS,
    )
    chefs = [Point(KM * row[6][0], KM * row[6][1]) for row in rows]
    return frame.assign(chef_lieu=gpd.GeoSeries(chefs, crs=worlds.CRS))


def sites(*rows):
    """Rows (site, name, unit, x km, y km, known_by)."""
    frame = {
        "site": [row[0] for row in rows],
        "name": [row[1] for row in rows],
        "format": ["Fixe"] * len(rows),
        "operators": [None] * len(rows),
        "commune": [row[2] for row in rows],
        "unit": [row[2] for row in rows],
        "known_by": [row[5] for row in rows],
        "position_quality": ["exact"] * len(rows),
        "source": ["toy"] * len(rows),
        "vintage": ["2024"] * len(rows),
    }
    table = pd.DataFrame(frame).astype("str")
    points = [Point(KM * row[3], KM * row[4]) for row in rows]
    return gpd.GeoDataFrame(table, geometry=points, crs=worlds.CRS)


def origins(rows, known_by="position"):
    """Rows (name, unit, x km, y km, population); their areas follow from the communes."""
    frame = worlds.origins(*(row[:4] for row in rows), known_by=known_by)
    return frame.assign(population=[float(row[4]) for row in rows]).drop(columns="unit_area_km2")


def chefs_lieux(table, departement):
    """Origins: the chef-lieu of each commune of the département, known by its commune."""
    inside = table[table["departement"] == departement]
    rows = [
        (row.commune, row.commune, row.chef_lieu.x / KM, row.chef_lieu.y / KM, row.population)
        for row in inside.itertuples()
    ]
    return origins(rows, known_by="commune")


def diagnostic(network, table, people, facilities, **options):
    """Put the pieces together; `options`: assumptions, sites, passage, buffer_km, basket."""
    assumptions = options.get("assumptions", worlds.plain())
    basket = options.get("basket", BASKET)
    places = Places.from_tables(table, passage=options.get("passage"))
    area = inhabited_area_km2(places.units, assumptions)
    people = people.assign(unit_area_km2=people["unit"].map(area))
    choices = SimpleNamespace(
        name="Toy",
        departement="01",
        fictional=True,
        basket=basket,
        assumptions=assumptions,
        thresholds_min=THRESHOLDS,
    )
    times = nearest_times(network, people, facilities, basket.service_ids, assumptions)
    nothing = pd.DataFrame({"source": pd.Series(dtype="str"), "reason": pd.Series(dtype="str")})
    return assembled(
        choices,
        Land(network, places, facilities),
        Measured(table, people, times, options.get("sites", sites())),
        Notices(nothing, nothing, nothing),
        {
            "inputs": [],
            "assumptions": assumptions.as_dict(),
            "version": "0",
            "buffer_km": options.get("buffer_km", 35.0),
        },
    )


def row_communes():
    """Aa, Bé and Cé (01), Dé (02): squares of 10 km in a row, chefs-lieux in their middle."""
    people = (1000, 500, 500, 300)
    epci = ("200000001", "200000001", "200000002", "200000003")
    return communes(
        *(
            (code, name, code[:2], group, count, (10 * n, 0, 10 * n + 10, 10), (10 * n + 5, 5))
            for n, (code, name, group, count) in enumerate(
                zip(
                    ("01001", "01002", "01003", "02001"),
                    ("Aa", "Bé", "Cé", "Dé"),
                    epci,
                    people,
                    strict=True,
                )
            )
        )
    )


def row_network(assumptions=None):
    """One straight road at y = 5 km with a junction every 5 km, from x = 0 to x = 40 km."""
    lines = [[(5 * n, 5), (5 * n + 5, 5)] for n in range(8)]
    return worlds.network(*lines, assumptions=assumptions or worlds.plain())


def row_facilities():
    """A CAF in Aa, pharmacies in Aa and Dé, a hospital in Dé; all at the chefs-lieux."""
    return worlds.facilities(
        ("caf-1", CAF, "01001", 5, 5, "commune"),
        ("pharmacie-1", PHARMACY, "01001", 5, 5, "commune", 4),
        ("pharmacie-2", PHARMACY, "02001", 35, 5, "commune"),
        ("maternite-1", HOSPITAL, "02001", 35, 5, "commune"),
    )


def row(rule="routed", *, facilities=None, people=None, **choices):
    """Four communes in a row. Routed, the minutes are the kilometres between chefs-lieux:

    ====  ====  ====  =====================  ========  ========
    from  to CAF (Aa)  to a pharmacy (Aa, Dé)  to the hospital (Dé)
    ====  ====  ====  =====================  ========  ========
    Aa    0            0                       30
    Bé    10           10                      20
    Cé    20           10                      10
    ====  ====  ====  =====================  ========  ========
    """
    assumptions = worlds.plain(same_commune=rule, **choices)
    table = row_communes()
    return diagnostic(
        row_network(assumptions),
        table,
        chefs_lieux(table, "01") if people is None else people,
        row_facilities() if facilities is None else facilities,
        assumptions=assumptions,
        sites=sites(
            ("fs-1", "France services Bé", "01002", 15, 5, "position"),
            ("fs-2", "France services Dé", "02001", 35, 5, "commune"),
        ),
        passage=pd.DataFrame({"old": ["01999"], "commune": ["01003"]}).astype("str"),
    )


def random_world(seed, rule="internal_estimate", known_by=None, **choices):
    """Four by four communes of 4 km on a grid of roads, some lacking, some one-way.

    A fifth of the places are known by their commune alone; an islet without link to the
    rest holds one more commune; one origin in six has nobody.
    """
    rng = np.random.default_rng(seed)
    assumptions = worlds.plain(same_commune=rule, **choices)
    cells = [(x, y) for x in range(4) for y in range(4)]
    table = communes(
        *(
            (
                f"010{n:02d}" if x < 3 else f"020{n:02d}",
                f"Commune {n}",
                "01" if x < 3 else "02",
                f"20000000{y}",
                int(rng.integers(50, 5000)),
                (4 * x, 4 * y, 4 * x + 4, 4 * y + 4),
                (4 * x + 2, 4 * y + 2),
            )
            for n, (x, y) in enumerate(cells)
        ),
        ("01090", "Islet", "01", "200000009", 80, (-20, 0, -16, 4), (-18, 2)),
    )
    steps = np.arange(0, 17, 2)
    lines = [[(x, y), (x + 2, y)] for x in steps[:-1] for y in steps]
    lines += [[(x, y), (x, y + 2)] for x in steps for y in steps[:-1]]
    lines = [line for line in lines if rng.random() < 0.85]
    oneway = {n for n in range(len(lines)) if rng.random() < 0.2}
    lines += [[(-19, 2), (-18, 2)], [(-18, 2), (-17, 2)]]
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)
    units = list(table["commune"])

    def spot(unit):
        low_x, low_y, high_x, high_y = table.set_index("commune").geometry[unit].bounds
        return (
            unit,
            float(rng.uniform(low_x, high_x)) / KM,
            float(rng.uniform(low_y, high_y)) / KM,
        )

    inside = list(table.loc[table["departement"] == "01", "commune"])
    if (known_by or str(rng.choice(["commune", "position"]))) == "commune":
        people = chefs_lieux(table, "01")
    else:
        rows = [
            (f"o{n}-{k}", *spot(unit), 0 if rng.random() < 0.17 else int(rng.integers(1, 900)))
            for n, unit in enumerate(inside)
            for k in range(3)
        ]
        people = origins(rows)
    facilities = worlds.facilities(
        *(
            (
                f"f{n}",
                str(rng.choice(BASKET.service_ids)),
                *spot(str(rng.choice(units))),
                "commune" if rng.random() < 0.2 else "position",
                int(rng.integers(1, 4)),
            )
            for n in range(int(rng.integers(3, 12)))
        )
    )
    return diagnostic(network, table, people, facilities, assumptions=assumptions)
