"""Draws isochrones that are measured: apart, so that who draws need not load what searches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.path import Path

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import COMMUNE_WIDTH, draw_hatched_land, draw_outlines, draw_thin
from sdaasp_geo.report.frames import mark, name_towns
from sdaasp_geo.report.legend import Panel
from sdaasp_geo.report.sheets import finish_panel, open_sheet
from sdaasp_geo.report.tallies import CLASS_LIMITS_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.report.frames import Frame
    from sdaasp_geo.report.layout import Sheet, Texts
    from sdaasp_geo.report.shapes import Backdrop
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.report.themes import Theme


@dataclass(frozen=True)
class Surface:
    """Minutes at points of a grid, for one frame.

    Parameters
    ----------
    x, y
        Places in the CRS of the frame, float (rows, columns).
    time_min
        Minutes there, NaN where there is no time.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    time_min: npt.NDArray[np.float32]


@dataclass(frozen=True)
class IsochroneMap:
    """A map of isochrones, ready to draw: words, a surface a frame, and the sites."""

    theme: Theme
    surfaces: list[Surface]
    marks: list[Mark]


def draw_isochrones(texts: Texts, found: IsochroneMap, backdrop: Backdrop) -> Sheet:
    """Draw the prepared map on its own sheet."""
    sheet, frames = open_sheet(texts, backdrop)
    paint_isochrones(frames, found)
    symbols = mark(frames, found.marks)
    name_towns(frames)
    theme, panel = found.theme, Panel(sheet, sheet.top)
    panel.figure(theme.figure, theme.caption)
    for fact in theme.facts:
        panel.gap(0.07)
        panel.lines(fact, style.PANEL_PT, style.INK)
    panel.rule()
    panel.classes(theme.heading, theme.rows, theme.ramp, communes=False)
    panel.gap(0.06)
    for note in theme.notes:
        panel.lines(note, style.SMALL_PT, style.SOFT_INK)
    panel.rule()
    finish_panel(panel, symbols, backdrop)
    return sheet


def paint_isochrones(frames: Sequence[Frame], found: IsochroneMap) -> None:
    """Draw the surfaces of a map in its frames."""
    for frame, surface in zip(frames, found.surfaces, strict=True):
        axes, view = frame.axes, frame.view
        # What has no time shows the hatched land below.
        draw_hatched_land(axes, view)
        time = np.ma.masked_invalid(surface.time_min)
        # A last limit without end cannot be drawn to: farther than anything measured.
        top = max(float(time.max()) if time.count() else 0.0, CLASS_LIMITS_MIN[-1]) + 1.0
        filled = axes.contourf(
            surface.x,
            surface.y,
            time,
            levels=[0.0, *CLASS_LIMITS_MIN, top],
            colors=list(style.RAMP),
            zorder=3.6,
            antialiased=True,
        )
        outline = Path.make_compound_path(*view.land)
        filled.set_clip_path(outline, axes.transData)
        draw_thin(axes, view, COMMUNE_WIDTH)
        draw_outlines(axes, view)
