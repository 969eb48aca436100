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
    "read_territory",
]
