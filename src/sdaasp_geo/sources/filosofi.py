"""Insee's squares of inhabitants (Filosofi): 200 m and 1 km, of every edition since 2015."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import CRSError

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.cells import origins_of_cells, refuse_nothing
from sdaasp_geo.sources.codes import as_text, departement_of
from sdaasp_geo.sources.containers import (
    LAYER_ENDINGS,
    TABLE_ENDINGS,
    archive_and_member,
    contents,
    fitting,
)
from sdaasp_geo.sources.coordinates import transformer
from sdaasp_geo.sources.facilities import without_duplicates
from sdaasp_geo.sources.layers import holds_layer, layer_names, read_attributes
from sdaasp_geo.sources.names import listing
from sdaasp_geo.sources.text import possible_columns, table_pieces, to_counts, to_numbers
from sdaasp_geo.tables.crs import is_metric
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdaasp_geo.sources.text import TextTable
    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Reading

# Names of the columns, in lower case, by edition: 2019 and since (and 2017, in capitals),
# then 2015; the finer squares before the coarser, whose names stand in their file too.
_SQUARES = (
    ("idcar_200m", "i_est_200"),
    ("idinspire", "i_est_cr"),
    ("idcar_1km", "i_est_1km"),
    ("id_carr1km", "i_est_1km"),
)
_PEOPLE = "ind"
_COMMUNES = ("lcog_geo", "depcom")
# CRS, side and south-west corner, as in CRS3035RES200mN2471400E3775200.
_NAME = r"^CRS(?P<crs>\d{4,5})RES(?P<side>\d{1,6})mN(?P<north>\d{1,8})E(?P<east>\d{1,8})$"
_CODE_LENGTH = 5
# Insee puts the three lands that it has squares of into one archive.
_LANDS = {"972": ("mart",), "974": ("reun",)}
_METROPOLE = ("met", "metro", "metropole")


class _Columns(NamedTuple):
    """Names in the file."""

    square: str
    people: str
    imputed: str | None
    communes: str | None

    @property
    def all(self) -> list[str]:
        return [name for name in self if name is not None]


def is_filosofi(path: str | Path) -> bool:
    """Whether a file has the columns of Insee's squares; False if it cannot be opened."""
    # All lands of an archive have the same columns.
    path = _of_the_land(Path(path), "")
    try:
        names = {name.lower() for name in _names(path, None)}
    except InputError:
        return False
    return _PEOPLE in names and any(square in names for square, _ in _SQUARES)


def read_filosofi(
    path: str | Path, *, places: Places, departement: str, layer: str | None = None
) -> Reading[gpd.GeoDataFrame]:
    """Read the inhabited squares of a département, cut where its communes meet.

    Parameters
    ----------
    path
        A table or a layer, plain or packed: the editions 2015, 2017, 2019 and since, by the
        names of their columns whatever their case. Of an archive with the files of several
        lands, that of the département is taken.
    places
        Communes and arrondissements; their CRS is that of the answer.
    departement
        Only squares in its communes are origins.
    layer
        Needed where a GeoPackage holds several.

    Returns
    -------
    Reading
        Table `ORIGINS` with `imputed` (bool: Insee estimated the square's figures, of which
        only the number of inhabitants is then the square's own; one flag counts them) and
        `area_km2` (of the square in the unit), made by
        :func:`~sdaasp_geo.sources.cells.origins_of_cells`; a square is where its name
        says, and is cut by the communes that the file lists for it (``lcog_geo``, or
        ``Depcom``). Rows without a name of a square or a number of inhabitants, and
        repeated squares, are rejected; squares outside the département are unused.

    Raises
    ------
    InputError
        If the file cannot be read as such, lacks the columns, or holds nothing in the
        département.

    Notes
    -----
    Inhabitants are those of fiscal households: fewer than the census counts. Files of the
    whole country are filtered while read. *Unverified*: the name of a square of 1 km in
    the edition of 2015.
    """
    path = _of_the_land(Path(path), departement)
    file = archive_and_member(path)[0].name
    notes = Notes(file)
    columns = _columns(file, _names(path, layer))
    box = shapely.box(*places.units[places.units["departement"] == departement].total_bounds)
    kept, rows_read = [], 0
    for piece in _pieces(path, columns, layer, notes):
        rows_read += piece.rows_read
        kept.append(_near(piece.frame, columns, box, places, notes))
    frame = pd.concat(kept)
    frame = without_duplicates(frame, ["origin"], notes, column=columns.square, values="origin")
    cells, listed = _cells(frame, columns, str(places.crs), notes)
    if listed is not None:
        cells = _not_of_elsewhere(cells, listed, places, departement, notes)
    table = origins_of_cells(cells, places, departement, notes, listed=listed, shores=True)
    refuse_nothing(table, places, departement, file, rows_read)
    _count_imputed(cells, table, columns, notes)
    return notes.close(table, rows_read)


