"""List of the France Services (ANCT): sites that offer several services at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.sources.aliases import alias_names, under_known_names
from sdaasp_geo.sources.facilities import vintage_text, without_duplicates
from sdaasp_geo.sources.opening_hours import DAYS, weekly_hours
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.site_table import flag_site_twins, note_hours, row_names, sites_table
from sdaasp_geo.sources.study import ClaimNames, claims_frame
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS
from sdaasp_geo.tables.folding import folded
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    import geopandas as gpd

    from sdaasp_geo.sources.study import StudyArea
    from sdaasp_geo.tables.reading import Reading

# The list of 2022 and since, before those of 2021 and 2020.
_ALIASES = {
    "site": ("id_fs", "MATRICULE"),
    "name": ("lib_fs", "lib_france_services"),
    "commune": ("insee_com",),
    "lon": ("longitude", "long"),
    "lat": ("latitude", "lat"),
    "type_fs": ("type_fs",),
    "format": ("format_fs",),
    "itinerant": ("itinerance",),
    "group": ("groupe_fs", "Groupe"),
    **{day: (day,) for day in DAYS},
}
_REQUIRED = ("name", "commune", "lon", "lat")
_BRANCH, _ITINERANT = "Antenne", "Itinérante"
# What the lists of 2020 and 2021 call a format: whether the site has its label.
_LABELS = ("espace_labellise", "espace_labelise")
_MOVING = ("bus", "itinerant", "mobile")
AT_ITS_SEAT = "itinerant: it stands at its seat, not at its stops"


def read_france_services(
    path: str | Path, *, study: StudyArea, vintage: int | str | None = None
) -> Reading[gpd.GeoDataFrame]:
    """Read the list of the France Services that data.gouv.fr publishes.

    Parameters
    ----------
    path
        The list of 2022 and since (``id_fs lib_fs insee_com latitude longitude type_fs
        format_fs``), of 2021 (``MATRICULE lib_france_services insee_com FORMAT_FS
        ITINERANCE``) or of 2020 (``lib_france_services lat long itinerance``, no
        identifier). CSV with commas, or ``;``; also parquet or xlsx, packed or not.
    study
        The land that sites are wanted on.
    vintage
        Of the file.

    Returns
    -------
    Reading
        Table `SITES` in the CRS of the study area. `format` is the file's ``format_fs``
        (Fixe, Multisites, Itinérante …), or ``Itinérante`` where an older list says so;
        `type_fs` (Principal, Antenne) and `group` are kept beside it; they are missing
        where the list has no such column. `operators` is missing: this list does not
        tell them. `hours_per_week` adds up the days
        (:mod:`~sdaasp_geo.sources.opening_hours`); it is missing where the list tells no
        hours, and where a day cannot be read, which is flagged. Flagged as well: sites
        that move (they stand at their seat), and an antenne or another site at the
        place, or of the name, of an earlier one. Without
        identifiers, sites are named by file and row.

    Raises
    ------
    InputError
        If the file cannot be read as such, see
        :func:`~sdaasp_geo.sources.text.read_text`, or most coordinates are swapped.
    """
    path = Path(path)
    notes = Notes(path.name)
    names = alias_names(path, _ALIASES, required=_REQUIRED)
    text = read_text(
        path,
        notes,
        required=[names[name] for name in _REQUIRED],
        optional=list(names.values()),
        separators=(",", ";"),
    )
    frame, names = under_known_names(text.frame, names)
    if "site" not in names:
        # The list of 2020 has no identifiers.
        frame = frame.assign(site=row_names(path, frame.index))
    frame = _identified(frame, notes, names.get("site"))
    told = ClaimNames(names["commune"], names["lon"], names["lat"])
    claims = claims_frame(frame, ClaimNames("commune", "lon", "lat"), crs=GEOGRAPHIC_CRS)
    placed = place(claims, study, notes, names=told)
    rows = placed.join(_sites(frame)).assign(source=path.name, vintage=vintage_text(vintage))
    rows = note_hours(rows, weekly_hours(frame.loc[placed.index]), notes, "h_lundi…h_samedi")
    shown = names.get("site", names["name"])
    _flag_moving(rows, notes, names)
    flag_site_twins(rows, notes, column=shown)
    table = sites_table(rows, crs=study.places.crs)
    return notes.close(table, text.rows_read)


def _identified(frame: pd.DataFrame, notes: Notes, column: str | None) -> pd.DataFrame:
    if column is None:
        return frame
    frame = notes.keep(frame, frame["site"].isna(), column, "no identifier")
    # A number that went through a spreadsheet or R is 76.0.
    frame = frame.assign(site=frame["site"].str.replace(r"\.0+$", "", regex=True))
    return without_duplicates(frame, ["site"], notes, column=column, values="site")


def _sites(frame: pd.DataFrame) -> pd.DataFrame:
    optional = frame.reindex(columns=["type_fs", "format", "itinerant", "group"]).astype("str")
    label = optional["format"].map(folded, na_action="ignore").astype("str")
    unsaid = label.isna() | label.isin(_LABELS)
    moves = optional["itinerant"].map(folded, na_action="ignore").eq("oui")
    branch = optional["type_fs"].isna() & label.eq("antenne").fillna(value=False).astype(bool)
    return pd.DataFrame(
        {
            "site": frame["site"],
            # A site without a name is known by its number.
            "name": frame["name"].fillna(frame["site"]),
            "format": optional["format"].mask(unsaid).mask(moves & unsaid, _ITINERANT),
            "type_fs": optional["type_fs"].mask(branch, _BRANCH),
            "group": optional["group"],
            "operators": pd.Series(None, index=frame.index, dtype="str"),
        },
        index=frame.index,
    ).astype("str")


def _flag_moving(rows: pd.DataFrame, notes: Notes, names: dict[str, str]) -> None:
    told = rows["format"].map(folded, na_action="ignore").astype("str")
    moving = told.str.contains("|".join(_MOVING)).fillna(value=False).astype(bool)
    if moving.any():
        column = names.get("format", names.get("itinerant", "format_fs"))
        notes.flag(rows.index[moving], column, rows.loc[moving, "format"], AT_ITS_SEAT)
