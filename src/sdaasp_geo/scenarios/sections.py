"""The sections of a scenario file, as pydantic reads them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """What all sections share: unknown keys are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)


class PlaceSection(Section):
    """A place: a commune, or longitude and latitude, or x and y in the territory's CRS."""

    commune: str | None = None
    lon: float | None = None
    lat: float | None = None
    x: float | None = None
    y: float | None = None


class StopSection(PlaceSection):
    """One stop of an itinerant site."""

    name: str | None = None
    days_per_month: float | None = Field(default=None, gt=0, le=31)


class OpenSection(PlaceSection):
    """A site that opens."""

    name: str = Field(min_length=1)
    services: list[str] = Field(default_factory=list)
    bouquet: str | None = None
    operators: list[str] = Field(default_factory=list)
    format: str | None = None
    stops: list[StopSection] = Field(default_factory=list)
    hours_per_week: float | None = Field(default=None, gt=0, le=168)


class CloseSection(Section):
    """What closes."""

    facility: str | None = None
    service: str | None = None
    commune: str | None = None
    site: str | None = None
    count: int | None = Field(default=None, ge=1)


def _facility_alone(value: Any) -> Any:  # noqa: ANN401 (a TOML value)
    return {"facility": value} if isinstance(value, str) else value


def _commune_alone(value: Any) -> Any:  # noqa: ANN401 (a TOML value)
    return {"commune": value} if isinstance(value, str) else value


class MoveSection(Section):
    """What moves, and where to; a text alone is a facility, or a commune."""

    what: Annotated[CloseSection, BeforeValidator(_facility_alone)] = Field(alias="from")
    to: Annotated[PlaceSection, BeforeValidator(_commune_alone)]


class ConvertSection(Section):
    """An existing site and its new bouquet."""

    site: str
    to: str
    former: str | None = Field(default=None, alias="from")


class ScenarioToml(Section):
    """The whole file."""

    name: str = Field(min_length=1)
    open: list[OpenSection] = Field(default_factory=list)
    close: list[CloseSection] = Field(default_factory=list)
    move: list[MoveSection] = Field(default_factory=list)
    convert: list[ConvertSection] = Field(default_factory=list)
