"""A sheet of classes with sites on it: gains of a scenario, best sites, closed facilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.collections import PathCollection

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import draw_classes, draw_outlines
from sdaasp_geo.report.labels import Placer, place_towns
from sdaasp_geo.report.legend import Panel, Symbol
from sdaasp_geo.report.sheets import open_sheet, outline_symbols
from sdaasp_geo.report.sitemarks import draw_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Sheet
    from sdaasp_geo.report.shapes import Backdrop
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.report.themes import Theme

_ROW_IN = 0.23


def draw_marked(
    diagnostic: Diagnostic,
    theme: Theme,
    marks: Sequence[Mark],
    backdrop: Backdrop,
    *,
    crossed: str = "",
) -> Sheet:
    """Draw a map of classes and sites on its own sheet.

    Parameters
    ----------
    diagnostic
        For the titles and the small print.
    theme
        Classes and words; where `partial`, the commune is crossed.
    marks
        Sites, with their names.
    backdrop
        The territory.
    crossed
        What a crossed commune is, as the key says it.
    """
    sheet = open_sheet(diagnostic, theme.title, theme.subtitle, backdrop)
    draw_classes(sheet.axes, backdrop, theme.ranks, theme.ramp)
    _cross(sheet.axes, backdrop, theme)
    draw_outlines(sheet.axes, backdrop)
    placer = Placer(sheet.axes)
    symbols = draw_marks(placer, marks)
    if crossed and theme.partial.any():
        symbols.append(Symbol(crossed, style.PAPER, hatch="xxxxxx", edge=style.INK))
    place_towns(placer, backdrop.towns)
    panel = Panel(sheet, sheet.top)
    panel.figure(theme.figure, theme.caption)
    for fact in theme.facts:
        panel.gap(0.06)
        panel.lines(fact, style.PANEL_PT, style.INK)
    panel.rule()
    panel.classes(theme.heading, theme.rows, theme.ramp)
    panel.gap(0.06)
    for note in theme.notes:
        panel.lines(note, style.SMALL_PT, style.SOFT_INK)
    panel.rule()
    for symbol in (*symbols, *outline_symbols(backdrop)):
        # What the map itself tells gives way to what it does not.
        if panel.room > _ROW_IN:
            panel.symbols([symbol])
    panel.scale()
    return sheet


def _cross(axes: Axes, backdrop: Backdrop, theme: Theme) -> None:
    """Cross some communes, losers above all: they are told from gains without colour too."""
    chosen = [path for path, own in zip(backdrop.communes, theme.partial, strict=True) if own]
    lines = PathCollection(
        chosen, facecolors="none", edgecolors=style.INK, linewidths=0.0, hatch="xxx", zorder=4.4
    )
    axes.add_collection(lines, autolim=False)
