"""The choices behind every figure: speeds, snapping, access legs, rules for what is missing.

An :class:`Assumptions` is frozen, passed in, and stored with each result, so that a
figure can always be traced to the choices that made it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from sdaasp_geo.showing import card

if TYPE_CHECKING:
    from collections.abc import Mapping

SameCommune = Literal["routed", "internal_estimate", "zero"]
BasketMean = Literal["by_service", "by_gamme", "by_frequency", "median"]

SAME_COMMUNE_RULES: tuple[str, ...] = get_args(SameCommune)
BASKET_MEANS: tuple[str, ...] = get_args(BasketMean)

# Speeds of the stock OSRM car profile (car.lua, v5), which Insee's METRIC-OSRM runs:
# a class speed where no limit is posted. `local` is this library's word for the
# streets of layers that do not tell more.
CLASS_SPEED_KMH: Mapping[str, float] = MappingProxyType(
    {
        "motorway": 90.0,
        "motorway_link": 45.0,
        "trunk": 85.0,
        "trunk_link": 40.0,
        "primary": 65.0,
        "primary_link": 30.0,
        "secondary": 55.0,
        "secondary_link": 25.0,
        "tertiary": 40.0,
        "tertiary_link": 20.0,
        "unclassified": 25.0,
        "residential": 25.0,
        "living_street": 10.0,
        "service": 15.0,
        "local": 25.0,
        "ferry": 5.0,
        # Walkers and cyclists: the stock OSRM profiles foot.lua and bicycle.lua, v5.
        "foot": 5.0,
        "foot_steps": 5.0,
        "bike": 15.0,
        "bike_path": 13.0,
        "bike_track": 12.0,
        "bike_pushed": 4.0,
        "bike_steps": 2.0,
    }
)

# The last stretch to a door is made at the speed of whoever makes the journey; a car's
# is the default of `access_speed_kmh`.
ACCESS_SPEED_KMH: Mapping[str, float] = MappingProxyType({"drive": 25.0, "foot": 5.0, "bike": 15.0})

# What a `maxspeed` that names a rule instead of a number means in France (code de la
# route, R413-2 and R413-3; 80 km/h outside towns since July 2018).
IMPLICIT_LIMIT_KMH: Mapping[str, float] = MappingProxyType(
    {
        "FR:motorway": 130.0,
        "FR:trunk": 110.0,
        "FR:rural": 80.0,
        "FR:urban": 50.0,
        "FR:zone30": 30.0,
        "FR:30": 30.0,
        "FR:zone20": 20.0,
        "FR:living_street": 20.0,
        "FR:walk": 5.0,
    }
)

# A car does not enter or leave a motorway between two junctions, nor a ferry at sea.
NO_ACCESS_CLASSES = ("ferry", "motorway", "motorway_link")


@dataclass(frozen=True)
class Assumptions:
    """Every choice that turns roads and places into minutes, and minutes into means.

    Parameters
    ----------
    speed_kmh
        Speed by road class where no limit is posted.
    posted_speed_factor
        Share of a posted limit that is really driven (0.8 in the OSRM car profile).
    implicit_limit_kmh
        Meaning of limits posted as a rule (``FR:rural`` …).
    access_speed_kmh, access_length_factor
        The way between a point and the road is its straight length times the factor,
        driven at this speed. It is counted at both ends of every time.
    snap_limit_m
        A point farther than this from any usable road is `unsnapped`.
    signal_cost_s, left_turn_cost_s, roundabout_cost_s
        Seconds lost at each traffic light, at each left turn and on entering each
        roundabout; 0 for none. They serve to calibrate times to other sources, such as
        Insee's METRIC-OSRM; roads must then be read with their junctions. What is a left
        turn is said in :mod:`sdaasp_geo.network.turns`, where the others are paid in
        :mod:`sdaasp_geo.network.junctions`.
    min_component_nodes
        Points are never attached to a strongly connected piece of network with fewer
        nodes than this (car parks, digitising debris).
    no_access_classes
        Road classes that a point is never attached to.
    same_commune
        Time between places of one commune where one of them is known by its commune
        alone: ``routed`` (no rule), ``internal_estimate`` or ``zero`` (Insee's METRIC
        version 1).
    inhabited_density_per_km2
        Inhabitants per inhabited km², which gives the inhabited area of a commune
        (never more than its whole area) where no population squares tell it.
    missing_service
        What an unreached service does to a mean: ``exclude_and_count``, ``propagate``
        or ``cap:60`` (counted as 60 minutes).
    basket_mean
        How the services of a basket make one figure.
    time_limit_min
        Times above it are missing with the reason `beyond_limit`; no limit if None.
    far_from_commune_m
        A point farther than this from the commune of its own code is doubtful.

    Examples
    --------
    >>> Assumptions().same_commune
    'internal_estimate'
    >>> Assumptions(missing_service="cap:60").missing_cap_min
    60.0
    """

    speed_kmh: Mapping[str, float] = field(default_factory=lambda: dict(CLASS_SPEED_KMH))
    posted_speed_factor: float = 0.8
    implicit_limit_kmh: Mapping[str, float] = field(
        default_factory=lambda: dict(IMPLICIT_LIMIT_KMH)
    )
    signal_cost_s: float = 0.0
    left_turn_cost_s: float = 0.0
    roundabout_cost_s: float = 0.0
    access_speed_kmh: float = 25.0
    access_length_factor: float = 1.3
    snap_limit_m: float = 5_000.0
    min_component_nodes: int = 50
    no_access_classes: tuple[str, ...] = NO_ACCESS_CLASSES
    same_commune: SameCommune = "internal_estimate"
    inhabited_density_per_km2: float = 1_000.0
    missing_service: str = "exclude_and_count"
    basket_mean: BasketMean = "by_service"
    time_limit_min: float | None = None
    far_from_commune_m: float = 1_000.0

    def __post_init__(self) -> None:
        """Refuse values that no network or mean could use."""
        for message in _faults(self):
            raise ValueError(message)

    @property
    def missing_cap_min(self) -> float | None:
        """Minutes that an unreached service counts for under ``cap:…``, else None."""
        return missing_cap_min(self.missing_service)

    @property
    def access_min_per_m(self) -> float:
        """Minutes that one metre of straight access line takes."""
        return self.access_length_factor / (self.access_speed_kmh * 1000.0 / 60.0)

    @property
    def charges_junctions(self) -> bool:
        """Whether a light, a left turn or a roundabout costs anything."""
        return max(self.signal_cost_s, self.left_turn_cost_s, self.roundabout_cost_s) > 0

    def as_dict(self) -> dict[str, object]:
        """Plain dictionary, keys sorted, fit for JSON and for hashing."""
        return dict(sorted(asdict(self).items()))

    def _repr_html_(self) -> str:
        return card("Hypothèses", self.as_dict())


def missing_cap_min(rule: str) -> float | None:
    """Read a missing-service rule: the cap in minutes, or None for the other two.

    Raises
    ------
    ValueError
        If the rule is none of ``exclude_and_count``, ``propagate``, ``cap:<minutes>``.

    Examples
    --------
    >>> missing_cap_min("cap:45")
    45.0
    """
    if rule in {"exclude_and_count", "propagate"}:
        return None
    prefix, _, minutes = rule.partition(":")
    try:
        cap = float(minutes)
    except ValueError:
        cap = -1.0
    if prefix != "cap" or not 0 < cap < float("inf"):
        message = (
            "missing_service: expected 'exclude_and_count', 'propagate' or 'cap:<minutes>', "
            f"found {rule!r}"
        )
        raise ValueError(message)
    return cap


def _faults(choices: Assumptions) -> list[str]:
    missing_cap_min(choices.missing_service)
    positive = {
        "posted_speed_factor": choices.posted_speed_factor,
        "access_speed_kmh": choices.access_speed_kmh,
        "snap_limit_m": choices.snap_limit_m,
        "inhabited_density_per_km2": choices.inhabited_density_per_km2,
        "far_from_commune_m": choices.far_from_commune_m,
        **{f"speed_kmh.{name}": value for name, value in choices.speed_kmh.items()},
        **{f"implicit_limit_kmh.{k}": v for k, v in choices.implicit_limit_kmh.items()},
    }
    if choices.time_limit_min is not None:
        positive["time_limit_min"] = choices.time_limit_min
    found = [
        f"{name}: expected a number above 0, found {value!r}"
        for name, value in positive.items()
        if not 0 < value < float("inf")
    ]
    costs = {
        "signal_cost_s": choices.signal_cost_s,
        "left_turn_cost_s": choices.left_turn_cost_s,
        "roundabout_cost_s": choices.roundabout_cost_s,
    }
    found += [
        f"{name}: expected a number of seconds, 0 or more, found {value!r}"
        for name, value in costs.items()
        if not 0 <= value < float("inf")
    ]
    if not 1 <= choices.access_length_factor < float("inf"):
        found.append(
            "access_length_factor: expected at least 1 (no way is shorter than the straight "
            f"line), found {choices.access_length_factor!r}"
        )
    if choices.min_component_nodes < 1:
        found.append(
            f"min_component_nodes: expected at least 1, found {choices.min_component_nodes!r}"
        )
    if choices.same_commune not in SAME_COMMUNE_RULES:
        found.append(
            f"same_commune: expected one of {', '.join(SAME_COMMUNE_RULES)}, "
            f"found {choices.same_commune!r}"
        )
    if choices.basket_mean not in BASKET_MEANS:
        found.append(
            f"basket_mean: expected one of {', '.join(BASKET_MEANS)}, found {choices.basket_mean!r}"
        )
    return found