def _of_the_land(path: Path, departement: str) -> Path:
    fits = fitting(contents(path), (*TABLE_ENDINGS, *LAYER_ENDINGS))
    if len(fits) < 2 or path.suffix.lower() != ".zip":
        return path
    wanted = _LANDS.get(departement, _METROPOLE)
    chosen = [
        name for name in fits if PurePosixPath(name).stem.lower().rpartition("_")[2] in wanted
    ]
    return path / chosen[0] if len(chosen) == 1 else path


def _names(path: Path, layer: str | None) -> list[str]:
    if holds_layer(path):
        return layer_names(path, layer=layer)
    return list(possible_columns(path))


def _columns(file: str, names: list[str]) -> _Columns:
    by_lower = {name.lower(): name for name in names}
    for square, imputed in _SQUARES:
        if square in by_lower and _PEOPLE in by_lower:
            communes = next((by_lower[name] for name in _COMMUNES if name in by_lower), None)
            return _Columns(by_lower[square], by_lower[_PEOPLE], by_lower.get(imputed), communes)
    squares = ", ".join(square for square, _ in _SQUARES)
    expected = f"columns '{_PEOPLE}' and one of {squares}"
    cause = "another file, or squares of another publisher: name their columns"
    raise InputError([Fault(file, expected, listing(names), cause)])


def _pieces(path: Path, columns: _Columns, layer: str | None, notes: Notes) -> Iterator[TextTable]:
    if holds_layer(path):
        yield from read_attributes(path, columns=columns.all, layer=layer)
    else:
        yield from table_pieces(path, notes, required=columns.all, separators=(",", ";"))


def _near(
    frame: pd.DataFrame, columns: _Columns, box: shapely.Polygon, places: Places, notes: Notes
) -> pd.DataFrame:
    """Squares whose middle lies in the box of the département, or within their side of it."""
    square = frame[columns.square].str.extract(_NAME)
    frame = frame.assign(origin=frame[columns.square], people=to_counts(frame[columns.people]))
    named = square["crs"].notna()
    reason = "expected a square's name such as CRS3035RES200mN2471400E3775200"
    frame = notes.keep(frame, ~named, columns.square, reason)
    metric = {system: _has_squares(system) for system in square["crs"].dropna().unique()}
    foreign = ~square["crs"][named].map(metric).astype(bool)
    frame = notes.keep(frame, foreign, columns.square, "coordinates in no known system")
    square = square.loc[frame.index]
    side_m = to_numbers(square["side"])
    middle = {axis: to_numbers(square[axis]) + side_m / 2.0 for axis in ("east", "north")}
    x, y = _projected(middle["east"], middle["north"], square["crs"], str(places.crs))
    west, south, east, north = box.bounds
    near = (x > west - side_m) & (x < east + side_m) & (y > south - side_m) & (y < north + side_m)
    frame = frame.assign(side_m=side_m, crs=square["crs"], **middle)
    if not near.all():
        notes.skip(_departements(frame[~near], columns), "far from the département")
    frame = frame[near]
    people = frame["people"]
    bad = ~(np.isfinite(people) & (people >= 0))
    reason = "expected a number of inhabitants, 0 or more"
    shown = frame.assign(**{columns.people: frame[columns.people].fillna("")})
    notes.keep(shown, bad, columns.people, reason)
    return pd.DataFrame(frame[~bad])


def _has_squares(system: str) -> bool:
    """Whether an EPSG code is one of a system in metres; a digit changed makes it any other."""
    try:
        return is_metric(f"EPSG:{system}")
    except CRSError:
        return False


def _departements(frame: pd.DataFrame, columns: _Columns) -> pd.Series:
    if columns.communes is None:
        return pd.Series("", index=frame.index, dtype="str")
    return departement_of(frame[columns.communes])


