"""Write what was checked: criteria, fragile facilities, how much answers depend on choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.pipeline.progress import Progress, silent
from sdaasp_geo.pipeline.scenario_write import scenario_provenance, written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    import geopandas as gpd
    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.criteria import Judgement
    from sdaasp_geo.scenarios.dashboard import Dashboard
    from sdaasp_geo.scenarios.sensitivity import Sensitivity


def write_criteria(
    diagnostic: Diagnostic,
    judgement: Judgement | None,
    folder: str | Path,
    *,
    dashboard: Dashboard | None = None,
    maps: bool = True,
    progress: Progress = silent,
) -> list[Path]:
    """Write judged criteria, a dashboard, or both, into a folder.

    Parameters
    ----------
    diagnostic
        The one that they were judged on.
    judgement
        From :func:`~sdaasp_geo.scenarios.criteria.judge_criteria`; None for a dashboard
        alone.
    folder
        New, empty, or holding earlier outputs, which are replaced in one step.
    dashboard
        From :func:`~sdaasp_geo.scenarios.dashboard.dashboard`.
    maps
        Whether to draw the map and the page (``rapport-criteres.html``).
    progress
        Called with (done, total, what).

    Returns
    -------
    list of Path
        ``criteria.csv``, ``left_out.csv``, ``communes.csv``, ``areas.csv``,
        ``notes.csv``, ``dashboard.csv``, ``summary.json``, ``provenance.json``, then
        ``maps/*.png`` and the page.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds files of something else.
    ValueError
        If there is neither.
    """
    if judgement is None and dashboard is None:
        message = "expected criteria, a dashboard or both, found neither"
        raise ValueError(message)
    tables: dict[str, pd.DataFrame] = {}
    summary: dict[str, Any] = {}
    if judgement is not None:
        tables |= {
            "criteria.csv": judgement.criteria,
            "left_out.csv": judgement.left_out,
            "communes.csv": judgement.communes,
            "areas.csv": judgement.areas,
            "notes.csv": judgement.notes,
        }
        summary["criteria"] = judgement.summary
    if dashboard is not None:
        tables["dashboard.csv"] = dashboard.indicators
        summary["dashboard"] = dashboard.summary

    def pictures(staging: Path) -> list[Path]:
        from sdaasp_geo.report import checkmaps as drawn
        from sdaasp_geo.report import criteriapage as page

        found: list[Path] = []
        if judgement is not None:
            found = drawn.write_criteria_map(diagnostic, judgement, staging, progress=progress)
        progress(0, 1, "rapport")
        return [*found, page.write_criteria_page(diagnostic, judgement, dashboard, found, staging)]

    return _written(diagnostic, folder, (tables, summary), pictures if maps else None, progress)


def write_criticality(
    diagnostic: Diagnostic,
    table: gpd.GeoDataFrame,
    folder: str | Path,
    *,
    maps: bool = True,
    progress: Progress = silent,
) -> list[Path]:
    """Write the fragile facilities into a folder.

    Parameters
    ----------
    diagnostic
        The one that they were looked for on.
    table
        From :func:`~sdaasp_geo.scenarios.criticality.criticality`.
    folder, maps, progress
        As for :func:`write_criteria`; the page is ``rapport-fragilite.html``.

    Returns
    -------
    list of Path
        ``criticality.csv``, ``summary.json``, ``provenance.json``, then ``maps/*.png``
        and the page.

    Raises
    ------
    OutputError
        As :func:`write_criteria`.
    """
    losing = table["inhabitants_losing"] > 0
    summary = {
        "territory": diagnostic.name,
        "fictional": diagnostic.fictional,
        "facilities": len(table),
        "facilities_missed_by_somebody": int(losing.sum()),
        "facilities_that_leave_somebody_without": int(
            (table["inhabitants_newly_unreached"] > 0).sum()
        ),
    }

    def pictures(staging: Path) -> list[Path]:
        from sdaasp_geo.report import checkmaps as drawn
        from sdaasp_geo.report import robustpages as page

        found = drawn.write_criticality_map(diagnostic, table, staging, progress=progress)
        progress(0, 1, "rapport")
        return [*found, page.write_criticality_page(diagnostic, table, found, staging)]

    tables: dict[str, pd.DataFrame] = {"criticality.csv": table}
    return _written(diagnostic, folder, (tables, summary), pictures if maps else None, progress)


def write_sensitivity(
    diagnostic: Diagnostic,
    result: Sensitivity,
    folder: str | Path,
    *,
    maps: bool = True,
    progress: Progress = silent,
) -> list[Path]:
    """Write how much an answer depends on the choices into a folder.

    Parameters
    ----------
    diagnostic
        The one that was varied.
    result
        From :func:`~sdaasp_geo.scenarios.sensitivity.sensitivity`.
    folder, maps, progress
        As for :func:`write_criteria`; the page is ``rapport-sensibilite.html``.

    Returns
    -------
    list of Path
        ``runs.csv``, ``ranges.csv``, ``communes.csv``, ``sites.csv`` where sites were
        chosen, ``summary.json``, ``provenance.json``, then ``maps/*.png`` and the page.

    Raises
    ------
    OutputError
        As :func:`write_criteria`.
    """
    tables = {"runs.csv": result.runs, "ranges.csv": result.ranges, "communes.csv": result.communes}
    if result.sites is not None:
        tables["sites.csv"] = result.sites

    def pictures(staging: Path) -> list[Path]:
        from sdaasp_geo.report import checkmaps as drawn
        from sdaasp_geo.report import robustpages as page

        found = drawn.write_sensitivity_map(diagnostic, result, staging, progress=progress)
        progress(0, 1, "rapport")
        return [*found, page.write_sensitivity_page(diagnostic, result, found, staging)]

    content = (tables, result.summary)
    return _written(diagnostic, folder, content, pictures if maps else None, progress)


def _written(
    diagnostic: Diagnostic,
    folder: str | Path,
    content: tuple[Mapping[str, pd.DataFrame], Mapping[str, Any]],
    pictures: Any,  # noqa: ANN401 (a function of the folder, or None)
    progress: Progress,
) -> list[Path]:
    from sdaasp_geo.report import scenariofiles as files

    provenance = scenario_provenance(diagnostic, None)

    def tables(staging: Path) -> list[Path]:
        written: list[Path] = files.write_named_tables(*content, provenance, staging)
        return written

    return written_whole(folder, tables, pictures, progress)
