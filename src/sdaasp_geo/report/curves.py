"""The distribution curve: which share of the inhabitants is within how many minutes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sdaasp_geo.indicators.means import basket_means, gamme_means, wide_times
from sdaasp_geo.report import onaxes, style
from sdaasp_geo.report.french import BEFORE_UNIT, minutes, percent
from sdaasp_geo.report.layout import make_sheet
from sdaasp_geo.report.legend import Panel, Symbol
from sdaasp_geo.report.sheets import sheet_texts
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import BASKET, item_title, territory_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd
    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Sheet, Texts

CURVES_TITLE = "Part des habitants selon leur temps d'accès"
_LANDSCAPE = (0.0, 0.0, 3.0, 1.0)
# Told apart by lightness and by dashes too, on paper without colour.
_COLOURS = ("#f7705c", "#bf3a77", "#782281", style.INK, style.SITE, "#9a6b00")
_DASHES = ("-", (0, (6, 2)), (0, (1.5, 1.5)), "-", (0, (6, 2, 1.5, 2)), (0, (3, 3)))
_SHOWN_MIN = (7.0, 15.0, 30.0)
_LONGEST_MIN = 60.0
_LEAST_MIN = 20.0
_STEP_MIN = 10.0
_COVERED = 0.99
_TICK_PT = 8.0


@dataclass(frozen=True)
class Curve:
    """Share of all inhabitants within a time: a rising step function.

    Parameters
    ----------
    label
        French name of the item.
    time_min, share
        Times in rising order, and the share (0 to 1) within each.
    threshold_min
        Threshold of remoteness, None without one.
    how
        Who travels: ``en voiture``.
    """

    label: str
    time_min: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    threshold_min: float | None = None
    how: str = "en voiture"

    def within(self, limit_min: float) -> float:
        """Share of the inhabitants within a time, itself within."""
        place = int(np.searchsorted(self.time_min, limit_min, side="right"))
        return float(self.share[place - 1]) if place else 0.0


def plot_distribution(
    diagnostic: Diagnostic, columns: Sequence[str] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw the share of the inhabitants within each time, one curve an item.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    columns
        Ids of services, gammes or ``basket``, six at most; the gammes and the basket if
        None.
    ax
        Axes to draw in, with a legend; a whole A4 sheet if None.

    Returns
    -------
    Axes
        The axes of the curves. A dot stands at the threshold of each gamme. The share is
        of **all** inhabitants: a curve that stays below 100 % leaves out those who reach
        nothing.

    Raises
    ------
    ValueError
        If a column is unknown, or there are none or more than six.
    """
    curves = distribution_curves(diagnostic, columns)
    with style.settings():
        if ax is None:
            return draw_curves(curve_texts(diagnostic), curves).axes
        draw_curve_lines(ax, curves)
        onaxes.title(ax, CURVES_TITLE)
    return ax


def distribution_curves(
    diagnostic: Diagnostic, columns: Sequence[str] | None = None
) -> list[Curve]:
    """Make the curves of some items, from the origins' own times."""
    chosen = [*diagnostic.basket.gamme_ids, BASKET] if columns is None else list(columns)
    if not 0 < len(chosen) <= len(_COLOURS):
        message = f"columns: expected 1 to {len(_COLOURS)} items, found {len(chosen)}"
        raise ValueError(message)
    titles = [item_title(diagnostic, column) for column in chosen]
    origins = diagnostic.origins
    people = origins["population"].to_numpy(dtype=np.float64)
    table = _times(diagnostic, chosen).reindex(origins["origin"])
    how = travel_words(diagnostic).how
    curves = []
    for column, title in zip(chosen, titles, strict=True):
        time = table[column].to_numpy(dtype=np.float64, na_value=np.nan)
        limit = diagnostic.thresholds_min.get(column) if column != BASKET else None
        curve = _curve(style.printable(title), time, people)
        curves.append(replace(curve, threshold_min=limit, how=how))
    return curves


def curve_texts(diagnostic: Diagnostic) -> Texts:
    """Titles and small print of the sheet."""
    what = f"part cumulée des habitants, temps d'accès {travel_words(diagnostic).how_fully}"
    subtitle = style.printable(f"{territory_words(diagnostic)} – {what}")
    return sheet_texts(diagnostic, CURVES_TITLE, subtitle)


