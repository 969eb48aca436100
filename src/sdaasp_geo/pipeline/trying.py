"""From files to what scenarios answer: simulate, locate, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.pipeline.progress import Progress, silent
from sdaasp_geo.pipeline.write import diagnose_file
from sdaasp_geo.sources.candidates import read_candidates

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.comparison import Comparison
    from sdaasp_geo.scenarios.gains import Gains
    from sdaasp_geo.scenarios.siting.result import SitingResult


def simulate_file(
    territory: str | Path, scenario: str | Path, folder: str | Path, *, progress: Progress = silent
) -> Gains:
    """Try a scenario file on a territory file, having looked at the output folder first.

    Raises
    ------
    InputError
        With the faults of the scenario, the territory, its inputs or the folder.
    """
    from sdaasp_geo.scenarios.scenario_file import read_scenario
    from sdaasp_geo.scenarios.simulate import simulate

    _refuse_inside([Path(scenario)], Path(folder))
    tried = read_scenario(scenario)
    diagnostic = diagnose_file(territory, folder, progress=progress)
    progress(0, 1, "scénario")
    return simulate(diagnostic, tried)


def locate_file(
    territory: str | Path,
    candidates: str | Path | None,
    folder: str | Path,
    question: dict[str, Any],
    *,
    progress: Progress = silent,
) -> tuple[Diagnostic, SitingResult]:
    """Choose sites on a territory file.

    Parameters
    ----------
    territory
        A territory file.
    candidates
        A file that :func:`~sdaasp_geo.sources.candidates.read_candidates` reads; None for
        the mairies of the département.
    folder
        Where the outputs are to go.
    question
        Options of :func:`~sdaasp_geo.scenarios.siting.choose.choose_sites`.
    progress
        Called with (done, total, what).

    Raises
    ------
    InputError
        With the faults of the territory, its inputs, the candidates, the question or
        the folder.
    """
    from sdaasp_geo.scenarios.siting.choose import choose_sites

    places = None
    if candidates is not None:
        _refuse_inside([Path(candidates)], Path(folder))
        places = read_candidates(candidates)
    diagnostic = diagnose_file(territory, folder, progress=progress)
    progress(0, 1, "implantation")
    places = mairies(diagnostic) if places is None else places
    return diagnostic, choose_sites(diagnostic, places, **question)


def compare_files(
    old: str | Path,
    new: str | Path,
    folder: str | Path,
    *,
    tolerance_m: float = 100.0,
    progress: Progress = silent,
) -> tuple[Diagnostic, Diagnostic, Comparison]:
    """Compare two territory files: the diagnostics of the older and of the newer come first.

    Raises
    ------
    InputError
        With the faults of either territory, its inputs or the folder.
    """
    from sdaasp_geo.scenarios.compare import compare

    earlier = diagnose_file(old, folder, progress=progress)
    later = diagnose_file(new, folder, progress=progress)
    progress(0, 1, "comparaison")
    return earlier, later, compare(earlier, later, tolerance_m=tolerance_m)


def mairies(diagnostic: Diagnostic) -> gpd.GeoDataFrame:
    """Candidates at the chef-lieu of each commune of the département.

    In a city that municipal arrondissements divide, each of these is one.

    Returns
    -------
    GeoDataFrame
        ``site`` (the INSEE code), ``name``, ``commune``, ``known_by`` and points.
    """
    places = land_of(diagnostic).places
    finest = places.finest_units()
    inside = finest[finest["departement"] == diagnostic.departement].sort_index()
    return gpd.GeoDataFrame(
        {
            "site": inside.index.to_numpy(),
            "name": inside["name"].to_numpy(),
            "commune": inside.index.to_numpy(),
            "known_by": "commune",
        },
        geometry=inside["chef_lieu"].to_numpy(),
        crs=places.units.crs,
    )


def _refuse_inside(files: list[Path], folder: Path) -> None:
    out = folder.resolve()
    faults = [
        Fault(
            str(folder),
            "a folder for the outputs alone",
            f"{path.name} in it, which this run reads",
            "the folder of the inputs named as --out",
        )
        for path in files
        if path.resolve().is_relative_to(out)
    ]
    if faults:
        raise InputError(faults)
