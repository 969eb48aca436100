"""Commands that try things: `simulate`, `locate`, `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import sdaasp_geo as sg
from sdaasp_geo.cli.common import Maps, OutFolder, TerritoryFile, name_files, progress_bar
from sdaasp_geo.pipeline import trying

if TYPE_CHECKING:
    from sdaasp_geo.scenarios.gains import Gains
    from sdaasp_geo.scenarios.siting.result import SitingResult


def simulate(
    territory: TerritoryFile,
    scenario: Annotated[Path, typer.Argument(help="A scenario file (TOML).")],
    out: OutFolder,
    *,
    maps: Maps = True,
) -> None:
    """Try sites that open, close or move: who gains, who loses, how many minutes."""
    with progress_bar() as progress:
        gains = trying.simulate_file(territory, scenario, out, progress=progress)
        files = sg.write_gains(gains, out, maps=maps, progress=progress)
    _tell_gains(gains)
    name_files(files)


def locate(  # noqa: PLR0913 (each is an option of the command)
    territory: TerritoryFile,
    out: OutFolder,
    *,
    count: Annotated[int | None, typer.Option(min=1, help="Number of sites to choose.")] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            help="Places to choose among: a vector layer of points, or a CSV with name and "
            "lon, lat or commune. By default, the mairie of each commune."
        ),
    ] = None,
    service: Annotated[
        list[str] | None, typer.Option(help="A service that each site offers; repeat for more.")
    ] = None,
    bouquet: Annotated[
        str | None, typer.Option(help="What each site offers, by the name of a bouquet.")
    ] = None,
    objective: Annotated[
        str,
        typer.Option(
            help="inhabitants_gaining, inhabitants_within, cover_everyone, mean_time or worst_time."
        ),
    ] = "inhabitants_gaining",
    least_gain: Annotated[
        float, typer.Option(min=0, help="Minutes from which a gain counts.")
    ] = 6.0,
    within: Annotated[
        float, typer.Option(min=0, help="Minutes within which people are covered.")
    ] = 20.0,
    lock: Annotated[
        list[str] | None, typer.Option(help="A candidate that must be chosen; repeat for more.")
    ] = None,
    missing: Annotated[
        str, typer.Option(help="Pairs without a way: refuse, never_served or cap:<minutes>.")
    ] = "never_served",
    solutions: Annotated[int, typer.Option(min=1, help="How many of the best sets to find.")] = 3,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds after which the search stops.")
    ] = 120.0,
    maps: Maps = True,
) -> None:
    """Find the best places for new sites, and prove how good they are."""
    question = {
        "count": count,
        "objective": objective,
        "services": tuple(service or ()),
        "bouquet": bouquet,
        "least_gain_min": least_gain,
        "within_min": within,
        "locked": tuple(lock or ()),
        "missing": missing,
        "solutions": solutions,
        "time_limit_s": time_limit,
    }
    with progress_bar() as progress:
        diagnostic, result = trying.locate_file(
            territory, candidates, out, question, progress=progress
        )
        files = sg.write_siting(diagnostic, result, out, maps=maps, progress=progress)
    _tell_sites(result)
    name_files(files)


def compare(
    old: Annotated[Path, typer.Argument(help="The territory file of the older vintage.")],
    new: Annotated[Path, typer.Argument(help="The territory file of the newer vintage.")],
    out: OutFolder,
    *,
    tolerance: Annotated[
        float, typer.Option(min=0, help="Metres within which a place is the same.")
    ] = 100.0,
    maps: Maps = True,
) -> None:
    """Compare two vintages: openings, closures, moves, and what they did to access."""
    with progress_bar() as progress:
        earlier, later, comparison = trying.compare_files(
            old, new, out, tolerance_m=tolerance, progress=progress
        )
        files = sg.write_comparison(
            later, comparison, out, old=earlier, maps=maps, progress=progress
        )
    typer.echo(repr(comparison))
    name_files(files)


def _tell_gains(gains: Gains) -> None:
    typer.echo(repr(gains))
    for note in gains.notes.itertuples(index=False):
        typer.echo(f"{note.subject}: {note.note}")


def _tell_sites(result: SitingResult) -> None:
    typer.echo(repr(result))
    for note in result.notes.itertuples(index=False):
        typer.echo(f"{note.subject}: {note.note}")
