"""Commands that try things: `simulate`, `locate`, `compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import sdaasp_geo as sg
from sdaasp_geo.cli.commands import (
    Maps,
    OutFolder,
    Page,
    TerritoryFile,
    place_files,
    toml_files,
)
from sdaasp_geo.cli.session import Session  # noqa: TC001 (read at run time)

if TYPE_CHECKING:
    from sdaasp_geo.scenarios.comparison import Comparison
    from sdaasp_geo.scenarios.gains import Gains
    from sdaasp_geo.scenarios.siting.result import SitingResult


def simulate(
    session: Session,
    territory: TerritoryFile,
    scenario: Annotated[
        Path,
        typer.Argument(
            metavar="SCENARIO", help="A scenario file (TOML).", autocompletion=toml_files
        ),
    ],
    out: OutFolder,
    *,
    maps: Maps = True,
    page: Page = False,
) -> None:
    """Try sites that open, close or move: who gains, who loses, how many minutes."""
    from sdaasp_geo.pipeline import trying  # noqa: PLC0415 (help needs no pandas)
    from sdaasp_geo.report.observatory.extra import check_page_extra  # noqa: PLC0415

    if page:
        check_page_extra()
    with session.progress() as progress:
        gains = trying.simulate_file(territory, scenario, out, progress=progress)
        files = sg.write_gains(gains, out, maps=maps, page=page, progress=progress)
    _tell_gains(session, gains)
    session.wrote(files)


def locate(  # noqa: PLR0913 (each is an option of the command)
    session: Session,
    territory: TerritoryFile,
    out: OutFolder,
    *,
    count: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Number of sites to choose.")
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Places to choose among: a vector layer of points, or a CSV with name and "
            "lon, lat or commune. By default, the mairie of each commune.",
            autocompletion=place_files,
        ),
    ] = None,
    service: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A service that each site offers; repeat for more."),
    ] = None,
    bouquet: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What each site offers, by the name of a bouquet.",
            autocompletion=_bouquets,
        ),
    ] = None,
    objective: Annotated[
        str,
        typer.Option(
            metavar="WHAT",
            help="inhabitants_gaining, inhabitants_within, cover_everyone, mean_time or worst_time.",
            autocompletion=_objectives,
        ),
    ] = "inhabitants_gaining",
    least_gain: Annotated[
        float, typer.Option(metavar="MIN", min=0, help="Minutes from which a gain counts.")
    ] = 6.0,
    within: Annotated[
        float, typer.Option(metavar="MIN", min=0, help="Minutes within which people are covered.")
    ] = 20.0,
    lock: Annotated[
        list[str] | None,
        typer.Option(metavar="SITE", help="A candidate that must be chosen; repeat for more."),
    ] = None,
    missing: Annotated[
        str,
        typer.Option(
            metavar="RULE", help="Pairs without a way: refuse, never_served or cap:<minutes>."
        ),
    ] = "never_served",
    solutions: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many of the best sets to find.")
    ] = 3,
    time_limit: Annotated[
        float, typer.Option(metavar="S", min=1, help="Seconds after which the search stops.")
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
    from sdaasp_geo.pipeline import trying  # noqa: PLC0415 (help needs no pandas)

    with session.progress() as progress:
        diagnostic, result = trying.locate_file(
            territory, candidates, out, question, progress=progress
        )
        files = sg.write_siting(diagnostic, result, out, maps=maps, progress=progress)
    _tell_sites(session, result)
    session.wrote(files)


def compare(
    session: Session,
    old: Annotated[
        Path,
        typer.Argument(
            metavar="OLD",
            help="The territory file of the older vintage.",
            autocompletion=toml_files,
        ),
    ],
    new: Annotated[
        Path,
        typer.Argument(
            metavar="NEW",
            help="The territory file of the newer vintage.",
            autocompletion=toml_files,
        ),
    ],
    out: OutFolder,
    *,
    tolerance: Annotated[
        float,
        typer.Option(metavar="M", min=0, help="Metres within which a place is the same."),
    ] = 100.0,
    maps: Maps = True,
) -> None:
    """Compare two vintages: openings, closures, moves, and what they did to access."""
    from sdaasp_geo.pipeline import trying  # noqa: PLC0415 (help needs no pandas)

    with session.progress() as progress:
        earlier, later, comparison = trying.compare_files(
            old, new, out, tolerance_m=tolerance, progress=progress
        )
        files = sg.write_comparison(
            later, comparison, out, old=earlier, maps=maps, progress=progress
        )
    _tell_changes(session, comparison)
    session.wrote(files)


def _tell_gains(session: Session, gains: Gains) -> None:
    found = gains.summary
    session.found(found)
    session.say("{}: {} opened, {} closed", gains.scenario.name, found["opened"], found["closed"])
    session.say("{} inhabitants gain", round(found["inhabitants_gaining"]))
    if found["mean_gain_of_gainers_min"] is not None:
        session.say("{} min on average for them", float(found["mean_gain_of_gainers_min"]))
    session.say("{} inhabitants lose", round(found["inhabitants_losing"]))
    for note in gains.notes.itertuples(index=False):
        session.warn(str(note.subject), str(note.note))


def _tell_sites(session: Session, result: SitingResult) -> None:
    session.found(result.summary)
    names = ", ".join(result.sites["name"])
    session.say("status {}, {} sites", str(result.status), len(result.sites))
    if names:
        session.show(names)
    for note in result.notes.itertuples(index=False):
        session.warn(str(note.subject), str(note.note))


def _tell_changes(session: Session, comparison: Comparison) -> None:
    session.found(comparison.summary)
    numbers = comparison.summary["facilities"]
    told = [int(numbers[name]) for name in ("opened", "closed", "moved")]
    session.say("{}: {} opened, {} closed, {} moved", comparison.name, *told)
    session.say("{} alerts", len(comparison.alerts))
    for note in comparison.notes:
        session.warn(comparison.name, note)


def _bouquets(incomplete: str) -> list[str]:
    return [name for name in sg.shipped_bouquets() if name.startswith(incomplete)]


def _objectives(incomplete: str) -> list[str]:
    known = ("inhabitants_gaining", "inhabitants_within", "cover_everyone", "mean_time")
    return [name for name in (*known, "worst_time") if name.startswith(incomplete)]