def draw_curves(texts: Texts, curves: Sequence[Curve]) -> Sheet:
    """Draw the curves on their own sheet, with the shares beside them."""
    sheet = make_sheet(_LANDSCAPE, texts)
    box = sheet.axes.get_position()
    # Room for the words of the two scales.
    sheet.axes.set_position((box.x0 + 0.045, box.y0 + 0.05, box.width - 0.045, box.height - 0.05))
    draw_curve_lines(sheet.axes, curves)
    panel = Panel(sheet, sheet.top)
    last = curves[-1]
    panel.figure(percent(last.within(_SHOWN_MIN[1])), f"des habitants à 15{BEFORE_UNIT}min au plus")
    panel.lines(last.label, style.PANEL_PT, style.SOFT_INK)
    panel.rule()
    heads = tuple(f"{limit:g}{BEFORE_UNIT}min" for limit in _SHOWN_MIN)
    rows = [
        (curve.label, *(percent(curve.within(limit)) for limit in _SHOWN_MIN)) for curve in curves
    ]
    panel.table("Habitants à", heads, rows)
    panel.rule()
    for curve in curves:
        if curve.threshold_min is not None:
            share = percent(1.0 - curve.within(curve.threshold_min))
            words = f"{curve.label}{BEFORE_UNIT}: {share} au-delà du seuil"
            panel.lines(
                f"{words} ({minutes(curve.threshold_min, decimals=0)}).",
                style.SMALL_PT,
                style.SOFT_INK,
            )
    panel.rule()
    panel.symbols([Symbol("seuil d'éloignement de la gamme", style.PAPER, marker="o")])
    panel.gap(0.06)
    panel.lines(
        "Une courbe qui n'atteint pas 100 % laisse des habitants sans aucun lieu.",
        style.SMALL_PT,
        style.SOFT_INK,
    )
    return sheet


def draw_curve_lines(ax: Axes, curves: Sequence[Curve]) -> None:
    """Draw curves, their scales and the names beside them."""
    longest = _longest(curves)
    for curve, colour, dash in zip(curves, _COLOURS, _DASHES, strict=False):
        inside = curve.time_min <= longest
        x = np.concatenate([[0.0], curve.time_min[inside], [longest]])
        y = np.concatenate([[0.0], curve.share[inside], [curve.within(longest)]])
        ax.step(x, 100 * y, where="post", color=colour, linestyle=dash, lw=2.0, label=curve.label)
        limit = curve.threshold_min
        if limit is not None and limit <= longest:
            ax.plot(
                limit, 100 * curve.within(limit), "o", ms=6, mfc=style.PAPER, mec=colour, mew=1.6
            )
    _scales(ax, longest, curves[0].how)
    found = ax.legend(
        loc="lower right",
        frameon=True,
        framealpha=1.0,
        edgecolor="none",
        handlelength=3.2,
        prop={"family": style.FONT, "size": style.PANEL_PT},
        labelcolor=style.INK,
    )
    for text in found.get_texts():
        text.set_parse_math(False)


def _scales(ax: Axes, longest: float, how: str) -> None:
    font: dict[str, Any] = {"family": style.FONT, "size": _TICK_PT, "color": style.SOFT_INK}
    ax.set_xlim(0, longest)
    ax.set_ylim(0, 101)
    ax.set_aspect("auto")
    x, y = np.arange(0, longest + 1, 5.0), np.arange(0, 101, 20)
    ax.set_xticks(x, [f"{value:g}" for value in x], **font)
    ax.set_yticks(y, [f"{value}{BEFORE_UNIT}%" for value in y], **font)
    ax.set_xlabel(f"minutes {how}", **font)
    ax.set_ylabel("habitants", **font)
    ax.grid(color=style.RULE, lw=0.6)
    ax.set_axisbelow(True)
    for side, spine in ax.spines.items():
        spine.set(color=style.SOFT_INK, linewidth=0.8, visible=side in ("left", "bottom"))


def _longest(curves: Sequence[Curve]) -> float:
    """End of the scale: nearly all who get anywhere are within it."""
    far = [
        curve.time_min[np.searchsorted(curve.share, _COVERED * curve.share[-1])]
        for curve in curves
        if curve.share.size
    ]
    rounded = np.ceil(max(far, default=_LEAST_MIN) / _STEP_MIN) * _STEP_MIN
    return float(np.clip(rounded, _LEAST_MIN, _LONGEST_MIN))


def _curve(label: str, time: npt.NDArray[np.float64], people: npt.NDArray[np.float64]) -> Curve:
    known = ~np.isnan(time) & (people > 0)
    order = np.argsort(time[known], kind="stable")
    total = float(people.sum())
    share = np.cumsum(people[known][order]) / total if total else people[:0]
    return Curve(label, time[known][order][: share.size], share)


def _times(diagnostic: Diagnostic, columns: Sequence[str]) -> pd.DataFrame:
    """Minutes of each origin to services, gammes and the basket."""
    times, basket, rules = diagnostic.times, diagnostic.basket, diagnostic.assumptions
    found = wide_times(times)
    if any(column in basket.gamme_ids for column in columns):
        means = gamme_means(times, basket, missing=rules.missing_service)
        found = found.assign(**{gamme: means[f"{gamme}_min"] for gamme in basket.gamme_ids})
    if BASKET in columns:
        mean = basket_means(times, basket, how=rules.basket_mean, missing=rules.missing_service)
        found = found.assign(**{BASKET: mean})
    return found
