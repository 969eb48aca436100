"""The side panel of a map: key figure, classes with their inhabitants, symbols, scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from sdaasp_geo.report import style
from sdaasp_geo.report.french import BEFORE_UNIT, number, percent
from sdaasp_geo.report.layout import LINE_SPACING, PT_PER_INCH, Sheet, shorten, wrap
from sdaasp_geo.report.tallies import MISSING_CLASS, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

_SWATCH_IN = (0.26, 0.15)
_ROW_IN = 0.225
_SCALE_IN = 0.34
_LABEL_X = 0.36
# Right edges of the number columns, from the right of the panel.
_COLUMNS_IN = (1.22, 0.5, 0.0)
_EVEN_IN = (1.3, 0.72, 0.0)
_TABLE_ROW_IN = 0.188
_NUMBER_IN = 0.33
_SCALE_SHARE = 0.6


@dataclass(frozen=True)
class Symbol:
    """One line or mark of the key."""

    label: str
    colour: str
    width: float = 0.0
    marker: str = ""
    hatch: str = ""
    edge: str = style.COMMUNE_EDGE


Row = tuple[str, ...]
"""A label and what stands in the columns."""


@dataclass
class Panel:
    """Writes a side panel from the top down.

    Parameters
    ----------
    sheet
        The page.
    y
        Where the next line goes, in inches from the bottom of the page.
    """

    sheet: Sheet
    y: float

    @property
    def room(self) -> float:
        """Inches left above the scale bar."""
        return self.y - self.sheet.bottom - _SCALE_IN

    def figure(self, value: str, caption: str) -> None:
        """Write the key figure of the map, large, and what it is."""
        self.y -= style.FIGURE_PT / PT_PER_INCH
        self.sheet.write(self.sheet.left, self.y, value, style.FIGURE_PT, weight="bold")
        self.y -= 0.04
        self.lines(caption, style.PANEL_PT, style.SOFT_INK)

    def lines(self, text: str, size: float, colour: str, *, indent: float = 0.0) -> None:
        """Write wrapped text."""
        step = size * LINE_SPACING / PT_PER_INCH
        for line in wrap(text, self.sheet.width - indent, size):
            self.y -= step
            self.sheet.write(self.sheet.left + indent, self.y, line, size, color=colour)

    def line(self, text: str, size: float, colour: str, *, indent: float = 0.0) -> None:
        """Write one line of text, cut if it is too long."""
        self.y -= size * LINE_SPACING / PT_PER_INCH
        sheet = self.sheet
        shown = shorten(text, sheet.width - indent, size)
        sheet.write(sheet.left + indent, self.y, shown, size, color=colour)

    def pair(self, left: str, right: str, size: float) -> None:
        """Write one line with words at both ends."""
        self.y -= size * LINE_SPACING / PT_PER_INCH
        sheet = self.sheet
        sheet.write(sheet.left, self.y, left, size)
        edge = sheet.left + sheet.width
        sheet.write(edge, self.y, right, size, color=style.SOFT_INK, ha="right")

    def gap(self, inches: float = 0.12) -> None:
        """Leave some room."""
        self.y -= inches

    def rule(self) -> None:
        """Draw a thin line across."""
        self.gap(0.1)
        left, right = self.sheet.left, self.sheet.left + self.sheet.width
        self._line([left, right], [self.y, self.y], color=style.RULE, linewidth=0.8)
        self.gap(0.04)

    def classes(
        self, heading: str, rows: Sequence[Tally], ramp: Sequence[str], *, communes: bool = True
    ) -> None:
        """Write the table of classes: colour, label, communes if asked for, inhabitants, share."""
        first = 0 if communes else 1
        self._row(heading, ("communes", "habitants", "part")[first:], style.SOFT_INK)
        for row in rows:
            missing = row.rank == MISSING_CLASS
            colour = style.MISSING_FILL if missing else ramp[row.rank]
            self._swatch(colour, style.MISSING_HATCH if missing else None)
            numbers = (number(row.communes), number(row.population), percent(row.share))
            self._row(row.label, numbers[first:], style.INK, indent=_LABEL_X)

    def table(self, heading: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
        """Write a small table of up to three columns of numbers."""
        for number_, (label, *cells) in enumerate([(heading, *columns), *rows]):
            self.y += _ROW_IN - _TABLE_ROW_IN
            colour = style.INK if number_ else style.SOFT_INK
            self._row(label, tuple(cells), colour, edges=_EVEN_IN)

    def symbols(self, symbols: Sequence[Symbol]) -> None:
        """Write the key of lines and marks."""
        for symbol in symbols:
            self._symbol(symbol)
            self._row(symbol.label, (), style.SOFT_INK, indent=_LABEL_X)

    def scale(self, shown: float = 1.0) -> None:
        """Draw the scale bar at the foot of the panel, true to the map frame.

        Parameters
        ----------
        shown
            Metres that the CRS of the frame shows for one metre of ground.
        """
        metres_per_inch = self._metres_per_inch() / shown
        length_m = round_length_m(metres_per_inch * self.sheet.width * _SCALE_SHARE)
        width = length_m / metres_per_inch
        left, y = self.sheet.left, self.sheet.bottom + 0.05
        for half, colour in ((0, style.INK), (1, style.PAPER)):
            corner = (left + half * width / 2, y)
            self._patch(
                Rectangle(corner, width / 2, 0.06, facecolor=colour, edgecolor=style.INK, lw=0.7)
            )
        self.sheet.write(left, y + 0.11, "0", style.SMALL_PT, ha="left")
        self.sheet.write(left + width, y + 0.11, length_words(length_m), style.SMALL_PT, ha="right")

    def _metres_per_inch(self) -> float:
        axes, figure = self.sheet.axes, self.sheet.figure
        left, right = axes.get_xlim()
        return (right - left) / (float(axes.get_position().width) * float(figure.get_figwidth()))

    def _row(
        self,
        label: str,
        numbers: tuple[str, ...],
        colour: str,
        *,
        indent: float = 0.0,
        edges: tuple[float, ...] = _COLUMNS_IN,
    ) -> None:
        self.y -= _ROW_IN
        sheet, size = self.sheet, style.PANEL_PT
        shown = edges[len(edges) - len(numbers) :]
        room = sheet.width - indent - (shown[0] + _NUMBER_IN if numbers else 0.0)
        sheet.write(sheet.left + indent, self.y, shorten(label, room, size), size, color=colour)
        for text, edge in zip(numbers, shown, strict=True):
            x = sheet.left + sheet.width - edge
            sheet.write(x, self.y, text, size, color=colour, ha="right")

    def _swatch(self, colour: str, hatch_colour: str | None) -> None:
        width, height = _SWATCH_IN
        corner = (self.sheet.left, self.y - _ROW_IN - 0.03)
        edge = hatch_colour or style.COMMUNE_EDGE
        self._patch(
            Rectangle(
                corner,
                width,
                height,
                facecolor=colour,
                edgecolor=edge,
                linewidth=0.5,
                hatch="//////" if hatch_colour else None,
            )
        )

    def _symbol(self, symbol: Symbol) -> None:
        width, height = _SWATCH_IN
        left, y = self.sheet.left, self.y - _ROW_IN + 0.045
        if symbol.marker:
            self._line(
                [left + width / 2],
                [y],
                marker=symbol.marker,
                markersize=4.6,
                markerfacecolor=symbol.colour,
                markeredgecolor=style.INK if symbol.colour == style.PAPER else style.PAPER,
                markeredgewidth=0.8,
                linestyle="none",
            )
        elif symbol.hatch or not symbol.width:
            corner = (left, y - height / 2)
            patch = Rectangle(corner, width, height, facecolor=symbol.colour, lw=0.5)
            patch.set(edgecolor=symbol.edge, hatch=symbol.hatch or None)
            self._patch(patch)
        else:
            self._line([left, left + width], [y, y], color=symbol.colour, lw=symbol.width)

    def _patch(self, patch: Rectangle) -> None:
        patch.set_transform(self.sheet.figure.dpi_scale_trans)
        self.sheet.figure.add_artist(patch)

    def _line(self, x: list[float], y: list[float], **options: Any) -> None:  # noqa: ANN401 - matplotlib's
        line = Line2D(x, y, transform=self.sheet.figure.dpi_scale_trans, **options)
        self.sheet.figure.add_artist(line)


def round_length_m(longest_m: float) -> float:
    """Longest of 1, 2 or 5 times a power of ten metres that is not above a length.

    Examples
    --------
    >>> round_length_m(34_000.0), round_length_m(700.0)
    (20000.0, 500.0)
    """
    power = 10.0 ** math.floor(math.log10(longest_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest_m)


def length_words(length_m: float) -> str:
    """Write a round length.

    Examples
    --------
    >>> length_words(20_000.0).replace("\u00a0", " "), length_words(500.0).replace("\u00a0", " ")
    ('20 km', '500 m')
    """
    if length_m < 1000:
        return f"{number(length_m)}{BEFORE_UNIT}m"
    return f"{number(length_m / 1000)}{BEFORE_UNIT}km"
