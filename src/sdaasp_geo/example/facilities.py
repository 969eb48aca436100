"""The BPE detail file, in the layout of 2023, with the faults that such files have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from sdaasp_geo.example.communes import EPCI, epci_of
from sdaasp_geo.example.names import CITY_NAME
from sdaasp_geo.example.settlements import ARRONDISSEMENTS, DEPARTEMENT
from sdaasp_geo.example.spots import draw_spots
from sdaasp_geo.example.supply import facility_counts

if TYPE_CHECKING:
    from sdaasp_geo.example.roads import Roads
    from sdaasp_geo.example.settlements import Settlements

VINTAGE: Final = 2023
NAME: Final = "FICTIF"

# Columns of BPE23.csv; most are empty here, and no reader needs them.
_HEADER: Final = (
    "AN NOMRS CNOMRS NUMVOIE INDREP TYPVOIE LIBVOIE CADR LIBCOM CODPOS DEPCOM DEP REG DOM SDOM "
    "TYPEQU SIRET STATUT_DIFFUSION CANTINE INTERNAT RPI EP CL_PGE SECT ACCES_AIRE_PRATIQUE "
    "ACCES_LIBRE ACCES_SANITAIRE ACCES_VESTIAIRE CAPACITE_D_ACCUEIL PRES_DOUCHE PRES_SANITAIRE "
    "SAISONNIER COUVERT ECLAIRE CATEGORIE MULTIPLEXE ACCUEIL ITINERANCE MODE_GESTION SSTYPHEB "
    "TYPE CAPACITE_HEBERGEMENT NBSALLES NBLIEUX NBEQUIDENT LAMBERT_X LAMBERT_Y LONGITUDE LATITUDE "
    "QUALITE_XY EPSG QUALITE_GEOLOC TR_DIST_PRECISION DCIRIS QUALI_IRIS IRISEE QP2015 "
    "QUALI_QP2015 QP2024 QUALI_QP ZUS QUALI_ZUS ZFU QUALI_ZFU EPCI UU2020 BV2022 AAV2020 DENS3 "
    "DENS7"
)
COLUMNS: Final = tuple(_HEADER.split())

# Quality letters and what the file says of the precision, with their shares.
QUALITIES: Final = (
    ("B", "11", "[0-100m]", 0.90),
    ("A", "21", "]100-500m]", 0.085),
    ("M", "22", ">500m", 0.010),
)
RANDOM_POINT: Final = ("M", "33", ">500m", 0.005)

# Planted faults: rows and what is done to them. The README lists them.
MISSING_POSITIONS: Final = 9
FAR_POINTS: Final = 3
SWAPPED_POINTS: Final = 2
OLD_CODES: Final = 12
UNKNOWN_CODES: Final = 2
UNKNOWN_CODE: Final = f"{DEPARTEMENT}899"
NEAR_MISSES: Final = 4
FAR_SHIFT_M: Final = (-250_000.0, 410_000.0)
NEAR_SHIFT_M: Final = (0.0, 7_500.0)


def make_bpe(
    rng: np.random.Generator, settlements: Settlements, roads: Roads, merged: dict[str, str]
) -> pd.DataFrame:
    """Make the file, sorted by commune and code; every cell is text.

    Parameters
    ----------
    merged
        Code of a commune that is no more → code of the one it is part of today.
    """
    counts = facility_counts(rng, settlements)
    codes = [code for code, seats in counts.items() for _ in seats]
    seats = [seat for found in counts.values() for seat in found]
    spots = draw_spots(rng, roads, seats)
    rows = pd.DataFrame(
        {
            "DEPCOM": [settlements.code[seat] for seat in seats],
            "TYPEQU": codes,
            "LAMBERT_X": spots.x_m,
            "LAMBERT_Y": spots.y_m,
            "LONGITUDE": spots.lon,
            "LATITUDE": spots.lat,
            "LIBCOM": [_commune_name(settlements, seat) for seat in seats],
            "EPCI": [EPCI[epci_of(settlements, seat)][1] for seat in seats],
        }
    )
    rows = rows.sort_values(["DEPCOM", "TYPEQU"], kind="stable", ignore_index=True)
    rows = _with_quality(rng, rows)
    rows = _with_faults(rng, rows, merged)
    return _laid_out(rows)


def _commune_name(settlements: Settlements, seat: int) -> str:
    return CITY_NAME if seat < len(ARRONDISSEMENTS) else settlements.name[seat]


def _with_quality(rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    kinds = [*QUALITIES, RANDOM_POINT]
    shares = np.array([kind[3] for kind in kinds])
    chosen = rng.choice(len(kinds), size=len(rows), p=shares / shares.sum())
    told = pd.DataFrame([kind[:3] for kind in kinds]).loc[chosen].reset_index(drop=True)
    told.columns = pd.Index(["QUALITE_XY", "QUALITE_GEOLOC", "TR_DIST_PRECISION"])
    return pd.concat([rows, told], axis=1)


def _with_faults(
    rng: np.random.Generator, rows: pd.DataFrame, merged: dict[str, str]
) -> pd.DataFrame:
    """Plant the faults on rows that are well placed, none twice on one row."""
    rows = rows.copy()
    good = rows.index[rows["QUALITE_XY"] == "B"].to_numpy()
    sizes = (MISSING_POSITIONS, FAR_POINTS, SWAPPED_POINTS, UNKNOWN_CODES, NEAR_MISSES)
    drawn = np.split(rng.permutation(good)[: sum(sizes)], np.cumsum(sizes)[:-1])
    missing, far, swapped, unknown, near = drawn
    lambert, degrees = ["LAMBERT_X", "LAMBERT_Y"], ["LONGITUDE", "LATITUDE"]
    rows.loc[missing, [*lambert, *degrees]] = np.nan
    rows.loc[missing, "QUALITE_XY"] = "_U"
    rows.loc[missing, ["QUALITE_GEOLOC", "TR_DIST_PRECISION"]] = ""
    for moved, shift in ((far, FAR_SHIFT_M), (near, NEAR_SHIFT_M)):
        rows.loc[moved, lambert] += np.asarray(shift)
        rows.loc[moved, degrees] = np.nan
    # Degrees the wrong way round are seen where the metres are not there to be read.
    rows.loc[swapped, degrees] = rows.loc[swapped, degrees[::-1]].to_numpy()
    rows.loc[swapped, lambert] = np.nan
    rows.loc[unknown, "DEPCOM"] = UNKNOWN_CODE
    return _with_old_codes(rows, merged, set(np.concatenate(drawn).tolist()))


def _with_old_codes(rows: pd.DataFrame, merged: dict[str, str], taken: set[int]) -> pd.DataFrame:
    each = OLD_CODES // len(merged)
    for old, commune in merged.items():
        own = [row for row in rows.index[rows["DEPCOM"] == commune] if row not in taken]
        rows.loc[own[:each], "DEPCOM"] = old
    return rows


def _laid_out(rows: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame("", index=rows.index, columns=list(COLUMNS))
    for name in ("DEPCOM", "TYPEQU", "LIBCOM", "EPCI", "QUALITE_XY", "QUALITE_GEOLOC"):
        table[name] = rows[name]
    table["TR_DIST_PRECISION"] = rows["TR_DIST_PRECISION"]
    table["AN"], table["NOMRS"], table["EPSG"] = str(VINTAGE), NAME, "2154"
    table["DEP"] = rows["DEPCOM"].str[:2]
    table["DOM"], table["SDOM"] = rows["TYPEQU"].str[0], rows["TYPEQU"].str[:2]
    for name, decimals in (("LAMBERT_X", 1), ("LAMBERT_Y", 1), ("LONGITUDE", 6), ("LATITUDE", 6)):
        table[name] = [
            "" if np.isnan(value) else f"{value:.{decimals}f}" for value in rows[name].to_numpy()
        ]
    return table
