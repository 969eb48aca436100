"""The frames of one map: the mainland, and insets for what lies too far to share its frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from matplotlib.patheffects import withStroke

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import (
    draw_classes,
    draw_crossed,
    draw_ground,
    draw_outlines,
    draw_partial,
)
from sdaasp_geo.report.labels import Box, Placer, place_towns
from sdaasp_geo.report.layout import frame_axes
from sdaasp_geo.report.legend import length_words, round_length_m
from sdaasp_geo.report.sitemarks import draw_marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from sdaasp_geo.report.legend import Symbol
    from sdaasp_geo.report.shapes import Backdrop, Extent
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.report.themes import Theme

# Share of the frame that a row or a column of insets takes.
_STRIP = 0.27
_GAP = 0.012
_INSET_TOWNS = 2
_FOOT = 0.13
_BAR_SHARE = 0.45
_ABOVE_ALL = 20.0


@dataclass(frozen=True)
class Frame:
    """Axes that show one part of a territory, and the room that texts take there."""

    view: Backdrop
    placer: Placer
    main: bool = True

    @property
    def axes(self) -> Axes:
        """Where it is drawn."""
        return self.placer.axes


def open_frames(
    axes: Axes, backdrop: Backdrop, *, extent: Extent | None = None, plain: bool = False
) -> list[Frame]:
    """Frame a territory in axes, with its insets, and draw the grounds.

    Parameters
    ----------
    axes
        Of a figure whose size is known.
    backdrop
        The territory.
    extent
        Show this part (metres) of the mainland alone.
    plain
        Leave out the names and the scales of the insets, where the map is very small.
    """
    box = axes.get_window_extent()
    aspect = float(box.width / box.height)
    insets = () if extent is not None else backdrop.insets
    strip = _strip(backdrop.extent, aspect) if insets else (0.0, 0.0)
    frame_axes(axes, backdrop.extent if extent is None else extent, aspect, strip=strip)
    main = Frame(backdrop, Placer(axes))
    draw_ground(axes, backdrop)
    frames = [main]
    for place, view in zip(_places(strip, len(insets)), insets, strict=True):
        frames.append(_inset(main, view, place, plain=plain))
    return frames


def paint(frames: Sequence[Frame], theme: Theme, *, crossed: bool = False) -> None:
    """Fill the communes of every frame with their classes, and draw the outlines."""
    for frame in frames:
        draw_classes(frame.axes, frame.view, theme.ranks, theme.ramp)
        hatch = draw_crossed if crossed else draw_partial
        hatch(frame.axes, frame.view, theme.partial)
        draw_outlines(frame.axes, frame.view)


def mark(frames: Sequence[Frame], marks: Sequence[Mark]) -> list[Symbol]:
    """Draw sites in the frame that each lies in; return the key."""
    symbols = [symbol for f in frames for symbol in draw_marks(f.placer, _moved(f.view, marks))]
    return list(dict.fromkeys(symbols))


def name_towns(frames: Sequence[Frame]) -> None:
    """Name the largest towns of every frame."""
    for frame in frames:
        if frame.main:
            place_towns(frame.placer, frame.view.towns)
        else:
            place_towns(frame.placer, frame.view.towns, most=_INSET_TOWNS)


def _strip(extent: Extent, aspect: float) -> tuple[float, float]:
    """Shares of the frame, from the left and from the bottom, that insets take."""
    across = (extent[2] - extent[0]) / (extent[3] - extent[1])
    # A wide territory in a narrow frame leaves room below it, a tall one beside it.
    return (0.0, _STRIP) if across > aspect * 0.9 else (_STRIP, 0.0)


def _places(strip: tuple[float, float], number: int) -> list[tuple[float, float, float, float]]:
    """Boxes of the insets, in shares of the frame."""
    if not number:
        return []
    left, bottom = strip
    step = (1.0 - _GAP) / max(number, 3)
    wide = step - _GAP
    if bottom:
        return [(_GAP + n * step, 2 * _GAP, wide, bottom - 3 * _GAP) for n in range(number)]
    return [(_GAP, 1.0 - (n + 1) * step, left - 2 * _GAP, wide) for n in range(number)]


def _inset(
    main: Frame, view: Backdrop, place: tuple[float, float, float, float], *, plain: bool
) -> Frame:
    axes = main.axes.inset_axes(place, zorder=_ABOVE_ALL)
    whole = main.axes.get_window_extent()
    aspect = float(whole.width * place[2]) / float(whole.height * place[3])
    # Its name stands above it and its scale below.
    frame_axes(axes, view.extent, aspect, strip=(0.0, _FOOT), room=0.2)
    for spine in axes.spines.values():
        spine.set(color=style.SOFT_INK, linewidth=0.9)
    width, height = main.placer.size_pt
    left, bottom, wide, high = place
    main.placer.taken.append(
        Box(left * width, bottom * height, (left + wide) * width, (bottom + high) * height)
    )
    frame = Frame(view, Placer(axes), main=False)
    draw_ground(axes, view)
    if not plain:
        _head(frame)
        _bar(frame)
    return frame


def _head(frame: Frame) -> None:
    text = style.printable(frame.view.title)
    axes = frame.axes
    axes.text(0.03, 0.97, text, transform=axes.transAxes, ha="left", va="top", **_small())
    width, height = frame.placer.size_pt
    top = Box(0.0, height - 2 * style.SMALL_PT, width, height)
    frame.placer.taken.append(top)


def _bar(frame: Frame) -> None:
    """Draw a scale of its own: an inset seldom has the scale of the map."""
    axes, view = frame.axes, frame.view
    (xmin, xmax), (ymin, ymax) = axes.get_xlim(), axes.get_ylim()
    length_m = round_length_m((xmax - xmin) / view.scale * _BAR_SHARE)
    x, y = xmin + 0.04 * (xmax - xmin), ymin + 0.05 * (ymax - ymin)
    end = x + length_m * view.scale
    axes.plot([x, end], [y, y], color=style.INK, lw=1.4, solid_capstyle="butt", zorder=9)
    spot = (x, y + 0.02 * (ymax - ymin))
    axes.text(*spot, length_words(length_m), ha="left", va="bottom", **_small())
    width, height = frame.placer.size_pt
    frame.placer.taken.append(Box(0.0, 0.0, width * 0.6, height * 0.05 + 2 * style.SMALL_PT))


def _small() -> dict[str, Any]:
    return {
        "size": style.SMALL_PT,
        "family": style.FONT,
        "color": style.INK,
        "parse_math": False,
        "zorder": 10,
        "path_effects": [withStroke(linewidth=2.0, foreground=style.PAPER)],
    }


def _moved(view: Backdrop, marks: Sequence[Mark]) -> list[Mark]:
    if not marks or view.crs == view.home:
        return list(marks)
    points = view.moved(shapely.points([[mark.x, mark.y] for mark in marks]))
    x, y = shapely.get_x(points), shapely.get_y(points)
    return [
        replace(mark, x=float(east), y=float(north))
        for mark, east, north in zip(marks, np.asarray(x), np.asarray(y), strict=True)
    ]
