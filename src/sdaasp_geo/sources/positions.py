"""Where the rows of a facility file stand: by their coordinates, or by their commune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import code_troubles, departement_of, renamed
from sdaasp_geo.sources.coordinates import locate
from sdaasp_geo.sources.study import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from sdaasp_geo.sources.coordinates import Located
    from sdaasp_geo.sources.study import ClaimNames, PlaceBy, StudyArea
    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Notes

    Floats = npt.NDArray[np.float64]
    Note = Callable[[pd.Index, str, Iterable[object], list[str]], None]


UNKNOWN_COMMUNE = "in the study area, but its commune is not in the communes file"
UNKNOWN_CODE = "unknown commune code"
SWAPPED = "latitude and longitude swapped"

# Beyond this a point cannot be meant for its commune, whatever the outline's precision.
HOPELESS_M = 10_000.0

# So many rows, and such shares of the rows that can be judged, make a fault of the file.
_LEAST_ROWS = 3
_SWAPPED_SHARE = 0.5
_HOPELESS_SHARE = 0.9


def unit_near(points: npt.NDArray[np.object_], places: Places, limit_m: float) -> pd.Series:
    """Find the unit that holds each point, else the nearest one within a limit.

    Outlines are generalised: a quay or a square on the shore may lie in the sea.
    Between units equally near, the lowest code is taken; missing where none is near.
    """
    found = places.unit_at(points).astype("str")
    lost = np.flatnonzero(found.isna().to_numpy() & ~shapely.is_missing(points))
    if not len(lost) or limit_m <= 0:
        return found
    finest = places.finest_units()
    tree = shapely.STRtree(finest.geometry.to_numpy())
    which, where = tree.query_nearest(points[lost], max_distance=limit_m)
    near = pd.Series(finest.index.to_numpy()[where], index=lost[which]).groupby(level=0).min()
    return found.fillna(near)


def is_foreign(codes: pd.Series, places: Places) -> pd.Series:
    """Whether each code is well-formed, of a département without any unit, and no alias."""
    known = set(departement_of(pd.Series(places.units.index)))
    foreign = code_troubles(codes).isna() & ~departement_of(codes).isin(known)
    return foreign & places.unit_of(codes).isna()


def place(
    claims: pd.DataFrame,
    study: StudyArea,
    notes: Notes,
    *,
    names: ClaimNames,
    place_by: PlaceBy = "position",
) -> pd.DataFrame:
    """Find the unit and the point of each row, and say what is wrong with the others.

    Parameters
    ----------
    claims
        Made by :func:`~sdaasp_geo.sources.study.claims_frame`, indexed by file row.
    study
        What is known of the land.
    notes
        Receives rejects, flags and unused rows.
    names
        Names of the columns in the file.
    place_by
        ``commune`` puts every row at the chef-lieu of its unit.

    Returns
    -------
    DataFrame
        The rows that have a place in the study area: ``unit commune known_by
        position_quality geometry`` (points in the CRS of the places), index kept.

    Raises
    ------
    InputError
        If most positions of the file are right once their coordinates are swapped, or
        nearly all are hopelessly far from their communes (`position` only).

    Notes
    -----
    A row is rejected if its point is more than 10 km from the commune of its code (the
    nearer ones beyond ``far_from_commune_m`` are kept and flagged), or if neither code
    nor point tells a commune. Points that the file itself knows by commune only, and
    rows without a point, stand at the chef-lieu.
    """
    located = locate(claims["across"], claims["up"], claims["crs"], target=study.crs)
    rows = claims.assign(x=located.x, y=located.y)
    placing = _Placing(study, notes, names, place_by)
    rows = placing.without_foreign(rows)
    placing.note_troubles(rows, located)
    rows = placing.with_unit(rows)
    rows = placing.without_hopeless(rows)
    return placing.standing(rows)


@dataclass(frozen=True)
class _Placing:
    """The judgement of one file, step by step; every step takes and returns rows."""

    study: StudyArea
    notes: Notes
    names: ClaimNames
    place_by: PlaceBy

    def without_foreign(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Leave out the rows of départements that the territory does not know."""
        foreign = is_foreign(rows["code"], self.study.places)
        if not foreign.any():
            return rows
        departement = departement_of(rows["code"])
        near = pd.Series(data=False, index=rows.index)
        # Without a limit nothing tells whether a place of elsewhere was wanted.
        if self.study.area is not None:
            near |= self.study.holds(*_xy(rows))
        self._skip(departement[foreign & ~near], OUTSIDE)
        self._skip(departement[foreign & near], UNKNOWN_COMMUNE)
        return rows[~foreign]

    def note_troubles(self, rows: pd.DataFrame, located: Located) -> None:
        """Flag coordinates that cannot be read; refuse a file of them."""
        trouble = located.trouble.reindex(rows.index).dropna()
        position = self.names.position
        self._note(self.notes.flag, rows, trouble, position, "taken as no position")
        filled = int((rows["across"].notna() | rows["up"].notna()).sum())
        if self._many(len(trouble), filled, _HOPELESS_SHARE):
            cause = "other columns, or another coordinate system than the one declared"
            first = rows.loc[trouble.index].iloc[:1]
            expected = f"coordinates in {first['crs'].iloc[0]}"
            self._refuse(expected, _pairs(first).iloc[0], cause, row=int(trouble.index[0]))

    def with_unit(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Resolve codes; where a code tells nothing, the position may."""
        places = self.study.places
        unit = places.unit_of(rows["code"]).astype("str")
        points = _points(rows)
        lacking = unit.isna()
        if lacking.any():
            limit_m = self.study.assumptions.far_from_commune_m
            near = unit_near(points[lacking], places, limit_m).set_axis(rows.index[lacking])
            trouble = code_troubles(rows["code"][lacking])
            # A split commune is known, but its code alone tells no place.
            trouble = trouble.fillna(renamed(rows["code"][lacking], places.doubts))
            trouble = trouble.fillna(UNKNOWN_CODE)
            told, about = trouble[near.notna()], self.names.commune
            self._note(self.notes.flag, rows, told, about, "placed by its position")
            self._drop_lost(rows, trouble[near.isna()])
            unit = unit.fillna(near)
        unit = self._precise(unit, points)
        return rows.assign(unit=unit)[unit.notna()]

    def _precise(self, unit: pd.Series, points: npt.NDArray[np.object_]) -> pd.Series:
        """Find the arrondissement where a divided city's own code leaves it open."""
        places = self.study.places
        divided = places.units.index.difference(places.finest_units().index)
        vague = unit.isin(divided).to_numpy() & ~shapely.is_missing(points)
        if not vague.any():
            return unit
        found = places.unit_at(points[vague]).set_axis(unit.index[vague]).dropna()
        found = found[places.commune_of(found) == places.commune_of(unit[found.index])]
        return found.astype("str").combine_first(unit).reindex(unit.index)

    def _drop_lost(self, rows: pd.DataFrame, trouble: pd.Series) -> None:
        """Reject rows that neither code nor position places, or call them outside."""
        if trouble.empty:
            return
        lost = rows.loc[trouble.index]
        departement = departement_of(lost["code"])
        swapped = self._swapped(lost)
        reason = trouble.mask(swapped, trouble + f"; {SWAPPED}")
        elsewhere = lost["x"].notna() & ~self.study.holds(*_xy(lost))
        unknown = trouble == UNKNOWN_CODE
        foreign = unknown & (departement != self.study.departement)
        unused = ~swapped & (foreign | (~unknown & elsewhere))
        named = OUTSIDE if self.study.departement is not None else UNKNOWN_CODE
        self._skip(departement[unused & unknown], named)
        self._skip(departement[unused & ~unknown], OUTSIDE)
        self._note(self.notes.reject, lost, reason[~unused], self.names.commune)
        if self.place_by == "position":
            judged = int(rows["x"].notna().sum())
            self._refuse_swapped(lost[swapped], judged)

    def without_hopeless(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Measure how far each point is from its commune; leave out the hopeless ones."""
        rows = rows.assign(far_m=self._away_m(rows, _points(rows)))
        hopeless = self._by_position(rows) & (rows["far_m"] > HOPELESS_M)
        if not hopeless.any():
            return rows
        bad = rows[hopeless]
        swapped = self._swapped(bad)
        judged = int(rows["x"].notna().sum())
        self._refuse_swapped(bad[swapped], judged)
        if self._many(len(bad), judged, _HOPELESS_SHARE):
            expected = "positions near the communes of their codes"
            found = f"{_pairs(bad).iloc[0]}, {_km(bad['far_m'].iloc[0])} away"
            cause = "another coordinate system than the one declared, or codes of another column"
            self._refuse(expected, found, cause, row=int(bad.index[0]))
        reasons = self._distances(bad, swapped)
        self._note(self.notes.reject, bad, reasons, self.names.position)
        return rows[~hopeless]

    def standing(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Put each row where it is to stand, and leave out those outside the area."""
        places = self.study.places
        far = rows["far_m"] > self.study.assumptions.far_from_commune_m
        by_position = self._by_position(rows) & rows["x"].notna()
        distances = self._distances(rows[far], self._swapped(rows[far]))
        flag, position = self.notes.flag, self.names.position
        self._note(flag, rows, distances[by_position[far]], position)
        self._note(flag, rows, distances[~by_position[far]], position, "placed at its commune")
        if self.place_by == "position":
            silent = rows["x"].isna() & rows["across"].isna() & rows["up"].isna()
            reason = pd.Series("no position: placed at its commune", index=rows.index[silent])
            self._note(flag, rows, reason, position)
        points = np.where(by_position, _points(rows), places.chef_lieu_of(rows["unit"]))
        known_by = pd.Series("commune", index=rows.index).mask(by_position, "position")
        quality = rows["quality"].where(by_position, "commune").mask(far, "far_from_commune")
        table = pd.DataFrame(
            {
                "unit": rows["unit"],
                "commune": places.commune_of(rows["unit"]).astype("str"),
                "known_by": known_by.astype("str"),
                "position_quality": quality.astype("str"),
                "geometry": points,
            },
            index=rows.index,
        )
        inside = self.study.holds(shapely.get_x(points), shapely.get_y(points))
        self._skip(departement_of(rows["unit"][~inside]), OUTSIDE)
        return table[inside]

    def _by_position(self, rows: pd.DataFrame) -> pd.Series:
        """Tell which rows are to stand at their own point, if they have one."""
        return (rows["quality"] != "commune") & (self.place_by == "position")

    def _swapped(self, rows: pd.DataFrame) -> pd.Series:
        """Tell which rows would lie near their commune, or in any, with coordinates swapped."""
        if rows.empty:
            return pd.Series(data=False, index=rows.index)
        turned = locate(rows["up"], rows["across"], rows["crs"], target=self.study.crs)
        points = as_points(turned.x, turned.y)
        limit_m = self.study.assumptions.far_from_commune_m
        if "unit" in rows:
            near = self._away_m(rows, points) <= limit_m
            return pd.Series(near, index=rows.index)
        found = unit_near(points, self.study.places, limit_m).notna()
        return pd.Series(found.to_numpy(), index=rows.index)

    def _away_m(self, rows: pd.DataFrame, points: npt.NDArray[np.object_]) -> Floats:
        """Measure to the commune: in a city, the wrong arrondissement is still the city."""
        places = self.study.places
        return places.distance_m(places.commune_of(rows["unit"]), points)

    def _distances(self, rows: pd.DataFrame, swapped: pd.Series) -> pd.Series:
        reasons = [
            f"{_km(far_m)} from its commune {commune}"
            for far_m, commune in zip(
                rows["far_m"], self.study.places.commune_of(rows["unit"]), strict=True
            )
        ]
        text = pd.Series(reasons, index=rows.index, dtype="str")
        return text.mask(swapped, text + f"; {SWAPPED}")

    def _refuse_swapped(self, swapped: pd.DataFrame, judged: int) -> None:
        if self._many(len(swapped), judged, _SWAPPED_SHARE):
            expected = f"{self.names.across} from west to east, {self.names.up} from south to north"
            found = f"{_pairs(swapped).iloc[0]} and {len(swapped) - 1} more rows of {judged}"
            self._refuse(expected, found, SWAPPED, row=int(swapped.index[0]))

    def _refuse(self, expected: str, found: str, cause: str, row: int | None = None) -> None:
        if self.place_by == "position":
            column = self.names.position
            raise InputError([Fault(self.notes.source, expected, found, cause, row, column)])

    def _many(self, count: int, judged: int, share: float) -> bool:
        return count >= _LEAST_ROWS and count > share * judged

    def _skip(self, codes: pd.Series, reason: str) -> None:
        if len(codes):
            self.notes.skip(codes, reason)

    def _note(
        self, note: Note, rows: pd.DataFrame, reasons: pd.Series, about: str, then: str = ""
    ) -> None:
        told = reasons.dropna() + (f": {then}" if then else "")
        if told.empty:
            return
        rows = rows.loc[told.index]
        values = rows["code"].fillna("") if about == self.names.commune else _pairs(rows)
        note(told.index, about, values, list(told))


def _xy(rows: pd.DataFrame) -> tuple[Floats, Floats]:
    return rows["x"].to_numpy(), rows["y"].to_numpy()


def _points(rows: pd.DataFrame) -> npt.NDArray[np.object_]:
    return as_points(*_xy(rows))


def as_points(x: Floats, y: Floats) -> npt.NDArray[np.object_]:
    """Points from coordinates, None where they are missing; shape (N,)."""
    points = np.full(len(x), None, dtype=object)
    there = np.isfinite(x) & np.isfinite(y)
    points[there] = shapely.points(x[there], y[there])
    return points


def _pairs(rows: pd.DataFrame) -> pd.Series:
    """Both coordinates as the file writes them."""
    pairs = rows["across"].fillna("") + ", " + rows["up"].fillna("")
    return pairs.mask(rows["across"].isna() & rows["up"].isna(), "")


def _km(length_m: float) -> str:
    return f"{length_m / 1000:.1f} km" if length_m < HOPELESS_M else f"{length_m / 1000:.0f} km"
