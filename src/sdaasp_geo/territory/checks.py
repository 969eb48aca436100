"""What a territory file may say and still be wrong: names, orders, systems."""

from __future__ import annotations

import difflib
import itertools
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault
from sdaasp_geo.tables.crs import is_metric

if TYPE_CHECKING:
    from pathlib import Path

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.basket import Basket
    from sdaasp_geo.territory.sections import (
        FacilitiesSection,
        FacilitySource,
        OriginsSection,
        SitesSection,
        TerritoryToml,
    )


# What files with columns of their own cannot be told.
_OWN_COLUMNS = {"columns", "separator", "layer"}
# Sources whose kinds may be given to other services than the basket gives them to.
_WITH_SERVICES = ("osm", "annuaire", "finess", "france_travail")
# Products that are read for cars alone.
_FOR_CARS = ("bdtopo", "route500")
# Assumptions on which nothing depends where times are told and not measured.
_OF_SEARCHES = {
    *("speed_kmh", "posted_speed_factor", "implicit_limit_kmh", "signal_cost_s"),
    *("left_turn_cost_s", "roundabout_cost_s", "access_speed_kmh", "access_length_factor"),
    *("snap_limit_m", "min_component_nodes", "no_access_classes", "same_commune"),
    *("inhabited_density_per_km2", "time_limit_min"),
}
# What the files of a format tell by themselves, and a territory file cannot.
_UNREAD_OF_ROADS = {
    "lines": {"profile"},
    "osm_pbf": {"columns", "layer"},
    "bdtopo": {"columns", "profile"},
    "route500": {"columns", "profile"},
    "graphml": {"columns", "layer", "profile"},
}


def crs_faults(crs: str, path: Path) -> list[Fault]:
    """Refuse a system that nobody knows, or that is not in metres."""
    try:
        metric = is_metric(crs)
    except Exception:  # noqa: BLE001 (pyproj raises several kinds for a text it cannot read)
        return [Fault(str(path), "a coordinate system such as EPSG:2154", repr(crs), column="crs")]
    if metric:
        return []
    cause = "longitude and latitude are for files; the library computes in metres"
    return [Fault(str(path), "a projected CRS in metres", repr(crs), cause, column="crs")]


def service_faults(parsed: TerritoryToml, basket: Basket, path: Path) -> list[Fault]:
    """Refuse services that the basket does not have, with the nearest good name."""
    faults = []
    for number, section in enumerate(parsed.facilities, start=1):
        told = {f"services.{value}": service for value, service in section.services.items()}
        if section.service is not None:
            told["service"] = section.service
        told |= {f"without.{name}": name for name in section.without}
        faults += [
            unknown_name(path, f"facilities[{number}].{key}", name, basket.service_ids, "service")
            for key, name in told.items()
            if name not in basket.service_ids
        ]
        both = sorted({*section.services.values()} & {*section.without})
        column = f"facilities[{number}].without"
        faults += [
            Fault(str(path), "no service that `services` names", repr(name), column=column)
            for name in both
        ]
    return faults


def threshold_faults(given: dict[str, float], basket: Basket, path: Path) -> list[Fault]:
    """Refuse thresholds that are missing, unknown, not above 0, or out of order."""
    wanted = [f"{gamme}_min" for gamme in basket.gamme_ids]
    known = [*wanted, "basket_min"]
    faults = [
        unknown_key(path, f"thresholds.{key}", key, known) for key in given if key not in known
    ]
    faults += [
        Fault(str(path), "a threshold in minutes", "no such key", column=f"thresholds.{key}")
        for key in wanted
        if key not in given
    ]
    faults += [
        Fault(str(path), "a threshold above 0", repr(value), column=f"thresholds.{key}")
        for key, value in given.items()
        if not value > 0
    ]
    ordered = [(key, given[key]) for key in wanted if key in given]
    for (low_key, low), (high_key, high) in itertools.pairwise(ordered):
        if low > high:
            expected = f"at most {high_key} = {high:g} (rarer services, longer times)"
            cause = "two thresholds swapped"
            column = f"thresholds.{low_key}"
            faults.append(Fault(str(path), expected, f"{low:g}", cause, column=column))
    return faults


def frequency_faults(
    parsed: TerritoryToml, basket: Basket, assumptions: Assumptions | None, path: Path
) -> list[Fault]:
    """Refuse weights of unknown services, and their absence where the mean needs them."""
    given = parsed.basket.frequency
    column = "basket.frequency"
    faults = [
        unknown_name(path, f"{column}.{key}", key, basket.service_ids, "service")
        for key in given
        if key not in basket.service_ids
    ]
    faults += [
        Fault(str(path), "a weight of 0 or more", repr(value), column=f"{column}.{key}")
        for key, value in given.items()
        if not 0 <= value < float("inf")
    ]
    if assumptions is not None and assumptions.basket_mean == "by_frequency":
        if given and not any(given.values()):
            faults.append(Fault(str(path), "some weight above 0", "all 0", column=column))
        weights = {service.id: service.frequency for service in basket.services} | given
        missing = [service for service, weight in weights.items() if weight is None]
        if missing:
            expected = 'a weight for every service, as basket_mean = "by_frequency" asks'
            faults.append(
                Fault(str(path), expected, f"none for {', '.join(missing)}", column=column)
            )
    return faults


