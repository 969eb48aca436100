"""Groups of communes: EPCI, cantons, bassins de vie, density, from Insee's tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import as_text, code_troubles, departement_of, renamed
from sdaasp_geo.sources.containers import opened
from sdaasp_geo.sources.forms import Form, FormTable, read_forms
from sdaasp_geo.sources.layers import read_layer
from sdaasp_geo.sources.names import file_names, nearest
from sdaasp_geo.tables.levels import COMMUNE_LEVELS
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Reading

# Level → columns of its code, with that of its name, the newest first.
KNOWN_LEVELS = {
    "epci": (("EPCI", "LIBEPCI"),),
    "canton": (("CV", "LIBCV"), ("CAN", "LIBCAN")),
    "bassin_de_vie": (("BV2022", "LIBBV2022"), ("BV2012", "LIBBV2012")),
    "densite": (("DENS", "LIBDENS"),),
    "densite_3": (("DENS3", "LIBDENS3"),),
    "densite_7": (("DENS7", "LIBDENS7"),),
    "zone_emploi": (("ZE2020", "LIBZE2020"),),
    "unite_urbaine": (("UU2020", "LIBUU2020"),),
    "aire_attraction": (("AAV2020", "LIBAAV2020"),),
}
_CODES = ("CODGEO", "codgeo", "DEPCOM", "depcom", "COM", "INSEE_COM", "code_insee", "insee")
# Sheets of Insee's workbooks that list the communes, where several have their column.
_SHEETS = ("COM", "Composition_communale")
_NAMES_SHEET = "Zones_supra_communales"
_BOOK_ENDINGS = (".xlsx", ".xlsm")
# Insee publishes its workbooks in archives.
_BOOKS = (*_BOOK_ENDINGS, ".zip")
_LAYERS = (".gpkg", ".shp", ".geojson", ".json", ".geoparquet", ".fgb")
# What Insee writes where a commune belongs to none: islands, unités urbaines of the country.
_NONE = r"^(?:Z{5,}|NR|NC|0+|)$"

ELSEWHERE = "not among the communes of the territory"
IN_NONE = "in none of the levels"
AGAIN = "a commune that was there already"


def read_levels(
    path: str | Path,
    *,
    level: str | None = None,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    places: Places | None = None,
) -> Reading[pd.DataFrame]:
    """Read what each commune belongs to.

    Parameters
    ----------
    path
        A table, or a layer of communes, with one row a commune. Insee's are known by
        their columns: *base des EPCI* and *Intercommunalité Métropole* (CODGEO EPCI
        LIBEPCI), *table d'appartenance* (CODGEO EPCI CV BV2022 …), *bassins de vie*
        (BV2022 or BV2012), *grille de densité* (DENS, DENS3, DENS7).
    level
        The level wanted, one of those of `KNOWN_LEVELS`, or any name with `columns`; every
        one that the file has if None.
    columns
        ``commune``, ``code`` and perhaps ``name`` → name in the file.
    layer
        Of a vector file that holds several.
    places
        Brings codes of other years to communes, and leaves out those of elsewhere.

    Returns
    -------
    Reading
        ``commune level code name``, by level and commune. Communes of elsewhere, and those
        that belong to none, are in `unused`. Rejected: no commune code, a commune split
        since, a second row of a commune, and a commune merged since into one that belongs
        to something else: the code that the commune kept decides.

    Raises
    ------
    InputError
        If the file cannot be read as such, or lacks the columns or the level.
    """
    path = Path(path)
    notes = Notes(path.name)
    read = _read(path, notes, columns, layer)
    found = _levels_of(read, level, columns, path.name)
    frame = read.frame.assign(commune=read.frame["commune"].str.upper())
    told = read.names["commune"]
    trouble = code_troubles(frame["commune"])
    frame = _reject(frame, notes, told, trouble)
    frame = frame.assign(unit=frame["commune"])
    if places is not None:
        frame = _brought(frame, notes, told, places)
    codes = {name: _code(frame[code]) for name, (code, _) in found.items()}
    nowhere = pd.DataFrame(codes, index=frame.index).isna().all(axis=1)
    if nowhere.any():
        notes.skip(departement_of(frame.loc[nowhere, "unit"]), IN_NONE)
    frame = _one_each(frame[~nowhere], notes, told, [code for code, _ in found.values()])
    parts = [_level(frame, name, pair) for name, pair in found.items()]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COMMUNE_LEVELS)
    table = _named(table, path, found)
    return notes.close(table[COMMUNE_LEVELS], read.rows_read)


def _read(
    path: Path, notes: Notes, columns: Mapping[str, str] | None, layer: str | None
) -> FormTable:
    if path.suffix.lower() in _LAYERS or layer is not None:
        return _read_layer(path, columns, layer)
    known = {name: name for pairs in KNOWN_LEVELS.values() for pair in pairs for name in pair}
    if columns:
        names = file_names(path.name, columns, required=["commune", "code"], optional=["name"])
        forms = [Form(names, {})]
    else:
        forms = [Form({"commune": code}, known) for code in _CODES]
    try:
        return read_forms(path, notes, forms)
    except InputError:
        if path.suffix.lower() not in _BOOKS:
            raise
        for sheet in _SHEETS:
            try:
                with opened(path, endings=_BOOK_ENDINGS, what="spreadsheet") as book:
                    return read_forms(book / sheet, notes, forms)
            except InputError:
                continue
        raise


def _read_layer(path: Path, columns: Mapping[str, str] | None, layer: str | None) -> FormTable:
    names = file_names(path.name, columns or {}, required=["commune", "code"], optional=["name"])
    raw = read_layer(path, columns=names, layer=layer)
    frame = pd.DataFrame({name: as_text(raw[name]) for name in names}, index=raw.index)
    return FormTable(frame, Form(names, {}), len(raw))


def _levels_of(
    read: FormTable, level: str | None, columns: Mapping[str, str] | None, file: str
) -> dict[str, tuple[str, str | None]]:
    """Return the columns of code and name of each level that is there and wanted."""
    there = set(map(str, read.frame.columns))
    if columns or "code" in there:
        if level is None:
            cause = 'write level = "canton", for instance'
            raise InputError([Fault(file, "the name of the level", "none", cause)])
        return {level: ("code", "name" if "name" in there else None)}
    found: dict[str, tuple[str, str | None]] = {}
    for name, pairs in KNOWN_LEVELS.items():
        pair = next((pair for pair in pairs if pair[0] in there), None)
        if pair is not None:
            found[name] = (pair[0], pair[1] if pair[1] in there else None)
    if level is None and found:
        return found
    if level in found:
        return {level: found[level]}
    expected = f"the level {level!r}" if level else f"one of {', '.join(KNOWN_LEVELS)}"
    near = nearest(level, KNOWN_LEVELS) if level else None
    cause = (
        f"did you mean {near!r}?" if near and near != level else "another file: name its columns"
    )
    raise InputError([Fault(file, expected, ", ".join(found) or "none", cause)])


def _code(values: pd.Series) -> pd.Series:
    """Codes as text; missing where a commune belongs to none."""
    none = values.str.match(_NONE).fillna(value=True).astype(bool)
    return values.mask(none)


def _reject(frame: pd.DataFrame, notes: Notes, column: str, reasons: pd.Series) -> pd.DataFrame:
    told = reasons.dropna()
    if len(told):
        notes.reject(told.index, column, frame.loc[told.index, "commune"].fillna(""), list(told))
    return frame.drop(index=told.index)


def _brought(frame: pd.DataFrame, notes: Notes, column: str, places: Places) -> pd.DataFrame:
    frame = _reject(frame, notes, column, renamed(frame["commune"], places.doubts))
    unit = places.unit_of(frame["commune"])
    elsewhere = unit.isna()
    if elsewhere.any():
        notes.skip(departement_of(frame.loc[elsewhere, "commune"]), ELSEWHERE)
    return frame[~elsewhere].assign(unit=places.commune_of(unit[~elsewhere]).astype("str"))


def _one_each(frame: pd.DataFrame, notes: Notes, column: str, codes: Sequence[str]) -> pd.DataFrame:
    """Leave one row a commune, the one of its own code if there is one."""
    own = (frame["commune"] == frame["unit"]).sort_values(ascending=False, kind="stable").index
    first = frame.loc[own].drop_duplicates("unit").set_index("unit")
    other = frame.index.difference(frame.loc[own].drop_duplicates("unit").index)
    if not len(other):
        return frame
    rest = frame.loc[other]
    again = rest["commune"].isin(first["commune"]) | rest["commune"].duplicated()
    kept = first.loc[rest["unit"], list(codes)].set_axis(rest.index)
    same = (rest[list(codes)].fillna("") == kept.fillna("")).all(axis=1)
    merged = "merged since into " + rest["unit"] + ", which belongs to something else"
    told = merged.mask(again, AGAIN).where(again | ~same)
    return _reject(frame, notes, column, told.reindex(frame.index))


def _level(frame: pd.DataFrame, level: str, pair: tuple[str, str | None]) -> pd.DataFrame:
    code, name = pair
    own = (frame["commune"] == frame["unit"]).sort_values(ascending=False, kind="stable").index
    rows = frame.loc[own].drop_duplicates("unit")
    codes = _code(rows[code])
    rows = rows[codes.notna()]
    table = pd.DataFrame(
        {
            "commune": rows["unit"].astype("str"),
            "level": level,
            "code": codes.dropna().astype("str"),
            "name": (rows[name] if name is not None else rows[code]).astype("str"),
        }
    )
    return table.sort_values("commune")


def _named(
    table: pd.DataFrame, path: Path, found: Mapping[str, tuple[str, str | None]]
) -> pd.DataFrame:
    """Name the groups of a table d'appartenance, whose names stand on a sheet of their own."""
    bare = {code: level for level, (code, name) in found.items() if name is None}
    if not bare or path.suffix.lower() not in _BOOKS:
        return table
    form = Form({"kind": "NIVGEO", "code": "CODGEO", "name": "LIBGEO"}, {})
    try:
        with opened(path, endings=_BOOK_ENDINGS, what="spreadsheet") as book:
            names = read_forms(book / _NAMES_SHEET, Notes(path.name), [form]).frame
    except InputError:
        return table
    known = {
        (bare[kind], code): name
        for kind, code, name in names[["kind", "code", "name"]].dropna().itertuples(index=False)
        if kind in bare
    }
    pairs = zip(table["level"], table["code"], table["name"], strict=True)
    return table.assign(name=[known.get((level, code), name) for level, code, name in pairs])
