"""Reads and checks a scenario file: what opens, closes, moves and is converted."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

import shapely
from pydantic import BaseModel, ValidationError

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.bouquets import load_bouquet, operator_of, operators, unknown
from sdaasp_geo.scenarios.model import Closing, Conversion, Move, Opening, Scenario, Spot, Stop
from sdaasp_geo.scenarios.sections import CloseSection, ScenarioToml
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.scenarios.sections import OpenSection, PlaceSection

_PLACE = "a place: commune, or lon and lat, or x and y"


def read_scenario(path: str | Path) -> Scenario:
    """Read and check a scenario file.

    Places, services and facilities are looked up later, when the scenario is tried on a
    diagnostic.

    Parameters
    ----------
    path
        A TOML file: ``name``, then any number of ``[[open]]`` (``name``; ``commune``,
        ``lon`` and ``lat``, or ``x`` and ``y``, or ``stops``; ``services``, ``bouquet``
        or ``operators``; ``format``, ``hours_per_week``), ``[[close]]`` (``facility``,
        ``site``, or ``service`` and ``commune``; ``count``), ``[[move]]`` (``from``,
        ``to``) and ``[[convert]]`` (``site``, ``to`` and ``from``, names of bouquets).
        A bouquet that ends in ``.toml`` is a file beside this one.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, has an unknown key, bouquet or operator
        (with the nearest good name), a change without a place or an object, or no
        change at all. All faults are listed at once.
    """
    path = Path(path)
    raw = _load(path)
    try:
        parsed = ScenarioToml.model_validate(raw)
    except ValidationError as error:
        raise InputError([_key_fault(item, path) for item in error.errors()]) from error
    faults = _faults(parsed, path)
    if faults:
        raise InputError(faults)
    return Scenario(
        parsed.name,
        openings=tuple(_opening(item, n, path) for n, item in enumerate(parsed.open, 1)),
        closings=tuple(_closing(item, f"close[{n}]") for n, item in enumerate(parsed.close, 1)),
        moves=tuple(
            Move(_closing(item.what, f"move[{n}].from"), _spot(item.to), where=f"move[{n}]")
            for n, item in enumerate(parsed.move, 1)
        ),
        conversions=tuple(
            Conversion(
                item.site,
                _bouquet(item.to, path),
                None if item.former is None else _bouquet(item.former, path),
                where=f"convert[{n}]",
            )
            for n, item in enumerate(parsed.convert, 1)
        ),
        source=str(path),
    )


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        cause = "a wrong path, or a command run from another folder"
        raise InputError([Fault(str(path), "a scenario file", "no such file", cause)])
    try:
        # Windows' editors put a mark before the first letter.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError([Fault(str(path), "text in UTF-8", str(error))]) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError([Fault(str(path), "TOML", str(error), "a quote or bracket")]) from error


def _opening(item: OpenSection, number: int, path: Path) -> Opening:
    spot = Spot() if item.stops else _spot(item)
    return Opening(
        name=item.name,
        services=tuple(item.services),
        point=spot.point,
        unit=spot.unit,
        known_by=spot.known_by,
        crs=spot.crs,
        bouquet=None if item.bouquet is None else _bouquet(item.bouquet, path),
        operators=tuple(item.operators),
        format=item.format,
        stops=tuple(Stop(_spot(stop), stop.days_per_month, stop.name) for stop in item.stops),
        hours_per_week=item.hours_per_week,
        where=f"open[{number}]",
    )


def _closing(item: CloseSection, where: str) -> Closing:
    return Closing(item.facility, item.service, item.commune, item.site, item.count, where=where)


def _spot(item: PlaceSection) -> Spot:
    if item.lon is not None and item.lat is not None:
        return Spot(shapely.Point(item.lon, item.lat), item.commune, "position", GEOGRAPHIC_CRS)
    if item.x is not None and item.y is not None:
        return Spot(shapely.Point(item.x, item.y), item.commune, "position")
    return Spot(None, item.commune, "commune")


def _bouquet(name: str, path: Path) -> str:
    return str(path.parent / name) if name.endswith(".toml") else name


def _faults(parsed: ScenarioToml, path: Path) -> list[Fault]:
    file, faults = str(path), []
    if not (parsed.open or parsed.close or parsed.move or parsed.convert):
        expected = "at least one [[open]], [[close]], [[move]] or [[convert]]"
        faults.append(Fault(file, expected, "none"))
    names = [item.name for item in parsed.open]
    for number, item in enumerate(parsed.open, 1):
        where = f"open[{number}]"
        faults += _open_faults(item, where, file) + _offer_faults(item, where, path)
        if names.index(item.name) != number - 1:
            faults.append(Fault(file, "each name once", repr(item.name), column=f"{where}.name"))
    for number, closing in enumerate(parsed.close, 1):
        faults += _object_faults(closing, f"close[{number}]", file)
    for number, move in enumerate(parsed.move, 1):
        faults += _object_faults(move.what, f"move[{number}].from", file)
        faults += _place_faults(move.to, f"move[{number}].to", file)
    for number, item_ in enumerate(parsed.convert, 1):
        faults += _bouquet_faults(item_.to, f"convert[{number}].to", path)
        if item_.former is not None:
            faults += _bouquet_faults(item_.former, f"convert[{number}].from", path)
    return faults


def _open_faults(item: OpenSection, where: str, file: str) -> list[Fault]:
    if not item.stops:
        return _place_faults(item, where, file)
    faults = []
    own = [key for key in ("commune", "lon", "lat", "x", "y") if getattr(item, key) is not None]
    if own:
        found = f"stops and {', '.join(own)}"
        faults.append(Fault(file, "the place of the site, or its stops", found, column=where))
    for number, stop in enumerate(item.stops, 1):
        faults += _place_faults(stop, f"{where}.stops[{number}]", file)
    return faults


def _place_faults(item: PlaceSection, where: str, file: str) -> list[Fault]:
    told = {key for key in ("lon", "lat", "x", "y") if getattr(item, key) is not None}
    if told and told not in ({"lon", "lat"}, {"x", "y"}):
        expected = "one pair of coordinates: lon and lat, or x and y"
        return [Fault(file, expected, ", ".join(sorted(told)), column=where)]
    if not told and item.commune is None:
        return [Fault(file, _PLACE, "none of them", column=where)]
    faults = []
    for key, limit in (("lon", 180.0), ("lat", 90.0)):
        value = getattr(item, key)
        if value is not None and not -limit <= value <= limit:
            cause = "metres in the place of degrees: write them as x and y"
            expected = f"degrees between -{limit:g} and {limit:g}"
            faults.append(Fault(file, expected, repr(value), cause, column=f"{where}.{key}"))
    return faults


def _offer_faults(item: OpenSection, where: str, path: Path) -> list[Fault]:
    if not (item.services or item.bouquet or item.operators):
        expected = "what the site offers: services, bouquet or operators"
        return [Fault(str(path), expected, "none of them", column=where)]
    faults = [] if item.bouquet is None else _bouquet_faults(item.bouquet, f"{where}.bouquet", path)
    known = operators()
    lost = [name for name in item.operators if operator_of(name, known) is None]
    column = f"{where}.operators"
    return faults + [unknown(str(path), "operator", name, known, column=column) for name in lost]


def _bouquet_faults(name: str, where: str, path: Path) -> list[Fault]:
    try:
        load_bouquet(_bouquet(name, path))
    except InputError as error:
        if name.endswith(".toml"):
            return list(error.faults)
        return [
            Fault(str(path), fault.expected, fault.found, fault.cause, column=where)
            for fault in error.faults
        ]
    return []


def _object_faults(item: CloseSection, where: str, file: str) -> list[Fault]:
    whole = {key for key in ("facility", "site") if getattr(item, key) is not None}
    told = whole | {key for key in ("service", "commune") if getattr(item, key) is not None}
    good = ({"facility"}, {"facility", "service"}, {"site"}, {"service", "commune"})
    if told in good:
        return []
    expected = "facility (and service), or site, or service and commune"
    return [Fault(file, expected, ", ".join(sorted(told)) or "none of them", column=where)]


def _key_fault(item: Any, path: Path) -> Fault:  # noqa: ANN401 (pydantic's own mapping)
    """Turn one of pydantic's errors into a fault that names the key as the file writes it."""
    location = [part for part in item["loc"] if isinstance(part, str | int)]
    key = ""
    for part in location:
        # People count [[open]] from one.
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if key else part
    if item["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        return unknown(str(path), "key", str(location[-1]), known, column=key)
    if item["type"] == "missing":
        return Fault(str(path), "this key", "no such key", column=key)
    expected = item["msg"].removeprefix("Input should be ")
    return Fault(str(path), expected, repr(item["input"]), column=key)


def _known_keys(location: Sequence[str | int]) -> list[str]:
    model: type[BaseModel] = ScenarioToml
    for part in location:
        if isinstance(part, str):
            fields = {field.alias or name: field for name, field in model.model_fields.items()}
            annotation = fields[part].annotation
            model = get_args(annotation)[0] if get_origin(annotation) is list else annotation  # type: ignore[assignment]
    return [field.alias or name for name, field in model.model_fields.items()]