def origins_faults(origins: OriginsSection, path: Path) -> list[Fault]:
    """Refuse squares or points without a file, and a file that nobody would read."""
    faults = []
    if origins.kind == "chef_lieu" and origins.path is not None:
        expected = 'kind = "squares" or "points", as a file of origins is named'
        faults.append(Fault(str(path), expected, "'chef_lieu'", column="origins.kind"))
    if origins.kind != "chef_lieu" and origins.path is None:
        expected = f"the path of the {origins.kind}"
        faults.append(Fault(str(path), expected, "no such key", column="origins.path"))
    return faults


def unread_key_faults(parsed: TerritoryToml, path: Path) -> list[Fault]:
    """Refuse keys of a file whose format has its own columns: they would change nothing."""
    faults = _unread_road_keys(parsed, path)
    named: list[tuple[str, FacilitiesSection | SitesSection, set[str]]] = []
    for number, section in enumerate(parsed.facilities, start=1):
        named.append((f"facilities[{number}]", section, _unread_of_facilities(section.source)))
    for number, site in enumerate(parsed.sites, start=1):
        unread = {"layer"} if site.source == "sites" else _OWN_COLUMNS | {"place_by"}
        named.append((f"sites[{number}]", site, unread))
    return faults + [
        Fault(
            str(path),
            f"a key that source = {told.source!r} reads",
            repr(key),
            "a section copied from another source",
            column=f"{where}.{key}",
        )
        for where, told, unread in named
        for key in sorted(unread & told.model_fields_set)
    ]


def _unread_of_facilities(source: FacilitySource) -> set[str]:
    if source == "operators":
        # Its columns, or `services`, say already what is taken from it.
        return {"without"}
    unread = _OWN_COLUMNS | {"service"}
    if source not in _WITH_SERVICES:
        unread = unread | {"services"}
    return unread | {"place_by"} if source in {"osm", "bpe_counts"} else unread


def _unread_road_keys(parsed: TerritoryToml, path: Path) -> list[Fault]:
    faults = []
    for number, section in enumerate(parsed.roads, start=1):
        unread = _UNREAD_OF_ROADS[section.format]
        faults += [
            Fault(
                str(path),
                f"a key that format = {section.format!r} reads",
                repr(key),
                "a section copied from another format",
                column=f"roads[{number}].{key}",
            )
            for key in sorted(unread & section.model_fields_set)
        ]
    return faults


def ground_faults(parsed: TerritoryToml, path: Path) -> list[Fault]:
    """Refuse a file with nothing to measure times on, or with times and what would measure them."""
    if parsed.times is None:
        return [
            Fault(str(path), "this key", "no such key", column=key)
            for key in ("roads", "facilities")
            if not getattr(parsed, key)
        ]
    told = sorted(parsed.model_fields_set & {"roads", "facilities", "origins"})
    told += [f"assumptions.{key}" for key in parsed.assumptions if key in _OF_SEARCHES]
    expected = "either [times], or what times are measured on"
    cause = "a section copied from another territory file: times that are told are not measured"
    return [Fault(str(path), expected, "both", cause, column=key) for key in told]


def profile_faults(parsed: TerritoryToml, path: Path) -> list[Fault]:
    """Refuse roads for travellers of several kinds: nobody may use the whole of them."""
    profiles = sorted({section.profile for section in parsed.roads if section.format == "osm_pbf"})
    faults = []
    if len(profiles) > 1:
        found = ", ".join(profiles)
        cause = "one territory file serves one kind of journey: write one for each"
        expected = "one profile for all roads"
        faults.append(Fault(str(path), expected, found, cause, column="roads.profile"))
    if set(profiles) - {"drive"}:
        cause = "nobody walks or cycles at the speeds of this product's classes"
        faults += [
            Fault(
                str(path),
                f"roads for the profile {profiles[0]!r}",
                f"{section.format!r}, which is read for cars",
                cause,
                column=f"roads[{number}].format",
            )
            for number, section in enumerate(parsed.roads, start=1)
            if section.format in _FOR_CARS
        ]
    return faults


def unknown_key(path: Path, where: str, name: str, known: list[str]) -> Fault:
    """Refuse a key, with the nearest good one."""
    return unknown_name(path, where, name, known, "key")


def unknown_name(path: Path, where: str, name: str, known: list[str], what: str) -> Fault:
    """Refuse a name of any kind, with the nearest good one, or all of them if none is near."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    expected = f"a known {what}" + (f" (did you mean {near[0]!r}?)" if near else "")
    if not near:
        expected += f": {', '.join(known)}"
    return Fault(str(path), expected, repr(name), "a typing mistake", column=where)
