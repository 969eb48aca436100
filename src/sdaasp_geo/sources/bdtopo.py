"""Roads of IGN's BD TOPO: the layer ``troncon_de_route``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdaasp_geo.sources.ign_roads import (
    Spelling,
    folded_column,
    read_ign_lines,
    without_closed,
)
from sdaasp_geo.sources.lines import LineForm, roads_of_lines
from sdaasp_geo.sources.text import to_numbers
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import geopandas as gpd
    import shapely

    from sdaasp_geo.tables.reading import Reading

# Names of the gpkg and of the WFS, then of the shapefiles (ten characters).
_SPELLING = Spelling(
    layers=("troncon_de_route",),
    required={
        "nature": ("nature",),
        "oneway": ("sens_de_circulation", "sens"),
    },
    optional={
        "importance": ("importance",),
        "speed_kmh": ("vitesse_moyenne_vl", "vit_moy_vl"),
        "access": ("acces_vehicule_leger", "acces_vl"),
        "state": ("etat_de_l_objet", "etat"),
    },
)

_NOT_FOR_CARS = ("chemin", "sentier", "escalier", "piste_cyclable")
_CLOSED = ("physiquement_impossible", "restreint_aux_ayants_droit")
_IN_SERVICE = ("", "en_service")

NOT_FOR_CARS = "not made for cars"
CLOSED = "closed to inhabitants' cars"
NOT_BUILT = "not in service"
NO_SPEED = "closed to cars: average speed 0"

# Class of a road by its importance, 1 (national) to 5, else 6 (the least): a choice of
# this library, which only roads without an average speed feel, and snapping.
_BY_IMPORTANCE = {
    "one": ("primary", "primary", "secondary", "tertiary", "unclassified", "service"),
    "two": ("trunk", "trunk", "primary", "secondary", "tertiary", "tertiary"),
    "link": ("motorway_link", "motorway_link", "primary_link", "secondary_link")
    + ("tertiary_link",) * 2,
    "motorway": ("motorway",) * 6,
    "stones": ("service",) * 6,
    "ferry": ("ferry",) * 6,
}
_KINDS = {
    "type_autoroutier": "motorway",
    "route_a_2_chaussees": "two",
    "route_a_1_chaussee": "one",
    "rond_point": "one",
    "bretelle": "link",
    "route_empierree": "stones",
    "bac_ou_liaison_maritime": "ferry",
}
_UNKNOWN_IMPORTANCE = 5


def read_bdtopo(
    path: str | Path,
    *,
    crs: str,
    layer: str | None = None,
    length_factor: float = 1.0,
    area: shapely.Geometry | None = None,
    junctions: bool = False,
) -> Reading[gpd.GeoDataFrame]:
    """Read the roads of BD TOPO that an inhabitant's car may use.

    Parameters
    ----------
    path
        A GeoPackage, shapefile, GeoJSON or GeoParquet of ``troncon_de_route`` (version 3),
        packed or not. Columns in either spelling: ``nature``, ``sens_de_circulation``
        (``SENS``), and if there are ``importance``, ``vitesse_moyenne_vl``
        (``VIT_MOY_VL``), ``acces_vehicule_leger`` (``ACCES_VL``), ``etat_de_l_objet``
        (``ETAT``).
    crs
        Projected CRS of the answer.
    layer
        Needed where the file holds several and none is called ``troncon_de_route``.
    length_factor
        Real length of a road over the length of its line; IGN's lines follow the road.
    area
        Polygon in `crs`; roads that do not touch it are unused. None for all.
    junctions
        Whether to add the columns of `ROAD_JUNCTIONS`: roundabouts are told, lights not.

    Returns
    -------
    Reading
        Table `ROADS` in `crs`. ``duration_min`` is the length at the average speed; where
        there is none, the speed of ``road_class`` holds, which comes from the nature and
        the importance. Paths, steps, cycle tracks, roads not in service, closed to light
        vehicles, or of average speed 0 are in `unused`, as is what lies outside the area.
        Roads meet where their ends do: a bridge does not meet the road below
        (``position_par_rapport_au_sol`` is not needed for it).

    Raises
    ------
    InputError
        If the file, layer or a column is missing, there is no CRS or a wrong one, or no
        road open to cars.

    Notes
    -----
    Columns and values follow BD TOPO 3. IGN writes an average speed of 0 on roads that
    light vehicles may not use; one speed is given for both directions. Restrictions of
    height and weight, and turn restrictions (a layer of their own), are not read.
    """
    path = Path(path)
    notes = Notes(path.name)
    raw, names = read_ign_lines(path, layer, _SPELLING)
    nature, access, state = (folded_column(raw, name) for name in ("nature", "access", "state"))
    speed = _numbers(raw, "speed_kmh")
    words = {name: _words(raw, name) for name in ("nature", "access", "state", "speed_kmh")}
    frame = without_closed(
        raw,
        [
            (~state.isin(_IN_SERVICE), words["state"], NOT_BUILT),
            (nature.isin(_NOT_FOR_CARS), words["nature"], NOT_FOR_CARS),
            (access.isin(_CLOSED), words["access"], CLOSED),
            (speed == 0, words["speed_kmh"], NO_SPEED),
        ],
        notes,
    )
    classed = frame.assign(
        road_class=_classes(nature, _numbers(raw, "importance"))[frame.index],
        roundabout=(nature == "rond_point").map({True: "yes", False: "no"})[frame.index],
    )
    form = LineForm(crs, area, length_factor, junctions=junctions)
    table = roads_of_lines(classed, notes, {**names, "road_class": names["nature"]}, form)
    return notes.close(table, len(raw))


def _numbers(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame:
        return pd.Series(np.nan, index=frame.index)
    return to_numbers(frame[name])


def _words(frame: pd.DataFrame, name: str) -> pd.Series:
    return frame[name].fillna("") if name in frame else pd.Series("", index=frame.index)


def _classes(nature: pd.Series, importance: pd.Series) -> pd.Series:
    """Return the class of each road; missing where the nature is not one of BD TOPO's."""
    place = (importance - 1).where(importance.between(1, 6), _UNKNOWN_IMPORTANCE).astype("int64")
    kind = nature.map(_KINDS)
    classes = [
        _BY_IMPORTANCE[name][number] if isinstance(name, str) else None
        for name, number in zip(kind, place, strict=True)
    ]
    return pd.Series(classes, index=nature.index, dtype="str")
