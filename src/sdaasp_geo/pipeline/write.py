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
    from sdaasp_geo.territory import Territory


def write_diagnostic(
    diagnostic: Diagnostic,
    folder: str | Path,
    *,
    maps: bool = True,
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
    """
    from sdaasp_geo.report.files import write_tables

    folder = Path(folder)
    with whole_folder(folder) as staging:
        progress(0, 1, "tables")
        written = write_tables(diagnostic, staging)
        if maps:
            written += _pictures(diagnostic, staging, progress)
        progress(1, 1, "")
        names = [path.relative_to(staging) for path in written]
    return [folder / name for name in names]


def write_maps_only(
    diagnostic: Diagnostic, folder: str | Path, *, progress: Progress = silent
) -> list[Path]:
    """Write the maps alone into a folder of their own, replaced in one step.

    Raises
    ------
    OutputError
        As :func:`write_diagnostic`.
    """
    from sdaasp_geo.report.maps import write_maps

    folder = Path(folder)
    with whole_folder(folder) as staging:
        written = write_maps(diagnostic, staging, progress=progress)
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


def _pictures(diagnostic: Diagnostic, staging: Path, progress: Progress) -> list[Path]:
    from sdaasp_geo.report.maps import write_maps
    from sdaasp_geo.report.page import write_report

    maps = write_maps(diagnostic, staging, progress=progress)
    progress(0, 1, "rapport")
    return [*maps, write_report(diagnostic, maps, staging)]
