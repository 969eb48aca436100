"""Two vintages of facilities: which are the same, which moved, opened, closed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.counting import SIDES, Counts, compared_by_count
from sdaasp_geo.scenarios.pairing import paired_by_place
from sdaasp_geo.scenarios.two_best import STAYS

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]

Ids = Literal["auto", "always", "never"]

_BY_COMMUNE = "commune"
# Readers number the rows of files without identifiers, and the BPE has none.
_ROW_NUMBER = r"(?:[A-Z]\d{3}-\d+|\d{1,5}|[0-9AB]{5}-[A-Z]\d{3}(?:-.*)?)"
_CODE = r"^(?:[0-9AB]{5}-)?([A-Z]\d{3})(?:-|$)"
_COLUMNS = ("facility", "source", "service", "code", "unit")


class Matches(NamedTuple):
    """Which facilities of two vintages are the same.

    Parameters
    ----------
    changes
        One row a facility, or a number of facilities of one commune:

        - ``change``: ``kept``, ``moved`` (the same, beyond the tolerance), ``recoded``
          (the same place under another code or service), ``opened``, ``closed``;
        - ``matched_by``: ``id``, ``place`` or ``count``; missing where nothing matches;
        - ``count``: facilities that the row speaks of;
        - ``distance_m``: between the two places, missing where one is not known;
        - ``facility source service code unit commune``, each with ``_old`` and
          ``_new``, missing in the vintage where there is none, or where a count does not
          tell which;
        - ``which_known``: whether one can say which rows opened or closed; False where a
          count by commune stands against positions;
        - ``geometry``: the new place, or the old one of what closed.
    old_group, old_taken
        int64, by row of the old facilities: row of `changes` that the facility leaves
        with (closed, moved, or recoded to another service), or -1; and how many.
    new_group, new_taken
        The same for what the new facilities came with.
    """

    changes: gpd.GeoDataFrame
    old_group: Ints
    old_taken: Ints
    new_group: Ints
    new_taken: Ints


def match_facilities(
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    *,
    tolerance_m: float = 100.0,
    ids: Ids = "auto",
    codes: Collection[str] | None = None,
) -> Matches:
    """Match the facilities of two vintages, each with one other at most.

    Parameters
    ----------
    old, new
        `FACILITIES` tables of one CRS in metres, the old one's units brought to today's.
    tolerance_m
        Two places nearer than this are one; 0 for the very same place.
    ids
        Whether one identifier in both vintages is one facility: ``always``, ``never``
        (only within the tolerance), or ``auto``: unless it is the number of a row, as
        readers give where a file has no identifiers (``A203-2`` in the BPE, ``17``).
    codes
        Codes that identifiers may begin with (``A203``); any of that form if None.

    Returns
    -------
    Matches
        Sorted by change, service and place.

    Raises
    ------
    InputError
        If the tolerance is not a finite number of metres, 0 or more.

    Notes
    -----
    In this order, each with what is left: the same identifier and service; the same
    service and code within the tolerance; the same service; counts by commune and service
    wherever a vintage knows the commune alone; another service within the tolerance
    (`recoded`). By place, facilities with the very same coordinates go first; of the
    others as many pairs as possible are made, and among those the pairings the one with
    the least total distance (sparse assignment, Jonker and Volgenant, Computing 38, 1987).
    Two facilities whose names are both known and differ are not a recoding.
    """
    if not (math.isfinite(tolerance_m) and tolerance_m >= 0):
        fault = Fault("tolerance_m", "a finite number of metres, 0 or more", repr(tolerance_m))
        raise InputError([fault])
    sides = _Sides(_side(old, codes), _side(new, codes), tolerance_m)
    found = [_by_identifier(sides, ids)]
    for same in (["service", "code"], ["service"]):
        found.append(_by_place(sides, found, same))
    left = _left(sides, found)
    counts = compared_by_count(sides.old.loc[left[0]], sides.new.loc[left[1]])
    used = [*found, counts.rows]
    other = _by_place(sides, used, [])
    pairs = pd.concat([*found, other], ignore_index=True)
    left = _left(sides, [*used, other])
    return _assembled(sides, pairs, counts, left)


class _Sides(NamedTuple):
    old: pd.DataFrame
    new: pd.DataFrame
    tolerance_m: float


def code_of(facility: pd.Series, codes: Collection[str] | None = None) -> pd.Series:
    """BPE code that an identifier begins with; missing where it has none.

    Examples
    --------
    >>> code_of(pd.Series(["A203-2", "13055-D201", "caf-7"])).fillna("none").tolist()
    ['A203', 'D201', 'none']
    """
    found = facility.astype("str").str.extract(_CODE, expand=False)
    return found if codes is None else found.where(found.isin(list(codes)))


def _side(facilities: gpd.GeoDataFrame, codes: Collection[str] | None) -> pd.DataFrame:
    frame = pd.DataFrame(facilities[["facility", "source", "service", "unit", "commune", "count"]])
    frame = frame.reset_index(drop=True)
    points = facilities.geometry.to_numpy()
    by_commune = (facilities["known_by"] == _BY_COMMUNE).to_numpy()
    lost = shapely.is_missing(points) | shapely.is_empty(points)
    names = facilities["name"] if "name" in facilities else pd.Series(None, index=facilities.index)
    return frame.assign(
        code=code_of(frame["facility"], codes),
        name=names.astype("str").str.casefold().str.strip().to_numpy(),
        point=points,
        # Where a place is not known, or is that of several, one can only count.
        by_commune=by_commune | lost | (frame["count"] != 1).to_numpy(),
        x=shapely.get_x(points),
        y=shapely.get_y(points),
    )


def _by_identifier(sides: _Sides, ids: Ids) -> pd.DataFrame:
    keys = ["facility", "service"]
    parts = []
    for side, rows in zip(SIDES, sides[:2], strict=True):
        single = (rows["count"] == 1) & ~rows.duplicated(keys, keep=False)
        parts.append(rows.loc[single, [*keys, "by_commune"]].reset_index(names=side))
    both = parts[0].merge(parts[1], on=keys, suffixes=("_old", "_new"))
    distance = _distance_m(sides, both)
    near = distance <= sides.tolerance_m
    number = both["facility"].str.fullmatch(_ROW_NUMBER)
    sure = {"always": np.ones(len(both), bool), "never": np.zeros(len(both), bool)}
    trusted = sure.get(ids, ~number.to_numpy(dtype=bool))
    return both.loc[near.to_numpy() | trusted, ["old", "new"]].assign(matched_by="id")


def _distance_m(sides: _Sides, pairs: pd.DataFrame) -> pd.Series:
    """Distance between the places of pairs, missing where one is not known."""
    old, new = sides.old.loc[pairs["old"]], sides.new.loc[pairs["new"]]
    known = ~(old["by_commune"].to_numpy() | new["by_commune"].to_numpy())
    distance = shapely.distance(old["point"].to_numpy(), new["point"].to_numpy())
    return pd.Series(np.where(known, distance, np.nan), index=pairs.index)


def _left(sides: _Sides, used: list[pd.DataFrame]) -> tuple[Ints, Ints]:
    """Rows of either side that nothing has used."""
    left = []
    for side, rows in zip(SIDES, sides[:2], strict=True):
        taken = pd.concat([part[side] for part in used]).dropna().to_numpy(dtype=np.int64)
        left.append(np.setdiff1d(np.arange(len(rows)), taken))
    return left[0], left[1]


def _by_place(sides: _Sides, used: list[pd.DataFrame], same: list[str]) -> pd.DataFrame:
    """Pair what is left within the tolerance, of the same service (and code) or of another."""
    left = _left(sides, used)
    old, new = sides.old.loc[left[0]], sides.new.loc[left[1]]
    old, new = old[~old["by_commune"]], new[~new["by_commune"]]

    def allowed(a: Ints, b: Ints) -> Bools:
        here, there = old.iloc[a], new.iloc[b]
        if not same:
            names = here["name"].to_numpy(), there["name"].to_numpy()
            agree = pd.isna(names[0]) | pd.isna(names[1]) | (names[0] == names[1])
            return np.asarray(agree & (here["service"].to_numpy() != there["service"].to_numpy()))
        fits = [here[name].to_numpy() == there[name].to_numpy() for name in same]
        return np.asarray(np.logical_and.reduce(fits), dtype=bool)

    a, b = paired_by_place(old, new, allowed, tolerance_m=sides.tolerance_m)
    pairs = {"old": old.index.to_numpy()[a], "new": new.index.to_numpy()[b]}
    return pd.DataFrame(pairs).assign(matched_by="place")


def _assembled(
    sides: _Sides, pairs: pd.DataFrame, counts: Counts, left: tuple[Ints, Ints]
) -> Matches:
    """Put everything in one table, and say which rows each change is about."""
    alone = [
        pd.DataFrame({"old": left[0], "change": "closed"}),
        pd.DataFrame({"new": left[1], "change": "opened"}),
    ]
    pairs = pairs.assign(change=_change_of(sides, pairs), distance_m=_distance_m(sides, pairs))
    table = pd.concat([pairs, *alone], ignore_index=True)
    table = pd.concat([_described(sides, table), _described_counts(counts.table)])
    order = ["change", "service_old", "service_new", "unit_old", "unit_new"]
    order += ["facility_old", "facility_new", "source_old", "source_new"]
    # Without any count the other table is empty, and its columns are objects.
    table = table.astype({"count": "int64", "which_known": bool})
    table = table.sort_values(order, ignore_index=True)
    groups = [_groups(table, len(sides.old), "old"), _groups(table, len(sides.new), "new")]
    shown = [name for name in table if name not in {"old", "new", "rows", "point"}]
    changes = gpd.GeoDataFrame(table[shown], geometry=list(table["point"]))
    return Matches(changes, *groups[0], *groups[1])


def _change_of(sides: _Sides, pairs: pd.DataFrame) -> npt.NDArray[np.object_]:
    old, new = sides.old.loc[pairs["old"]], sides.new.loc[pairs["new"]]
    unknown = old["by_commune"].to_numpy() | new["by_commune"].to_numpy()
    elsewhere = unknown & (old["unit"].to_numpy() != new["unit"].to_numpy())
    far = (_distance_m(sides, pairs) > sides.tolerance_m).to_numpy() | elsewhere
    codes = old["code"].to_numpy(), new["code"].to_numpy()
    renamed = ~pd.isna(codes[0]) & ~pd.isna(codes[1]) & (codes[0] != codes[1])
    recoded = renamed | (old["service"].to_numpy() != new["service"].to_numpy())
    return np.select([far, recoded], ["moved", "recoded"], default="kept").astype(object)


def _described(sides: _Sides, table: pd.DataFrame) -> pd.DataFrame:
    whole = table.assign(which_known=True)
    for side, rows in zip(SIDES, sides[:2], strict=True):
        found = rows.reindex(table[side])
        for name in (*_COLUMNS, "commune", "count", "point"):
            whole[f"{name}_{side}"] = found[name].to_numpy()
    whole["count"] = whole["count_new"].fillna(whole["count_old"]).astype("int64")
    old, new = whole["point_old"].to_numpy(), whole["point_new"].to_numpy()
    whole["point"] = np.where(whole["new"].notna(), new, old)
    return whole.drop(columns=["count_old", "count_new", "point_old", "point_new"])


def _described_counts(table: pd.DataFrame) -> pd.DataFrame:
    whole = table.drop(columns=["service", "unit", "commune"])
    for side, lacking in (("old", "opened"), ("new", "closed")):
        for name in ("service", "unit", "commune"):
            whole[f"{name}_{side}"] = table[name].where(table["change"] != lacking)
    return whole.assign(matched_by="count", distance_m=np.nan)


def _groups(table: pd.DataFrame, size: int, side: str) -> tuple[Ints, Ints]:
    """Return the change that each row goes or comes with, and how many of it do."""
    group, taken = np.full(size, STAYS, np.int64), np.zeros(size, np.int64)
    other_service = table["service_old"] != table["service_new"]
    real = {"old": "closed", "new": "opened"}[side]
    goes = table["change"].isin([real, "moved"]) | ((table["change"] == "recoded") & other_service)
    single = goes & table[side].notna()
    rows = table.loc[single, side].to_numpy(dtype=np.int64)
    group[rows] = np.flatnonzero(single)
    taken[rows] = table.loc[single, "count"].to_numpy()
    counted = table["rows"].notna() & (table["change"] == real)
    for number in np.flatnonzero(counted):
        for row, many in table["rows"].iloc[number].items():
            group[row], taken[row] = number, many
    return group, taken
