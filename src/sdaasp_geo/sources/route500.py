"""Roads of IGN's ROUTE 500: the layer ``TRONCON_ROUTE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.ign_roads import (
    Spelling,
    folded_column,
    read_ign_lines,
    without_closed,
)
from sdaasp_geo.sources.layers import crs_faults
from sdaasp_geo.sources.lines import LineForm, roads_of_lines
from sdaasp_geo.sources.text import to_numbers
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import geopandas as gpd

    from sdaasp_geo.tables.reading import Reading

_SPELLING = Spelling(
    layers=("troncon_route",),
    required={"vocation": ("vocation",), "oneway": ("sens",)},
    optional={
        "carriageways": ("nb_chausse", "nb_chaussees"),
        "state": ("etat",),
        "access": ("acces",),
        "length_km": ("longueur",),
    },
)

# Class by vocation, on one carriageway and on two: a choice of this library.
_CLASSES = {
    "type_autoroutier": ("motorway", "motorway"),
    "liaison_principale": ("primary", "trunk"),
    "liaison_regionale": ("secondary", "primary"),
    "liaison_locale": ("tertiary", "secondary"),
    "bretelle": ("motorway_link", "motorway_link"),
}
_TWO = "2_chaussees"
_NOT_BUILT = ("en_construction", "en_projet")
_CLOSED = ("interdit_au_public", "ferme", "fermee")
_SEASONAL = ("saisonnier", "fermeture_saisonniere")

NOT_BUILT = "not in service"
CLOSED = "closed to inhabitants' cars"
SEASONAL = "closed in one season: taken as open"

_M_PER_KM = 1000.0
# A length told in tenths of a kilometre says something from here on.
_LEAST_KM = 1.0
# Generalised lines are shorter than the road, by less than this.
_LEAST_FACTOR, _MOST_FACTOR = 0.9, 2.0


def read_route500(
    path: str | Path,
    *,
    crs: str,
    layer: str | None = None,
    length_factor: float = 1.0,
    area: shapely.Geometry | None = None,
    junctions: bool = False,
) -> Reading[gpd.GeoDataFrame]:
    """Read the roads of ROUTE 500, the classified network of France drawn for 1:500,000.

    Parameters
    ----------
    path
        A shapefile, GeoPackage, GeoJSON or GeoParquet of ``TRONCON_ROUTE``, packed or
        not, with ``VOCATION`` and ``SENS``, and if there are ``NB_CHAUSSE``, ``ETAT``,
        ``ACCES``, ``LONGUEUR``.
    crs
        Projected CRS of the answer.
    layer
        Needed where the file holds several and none is called ``troncon_route``.
    length_factor
        Real length over drawn length of the roads whose own length tells too little:
        those under 1 km, whose length is rounded, and those without.
    area
        Polygon in `crs`; roads that do not touch it are unused. None for all.
    junctions
        Whether to add the columns of `ROAD_JUNCTIONS`: the file tells none.

    Returns
    -------
    Reading
        Table `ROADS` in `crs`, without speeds: those of ``road_class`` hold, which comes
        from the vocation and the number of carriageways. ``length_factor`` is the told
        length over the drawn one; a told length that does not fit its line (0.9 to 2
        times) is flagged and left out. Roads that are being built or closed to the
        public are in `unused`; those closed in one season are kept and flagged.

    Raises
    ------
    InputError
        If the file, layer or a column is missing, there is no CRS or a wrong one, or no
        road open to cars.

    Notes
    -----
    ``SENS``: ``Sens direct`` (``Sens unique`` in older editions) is along the line.
    Unverified: that ``LONGUEUR`` is in kilometres in every edition (which the flags would
    show), and the words for roads that are closed to the public. There are no local
    streets: towns need a second file of roads.
    """
    path = Path(path)
    notes = Notes(path.name)
    raw, names = read_ign_lines(path, layer, _SPELLING)
    if faults := crs_faults(raw, crs=crs, file=path.name):
        raise InputError(faults)
    state, access = folded_column(raw, "state"), folded_column(raw, "access")
    frame = without_closed(
        raw,
        [(state.isin(_NOT_BUILT), state, NOT_BUILT), (access.isin(_CLOSED), access, CLOSED)],
        notes,
    )
    seasonal = access[frame.index].isin(_SEASONAL)
    if seasonal.any():
        rows = frame.index[seasonal]
        notes.flag(rows, names["access"], frame.loc[rows, "access"], SEASONAL)
    classes = _classes(folded_column(frame, "vocation"), folded_column(frame, "carriageways"))
    classed = frame.assign(
        road_class=classes, length_factor=_factors(frame, notes, names, length_factor, crs)
    )
    form = LineForm(crs, area, length_factor, junctions=junctions)
    table = roads_of_lines(classed, notes, {**names, "road_class": names["vocation"]}, form)
    return notes.close(table, len(raw))


def _classes(vocation: pd.Series, carriageways: pd.Series) -> pd.Series:
    """Return the class of each road; missing where the vocation is not one of ROUTE 500's."""
    classes = [
        _CLASSES[name][width == _TWO] if name in _CLASSES else None
        for name, width in zip(vocation, carriageways, strict=True)
    ]
    return pd.Series(classes, index=vocation.index, dtype="str")


def _factors(
    frame: gpd.GeoDataFrame, notes: Notes, names: dict[str, str], otherwise: float, crs: str
) -> pd.Series:
    """Return the told length of each road over its drawn one."""
    factor = pd.Series(float(otherwise), index=frame.index)
    if "length_km" not in frame:
        return factor
    told_km = to_numbers(frame["length_km"])
    drawn_km = pd.Series(shapely.length(frame.to_crs(crs).geometry) / _M_PER_KM, frame.index)
    # A line without length is rejected later, whatever its factor.
    ratio = told_km / drawn_km.where(drawn_km > 0)
    judged = (told_km >= _LEAST_KM) & ratio.notna()
    fits = ratio.between(_LEAST_FACTOR, _MOST_FACTOR)
    if (strange := judged & ~fits).any():
        reason = "told length does not fit the line: the length factor of the file instead"
        rows = frame.index[strange]
        notes.flag(rows, names["length_km"], frame.loc[rows, "length_km"], reason)
    return factor.mask(judged & fits, ratio)
