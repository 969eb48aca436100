"""Two maps with one legend: before and after, side by side on an A4 page."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from sdaasp_geo.report import style
from sdaasp_geo.report.frames import mark, name_towns, open_frames, paint
from sdaasp_geo.report.french import number, percent
from sdaasp_geo.report.layout import Texts, make_sheet, shorten
from sdaasp_geo.report.legend import Panel
from sdaasp_geo.report.sheets import outline_symbols
from sdaasp_geo.report.tallies import MISSING_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from sdaasp_geo.report.layout import Sheet
    from sdaasp_geo.report.legend import Symbol
    from sdaasp_geo.report.shapes import Backdrop
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.report.tallies import Tally
    from sdaasp_geo.report.themes import Theme

_LEGEND_IN = 1.85
_CAPTION_IN = 0.27
_GAP_IN = 0.2
_COLUMN_IN = 0.2
_ROW_IN = 0.195
# Wide enough for a landscape page, whatever the territory.
_LANDSCAPE = (0.0, 0.0, 3.0, 1.0)
# Left edges, from the left of the legend: key figure, classes, symbols.
_LEFTS_IN = (0.0, 2.6, 8.45)
_WIDTHS_IN = (2.35, 5.6, 2.48)
# Right edges of the number columns, from the left of the classes.
_EDGES_IN = (2.45, 3.2, 3.65, 4.45, 5.2, 5.6)


@dataclass(frozen=True)
class Side:
    """One of the two maps: its theme, what is written above it, and its sites."""

    heading: str
    theme: Theme
    marks: Sequence[Mark]


def draw_pair(
    texts: Texts, backdrop: Backdrop, sides: tuple[Side, Side], figure: tuple[str, str]
) -> Sheet:
    """Draw two maps in the same classes, with their legend under them.

    Parameters
    ----------
    texts
        Title, subtitle and small print of the page.
    backdrop
        The territory, the same for both.
    sides
        Left and right; their classes and ramps are the same.
    figure
        The key figure and its caption.
    """
    sheet = make_sheet(_LANDSCAPE, texts)
    page_width, page_height = (float(value) for value in sheet.figure.get_size_inches())
    left = float(sheet.axes.get_position().x0) * page_width
    inner = page_width - 2 * left
    bottom, top = sheet.bottom + _LEGEND_IN + _GAP_IN / 2, sheet.top - _CAPTION_IN
    width = (inner - _GAP_IN) / 2
    symbols = []
    for number_, side in enumerate(sides):
        x = left + number_ * (width + _GAP_IN)
        box = (
            x / page_width,
            bottom / page_height,
            width / page_width,
            (top - bottom) / page_height,
        )
        axes = sheet.axes
        if number_:
            axes = sheet.figure.add_axes(box)
        else:
            axes.set_position(box)
        symbols += _draw_side(axes, backdrop, side)
        sheet.write(x, top + 0.08, side.heading, style.SUBTITLE_PT + 1, weight="bold")
    parts = [
        replace(sheet, left=left + edge, width=wide, top=sheet.bottom + _LEGEND_IN)
        for edge, wide in zip(_LEFTS_IN, _WIDTHS_IN, strict=True)
    ]
    key = Panel(parts[0], parts[0].top)
    key.figure(*figure)
    for fact in sides[1].theme.facts[:2]:
        key.gap(0.05)
        key.lines(fact, style.SMALL_PT, style.INK)
    _classes(parts[1], sides)
    panel = Panel(parts[2], parts[2].top)
    panel.symbols([*dict.fromkeys(symbols), *outline_symbols(backdrop)])
    panel.scale(backdrop.scale)
    return sheet


def _draw_side(axes: Axes, backdrop: Backdrop, side: Side) -> list[Symbol]:
    frames = open_frames(axes, backdrop)
    paint(frames, side.theme)
    found = mark(frames, side.marks)
    # Where sites are named, the other map names the towns.
    if not any(site.text for site in side.marks):
        name_towns(frames)
    return found


def _classes(sheet: Sheet, sides: tuple[Side, Side]) -> None:
    """Write the classes with what each holds on either side."""
    size, theme = style.SMALL_PT, sides[0].theme
    y = sheet.top - 0.13
    for side, edge in zip(sides, (_EDGES_IN[2], _EDGES_IN[5]), strict=True):
        heading = shorten(side.heading, 1.7, size, bold=True)
        sheet.write(sheet.left + edge, y, heading, size, weight="bold", ha="right")
    y -= _ROW_IN
    heads = ("communes", "habitants", "part") * 2
    sheet.write(sheet.left, y, theme.heading, size, color=style.SOFT_INK)
    _numbers(sheet, y, heads, style.SOFT_INK)
    ranks = {row.rank: row for row in (*theme.rows, *sides[1].theme.rows)}
    after = {row.rank: row for row in sides[1].theme.rows}
    before = {row.rank: row for row in theme.rows}
    for rank in sorted(ranks, key=lambda rank: (rank == MISSING_CLASS, rank)):
        y -= _ROW_IN
        _swatch(sheet, y, rank, theme.ramp)
        sheet.write(sheet.left + 0.36, y, ranks[rank].label, size)
        _numbers(sheet, y, [*_cells(before.get(rank)), *_cells(after.get(rank))], style.INK)


def _cells(row: Tally | None) -> tuple[str, str, str]:
    if row is None:
        return (number(0), number(0), percent(0.0))
    return (number(row.communes), number(row.population), percent(row.share))


def _numbers(sheet: Sheet, y: float, texts: Sequence[str], colour: str) -> None:
    for text, edge in zip(texts, _EDGES_IN, strict=True):
        sheet.write(sheet.left + edge, y, text, style.SMALL_PT, color=colour, ha="right")


def _swatch(sheet: Sheet, y: float, rank: int, ramp: Sequence[str]) -> None:
    missing = rank == MISSING_CLASS
    patch = Rectangle(
        (sheet.left, y - 0.03),
        0.26,
        0.135,
        facecolor=style.MISSING_FILL if missing else ramp[rank],
        edgecolor=style.MISSING_HATCH if missing else style.COMMUNE_EDGE,
        linewidth=0.5,
        hatch="//////" if missing else None,
    )
    patch.set_transform(sheet.figure.dpi_scale_trans)
    sheet.figure.add_artist(patch)
