"""Criteria of the schémas as data: what must lie within how many minutes of whom."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.bouquets import (
    load_bouquet,
    operator_of,
    operators,
    reception_levels,
    unknown,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

TARGETS = ("service", "operator", "bouquet", "sites", "level", "gamme", "basket")
# A bouquet, a gamme or the basket is many places: none of them stands in one canton.
PLACES = ("service", "operator", "sites", "level")
_SUFFIX = ".toml"


class Criterion(BaseModel):
    """One thing that a schéma asks for.

    Exactly one target: `service`, `operator`, `bouquet`, `sites`, `level`, `gamme` or
    `basket`; and a time (`within_min`), a place in each area (`one_per`), or both.

    Parameters
    ----------
    id, label
        Stable name (``a-z 0-9 _``) and French name.
    service
        Id of a service of the basket, or of the facilities handed over beside it.
    operator
        Id of an operator: the service that its desk stands for.
    bouquet
        Name of a bouquet: every one of its services within the time.
    sites
        Kinds of sites (``france_services``, ``msap`` …), the nearest of them; ``any`` for
        all of them.
    level
        Level of reception: the nearest site of a kind of that level.
    gamme, basket
        A gamme of the basket, or the whole of it.
    measure
        For a gamme or the basket: their ``mean`` as the diagnostic makes it, or
        ``each`` of their services within the time.
    formats
        For sites: only those of these formats (``Fixe``); all if empty.
    within_min
        Minutes that nobody should exceed; a time equal to it meets the criterion.
    share
        Share of the inhabitants wanted, above 0 and at most 1.
    one_per
        Level of which each area should hold a place: a column of the communes
        (``epci``) or a name of the mappings handed over (``canton`` …).
    by
        Level at which the share is told besides, and must be reached in each area.
    outside_basket
        Whether `service` is known to be in no shipped basket: without facilities the
        criterion then cannot be measured, and says so.
    source, unverified, note
        Where it comes from; whether that is not confirmed; what should be known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    label: str
    service: str | None = None
    operator: str | None = None
    bouquet: str | None = None
    sites: tuple[str, ...] | None = Field(default=None, min_length=1)
    level: int | None = Field(default=None, ge=1, le=3)
    gamme: str | None = None
    basket: Literal[True] | None = None
    measure: Literal["mean", "each"] = "mean"
    formats: tuple[str, ...] = ()
    within_min: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    share: float = Field(default=1.0, gt=0, le=1)
    one_per: str | None = None
    by: str | None = None
    outside_basket: bool = False
    source: str = ""
    unverified: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        told = [name for name in TARGETS if getattr(self, name) is not None]
        if len(told) != 1:
            message = f"exactly one of {', '.join(TARGETS)} (found {', '.join(told) or 'none'})"
            raise ValueError(message)
        if self.within_min is None and self.one_per is None:
            message = "within_min, one_per or both"
            raise ValueError(message)
        if self.one_per is not None and self.target not in PLACES:
            message = f"one_per beside {', '.join(PLACES)} (found {self.target})"
            raise ValueError(message)
        if self.one_per is not None and self.by not in {None, self.one_per}:
            message = "one level: one_per or by"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _nothing_ignored(self) -> Self:
        """Refuse what would say nothing beside this target."""
        beside = {
            "formats": (bool(self.formats), ("sites", "level")),
            "measure": (self.measure == "each", ("gamme", "basket")),
            "outside_basket": (self.outside_basket, ("service",)),
        }
        for key, (told, targets) in beside.items():
            if told and self.target not in targets:
                message = f"{key} beside {' or '.join(targets)} (found {self.target})"
                raise ValueError(message)
        return self

    @property
    def level_of_areas(self) -> str | None:
        """Which areas it is judged in, if any."""
        return self.one_per or self.by

    @property
    def target(self) -> str:
        """Which kind of target it has."""
        return next(name for name in TARGETS if getattr(self, name) is not None)


