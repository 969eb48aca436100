"""A traffic-light dashboard: where each indicator stands between its start and its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.bouquets import unknown
from sdaasp_geo.scenarios.criteria_targets import site_frame_faults, site_kinds
from sdaasp_geo.scenarios.dashboard_file import Board, Indicator, load_board
from sdaasp_geo.showing import card

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import geopandas as gpd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.criteria import Judgement

__all__ = ["Board", "Dashboard", "Indicator", "colour_of", "dashboard", "load_board"]

COLOURS = {"green": "vert", "orange": "orange", "red": "rouge"}
NO_DATA = "sans donnée"
_REMOTE = {
    "remote_communes": "communes",
    "remote_population": "population",
    "remote_population_share": "population_share",
}


@dataclass(frozen=True, repr=False)
class Dashboard:
    """Indicators, their values and their colours.

    Parameters
    ----------
    name, label
        Of the dashboard.
    indicators
        One row an indicator: ``indicator label unit measure start intermediate target
        better value``, ``progress_share`` (0 at the start, 1 at the target, below 0 where
        things got worse; missing where the start is unknown), ``colour`` (``green
        orange red``, missing without a value) and ``colour_label`` in French, ``note``
        (why there is no value), ``source unverified``.
    summary
        For JSON.
    """

    name: str
    label: str
    indicators: pd.DataFrame
    summary: dict[str, Any]

    def __repr__(self) -> str:
        """Count the colours; the table shows itself."""
        counts = self.summary["colours"]
        told = ", ".join(f"{count} {colour}" for colour, count in counts.items())
        return f"<Dashboard {self.name}: {told}>"

    def _repr_html_(self) -> str:
        return card(f"Tableau de bord – {self.name}", self.summary["colours"])


def dashboard(
    diagnostic: Diagnostic,
    board: Board | str | Path,
    *,
    values: Mapping[str, float | None] | None = None,
    criteria: Judgement | None = None,
    sites: gpd.GeoDataFrame | None = None,
) -> Dashboard:
    """Colour indicators by where they stand between start, intermediate and target.

    Green where the value reaches the target, orange where it reaches the intermediate
    value, red below it. Where no intermediate value is told, orange is anything better
    than the start; where the start is unknown as well, anything under the target is red.
    A value that is missing has no colour, and the table says why.

    Parameters
    ----------
    diagnostic
        What the values are taken from.
    board
        A dashboard, or what :func:`~sdaasp_geo.scenarios.dashboard_file.load_board`
        reads.
    values
        Values of indicators by id: those that the library does not measure (``given``),
        or that replace what it would.
    criteria
        Criteria judged on the same diagnostic, for indicators that name one.
    sites
        `SITES`, with ``kind`` where known; those of the diagnostic if None. Those of the
        buffer do not count.

    Returns
    -------
    Dashboard
        Table and summary.

    Raises
    ------
    InputError
        If `values` speaks of an unknown indicator, or a service, gamme or site of the
        dashboard is unknown; all faults at once.

    Examples
    --------
    >>> from sdaasp_geo.scenarios.dashboard_file import load_board
    >>> msap = load_board("charente").indicators[0]
    >>> [colour_of(msap, count) for count in (2, 14, 15, 19, 20)]
    ['red', 'red', 'orange', 'orange', 'green']
    """
    chosen = board if isinstance(board, Board) else load_board(board)
    layer = diagnostic.sites if sites is None else sites
    given = dict(values or {})
    known = [item.id for item in chosen.indicators]
    faults = [unknown("values", "indicator", name, known) for name in given if name not in known]
    faults += site_frame_faults(layer, diagnostic)
    for item in chosen.indicators:
        faults += _name_faults(item, diagnostic)
    if faults:
        raise InputError(faults)
    rows = []
    for item in chosen.indicators:
        value, note = _value(item, diagnostic, layer, criteria)
        if item.id in given:
            value, note = (
                given[item.id],
                "" if given[item.id] is not None else "Valeur non fournie.",
            )
        rows.append(_row(item, value, note))
    table = _typed(pd.DataFrame(rows))
    return Dashboard(chosen.name, chosen.label, table, _summary(chosen, table, diagnostic))


def colour_of(indicator: Indicator, value: float | None) -> str | None:
    """Colour of a value, by the rule of :func:`dashboard`; None without one."""
    if value is None or np.isnan(value):
        return None
    sign = indicator.sign
    if sign * value >= sign * indicator.target:
        return "green"
    if indicator.intermediate is not None:
        return "orange" if sign * value >= sign * indicator.intermediate else "red"
    better = indicator.start is not None and sign * value > sign * indicator.start
    return "orange" if better else "red"


def progress_of(indicator: Indicator, value: float | None) -> float | None:
    """Share of the way from the start to the target; None where one of them is unknown.

    A target that is the start itself is a level to hold: 1 where it is held, else None.
    """
    if value is None or np.isnan(value) or indicator.start is None:
        return None
    way = indicator.target - indicator.start
    if way == 0:
        return 1.0 if indicator.sign * (value - indicator.target) >= 0 else None
    return (value - indicator.start) / way


def _value(
    item: Indicator,
    diagnostic: Diagnostic,
    sites: gpd.GeoDataFrame,
    criteria: Judgement | None,
) -> tuple[float | None, str]:
    """Measure an indicator; or say, in French, why it has no value."""
    if item.measure == "given":
        return None, "Valeur non fournie."
    if item.measure == "sites":
        return _count_sites(item, diagnostic, sites)
    if item.measure == "facilities":
        return _count_facilities(item, diagnostic), ""
    if item.measure == "mean_min":
        return _mean_min(str(item.item), diagnostic)
    if item.measure in _REMOTE:
        return _known(diagnostic.summary["remote"][_REMOTE[item.measure]])
    return _of_criterion(item, criteria)


def _of_criterion(item: Indicator, criteria: Judgement | None) -> tuple[float | None, str]:
    if criteria is None or item.criterion not in set(criteria.criteria["criterion"]):
        return None, f"Le critère « {item.criterion} » n'a pas été jugé."
    column = "share_meeting" if item.measure == "criterion" else "inhabitants_left_out"
    row = criteria.criteria.set_index("criterion").loc[item.criterion]
    return _known(row[column], str(row["note"]))


def _count_sites(
    item: Indicator, diagnostic: Diagnostic, sites: gpd.GeoDataFrame
) -> tuple[float | None, str]:
    # A territory without a list of sites is not one without sites.
    if not len(sites):
        return None, "Aucune liste de sites."
    chosen = sites["commune"].isin(diagnostic.communes["commune"])
    if item.kinds:
        chosen &= site_kinds(sites).isin(item.kinds)
    if item.formats:
        chosen &= sites["format"].isin(item.formats)
    return float(chosen.sum()), ""


def _count_facilities(item: Indicator, diagnostic: Diagnostic) -> float:
    facilities = land_of(diagnostic).facilities
    chosen = facilities["commune"].isin(diagnostic.communes["commune"])
    return float(facilities["count"][chosen & (facilities["service"] == item.service)].sum())


def _mean_min(item: str, diagnostic: Diagnostic) -> tuple[float | None, str]:
    services = diagnostic.services.set_index("service")["mean_min"]
    gammes = diagnostic.gammes.set_index("gamme")["mean_min"]
    return _known(services[item] if item in services.index else gammes[item])


def _known(value: Any, why: str = "Rien n'est mesurable.") -> tuple[float | None, str]:  # noqa: ANN401 (a cell)
    return (None, why) if value is None or pd.isna(value) else (float(value), "")


def _row(item: Indicator, value: float | None, note: str) -> dict[str, Any]:
    value = None if value is None or np.isnan(value) else float(value)
    colour = colour_of(item, value)
    return {
        "indicator": item.id,
        "label": item.label,
        "unit": item.unit,
        "measure": item.measure,
        "start": item.start,
        "intermediate": item.intermediate,
        "target": item.target,
        "better": "higher" if item.sign > 0 else "lower",
        "value": value,
        "progress_share": progress_of(item, value),
        "colour": colour,
        "colour_label": NO_DATA if colour is None else COLOURS[colour],
        "note": note or None,
        "source": item.source,
        "unverified": item.unverified,
    }


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    numbers = ["start", "intermediate", "target", "value", "progress_share"]
    text = [name for name in table if name not in {*numbers, "unverified"}]
    return table.astype({**dict.fromkeys(numbers, "float64"), **dict.fromkeys(text, "str")})


def _summary(board: Board, table: pd.DataFrame, diagnostic: Diagnostic) -> dict[str, Any]:
    labels = [*COLOURS.values(), NO_DATA]
    keys = ["value", "start", "intermediate", "target", "progress_share", "colour"]
    cells = table[keys].astype(object)
    plain = cells.where(cells.notna(), None).to_dict("records")
    return {
        "territory": diagnostic.name,
        "fictional": diagnostic.fictional,
        "dashboard": board.name,
        "source": board.source,
        "colours": {label: int((table["colour_label"] == label).sum()) for label in labels},
        "indicators": dict(zip(table["indicator"].tolist(), plain, strict=True)),
    }


def _name_faults(item: Indicator, diagnostic: Diagnostic) -> list[Any]:
    basket = diagnostic.basket
    faults = []
    if item.measure == "facilities" and item.service not in basket.service_ids:
        column = f"{item.id}.service"
        faults.append(
            unknown("dashboard", "service", str(item.service), basket.service_ids, column=column)
        )
    items = [*basket.service_ids, *basket.gamme_ids, "basket"]
    if item.measure == "mean_min" and item.item not in items:
        faults.append(
            unknown(
                "dashboard", "service or gamme", str(item.item), items, column=f"{item.id}.item"
            )
        )
    return faults
