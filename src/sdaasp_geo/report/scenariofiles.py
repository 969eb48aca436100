"""The tables of scenarios as files, in the manner of those of a diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.report.files import write_csv, write_json, write_parquet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.comparison import Comparison
    from sdaasp_geo.scenarios.gains import Gains
    from sdaasp_geo.scenarios.siting.result import SitingResult

_PEOPLE = ("inhabitants", "nearest_", "lost_inhabitants", "population")
_NOT_PEOPLE = ("_min", "_share", "_minutes", "inhabitant_minutes")


def write_gain_tables(gains: Gains, provenance: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the tables of a scenario.

    CSV files are as those of :func:`~sdaasp_geo.report.files.write_tables`; points become
    ``x`` and ``y`` (metres, CRS of the territory) and lists text with ``;`` between.

    Parameters
    ----------
    gains
        Finished tables; none is changed.
    provenance
        As ``provenance.json`` tells it.
    folder
        Made if it does not exist; files of the same names are replaced.

    Returns
    -------
    list of Path
        The files, in the order written.
    """
    tables = {
        "gains.csv": gains.communes.drop(columns="geometry"),
        "services.csv": gains.services,
        "epci.csv": gains.epci,
        "sites.csv": gains.sites,
        "closed.csv": gains.closed,
        "losers.csv": gains.losers,
        "newly_reached.csv": gains.newly_reached,
        "notes.csv": gains.notes,
    }
    folder.mkdir(parents=True, exist_ok=True)
    first = folder / "gains.parquet"
    write_parquet(pd.DataFrame(gains.communes.drop(columns="geometry")), first)
    return [first, *write_named_tables(tables, gains.summary, provenance, folder)]


def write_siting_tables(
    diagnostic: Diagnostic, result: SitingResult, provenance: Mapping[str, Any], folder: Path
) -> list[Path]:
    """Write the tables of the best sites; parameters and files as `write_gain_tables`."""
    tables = {
        "sites.csv": result.sites,
        "alternatives.csv": result.alternatives,
        "candidates.csv": result.candidates,
        "communes.csv": result.gain_by_commune(diagnostic.communes),
        "origins.csv": result.origins,
        "unserved.csv": result.unserved,
        "without_after.csv": result.without_after,
        "blocking.csv": result.blocking,
        "notes.csv": result.notes,
    }
    return write_named_tables(tables, result.summary, provenance, folder)


def write_comparison_tables(
    comparison: Comparison, provenance: Mapping[str, Any], folder: Path
) -> list[Path]:
    """Write the tables of two vintages; parameters and files as `write_gain_tables`."""
    tables = {
        "changes.csv": comparison.changes,
        "effects.csv": comparison.effects,
        "services.csv": comparison.services,
        "communes.csv": comparison.communes,
        "lost_last.csv": comparison.lost_last,
        "zones.csv": comparison.zones.drop(columns="geometry"),
        "alerts.csv": comparison.alerts,
        "notes.csv": pd.DataFrame({"note": pd.Series(list(comparison.notes), dtype="str")}),
    }
    return write_named_tables(tables, comparison.summary, provenance, folder)


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """Make a table fit for a spreadsheet: points as x and y, lists as text, whole people.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"services": [("a", "b")], "inhabitants_gaining": [12.0]})
    >>> flat(frame).to_csv(index=False).splitlines()[1]
    'a;b,12'
    """
    plain = pd.DataFrame(table).copy()
    if isinstance(table, gpd.GeoDataFrame) and "geometry" in table:
        points = table.geometry.representative_point()
        plain = plain.drop(columns="geometry").assign(x=points.x.round(1), y=points.y.round(1))
    for name in plain.columns:
        column = plain[name]
        if pd.api.types.is_float_dtype(column) and _counts_people(str(name)):
            plain[name] = _whole(column)
        elif pd.api.types.is_float_dtype(column):
            plain[name] = column + 0.0  # a gain of -0 is none
        elif column.dtype == object:
            plain[name] = column.map(_text, na_action="ignore")
    return plain


def _counts_people(name: str) -> bool:
    return name.startswith(_PEOPLE) and not name.endswith(_NOT_PEOPLE)


def _whole(column: pd.Series) -> pd.Series:
    """Inhabitants without a decimal point, where all of them are whole."""
    known = column.dropna()
    return column.astype("Int64") if bool((known == np.round(known)).all()) else column


def _text(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return ";".join(str(item) for item in value)
    return value


def write_named_tables(
    tables: Mapping[str, pd.DataFrame],
    summary: Mapping[str, Any],
    provenance: Mapping[str, Any],
    folder: Path,
) -> list[Path]:
    """Write tables as CSV, then ``summary.json`` and ``provenance.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in tables.items():
        write_csv(flat(table), folder / name)
        written.append(folder / name)
    for name, content in (("summary.json", summary), ("provenance.json", provenance)):
        write_json(dict(content), folder / name)
        written.append(folder / name)
    return written
