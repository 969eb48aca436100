"""From a section of the territory file to a call of its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.communes import (
    read_arrondissements,
    read_chefs_lieux,
    read_communes,
    read_passage,
)
from sdaasp_geo.sources.france_services import read_france_services
from sdaasp_geo.sources.laposte import read_laposte
from sdaasp_geo.sources.lines import read_lines
from sdaasp_geo.sources.operators import read_operators
from sdaasp_geo.sources.origins import read_points_of_origin
from sdaasp_geo.sources.osm_pbf import read_osm_pbf

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd
    import pandas as pd
    import shapely

    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Reading
    from sdaasp_geo.territory import (
        FacilitiesSection,
        Layer,
        RoadsSection,
        SitesSection,
        Territory,
    )

    Geo = Reading[gpd.GeoDataFrame]


def communes(territory: Territory) -> Geo:
    """Communes with their chefs-lieux; at least one must be of the département."""
    section = territory.communes
    chefs_lieux = None
    if section.chefs_lieux is not None:
        inner = section.chefs_lieux
        path = territory.resolve(inner.path)
        chefs_lieux = read_chefs_lieux(
            path, crs=territory.crs, columns=inner.columns, layer=inner.layer
        )
    path = territory.resolve(section.path)
    reading = read_communes(
        path,
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        chefs_lieux=chefs_lieux,
    )
    known = sorted(set(reading.table["departement"]))
    if territory.departement not in known:
        expected = f"communes of the département {territory.departement!r}"
        cause = "another département's file, or the wrong column for `departement`"
        found = f"only those of {', '.join(known[:10])}"
        raise InputError([Fault(path.name, expected, found, cause, column="departement")])
    return reading


def arrondissements(territory: Territory, section: Layer) -> Geo:
    """Municipal arrondissements."""
    path = territory.resolve(section.path)
    return read_arrondissements(
        path, crs=territory.crs, columns=section.columns, layer=section.layer
    )


def passage(territory: Territory, section: Layer) -> Reading[pd.DataFrame]:
    """Codes of older years."""
    return read_passage(territory.resolve(section.path), columns=section.columns)


def origins(territory: Territory, places: Places) -> Geo:
    """Squares or points that people start from."""
    section = territory.origins
    return read_points_of_origin(
        territory.resolve(section.path or ""),
        crs=territory.crs,
        layer=section.layer,
        columns=section.columns,
        places=places,
        departement=territory.departement,
    )


def facilities(
    territory: Territory, section: FacilitiesSection, places: Places, area: shapely.Geometry
) -> Geo:
    """One file of places that offer services."""
    readers: dict[str, Callable[..., Geo]] = {
        "bpe": _bpe,
        "bpe_counts": _bpe_counts,
        "operators": _operators,
        "laposte": _laposte,
    }
    return readers[section.source](territory, section, places, area)


def sites(
    territory: Territory, section: SitesSection, places: Places, area: shapely.Geometry
) -> Geo:
    """One list of France Services."""
    return read_france_services(
        territory.resolve(section.path),
        places=places,
        area=area,
        vintage=section.vintage,
        departement=territory.departement,
        assumptions=territory.assumptions,
    )


def roads(territory: Territory, section: RoadsSection, area: shapely.Geometry) -> Geo:
    """One file of roads."""
    path = territory.resolve(section.path)
    if section.format == "osm_pbf":
        return read_osm_pbf(
            path,
            crs=territory.crs,
            area=area,
            implicit_limit_kmh=territory.assumptions.implicit_limit_kmh,
            length_factor=section.length_factor,
        )
    return read_lines(
        path,
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        length_factor=section.length_factor,
        area=area,
    )


def _bpe(
    territory: Territory, section: FacilitiesSection, places: Places, area: shapely.Geometry
) -> Geo:
    return read_bpe(
        territory.resolve(section.path),
        places=places,
        basket=territory.basket,
        area=area,
        crs=territory.crs,
        vintage=section.vintage,
    )


def _bpe_counts(
    territory: Territory, section: FacilitiesSection, places: Places, area: shapely.Geometry
) -> Geo:
    return read_bpe_counts(
        territory.resolve(section.path),
        places=places,
        basket=territory.basket,
        area=area,
        vintage=section.vintage,
    )


def _operators(
    territory: Territory, section: FacilitiesSection, places: Places, area: shapely.Geometry
) -> Geo:
    return read_operators(
        territory.resolve(section.path),
        places=places,
        basket=territory.basket,
        columns=section.columns,
        services=section.services,
        area=area,
        place_by=section.place_by,
        vintage=section.vintage,
    )


def _laposte(
    territory: Territory, section: FacilitiesSection, places: Places, area: shapely.Geometry
) -> Geo:
    return read_laposte(
        territory.resolve(section.path),
        places=places,
        basket=territory.basket,
        area=area,
        vintage=section.vintage,
    )
