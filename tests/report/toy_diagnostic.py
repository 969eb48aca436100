"""A finished diagnostic of twelve square communes, every figure known by hand.

Squares of 10 km, three rows of four, named by row and column, 100 inhabitants times their
number (7,800 in all). Minutes: bakery 2 + column, pharmacy 4 + 2 × row, maternity ward
10 + 10 × column; nobody offers an emergency ward, and the last commune's roads lead to no
maternity ward.

    row 2   9   10   11   12      bakery     2  3  4  5 min
    row 1   5    6    7    8      maternity 10 20 30 40 min
    row 0   1    2    3    4      pharmacy  4, 6, 8 min by row

Remote: above 5 min for proximité (bakery and pharmacy), above 25 min for supérieure.
"""

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.basket import Basket, Gamme, Service
from sdaasp_geo.diagnostic.model import Diagnostic

CRS = "EPSG:2154"
X0, Y0, SIDE = 800_000.0, 6_500_000.0, 10_000.0
WITHIN = (5, 7, 10, 15, 20, 30)
THRESHOLDS = {"proximite": 5.0, "superieure": 25.0, "basket": 15.0}
GAMMES = ("proximite", "superieure")
BASKET = Basket(
    name="jouet",
    label="Panier jouet",
    source="inventé",
    gammes=(Gamme("proximite", "Proximité"), Gamme("superieure", "Supérieure")),
    services=(
        Service("boulangerie", "Boulangerie", "proximite"),
        Service("pharmacie", "Pharmacie d'officine", "proximite"),
        Service("maternite", "Maternité", "superieure"),
        Service("urgences", "Urgences", "superieure"),
    ),
)


def mean(values, people):
    known = values.notna()
    return float(np.average(values[known], weights=people[known])) if known.any() else np.nan


def within(values, people):
    return {f"within_{t}_min": float(people[values <= t].sum() / people.sum()) for t in WITHIN}


def communes(columns=4, rows=3):
    number = np.arange(columns * rows)
    column, row = number % columns, number // columns
    frame = pd.DataFrame(
        {
            "commune": [f"99{n + 1:03d}" for n in number],
            "name": [f"Bourg {n + 1}" for n in number],
            "departement": "99",
            "epci": [f"20000000{min(c, 2)}" for c in column],
            "population": 100.0 * (number + 1),
            "boulangerie_min": 2.0 + column,
            "pharmacie_min": 4.0 + 2.0 * row,
            "maternite_min": 10.0 + 10.0 * column,
            "urgences_min": np.nan,
        }
    )
    frame.loc[11:, "maternite_min"] = np.nan
    shapes = [
        shapely.box(X0 + SIDE * c, Y0 + SIDE * r, X0 + SIDE * (c + 1), Y0 + SIDE * (r + 1))
        for c, r in zip(column, row, strict=True)
    ]
    chefs_lieux = gpd.GeoSeries([shape.centroid for shape in shapes], crs=CRS)
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=CRS).assign(chef_lieu=chefs_lieux)


def finished(frame):
    """Add the kinds, the means and the flags of remoteness."""
    frame = frame.copy()
    for service in BASKET.service_ids:
        there = frame[f"{service}_min"].notna()
        frame[f"{service}_facility"] = pd.Series(f"{service}-1", frame.index, "str").where(there)
        frame[f"{service}_kind"] = pd.Series("routed", frame.index, "str").where(there)
    for gamme in GAMMES:
        names = [f"{service}_min" for service in BASKET.services_of(gamme)]
        frame[f"{gamme}_min"] = frame[names].mean(axis=1)
        above = (frame[f"{gamme}_min"] > THRESHOLDS[gamme]).astype("boolean")
        frame[f"remote_{gamme}"] = above.mask(frame[f"{gamme}_min"].isna())
    frame["basket_min"] = frame[[f"{s}_min" for s in BASKET.service_ids]].mean(axis=1)
    flags = frame[[f"remote_{gamme}" for gamme in GAMMES]]
    known = flags.fillna(value=False).astype(bool).sum(axis=1).astype("Int64")
    frame["remote_gammes"] = known.mask((known == 0) & flags.isna().any(axis=1))
    return frame


def service_table(frame):
    people = frame["population"]
    rows = []
    for service in BASKET.services:
        time = frame[f"{service.id}_min"]
        reached = float(people[time.notna()].sum())
        rows.append(
            {
                "service": service.id,
                "label": service.label,
                "gamme": service.gamme,
                "facilities": 3 if time.notna().any() else 0,
                "mean_min": mean(time, people),
                "median_min": float(time.median()),
                "max_min": float(time.max()),
                "reached_population": reached,
                "unreached_population": float(people.sum()) - reached,
                "estimate_share": 0.0 if reached else np.nan,
                **within(time, people),
            }
        )
    return pd.DataFrame(rows)


