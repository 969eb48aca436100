"""Lists of operators and of France Services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from sdaasp_geo.example.names import street_name
from sdaasp_geo.example.settlements import DEPARTEMENT
from sdaasp_geo.example.spots import draw_spots
from sdaasp_geo.example.supply import OPERATORS, france_services_seats, seat_of

if TYPE_CHECKING:
    import numpy as np

    from sdaasp_geo.example.roads import Roads
    from sdaasp_geo.example.settlements import Settlements

OPERATOR_NAMES: Final = {
    "caf": "Caf de l'Exemple",
    "cpam": "CPAM de l'Exemple",
    "msa": "MSA de l'Exemple",
    "carsat": "Carsat de l'Exemple",
    "mds": "Maison de la solidarité",
    "cpf": "Centre de planification familiale",
    "pole_insertion": "Pôle d'insertion",
    "cegidd": "CeGIDD",
}
SERVICE_OF_OPERATOR: Final = {
    "caf": "point_accueil_caf",
    "cpam": "point_accueil_cpam",
    "msa": "point_accueil_msa",
    "carsat": "point_accueil_carsat",
    "mds": "maison_de_la_solidarite",
    "cpf": "centre_planification_familiale",
    "pole_insertion": "pole_insertion",
    "cegidd": "centre_depistage",
}
OPERATOR_VINTAGE: Final = "2024-01"
SITE_VINTAGE: Final = 2024
SOURCE: Final = "Liste fictive"
# The point of this one was never found.
WITHOUT_POSITION: Final = "mds-99-06"
# This one is told under the code of a commune that is no more.
WITH_OLD_CODE: Final = "caf"

_HEADER: Final = (
    "id_fs insee_dep lib_fs adresse complement_adresse insee_com code_postal lib_com latitude "
    "longitude mail telephone h_lundi h_mardi h_mercredi h_jeudi h_vendredi h_samedi prise_rdv "
    "commentaire type_fs format_fs groupe_fs labellisation_fs"
)
SITE_COLUMNS: Final = tuple(_HEADER.split())
# Every so many sites is an antenna, a bus, a round; the others are fixed.
FORMATS: Final = (
    ("Principal", "Fixe"),
    ("Principal", "Fixe"),
    ("Antenne", "Fixe_antenne(s)"),
    ("Principal", "Multisites"),
    ("Principal", "Fixe"),
    ("Principal", "Bus_équivalent"),
    ("Principal", "Fixe"),
    ("Principal", "Itinérante"),
)
HOURS: Final = "09:00 - 12:30 / 13:30 - 17:00"


def make_operators(
    rng: np.random.Generator, settlements: Settlements, roads: Roads, merged: dict[str, str]
) -> pd.DataFrame:
    """Make the list of the operators that the BPE does not know; every cell is text."""
    rows = [
        (operator, f"{operator}-{settlements.departement[seat]}-{number:02d}", seat)
        for operator, places in OPERATORS.items()
        for number, seat in enumerate((seat_of(settlements, place) for place in places), start=1)
    ]
    # One more counter, in a merged commune, told under its old code.
    old, commune = next(iter(merged.items()))
    seat = settlements.code.index(commune)
    rows.append((WITH_OLD_CODE, f"{WITH_OLD_CODE}-{DEPARTEMENT}-99", seat))
    spots = draw_spots(rng, roads, [seat for *_, seat in rows])
    table = pd.DataFrame(
        {
            "service": [operator for operator, *_ in rows],
            "id": [number for _, number, _ in rows],
            "nom": [f"{OPERATOR_NAMES[o]} - {settlements.name[s]} (fictif)" for o, _, s in rows],
            "code_insee": [settlements.code[seat] for *_, seat in rows],
            "lon": [f"{value:.6f}" for value in spots.lon],
            "lat": [f"{value:.6f}" for value in spots.lat],
            "source": SOURCE,
            "vintage": OPERATOR_VINTAGE,
        }
    )
    table.loc[table["id"] == WITHOUT_POSITION, ["lon", "lat"]] = ""
    table.loc[len(table) - 1, "code_insee"] = old
    return table


def make_france_services(
    rng: np.random.Generator, settlements: Settlements, roads: Roads
) -> pd.DataFrame:
    """Make the list of the France Services, with the columns of 2024; every cell is text."""
    seats = france_services_seats(settlements)
    spots = draw_spots(rng, roads, seats)
    table = pd.DataFrame("", index=range(len(seats)), columns=list(SITE_COLUMNS))
    kinds = [FORMATS[number % len(FORMATS)] for number in range(len(seats))]
    table["id_fs"] = [str(990_001 + number) for number in range(len(seats))]
    table["insee_dep"] = [settlements.departement[seat] for seat in seats]
    table["lib_fs"] = [f"France services {settlements.name[seat]} (fictif)" for seat in seats]
    table["adresse"] = [f"{rng.integers(1, 60)} {street_name(rng)}" for _ in seats]
    table["insee_com"] = [settlements.code[seat] for seat in seats]
    table["code_postal"] = [f"{settlements.departement[seat]}000" for seat in seats]
    table["lib_com"] = [settlements.name[seat] for seat in seats]
    table["latitude"] = [f"{value:.6f}" for value in spots.lat]
    table["longitude"] = [f"{value:.6f}" for value in spots.lon]
    for day in ("h_lundi", "h_mardi", "h_jeudi", "h_vendredi"):
        table[day] = HOURS
    table["prise_rdv"] = "Non"
    table["commentaire"] = "Site fictif"
    table["type_fs"] = [kind for kind, _ in kinds]
    table["format_fs"] = [form for _, form in kinds]
    table["labellisation_fs"] = "Espace labellisé 01/01/2024 (fictif)"
    return table
