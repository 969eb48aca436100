"""FINESS: the register of establishments of care, by category."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.sources.aliases import alias_names, under_known_names
from sdaasp_geo.sources.codes import joined_code
from sdaasp_geo.sources.facilities import (
    facilities_table,
    flag_twins,
    vintage_text,
    with_service,
    without_duplicates,
)
from sdaasp_geo.sources.finess_rows import etalab_rows, is_etalab
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import ClaimNames
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS, departement_crs
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.sources.raw_tables import TextTable
    from sdaasp_geo.sources.study import PlaceBy, StudyArea
    from sdaasp_geo.tables.reading import Reading

_ALIASES = {
    "facility": ("nofinesset", "finess", "numero_finess_et"),
    "category": ("categetab", "categorie", "categ_code"),
    "name": ("rslongue", "RaisonSocialeLongue", "rs", "RaisonSociale", "raison_sociale"),
    "commune": ("com_code",),
    "part": ("commune",),
    "departement": ("departement",),
    "x": ("coordxet",),
    "y": ("coordyet",),
    "origin": ("sourcecoordet",),
    "lon": ("geoloc_4326_long",),
    "lat": ("geoloc_4326_lat",),
    "state": ("etat",),
}
_PRESENT = "ACTUEL"
CLOSED = "closed: its state is not ACTUEL"
# Overseas départements have letters of their own; communes are numbered within 97.
_OVERSEAS = {"9A": "97", "9B": "97", "9C": "97", "9D": "97", "9E": "97", "9F": "97", "9J": "98"}
_OVERSEAS_CODES = {"9A": "971", "9B": "972", "9C": "973", "9D": "974", "9E": "975", "9F": "976"}
# What `sourcecoordet` says of the system: since 2024 an EPSG code, before a name.
_SYSTEMS = {
    "L93_METROPOLE": "EPSG:2154",
    "LAMBERT_93": "EPSG:2154",
    "UTM_N20": "EPSG:5490",
    "UTM_N21": "EPSG:4467",
    "zone 21N": "EPSG:4467",
    "UTM_N22": "EPSG:2972",
    "UTM_S40": "EPSG:2975",
    "UTM_S38": "EPSG:4471",
    "zone 1S": "EPSG:32701",
}
# The geocoder that knows communes alone: thousands of places stand on one point of theirs.
_COMMUNE_GEOCODER = "ADMIN-EXPRESS"


def read_finess(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    services: Mapping[str, str] | None = None,
    vintage: int | str | None = None,
    place_by: PlaceBy = "position",
) -> Reading[gpd.GeoDataFrame]:
    """Read the establishments of FINESS.

    Parameters
    ----------
    path
        The extraction ``etalab-cs1100507`` (no header: lines ``structureet`` and
        ``geolocalisation``, UTF-8 or CP1252) or ``cs1100502`` (no positions); a table
        with ``nofinesset``, category and ``coordxet coordyet sourcecoordet``; or
        ``t_finess`` (``finess categ_code com_code geoloc_4326_lat geoloc_4326_long
        etat``). CSV, parquet or xlsx, packed or not.
    study
        The land that facilities are wanted on.
    basket
        Its services say which categories are theirs (`finess`).
    services
        More categories → service id (``{"620": "pharmacie"}``), over those of the basket.
    vintage
        Of the file; else the date in the first line of an etalab file, if it has one.
    place_by
        ``commune`` puts every establishment at its chef-lieu.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area, with `name`. Positions that only
        know the commune (geocoder ``ADMIN-EXPRESS``) stand at the chef-lieu; those of
        another precision than 1 are ``approximate``. Other categories, and
        establishments that `etat` calls closed, are in `unused`; a position of no
        establishment is a reject.

    Raises
    ------
    InputError
        If the file cannot be read as such.

    Notes
    -----
    Communes are numbered within the département, which the code of the file gives
    apart (``451`` in ``01``, ``101`` in ``9A``: 97101). The meaning of the precisions
    beyond 1 is unverified.
    """
    path = Path(path)
    notes = Notes(path.name)
    if is_etalab(path):
        rows, dated = etalab_rows(path, notes)
    else:
        rows, dated = _table_rows(path, notes), None
    frame = _open_ones(rows.frame, notes)
    names = _claim_names(frame)
    placed = place(_claims(frame, study), study, notes, names=names, place_by=place_by)
    known = {code: service.id for service in basket.services for code in service.finess}
    placed = placed.join(frame[["facility", "category", "name"]]).assign(count=1)
    codes = placed["category"].str.replace(r"\.0+$", "", regex=True)
    placed = with_service(
        placed.assign(code=codes), known | dict(services or {}), notes, column="categetab"
    )
    placed = notes.keep(placed, placed["facility"].isna(), "nofinesset", "no identifier")
    placed = without_duplicates(placed, ["facility"], notes, column="nofinesset", values="facility")
    flag_twins(placed, notes, column="nofinesset", whatever_name=True)
    told = vintage_text(vintage if vintage is not None else dated)
    table = facilities_table(placed, source=path.name, vintage=told, crs=study.places.crs)
    return notes.close(table, rows.rows_read)


def _table_rows(path: Path, notes: Notes) -> TextTable:
    """Read a table with a header into the names of this module."""
    names = alias_names(path, _ALIASES, required=["facility", "category"])
    needed = [names["facility"], names["category"]]
    text = read_text(path, notes, required=needed, optional=list(names.values()),
                     separators=(";", ","))  # fmt: skip
    frame, _ = under_known_names(text.frame, names)
    return type(text)(frame.reindex(columns=list(_ALIASES)).astype("str"), text.rows_read)


def _open_ones(frame: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Set aside establishments that are closed, where the file tells the state."""
    closed = frame["state"].notna() & (frame["state"].str.upper() != _PRESENT)
    if closed.any():
        notes.skip(frame.loc[closed, "state"], CLOSED)
    return frame[~closed]


