"""Names of a few towns on a map, placed so that none touches another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from matplotlib.patheffects import withStroke

from sdaasp_geo.report import style
from sdaasp_geo.report.layout import PT_PER_INCH, text_width_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from sdaasp_geo.report.shapes import Town

TOWNS = 10
_WIDEST_SHARE = 0.35
LEAST_SPACING = 0.13
_PAD_PT = 2.0
_DOT_PT = 4.0
# Right first, as readers expect; then left, above, below and the corners.
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


@dataclass(frozen=True)
class Box:
    """A rectangle in points from the lower left corner of a map frame."""

    left: float
    bottom: float
    right: float
    top: float

    def touches(self, other: Box) -> bool:
        """Whether two boxes share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def inside(self, width: float, height: float) -> bool:
        """Whether the box is within a frame of this size."""
        margin = _PAD_PT
        return (
            self.left >= margin
            and self.bottom >= margin
            and self.right <= width - margin
            and self.top <= height - margin
        )


@dataclass
class Placer:
    """Finds room for texts on one map.

    Parameters
    ----------
    axes
        The frame, its limits already set.
    taken
        Room that texts and their dots hold.
    marks
        Room that texts rather leave free, and take where a name would go missing.
    """

    axes: Axes
    taken: list[Box] = field(default_factory=list)
    marks: list[Box] = field(default_factory=list)

    @property
    def size_pt(self) -> tuple[float, float]:
        """Width and height of the frame in points."""
        figure = self.axes.get_figure(root=True)
        box = self.axes.get_window_extent()
        dpi = style.DPI if figure is None else float(figure.dpi)
        return float(box.width) / dpi * PT_PER_INCH, float(box.height) / dpi * PT_PER_INCH

    def spot(self, x: float, y: float) -> tuple[float, float]:
        """Place of a point of the map (metres), in points in the frame."""
        (xmin, xmax), (ymin, ymax) = self.axes.get_xlim(), self.axes.get_ylim()
        width, height = self.size_pt
        return (x - xmin) / (xmax - xmin) * width, (y - ymin) / (ymax - ymin) * height

    def spare(self, x: float, y: float, half: float) -> None:
        """Keep texts off a mark at a point of the map (metres), `half` points around it."""
        left, bottom = self.spot(x, y)
        self.marks.append(Box(left - half, bottom - half, left + half, bottom + half))

    def room(self, spot: tuple[float, float], size: tuple[float, float], gap: float) -> Box | None:
        """First free box of a size beside a spot, or None."""
        boxes = [box for box in self._beside(spot, size, gap) if self._free(box, self.taken)]
        return next((box for box in boxes if self._free(box, self.marks)), next(iter(boxes), None))

    def _free(self, box: Box, others: Sequence[Box]) -> bool:
        return box.inside(*self.size_pt) and not any(box.touches(other) for other in others)

    def _beside(
        self, spot: tuple[float, float], size: tuple[float, float], gap: float
    ) -> Iterator[Box]:
        width, height = size
        for across, up in _SIDES:
            x = spot[0] + across * (gap + width / 2)
            y = spot[1] + up * (gap + height / 2)
            if across and up:
                x, y = spot[0] + across * (0.6 * gap + width / 2), y - up * 0.4 * gap
            yield Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def place_towns(
    placer: Placer, towns: Sequence[Town], *, most: int = TOWNS, spacing: float = LEAST_SPACING
) -> int:
    """Name the most populous towns that are apart and have room.

    Parameters
    ----------
    placer, towns
        Where, and the candidates in their order.
    most
        Names at most.
    spacing
        Least distance of two named towns, as a share of the frame's longer side.

    Returns
    -------
    int
        How many have a name.
    """
    width, height = placer.size_pt
    apart = spacing * max(width, height)
    named: list[tuple[float, float]] = []
    for town in towns:
        spot = placer.spot(town.x, town.y)
        near = any(abs(spot[0] - x) + abs(spot[1] - y) < apart for x, y in named)
        if near:
            continue
        if _name(placer, town, spot, width * _WIDEST_SHARE):
            named.append(spot)
        if len(named) == most:
            break
    return len(named)


def _name(placer: Placer, town: Town, spot: tuple[float, float], widest: float) -> bool:
    text = style.printable(town.name)
    size = style.TOWN_PT
    width = text_width_in(text, size) * PT_PER_INCH + 2 * _PAD_PT
    if width > widest:
        return False
    dot = Box(spot[0] - _DOT_PT, spot[1] - _DOT_PT, spot[0] + _DOT_PT, spot[1] + _DOT_PT)
    if any(dot.touches(other) for other in placer.taken):
        return False
    box = placer.room(spot, (width, size + 2 * _PAD_PT), _DOT_PT)
    if box is None:
        return False
    placer.taken.extend([dot, box])
    _draw(placer, town, text, box)
    return True


def _draw(placer: Placer, town: Town, text: str, box: Box) -> None:
    axes = placer.axes
    axes.plot(town.x, town.y, "o", ms=3.6, mfc=style.PAPER, mec=style.INK, mew=0.9, zorder=8)
    width, height = placer.size_pt
    axes.text(
        (box.left + box.right) / 2 / width,
        (box.bottom + box.top) / 2 / height,
        text,
        transform=axes.transAxes,
        size=style.TOWN_PT,
        family=style.FONT,
        color=style.INK,
        ha="center",
        va="center_baseline",
        parse_math=False,
        zorder=9,
        path_effects=[withStroke(linewidth=2.4, foreground=style.PAPER)],
    )
