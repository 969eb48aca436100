"""Write a finished diagnostic: tables, maps, report, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault, InputError, OutputError
from sdaasp_geo.pipeline.outputs import check_output, whole_folder
from sdaasp_geo.pipeline.progress import Progress, silent
from sdaasp_geo.pipeline.provenance import input_paths
from sdaasp_geo.pipeline.steps import check, diagnose
from sdaasp_geo.territory import read_territory

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.drawings import Format
    from sdaasp_geo.territory import Territory


def write_diagnostic(
    diagnostic: Diagnostic,
    folder: str | Path,
    *,
    maps: bool = True,
    page: bool = False,
    jobs: int = 1,
    progress: Progress = silent,
) -> list[Path]:
    """Write every file of a diagnostic into a folder.

    Parameters
    ----------
    diagnostic
        From :func:`~sdaasp_geo.pipeline.steps.diagnose`.
    folder
        New, empty, or holding earlier outputs, which are replaced in one step.
    maps
        Whether to draw the maps and the report; the tables are always written.
    page
        Whether to write the page to explore, ``observatoire.html``.
    jobs
        Processes that draw, as in :func:`write_maps_only`.
    progress
        Called with (done, total, what).

    Returns
    -------
    list of Path
        The files, in the order of writing.

    Raises
    ------
    OutputError
        If the folder cannot be written, or holds files of something else.
    MissingExtraError
        If the page is asked for and plotly is not installed; nothing is written.
    """
    from sdaasp_geo.report.files import write_tables
    from sdaasp_geo.report.geofiles import write_layers
    from sdaasp_geo.report.observatory.extra import check_page_extra
    from sdaasp_geo.report.workbook.writing import write_workbook

    if page:
        check_page_extra()
    folder = Path(folder)
    with whole_folder(folder) as staging:
        progress(0, 1, "tables")
        written = write_tables(diagnostic, staging)
        written.append(write_workbook(diagnostic, staging / "diagnostic.xlsx"))
        written += write_layers(diagnostic, staging)
        if maps:
            written += _pictures(diagnostic, staging, progress, jobs)
        if page:
            written.append(_page(diagnostic, staging, progress))
        progress(1, 1, "")
        names = [path.relative_to(staging) for path in written]
    return [folder / name for name in names]


def write_maps_only(
    diagnostic: Diagnostic,
    folder: str | Path,
    *,
    fmt: Format = "png",
    jobs: int = 1,
    progress: Progress = silent,
) -> list[Path]:
    """Write every map, sheet and atlas page into a folder of their own, replaced in one step.

    Parameters
    ----------
    diagnostic
        From :func:`~sdaasp_geo.pipeline.steps.diagnose`.
    folder
        As :func:`write_diagnostic`.
    fmt
        ``png``, ``svg`` or ``pdf``.
    jobs
        Processes that draw. With more than one, a script of yours must be safe to import
        (``if __name__ == "__main__":``), as Python's multiprocessing asks.
    progress
        Called with (done, total, what).

    Returns
    -------
    list of Path
        As :func:`~sdaasp_geo.report.maps.write_map_set` gives them.

    Raises
    ------
    ValueError
        If `fmt` is none of them, or there is not one job at least.
    OutputError
        As :func:`write_diagnostic`.
    """
    from sdaasp_geo.report.maps import write_map_set

    folder = Path(folder)
    with whole_folder(folder) as staging:
        written = write_map_set(diagnostic, staging, progress=progress, fmt=fmt, jobs=jobs)
        names = [path.relative_to(staging) for path in written]
    return [folder / name for name in names]


def diagnose_file(
    path: str | Path, folder: str | Path, *, progress: Progress = silent
) -> Diagnostic:
    """Diagnose a territory file, having looked at the output folder first.

    Raises
    ------
    InputError
        With the faults of the territory file, or those of its inputs and of the output
        folder together.
    """
    territory = read_territory(path)
    try:
        check_output(Path(folder))
        _check_apart(territory, Path(folder).resolve())
    except OutputError as error:
        fault = Fault(str(folder), "a folder that can be written", str(error))
        try:
            check(territory, progress=progress)
        except InputError as others:
            raise InputError([*others.faults, fault]) from error
        raise InputError([fault]) from error
    return diagnose(territory, progress=progress)


def _check_apart(territory: Territory, out: Path) -> None:
    inputs = [territory.path, *(territory.resolve(name) for name in input_paths(territory))]
    if territory.cache_dir is not None:
        inputs.append(territory.cache_dir)
    inside = [path for path in inputs if path.is_relative_to(out)]
    if inside:
        message = (
            f"{out}: expected a folder for the outputs alone, found {inside[0].name} in it, which "
            "this run reads. Likely cause: the folder of the inputs named as --out"
        )
        raise OutputError(message)


def _page(diagnostic: Diagnostic, staging: Path, progress: Progress) -> Path:
    from sdaasp_geo.report.observatory.extra import FILE_NAME
    from sdaasp_geo.report.observatory.page import write_page

    progress(0, 1, "observatoire")
    return write_page(diagnostic, staging / FILE_NAME)


def _pictures(diagnostic: Diagnostic, staging: Path, progress: Progress, jobs: int) -> list[Path]:
    from sdaasp_geo.report.maps import write_maps
    from sdaasp_geo.report.page import write_report

    maps = write_maps(diagnostic, staging, progress=progress, jobs=jobs)
    progress(0, 1, "rapport")
    return [*maps, write_report(diagnostic, maps, staging)]
