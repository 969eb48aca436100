"""Tables of judged criteria."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.scenarios.areas import Groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.criteria_file import Criterion
    from sdaasp_geo.scenarios.criteria_targets import Nearest, Targets

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]

__all__ = ["Groups", "Judged", "area_table", "commune_table", "criteria_table", "left_out_table"]

_PLACE = ["service", "place", "place_name", "place_commune", "place_commune_name"]
_LEFT_OUT = ["criterion", "origin", "commune", "name", "epci", "population", "reason",
             "time_min", "excess_min", *_PLACE, "geometry"]  # fmt: skip
_AREAS = ["criterion", "level", "area", "communes", "population", "places", "place_names",
          "inhabitants_meeting", "share_meeting", "met"]  # fmt: skip


@dataclass(frozen=True, repr=False)
class Judged:
    """One criterion judged, one entry an origin.

    Parameters
    ----------
    criterion, nearest
        What was asked, and the times.
    people
        Inhabitants.
    left, not_judged
        Whether each origin does not meet it, and whether nobody can tell.
    no_place
        Whether it is left out for the lack of a place in its area alone.
    groups
        Areas; None for a criterion without.
    absent
        Why it cannot be measured; empty if it can.
    """

    criterion: Criterion
    nearest: Nearest
    people: Floats
    left: Bools
    not_judged: Bools
    no_place: Bools
    groups: Groups | None
    absent: str

    def met(self, chosen: Bools | None = None) -> bool | None:
        """Whether enough of some origins' inhabitants meet it; None if nobody can tell."""
        part = np.ones(len(self.people), dtype=bool) if chosen is None else chosen
        total = self.people[part].sum()
        # The tolerance is that of sums of inhabitants, a millionth of one person in a million.
        spare = (1.0 - self.criterion.share) * total + 1e-12 * total
        lost = self.people[part & self.left].sum()
        if lost > spare:
            return False
        return None if lost + self.people[part & self.not_judged].sum() > spare else True


def criteria_table(judged: Sequence[Judged], communes: pd.DataFrame) -> pd.DataFrame:
    """One row a criterion, see :class:`~sdaasp_geo.scenarios.criteria.Judgement`."""
    table = pd.DataFrame([_row(item) for item in judged])
    left_out = table["criterion"].map(communes["criterion"].value_counts()).fillna(0)
    table["communes_left_out"] = left_out.astype("Int64").where(table["measurable"])
    text = ["criterion", "label", "target", "one_per", "source", "note"]
    number = ["within_min", "share_wanted", "population", "inhabitants_meeting", "share_meeting",
              "inhabitants_left_out", "inhabitants_without_time",
              "inhabitants_not_judged"]  # fmt: skip
    return table.astype(
        {
            **dict.fromkeys(text, "str"),
            **dict.fromkeys(number, "float64"),
            **dict.fromkeys(["communes_left_out", "areas", "areas_meeting"], "Int64"),
            **dict.fromkeys(["measurable", "unverified"], "bool"),
            "met": "boolean",
        }
    )


def left_out_table(
    judged: Sequence[Judged], diagnostic: Diagnostic, targets: Targets
) -> gpd.GeoDataFrame:
    """One row a criterion and an inhabited origin that does not meet it."""
    parts = [_left_out(item, diagnostic, targets) for item in judged if not item.absent]
    filled = [part for part in parts if len(part)]
    if filled:
        return pd.concat(filled, ignore_index=True)
    if parts:
        return parts[0]
    empty = {name: pd.Series(dtype="str") for name in _LEFT_OUT if name != "geometry"}
    numbers = dict.fromkeys(["population", "time_min", "excess_min"], "float64")
    frame = pd.DataFrame(empty).astype(numbers)
    return gpd.GeoDataFrame(frame, geometry=[], crs=diagnostic.origins.crs)


def commune_table(left_out: gpd.GeoDataFrame, diagnostic: Diagnostic) -> pd.DataFrame:
    """One row a criterion and a commune with somebody left out."""
    key = ["criterion", "commune"]
    people = left_out["population"]
    rows = pd.DataFrame(
        {
            "criterion": left_out["criterion"],
            "commune": left_out["commune"],
            "inhabitants_left_out": people,
            "inhabitants_without_time": people.where(left_out["time_min"].isna(), 0.0),
            # A missing time weighs nothing.
            "_weight": people.where(left_out["time_min"].notna(), 0.0),
            "_minutes": (people * left_out["time_min"]).fillna(0.0),
            "largest_min": left_out["time_min"],
        }
    )
    how = dict.fromkeys([name for name in rows if name not in key], "sum")
    found = rows.groupby(key, sort=False).agg({**how, "largest_min": "max"}).reset_index()
    found["mean_min"] = found["_minutes"] / found["_weight"].where(found["_weight"] > 0)
    # The largest origin comes first in its criterion: its place is that of most of them.
    first = left_out.drop_duplicates(key)[[*key, *_PLACE]]
    table = found.merge(first, on=key, how="left", validate="1:1")
    told = pd.DataFrame(diagnostic.communes[["commune", "name", "epci", "population"]])
    table = table.merge(told, on="commune", how="left", validate="m:1")
    table["share_left_out"] = table["inhabitants_left_out"] / table["population"]
    columns = ["criterion", "commune", "name", "epci", "population", "inhabitants_left_out",
               "share_left_out", "inhabitants_without_time", "mean_min", "largest_min",
               *_PLACE]  # fmt: skip
    return table[columns]