def gamme_table(frame):
    people = frame["population"]
    rows = []
    for gamme, label in [("proximite", "Proximité"), ("superieure", "Supérieure"), ("basket", "")]:
        whole = gamme == "basket"
        services = BASKET.service_ids if whole else BASKET.services_of(gamme)
        flag = frame["remote_gammes"] > 0 if whole else frame[f"remote_{gamme}"]
        remote = flag.fillna(value=False).astype(bool)
        rows.append(
            {
                "gamme": gamme,
                "label": label or "Panier",
                "services": len(services),
                "services_with_facility": sum(
                    bool(frame[f"{service}_min"].notna().any()) for service in services
                ),
                "mean_min": mean(frame[f"{gamme}_min"], people),
                "threshold_min": THRESHOLDS[gamme],
                "remote_communes": int(remote.sum()),
                "remote_population": float(people[remote].sum()),
                "remote_share": float(people[remote].sum() / people.sum()),
                **within(frame[f"{gamme}_min"], people),
            }
        )
    return pd.DataFrame(rows)


def epci_table(frame):
    rows = []
    for code, part in frame.dropna(subset=["epci"]).groupby("epci"):
        remote = (part["remote_gammes"].fillna(0) > 0).astype(bool)
        means = {f"{g}_min": mean(part[f"{g}_min"], part["population"]) for g in GAMMES}
        rows.append(
            {
                "epci": code,
                "name": code,
                "communes": len(part),
                "population": part["population"].sum(),
                **means,
                "basket_min": mean(part["basket_min"], part["population"]),
                "remote_communes": int(remote.sum()),
                "remote_population": float(part.loc[remote, "population"].sum()),
            }
        )
    columns = ["epci", "name", "communes", "population", "proximite_min", "superieure_min"]
    columns += ["basket_min", "remote_communes", "remote_population"]
    return pd.DataFrame(rows, columns=columns)


def zone_table(frame):
    flags = {
        "eloignement": frame["remote_gammes"].fillna(0) > 0,
        "panier": frame["basket_min"] > THRESHOLDS["basket"],
    }
    rows = []
    for layer, flag in flags.items():
        union = shapely.union_all(frame.geometry[flag.astype(bool)].to_numpy())
        for number, shape in enumerate(shapely.get_parts(union), start=1):
            part = frame[flag.astype(bool) & frame["chef_lieu"].within(shape)]
            rows.append(
                {
                    "zone": number,
                    "layer": layer,
                    "name": str(part["name"].iloc[-1]),
                    "communes": len(part),
                    "population": float(part["population"].sum()),
                    "mean_min": mean(part["basket_min"], part["population"]),
                    "geometry": shape,
                }
            )
    columns = ["zone", "layer", "name", "communes", "population", "mean_min", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=CRS)


def contrast_table(frame):
    remote = (frame["remote_gammes"].fillna(0) > 0).astype(bool)
    labels = {service.id: service.label for service in BASKET.services}
    labels |= {gamme.id: gamme.label for gamme in BASKET.gammes} | {"basket": "Panier"}
    rows = []
    for item, label in labels.items():
        far, near = (
            mean(frame.loc[part, f"{item}_min"], frame.loc[part, "population"])
            for part in (remote, ~remote)
        )
        level = "gamme" if item in GAMMES else ("basket" if item == "basket" else "service")
        rows.append((item, label, level, far, near, far - near, far / near))
    columns = ["item", "label", "level", "remote_min", "others_min", "extra_min", "ratio"]
    return pd.DataFrame(rows, columns=columns)


def times_table(frame):
    parts = []
    for service in BASKET.service_ids:
        time = frame[f"{service}_min"]
        reason = "no_facility" if service == "urgences" else "other_component"
        part = {
            "origin": frame["commune"],
            "service": service,
            "time_min": time,
            "facility": frame[f"{service}_facility"],
            "kind": frame[f"{service}_kind"],
            "reason": pd.Series(reason, frame.index, "str").where(time.isna()),
        }
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def notes(*rows):
    columns = ["source", "row", "column", "value", "reason"]
    return pd.DataFrame(rows, columns=columns).astype(
        {name: "int64" if name == "row" else "str" for name in columns}
    )


def summary(frame, times, gammes, services):
    people = frame["population"]
    remote = (frame["remote_gammes"].fillna(0) > 0).astype(bool)
    lost = times[times["time_min"].isna() & (times["reason"] != "no_facility")]
    shares = within(frame["basket_min"], people)
    return {
        "territory": "Jouet",
        "communes": len(frame),
        "population": int(people.sum()),
        "services_without_facility": list(services.loc[services["facilities"] == 0, "service"]),
        "mean_min": dict(zip(gammes["gamme"], gammes["mean_min"], strict=True)),
        "population_share_within_min": {str(t): shares[f"within_{t}_min"] for t in WITHIN},
        "remote": {
            "communes": int(remote.sum()),
            "population": int(people[remote].sum()),
            "population_share": float(people[remote].sum() / people.sum()),
            "communes_by_number_of_gammes": {
                str(n): int((frame["remote_gammes"] == n).sum()) for n in (1, 2)
            },
        },
        "unreached": {
            "origins": int(lost["origin"].nunique()),
            "population": int(people[frame["commune"].isin(lost["origin"])].sum()),
            "pairs": int(times["time_min"].isna().sum()),
            "by_reason": times["reason"].value_counts().to_dict(),
        },
        "odd": float("nan"),
    }


