"""Dashboards as data: indicators with their start, intermediate and target values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.bouquets import reception_levels, unknown
from sdaasp_geo.scenarios.criteria_file import key_faults, load_toml, shipped, twice

if TYPE_CHECKING:
    from pathlib import Path

_PREFIX = "dashboard-"
# What each measure asks for beside it.
_NEEDS = {
    "facilities": "service",
    "mean_min": "item",
    "criterion": "criterion",
    "criterion_left_out": "criterion",
}

Measure = Literal[
    "sites",
    "facilities",
    "mean_min",
    "criterion",
    "criterion_left_out",
    "remote_communes",
    "remote_population",
    "remote_population_share",
    "given",
]


class Indicator(BaseModel):
    """One indicator of a dashboard.

    Parameters
    ----------
    id, label, unit
        Stable name, French name, and what it counts.
    measure
        ``sites``: sites of `kinds` in the département; ``facilities``: facilities of
        `service` there; ``mean_min``: mean minutes to `item` (a service, a gamme or
        ``basket``); ``criterion``: share of the inhabitants who meet `criterion`, and
        ``criterion_left_out`` how many do not; ``remote_communes remote_population
        remote_population_share``: of the diagnostic; ``given``: told by the caller.
    kinds, formats, service, item, criterion
        What the measure is of.
    start, intermediate, target
        Values at the outset, halfway and wanted; the first two may be unknown.
    better
        ``higher`` or ``lower``; follows from start and target where both are told.
    source, unverified
        Where it comes from; whether that is not confirmed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    label: str
    unit: str = ""
    measure: Measure
    kinds: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    service: str | None = None
    item: str | None = None
    criterion: str | None = None
    start: float | None = Field(default=None, allow_inf_nan=False)
    intermediate: float | None = Field(default=None, allow_inf_nan=False)
    target: float = Field(allow_inf_nan=False)
    better: Literal["higher", "lower"] | None = None
    source: str = ""
    unverified: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        need = _NEEDS.get(self.measure)
        if need is not None and getattr(self, need) is None:
            message = f"{need} beside measure = {self.measure!r}"
            raise ValueError(message)
        told = [self.start, self.intermediate, self.target]
        if self.better is None and (self.start is None or self.start == self.target):
            message = "better = 'higher' or 'lower' where start does not tell"
            raise ValueError(message)
        values = [self.sign * value for value in told if value is not None]
        if values != sorted(values):
            message = "start, intermediate and target in one direction"
            raise ValueError(message)
        return self

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        if self.better is not None:
            return 1.0 if self.better == "higher" else -1.0
        start = math.nan if self.start is None else self.start
        return 1.0 if self.target > start else -1.0


class _BoardToml(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    label: str
    source: str
    indicators: tuple[Indicator, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Board:
    """Indicators of one dashboard.

    Parameters
    ----------
    name, label, source
        Stable name, French name, where it comes from.
    indicators
        In their order.

    Examples
    --------
    >>> msap = load_board("charente").indicators[0]
    >>> msap.start, msap.intermediate, msap.target
    (2.0, 15.0, 20.0)
    """

    name: str
    label: str
    source: str
    indicators: tuple[Indicator, ...]


def shipped_boards() -> list[str]:
    """Names of the dashboards that come with the library.

    Examples
    --------
    >>> shipped_boards()
    ['charente']
    """
    return shipped(_PREFIX)


def load_board(name: str | Path) -> Board:
    """Load a shipped dashboard by its name, or one's own from a TOML file.

    Parameters
    ----------
    name
        A name of :func:`shipped_boards`, or the path of a TOML file: ``name label
        source`` and ``[[indicators]]`` with the keys of :class:`Indicator`.

    Raises
    ------
    InputError
        If there is no such dashboard, or the file has an unknown key or kind of site,
        values out of order, or one id twice; all faults at once.
    """
    raw, file = load_toml(name, _PREFIX, "dashboards")
    try:
        read = _BoardToml.model_validate(raw)
    except ValidationError as error:
        raise InputError(key_faults(error, file, (_BoardToml, Indicator))) from error
    faults: list[Fault] = twice([item.id for item in read.indicators], file, "indicators.id")
    kinds = reception_levels()
    faults += [
        unknown(file, "kind of site", kind, kinds, column=f"indicators[{number}].kinds")
        for number, item in enumerate(read.indicators, 1)
        for kind in item.kinds
        if kind not in kinds
    ]
    if faults:
        raise InputError(faults)
    return Board(read.name, read.label, read.source, read.indicators)
