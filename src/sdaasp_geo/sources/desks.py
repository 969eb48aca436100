"""What directories say of one desk, whatever their format, and the facilities made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from sdaasp_geo.sources.facilities import (
    NO_SERVICE,
    facilities_table,
    flag_twins,
    without_duplicates,
)
from sdaasp_geo.sources.positions import place
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.folding import by_folded_name, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd

    from sdaasp_geo.sources.study import ClaimNames, PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Notes, Reading

FIRST_ROW = 1
_TEXTS = ("facility", "name", "commune", "across", "up", "hours_unread")


@dataclass(frozen=True)
class Desk:
    """One entry of a directory, as it stands there.

    Parameters
    ----------
    facility, name
        Identifier and name; None where there is none.
    types
        Kinds of service that it is listed under, in order.
    commune
        Code of the commune that it stands in; None where nothing tells.
    across, up
        Longitude and latitude in degrees (WGS 84), as text.
    doubt
        What should be flagged of the entry: column, value and reason.
    hours_per_week
        NaN where they are not told or not understood.
    hours_unread
        The hours that could not be read.
    """

    facility: str | None
    name: str | None
    types: tuple[str, ...]
    commune: str | None
    across: str | None = None
    up: str | None = None
    doubt: tuple[tuple[str, str, str], ...] = field(default=())
    hours_per_week: float = float("nan")
    hours_unread: str | None = None


@dataclass(frozen=True)
class DeskNames:
    """Names of the columns of a directory, for messages."""

    facility: str
    kind: str
    claim: ClaimNames


@dataclass(frozen=True)
class DeskChoices:
    """What an analyst asks of a directory.

    Parameters
    ----------
    services
        Kind of desk → service id.
    place_by
        ``commune`` puts every desk at its chef-lieu.
    vintage
        Of the file, as it is shown.
    """

    services: Mapping[str, str]
    place_by: PlaceBy
    vintage: str


@dataclass(frozen=True)
class DeskList:
    """The desks of a file by row, and how many rows it has."""

    desks: pd.DataFrame
    rows_read: int


def desk_list(entries: Iterable[Desk | None], notes: Notes) -> DeskList:
    """Put the entries of a directory under their rows; reject those that are none.

    Parameters
    ----------
    entries
        In the order of the file; None for what is no entry.
    notes
        Receives the rejects.
    """
    rows: dict[int, Desk] = {}
    broken: list[int] = []
    count = 0
    for row, desk in enumerate(entries, start=FIRST_ROW):
        count = row
        if desk is None:
            broken.append(row)
            continue
        rows[row] = desk
    if broken:
        notes.reject(pd.Index(broken), "", [""] * len(broken), "not an entry of this directory")
    return DeskList(desk_frame(rows), count)


def desk_frame(rows: Mapping[int, Desk]) -> pd.DataFrame:
    """Make one table of desks, indexed by the row of each in its file."""
    index = pd.Index(rows, dtype="int64", name="row")
    frame = pd.DataFrame(
        {name: pd.Series([getattr(desk, name) for desk in rows.values()], index=index, dtype="str")
         for name in _TEXTS}
    )  # fmt: skip
    for name in ("types", "doubt"):
        values = [getattr(desk, name) for desk in rows.values()]
        frame[name] = pd.Series(values, index=index, dtype="object")
    hours = [desk.hours_per_week for desk in rows.values()]
    frame["hours_per_week"] = pd.Series(hours, index=index, dtype="float64")
    return frame


def placed_desks(
    listed: DeskList, study: StudyArea, notes: Notes, *, names: DeskNames, place_by: PlaceBy
) -> pd.DataFrame:
    """Find where desks stand; the rows that have a place, with what the file says of them.

    Returns
    -------
    DataFrame
        Columns of :func:`~sdaasp_geo.sources.positions.place`, and ``facility name types
        doubt hours_per_week hours_unread``. A desk without identifier gets ``row-<row>``.
    """
    desks = listed.desks
    claims = desks[["commune", "across", "up"]].set_axis(["code", "across", "up"], axis=1)
    claims = claims.assign(
        code=claims["code"].str.upper(), crs=pd.Series(GEOGRAPHIC_CRS, desks.index), quality="exact"
    )
    placed = place(claims, study, notes, names=names.claim, place_by=place_by)
    numbers = pd.Series([f"row-{row}" for row in desks.index], index=desks.index, dtype="str")
    told = desks[["facility", "name", "types", "doubt", "hours_per_week", "hours_unread"]]
    return placed.join(told.assign(facility=told["facility"].fillna(numbers)))


def flag_doubts(rows: pd.DataFrame, notes: Notes) -> None:
    """Flag what is doubtful of desks that are kept, and of no others."""
    for row, doubts in rows["doubt"].items():
        for column, value, reason in doubts:
            notes.flag(pd.Index([row]), column, [value], reason)


def desk_facilities(
    listed: DeskList,
    study: StudyArea,
    notes: Notes,
    *,
    names: DeskNames,
    choices: DeskChoices,
) -> Reading[gpd.GeoDataFrame]:
    """Make the facilities of a directory.

    A desk listed under several kinds offers each of their services, and is still one row
    of the file. Kinds that no service has are counted as unused.
    """
    rows = placed_desks(listed, study, notes, names=names, place_by=choices.place_by)
    rows = rows.assign(count=1)
    rows = without_duplicates(rows, ["facility"], notes, column=names.facility, values="facility")
    offered = _offered(rows["types"], choices.services)
    rows = notes.keep(rows, rows["types"].map(len) == 0, names.kind, "no kind of service")
    offered = offered.loc[rows.index]
    unused = offered.map(len) == 0
    if unused.any():
        notes.skip(rows.loc[unused, "types"].map("+".join), NO_SERVICE)
    rows = rows.assign(service=offered)[~unused]
    flag_doubts(rows, notes)
    rows = rows.explode("service").astype({"service": "str"})
    flag_twins(rows, notes, column=names.facility, whatever_name=True)
    dated = choices.vintage
    table = facilities_table(rows, source=notes.source, vintage=dated, crs=study.places.crs)
    return notes.close(table, listed.rows_read)


def _offered(types: pd.Series, services: Mapping[str, str]) -> pd.Series:
    by_name = by_folded_name(services)
    known = {kind: by_name.get(folded(kind)) for kinds in types for kind in kinds}
    return types.map(
        lambda kinds: list(dict.fromkeys(known[kind] for kind in kinds if known[kind] is not None))
    )


def as_text(value: object) -> str | None:
    """Return stripped text, None where there is nothing; lists and objects are nothing.

    Examples
    --------
    >>> as_text(" 43.3 "), as_text(43.3), as_text(""), as_text([1])
    ('43.3', '43.3', None, None)
    """
    if value is None or isinstance(value, (list, dict, bool)):
        return None
    text = str(value).strip()
    return text or None


def sole(values: Iterable[Any]) -> Any | None:  # noqa: ANN401 (any hashable)
    """Return the one value of several that are all alike; None where they differ or are none."""
    counted = Counter(values)
    return next(iter(counted)) if len(counted) == 1 else None
