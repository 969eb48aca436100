"""Put the finished figures side by side: the tables and the summary of a diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.assumptions import missing_cap_min
from sdaasp_geo.indicators.contrast import remote_against_others
from sdaasp_geo.indicators.distribution import WITHIN_MIN, share_within, weighted_median
from sdaasp_geo.indicators.means import (
    basket_means,
    gamme_means,
    measured_services,
    overall_mean,
    population_mean,
    wide_times,
)
from sdaasp_geo.indicators.remoteness import remoteness
from sdaasp_geo.indicators.zones import contiguous_zones

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Choices

_NO_FACILITY = "no_facility"


def origin_figures(times: pd.DataFrame, choices: Choices) -> pd.DataFrame:
    """Gamme and basket means of each origin."""
    rules = choices.assumptions
    figures = gamme_means(times, choices.basket, missing=rules.missing_service)
    figures["basket_min"] = basket_means(
        times, choices.basket, how=rules.basket_mean, missing=rules.missing_service
    )
    return figures


def commune_table(
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    times: pd.DataFrame,
    figures: pd.DataFrame,
    choices: Choices,
) -> gpd.GeoDataFrame:
    """One row a commune of the département: times, means, remoteness."""
    basket = choices.basket
    by = origins.set_index("origin")["commune"]
    people = origins.set_index("origin")["population"]
    minutes = population_mean(wide_times(times).add_suffix("_min"), people, by=by)
    means = population_mean(figures, people, by=by)
    # The place and kind shown are those of most inhabitants of the commune.
    main = people.sort_values(ascending=False, kind="stable").groupby(by).head(1).index
    shown = {
        suffix: wide_times(times, suffix).loc[main].set_index(by.loc[main]).add_suffix(f"_{suffix}")
        for suffix in ("facility", "kind")
    }
    inside = communes[communes["departement"] == choices.departement].sort_values("commune")
    table = inside.set_index("commune", drop=False)
    services = [
        part[f"{service}_{suffix}"]
        for service in basket.service_ids
        for suffix, part in (
            ("min", minutes),
            ("facility", shown["facility"]),
            ("kind", shown["kind"]),
        )
    ]
    columns = [f"{gamme}_min" for gamme in basket.gamme_ids] + ["basket_min"]
    thresholds = {g: choices.thresholds_min[g] for g in basket.gamme_ids}
    # A cap fills the means of what is not reached, so that they can be judged.
    capped = missing_cap_min(choices.assumptions.missing_service) is not None
    judged = means[columns] if capped else means
    remote = remoteness(judged, thresholds)
    measured = measured_services(times)
    # Where somebody lives: an empty square that reaches nothing leaves nobody out.
    reached = wide_times(times)[measured].notna() | (people == 0).to_numpy()[:, None]
    everywhere = reached.groupby(by).all()
    counts = pd.DataFrame({"services_reached": everywhere.sum(axis=1)})
    counts["services_expected"] = len(measured)
    for gamme in basket.gamme_ids:
        services_there = [s for s in basket.services_of(gamme) if s in everywhere]
        counts[f"{gamme}_reached"] = everywhere[services_there].sum(axis=1)
        counts[f"{gamme}_expected"] = len(services_there)
    first = ["commune", "name", "departement", "epci", "population"]
    extra = [name for name in ("epci_name",) if name in table]
    whole = pd.concat(
        [
            table[first],
            *services,
            means[columns],
            remote,
            counts,
            table[[*extra, "geometry", "chef_lieu"]],
        ],
        axis=1,
    ).loc[table.index]
    return gpd.GeoDataFrame(whole.reset_index(drop=True), geometry="geometry", crs=communes.crs)


def service_table(
    origins: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame | None,
    times: pd.DataFrame,
    choices: Choices,
) -> pd.DataFrame:
    """One row a service: facilities, mean, median, who is reached.

    Nobody knows how many facilities there are where the times alone are told.
    """
    people = origins.set_index("origin")["population"]
    minutes, kinds = wide_times(times), wide_times(times, "kind")
    counts = None if facilities is None else facilities.groupby("service")["count"].sum()
    rows = []
    for service in choices.basket.services:
        time, kind = minutes[service.id].astype(float), kinds[service.id]
        reached = float(people[time.notna()].sum())
        estimated = float(people[kind.isin(["internal_estimate", "rule_zero"])].sum())
        rows.append(
            {
                "service": service.id,
                "label": service.label,
                "gamme": service.gamme,
                "facilities": pd.NA if counts is None else int(counts.get(service.id, 0)),
                "mean_min": overall_mean(time, people),
                "median_min": weighted_median(time, people),
                "max_min": float(time.max()),
                "reached_population": reached,
                "unreached_population": float(people.sum()) - reached,
                "estimate_share": estimated / reached if reached > 0 else np.nan,
                **_within(time, people),
            }
        )
    table = pd.DataFrame(rows)
    return table if counts is not None else table.astype({"facilities": "Int64"})


def gamme_table(
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    times: pd.DataFrame,
    figures: pd.DataFrame,
    choices: Choices,
) -> pd.DataFrame:
    """One row a gamme and one for the basket."""
    basket = choices.basket
    people = origins.set_index("origin")["population"]
    measured = set(measured_services(times))
    total = float(communes["population"].sum())
    rows = []
    for gamme in [*basket.gamme_ids, "basket"]:
        whole = gamme == "basket"
        services = basket.service_ids if whole else basket.services_of(gamme)
        flag = communes["remote_gammes"] > 0 if whole else communes[f"remote_{gamme}"]
        remote = flag.fillna(value=False).astype(bool)
        remote_people = float(communes.loc[remote, "population"].sum())
        label = next((item.label for item in basket.gammes if item.id == gamme), "Panier")
        rows.append(
            {
                "gamme": gamme,
                "label": label,
                "services": len(services),
                "services_with_facility": len(measured.intersection(services)),
                "mean_min": overall_mean(figures[f"{gamme}_min"], people),
                "threshold_min": choices.thresholds_min[gamme],
                "remote_communes": int(remote.sum()),
                "remote_population": remote_people,
                "remote_share": remote_people / total if total else np.nan,
                **_within(figures[f"{gamme}_min"], people),
            }
        )
    return pd.DataFrame(rows)


def epci_table(
    communes: gpd.GeoDataFrame,
    origins: gpd.GeoDataFrame,
    figures: pd.DataFrame,
    choices: Choices,
) -> pd.DataFrame:
    """One row an EPCI."""
    columns = [f"{gamme}_min" for gamme in choices.basket.gamme_ids] + ["basket_min"]
    known = communes.dropna(subset=["epci"])
    epci_of = known.set_index("commune")["epci"]
    by = origins.set_index("origin")["commune"].map(epci_of).rename("epci")
    people = origins.set_index("origin")["population"]
    means = population_mean(figures[columns], people, by=by)
    groups = known.groupby("epci")
    remote = known[known["remote_gammes"].fillna(0) > 0].groupby("epci")["population"]
    names = groups["epci_name"].first() if "epci_name" in known else groups["epci"].first()
    table = pd.DataFrame(
        {
            "name": names,
            "communes": groups.size(),
            "population": groups["population"].sum(),
        }
    ).join(means)
    table["remote_communes"] = remote.size().reindex(table.index, fill_value=0).astype("int64")
    table["remote_population"] = remote.sum().reindex(table.index, fill_value=0.0)
    return table.rename_axis("epci").reset_index()


def zone_table(communes: gpd.GeoDataFrame, choices: Choices) -> gpd.GeoDataFrame:
    """Zones of remoteness, and zones where the basket is above its threshold."""
    flags = {
        "eloignement": communes["remote_gammes"].fillna(0) > 0,
        "panier": communes["basket_min"] > choices.thresholds_min["basket"],
    }
    parts = [
        contiguous_zones(communes, flag, minutes="basket_min").assign(layer=layer)
        for layer, flag in flags.items()
    ]
    order = ["zone", "layer", "name", "communes", "population", "mean_min", "geometry"]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)[order], crs=communes.crs)


def contrast_table(communes: gpd.GeoDataFrame, choices: Choices) -> pd.DataFrame:
    """Remote communes against the others, by service, gamme and basket."""
    basket = choices.basket
    labels = {service.id: service.label for service in basket.services}
    labels |= {gamme.id: gamme.label for gamme in basket.gammes} | {"basket": "Panier"}
    items = [*basket.service_ids, *basket.gamme_ids, "basket"]
    minutes = pd.DataFrame({item: communes[f"{item}_min"].astype(float) for item in items})
    remote = (communes["remote_gammes"] > 0).astype("boolean")
    table = remote_against_others(minutes, communes["population"], remote).reset_index()
    table.insert(1, "label", table["item"].map(labels))
    levels = dict.fromkeys(basket.service_ids, "service") | dict.fromkeys(basket.gamme_ids, "gamme")
    table.insert(2, "level", table["item"].map(levels | {"basket": "basket"}))
    return table


def unreached(times: pd.DataFrame, people: pd.Series) -> dict[str, Any]:
    """Origins, their inhabitants and pairs without a time, and why."""
    missing = times[times["time_min"].isna()]
    # A service that nobody offers says nothing of an origin.
    lacking = missing[missing["reason"] != _NO_FACILITY]
    by_reason = missing["reason"].value_counts().sort_index()
    origins = lacking["origin"].unique()
    return {
        "origins": len(origins),
        "population": _whole(float(people.loc[origins].sum())),
        "pairs": len(missing),
        "by_reason": {str(reason): int(count) for reason, count in by_reason.items()},
    }


def remote_summary(communes: gpd.GeoDataFrame, gammes: Sequence[str]) -> dict[str, Any]:
    """Communes and inhabitants remote from at least one gamme."""
    number = communes["remote_gammes"]
    remote = number.fillna(0) > 0
    people = float(communes.loc[remote, "population"].sum())
    total = float(communes["population"].sum())
    counts = {str(n): int((number == n).sum()) for n in range(1, len(gammes) + 1)}
    return {
        "communes": int(remote.sum()),
        "population": _whole(people),
        "population_share": people / total if total else None,
        "communes_by_number_of_gammes": counts,
        "undetermined_communes": int(number.isna().sum()),
    }


def summary_of(
    tables: dict[str, Any], choices: Choices, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Return the summary that others rely on, in the order of the documentation."""
    communes, services, gammes = tables["communes"], tables["services"], tables["gammes"]
    figures, origins = tables["figures"], tables["origins"]
    people = origins.set_index("origin")["population"]
    within = share_within(figures["basket_min"], people)
    measured = set(measured_services(tables["times"]))
    return {
        "territory": choices.name,
        "departement": choices.departement,
        "fictional": choices.fictional,
        "communes": len(communes),
        "population": _whole(float(communes["population"].sum())),
        "services": len(services),
        "services_without_facility": [
            service for service in choices.basket.service_ids if service not in measured
        ],
        "mean_min": {row.gamme: _number(row.mean_min) for row in gammes.itertuples()},
        "mean_min_by_service": {
            row.service: _number(row.mean_min) for row in services.itertuples()
        },
        "estimate_share_by_service": {
            row.service: _number(row.estimate_share) for row in services.itertuples()
        },
        "population_share_within_min": {
            f"{limit:g}": _number(share) for limit, share in within.items()
        },
        "remote": remote_summary(communes, choices.basket.gamme_ids),
        "unreached": unreached(tables["times"], people),
        "rejected_rows": len(tables["rejects"]),
        "flagged_rows": len(tables["flags"]),
        "provenance": {key: provenance[key] for key in ("inputs", "assumptions", "version")},
    }


def _within(minutes: pd.Series, people: pd.Series) -> dict[str, float]:
    shares = share_within(minutes, people, WITHIN_MIN)
    return {f"within_{limit}_min": float(share) for limit, share in shares.items()}


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _whole(people: float) -> int | float:
    return int(people) if people == int(people) else people
