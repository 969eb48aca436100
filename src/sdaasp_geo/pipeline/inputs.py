"""Read every input of a territory, and list every fault of all of them at once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

import geopandas as gpd
import pandas as pd

from sdaasp_geo.errors import Fault
from sdaasp_geo.pipeline import readers
from sdaasp_geo.pipeline.gathering import Gathering
from sdaasp_geo.pipeline.networks import territory_network
from sdaasp_geo.pipeline.progress import Progress, silent
from sdaasp_geo.pipeline.provenance import input_records
from sdaasp_geo.sources.insee_access import PUBLISHED_SIDE_M, told_to_every_origin
from sdaasp_geo.sources.study import StudyArea
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.inhabitants import Inhabitants
from sdaasp_geo.tables.levels import AREA_SHARES, COMMUNE_LEVELS, Levels, shares_in, with_epci
from sdaasp_geo.tables.origins import chef_lieu_origins, with_every_commune
from sdaasp_geo.tables.places import Places
from sdaasp_geo.tables.reading import FrameT, Reading, stack_notes, stack_unused
from sdaasp_geo.tables.same_places import same_places, told_apart
from sdaasp_geo.tables.schemas import FACILITIES, ORIGINS, SITES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandera.pandas as pa

    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.sources.insee_access import PublishedTimes
    from sdaasp_geo.territory import FacilitiesSection, Territory, TimesSection

    Geo = Reading[gpd.GeoDataFrame]

T = TypeVar("T")

_M2_PER_KM2 = 1e6


@dataclass(frozen=True)
class Inputs:
    """Everything a diagnostic needs, checked.

    Parameters
    ----------
    communes
        Every commune of the layer, those of the buffer included.
    places
        The communes and arrondissements by code.
    origins, facilities, sites
        As in :mod:`sdaasp_geo.tables.schemas`.
    squares_km2
        Area of the inhabited squares by unit; None where origins are no squares.
    network
        The roads; None where times are told and not measured.
    rejects, flags, unused
        Rows left out, doubtful rows, rows nobody asked for, of all files.
    records
        Path, hash and vintage of each file.
    levels
        What communes and origins belong to; None where the territory names no level.
    times
        Access-times table of a file that tells them; None where they are to be measured.
    """

    communes: gpd.GeoDataFrame
    places: Places
    origins: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    squares_km2: pd.Series | None
    network: RoadNetwork | None
    rejects: pd.DataFrame
    flags: pd.DataFrame
    unused: pd.DataFrame
    records: list[dict[str, Any]]
    levels: Levels | None = None
    times: pd.DataFrame | None = None


def read_inputs(territory: Territory, *, progress: Progress = silent) -> Inputs:
    """Read and check communes, origins, facilities, sites and roads.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    gathering = Gathering()
    steps = 3 + len(territory.facilities) + len(territory.sites)
    progress(0, steps, "communes")
    communes, places = _communes(territory, gathering)
    progress(1, steps, "points de départ")
    squares = published = None
    if territory.times is not None:
        published = _published(territory, territory.times, places, gathering)
    elif territory.origins.kind != "chef_lieu":
        squares = gathering.attempt(lambda: readers.origins(territory, places))
    # Without communes there is no area to keep to: the files are checked whole.
    area = None
    if communes is not None:
        area = places.study_area(territory.departement, territory.buffer_km)
    study = StudyArea(places, territory.departement, area, territory.assumptions)
    facilities, sites = [], []
    for number, section in enumerate(territory.facilities, start=2):
        progress(number, steps, section.path)
        facilities.append(
            gathering.attempt(lambda s=section: _named(territory, s, study))  # type: ignore[misc]
        )
    for number, site in enumerate(territory.sites, start=2 + len(facilities)):
        progress(number, steps, site.path)
        dated = _of_its_year(study, site.vintage)
        sites.append(gathering.attempt(lambda s=site, d=dated: readers.sites(territory, s, d)))  # type: ignore[misc]
    progress(steps - 1, steps, "routes")
    records = input_records(territory)
    network = None
    if territory.times is None:
        network = territory_network(territory, area, _hashes(records), gathering)
    groups, areas = _groups_and_areas(territory, places, gathering)
    whole = _stacked(facilities, FACILITIES, gathering, territory.crs)
    all_sites = _stacked(sites, SITES, gathering, territory.crs)
    gathering.faults += _repeated_files(records)
    gathering.close()
    given = squares.table if squares is not None else published.origins if published else None
    origins = _origins(territory, places, given)
    named = territory.origins.path or "origins"
    gathering.faults += schema_faults(origins, ORIGINS, file=named)
    gathering.close()
    progress(steps, steps, "")
    levels = _levels(territory, groups, areas, origins, _table(squares))
    table = _passed(communes).table
    return Inputs(
        communes=table if levels is None else with_epci(table, levels.communes),
        places=places,
        origins=origins,
        facilities=whole,
        sites=all_sites,
        squares_km2=_inhabited_km2(territory, squares),
        network=network,
        rejects=stack_notes(item.rejects for item in gathering.readings),
        flags=stack_notes(
            [
                *(item.flags for item in gathering.readings),
                same_places(whole, key="service"),
                same_places(all_sites),
            ]
        ),
        unused=stack_unused(item.unused for item in gathering.readings),
        records=records,
        levels=levels,
        times=None if published is None else told_to_every_origin(published, origins),
    )


