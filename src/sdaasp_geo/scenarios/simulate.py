"""`simulate`: what opening, closing, moving or converting sites changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.indicators.means import measured_services
from sdaasp_geo.scenarios import gaintables
from sdaasp_geo.scenarios.gains import Gains
from sdaasp_geo.scenarios.ground import Ground, spread
from sdaasp_geo.scenarios.notes import Remarks
from sdaasp_geo.scenarios.pairs import Reach
from sdaasp_geo.scenarios.placing import placed
from sdaasp_geo.scenarios.remarks import remark_changes, remark_sites
from sdaasp_geo.scenarios.searched import searched
from sdaasp_geo.scenarios.tally import Tally, whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.network.shelf import Way
    from sdaasp_geo.scenarios.model import Scenario
    from sdaasp_geo.scenarios.placing import Placed


def simulate(
    diagnostic: Diagnostic,
    scenario: Scenario,
    *,
    executor: Executor | None = None,
    search: Way = "auto",
) -> Gains:
    """Try a scenario on a diagnostic: who gains, who loses, and how much.

    Only the services whose facilities change are measured again; the answer is that of
    a full recomputation, to the bit.

    Parameters
    ----------
    diagnostic
        A diagnostic with its land.
    scenario
        What opens, closes, moves and is converted.
    executor
        Where the searches run; threads of this process if None.
    search
        How: ``bucket``, ``hierarchy``, or as it pays; the answer is the same.

    Returns
    -------
    Gains
        Tables, notes and summary; inputs are untouched.

    Raises
    ------
    InputError
        If a place, service, operator, site or facility of the scenario is unknown, or it
        changes nothing; all faults at once (see
        :func:`~sdaasp_geo.scenarios.placing.placed`).
    ValueError
        If the diagnostic has no land.
    """
    diagnostic = searched(diagnostic, search)
    ground = Ground.of(diagnostic)
    plan = placed(diagnostic, scenario)
    fresh = nearest_times(
        ground.land.network,
        diagnostic.origins,
        plan.facilities,
        plan.services,
        diagnostic.assumptions,
        executor=executor,
    )
    times = replaced(diagnostic.times, fresh, plan.services)
    stale = diagnostic.times[diagnostic.times["service"].isin(plan.services)]
    minutes, measured = spread(times, diagnostic), measured_services(times)
    figures = ground.figures(minutes, measured)
    sides = _sides(ground, plan.services, minutes, figures, measured)
    remote = ground.remoteness(ground.by_commune(figures))
    communes = gaintables.commune_table(
        sides, ground.by_commune(sides.after), remote["remote_gammes"]
    )
    remarks = Remarks(list(plan.notes.itertuples(index=False, name=None)))
    sites = _site_table(ground, plan, sides, fresh, remarks, executor)
    remark_changes(sides, measured, plan, remarks)
    return Gains(
        scenario=scenario,
        before=diagnostic,
        communes=communes,
        origins=gaintables.origin_table(sides),
        services=gaintables.service_table(sides, ground.land.facilities, plan.facilities),
        epci=gaintables.epci_table(sides, communes),
        sites=sites,
        losers=gaintables.loser_table(sides, (stale, fresh)),
        newly_reached=gaintables.reached_table(sides, (stale, fresh)),
        notes=remarks.table(),
        summary=_summary(
            sides, communes, plan, remarks.table(), not_comparable(sides, communes, remote)
        ),
        times=times,
        facilities=plan.facilities,
        closed=plan.closed,
    )


def replaced(times: pd.DataFrame, fresh: pd.DataFrame, services: tuple[str, ...]) -> pd.DataFrame:
    """Access times with the rows of some services replaced, in the same order.

    Parameters
    ----------
    times
        Access-times table of all services.
    fresh
        That of `services` alone, for the same origins in the same order.
    services
        In the order of the table.
    """
    touched = times["service"].isin(services).to_numpy(dtype=bool)
    place = np.empty(len(times), dtype=np.int64)
    place[~touched] = np.arange(int((~touched).sum()))
    place[touched] = np.arange(int(touched.sum())) + int((~touched).sum())
    parts = [part for part in (times[~touched], fresh) if len(part)]
    whole_table = pd.concat(parts, ignore_index=True).take(place)
    return whole_table.reset_index(drop=True)


def _sides(
    ground: Ground,
    touched: tuple[str, ...],
    after: pd.DataFrame,
    figures: pd.DataFrame,
    measured: Sequence[str],
) -> gaintables.Sides:
    """Minutes before and after of touched services, their gammes and the basket."""
    diagnostic = ground.diagnostic
    before_figures = pd.DataFrame(diagnostic.origins).set_index("origin")
    gammes = [
        gamme
        for gamme in diagnostic.basket.gamme_ids
        if set(diagnostic.basket.services_of(gamme)) & set(touched)
    ]
    means = [*gammes, "basket"] if touched else []
    sides = [
        pd.concat(
            [
                minutes[list(touched)],
                table[[f"{item}_min" for item in means]].set_axis(means, axis=1),
            ],
            axis=1,
        )
        for minutes, table in ((ground.minutes, before_figures), (after, figures))
    ]
    tally = Tally(
        ground.times_of(touched),
        np.asarray(after[list(touched)], dtype=np.float64),
        ground.people,
        ground.in_remote_commune,
    )
    items = (*touched, *means)
    blurred = ground.blurred(touched, tally, measured)
    return gaintables.Sides(ground, touched, items, sides[0], sides[1], tally, blurred)


def _site_table(
    ground: Ground,
    plan: Placed,
    sides: gaintables.Sides,
    fresh: pd.DataFrame,
    remarks: Remarks,
    executor: Executor | None,
) -> gpd.GeoDataFrame:
    """Places of the scenario, whom each serves and what it brings alone."""
    sites = plan.sites.reset_index(drop=True)
    nearest = gaintables.nearest_people(sides, fresh, sites)
    reach = Reach.of(ground, sites)
    remark_sites(ground, reach, remarks)
    alone = pd.DataFrame(
        [
            _alone(ground, services, after, moves=change == "move")
            for services, change, after in zip(
                sites["services"],
                sites["change"],
                reach.alone(list(sites["services"]), executor=executor),
                strict=True,
            )
        ],
        columns=[
            "inhabitants_gaining_alone",
            "mean_gain_of_gainers_alone_min",
            "inhabitant_minutes_alone",
        ],
    ).astype("float64")
    snapped = pd.DataFrame(
        {
            "reason": pd.Series(reach.end.snapped.reason, dtype="str"),
            "snap_m": reach.end.snapped.distance_m,
        }
    )
    geometry = sites.geometry
    table = pd.concat([sites.drop(columns="geometry"), nearest, alone, snapped], axis=1)
    return gpd.GeoDataFrame(table, geometry=geometry, crs=sites.crs)


def _alone(
    ground: Ground,
    services: tuple[str, ...],
    after: npt.NDArray[np.float64],
    *,
    moves: bool,
) -> tuple[float, float, float]:
    """Who would gain if a site opened alone; unknown for one that also leaves a place."""
    if moves:
        return np.nan, np.nan, np.nan
    tally = Tally(ground.times_of(services), after, ground.people, ground.in_remote_commune)
    found = tally.figures()
    mean = found["mean_gain_of_gainers_min"]
    gained = np.where(np.isnan(tally.gain_min), 0.0, tally.gain_min).sum(axis=1)
    return (
        float(found["inhabitants_gaining"]),
        np.nan if mean is None else mean,
        float((ground.people * gained).sum()),
    )


def _summary(
    sides: gaintables.Sides,
    communes: gpd.GeoDataFrame,
    plan: Placed,
    notes: pd.DataFrame,
    unlike: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    """Return the summary that others rely on, in the order of the documentation."""
    diagnostic, scenario = sides.ground.diagnostic, plan.scenario
    means = gaintables.overall_means(sides)
    figures = sides.tally.figures()
    first = ("inhabitants_gaining", "mean_gain_of_gainers_min", "inhabitants_gaining_over_min",
             "gainers_in_remote_communes", "inhabitants_losing")  # fmt: skip
    closes = plan.closed[plan.closed["change"] == "close"]
    return {
        "scenario": scenario.name,
        "opened": len(scenario.openings),
        "closed": int(closes.groupby(["source", "facility"])["count"].max().sum()),
        "services": list(sides.touched),
        **{name: figures[name] for name in first},
        **remoteness_changes(communes, unlike),
        "territory": diagnostic.name,
        "fictional": diagnostic.fictional,
        "moved": len(scenario.moves),
        "converted": len(scenario.conversions),
        "places": len(plan.sites),
        **{name: value for name, value in figures.items() if name not in first},
        "mean_min": {item: mean for item, mean in means.items() if item not in sides.touched},
        "mean_min_by_service": {item: means[item] for item in sides.touched},
        "notes": notes.to_dict("records"),
        "provenance": {
            "assumptions": diagnostic.assumptions.as_dict(),
            **{key: diagnostic.provenance.get(key) for key in ("inputs", "version")},
        },
    }


def not_comparable(
    sides: gaintables.Sides, communes: pd.DataFrame, remote: pd.DataFrame
) -> npt.NDArray[np.bool_]:
    """Whether each commune is told remote otherwise only because other services count.

    Parameters
    ----------
    sides
        Minutes of the origins.
    communes
        One row a commune of the département.
    remote
        Remoteness after the scenario, by commune.
    """
    ground, codes = sides.ground, pd.Index(communes["commune"])
    lived_in = sides.blurred & (ground.people > 0)[:, None]
    blurred = pd.DataFrame(lived_in).groupby(ground.origins["commune"].to_numpy()).any()
    return ground.unlike(
        np.arange(len(codes)),
        remote.reindex(codes),
        blurred.reindex(codes, fill_value=False).to_numpy(dtype=bool),
    )


def remoteness_changes(communes: pd.DataFrame, unlike: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Communes that leave or enter remoteness, and how many inhabitants are remote.

    A commune leaves remoteness if it was remote from a gamme and is known to be remote
    from none; one that nobody can judge any more is listed apart, and so is one told
    otherwise by a gamme whose services are not the same (`unlike`, by commune).
    """
    before, after = communes["remote_gammes_before"], communes["remote_gammes_after"]
    was, is_now = before.fillna(0) > 0, after.fillna(0) > 0
    codes = communes["commune"]
    people = communes["population"]
    return {
        "communes_leaving_remoteness": codes[
            was & (after == 0).fillna(value=False) & ~unlike
        ].tolist(),
        "communes_entering_remoteness": codes[~was & is_now & ~unlike].tolist(),
        "communes_remote_from_fewer_gammes": codes[
            is_now & (after < before).fillna(value=False) & ~unlike
        ].tolist(),
        "communes_remote_from_more_gammes": codes[
            was & (after > before).fillna(value=False) & ~unlike
        ].tolist(),
        "communes_no_longer_judged": codes[before.notna() & after.isna()].tolist(),
        "communes_not_comparable": codes[unlike & (before != after).fillna(value=False)].tolist(),
        "remote_population": {
            "before": whole(float(people[was].sum())),
            "after": whole(float(people[is_now].sum())),
        },
    }