def area_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """One row a criterion and an area."""
    rows = [row for item in judged if item.groups for row in _area_rows(item, item.groups)]
    numbers = dict.fromkeys(["population", "inhabitants_meeting", "share_meeting"], "float64")
    counts = dict.fromkeys(["communes", "places"], "Int64")
    text = dict.fromkeys(["criterion", "level", "area", "place_names"], "str")
    return pd.DataFrame(rows, columns=_AREAS).astype(
        {**numbers, **counts, **text, "met": "boolean"}
    )


def _row(item: Judged) -> dict[str, Any]:
    asked = item.criterion
    told = {
        "criterion": asked.id,
        "label": asked.label,
        "target": asked.target,
        "within_min": asked.within_min,
        "share_wanted": asked.share,
        "one_per": asked.one_per,
        "measurable": not item.absent,
        "population": item.people.sum(),
    }
    figures = dict.fromkeys(
        ["inhabitants_meeting", "share_meeting", "inhabitants_left_out",
         "inhabitants_without_time", "inhabitants_not_judged", "communes_left_out", "areas",
         "areas_meeting", "met"]
    )  # fmt: skip
    if not item.absent:
        figures |= _figures(item)
    note = item.absent or asked.note
    return {
        **told,
        **figures,
        "source": asked.source,
        "unverified": asked.unverified,
        "note": note or None,
    }


def _figures(item: Judged) -> dict[str, Any]:
    people, total = item.people, item.people.sum()
    meeting = people[~item.left & ~item.not_judged].sum()
    areas = _area_rows(item, item.groups) if item.groups else []
    verdicts = [item.met(), *(row["met"] for row in areas)]
    met = False if False in verdicts else None if None in verdicts else True
    lacking = item.left & np.isnan(item.nearest.time_min)
    return {
        "inhabitants_meeting": meeting,
        "share_meeting": meeting / total if total > 0 else None,
        "inhabitants_left_out": people[item.left].sum(),
        "inhabitants_without_time": people[lacking].sum(),
        "inhabitants_not_judged": people[item.not_judged].sum(),
        "areas": len(areas) if item.groups else None,
        "areas_meeting": sum(row["met"] is True for row in areas) if item.groups else None,
        "met": met,
    }


def _left_out(item: Judged, diagnostic: Diagnostic, targets: Targets) -> gpd.GeoDataFrame:
    """Inhabited origins that one criterion leaves out, most inhabitants first."""
    rows = np.flatnonzero(item.left & (item.people > 0))
    origins, nearest = diagnostic.origins.iloc[rows], item.nearest
    names = diagnostic.communes.set_index("commune")
    reason = nearest.reason[rows].copy()
    reason[~np.isnan(nearest.time_min[rows])] = "too_far"
    reason[item.no_place[rows]] = "no_place_in_area"
    limit = np.nan if item.criterion.within_min is None else item.criterion.within_min
    excess = nearest.time_min[rows] - limit
    table = pd.DataFrame(
        {
            "criterion": item.criterion.id,
            "origin": origins["origin"].to_numpy(dtype=object),
            "commune": origins["commune"].to_numpy(dtype=object),
            "name": origins["commune"].map(names["name"]).to_numpy(dtype=object),
            "epci": origins["commune"].map(names["epci"]).to_numpy(dtype=object),
            "population": item.people[rows],
            "reason": reason,
            "time_min": nearest.time_min[rows],
            "excess_min": np.where(excess > 0, excess, np.nan),
            "service": nearest.service[rows],
            "place": nearest.place[rows],
        }
    )
    table = _with_places(table, targets, diagnostic)
    text = [name for name in _LEFT_OUT if table.get(name) is not None and name not in
            ("population", "time_min", "excess_min")]  # fmt: skip
    frame = gpd.GeoDataFrame(
        table.astype(dict.fromkeys(text, "str")),
        geometry=origins.geometry.to_numpy(),
        crs=origins.crs,
    )
    return frame[_LEFT_OUT].sort_values(
        ["population", "origin"], ascending=[False, True], ignore_index=True
    )


def _with_places(table: pd.DataFrame, targets: Targets, diagnostic: Diagnostic) -> pd.DataFrame:
    """Name the nearest places and their communes, those of the buffer included."""
    places = pd.DataFrame(targets.places[["service", "facility", "name", "commune"]])
    places = places.set_axis(["service", "place", "place_name", "place_commune"], axis=1)
    named = table.merge(places.astype(object), on=["service", "place"], how="left", validate="m:1")
    known = diagnostic.communes.set_index("commune")["name"]
    if diagnostic.land is not None:
        known = diagnostic.land.places.units["name"]
    return named.assign(place_commune_name=named["place_commune"].map(known))


def _area_rows(item: Judged, groups: Groups) -> list[dict[str, Any]]:
    rows = []
    for area, communes in groups.communes.sort_index().items():
        chosen = np.asarray(groups.area == area, dtype=bool)
        places = groups.places[groups.places["area"] == area]
        total = item.people[chosen].sum()
        meeting = item.people[chosen & ~item.left & ~item.not_judged].sum()
        lacking = item.criterion.one_per is not None and not len(places)
        shown = places["name"].fillna(places["facility"])
        rows.append(
            {
                "criterion": item.criterion.id,
                "level": groups.level,
                "area": area,
                "communes": communes,
                "population": total,
                "places": None if item.nearest.group is None else len(places),
                "place_names": "; ".join(sorted(shown)) or None,
                "inhabitants_meeting": meeting,
                "share_meeting": meeting / total if total > 0 else None,
                "met": False if lacking else item.met(chosen),
            }
        )
    return rows
