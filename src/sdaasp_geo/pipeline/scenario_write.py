"""Write what scenarios found: tables, maps and a page, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdaasp_geo.pipeline.outputs import whole_folder
from sdaasp_geo.pipeline.progress import Progress, silent
from sdaasp_geo.pipeline.provenance import sha256_of, version

if TYPE_CHECKING:
    from collections.abc import Callable

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.comparison import Comparison
    from sdaasp_geo.scenarios.gains import Gains
    from sdaasp_geo.scenarios.model import Scenario
    from sdaasp_geo.scenarios.siting.result import SitingResult

    Steps = tuple[Callable[[Path], list[Path]], Callable[[Path], list[Path]]]


def write_gains(
    gains: Gains,
    folder: str | Path,
    *,
    maps: bool = True,
    page: bool = False,
    progress: Progress = silent,
) -> list[Path]:
    """Write what a scenario changes into a folder.

    Parameters
    ----------
    gains
        From :func:`~sdaasp_geo.scenarios.simulate.simulate`.
    folder
        New, empty, or holding earlier outputs, which are replaced in one step.
    maps
        Whether to draw the maps and the page (``rapport-scenario.html``); the tables are
        always written.
    page
        Whether to write the page to explore, ``observatoire.html``, with the scenario.
    progress
        Called with (done, total, what).

    Returns
    -------
    list of Path
        The files, in the order of writing: ``gains.parquet``, ``gains.csv``,
        ``services.csv``, ``epci.csv``, ``sites.csv``, ``closed.csv``, ``losers.csv``,
        ``newly_reached.csv``, ``notes.csv``, ``summary.json``, ``provenance.json``,
        ``scenario.xlsx``, then
        ``maps/*.png`` and the page.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds files of something else.
    """
    from sdaasp_geo.report.observatory.extra import FILE_NAME, check_page_extra

    if page:
        check_page_extra()
    provenance = scenario_provenance(gains.before, gains.scenario)

    def tables(staging: Path) -> list[Path]:
        from sdaasp_geo.report import scenariofiles as files
        from sdaasp_geo.report.workbook.writing import write_workbook

        written: list[Path] = files.write_gain_tables(gains, provenance, staging)
        written.append(write_workbook(gains.before, staging / "scenario.xlsx", gains=[gains]))
        if page:
            from sdaasp_geo.report.observatory.page import write_page

            progress(0, 1, "observatoire")
            written.append(write_page(gains.before, staging / FILE_NAME, gains=[gains]))
        return written

    def pictures(staging: Path) -> list[Path]:
        from sdaasp_geo.report import gainmaps as drawn
        from sdaasp_geo.report import gainpage as page

        written = drawn.write_gain_maps(gains, staging, progress=progress)
        progress(0, 1, "rapport")
        return [*written, page.write_gain_page(gains, written, staging, provenance)]

    return written_whole(folder, tables, pictures if maps else None, progress)


def write_siting(
    diagnostic: Diagnostic,
    result: SitingResult,
    folder: str | Path,
    *,
    maps: bool = True,
    progress: Progress = silent,
) -> list[Path]:
    """Write the best sites into a folder.

    Parameters
    ----------
    diagnostic
        The one that the sites were chosen on.
    result
        From :func:`~sdaasp_geo.scenarios.siting.choose.choose_sites`.
    folder, maps, progress
        As for :func:`write_gains`; the page is ``rapport-implantation.html``.

    Returns
    -------
    list of Path
        ``sites.csv``, ``alternatives.csv``, ``candidates.csv``, ``origins.csv``,
        ``communes.csv``, ``unserved.csv``, ``without_after.csv``, ``blocking.csv``, ``notes.csv``,
        ``summary.json``, ``provenance.json``, then ``maps/*.png`` and the page.

    Raises
    ------
    OutputError
        As :func:`write_gains`.
    """
    provenance = scenario_provenance(diagnostic, None)

    def tables(staging: Path) -> list[Path]:
        from sdaasp_geo.report import scenariofiles as files

        written: list[Path] = files.write_siting_tables(diagnostic, result, provenance, staging)
        return written

    def pictures(staging: Path) -> list[Path]:
        from sdaasp_geo.report import sitingmaps as drawn
        from sdaasp_geo.report import sitingpage as page

        written = drawn.write_siting_maps(diagnostic, result, staging, progress=progress)
        progress(0, 1, "rapport")
        return [*written, page.write_siting_page(diagnostic, result, written, staging)]

    return written_whole(folder, tables, pictures if maps else None, progress)


def write_comparison(
    diagnostic: Diagnostic,
    comparison: Comparison,
    folder: str | Path,
    *,
    old: Diagnostic | None = None,
    maps: bool = True,
    progress: Progress = silent,
) -> list[Path]:
    """Write what changed between two vintages into a folder.

    Parameters
    ----------
    diagnostic
        The new one of the two.
    comparison
        From :func:`~sdaasp_geo.scenarios.compare.compare`.
    folder, maps, progress
        As for :func:`write_gains`; the page is ``rapport-comparaison.html``.
    old
        The old one, for ``provenance.json`` to name its files too.

    Returns
    -------
    list of Path
        ``changes.csv``, ``effects.csv``, ``services.csv``, ``communes.csv``,
        ``lost_last.csv``, ``zones.csv``, ``alerts.csv``, ``notes.csv``, ``summary.json``,
        ``provenance.json``, then ``maps/*.png`` and the page.

    Raises
    ------
    OutputError
        As :func:`write_gains`.
    """
    provenance = scenario_provenance(diagnostic, None)
    if old is not None:
        provenance["old"] = old.provenance

    def tables(staging: Path) -> list[Path]:
        from sdaasp_geo.report import scenariofiles as files

        written: list[Path] = files.write_comparison_tables(comparison, provenance, staging)
        return written

    def pictures(staging: Path) -> list[Path]:
        from sdaasp_geo.report import comparemaps as drawn
        from sdaasp_geo.report import comparepage as page

        written = drawn.write_comparison_maps(diagnostic, comparison, staging, progress=progress)
        progress(0, 1, "rapport")
        return [*written, page.write_comparison_page(diagnostic, comparison, written, staging)]

    return written_whole(folder, tables, pictures if maps else None, progress)


def written_whole(
    folder: str | Path,
    tables: Callable[[Path], list[Path]],
    pictures: Callable[[Path], list[Path]] | None,
    progress: Progress,
) -> list[Path]:
    """Write tables, then pictures, and put all in place at once."""
    folder = Path(folder)
    with whole_folder(folder) as staging:
        progress(0, 1, "tables")
        written = tables(staging)
        if pictures is not None:
            written += pictures(staging)
        progress(1, 1, "")
        names = [path.relative_to(staging) for path in written]
    return [folder / name for name in names]


def scenario_provenance(diagnostic: Diagnostic, scenario: Scenario | None) -> dict[str, Any]:
    """Say what a result depends on: that of the diagnostic, and the scenario's own files."""
    told: dict[str, Any] = {**diagnostic.provenance, "version": version()}
    if scenario is not None:
        told["scenario"] = {"name": scenario.name, "files": _scenario_files(scenario)}
    return told


def _scenario_files(scenario: Scenario) -> list[dict[str, str]]:
    bouquets = [item.bouquet for item in scenario.openings]
    bouquets += [name for item in scenario.conversions for name in (item.bouquet, item.former)]
    own = [name for name in bouquets if name is not None and name.endswith(".toml")]
    paths = dict.fromkeys(Path(name) for name in (scenario.source, *own) if name is not None)
    return [{"path": path.name, "sha256": sha256_of(path)} for path in paths if path.is_file()]
