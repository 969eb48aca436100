"""The road network of a territory: read and built once, then kept on disk."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sdaasp_geo.errors import Fault, InputError, NetworkError, StoredNetworkError
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.network.snapping import snap
from sdaasp_geo.pipeline import readers
from sdaasp_geo.pipeline.cache import hierarchy_path, network_path
from sdaasp_geo.tables.reading import NOTE_COLUMNS, UNUSED_COLUMNS, Notes, Reading
from sdaasp_geo.tables.same_roads import same_roads

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import shapely

    from sdaasp_geo.pipeline.gathering import Gathering
    from sdaasp_geo.territory import Territory

_LOG = logging.getLogger(__name__)

# Under this share of the nodes in the largest piece the lines do not make a network.
_LEAST_SHARE_IN_ONE_PIECE = 0.5


def territory_network(
    territory: Territory,
    area: shapely.Geometry | None,
    hashes: dict[str, str],
    gathering: Gathering,
) -> RoadNetwork | None:
    """Load the network from the cache, or read the roads, build it and keep it.

    Parameters
    ----------
    territory
        Its roads, assumptions and cache folder.
    area
        Roads outside it are left out.
    hashes
        SHA-256 of each input file, by its path in the territory file.
    gathering
        Takes the readings' notes and the faults.

    Returns
    -------
    RoadNetwork or None
        None where a fault was gathered.
    """
    path = network_path(territory, hashes)
    stored = None if path is None else (path, path.with_suffix(".notes.json"))
    if stored is not None:
        network = _load(stored, gathering)
        if network is not None:
            return gathering.attempt(lambda: _with_a_street(_shelved(network, path), territory))
    readings = [
        gathering.attempt(lambda s=section: readers.roads(territory, s, area))  # type: ignore[misc]
        for section in territory.roads
    ]
    whole = [reading for reading in readings if reading is not None]
    if len(whole) < len(readings):
        return None
    tables = [reading.table for reading in whole]
    built = gathering.attempt(lambda: _built(territory, tables))
    if built is None:
        return None
    names = [PurePath(section.path).name for section in territory.roads]
    twice = _noted(same_roads(tables, names))
    gathering.readings.append(twice)
    if stored is not None:
        _keep(built, [*whole, twice], stored)
    return gathering.attempt(lambda: _with_a_street(_shelved(built, path), territory))


def _noted(flags: pd.DataFrame) -> Reading[pd.DataFrame]:
    """Make a reading of no rows of what is told of several files together."""
    nothing = Notes("").close(pd.DataFrame(), 0)
    return dataclasses.replace(nothing, flags=flags)


def _shelved(network: RoadNetwork, path: Path | None) -> RoadNetwork:
    """Have a hierarchy kept beside the network, if one is ever built: see `routing.choice`."""
    return network.searched(kept_at=None if path is None else hierarchy_path(path))


def _with_a_street(network: RoadNetwork, territory: Territory) -> RoadNetwork:
    """Refuse a network on which no point could stand, under today's assumptions."""
    try:
        snap(network, np.empty(0, dtype=object), territory.assumptions)
    except NetworkError as error:
        raise InputError([Fault(_names(territory), "streets to stand on", str(error))]) from error
    return network


def _names(territory: Territory) -> str:
    return ", ".join(section.path for section in territory.roads)


def _built(territory: Territory, tables: list[gpd.GeoDataFrame]) -> RoadNetwork:
    roads = pd.concat(tables, ignore_index=True)
    names = _names(territory)
    try:
        network = RoadNetwork.from_roads(roads, territory.assumptions)
    except NetworkError as error:
        fault = Fault(names, "roads that make a network", str(error))
        raise InputError([fault]) from error
    whole = network.connectivity()
    if whole.largest_share < _LEAST_SHARE_IN_ONE_PIECE:
        found = (
            f"{whole.components} pieces, the largest with {whole.largest_share:.0%} "
            f"of the {whole.nodes} junctions"
        )
        cause = (
            "lines that are not cut at their junctions or do not share their end points, "
            "or one-way marks on every line"
        )
        raise InputError([Fault(names, "one road network", found, cause)])
    _LOG.info("the road network is built: %d junctions, %d pieces", whole.nodes, whole.components)
    return network


def _load(stored: tuple[Path, Path], gathering: Gathering) -> RoadNetwork | None:
    arrays, notes = stored
    if not arrays.is_file() or not notes.is_file():
        return None
    try:
        network = RoadNetwork.load(arrays)
        readings = _readings(json.loads(notes.read_text("utf-8")))
    except (StoredNetworkError, ValueError, KeyError, TypeError, AttributeError) as error:
        _LOG.warning("stored network %s is not usable and is built anew: %s", arrays.name, error)
        return None
    _LOG.info("the road network is taken from %s", arrays)
    gathering.readings += readings
    return network


def _keep(network: RoadNetwork, readings: list[Reading[Any]], stored: tuple[Path, Path]) -> None:
    """Store the network and what its readings said; a full disk costs time, not the result."""
    arrays, notes = stored
    try:
        arrays.parent.mkdir(parents=True, exist_ok=True)
        network.save(arrays)
        partial = notes.with_suffix(".partial")
        records = [_record(reading) for reading in readings]
        partial.write_text(json.dumps({"sha256": _digest(records), "readings": records}), "utf-8")
        partial.replace(notes)
    except OSError as error:
        _LOG.warning("the network could not be kept in %s: %s", arrays.parent, error)


def _readings(stored: dict[str, Any]) -> list[Reading[Any]]:
    records = stored["readings"]
    if stored["sha256"] != _digest(records):
        message = "the notes of its readings are damaged"
        raise ValueError(message)
    return [_reading(record) for record in records]


def _digest(records: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(records, sort_keys=True).encode()).hexdigest()


def _record(reading: Reading[Any]) -> dict[str, Any]:
    return {
        "rejects": reading.rejects.to_dict("list"),
        "flags": reading.flags.to_dict("list"),
        "unused": reading.unused.to_dict("list"),
        "rows_read": reading.rows_read,
    }


def _reading(record: dict[str, Any]) -> Reading[Any]:
    return Reading(
        table=pd.DataFrame(),
        rejects=pd.DataFrame(record["rejects"], columns=NOTE_COLUMNS),
        flags=pd.DataFrame(record["flags"], columns=NOTE_COLUMNS),
        unused=pd.DataFrame(record["unused"], columns=UNUSED_COLUMNS),
        rows_read=record["rows_read"],
    )
