"""Where people live: the city and its arrondissements, towns, villages, and who counts how many."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from sdaasp_geo.example.geography import CITY_M, HEIGHT_M, ISLAND_CENTRE_M, WIDTH_M
from sdaasp_geo.example.names import CITY_NAME, commune_names

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from sdaasp_geo.example.geography import Floats, Geography

DEPARTEMENT: Final = "99"
NEIGHBOUR: Final = "98"
COMMUNES: Final = 120
NEIGHBOUR_COMMUNES: Final = 25
POPULATION: Final = 600_000
NEIGHBOUR_POPULATION: Final = 82_000
BORDER_X_M: Final = 82_500.0
SUBURB_M: Final = 14_500.0

# Numbers that communes had before they merged: no commune of today bears them.
RETIRED_NUMBERS: Final = (17, 64, 101)

# Seats of the nine arrondissements, from the centre of the city (m), and inhabitants.
ARRONDISSEMENTS: Final = (
    (0, 0, 31_200),
    (-3_000, 900, 27_400),
    (3_100, 700, 33_800),
    (-1_800, 3_300, 29_600),
    (1_700, 3_500, 36_100),
    (-5_600, 3_400, 24_700),
    (5_900, 3_000, 30_500),
    (-300, 6_600, 28_300),
    (4_500, 6_400, 21_900),
)


class Town(NamedTuple):
    """A place that is given, not drawn."""

    name: str
    departement: str
    x_m: float
    y_m: float
    population: int


TOWNS: Final = (
    Town("Tourmanges", "99", 24_000, 41_500, 34_600),
    Town("Valorsenque", "99", 69_500, 30_500, 21_300),
    Town("Brévilliargues", "99", 38_500, 31_000, 15_200),
    Town("Montcorbenz", "99", 61_500, 44_000, 12_400),
    Town("Aigremire-sur-Lioure", "99", 10_500, 57_500, 9_800),
    Town("Caudrelle-le-Vieux", "99", 11_500, 30_000, 8_600),
    Town("Séverilles", "99", 72_500, 58_500, 7_200),
    Town("Haut-Lanquier", "99", 32_500, 74_000, 5_900),
    Town("Saintes-Graves-de-la-Mer", "99", 25_000, 7_600, 2_450),
    Town("Le Grau-d'Orgelle", "99", 15_500, 8_200, 980),
    Town("L'Île-Fauve", "99", ISLAND_CENTRE_M[0] - 2_300, ISLAND_CENTRE_M[1] + 200, 1_350),
    Town("Port-Escharlin", "99", ISLAND_CENTRE_M[0] + 2_700, ISLAND_CENTRE_M[1] - 200, 640),
    Town("Sainte-Ouvraine", "98", 91_500, 46_000, 26_800),
    Town("Port-Verlune", "98", 92_500, 23_500, 9_100),
)


@dataclass(frozen=True)
class Settlements:
    """Seats of communes and arrondissements, on the sheet.

    Parameters
    ----------
    points
        Seats (m), shape (n, 2); the nine arrondissements first, then :data:`TOWNS`.
    name, departement
        Name of the seat (an arrondissement's is its city's, with its number), département.
    code, commune
        INSEE code of the seat, and of its commune (the city's, for an arrondissement).
    population
        Inhabitants of the seat.
    """

    points: Floats
    name: list[str]
    departement: list[str]
    code: list[str]
    commune: list[str]
    population: npt.NDArray[np.int64]

    @property
    def city(self) -> str:
        """INSEE code of the city."""
        return self.commune[0]

    def seat(self, name: str) -> int:
        """Return the number of a given town."""
        return self.name.index(name)


def make_settlements(rng: np.random.Generator, land: Geography) -> Settlements:
    """Place, name and people every commune."""
    points, departement = _seats(rng, land)
    population = _populations(rng, land, points, np.array(departement))
    given = [town.name for town in TOWNS]
    arrondissements = [
        f"{CITY_NAME} {number}{'er' if number == 1 else 'e'} Arrondissement"
        for number in range(1, len(ARRONDISSEMENTS) + 1)
    ]
    drawn = len(points) - len(arrondissements) - len(given)
    name = arrondissements + given + commune_names(rng, drawn, frozenset(given))
    code, commune = _codes(name, departement)
    return Settlements(points, name, departement, code, commune, population)


def spread(
    rng: np.random.Generator,
    fixed: Floats,
    area: shapely.Geometry,
    *,
    spacing_m: Callable[[Floats], Floats],
    count: int,
) -> Floats:
    """Draw points far from one another and from `fixed`, relative to the spacing wanted there."""
    points = fixed
    shapely.prepare(area)
    for _ in range(count):
        tries = rng.uniform((0.0, 0.0), (WIDTH_M, HEIGHT_M), size=(240, 2))
        tries = tries[shapely.contains_xy(area, tries[:, 0], tries[:, 1])]
        apart = tries[:, None, :] - points[None, :, :]
        gaps = np.hypot(apart[:, :, 0], apart[:, :, 1]).min(axis=1)
        best = int(np.argmax(gaps / spacing_m(tries)))
        points = np.vstack([points, tries[best]])
    return points[len(fixed) :]


def inhabited_land(land: Geography) -> shapely.Polygon:
    """Mainland where communes may lie: off the beach, and without the corners of the frame."""
    round_m = 24_000.0
    frame = shapely.box(0.0, -40_000.0, WIDTH_M, HEIGHT_M).buffer(-round_m).buffer(round_m)
    mainland = max(shapely.get_parts(land.land), key=lambda piece: float(piece.area))
    ground: shapely.Polygon = frame.intersection(mainland.buffer(-900.0))
    return ground


def spacing_m(land: Geography, points: Floats) -> Floats:
    """Distance wanted between neighbouring villages: short around the city, long in the wild."""
    far = np.hypot(points[:, 0] - CITY_M[0], points[:, 1] - CITY_M[1])
    wanted = np.where(far < SUBURB_M, 4_300.0, 5_800.0)
    wanted[shapely.contains_xy(land.massif, points)] = 7_600.0
    wanted[shapely.contains_xy(land.delta, points)] = 9_500.0
    return wanted


def _seats(rng: np.random.Generator, land: Geography) -> tuple[Floats, list[str]]:
    city = np.array([row[:2] for row in ARRONDISSEMENTS]) + np.asarray(CITY_M)
    towns = np.array([(town.x_m, town.y_m) for town in TOWNS])
    points = np.vstack([city, towns])
    departement = [DEPARTEMENT] * len(city) + [town.departement for town in TOWNS]
    # A second city would crowd the bay: the arrondissements keep villages away.
    ground = inhabited_land(land).difference(shapely.Point(CITY_M).buffer(6_000.0))
    west = shapely.box(-1.0, -1.0, BORDER_X_M, HEIGHT_M)
    # The nine arrondissements are one commune.
    for code, total, side in (
        (DEPARTEMENT, COMMUNES - 1, west),
        (NEIGHBOUR, NEIGHBOUR_COMMUNES, None),
    ):
        area = ground.intersection(west) if side is not None else ground.difference(west)
        count = total - sum(town.departement == code for town in TOWNS)
        drawn = spread(
            rng, points, area, spacing_m=lambda tries: spacing_m(land, tries), count=count
        )
        points = np.vstack([points, drawn])
        departement += [code] * count
    return points, departement


def _populations(
    rng: np.random.Generator, land: Geography, points: Floats, departement: npt.NDArray[np.str_]
) -> npt.NDArray[np.int64]:
    given = [row[2] for row in ARRONDISSEMENTS] + [town.population for town in TOWNS]
    far = np.hypot(points[:, 0] - CITY_M[0], points[:, 1] - CITY_M[1])
    usual = np.where(far < SUBURB_M, 9_000.0, 950.0)
    usual[shapely.contains_xy(land.massif, points)] = 190.0
    usual[shapely.contains_xy(land.delta, points)] = 500.0
    spreads = np.where(far < SUBURB_M, 0.45, 0.75)
    population = usual * np.exp(rng.normal(0.0, 1.0, len(points)) * spreads)
    population[: len(given)] = given
    drawn = np.arange(len(points)) >= len(given)
    for code, total in ((DEPARTEMENT, POPULATION), (NEIGHBOUR, NEIGHBOUR_POPULATION)):
        inside = departement == code
        left = total - population[inside & ~drawn].sum()
        population[inside & drawn] *= left / population[inside & drawn].sum()
    people: npt.NDArray[np.int64] = np.maximum(np.rint(population), 35).astype(np.int64)
    return people


def _codes(name: list[str], departement: list[str]) -> tuple[list[str], list[str]]:
    # INSEE numbers communes in alphabetical order; the city has one number and its
    # arrondissements their own from 201 on.
    city = len(ARRONDISSEMENTS)
    listed = {(DEPARTEMENT, CITY_NAME), *zip(departement[city:], name[city:], strict=True)}
    numbers: dict[tuple[str, str], str] = {}
    for code in (DEPARTEMENT, NEIGHBOUR):
        names = sorted((n for d, n in listed if d == code), key=_alphabetical)
        free = (n for n in range(1, 1000) if code != DEPARTEMENT or n not in RETIRED_NUMBERS)
        numbers |= {
            (code, one): f"{code}{number:03d}" for one, number in zip(names, free, strict=False)
        }
    own = [numbers[key] for key in zip(departement[city:], name[city:], strict=True)]
    arrondissements = [f"{DEPARTEMENT}{200 + number}" for number in range(1, city + 1)]
    return arrondissements + own, [numbers[DEPARTEMENT, CITY_NAME]] * city + own


def _alphabetical(name: str) -> str:
    return unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode().lower()
