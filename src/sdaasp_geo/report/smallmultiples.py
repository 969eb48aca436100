"""All services on one sheet: a small map each, in the classes that all maps share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import draw_classes
from sdaasp_geo.report.frames import open_frames
from sdaasp_geo.report.french import BEFORE_UNIT, count, minutes
from sdaasp_geo.report.keys import (
    AFTER_SWATCH_IN,
    KEY_LINE_IN,
    MISSING_HATCHES,
    SWATCH_IN,
    in_lines,
)
from sdaasp_geo.report.layout import (
    PT_PER_INCH,
    make_sheet,
    shorten,
    wrap,
)
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sheets import sheet_texts
from sdaasp_geo.report.tallies import CLASS_LABELS, MISSING_CLASS, minute_classes
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import columns_of, gamme_label, item_title, territory_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.keys import Entry
    from sdaasp_geo.report.layout import Sheet, Texts
    from sdaasp_geo.report.shapes import Backdrop

_LANDSCAPE = (0.0, 0.0, 3.0, 1.0)
_HEAD_PT, _LINE_PT = 6.6, 6.2
_HEAD_LINES = 2
_HEAD_IN = 0.42
_GAP_IN = 0.1
_EDGE_PT = 0.12
_OUTLINE_PT = 0.7
_UNREACHED = "Non atteint : aucun équipement joignable par la route"


@dataclass(frozen=True)
class Panel:
    """One small map: its title, the line under it, and the class of each commune."""

    title: str
    line: str
    ranks: npt.NDArray[np.int64]


def plot_services_sheet(
    diagnostic: Diagnostic, columns: Sequence[str] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Draw a small map of each service, all in the same classes of minutes.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    columns
        Ids of services, gammes or ``basket``; all services if None.
    ax
        Axes to divide among the maps; a whole A4 sheet if None.

    Returns
    -------
    Axes
        The axes, divided: the small maps are its ``child_axes``, in the order of
        `columns`.

    Raises
    ------
    ValueError
        If a column is unknown, or there is none.
    """
    backdrop, panels = make_backdrop(diagnostic), service_panels(diagnostic, columns)
    with style.settings():
        if ax is None:
            return draw_services(services_texts(diagnostic), panels, backdrop).axes
        _divide(ax, panels, backdrop)
    return ax


def service_panels(diagnostic: Diagnostic, columns: Sequence[str] | None = None) -> list[Panel]:
    """Make the small maps of some items."""
    chosen = diagnostic.basket.service_ids if columns is None else list(columns)
    if not chosen:
        message = f"columns: expected some of {', '.join(columns_of(diagnostic))}, found none"
        raise ValueError(message)
    return [_panel(diagnostic, column) for column in chosen]


def services_texts(diagnostic: Diagnostic) -> Texts:
    """Titles and small print of the sheet."""
    number = count(len(diagnostic.basket.services), "service")
    how = travel_words(diagnostic).how
    what = f"temps d'accès {how} à l'équipement le plus proche, par commune"
    subtitle = f"{territory_words(diagnostic)} – {what}"
    return sheet_texts(diagnostic, f"Les {number} d'un coup d'œil", style.printable(subtitle))


def draw_services(texts: Texts, panels: Sequence[Panel], backdrop: Backdrop) -> Sheet:
    """Draw the small maps on their own sheet."""
    sheet = make_sheet(_LANDSCAPE, texts)
    box = sheet.axes.get_position()
    sheet.axes.set_position((box.x0, box.y0, 1 - 2 * box.x0, box.height))
    _divide(sheet.axes, panels, backdrop)
    return sheet


def _panel(diagnostic: Diagnostic, column: str) -> Panel:
    basket = diagnostic.basket
    name = item_title(diagnostic, column)
    table, key, group = diagnostic.gammes, "gamme", ""
    if column in basket.service_ids:
        table, key = diagnostic.services, "service"
        group = f"{gamme_label(diagnostic, basket.service(column).gamme)}{BEFORE_UNIT}: "
    mean = table.loc[table[key] == column, "mean_min"].iloc[0]
    told = "non atteint" if np.isnan(mean) else minutes(mean)
    ranks = minute_classes(diagnostic.communes[f"{column}_min"])
    return Panel(style.printable(name), f"{group}{told}", ranks)


