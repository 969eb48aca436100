"""Tables of gains: by origin, commune, EPCI and service; who loses, who is newly reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.indicators.means import population_mean
from sdaasp_geo.scenarios.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from sdaasp_geo.scenarios.ground import Ground

    Bools = npt.NDArray[np.bool_]

_DIGITS = 9


@dataclass(frozen=True, repr=False)
class Sides:
    """Minutes of each origin before and after a scenario.

    Parameters
    ----------
    ground
        What it started from.
    touched
        Services whose facilities change.
    items
        Touched services, the gammes that hold one, and ``basket``.
    before, after
        One row an origin, one column an item, minutes.
    tally
        Gains and losses over the touched services.
    blurred
        Whether the mean of each gamme bears on other services than before,
        (origins, gammes of the basket).
    """

    ground: Ground
    touched: tuple[str, ...]
    items: tuple[str, ...]
    before: pd.DataFrame
    after: pd.DataFrame
    tally: Tally
    blurred: Bools

    @property
    def gain(self) -> pd.DataFrame:
        """Minutes gained, (origins, items); none where a mean bears on other services."""
        gain = (self.before - self.after).round(_DIGITS)
        for gamme, blurred in zip(
            self.ground.diagnostic.basket.gamme_ids, self.blurred.T, strict=True
        ):
            if gamme in gain:
                gain[gamme] = gain[gamme].mask(np.asarray(blurred))
        if "basket" in gain:
            gain["basket"] = gain["basket"].mask(np.asarray(self.blurred.any(axis=1)))
        return gain


def origin_table(sides: Sides) -> gpd.GeoDataFrame:
    """One row an origin: minutes before, after and gained."""
    origins, tally = sides.ground.diagnostic.origins, sides.tally
    first = sides.ground.origins[["origin", "commune", "unit", "population"]]
    figures = {
        "gain_min": tally.largest_gain_min,
        "loss_min": tally.largest_loss_min,
        "mean_gain_over_services_min": tally.mean_gain_min,
        "newly_reached": tally.newly_reached.sum(axis=1),
        "newly_unreached": tally.newly_unreached.sum(axis=1),
    }
    minutes = _interleaved(sides.items, sides.before, sides.after, sides.gain)
    parts = [first, minutes, pd.DataFrame(figures)]
    table = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
    return gpd.GeoDataFrame(table, geometry=origins.geometry.to_numpy(), crs=origins.crs)


def commune_table(sides: Sides, means: pd.DataFrame, remote_after: pd.Series) -> gpd.GeoDataFrame:
    """One row a commune of the département.

    Parameters
    ----------
    sides
        Minutes of the origins.
    means
        Items after the scenario, by commune.
    remote_after
        Number of gammes that each commune is remote from after it.
    """
    polygons = sides.ground.diagnostic.communes.geometry
    communes = pd.DataFrame(sides.ground.diagnostic.communes).set_index("commune", drop=False)
    before = pd.DataFrame({item: communes[f"{item}_min"].astype(float) for item in sides.items})
    of_origins = sides.gain
    gain = sides.ground.by_commune(of_origins).round(_DIGITS).reindex(communes.index)
    touched = gain[list(sides.touched)]
    # One who loses is not made up for by a neighbour who gains.
    gained, lost = (
        sides.ground.by_commune(part.clip(lower=0.0)).round(_DIGITS).reindex(communes.index)
        for part in (of_origins[list(sides.touched)], -of_origins[list(sides.touched)])
    )
    figures = pd.DataFrame(
        {
            "gain_min": gained.max(axis=1).fillna(0.0) + 0.0,
            # 0 and not -0 where nothing is lost.
            "loss_min": lost.max(axis=1).fillna(0.0) + 0.0,
            "mean_gain_over_services_min": touched.mean(axis=1),
        }
    )
    counts = _counts(sides, sides.ground.origins["commune"].to_numpy(dtype=object)).reindex(
        communes.index, fill_value=0.0
    )
    remote = pd.DataFrame(
        {
            "remote_gammes_before": communes["remote_gammes"],
            "remote_gammes_after": remote_after.reindex(communes.index),
        }
    )
    minutes = _interleaved(sides.items, before, means.reindex(communes.index), gain)
    first = communes[["commune", "name", "epci", "population"]]
    parts = [first, minutes, figures, counts, remote]
    table = pd.concat(parts, axis=1).reset_index(drop=True)
    return gpd.GeoDataFrame(table, geometry=polygons.to_numpy(), crs=polygons.crs)


def epci_table(sides: Sides, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """One row an EPCI, from the origins' minutes and the table of communes."""
    known = pd.DataFrame(communes.drop(columns="geometry")).dropna(subset=["epci"])
    epci_of = known.set_index("commune")["epci"]
    by = sides.ground.origins["commune"].map(epci_of).rename("epci")
    people = sides.ground.origins["population"]
    before_min = population_mean(sides.before, people, by=by)
    after_min = population_mean(sides.after, people, by=by)
    gain = population_mean(sides.gain, people, by=by).round(_DIGITS)
    groups = known.groupby("epci")
    table = pd.DataFrame({"communes": groups.size(), "population": groups["population"].sum()})
    names = sides.ground.diagnostic.epci.set_index("epci")["name"]
    table.insert(0, "name", names.reindex(table.index))
    counts = _means_by(sides, by.to_numpy(dtype=object)).reindex(table.index)
    remote = pd.DataFrame(
        {
            f"remote_communes_{side}": known[known[f"remote_gammes_{side}"].fillna(0) > 0]
            .groupby("epci")
            .size()
            .reindex(table.index, fill_value=0)
            for side in ("before", "after")
        }
    )
    whole_table = pd.concat(
        [table, _interleaved(sides.items, before_min, after_min, gain), counts, remote], axis=1
    )
    return whole_table.rename_axis("epci").reset_index()


