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
    from sdaasp_geo.territory.sections import OriginsSection, TerritoryToml


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
        for value, service in section.services.items():
            if service not in basket.service_ids:
                where = f"facilities[{number}].services.{value}"
                faults.append(unknown_name(path, where, service, basket.service_ids, "service"))
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
    if origins.kind == "squares" and origins.size_m is None:
        expected = "the side of the squares in metres"
        faults.append(Fault(str(path), expected, "no such key", column="origins.size_m"))
    return faults


def unread_key_faults(parsed: TerritoryToml, path: Path) -> list[Fault]:
    """Refuse keys of a file whose format has its own columns: they would change nothing."""
    faults = []
    for number, section in enumerate(parsed.facilities, start=1):
        if section.source == "operators":
            continue
        unread = {"columns", "services", "separator", "layer"}
        if section.source == "bpe_counts":
            unread.add("place_by")
        faults += [
            Fault(
                str(path),
                f"a key that source = {section.source!r} reads",
                repr(key),
                "a section copied from another source",
                column=f"facilities[{number}].{key}",
            )
            for key in sorted(unread & section.model_fields_set)
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
