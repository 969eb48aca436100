"""Movements of the communes, as Insee's official code (COG) lists them since 1943."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.sources.codes import code_troubles
from sdaasp_geo.sources.forms import Form, in_other_case, read_forms
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from sdaasp_geo.tables.reading import Reading

_FORM = Form(
    {
        "event": "MOD",
        "date": "DATE_EFF",
        "type_before": "TYPECOM_AV",
        "before": "COM_AV",
        "type_after": "TYPECOM_AP",
        "after": "COM_AP",
    },
    {"name_before": "LIBELLE_AV", "name_after": "LIBELLE_AP"},
)
_COLUMNS = [
    *("date", "event", "type_before", "before", "name_before"),
    *("type_after", "after", "name_after"),
]
# Communes associées and déléguées keep codes; municipal arrondissements (ARM) do too.
_TYPES = ("COM", "COMA", "COMD", "ARM")
_EVENT = r"^\d{1,2}$"
# Two digits of a year: the list begins in 1943.
_FIRST_YEAR = 43


def read_cog_movements(path: str | Path) -> Reading[pd.DataFrame]:
    """Read Insee's list of what happened to the communes.

    Parameters
    ----------
    path
        ``mvtcommune_AAAA.csv``, ``v_mvtcommune_2023.csv``, ``v_mvt_commune_AAAA.csv`` or
        the like: columns ``MOD DATE_EFF TYPECOM_AV COM_AV TYPECOM_AP COM_AP`` in upper or
        lower case, and ``LIBELLE_AV LIBELLE_AP`` if there; others are not read.

    Returns
    -------
    Reading
        ``date`` (ISO) ``event`` (code of the modification: 10 renamed, 20 created, 21
        restored, 30 suppressed, 31 and 33 merged, 32 commune nouvelle, 34, 35 and 70 about
        parts of communes, 41 and 50 renumbered) ``type_before before name_before
        type_after after name_after``, sorted by date, in the order of the file.

    Raises
    ------
    InputError
        If the file cannot be read as such or lacks a column; all faults at once.

    Notes
    -----
    Rows without a good code on both sides, a date, a known type or an event are rejected.
    Dates are written 2019-01-01, 01/01/2019 or 01/01/19.

    The meaning of the events is Insee's (*Liste de modalités des fichiers téléchargeables
    du COG*). :class:`~sdaasp_geo.tables.movements.Succession` follows them.
    """
    path = Path(path)
    notes = Notes(path.name)
    read = read_forms(path, notes, in_other_case(_FORM))
    frame = read.frame.reindex(columns=_COLUMNS).astype("str")
    for side in ("before", "after"):
        frame[side] = frame[side].str.upper()
        frame[f"type_{side}"] = frame[f"type_{side}"].str.upper()
    dates = _iso(frame["date"])
    names = read.names
    frame = _without(
        frame, notes, names["date"], "date", dates.isna(), "no date such as 2019-01-01"
    )
    for side in ("before", "after"):
        kind = f"type_{side}"
        unknown = ~frame[kind].isin(_TYPES)
        frame = _without(frame, notes, names[kind], kind, unknown, _told(f"one of {_TYPES}"))
        trouble = code_troubles(frame[side])
        for reason in sorted(trouble.dropna().unique()):
            wrong = trouble.reindex(frame.index) == reason
            frame = _without(frame, notes, names[side], side, wrong, reason)
    odd = ~frame["event"].str.match(_EVENT).fillna(value=False).astype(bool)
    frame = _without(frame, notes, names["event"], "event", odd, "no code of a modification")
    frame = frame.assign(date=dates.reindex(frame.index), event=frame["event"].str.zfill(2))
    table = frame.sort_values("date", kind="stable", ignore_index=True)
    return notes.close(table, read.rows_read)


def _told(expected: str) -> str:
    return f"expected {expected}"


def _without(
    frame: pd.DataFrame, notes: Notes, column: str, ours: str, wrong: pd.Series, reason: str
) -> pd.DataFrame:
    """Reject rows under the file's name of a column."""
    wrong = wrong.reindex(frame.index).fillna(value=False).astype(bool)
    if wrong.any():
        values = frame.loc[wrong, ours].fillna("")
        notes.reject(frame.index[wrong], column, values, reason)
    return frame[~wrong]


def _iso(texts: pd.Series) -> pd.Series:
    """Bring dates in any of the three spellings to ISO; missing where they are none."""
    text = texts.astype("str")
    french = text.str.extract(r"^(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})$")
    year = pd.to_numeric(french[2], errors="coerce")
    century = (year < _FIRST_YEAR).map({True: 2000, False: 1900})
    whole = year.where(french[2].str.len() != len("19"), year + century)
    turned = (
        whole.astype("Int64").astype("str")
        + "-"
        + french[1].str.zfill(2)
        + "-"
        + french[0].str.zfill(2)
    )
    iso = text.where(french[2].isna(), turned)
    dates = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce")
    return dates.dt.strftime("%Y-%m-%d").astype("str")
