"""Two vintages of facilities: what opened and closed, and what that did to access."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.indicators.means import population_mean, wide_times
from sdaasp_geo.scenarios import watch
from sdaasp_geo.scenarios.closures import STAYS, Closures, Ground, closing_effects
from sdaasp_geo.scenarios.comparison import CHANGES, Comparison
from sdaasp_geo.scenarios.criticality import losses_by_group
from sdaasp_geo.scenarios.matching import Ids, Matches, match_facilities
from sdaasp_geo.scenarios.steps import reach_notes, step
from sdaasp_geo.scenarios.vintages import Vintages, aligned

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic

    Ints = npt.NDArray[np.int64]


def compare(
    old: Diagnostic,
    new: Diagnostic,
    *,
    tolerance_m: float = 100.0,
    ids: Ids = "auto",
    thresholds: watch.Thresholds = watch.THRESHOLDS,
    executor: Executor | None = None,
) -> Comparison:
    """Compare two vintages of facilities on one territory.

    Parameters
    ----------
    old, new
        Diagnostics with their land. Communes that only one has are left out, by code.
    tolerance_m, ids
        When two facilities are the same one, see
        :func:`~sdaasp_geo.scenarios.matching.match_facilities`.
    thresholds
        First services, and the losses that make an alert.
    executor
        Where the searches run; threads of this process if None.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If a diagnostic has no land, or the two have no commune or no service in common.

    Notes
    -----
    Comparing the other way round turns every opening into a closing of the same effect,
    on the same roads and where no two pairings of places are equally good.
    """
    vintages = aligned(old, new)
    codes = {*old.basket.service_of_code, *new.basket.service_of_code}
    matches = match_facilities(
        vintages.old, vintages.new, tolerance_m=tolerance_m, ids=ids, codes=codes
    )
    origins = new.origins[new.origins["commune"].isin(vintages.communes)].reset_index(drop=True)
    ground = Ground(land_of(new).network, origins, vintages.services, new.assumptions)
    times = _Times.of(old, new, ground, vintages, matches, executor)
    communes = _commune_table(new, vintages, times)
    services = _service_table(new, matches, times)
    effects = _effects(ground, vintages, matches, executor)
    lost = watch.lost_last(communes)
    alerts = watch.alerts(communes, lost, thresholds)
    zones = watch.zones_without(new, communes, thresholds.first_services(new.basket))
    changes = matches.changes.set_crs(vintages.new.crs)
    summary = _summary(changes, services, lost, alerts)
    notes = (*vintages.notes, *_doubts(matches), *reach_notes(services))
    return Comparison(
        new.name, changes, effects, services, communes, lost, zones, alerts, summary, notes
    )


class _Times(NamedTuple):
    """Wide tables of minutes, one row an origin: old facilities, on paper, new.

    ``past`` is what the old diagnostic says, by its own origins, with their inhabitants
    and communes.
    """

    origins: gpd.GeoDataFrame
    old: pd.DataFrame
    paper: pd.DataFrame
    new: pd.DataFrame
    past: pd.DataFrame
    past_origins: gpd.GeoDataFrame

    @classmethod
    def of(
        cls,
        old: Diagnostic,
        new: Diagnostic,
        ground: Ground,
        vintages: Vintages,
        matches: Matches,
        executor: Executor | None,
    ) -> _Times:
        def measured(*parts: gpd.GeoDataFrame) -> pd.DataFrame:
            whole = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=vintages.new.crs)
            times = nearest_times(
                ground.network,
                ground.origins,
                whole,
                ground.services,
                ground.assumptions,
                executor=executor,
            )
            return wide_times(times)

        def kept(times: pd.DataFrame, origins: pd.Series) -> pd.DataFrame:
            return wide_times(times).loc[origins, ground.services]

        past = old.origins[old.origins["commune"].isin(vintages.communes)].reset_index(drop=True)
        return cls(
            origins=ground.origins,
            old=measured(vintages.old, vintages.beyond),
            paper=measured(_on_paper(vintages, matches), vintages.beyond),
            new=kept(new.times, ground.origins["origin"]),
            past=kept(old.times, past["origin"]),
            past_origins=past,
        )


def _on_paper(vintages: Vintages, matches: Matches) -> gpd.GeoDataFrame:
    """Return the new vintage as it would be had nothing really opened, closed or moved."""
    change = matches.changes["change"].to_numpy()
    recoded = np.append(change == "recoded", False)
    left = vintages.new["count"].to_numpy() - np.where(
        recoded[matches.new_group], 0, matches.new_taken
    )
    back = np.where(recoded[matches.old_group], 0, matches.old_taken)
    parts = [
        vintages.new.assign(count=left)[left > 0],
        vintages.old.assign(count=back)[back > 0],
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=vintages.new.crs)


def _commune_table(new: Diagnostic, vintages: Vintages, times: _Times) -> pd.DataFrame:
    people = times.origins.set_index("origin")["population"]
    by = times.origins.set_index("origin")["commune"]
    past_by = times.past_origins.set_index("origin")["commune"]
    past_people = times.past_origins.set_index("origin")["population"]
    columns = {
        "old_number": _numbers(vintages.old, vintages),
        "new_number": _numbers(vintages.new, vintages),
        "old_min": population_mean(times.past, past_people, by=past_by),
        "paper_min": population_mean(times.paper, people, by=by),
        "new_min": population_mean(times.new, people, by=by),
        "change_min": step(times.paper, times.new, people, by=by).change_min,
        **{
            name: flags.mul(people, axis=0).groupby(by).sum()
            for name, flags in _moves(times).items()
        },
    }
    parts = {
        name: table.reindex(index=vintages.communes, columns=vintages.services).stack()  # noqa: PD013 (a pair is one row)
        for name, table in columns.items()
    }
    whole = pd.DataFrame(parts).rename_axis(["commune", "service"]).reset_index()
    whole.insert(7, "change_min", whole.pop("change_min"))
    known = new.communes.set_index("commune")
    whole.insert(1, "name", whole["commune"].map(known["name"]))
    whole.insert(2, "population", whole["commune"].map(known["population"]))
    return whole.astype({"old_number": "int64", "new_number": "int64"})


def _numbers(facilities: gpd.GeoDataFrame, vintages: Vintages) -> pd.DataFrame:
    counts = facilities.pivot_table(
        index="commune", columns="service", values="count", aggfunc="sum"
    )
    whole = counts.reindex(index=vintages.communes, columns=vintages.services)
    return pd.DataFrame(whole.fillna(0))


def _moves(times: _Times) -> dict[str, pd.DataFrame]:
    """Say who gains and loses by the facilities, one flag an origin and service."""
    before, after = times.paper, times.new
    reached, unreached = before.isna() & after.notna(), before.notna() & after.isna()
    return {
        "inhabitants_gaining": (after < before) | reached,
        "inhabitants_losing": (after > before) | unreached,
        "inhabitants_newly_reached": reached,
        "inhabitants_newly_unreached": unreached,
    }


def _service_table(new: Diagnostic, matches: Matches, times: _Times) -> pd.DataFrame:
    people = times.origins.set_index("origin")["population"]
    past_people = times.past_origins.set_index("origin")["population"]
    changes = matches.changes
    service = changes["service_new"].fillna(changes["service_old"])
    numbers = changes.groupby([service.rename("service"), "change"])["count"].sum().unstack()  # noqa: PD010 (a pair is one row)
    numbers = numbers.reindex(index=list(times.new), columns=[*CHANGES]).fillna(0).astype("int64")
    table = pd.DataFrame({"service": list(times.new)}).set_index("service", drop=False)
    table["label"] = [new.basket.service(str(name)).label for name in times.new]
    for side in ("old", "new"):
        counted = changes.groupby(f"service_{side}")["count"].sum()
        table[f"{side}_number"] = counted.reindex(table.index).fillna(0).astype("int64")
    table = table.join(numbers)
    was = population_mean(times.past, past_people).iloc[0]
    on_paper, real = step(times.old, times.paper, people), step(times.paper, times.new, people)
    table["old_min"] = was
    table["other_changes_min"] = population_mean(times.old, people).iloc[0] - was
    table["paper_min"] = on_paper.change_min.iloc[0]
    table["facilities_min"] = real.change_min.iloc[0]
    table["reach_change_min"] = on_paper.reach_min.iloc[0] + real.reach_min.iloc[0]
    table["new_min"] = population_mean(times.new, people).iloc[0]
    for name, flag in _moves(times).items():
        table[name] = flag.mul(people, axis=0).sum()
    return table.reset_index(drop=True)


def _effects(
    ground: Ground, vintages: Vintages, matches: Matches, executor: Executor | None
) -> pd.DataFrame:
    """Measure each change alone: what left the old vintage, what came to the new one."""
    parts = []
    stays = np.full(len(vintages.beyond), STAYS, np.int64)
    sides = (
        ("loss", vintages.old, matches.old_group, matches.old_taken),
        ("gain", vintages.new, matches.new_group, matches.new_taken),
    )
    for effect, facilities, group, taken in sides:
        table = pd.concat([facilities, vintages.beyond], ignore_index=True)
        whole = gpd.GeoDataFrame(table, crs=vintages.new.crs)
        closures = Closures(np.append(group, stays), np.append(taken, np.zeros_like(stays)))
        found = closing_effects(ground, whole, closures, executor=executor)
        figures = losses_by_group(found, ground.origins, len(matches.changes))
        rows = np.unique(group[group != STAYS])
        parts.append(_effect_rows(matches.changes, figures.rename(columns=_neutral), rows, effect))
    return pd.concat(parts, ignore_index=True).sort_values(
        ["inhabitants_without", "inhabitant_min", "change_row", "effect"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )


def _neutral(name: str) -> str:
    renamed = {
        "inhabitants_losing": "inhabitants",
        "inhabitants_newly_unreached": "inhabitants_without",
        "mean_loss_min": "mean_min",
        "worst_loss_min": "largest_min",
        "lost_inhabitant_min": "inhabitant_min",
        "communes_losing": "communes_touched",
        "worst_commune": "most_touched_commune",
    }
    return renamed.get(name, name.replace("inhabitants_losing_", "inhabitants_"))


def _effect_rows(
    changes: gpd.GeoDataFrame, figures: pd.DataFrame, rows: Ints, effect: str
) -> pd.DataFrame:
    side = "old" if effect == "loss" else "new"
    chosen = changes.iloc[rows]
    who = pd.DataFrame({"change_row": rows, "effect": effect}, index=chosen.index)
    who["change"] = chosen["change"]
    for name in ("service", "facility", "commune"):
        who[name] = chosen[f"{name}_{side}"]
    who["count"] = chosen["count"]
    known = chosen["which_known"].to_numpy(dtype=bool)
    return who.join(figures.iloc[rows[known]].astype({"communes_touched": "Int64"}))


def _summary(
    changes: gpd.GeoDataFrame, services: pd.DataFrame, lost: pd.DataFrame, alerts: pd.DataFrame
) -> dict[str, Any]:
    numbers = changes.groupby("change")["count"].sum()
    renamed = changes[(changes["change"] == "recoded") & changes["code_new"].notna()]
    codes = renamed.groupby(["code_old", "code_new"])["count"].sum()
    shown = [str(name) for name in services if str(name).endswith("_min")]
    table = services.set_index("service")
    return {
        "facilities": {name: int(numbers.get(name, 0)) for name in CHANGES},
        "recoded": {f"{old} → {new}": int(count) for (old, new), count in codes.items()},
        "services": {
            str(name): {key: None if pd.isna(row[key]) else float(row[key]) for key in shown}
            for name, row in table.iterrows()
        },
        "inhabitants_gaining": _largest(table["inhabitants_gaining"]),
        "inhabitants_losing": _largest(table["inhabitants_losing"]),
        "inhabitants_newly_unreached": _largest(table["inhabitants_newly_unreached"]),
        "communes_that_lost_their_last": int(lost["commune"].nunique()),
        "alerts": len(alerts),
    }


def _largest(column: pd.Series) -> dict[str, float]:
    """Services with somebody, the most touched first."""
    touched = column[column > 0].sort_values(ascending=False, kind="stable")
    return {str(name): float(value) for name, value in touched.items()}


def _doubts(matches: Matches) -> list[str]:
    unsure = int(matches.changes.loc[~matches.changes["which_known"], "count"].sum())
    if not unsure:
        return []
    s = "" if unsure < 2 else "s"
    what = f"ouverture{s} ou fermeture{s} déduite{s} de comptages communaux"
    return [f"{unsure} {what}, sans qu'on sache de quel équipement : effet non mesuré"]
