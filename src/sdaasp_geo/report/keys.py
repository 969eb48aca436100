"""A key of colours on lines: swatch and label, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from sdaasp_geo.report import style
from sdaasp_geo.report.layout import shorten, text_width_in, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

KEY_LINE_IN = 0.2
MISSING_HATCHES = "//////"
SWATCH_IN = (0.22, 0.12)
AFTER_SWATCH_IN, _AFTER_LABEL_IN = 0.07, 0.18

Entry = tuple[str, str, str]
"""Label, colour, hatch (empty for none)."""


def key_lines(
    figure: Figure, place: tuple[float, float], width: float, entries: Sequence[Entry]
) -> int:
    """Write a key on as many lines as it needs, the last at a place.

    Parameters
    ----------
    figure
        The page.
    place
        Left and bottom of the key, in inches.
    width
        Room across, in inches.
    entries
        What it shows.

    Returns
    -------
    int
        How many lines it takes, each `KEY_LINE_IN` high.
    """
    lines = in_lines(entries, width)
    left, bottom = place
    for number, line in enumerate(lines):
        y = bottom + (len(lines) - 1 - number) * KEY_LINE_IN
        for start, entry in line:
            _entry(figure, (left + start, y), width - start, entry)
    return len(lines)


def in_lines(entries: Sequence[Entry], width: float) -> list[list[tuple[float, Entry]]]:
    """Lay a key out on lines of a width (inches): how far from the left each entry begins."""
    lines: list[list[tuple[float, Entry]]] = [[]]
    x = 0.0
    for entry in entries:
        need = SWATCH_IN[0] + AFTER_SWATCH_IN + text_width_in(entry[0], style.SMALL_PT)
        if lines[-1] and x + need > width:
            lines.append([])
            x = 0.0
        lines[-1].append((x, entry))
        x += need + _AFTER_LABEL_IN
    return lines


def _entry(figure: Figure, place: tuple[float, float], room: float, entry: Entry) -> None:
    label, colour, hatch = entry
    x, y = place
    patch = Rectangle(
        (x, y),
        *SWATCH_IN,
        facecolor=colour,
        edgecolor=style.MISSING_HATCH if hatch else style.COMMUNE_EDGE,
        hatch=hatch or None,
        linewidth=0.5,
    )
    patch.set_transform(figure.dpi_scale_trans)
    figure.add_artist(patch)
    after = SWATCH_IN[0] + AFTER_SWATCH_IN
    text = shorten(label, room - after, style.SMALL_PT)
    write(figure, x + after, y + 0.02, text, size=style.SMALL_PT)