def _projected(
    east: pd.Series, north: pd.Series, systems: pd.Series, target: str
) -> tuple[pd.Series, pd.Series]:
    x, y = east.astype(float), north.astype(float)
    for system in systems.unique().tolist():
        members = (systems == system).to_numpy()
        to = transformer(f"EPSG:{system}", target)
        x[members], y[members] = to.transform(x[members].to_numpy(), y[members].to_numpy())
    return x, y


def _cells(
    frame: pd.DataFrame, columns: _Columns, crs: str, notes: Notes
) -> tuple[gpd.GeoDataFrame, pd.Series | None]:
    half_m = frame["side_m"].to_numpy() / 2.0
    east, north = frame["east"].to_numpy(), frame["north"].to_numpy()
    boxes = gpd.GeoSeries(
        shapely.box(east - half_m, north - half_m, east + half_m, north + half_m), frame.index
    )
    middles = pd.Series(shapely.points(east, north), frame.index)
    parts = []
    for system, rows in frame.groupby("crs"):
        source = f"EPSG:{system}"
        known = gpd.GeoDataFrame(
            {
                "origin": rows["origin"],
                "population": rows["people"],
                "imputed": _imputed(rows, columns, notes),
                "middle": gpd.GeoSeries(middles[rows.index], crs=source).to_crs(crs),
            },
            geometry=boxes[rows.index].set_crs(source),
        )
        parts.append(known.to_crs(crs))
    if not parts:
        empty: dict[str, list[object]] = {
            "origin": [],
            "population": [],
            "imputed": [],
            "middle": [],
        }
        return gpd.GeoDataFrame(empty, geometry=[], crs=crs), None
    return pd.concat(parts).sort_index(), _listed(frame, columns, notes)


def _imputed(frame: pd.DataFrame, columns: _Columns, notes: Notes) -> pd.Series:
    if columns.imputed is None:
        return pd.Series(data=False, index=frame.index)
    said = as_text(frame[columns.imputed])
    strange = ~said.isin(["0", "1"])
    if strange.any():
        reason = "expected 0 or 1: taken as not imputed"
        values = said[strange].fillna("")
        notes.flag(frame.index[strange], columns.imputed, values, reason)
    return (said == "1").fillna(value=False).astype(bool)


def _count_imputed(
    cells: gpd.GeoDataFrame, table: gpd.GeoDataFrame, columns: _Columns, notes: Notes
) -> None:
    """Tell in one flag how many of the squares that are kept Insee estimated."""
    # Parts of a square are named after it: <square>-<unit>.
    kept = cells[cells["origin"].isin(table["origin"].str.split("-").str[0])]
    first = kept.index[kept["imputed"]][:1]
    if len(first) and columns.imputed is not None:
        count = int(kept["imputed"].sum())
        reason = (
            f"{count} of {len(kept)} squares are imputed: all but their number of inhabitants"
            " is estimated"
        )
        notes.flag(first, columns.imputed, ["1"], reason)


def _listed(frame: pd.DataFrame, columns: _Columns, notes: Notes) -> pd.Series | None:
    """Communes of each square, one a row: codes of five characters without a separator."""
    if columns.communes is None:
        return None
    said = frame[columns.communes]
    whole = (said.str.len() % _CODE_LENGTH == 0).fillna(value=False).astype(bool)
    if not whole.all():
        reason = "expected codes of 5 characters: the communes are those that the square overlies"
        notes.flag(frame.index[~whole], columns.communes, said[~whole].fillna(""), reason)
    codes = said[whole].map(_five_by_five)
    return codes.explode().astype("str")


def _not_of_elsewhere(
    cells: gpd.GeoDataFrame, listed: pd.Series, places: Places, departement: str, notes: Notes
) -> gpd.GeoDataFrame:
    """Leave out the squares all of whose communes are unknown, and of other départements."""
    own = places.unit_of(listed).notna() | (departement_of(listed) == departement)
    named = listed.index.isin(cells.index)
    elsewhere = cells.index.isin(listed.index[named]) & ~cells.index.isin(listed.index[own])
    if elsewhere.any():
        first = listed[~listed.index.duplicated()].reindex(cells.index[elsewhere])
        notes.skip(departement_of(first), f"outside the département {departement}")
    return cells[~elsewhere]


def _five_by_five(text: str) -> list[str]:
    return [text[place : place + _CODE_LENGTH] for place in range(0, len(text), _CODE_LENGTH)]
