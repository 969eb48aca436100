"""Other choices for the same diagnostic: speeds, thresholds, positions, rules."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.access.internal import inhabited_area_km2
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.diagnostic.build import rebuilt
from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError, NetworkError
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing.nearest import UNREACHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.assumptions import SameCommune
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.network.road_network import RoadNetwork

    Ints32 = npt.NDArray[np.int32]

# How far Insee lets a position be from the ground: less than 100 m where it is good, less
# than 500 m where it is acceptable (BPE, quality of the coordinates). One that disagrees
# with its commune is at best acceptable.
POSITION_ERROR_M = {"exact": 100.0, "approximate": 500.0, "far_from_commune": 500.0}


@dataclass(frozen=True)
class Variant:
    """One other way of measuring; by default nothing is other.

    Parameters
    ----------
    name
        As tables write it, in French.
    speed
        Factor on the speed of every road; times lost at junctions go with it.
    access_speed
        Factor on the speed between a point and the road, and inside communes.
    threshold_shift_min
        Minutes added to every threshold (none falls below 0).
    density
        Factor on the inhabitants per inhabited km², where it is this that tells the
        inhabited area of communes, and no squares do.
    same_commune
        Another rule inside communes; the diagnostic's own if None.
    positions
        Seed of errors in the positions of facilities; no errors if None. A place is moved
        anywhere within :data:`POSITION_ERROR_M` of its quality, the facilities at one
        place together; those known by their commune alone stay.
    """

    name: str
    speed: float = 1.0
    access_speed: float = 1.0
    threshold_shift_min: float = 0.0
    density: float = 1.0
    same_commune: SameCommune | None = None
    positions: int | None = None

    def __post_init__(self) -> None:
        """Refuse factors that no speed could have."""
        for name in ("speed", "access_speed", "density"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                message = f"{self.name}: {name}: expected a factor above 0, found {value!r}"
                raise ValueError(message)


@dataclass(frozen=True)
class Spread:
    """How far each choice may be from the diagnostic's.

    Parameters
    ----------
    speed, access_speed, density
        Least and largest factor.
    threshold_min
        Least and largest minutes added to the thresholds.
    same_commune
        Rules that might be chosen.
    positions
        Whether positions have errors.
    """

    speed: tuple[float, float] = (0.9, 1.1)
    access_speed: tuple[float, float] = (0.8, 1.25)
    density: tuple[float, float] = (0.5, 2.0)
    threshold_min: tuple[float, float] = (-1.0, 1.0)
    same_commune: tuple[SameCommune, ...] = ("internal_estimate", "routed", "zero")
    positions: bool = True


def one_at_a_time(
    spread: Spread, *, rule: SameCommune = "internal_estimate", seed: int = 0
) -> list[Variant]:
    """Return the ends of each range, every other choice as it was.

    Parameters
    ----------
    spread
        The ranges; one of which both ends are neutral gives no variant.
    rule
        The diagnostic's own, which is no variant.
    seed
        Of the errors in positions.

    Examples
    --------
    >>> [variant.name for variant in one_at_a_time(Spread(positions=False))][:3]
    ['vitesses -10 %', 'vitesses +10 %', "vitesse d'accès -20 %"]
    """
    variants = [
        *_factors("vitesses", "speed", spread.speed),
        *_factors("vitesse d'accès", "access_speed", spread.access_speed),
        *_factors("densité habitée", "density", spread.density),
    ]
    variants += [
        Variant(f"seuils {shift:+g} min", threshold_shift_min=shift)
        for shift in spread.threshold_min
        if shift != 0
    ]
    variants += [
        Variant(f"même commune : {other}", same_commune=other)
        for other in spread.same_commune
        if other != rule
    ]
    if spread.positions:
        variants.append(Variant("positions décalées", positions=seed))
    return variants


def _factors(label: str, field: str, ends: tuple[float, float]) -> list[Variant]:
    variants = []
    for factor in ends:
        if factor != 1:
            choice: dict[str, Any] = {field: factor}
            variants.append(Variant(f"{label} {(factor - 1) * 100:+.0f} %", **choice))
    return variants


def sampled(spread: Spread, *, samples: int, seed: int = 0) -> list[Variant]:
    """Draw everything at once: factors evenly by ratio, shifts evenly, rules alike.

    Parameters
    ----------
    spread
        The ranges.
    samples
        How many draws.
    seed
        The same seed gives the same draws; the first of many are those of few.
    """
    if samples < 0:
        raise InputError([Fault("samples", "a number of draws, 0 or more", repr(samples))])
    children = np.random.SeedSequence(seed).spawn(samples)
    return [_draw(spread, number, child) for number, child in enumerate(children, start=1)]


def _draw(spread: Spread, number: int, child: np.random.SeedSequence) -> Variant:
    rng = np.random.default_rng(child)

    def factor(ends: tuple[float, float]) -> float:
        return float(np.exp(rng.uniform(*np.log(ends))))

    return Variant(
        f"tirage {number}",
        speed=factor(spread.speed),
        access_speed=factor(spread.access_speed),
        threshold_shift_min=float(rng.uniform(*spread.threshold_min)),
        density=factor(spread.density),
        same_commune=spread.same_commune[int(rng.integers(len(spread.same_commune)))]
        if spread.same_commune
        else None,
        positions=int(rng.integers(2**31)) if spread.positions else None,
    )


def varied(diagnostic: Diagnostic, variant: Variant) -> Diagnostic:
    """Make the diagnostic anew under other choices.

    Times are measured again unless the thresholds alone are other.

    Raises
    ------
    InputError
        If the diagnostic has no land.
    """
    land = land_of(diagnostic)
    rules = replace(
        diagnostic.assumptions,
        access_speed_kmh=diagnostic.assumptions.access_speed_kmh * variant.access_speed,
        inhabited_density_per_km2=diagnostic.assumptions.inhabited_density_per_km2
        * variant.density,
        same_commune=variant.same_commune or diagnostic.assumptions.same_commune,
    )
    thresholds = {
        name: max(0.0, value + variant.threshold_shift_min)
        for name, value in diagnostic.thresholds_min.items()
    }
    facilities = land.facilities
    if variant.positions is not None:
        facilities = displaced(facilities, variant.positions)
    changed = replace(
        diagnostic,
        assumptions=rules,
        thresholds_min=thresholds,
        origins=_with_density(diagnostic, variant.density),
        land=land._replace(network=faster(land.network, variant.speed)),
    )
    if variant == Variant(variant.name, threshold_shift_min=variant.threshold_shift_min):
        return rebuilt(changed, diagnostic.times, facilities)
    network = land_of(changed).network
    services = diagnostic.basket.service_ids
    times = nearest_times(network, changed.origins, facilities, services, rules)
    return rebuilt(changed, times, facilities)


def faster(network: RoadNetwork, factor: float) -> RoadNetwork:
    """Return the network with every road time divided by a factor, to the millisecond.

    Rounding keeps the order of times, so that of parallel streets the quickest stays so.
    """
    if factor == 1:
        return network
    halts = getattr(network, "halts", None)
    other = {} if halts is None else {"halts": type(halts)(*(_scaled(t, factor) for t in halts))}
    return replace(
        network,
        forward_ms=_scaled(network.forward_ms, factor),
        backward_ms=_scaled(network.backward_ms, factor),
        outgoing=_scaled_arcs(network.outgoing, factor),
        incoming=_scaled_arcs(network.incoming, factor),
        **other,
    )


def _scaled_arcs(graph: SearchGraph, factor: float) -> SearchGraph:
    return SearchGraph(graph.indptr, graph.heads, _scaled(graph.weights_ms, factor))


def _scaled(time_ms: Ints32, factor: float) -> Ints32:
    scaled = np.rint(time_ms / factor)
    if scaled.size and scaled.max() >= UNREACHED:
        message = f"speed: expected every street below 24 days, found one beyond at {factor:g}"
        raise NetworkError(message)
    return np.where(time_ms < 0, time_ms, scaled).astype(np.int32)


def displaced(facilities: gpd.GeoDataFrame, seed: int) -> gpd.GeoDataFrame:
    """Move places by an error that their quality allows, the same for the same seed.

    Parameters
    ----------
    facilities
        `FACILITIES` table in metres; the order of its rows plays no part.
    seed
        Of the draws.

    Returns
    -------
    GeoDataFrame
        The same rows; places are drawn evenly over a disc.
    """
    points = facilities.geometry.to_numpy()
    error_m = facilities["position_quality"].map(POSITION_ERROR_M).fillna(0.0).to_numpy()
    by_position = (facilities["known_by"] == "position").to_numpy()
    there = by_position & (error_m > 0) & ~shapely.is_missing(points) & ~shapely.is_empty(points)
    places, number = np.unique(shapely.get_coordinates(points[there]), axis=0, return_inverse=True)
    radius = np.zeros(len(places))
    np.maximum.at(radius, number.ravel(), error_m[there])
    draws = np.random.default_rng(seed).random((len(places), 2))
    # The square root spreads draws evenly over the disc.
    far, angle = radius * np.sqrt(draws[:, 0]), 2 * np.pi * draws[:, 1]
    moved = places + np.column_stack([far * np.cos(angle), far * np.sin(angle)])
    shifted = points.copy()
    shifted[there] = shapely.points(moved[number.ravel()])
    return facilities.set_geometry(
        gpd.GeoSeries(shifted, index=facilities.index, crs=facilities.crs)
    )


def _with_density(diagnostic: Diagnostic, factor: float) -> gpd.GeoDataFrame:
    """Return the origins with the inhabited areas of another density."""
    origins = diagnostic.origins
    if factor == 1 or "unit_area_km2" not in origins:
        return origins
    units = land_of(diagnostic).places.units
    rules = diagnostic.assumptions
    other = replace(rules, inhabited_density_per_km2=rules.inhabited_density_per_km2 * factor)
    now, then = (
        origins["unit"].map(inhabited_area_km2(units, choice)) for choice in (rules, other)
    )
    # An area that the density did not make comes from squares, and stays.
    return origins.assign(
        unit_area_km2=pd.Series(
            np.where(now == origins["unit_area_km2"], then, origins["unit_area_km2"]),
            index=origins.index,
        )
    )


def parameters(variants: Sequence[Variant]) -> pd.DataFrame:
    """Return the choices of variants as a table, one row each."""
    columns = ["speed", "access_speed", "threshold_shift_min", "density", "same_commune"]
    rows = [[variant.name, *(getattr(variant, name) for name in columns)] for variant in variants]
    table = pd.DataFrame(rows, columns=["variant", *columns])
    table["positions_displaced"] = [variant.positions is not None for variant in variants]
    return table.astype({"variant": "str", "same_commune": "str"})