def neighbours(frame):
    left, low, right, _ = frame.total_bounds
    return gpd.GeoDataFrame(
        {"commune": ["98001"], "name": ["Voisine"], "departement": ["98"]},
        geometry=[shapely.box(left, low - 2 * SIDE, right, low)],
        crs=CRS,
    )


def counted(frame, services):
    """Add how many services all inhabitants reach, of those that exist."""
    offered = set(services.loc[services["facilities"] > 0, "service"])
    groups = {"services": BASKET.service_ids}
    groups |= {gamme: BASKET.services_of(gamme) for gamme in BASKET.gamme_ids}
    for prefix, names in groups.items():
        columns = [f"{name}_min" for name in names if name in offered]
        frame[f"{prefix}_reached"] = frame[columns].notna().sum(axis=1)
        frame[f"{prefix}_expected"] = len(columns)
    return frame


def make(frame=None, **changes):
    """Build the diagnostic of some communes; `changes` replace what is named."""
    frame = finished(communes() if frame is None else frame)
    services, gammes, times = service_table(frame), gamme_table(frame), times_table(frame)
    frame = counted(frame, services)
    origins = frame[["commune", "population", "chef_lieu"]].rename(columns={"commune": "origin"})
    origins = gpd.GeoDataFrame(origins, geometry="chef_lieu", crs=CRS)
    sites = gpd.GeoDataFrame(
        {"site": ["1"], "name": ["France services"]}, geometry=[frame["chef_lieu"][0]], crs=CRS
    )
    diagnostic = Diagnostic(
        name="Jouet",
        departement="99",
        fictional=False,
        basket=BASKET,
        assumptions=Assumptions(),
        thresholds_min=dict(THRESHOLDS),
        communes=frame,
        neighbours=neighbours(frame),
        origins=origins.assign(commune=origins["origin"]),
        times=times,
        services=services,
        gammes=gammes,
        epci=epci_table(frame),
        zones=zone_table(frame),
        remote_against_others=contrast_table(frame),
        sites=sites,
        rejects=notes(("a.csv", 5, "code", "=cmd()", "unknown commune code")),
        flags=notes(
            (
                "a.csv",
                2,
                "lon, lat",
                "5, 43",
                "3.0 km from its commune 99001: placed at its commune",
            ),
            (
                "a.csv",
                3,
                "lon, lat",
                "5, 44",
                "7.5 km from its commune 99002: placed at its commune",
            ),
        ),
        unused=pd.DataFrame(
            {
                "source": ["b.csv"],
                "code": ["Z"],
                "rows": [1234],
                "reason": ["outside the study area"],
            }
        ),
        summary=summary(frame, times, gammes, services),
        provenance={
            "inputs": [
                {"path": "a.csv", "sha256": "ab" * 32, "vintage": "2024", "role": "facilities"},
                {"path": "b.gpkg", "sha256": "cd" * 32, "vintage": None, "role": "roads"},
            ],
            "buffer_km": 35,
            "version": "0.0.0",
        },
    )
    return dataclasses.replace(diagnostic, **changes)


def near():
    """Make a territory where no commune is remote, and no zone is."""
    frame = communes()
    frame[["boulangerie_min", "pharmacie_min", "maternite_min"]] = 3.0
    return frame


def huge(text):
    """Give all communes a name."""
    return communes().assign(name=text)


EDGES = {
    "plain": make,
    "nobody remote": lambda: make(near()),
    "nobody reached": lambda: make(
        communes().assign(boulangerie_min=np.nan, pharmacie_min=np.nan, maternite_min=np.nan)
    ),
    "one commune": lambda: make(communes(1, 1)),
    "no EPCI": lambda: make(communes().assign(epci=pd.Series(None, range(12), dtype="str"))),
    "fictional": lambda: make(fictional=True),
    "huge names": lambda: make(huge("Saint-Quelque-Chose-" * 12), name="Très-Long-Nom-" * 15),
    "markup": lambda: make(huge("<script>alert('x')</script> & $x^2$"), name="<b>Jouet</b>"),
    "strange letters": lambda: make(huge("村 ️\u202eאבג\n\tx")),
    "nothing around": lambda: make(neighbours=neighbours(communes()).iloc[:0]),
    "no sites": lambda: make(sites=make().sites.iloc[:0]),
    "no notes": lambda: make(
        rejects=notes().iloc[:0], flags=notes().iloc[:0], unused=make().unused.iloc[:0]
    ),
}
