"""Reads and checks a territory file: where the inputs are, and every choice."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.basket import Basket, load_basket
from sdaasp_geo.errors import Fault, InputError, TerritoryError
from sdaasp_geo.tables.crs import departement_crs, is_metric

DEFAULT_BASKET_ZONE_MIN = 7.0

FacilitySource = Literal["bpe", "bpe_counts", "laposte", "operators"]
RoadFormat = Literal["lines", "osm_pbf"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Layer(_Section):
    """A file, the layer in it and the names of its columns."""

    path: str
    layer: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)


class CommunesSection(Layer):
    """Communes, and what goes with them."""

    chefs_lieux: Layer | None = None
    arrondissements: Layer | None = None
    passage: Layer | None = None


class OriginsSection(_Section):
    """Where people start from."""

    kind: Literal["chef_lieu", "squares", "points"] = "chef_lieu"
    path: str | None = None
    layer: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    size_m: float | None = Field(default=None, gt=0)


class RoadsSection(Layer):
    """One file of roads."""

    format: RoadFormat
    length_factor: float = Field(default=1.0, gt=0)


class FacilitiesSection(Layer):
    """One file of places that offer services."""

    source: FacilitySource
    vintage: int | str | None = None
    services: dict[str, str] = Field(default_factory=dict)
    place_by: Literal["position", "commune"] = "position"
    separator: str | None = None


class SitesSection(Layer):
    """One file of France Services or MSAP."""

    source: Literal["france_services"]
    vintage: int | str | None = None


class BasketSection(_Section):
    """Which basket, and the weights of a mean by frequency of use."""

    name: str = "sdaasp-29"
    frequency: dict[str, float] = Field(default_factory=dict)


class CacheSection(_Section):
    """Where built networks are kept."""

    dir: str


class _File(_Section):
    name: str
    departement: str
    crs: str | None = None
    buffer_km: float = Field(default=35.0, ge=0)
    fictional: bool = False
    communes: CommunesSection
    origins: OriginsSection = OriginsSection()
    roads: list[RoadsSection] = Field(min_length=1)
    facilities: list[FacilitiesSection] = Field(min_length=1)
    sites: list[SitesSection] = Field(default_factory=list)
    basket: BasketSection = BasketSection()
    assumptions: dict[str, Any] = Field(default_factory=dict)
    thresholds: dict[str, float] = Field(default_factory=dict)
    cache: CacheSection | None = None


@dataclass(frozen=True)
class Territory:
    """A study area: its files, its vintages and its choices.

    Parameters
    ----------
    path
        The territory file; paths in it are relative to its folder.
    name, departement, crs, buffer_km
        What is studied. `crs` is projected and metric.
    fictional
        Whether the territory is made up; every output then says so.
    communes, origins, roads, facilities, sites
        The files, as the territory file names them.
    basket, assumptions
        The services and the choices behind every figure.
    thresholds_min
        Minutes above which a commune is remote, by gamme, and ``basket`` for the zones.
    cache_dir
        Where built networks are kept; None for no cache.
    """

    path: Path
    name: str
    departement: str
    crs: str
    buffer_km: float
    fictional: bool
    communes: CommunesSection
    origins: OriginsSection
    roads: tuple[RoadsSection, ...]
    facilities: tuple[FacilitiesSection, ...]
    sites: tuple[SitesSection, ...]
    basket: Basket
    assumptions: Assumptions
    thresholds_min: dict[str, float]
    cache_dir: Path | None

    def resolve(self, path: str) -> Path:
        """Return the place of a file that the territory file names."""
        return (self.path.parent / path).resolve()


def read_territory(path: str | Path) -> Territory:
    """Read and check a territory file.

    Nothing but the TOML is opened: the inputs it names are read by the pipeline.

    Parameters
    ----------
    path
        A TOML file in the form of ``docs/territory.md``.

    Raises
    ------
    TerritoryError
        If the file is missing, is not TOML, has an unknown key, service or rule (with
        the nearest good name), a value out of its range, or thresholds out of order.
        All faults are listed at once.
    """
    path = Path(path)
    raw = _load(path)
    try:
        parsed = _File.model_validate(raw)
    except ValidationError as error:
        raise TerritoryError([_fault(item, path) for item in error.errors()]) from error
    return _territory(parsed, path)


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        cause = "a wrong path, or a command run from another folder"
        raise TerritoryError([Fault(str(path), "a territory file", "no such file", cause)])
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise TerritoryError([Fault(str(path), "text in UTF-8", str(error))]) from error
    except tomllib.TOMLDecodeError as error:
        raise TerritoryError(
            [Fault(str(path), "TOML", str(error), "a quote or bracket")]
        ) from error


def _territory(parsed: _File, path: Path) -> Territory:
    faults: list[Fault] = []
    basket = _basket(parsed, path, faults)
    assumptions = _assumptions(parsed.assumptions, path, faults)
    crs = parsed.crs or departement_crs(parsed.departement)
    faults += _crs_faults(crs, path)
    if basket is not None:
        faults += _service_faults(parsed, basket, path)
        faults += _threshold_faults(parsed.thresholds, basket, path)
        faults += _frequency_faults(parsed, basket, assumptions, path)
    if parsed.origins.kind != "chef_lieu" and parsed.origins.path is None:
        faults.append(_missing_origins_path(parsed.origins.kind, path))
    if faults or basket is None or assumptions is None:
        raise TerritoryError(faults)
    return Territory(
        path=path.resolve(),
        name=parsed.name,
        departement=parsed.departement,
        crs=crs,
        buffer_km=parsed.buffer_km,
        fictional=parsed.fictional,
        communes=parsed.communes,
        origins=parsed.origins,
        roads=tuple(parsed.roads),
        facilities=tuple(parsed.facilities),
        sites=tuple(parsed.sites),
        basket=_weighted(basket, parsed.basket.frequency),
        assumptions=assumptions,
        thresholds_min=_thresholds(parsed.thresholds),
        cache_dir=(path.parent / parsed.cache.dir).resolve() if parsed.cache else None,
    )


def _basket(parsed: _File, path: Path, faults: list[Fault]) -> Basket | None:
    name = parsed.basket.name
    try:
        return load_basket(path.parent / name if name.endswith(".toml") else name)
    except InputError as error:
        faults += [
            dataclasses.replace(fault, column="basket.name", file=str(path))
            if fault.file == "basket"
            else fault
            for fault in error.faults
        ]
        return None


def _assumptions(raw: dict[str, Any], path: Path, faults: list[Fault]) -> Assumptions | None:
    defaults = Assumptions()
    known = {field.name: getattr(defaults, field.name) for field in dataclasses.fields(defaults)}
    unknown = [key for key in raw if key not in known]
    faults += [_unknown_key(path, f"assumptions.{key}", key, list(known)) for key in unknown]
    given = {key: value for key, value in raw.items() if key in known}
    try:
        return Assumptions(**{key: _cast(key, value, known) for key, value in given.items()})
    except (TypeError, ValueError) as error:
        column, _, message = str(error).partition(": ")
        expected, _, found = message.partition(", found ")
        expected = expected.removeprefix("expected ") or "a valid value"
        faults.append(Fault(str(path), expected, found or message, column=f"assumptions.{column}"))
        return None


def _cast(key: str, value: Any, known: dict[str, Any]) -> Any:  # noqa: ANN401 (TOML values)
    default = known[key]
    if isinstance(default, dict):
        # A territory names the speeds it changes and keeps the others.
        if not isinstance(value, dict) or not all(_is_number(item) for item in value.values()):
            message = f"{key}: expected a table of numbers, found {value!r}"
            raise TypeError(message)
        return {**default, **{name: float(item) for name, item in value.items()}}
    if isinstance(default, tuple):
        return tuple(value)
    if isinstance(default, float) or default is None:
        if not _is_number(value):
            message = f"{key}: expected a number, found {value!r}"
            raise TypeError(message)
        return float(value)
    if not isinstance(value, type(default)):
        message = f"{key}: expected a {type(default).__name__}, found {value!r}"
        raise TypeError(message)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _crs_faults(crs: str, path: Path) -> list[Fault]:
    try:
        metric = is_metric(crs)
    except Exception:  # noqa: BLE001 (pyproj raises several kinds for a text it cannot read)
        return [Fault(str(path), "a coordinate system such as EPSG:2154", repr(crs), column="crs")]
    if metric:
        return []
    cause = "longitude and latitude are for files; the library computes in metres"
    return [Fault(str(path), "a projected CRS in metres", repr(crs), cause, column="crs")]


def _service_faults(parsed: _File, basket: Basket, path: Path) -> list[Fault]:
    faults = []
    for number, section in enumerate(parsed.facilities, start=1):
        for value, service in section.services.items():
            if service not in basket.service_ids:
                where = f"facilities[{number}].services.{value}"
                faults.append(_unknown_name(path, where, service, basket.service_ids, "service"))
    return faults


def _threshold_faults(given: dict[str, float], basket: Basket, path: Path) -> list[Fault]:
    wanted = [f"{gamme}_min" for gamme in basket.gamme_ids]
    known = [*wanted, "basket_min"]
    faults = [
        _unknown_key(path, f"thresholds.{key}", key, known) for key in given if key not in known
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


def _frequency_faults(
    parsed: _File, basket: Basket, assumptions: Assumptions | None, path: Path
) -> list[Fault]:
    given = parsed.basket.frequency
    column = "basket.frequency"
    faults = [
        _unknown_name(path, f"{column}.{key}", key, basket.service_ids, "service")
        for key in given
        if key not in basket.service_ids
    ]
    faults += [
        Fault(str(path), "a weight of 0 or more", repr(value), column=f"{column}.{key}")
        for key, value in given.items()
        if not value >= 0
    ]
    if assumptions is not None and assumptions.basket_mean == "by_frequency":
        weights = {service.id: service.frequency for service in basket.services} | given
        missing = [service for service, weight in weights.items() if weight is None]
        if missing:
            expected = 'a weight for every service, as basket_mean = "by_frequency" asks'
            faults.append(
                Fault(str(path), expected, f"none for {', '.join(missing)}", column=column)
            )
    return faults


def _missing_origins_path(kind: str, path: Path) -> Fault:
    return Fault(str(path), f"the path of the {kind}", "no such key", column="origins.path")


def _weighted(basket: Basket, frequency: dict[str, float]) -> Basket:
    services = tuple(
        dataclasses.replace(service, frequency=frequency.get(service.id, service.frequency))
        for service in basket.services
    )
    return dataclasses.replace(basket, services=services)


def _thresholds(given: dict[str, float]) -> dict[str, float]:
    minutes = {key.removesuffix("_min"): float(value) for key, value in given.items()}
    return {"basket": DEFAULT_BASKET_ZONE_MIN} | minutes


def _fault(item: Any, path: Path) -> Fault:  # noqa: ANN401 (pydantic's own mapping)
    location = [part for part in item["loc"] if isinstance(part, str | int)]
    key = _key(location)
    if item["type"] == "extra_forbidden":
        return _unknown_key(path, key, str(location[-1]), _known_keys(location[:-1]))
    if item["type"] == "missing":
        return Fault(str(path), "this key", "no such key", column=key)
    expected = item["msg"].removeprefix("Input should be ")
    return Fault(str(path), expected, repr(item["input"]), column=key)


def _key(location: list[str | int]) -> str:
    text = ""
    for part in location:
        # People count [[facilities]] from one.
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _known_keys(location: list[str | int]) -> list[str]:
    model: type[BaseModel] = _File
    for part in location:
        if isinstance(part, str):
            model = _section_of(model.model_fields[part].annotation)
    return list(model.model_fields)


def _section_of(annotation: Any) -> type[BaseModel]:  # noqa: ANN401 (a type expression)
    if get_origin(annotation) in {list, Union, UnionType}:
        return next(_section_of(item) for item in get_args(annotation) if item is not type(None))
    assert isinstance(annotation, type)  # noqa: S101 (narrows for the type checker)
    assert issubclass(annotation, BaseModel)  # noqa: S101
    return annotation


def _unknown_key(path: Path, where: str, name: str, known: list[str]) -> Fault:
    return _unknown_name(path, where, name, known, "key")


def _unknown_name(path: Path, where: str, name: str, known: list[str], what: str) -> Fault:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    expected = f"a known {what}" + (f" (did you mean {near[0]!r}?)" if near else "")
    if not near:
        expected += f": {', '.join(known)}"
    return Fault(str(path), expected, repr(name), "a typing mistake", column=where)