def _of_its_year(study: StudyArea, vintage: int | str | None) -> StudyArea:
    """Take the codes of a file as the communes of its year had them."""
    return dataclasses.replace(study, places=study.places.at(vintage))


def _named(territory: Territory, section: FacilitiesSection, study: StudyArea) -> Geo:
    """Read a file of facilities; two of one name are told apart by their paths."""
    reading = readers.facilities(territory, section, _of_its_year(study, section.vintage))
    names = [PurePath(other.path).name for other in territory.facilities]
    if names.count(PurePath(section.path).name) < 2:
        return reading
    notes = ("table", "rejects", "flags", "unused")
    told = {name: getattr(reading, name).assign(source=section.path) for name in notes}
    return dataclasses.replace(reading, **told)


def _communes(territory: Territory, gathering: Gathering) -> tuple[Geo | None, Places]:
    section = territory.communes
    points = passage = divided = people = movements = None
    if (events := section.movements) is not None:
        movements = gathering.attempt(lambda: readers.movements(territory, events.path))
    if (counts := section.populations) is not None:
        read = gathering.attempt(lambda: readers.populations(territory, counts))
        if read is None:
            # Without its inhabitants every commune would look wrong.
            return None, Places.empty(territory.crs)
        people = Inhabitants(read.table, _table(movements))
    if (layer := section.chefs_lieux) is not None:
        points = gathering.attempt(lambda: readers.chefs_lieux(territory, layer))
    communes = gathering.attempt(lambda: readers.communes(territory, _table(points), people))
    if (parts := section.arrondissements) is not None:
        table = _table(communes)
        divided = gathering.attempt(
            lambda: readers.arrondissements(territory, parts, table, people)
        )
    if (codes := section.passage) is not None:
        passage = gathering.attempt(lambda: readers.passage(territory, codes))
    if communes is None:
        # The other files are still opened, so that all faults are told at once.
        return None, Places.empty(territory.crs)
    return communes, Places.from_tables(
        communes.table, _table(divided), _table(passage), _table(movements)
    )


def _groups_and_areas(
    territory: Territory, places: Places, gathering: Gathering
) -> tuple[list[pd.DataFrame], list[gpd.GeoDataFrame]]:
    groups: list[pd.DataFrame] = []
    areas: list[gpd.GeoDataFrame] = []
    seen: dict[str, str] = {}
    for section in territory.levels:
        read = readers.areas if section.kind == "areas" else readers.levels
        reading = gathering.attempt(lambda r=read, s=section: r(territory, s, places))  # type: ignore[misc]
        if reading is None:
            continue
        for level in sorted(set(reading.table["level"])):
            if level in seen:
                cause = f"{seen[level]} tells it too: name the level that each file is for"
                fault = Fault(section.path, "each level once", level, cause, column="level")
                gathering.faults.append(fault)
            seen[level] = section.path
        (areas if section.kind == "areas" else groups).append(reading.table)
    return groups, areas


