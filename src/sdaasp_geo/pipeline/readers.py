"""From a section of the territory file to a call of its reader."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.areas import QPV, read_areas, read_peopled_areas
from sdaasp_geo.sources.arrondissements import read_arrondissements
from sdaasp_geo.sources.bdtopo import read_bdtopo
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.chefs_lieux import read_chefs_lieux
from sdaasp_geo.sources.cog import read_cog_movements
from sdaasp_geo.sources.communes import read_communes
from sdaasp_geo.sources.dila import read_annuaire
from sdaasp_geo.sources.facilities import NO_SERVICE
from sdaasp_geo.sources.filosofi import is_filosofi, read_filosofi
from sdaasp_geo.sources.finess import read_finess
from sdaasp_geo.sources.france_services import read_france_services
from sdaasp_geo.sources.france_travail import read_france_travail
from sdaasp_geo.sources.graphml import read_graphml
from sdaasp_geo.sources.insee_access import PublishedTimes, read_insee_access_times
from sdaasp_geo.sources.laposte import read_laposte
from sdaasp_geo.sources.levels import read_levels
from sdaasp_geo.sources.lines import read_lines
from sdaasp_geo.sources.operators import OperatorForm, read_operators
from sdaasp_geo.sources.origins import read_points_of_origin
from sdaasp_geo.sources.osm_facilities import read_osm_facilities
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.sources.passage import read_passage
from sdaasp_geo.sources.population_raster import is_raster, read_population_raster
from sdaasp_geo.sources.populations import read_populations
from sdaasp_geo.sources.route500 import read_route500
from sdaasp_geo.sources.sites import read_annuaire_sites, read_sites
from sdaasp_geo.tables.area_origins import area_origins
from sdaasp_geo.tables.crs import departement_crs, scale_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import geopandas as gpd
    import pandas as pd
    import shapely

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.study import StudyArea
    from sdaasp_geo.tables.inhabitants import Inhabitants
    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Reading
    from sdaasp_geo.territory import (
        FacilitiesSection,
        Layer,
        LevelsSection,
        PopulationsSection,
        RoadsSection,
        SitesSection,
        Territory,
        TimesSection,
    )

    Geo = Reading[gpd.GeoDataFrame]

# Registers whose kinds are services by themselves, or as the territory file says.
_DIRECTORIES: dict[str, Callable[..., Geo]] = {
    "annuaire": read_annuaire,
    "finess": read_finess,
    "france_travail": read_france_travail,
}
# Above these a walker or a cyclist would be a car.
_MOST_KMH = {"foot": 8.0, "bike": 30.0}
LEFT_TO_ANOTHER = "a service that another file gives (without)"
# Lambert-93 and the overseas systems stay within a thousandth.
_MOST_SCALE_ERROR = 0.01


def chefs_lieux(territory: Territory, section: Layer) -> Geo:
    """One point a commune."""
    path = territory.resolve(section.path)
    return read_chefs_lieux(path, crs=territory.crs, columns=section.columns, layer=section.layer)


def movements(territory: Territory, path: str) -> Reading[pd.DataFrame]:
    """Read what happened to the communes since 1943."""
    return read_cog_movements(territory.resolve(path))


def populations(territory: Territory, section: PopulationsSection) -> Reading[pd.DataFrame]:
    """Inhabitants by commune."""
    path = territory.resolve(section.path)
    return read_populations(path, year=section.year, columns=section.columns)


def levels(territory: Territory, section: LevelsSection, places: Places) -> Reading[pd.DataFrame]:
    """Read groups of communes, by the codes of the communes' layer."""
    return read_levels(
        territory.resolve(section.path),
        level=section.level,
        columns=section.columns,
        layer=section.layer,
        places=places,
    )


def times(territory: Territory, section: TimesSection, places: Places) -> PublishedTimes:
    """Read the times that somebody has computed, and their origins."""
    return read_insee_access_times(
        territory.resolve(section.path),
        basket=territory.basket,
        places=places,
        departement=territory.departement,
    )


def areas(territory: Territory, section: LevelsSection, places: Places) -> Geo:
    """Areas of the département that cut communes."""
    return read_areas(
        territory.resolve(section.path),
        crs=territory.crs,
        level=section.level or QPV,
        columns=section.columns,
        layer=section.layer,
        area=places.study_area(territory.departement, 0.0),
    )