def service_table(
    sides: Sides, facilities_before: gpd.GeoDataFrame, facilities_after: gpd.GeoDataFrame
) -> pd.DataFrame:
    """One row a touched service."""
    basket, tally = sides.ground.diagnostic.basket, sides.tally
    before_min, after_min = sides.ground.overall(sides.before), sides.ground.overall(sides.after)
    counts = [
        frame.groupby("service")["count"].sum() for frame in (facilities_before, facilities_after)
    ]
    kept = (
        "inhabitants_gaining",
        "mean_gain_of_gainers_min",
        "largest_gain_min",
        "inhabitants_losing",
        "mean_loss_of_losers_min",
        "largest_loss_min",
        "inhabitants_newly_reached",
        "inhabitants_newly_unreached",
    )
    rows = []
    for number, service in enumerate(sides.touched):
        here = slice(number, number + 1)
        alone = Tally(
            tally.before_min[:, here],
            tally.after_min[:, here],
            tally.people,
            tally.in_remote_commune,
        ).figures()
        rows.append(
            {
                "service": service,
                "label": basket.service(service).label,
                "gamme": basket.service(service).gamme,
                "facilities_before": int(counts[0].get(service, 0)),
                "facilities_after": int(counts[1].get(service, 0)),
                "mean_before_min": before_min[service],
                "mean_after_min": after_min[service],
                **{name: alone[name] for name in kept},
            }
        )
    first = ["service", "label", "gamme", "facilities_before", "facilities_after"]
    columns = [*first, "mean_before_min", "mean_after_min", *kept]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype(dict.fromkeys(columns[5:], "float64"))


