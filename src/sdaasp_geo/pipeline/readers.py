"""From a section of the territory file to a call of its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.arrondissements import read_arrondissements
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.chefs_lieux import read_chefs_lieux
from sdaasp_geo.sources.communes import read_communes
from sdaasp_geo.sources.france_services import read_france_services
from sdaasp_geo.sources.laposte import read_laposte
from sdaasp_geo.sources.lines import read_lines
from sdaasp_geo.sources.operators import OperatorForm, read_operators
from sdaasp_geo.sources.origins import read_points_of_origin
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.sources.passage import read_passage
from sdaasp_geo.tables.crs import departement_crs, scale_at

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from sdaasp_geo.sources.study import StudyArea
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

# Lambert-93 and the overseas systems stay within a thousandth.
_MOST_SCALE_ERROR = 0.01


def chefs_lieux(territory: Territory, section: Layer) -> Geo:
    """One point a commune."""
    path = territory.resolve(section.path)
    return read_chefs_lieux(path, crs=territory.crs, columns=section.columns, layer=section.layer)


def communes(territory: Territory, points: gpd.GeoDataFrame | None) -> Geo:
    """Communes with their chefs-lieux; at least one must be of the département."""
    section = territory.communes
    path = territory.resolve(section.path)
    reading = read_communes(
        path,
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        chefs_lieux=points,
    )
    known = sorted(set(reading.table["departement"]))
    if territory.departement not in known:
        expected = f"communes of the département {territory.departement!r}"
        cause = "another département's file, or the wrong column for `departement`"
        found = f"only those of {', '.join(known[:10])}"
        raise InputError([Fault(path.name, expected, found, cause, column="departement")])
    _check_scale(reading.table, territory)
    return reading


def _check_scale(table: gpd.GeoDataFrame, territory: Territory) -> None:
    west, south, east, north = table.total_bounds
    scale = scale_at(territory.crs, (west + east) / 2.0, (south + north) / 2.0)
    if abs(scale - 1.0) > _MOST_SCALE_ERROR:
        found = f"{territory.crs!r}, in which a metre of ground measures {scale:.2f} m"
        expected = (
            f"a CRS that keeps lengths here, such as {departement_crs(territory.departement)}"
        )
        cause = "a system for web maps, or for another part of the world"
        raise InputError([Fault(territory.path.name, expected, found, cause, column="crs")])


def arrondissements(
    territory: Territory, section: Layer, communes_table: gpd.GeoDataFrame | None
) -> Geo:
    """Municipal arrondissements."""
    reading = read_arrondissements(
        territory.resolve(section.path),
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        communes=communes_table,
    )
    twice = reading.table.loc[reading.table["arrondissement"].isin(_codes(communes_table))]
    if len(twice):
        codes = ", ".join(twice["arrondissement"])
        fault = Fault(
            territory.resolve(section.path).name,
            "codes of arrondissements alone",
            f"{codes}, which the communes layer has too",
            "a layer that holds the cities as well",
            column=section.columns.get("arrondissement"),
        )
        raise InputError([fault])
    return reading


def _codes(communes_table: gpd.GeoDataFrame | None) -> set[str]:
    return set() if communes_table is None else set(communes_table["commune"])


def passage(territory: Territory, section: Layer) -> Reading[pd.DataFrame]:
    """Codes of older years."""
    return read_passage(territory.resolve(section.path), columns=section.columns)


def origins(territory: Territory, places: Places) -> Geo:
    """Squares or points that people start from."""
    section = territory.origins
    return read_points_of_origin(
        territory.resolve(section.path or ""),
        places=places,
        departement=territory.departement,
        columns=section.columns,
        layer=section.layer,
        size_m=section.size_m,
    )


def facilities(territory: Territory, section: FacilitiesSection, study: StudyArea) -> Geo:
    """One file of places that offer services."""
    path = territory.resolve(section.path)
    shared: dict[str, Any] = {
        "study": study,
        "basket": territory.basket,
        "vintage": section.vintage,
    }
    if section.source == "bpe":
        return read_bpe(path, place_by=section.place_by, **shared)
    if section.source == "bpe_counts":
        return read_bpe_counts(path, **shared)
    if section.source == "laposte":
        return read_laposte(path, place_by=section.place_by, **shared)
    form = OperatorForm(section.columns, section.services, section.place_by, section.separator)
    return read_operators(path, form=form, **shared)


def sites(territory: Territory, section: SitesSection, study: StudyArea) -> Geo:
    """One list of France Services."""
    path = territory.resolve(section.path)
    return read_france_services(path, study=study, vintage=section.vintage)


def roads(territory: Territory, section: RoadsSection, area: shapely.Geometry | None) -> Geo:
    """One file of roads."""
    path = territory.resolve(section.path)
    if section.format == "osm_pbf":
        return read_osm_pbf(
            path,
            crs=territory.crs,
            area=area,
            implicit_limit_kmh=territory.assumptions.implicit_limit_kmh,
            length_factor=section.length_factor,
            junctions=territory.assumptions.charges_junctions,
        )
    return read_lines(
        path,
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        length_factor=section.length_factor,
        area=area,
        implicit_limit_kmh=territory.assumptions.implicit_limit_kmh,
        junctions=territory.assumptions.charges_junctions,
    )
