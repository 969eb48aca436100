"""The sections of a territory file, as pydantic reads them: keys, types, ranges."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

FacilitySource = Literal[
    "bpe", "bpe_counts", "laposte", "annuaire", "finess", "france_travail", "operators", "osm"
]
SiteSource = Literal["france_services", "annuaire", "sites"]
RoadFormat = Literal["lines", "osm_pbf", "bdtopo", "route500", "graphml"]
RoadProfile = Literal["drive", "foot", "bike"]


class Section(BaseModel):
    """What all sections share: unknown keys are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Layer(Section):
    """A file, the layer in it and the names of its columns."""

    path: str
    layer: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)


class PopulationsSection(Section):
    """Inhabitants by commune, for a layer without any."""

    path: str
    columns: dict[str, str] = Field(default_factory=dict)
    year: int | None = Field(default=None, ge=1800, le=2100)


class File(Section):
    """A file whose columns are always the same."""

    path: str


class CommunesSection(Layer):
    """Communes, and what goes with them."""

    chefs_lieux: Layer | None = None
    arrondissements: Layer | None = None
    passage: Layer | None = None
    movements: File | None = None
    populations: PopulationsSection | None = None


class LevelsSection(Layer):
    """One file of groups of communes, or of areas that cut communes."""

    kind: Literal["communes", "areas"] = "communes"
    # It becomes part of a file name.
    level: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$", max_length=40)


class OriginsSection(Section):
    """Where people start from."""

    kind: Literal["chef_lieu", "squares", "points", "areas"] = "chef_lieu"
    path: str | None = None
    layer: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    size_m: float | None = Field(default=None, gt=0)
    # Of a raster: so many cells a side make one origin.
    merge: int = Field(default=1, ge=1)


class RoadsSection(Layer):
    """One file of roads."""

    format: RoadFormat
    # Who travels; lines and graphs were drawn for somebody already.
    profile: RoadProfile = "drive"
    length_factor: float = Field(default=1.0, gt=0)


class TimesSection(Section):
    """Times that somebody has computed, in place of roads and facilities."""

    source: Literal["insee"]
    path: str
    vintage: int | str | None = None


class FacilitiesSection(Layer):
    """One file of places that offer services."""

    source: FacilitySource
    vintage: int | str | None = None
    services: dict[str, str] = Field(default_factory=dict)
    # Services that another file gives: no place of theirs is taken from this one.
    without: list[str] = Field(default_factory=list)
    place_by: Literal["position", "commune"] = "position"
    separator: str | None = None
    # The service of every row, where the file has no column of services.
    service: str | None = None


class SitesSection(Layer):
    """One file of France Services or MSAP."""

    source: SiteSource
    vintage: int | str | None = None
    place_by: Literal["position", "commune"] = "position"
    separator: str | None = None


class BasketSection(Section):
    """Which basket, and the weights of a mean by frequency of use."""

    name: str = "sdaasp-29"
    frequency: dict[str, float] = Field(default_factory=dict)


class CacheSection(Section):
    """Where built networks are kept."""

    dir: str


class TerritoryToml(Section):
    """The whole file."""

    name: str
    departement: str
    crs: str | None = None
    buffer_km: float = Field(default=35.0, ge=0, le=1000)
    fictional: bool = False
    communes: CommunesSection
    origins: OriginsSection = OriginsSection()
    # Either times that a file tells, or roads and facilities to measure them on.
    times: TimesSection | None = None
    roads: list[RoadsSection] = Field(default_factory=list)
    facilities: list[FacilitiesSection] = Field(default_factory=list)
    sites: list[SitesSection] = Field(default_factory=list)
    levels: list[LevelsSection] = Field(default_factory=list)
    basket: BasketSection = BasketSection()
    assumptions: dict[str, Any] = Field(default_factory=dict)
    thresholds: dict[str, float] = Field(default_factory=dict)
    cache: CacheSection | None = None
