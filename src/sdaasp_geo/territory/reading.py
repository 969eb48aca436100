"""Reads and checks a territory file: where the inputs are, and every choice."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from sdaasp_geo.assumptions import ACCESS_SPEED_KMH, Assumptions
from sdaasp_geo.basket import Basket, load_basket
from sdaasp_geo.errors import Fault, InputError, TerritoryError
from sdaasp_geo.showing import card
from sdaasp_geo.tables.crs import departement_crs
from sdaasp_geo.territory.checks import (
    crs_faults,
    frequency_faults,
    ground_faults,
    origins_faults,
    profile_faults,
    service_faults,
    threshold_faults,
    unknown_key,
    unread_key_faults,
)
from sdaasp_geo.territory.keys import key_fault
from sdaasp_geo.territory.sections import TerritoryToml

if TYPE_CHECKING:
    from sdaasp_geo.territory.sections import (
        CommunesSection,
        FacilitiesSection,
        LevelsSection,
        OriginsSection,
        RoadProfile,
        RoadsSection,
        SitesSection,
        TimesSection,
    )

DEFAULT_BASKET_ZONE_MIN = 7.0


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
    communes, origins, roads, facilities, sites, levels
        The files, as the territory file names them.
    basket, assumptions
        The services and the choices behind every figure.
    thresholds_min
        Minutes above which a commune is remote, by gamme, and ``basket`` for the zones.
    cache_dir
        Where built networks are kept; None for no cache.
    times
        The file of times that stands in place of roads and facilities, if one does.
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
    levels: tuple[LevelsSection, ...]
    basket: Basket
    assumptions: Assumptions
    thresholds_min: dict[str, float]
    cache_dir: Path | None
    times: TimesSection | None = None

    @property
    def profile(self) -> RoadProfile | Literal["published"]:
        """Who travels: by car (``drive``), on foot or by bicycle.

        ``published``: by car, in times that a file tells.
        """
        if self.times is not None:
            return "published"
        return next((road.profile for road in self.roads if road.profile != "drive"), "drive")

    def resolve(self, path: str) -> Path:
        """Return the place of a file that the territory file names."""
        return (self.path.parent / path).resolve()

    def _repr_html_(self) -> str:
        figures = {
            "département": self.departement,
            "système de coordonnées": self.crs,
            "pourtour (km)": self.buffer_km,
            "panier": self.basket.label,
            **(
                {"routes": len(self.roads), "fichiers d'équipements": len(self.facilities)}
                if self.times is None
                else {"temps publiés": self.times.path}
            ),
            "fichiers de sites": len(self.sites),
        }
        return card(f"Territoire – {self.name}", figures, then=str(self.path))


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
        parsed = TerritoryToml.model_validate(raw)
    except ValidationError as error:
        raise TerritoryError([key_fault(item, path) for item in error.errors()]) from error
    return _territory(parsed, path)


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        cause = "a wrong path, or a command run from another folder"
        raise TerritoryError([Fault(str(path), "a territory file", "no such file", cause)])
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise TerritoryError([Fault(str(path), "text in UTF-8", str(error))]) from error
    except tomllib.TOMLDecodeError as error:
        raise TerritoryError(
            [Fault(str(path), "TOML", str(error), "a quote or bracket")]
        ) from error


def _territory(parsed: TerritoryToml, path: Path) -> Territory:
    faults: list[Fault] = []
    basket = _basket(parsed, path, faults)
    faults += ground_faults(parsed, path) + profile_faults(parsed, path)
    choices = _choices_of_profile(parsed) | parsed.assumptions
    assumptions = _assumptions(choices, path, faults)
    crs = parsed.crs or departement_crs(parsed.departement)
    faults += crs_faults(crs, path)
    if basket is not None:
        faults += service_faults(parsed, basket, path)
        faults += threshold_faults(parsed.thresholds, basket, path)
        faults += frequency_faults(parsed, basket, assumptions, path)
    faults += origins_faults(parsed.origins, path) + unread_key_faults(parsed, path)
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
        levels=tuple(parsed.levels),
        basket=_weighted(basket, parsed.basket.frequency),
        assumptions=assumptions,
        thresholds_min=_thresholds(parsed.thresholds),
        cache_dir=(path.parent / parsed.cache.dir).resolve() if parsed.cache else None,
        times=parsed.times,
    )


def _basket(parsed: TerritoryToml, path: Path, faults: list[Fault]) -> Basket | None:
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
    faults += [unknown_key(path, f"assumptions.{key}", key, list(known)) for key in unknown]
    given = {key: value for key, value in raw.items() if key in known}
    try:
        return Assumptions(**{key: _cast(key, value, known) for key, value in given.items()})
    except (TypeError, ValueError) as error:
        column, _, message = str(error).partition(": ")
        expected, _, found = message.partition(", found ")
        expected = expected.removeprefix("expected ") or "a valid value"
        faults.append(Fault(str(path), expected, found or message, column=f"assumptions.{column}"))
        return None


def _choices_of_profile(parsed: TerritoryToml) -> dict[str, Any]:
    """Nobody walks to the road at the speed of a car: the default is the traveller's own."""
    for section in parsed.roads:
        if section.profile != "drive":
            return {"access_speed_kmh": ACCESS_SPEED_KMH[section.profile]}
    return {}


def _cast(key: str, value: Any, known: dict[str, Any]) -> Any:  # noqa: ANN401 (TOML values)
    default = known[key]
    if isinstance(default, dict):
        # A territory names the speeds it changes and keeps the others.
        if not isinstance(value, dict) or not all(_is_number(item) for item in value.values()):
            message = f"{key}: expected a table of numbers, found {value!r}"
            raise TypeError(message)
        return {**default, **{name: float(item) for name, item in value.items()}}
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            message = f"{key}: expected a list of names, found {value!r}"
            raise TypeError(message)
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


def _weighted(basket: Basket, frequency: dict[str, float]) -> Basket:
    services = tuple(
        dataclasses.replace(service, frequency=frequency.get(service.id, service.frequency))
        for service in basket.services
    )
    return dataclasses.replace(basket, services=services)


def _thresholds(given: dict[str, float]) -> dict[str, float]:
    minutes = {key.removesuffix("_min"): float(value) for key, value in given.items()}
    return {"basket": DEFAULT_BASKET_ZONE_MIN} | minutes
