"""How many facilities of each kind a place of so many inhabitants has, and where the rare ones are.

Rates are round numbers of the order of those of metropolitan France; nothing is copied
from a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from sdaasp_geo.example.settlements import ARRONDISSEMENTS, DEPARTEMENT, TOWNS

if TYPE_CHECKING:
    import numpy.typing as npt

    from sdaasp_geo.example.settlements import Settlements


class Rate(NamedTuple):
    """A common facility: how many per 1,000 inhabitants, in places of how many at least."""

    per_1000: float
    from_population: int


# BPE codes of 2023; the last ones are of no service of the basket.
RATES: Final = {
    "A203": Rate(0.40, 1_300),
    "A207": Rate(0.35, 500),
    "A208": Rate(0.15, 300),
    "B201": Rate(0.12, 450),
    "B207": Rate(0.60, 350),
    "B316": Rate(0.17, 900),
    "D201": Rate(1.00, 700),
    "D221": Rate(0.55, 1_300),
    "D231": Rate(0.11, 2_600),
    "D233": Rate(1.05, 900),
    "D235": Rate(0.33, 1_800),
    "D244": Rate(1.35, 320),
    "D302": Rate(0.075, 4_600),
    "D307": Rate(0.33, 1_000),
    "D502": Rate(0.20, 1_500),
    "A503": Rate(0.13, 8_000),
    "C109": Rate(0.45, 180),
    "C201": Rate(0.09, 2_400),
    "A301": Rate(0.50, 300),
    "A504": Rate(1.10, 150),
}
# In a village an agency or a shop stands for the post office.
POST_OFFICE: Final = "A206"
POST_OFFICE_FROM: Final = 1_900
INHABITANTS_PER_POST_OFFICE: Final = 11_000
COUNTER_UP_TO: Final = 1_900

# Rare facilities: towns, or numbers of arrondissements; a name twice is two facilities.
RARE: Final[dict[str, tuple[str | int, ...]]] = {
    "A101": (1, 3, 5, 7, 8, "Tourmanges", "Valorsenque", "Sainte-Ouvraine"),
    "A120": (1, 5, "Tourmanges", "Valorsenque", "Sainte-Ouvraine"),
    "A121": ("Montcorbenz", "Aigremire-sur-Lioure", "Séverilles", "Haut-Lanquier",
             "Caudrelle-le-Vieux", "Brévilliargues", "Port-Verlune"),
    "A122": (1, 3, 5, 8, "Tourmanges", "Valorsenque", "Brévilliargues", "Montcorbenz",
             "Aigremire-sur-Lioure", "Sainte-Ouvraine", "Port-Verlune"),
    "D101": (1, 3, 5, 8, "Tourmanges", "Valorsenque", "Montcorbenz", "Sainte-Ouvraine"),
    "D106": (3, 5, "Tourmanges", "Valorsenque", "Sainte-Ouvraine"),
    "D107": (3, 5, "Tourmanges", "Sainte-Ouvraine"),
    "D108": (1, 2, 3, 4, 5, 7, 9, "Tourmanges", "Valorsenque", "Brévilliargues",
             "Sainte-Ouvraine"),
    "D113": ("Haut-Lanquier", "Caudrelle-le-Vieux", "Séverilles", "Aigremire-sur-Lioure",
             "Montcorbenz"),
}  # fmt: skip
GENDARMERIE: Final = "A104"
GENDARMERIE_POPULATION: Final = (2_900, 22_000)
# Villages of this rank among the small ones have the gendarmerie of their canton.
GENDARMERIE_EVERY: Final = 9

# What the island has; for all else one would take a boat that the roads do not know.
ISLAND: Final = {
    "L'Île-Fauve": {"A207": 1, "B201": 1, "B207": 2, "D201": 1, "D244": 2, "D307": 1, "C109": 1,
                    "A504": 6},
    "Port-Escharlin": {"B201": 1, "D244": 1, "A504": 4},
}  # fmt: skip

# Operators outside the BPE, under the names that their lists use.
OPERATORS: Final[dict[str, tuple[str | int, ...]]] = {
    "caf": (1, 3, 5, 8, "Tourmanges", "Valorsenque", "Brévilliargues", "Montcorbenz",
            "Aigremire-sur-Lioure", "Séverilles", "Haut-Lanquier", "Caudrelle-le-Vieux",
            "Saintes-Graves-de-la-Mer", "Sainte-Ouvraine", "Port-Verlune"),
    "cpam": (1, 4, 5, "Tourmanges", "Valorsenque", "Brévilliargues", "Montcorbenz",
             "Aigremire-sur-Lioure", "Séverilles", "Sainte-Ouvraine", "Port-Verlune"),
    "msa": (2, "Tourmanges", "Montcorbenz", "Caudrelle-le-Vieux", "Haut-Lanquier",
            "Sainte-Ouvraine"),
    "carsat": (1, 5, "Tourmanges", "Valorsenque", "Montcorbenz", "Sainte-Ouvraine"),
    "mds": (2, 4, 6, 8, 9, "Tourmanges", "Valorsenque", "Brévilliargues", "Montcorbenz",
            "Aigremire-sur-Lioure", "Séverilles", "Haut-Lanquier", "Caudrelle-le-Vieux",
            "Sainte-Ouvraine"),
    "cpf": (1, 3, 8, "Tourmanges", "Valorsenque", "Séverilles", "Sainte-Ouvraine"),
    "pole_insertion": (1, 5, "Tourmanges", "Valorsenque", "Montcorbenz", "Aigremire-sur-Lioure",
                       "Séverilles", "Sainte-Ouvraine"),
    "cegidd": (3, 5, "Tourmanges", "Valorsenque", "Sainte-Ouvraine"),
}  # fmt: skip

# Towns with a France Services beside those of the villages; so many villages have one.
FRANCE_SERVICES: Final[tuple[str | int, ...]] = (
    2, 5, 8, "Tourmanges", "Brévilliargues", "Valorsenque", "Montcorbenz", "Caudrelle-le-Vieux",
    "Aigremire-sur-Lioure", "Séverilles", "Haut-Lanquier", "Saintes-Graves-de-la-Mer",
    "L'Île-Fauve", "Sainte-Ouvraine", "Port-Verlune",
)  # fmt: skip
FRANCE_SERVICES_VILLAGES: Final = 11


def seat_of(settlements: Settlements, place: str | int) -> int:
    """Return the seat of a town by its name, or of an arrondissement by its number."""
    return place - 1 if isinstance(place, int) else settlements.seat(place)


def facility_counts(rng: np.random.Generator, settlements: Settlements) -> dict[str, list[int]]:
    """Seats of the facilities of each BPE code, in the order of the seats."""
    people = settlements.population
    island = {settlements.seat(name): counts for name, counts in ISLAND.items()}
    found: dict[str, list[int]] = {}
    for code, rate in RATES.items():
        counts = np.floor(people * rate.per_1000 / 1000 + rng.random(len(people))).astype(np.int64)
        counts[people < rate.from_population] = 0
        if code in {"A207", "A208"}:
            counts[people >= COUNTER_UP_TO] = 0
        for seat, own in island.items():
            counts[seat] = own.get(code, 0)
        found[code] = np.repeat(np.arange(len(people)), counts).tolist()
    found[POST_OFFICE] = _post_offices(people, set(island))
    found[GENDARMERIE] = _gendarmeries(settlements, set(island))
    for code, places in RARE.items():
        found[code] = sorted(seat_of(settlements, place) for place in places)
    found["A128"] = france_services_seats(settlements)
    return dict(sorted(found.items()))


def france_services_seats(settlements: Settlements) -> list[int]:
    """Seats that have a France Services: towns, and villages far from one another."""
    chosen = [seat_of(settlements, place) for place in FRANCE_SERVICES]
    given = len(ARRONDISSEMENTS) + len(TOWNS)
    villages = np.arange(given, len(settlements.points))
    for _ in range(FRANCE_SERVICES_VILLAGES):
        apart = settlements.points[villages][:, None] - settlements.points[chosen][None]
        chosen.append(int(villages[np.hypot(*apart.transpose(2, 0, 1)).min(axis=1).argmax()]))
    return sorted(chosen)


def _post_offices(people: npt.NDArray[np.int64], island: set[int]) -> list[int]:
    counts = np.where(people >= POST_OFFICE_FROM, 1 + people // INHABITANTS_PER_POST_OFFICE, 0)
    counts[sorted(island)] = 0
    return np.repeat(np.arange(len(people)), counts).tolist()


def _gendarmeries(settlements: Settlements, island: set[int]) -> list[int]:
    low, high = GENDARMERIE_POPULATION
    people = settlements.population
    city = len(ARRONDISSEMENTS)
    police = {seat_of(settlements, place) for place in RARE["A101"]}
    rural = [n for n in range(city, len(people)) if n not in island and n not in police]
    towns = [n for n in rural if low <= people[n] <= high]
    villages = sorted((n for n in rural if people[n] < low), key=lambda n: -int(people[n]))
    cantons = [
        n for n in villages[::GENDARMERIE_EVERY] if settlements.departement[n] == DEPARTEMENT
    ]
    return sorted([*towns, *cantons])