def _claim_names(frame: pd.DataFrame) -> ClaimNames:
    if frame["lon"].notna().any():
        return ClaimNames("com_code", "geoloc_4326_long", "geoloc_4326_lat")
    return ClaimNames("departement, commune", "coordxet", "coordyet")


def _claims(frame: pd.DataFrame, study: StudyArea) -> pd.DataFrame:
    degrees = frame["lon"].notna() | frame["lat"].notna()
    origin = frame["origin"]
    level = origin.str.extract(r"^([^,]*)", expand=False)
    quality = pd.Series("exact", index=frame.index).mask(
        level.notna() & (level != "1"), "approximate"
    )
    by_commune = (
        origin.str.contains(_COMMUNE_GEOCODER, regex=False).fillna(value=False).astype(bool)
    )
    return pd.DataFrame(
        {
            "code": _commune_codes(frame),
            "across": frame["lon"].where(degrees, frame["x"]),
            "up": frame["lat"].where(degrees, frame["y"]),
            "crs": _systems(frame, study).mask(degrees, GEOGRAPHIC_CRS),
            "quality": quality.mask(by_commune, "commune"),
        },
        index=frame.index,
    )


def _commune_codes(frame: pd.DataFrame) -> pd.Series:
    """INSEE codes, from the whole one or from département and number."""
    departement = frame["departement"].str.upper().replace(_OVERSEAS)
    number = frame["part"]
    # A table may give the whole code where the register gives a number.
    joined = number.where(number.str.len() > 3, joined_code(departement.str.zfill(2), number))
    return frame["commune"].fillna(joined).astype("str").str.upper()


def _systems(frame: pd.DataFrame, study: StudyArea) -> pd.Series:
    """System of the coordinates of each row: what the row says, else its département's."""
    origin = frame["origin"]
    said = "EPSG:" + origin.str.extract(r"EPSG:(\d+)", expand=False)
    for name, system in _SYSTEMS.items():
        here = origin.str.contains(name, regex=False).fillna(value=False).astype(bool)
        said = said.mask(said.isna() & here, system)
    departement = frame["departement"].str.upper().replace(_OVERSEAS_CODES)
    own = {code: _system_of(code, study) for code in departement.dropna().unique()}
    unsaid = said.isna() & origin.isna()
    return said.mask(unsaid, departement.map(own).astype("str")).astype("str")


def _system_of(departement: str, study: StudyArea) -> str:
    return study.crs if departement == study.departement else departement_crs(departement)