def _divide(ax: Axes, panels: Sequence[Panel], backdrop: Backdrop) -> None:
    ax.set_axis_off()
    figure = ax.get_figure(root=True)
    dpi = style.DPI if figure is None else float(figure.dpi)
    extent = ax.get_window_extent()
    width, height = float(extent.width) / dpi, float(extent.height) / dpi
    key = in_lines(_entries(panels), width)
    room = height - len(key) * KEY_LINE_IN - _GAP_IN
    columns, rows = _grid(len(panels), width, room, backdrop)
    wide, high = (width + _GAP_IN) / columns, room / rows
    for place, panel in enumerate(panels):
        row, column = divmod(place, columns)
        left, top = column * wide, height - row * high - _HEAD_IN
        box = (left, top - (high - _HEAD_IN - _GAP_IN), wide - _GAP_IN, high - _HEAD_IN - _GAP_IN)
        inner = ax.inset_axes((box[0] / width, box[1] / height, box[2] / width, box[3] / height))
        _small_map(inner, panel, backdrop)
        _heading(ax, panel, (left, top), box[2], (width, height))
    _legend(ax, key, (width, height))


def _grid(number: int, width: float, height: float, backdrop: Backdrop) -> tuple[int, int]:
    """Columns and rows that give the largest maps."""
    xmin, ymin, xmax, ymax = backdrop.extent

    def scale(columns: int) -> float:
        rows = math.ceil(number / columns)
        across, up = width / columns - _GAP_IN, height / rows - _HEAD_IN - _GAP_IN
        return min(across / (xmax - xmin), up / (ymax - ymin))

    best = max(range(1, number + 1), key=scale)
    return best, math.ceil(number / best)


def _small_map(axes: Axes, panel: Panel, backdrop: Backdrop) -> None:
    for frame in open_frames(axes, backdrop, plain=True):
        draw_classes(frame.axes, frame.view, panel.ranks, style.RAMP, width=_EDGE_PT)
        lines = LineCollection(
            frame.view.departement, colors=style.EPCI_EDGE, linewidths=_OUTLINE_PT, zorder=6
        )
        frame.axes.add_collection(lines, autolim=False)


def _heading(
    ax: Axes,
    panel: Panel,
    place: tuple[float, float],
    room: float,
    size: tuple[float, float],
) -> None:
    (x, y), (width, height) = place, size
    # Bold letters are wider than those that lines are measured with.
    lines = wrap(panel.title, room / 1.12, _HEAD_PT)
    if len(lines) > _HEAD_LINES:
        last = shorten(" ".join(lines[_HEAD_LINES - 1 :]), room, _HEAD_PT, bold=True)
        lines = [*lines[: _HEAD_LINES - 1], last]
    written = [(shorten(panel.line, room, _LINE_PT), _LINE_PT, "normal", style.SOFT_INK)]
    written += [(line, _HEAD_PT, "bold", style.INK) for line in reversed(lines)]
    up = 0.04
    for text, points, weight, colour in written:
        ax.text(
            x / width,
            (y + up) / height,
            text,
            transform=ax.transAxes,
            size=points,
            weight=weight,
            family=style.FONT,
            color=colour,
            parse_math=False,
        )
        up += points * 1.45 / PT_PER_INCH


def _entries(panels: Sequence[Panel]) -> list[Entry]:
    entries = [(label, style.RAMP[rank], "") for rank, label in enumerate(CLASS_LABELS)]
    if any(bool((panel.ranks == MISSING_CLASS).any()) for panel in panels):
        entries.append((_UNREACHED, style.MISSING_FILL, MISSING_HATCHES))
    return entries


def _legend(ax: Axes, lines: list[list[tuple[float, Entry]]], size: tuple[float, float]) -> None:
    width, height = size
    for number, line in enumerate(reversed(lines)):
        y = number * KEY_LINE_IN + 0.02
        for x, (label, colour, hatch) in line:
            patch = Rectangle(
                (x / width, y / height),
                SWATCH_IN[0] / width,
                SWATCH_IN[1] / height,
                transform=ax.transAxes,
                facecolor=colour,
                edgecolor=style.MISSING_HATCH if hatch else style.COMMUNE_EDGE,
                hatch=hatch or None,
                linewidth=0.5,
                clip_on=False,
            )
            ax.add_patch(patch)
            after = x + SWATCH_IN[0] + AFTER_SWATCH_IN
            ax.text(
                after / width,
                (y + 0.02) / height,
                shorten(label, width - after, style.SMALL_PT),
                transform=ax.transAxes,
                size=style.SMALL_PT,
                family=style.FONT,
                color=style.INK,
                parse_math=False,
            )
