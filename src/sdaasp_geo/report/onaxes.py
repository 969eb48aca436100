"""Maps in axes of the caller's: the territory, a title and a legend under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from sdaasp_geo.report import style
from sdaasp_geo.report.french import BEFORE_UNIT
from sdaasp_geo.report.keys import MISSING_HATCHES
from sdaasp_geo.report.layout import PT_PER_INCH, text_width_in, wrap
from sdaasp_geo.report.tallies import MISSING_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from sdaasp_geo.report.legend import Symbol
    from sdaasp_geo.report.themes import Theme

_PARTIAL_WORDS = "moyenne incomplète"
_HANDLE_IN = 0.38
_LEAST_IN = 1.0
_MOST_COLUMNS = 4
# So few are not told apart by their lengths.
_FEW = 3
_LINE_PT = 1.5 * style.SMALL_PT


def blank_axes(width_in: float = 7.2, height_in: float = 5.6) -> Axes:
    """Make axes that fill a figure of their own, with room for a title and a legend."""
    figure = Figure(figsize=(width_in, height_in), dpi=style.DPI, facecolor=style.PAPER)
    FigureCanvasAgg(figure)
    return figure.add_axes((0.02, 0.16, 0.96, 0.76))


def title(ax: Axes, text: str) -> None:
    """Write a title that is never read as mathematics, on as many lines as it needs."""
    room = float(ax.get_window_extent().width) / _dpi(ax)
    # Bold letters are wider than those that the lines are measured with.
    lines = wrap(text, max(room / 1.15, _LEAST_IN), style.SUBTITLE_PT)
    ax.set_title(
        "\n".join(lines),
        fontsize=style.SUBTITLE_PT,
        fontweight="bold",
        family=style.FONT,
        color=style.INK,
        parse_math=False,
    )


def class_handles(theme: Theme) -> list[Artist]:
    """Legend handles of the classes; the missing class says why it is missing."""
    handles: list[Artist] = []
    for row in theme.rows:
        missing = row.rank == MISSING_CLASS
        label = f"{row.label}{BEFORE_UNIT}: {theme.why}" if missing and theme.why else row.label
        patch = Patch(
            facecolor=style.MISSING_FILL if missing else theme.ramp[row.rank],
            edgecolor=style.MISSING_HATCH if missing else style.COMMUNE_EDGE,
            hatch=MISSING_HATCHES if missing else None,
            label=style.printable(label),
            linewidth=0.5,
        )
        handles.append(patch)
    return handles


def partial_handle(words: str = _PARTIAL_WORDS, hatch: str = MISSING_HATCHES) -> Artist:
    """Legend handle of what is hatched."""
    colour = style.INK if "x" in hatch else style.MISSING_HATCH
    return Patch(facecolor=style.PAPER, edgecolor=colour, hatch=hatch, label=words, linewidth=0.5)


def symbol_handle(symbol: Symbol) -> Artist:
    """Legend handle of a line, a mark or a fill."""
    if symbol.marker:
        return Line2D(
            [],
            [],
            marker=symbol.marker,
            linestyle="none",
            markersize=4.6,
            markerfacecolor=symbol.colour,
            markeredgecolor=style.INK if symbol.colour == style.PAPER else style.PAPER,
            label=symbol.label,
        )
    if symbol.width:
        return Line2D([], [], color=symbol.colour, linewidth=symbol.width, label=symbol.label)
    return Patch(
        facecolor=symbol.colour,
        edgecolor=symbol.edge,
        hatch=symbol.hatch or None,
        label=symbol.label,
        linewidth=0.5,
    )


def legend(ax: Axes, handles: Sequence[Artist]) -> None:
    """Write a legend under axes, in as many columns as their width holds.

    What is longer than the others, as the reason of a missing class, goes on lines of
    its own below them.
    """
    box = ax.get_window_extent()
    room = float(box.width) / _dpi(ax)
    for handle in handles:
        lines = wrap(str(handle.get_label()), max(room - _HANDLE_IN, _LEAST_IN), style.SMALL_PT)
        handle.set_label("\n".join(lines))
    widths = [
        max(text_width_in(line, style.SMALL_PT) for line in str(handle.get_label()).split("\n"))
        for handle in handles
    ]
    half = room / 2 - _HANDLE_IN
    short = [handle for handle, wide in zip(handles, widths, strict=True) if wide <= half]
    if len(handles) <= _FEW and len(short) < len(handles):
        short = []
    long = [handle for handle in handles if handle not in short]
    widest = max((wide for wide in widths if wide <= half), default=room)
    columns = max(1, min(_MOST_COLUMNS, int(room / (widest + _HANDLE_IN))))
    drop = 0.02
    if short:
        _block(ax, short, columns, drop)
        rows = -(-len(short) // columns)
        drop += (rows * _LINE_PT + 2.0) / PT_PER_INCH * _dpi(ax) / float(box.height)
    if long:
        _block(ax, long, 1, drop)


def _block(ax: Axes, handles: Sequence[Artist], columns: int, drop: float) -> None:
    earlier = ax.get_legend()
    found = ax.legend(
        handles=list(handles),
        loc="upper center",
        bbox_to_anchor=(0.5, -drop),
        ncols=columns,
        frameon=False,
        prop={"family": style.FONT, "size": style.SMALL_PT},
        labelcolor=style.INK,
        borderaxespad=0.0,
        borderpad=0.0,
        labelspacing=0.5,
        handlelength=1.5,
        columnspacing=1.2,
    )
    for text in found.get_texts():
        text.set_parse_math(False)
    if earlier is not None:
        # Axes have one legend of their own: the classes stay it, the rest is beside it.
        ax.add_artist(found)
        found.set_clip_on(False)  # else a layout leaves no room for it
        ax.legend_ = earlier


def _dpi(ax: Axes) -> float:
    figure = ax.get_figure(root=True)
    return style.DPI if figure is None else float(figure.dpi)