def loser_table(sides: Sides, times: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """Every pair that loses minutes or its only way, the heaviest first."""
    tally = sides.tally
    table = _pairs(sides, (tally.gain_min < 0) | tally.newly_unreached, times)
    table["loss_min"] = (table["after_min"] - table["before_min"]).round(_DIGITS)
    table["newly_unreached"] = table["after_min"].isna()
    order = table.sort_values(
        ["newly_unreached", "loss_min", "population", "origin", "service"],
        ascending=[False, False, False, True, True],
    )
    columns = ["origin", "commune", "name", "service", "population", "before_min", "after_min",
               "loss_min", "newly_unreached", "facility_before", "facility_after",
               "reason_after"]  # fmt: skip
    return order[columns].rename(columns={"reason_after": "reason"}).reset_index(drop=True)


def reached_table(sides: Sides, times: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """Every pair that had no time and gets one, the most inhabitants first."""
    table = _pairs(sides, sides.tally.newly_reached, times)
    order = table.sort_values(["population", "origin", "service"], ascending=[False, True, True])
    columns = ["origin", "commune", "name", "service", "population", "after_min",
               "facility_after", "reason_before"]  # fmt: skip
    return order[columns].reset_index(drop=True)


def _interleaved(
    items: Iterable[str], before: pd.DataFrame, after: pd.DataFrame, gain: pd.DataFrame
) -> pd.DataFrame:
    named = {"before": before, "after": after, "gain": gain}
    columns = {f"{i}_{side}_min": part[i] for i in items for side, part in named.items()}
    return pd.DataFrame(columns, index=before.index)


def _counts(sides: Sides, by: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Inhabitants who gain, lose, are newly reached and newly unreached, by group."""
    tally = sides.tally
    who = {
        "inhabitants_gaining": tally.gains,
        "inhabitants_losing": tally.loses,
        "inhabitants_newly_reached": tally.newly_reached.any(axis=1),
        "inhabitants_newly_unreached": tally.newly_unreached.any(axis=1),
    }
    people = pd.DataFrame({name: np.where(flag, tally.people, 0.0) for name, flag in who.items()})
    return people.groupby(pd.Series(by, name="group")).sum()


def _means_by(sides: Sides, by: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Gainers and losers of each group, and what they gain or lose on average."""
    tally = sides.tally
    gain, loss = tally.largest_gain_min, tally.largest_loss_min
    sums = pd.DataFrame(
        {
            "inhabitants_gaining": np.where(tally.gains, tally.people, 0.0),
            "gainers": np.where(gain > 0, tally.people, 0.0),
            "gained": tally.people * gain,
            "inhabitants_losing": np.where(tally.loses, tally.people, 0.0),
            "losers": np.where(loss > 0, tally.people, 0.0),
            "lost": tally.people * loss,
        }
    )
    total = sums.groupby(pd.Series(by, name="group")).sum()
    return pd.DataFrame(
        {
            "inhabitants_gaining": total["inhabitants_gaining"],
            "mean_gain_of_gainers_min": total["gained"]
            / total["gainers"].where(total["gainers"] > 0),
            "inhabitants_losing": total["inhabitants_losing"],
            "mean_loss_of_losers_min": total["lost"] / total["losers"].where(total["losers"] > 0),
        }
    )


def _pairs(sides: Sides, which: Bools, times: tuple[pd.DataFrame, pd.DataFrame]) -> pd.DataFrame:
    """Rows of some pairs (origins, touched services), with their facilities and reasons.

    `times` are the access times of the touched services, before and after, each in the
    order of origins and touched services.
    """
    origin, service = np.nonzero(which)
    rows = origin * len(sides.touched) + service
    people = sides.ground.origins.iloc[origin]
    communes = sides.ground.diagnostic.communes
    names = pd.Series(communes["name"].to_numpy(), index=communes["commune"])
    table: dict[str, Any] = {
        "origin": people["origin"].to_numpy(),
        "commune": people["commune"].to_numpy(),
        "name": people["commune"].map(names).to_numpy(),
        "service": np.array(sides.touched, dtype=object)[service],
        "population": people["population"].to_numpy(),
    }
    for side, part in zip(("before", "after"), times, strict=True):
        taken = part.iloc[rows]
        table |= {
            f"{side}_min": taken["time_min"].to_numpy(),
            f"facility_{side}": taken["facility"].to_numpy(),
            f"reason_{side}": taken["reason"].to_numpy(),
        }
    text = [name for name in table if name not in {"population", "before_min", "after_min"}]
    return pd.DataFrame(table).astype(dict.fromkeys(text, "str"))


def nearest_people(sides: Sides, times_after: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Inhabitants for whom each place becomes the nearest, by touched service and for any.

    A place as far as another that was there before is not counted, unless it moves.
    """
    names = pd.Index(sites["place"])
    moves = np.append((sites["change"] == "move").to_numpy(dtype=bool), values=False)
    nearer = (sides.tally.gain_min > 0) | sides.tally.newly_reached
    found = names.get_indexer(pd.Index(times_after["facility"]))
    where = found.reshape(len(sides.before), len(sides.touched))
    people = sides.tally.people
    table: dict[str, npt.NDArray[np.float64]] = {}
    anyone = np.zeros((len(names), len(people)), dtype=bool)
    for number, service in enumerate(sides.touched):
        here = where[:, number]
        hit = (here >= 0) & (nearer[:, number] | moves[here])
        table[f"nearest_{service}"] = np.bincount(here[hit], people[hit], len(names)).astype(float)
        anyone[here[hit], np.flatnonzero(hit)] = True
    table["inhabitants_nearest"] = anyone @ people
    return pd.DataFrame(table)


def overall_means(sides: Sides) -> dict[str, dict[str, float | None]]:
    """Mean minutes of each item over everybody, before and after."""
    before, after = sides.ground.overall(sides.before), sides.ground.overall(sides.after)
    return {
        item: {"before": _number(before[item]), "after": _number(after[item])}
        for item in sides.items
    }


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