class _SetToml(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    label: str
    source: str
    unverified: bool = False
    criteria: tuple[Criterion, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Criteria:
    """A set of criteria.

    Parameters
    ----------
    name, label, source
        Stable name, French name, where it comes from.
    unverified
        Whether no publication at hand confirmed the set as a whole.
    criteria
        The criteria, in their order.

    Examples
    --------
    >>> [item.id for item in load_criteria("charente").criteria]
    ['caf_20_min', 'cpam_30_min', 'msap_bassin_de_vie']
    """

    name: str
    label: str
    source: str
    unverified: bool
    criteria: tuple[Criterion, ...]


def shipped_criteria() -> list[str]:
    """Names of the sets of criteria that come with the library.

    Examples
    --------
    >>> "france_services" in shipped_criteria()
    True
    """
    return shipped("criteria-")


def load_criteria(name: str | Path) -> Criteria:
    """Load a shipped set of criteria by its name, or one's own from a TOML file.

    Parameters
    ----------
    name
        A name of :func:`shipped_criteria`, or the path of a TOML file: ``name label
        source`` and ``[[criteria]]`` with the keys of :class:`Criterion`.

    Raises
    ------
    InputError
        If there is no such set, or the file has an unknown key, operator, bouquet or
        kind of site, two targets for one criterion, or one id twice; all faults at once.
    """
    raw, file = load_toml(name, "criteria-", "criteria")
    try:
        read = _SetToml.model_validate(raw)
    except ValidationError as error:
        raise InputError(key_faults(error, file, (_SetToml, Criterion))) from error
    asked = tuple(_located(item, Path(file).parent) for item in read.criteria)
    if faults := name_faults(asked, file):
        raise InputError(faults)
    return Criteria(read.name, read.label, read.source, read.unverified, asked)


def name_faults(criteria: Sequence[Criterion], file: str) -> list[Fault]:
    """Refuse ids told twice and names that the library itself must know.

    Services and gammes are looked up later, in the basket of a diagnostic.
    """
    faults = twice([item.id for item in criteria], file, "criteria.id")
    for number, item in enumerate(criteria, 1):
        faults += _name_faults(item, file, f"criteria[{number}]")
    return faults


def shipped(prefix: str) -> list[str]:
    """Names of the shipped files of one kind."""
    names = (item.name for item in _data().iterdir())
    return sorted(
        name.removeprefix(prefix).removesuffix(_SUFFIX)
        for name in names
        if name.startswith(prefix) and name.endswith(_SUFFIX)
    )


def load_toml(name: str | Path, prefix: str, what: str) -> tuple[dict[str, Any], str]:
    """Read a shipped TOML file by its name, or any by its path; and what messages call it."""
    if isinstance(name, Path) or str(name).endswith(_SUFFIX):
        path, file = Path(name), str(name)
        if not path.is_file():
            raise InputError([Fault(file, f"a file of {what}", "no such file")])
        text = path.read_bytes()
    else:
        if name not in shipped(prefix):
            raise InputError([unknown(what, f"set of {what}", name, shipped(prefix))])
        file = f"{prefix}{name}{_SUFFIX}"
        text = (_data() / file).read_bytes()
    try:
        return tomllib.loads(text.decode("utf-8-sig")), file
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        cause = "a quote or bracket, or a file that is not UTF-8"
        raise InputError([Fault(file, "TOML", str(error), cause)]) from error


def key_faults(
    error: ValidationError, file: str, models: tuple[type[BaseModel], type[BaseModel]]
) -> list[Fault]:
    """Faults of the keys of a file: those of the whole, and those of one of its entries."""
    return [_key_fault(item, file, models) for item in error.errors()]


def twice(ids: list[str], file: str, column: str) -> list[Fault]:
    """Refuse ids that occur more than once."""
    again = sorted({name for name in ids if ids.count(name) > 1})
    return [Fault(file, "each id once", repr(name), column=column) for name in again]


def _key_fault(
    item: Mapping[str, Any], file: str, models: tuple[type[BaseModel], type[BaseModel]]
) -> Fault:
    place = [part + 1 if isinstance(part, int) else part for part in item["loc"]]
    column = ".".join(str(part) for part in place)
    for number in (part for part in place if isinstance(part, int)):
        column = column.replace(f".{number}", f"[{number}]")
    if item["type"] == "extra_forbidden":
        known = models[0 if len(place) == 1 else 1].model_fields
        return unknown(file, "key", str(place[-1]), known, column=column)
    if item["type"] == "missing":
        return Fault(file, "this key", "no such key", column=column)
    expected = item["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    found = "" if isinstance(item["input"], dict) else repr(item["input"])
    return Fault(file, expected, found or "another entry", column=column)


def _located(item: Criterion, folder: Path) -> Criterion:
    """Take a bouquet's file from beside the criteria's own."""
    if item.bouquet is None or not item.bouquet.endswith(_SUFFIX):
        return item
    return item.model_copy(update={"bouquet": str(folder / item.bouquet)})


def _name_faults(item: Criterion, file: str, where: str) -> list[Fault]:
    faults = []
    if item.operator is not None and operator_of(item.operator) is None:
        column = f"{where}.operator"
        faults.append(unknown(file, "operator", item.operator, operators(), column=column))
    if item.bouquet is not None:
        try:
            load_bouquet(item.bouquet)
        except InputError as error:
            column = f"{where}.bouquet"
            faults += [
                Fault(file, fault.expected, fault.found, fault.cause, column=column)
                for fault in error.faults
            ]
    kinds = [*reception_levels(), "any"]
    return faults + [
        unknown(file, "kind of site", kind, kinds, column=f"{where}.sites")
        for kind in item.sites or ()
        if kind not in kinds
    ]


def _data() -> Traversable:
    return resources.files("sdaasp_geo.scenarios") / "data"