def _levels(
    territory: Territory,
    groups: list[pd.DataFrame],
    areas: list[gpd.GeoDataFrame],
    origins: gpd.GeoDataFrame,
    squares: gpd.GeoDataFrame | None,
) -> Levels | None:
    if not territory.levels:
        return None
    size_m = territory.origins.size_m if territory.origins.kind == "squares" else None
    if territory.times is not None:
        size_m = PUBLISHED_SIDE_M
    parts = None
    if squares is not None and "part" in squares:
        parts = squares.set_index("origin")["part"]
    shares = [shares_in(origins, table, size_m=size_m, parts=parts) for table in areas]
    return Levels(_one(groups, COMMUNE_LEVELS), _one(shares, AREA_SHARES))


def _one(tables: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    return pd.concat(tables, ignore_index=True) if tables else empty


def _table(reading: Reading[FrameT] | None) -> FrameT | None:
    return None if reading is None else reading.table


def _repeated_files(records: list[dict[str, Any]]) -> list[Fault]:
    """Refuse a file of facilities that is there twice: each of its places would count twice."""
    first: dict[str, str] = {}
    faults = []
    for record in records:
        if record["role"] != "facilities":
            continue
        known = first.setdefault(record["sha256"], record["path"])
        if known != record["path"]:
            found = f"the same content as {known}"
            faults.append(Fault(record["path"], "each file of facilities once", found, "a copy"))
    return faults


def _hashes(records: list[dict[str, Any]]) -> dict[str, str]:
    return {record["path"]: record["sha256"] for record in records}


def _stacked(
    readings: Sequence[Geo | None], schema: pa.DataFrameSchema, gathering: Gathering, crs: str
) -> gpd.GeoDataFrame:
    tables = [reading.table for reading in readings if reading is not None]
    if schema is SITES:
        tables = told_apart(tables, "site")
    if not tables:
        columns = {name: pd.Series(dtype="str") for name in schema.columns if name != "geometry"}
        return gpd.GeoDataFrame(columns, geometry=[], crs=crs)
    whole = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), geometry="geometry", crs=crs)
    gathering.faults += schema_faults(whole, schema, file=f"the {schema.name} of all files")
    return whole


def _origins(
    territory: Territory, places: Places, given: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    if given is None:
        return chef_lieu_origins(places, territory.departement)
    return with_every_commune(given, places, territory.departement)


def _published(
    territory: Territory, section: TimesSection, places: Places, gathering: Gathering
) -> PublishedTimes | None:
    """Read the times that a file tells; without communes, only whether there is one."""
    if places.units.empty and territory.resolve(section.path).exists():
        return None
    published = gathering.attempt(lambda: readers.times(territory, section, places))
    if published is not None:
        gathering.readings.append(published.reading)
    return published


def _inhabited_km2(territory: Territory, squares: Geo | None) -> pd.Series | None:
    if squares is None or territory.origins.kind != "squares":
        return None
    inhabited = squares.table[squares.table["population"] > 0]
    by_unit = inhabited.groupby("unit")
    # A square that communes cut is there once for each: only its part lies in the unit.
    if "area_km2" in inhabited:
        return pd.Series(by_unit["area_km2"].sum())
    side_m = _passed(territory.origins.size_m)
    return pd.Series(by_unit.size() * (side_m**2 / _M2_PER_KM2))


def _passed(value: T | None) -> T:
    if value is None:  # pragma: no cover (its faults were raised)
        message = "a reader failed without telling a fault"
        raise AssertionError(message)
    return value
