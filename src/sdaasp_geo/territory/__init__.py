"""The territory file: the analyst's only configuration, read and checked."""

from sdaasp_geo.territory.reading import Territory, read_territory
from sdaasp_geo.territory.sections import (
    FacilitiesSection,
    Layer,
    LevelsSection,
    OriginsSection,
    PopulationsSection,
    RoadsSection,
    SitesSection,
    TimesSection,
)

__all__ = [
    "FacilitiesSection",
    "Layer",
    "LevelsSection",
    "OriginsSection",
    "PopulationsSection",
    "RoadsSection",
    "SitesSection",
    "Territory",
    "TimesSection",
    "read_territory",
]