def communes(
    territory: Territory, points: gpd.GeoDataFrame | None, people: Inhabitants | None = None
) -> Geo:
    """Communes with their chefs-lieux; at least one must be of the département."""
    section = territory.communes
    path = territory.resolve(section.path)
    reading = read_communes(
        path,
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        chefs_lieux=points,
        inhabitants=people,
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
    territory: Territory,
    section: Layer,
    communes_table: gpd.GeoDataFrame | None,
    people: Inhabitants | None = None,
) -> Geo:
    """Municipal arrondissements."""
    reading = read_arrondissements(
        territory.resolve(section.path),
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        communes=communes_table,
        inhabitants=people,
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
    if section.kind == "areas":
        return _areas_of_origin(territory, places)
    path = territory.resolve(section.path or "")
    shared: dict[str, Any] = {"places": places, "departement": territory.departement}
    if is_raster(path):
        return read_population_raster(path, merge=section.merge, **shared)
    # Named columns say that the file is another's, whatever it looks like.
    if not section.columns and is_filosofi(path):
        return read_filosofi(path, layer=section.layer, **shared)
    if section.kind == "squares" and section.size_m is None:
        expected = "the side of the squares in metres"
        cause = "a file that does not tell it, as Filosofi's and rasters do"
        where = territory.path.name
        raise InputError([Fault(where, expected, "no such key", cause, column="origins.size_m")])
    return read_points_of_origin(
        path, columns=section.columns, layer=section.layer, size_m=section.size_m, **shared
    )


def _areas_of_origin(territory: Territory, places: Places) -> Geo:
    """Areas whose inhabitants are told, and the rest of their communes."""
    section = territory.origins
    reading = read_peopled_areas(
        territory.resolve(section.path or ""),
        crs=territory.crs,
        columns=section.columns,
        layer=section.layer,
        area=places.study_area(territory.departement, 0.0),
    )
    table = area_origins(reading.table, places, territory.departement)
    return dataclasses.replace(reading, table=table)


def facilities(territory: Territory, section: FacilitiesSection, study: StudyArea) -> Geo:
    """One file of places that offer services."""
    reading = _places_of_service(territory, section, study)
    # The basket asks for these codes, but not in this file: that is no code of nobody's.
    left = [item for item in territory.basket.services if item.id in section.without]
    codes = {code for item in left for code in (*item.bpe, *item.annuaire, *item.finess)}
    elsewhere = reading.unused["code"].isin(codes) & (reading.unused["reason"] == NO_SERVICE)
    told = reading.unused["reason"].mask(elsewhere, LEFT_TO_ANOTHER)
    return dataclasses.replace(reading, unused=reading.unused.assign(reason=told))


def _places_of_service(territory: Territory, section: FacilitiesSection, study: StudyArea) -> Geo:
    path = territory.resolve(section.path)
    shared: dict[str, Any] = {
        "study": study,
        "basket": _without(territory.basket, section.without),
        "vintage": section.vintage,
    }
    if section.source == "bpe":
        return read_bpe(path, place_by=section.place_by, **shared)
    if section.source == "bpe_counts":
        return read_bpe_counts(path, **shared)
    if section.source == "laposte":
        return read_laposte(path, place_by=section.place_by, **shared)
    if section.source == "osm":
        return read_osm_facilities(path, services=section.services, **shared)
    if section.source in _DIRECTORIES:
        reader = _DIRECTORIES[section.source]
        return reader(path, services=section.services, place_by=section.place_by, **shared)
    form = OperatorForm(
        section.columns,
        section.services,
        section.place_by,
        section.separator,
        section.service,
    )
    return read_operators(path, form=form, **shared)


def _without(basket: Basket, services: Sequence[str]) -> Basket:
    """Leave out services that another file gives."""
    kept = tuple(service for service in basket.services if service.id not in services)
    return dataclasses.replace(basket, services=kept)


def sites(territory: Territory, section: SitesSection, study: StudyArea) -> Geo:
    """One list of France Services."""
    path = territory.resolve(section.path)
    if section.source == "annuaire":
        return read_annuaire_sites(path, study=study, vintage=section.vintage)
    if section.source == "sites":
        return read_sites(
            path,
            study=study,
            columns=section.columns,
            separator=section.separator,
            place_by=section.place_by,
            vintage=section.vintage,
        )
    return read_france_services(path, study=study, vintage=section.vintage)


def roads(territory: Territory, section: RoadsSection, area: shapely.Geometry | None) -> Geo:
    """One file of roads."""
    path = territory.resolve(section.path)
    shared: dict[str, Any] = {
        "crs": territory.crs,
        "area": area,
        "length_factor": section.length_factor,
        "junctions": territory.assumptions.charges_junctions,
    }
    if section.format == "bdtopo":
        return read_bdtopo(path, layer=section.layer, **shared)
    if section.format == "route500":
        return read_route500(path, layer=section.layer, **shared)
    shared["implicit_limit_kmh"] = territory.assumptions.implicit_limit_kmh
    if section.format == "osm_pbf":
        return read_osm_pbf(path, profile=section.profile, **shared)
    if section.format == "graphml":
        reading = read_graphml(path, **shared)
    else:
        reading = read_lines(path, columns=section.columns, layer=section.layer, **shared)
    if faults := _speed_faults(reading.table, territory, path.name):
        raise InputError(faults)
    return reading


def _speed_faults(roads: gpd.GeoDataFrame, territory: Territory, file: str) -> list[Fault]:
    """Refuse roads on which walkers or cyclists would go as fast as cars."""
    most_kmh = _MOST_KMH.get(territory.profile)
    if most_kmh is None:
        return []
    untold = roads["duration_min"].isna()
    speeds = territory.assumptions.speed_kmh
    classes = {
        name: speeds[name]
        for name in sorted(set(roads.loc[untold & roads["posted_kmh"].isna(), "road_class"]))
        if name != "ferry" and speeds.get(name, 0.0) > most_kmh
    }
    posted = untold & (roads["posted_kmh"] * territory.assumptions.posted_speed_factor > most_kmh)
    found = [f"{name} at {kmh:g} km/h" for name, kmh in classes.items()]
    if posted.any():
        found.append(f"{int(posted.sum())} roads at the limit posted for cars")
    if not found:
        return []
    expected = f"roads on which the profile {territory.profile!r} goes at most {most_kmh:g} km/h"
    cause = "roads for cars: name classes of this profile, or give speeds in assumptions.speed_kmh"
    return [Fault(file, expected, ", ".join(found), cause, column="road_class")]
