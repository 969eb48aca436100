"""Inhabitants of the communes, from Insee's files of the census."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import code_troubles, joined_code
from sdaasp_geo.sources.forms import Form, in_other_case, read_forms
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.text import to_counts
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.sources.forms import FormTable
    from sdaasp_geo.tables.reading import Reading

MUNICIPALE = "PMUN"
# Insee's series begins with the census of 1876.
_YEARS = range(2099, 1875, -1)

_SDMX = Form(
    {
        "commune": "GEO",
        "object": "GEO_OBJECT",
        "measure": "POPREF_MEASURE",
        "time": "TIME_PERIOD",
        "population": "OBS_VALUE",
    },
    {},
)
_PARTED = Form({"departement": "CODDEP", "part": "CODCOM", "population": MUNICIPALE}, {})
_CODED = [
    Form({"commune": code, "population": MUNICIPALE}, {})
    # Where the code has another name, COM may be the name of the commune.
    for code in ("CODGEO", "DEPCOM", "code_insee", "INSEE_COM", "COM")
]
_SHORT = "'"
_BY_YEAR = Form(
    {"commune": "CODGEO"},
    {
        **{str(year): f"{MUNICIPALE}{year}" for year in _YEARS},
        **{f"{year}{_SHORT}": f"{MUNICIPALE}{year % 100:02d}" for year in range(2099, 1999, -1)},
    },
)
# A thousand to some and one to others; a census counts no thousandth of anybody.
_DOUBTFUL = r"\d{1,3}(\.\d{3})+"
_OBJECTS = ("COM", "ARM")


def read_populations(
    path: str | Path, *, year: int | None = None, columns: Mapping[str, str] | None = None
) -> Reading[pd.DataFrame]:
    """Read the inhabitants of communes and municipal arrondissements.

    Parameters
    ----------
    path
        One of Insee's files, as they come: ``DS_POPULATIONS_REFERENCE`` or
        ``…_HISTORIQUES`` (``GEO GEO_OBJECT POPREF_MEASURE TIME_PERIOD OBS_VALUE``), the
        older ``ensemble.zip/donnees_communes.csv`` (``CODDEP CODCOM PMUN``), the series
        since 1876 (``CODGEO PMUN2021 PMUN2020 …``), or any table with a code and ``PMUN``.
    year
        Which year of a file of several; the latest if None.
    columns
        Library's name → name in the file (``commune``, ``population``), for other tables.

    Returns
    -------
    Reading
        ``commune year population``, by code; `year` is missing where neither the file nor
        the caller tells it. Other years, measures and levels of geography are in `unused`.

    Raises
    ------
    InputError
        If the file cannot be read as such, lacks the columns, or has nothing of the year, or
        no good row.

    Notes
    -----
    The measure is the *population municipale*, of which everybody is counted once. Codes
    that are none, numbers that are none or below 0, and second rows of a commune are
    rejected.
    """
    path = Path(path)
    notes = Notes(path.name)
    read = read_forms(path, notes, _forms(path.name, columns))
    names = read.names
    frame = _one_year(read, notes, year, path.name)
    trouble = code_troubles(frame["commune"])
    frame = _keep(frame, notes, names, "commune", trouble)
    people = to_counts(frame["population"])
    people = people.mask(
        frame["population"].str.fullmatch(_DOUBTFUL).fillna(value=False).astype(bool)
    )
    wrong = people.isna() | ~(people >= 0) | (people == float("inf"))
    reason = pd.Series("no number of inhabitants, 0 or more", index=frame.index).where(wrong)
    frame = _keep(frame, notes, names, "population", reason)
    again = frame["commune"].duplicated()
    told = pd.Series("a commune that was there already", index=frame.index).where(again)
    frame = _keep(frame, notes, names, "commune", told)
    if frame.empty:
        found = f"none in {read.rows_read} rows"
        cause = "codes or numbers of another column"
        raise InputError([Fault(path.name, "a commune with its inhabitants", found, cause)])
    table = frame[["commune", "year"]].assign(population=people.reindex(frame.index))
    return notes.close(table.sort_values("commune", ignore_index=True), read.rows_read)


def _forms(file: str, columns: Mapping[str, str] | None) -> list[Form]:
    if columns:
        return [Form(file_names(file, columns, required=["commune", "population"]), {})]
    known = [_SDMX, _PARTED, *_CODED]
    return [case for form in known for case in in_other_case(form)] + [_BY_YEAR]


def _one_year(read: FormTable, notes: Notes, year: int | None, file: str) -> pd.DataFrame:
    """Bring every form to ``commune population year``, of one year."""
    frame = read.frame
    if "object" in frame:
        frame = _observations(frame, notes, year, file)
    elif "part" in frame:
        code = joined_code(frame["departement"], frame["part"])
        frame = frame.assign(commune=code, year=year)
    elif "population" not in frame:
        frame = frame.rename(columns=lambda name: str(name).removesuffix(_SHORT))
        # Both spellings of a year would be two columns of one name: the long one is first.
        frame = frame.loc[:, ~frame.columns.duplicated()]
        there = [int(str(name)) for name in frame.columns if str(name).isdigit()]
        wanted = max(there, default=None) if year is None else year
        if wanted not in there:
            raise InputError([_absent(file, year, sorted(there), "PMUN and a year")])
        frame = frame[["commune", str(wanted)]].set_axis(["commune", "population"], axis=1)
        frame = frame.assign(year=wanted)
    else:
        frame = frame.assign(year=year)
    return frame.assign(commune=frame["commune"].str.upper(), year=frame["year"].astype("float64"))


def _observations(frame: pd.DataFrame, notes: Notes, year: int | None, file: str) -> pd.DataFrame:
    """Keep the communes, the population municipale and one year of an SDMX table."""
    tests = (("object", _OBJECTS), ("measure", (MUNICIPALE,)))
    for column, wanted in tests:
        other = ~frame[column].str.upper().isin(wanted)
        if other.any():
            notes.skip(frame.loc[other, column], f"no {' or '.join(wanted)}")
        frame = frame[~other]
    years = frame["time"].str.extract(r"^(\d{4})")[0].astype("float64")
    asked = years.max() if year is None else float(year)
    if not (years == asked).any():
        there = sorted({int(found) for found in years.dropna()})
        raise InputError([_absent(file, year, there, "TIME_PERIOD")])
    if (years != asked).any():
        notes.skip(frame.loc[years != asked, "time"], "another year")
    return frame[years == asked].assign(year=asked)


def _absent(file: str, year: int | None, there: list[int], column: str) -> Fault:
    expected = "communes with their population municipale" + (f" of {year}" if year else "")
    found = f"those of {', '.join(map(str, there))}" if there else "none"
    return Fault(file, expected, found, "another file, or another year", column=column)


def _keep(
    frame: pd.DataFrame, notes: Notes, names: Mapping[str, str], column: str, reason: pd.Series
) -> pd.DataFrame:
    told = reason.dropna()
    if len(told):
        shown = names.get(column, ", ".join(names.values()))
        notes.reject(told.index, shown, frame.loc[told.index, column].fillna(""), list(told))
    return frame.drop(index=told.index)
