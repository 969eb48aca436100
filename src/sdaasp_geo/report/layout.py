"""The A4 sheet of a map: where the frame, the title, the side panel and the small print go."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from sdaasp_geo.report import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from sdaasp_geo.report.shapes import Extent

PT_PER_INCH = 72.0
LINE_SPACING = 1.35
_A4_IN = (11.69, 8.27)
_MARGIN_IN = 0.38
_GAP_IN = 0.24
_PANEL_IN = 3.05
_HEAD_IN = 0.78
_PADDING = 0.035
# Hinting makes drawn text a little wider than its outlines.
_SAFETY = 1.03
_FOOTER_LINES = 5  # of one paragraph
_ELLIPSIS = "…"


@dataclass(frozen=True)
class Texts:
    """What a sheet says around its map.

    Parameters
    ----------
    title, subtitle
        Above the map, each on one line.
    footer
        Paragraphs of small print.
    badge
        A warning at the top right, empty for none.
    """

    title: str
    subtitle: str
    footer: Sequence[str]
    badge: str = ""


@dataclass(frozen=True)
class Sheet:
    """A figure with its map frame, and the room left for the side panel.

    Lengths are inches from the lower left corner of the page.

    Parameters
    ----------
    figure, axes
        The page and its map frame.
    left, top, bottom, width
        The side panel.
    footer
        The small print, line by line.
    """

    figure: Figure
    axes: Axes
    left: float
    top: float
    bottom: float
    width: float
    footer: Sequence[Text]

    def write(self, x: float, y: float, text: str, size: float, **options: Any) -> Text:  # noqa: ANN401 - matplotlib's
        """Write text at a place in inches; it is never read as mathematics."""
        return write(self.figure, x, y, text, size=size, **options)


@lru_cache(maxsize=8192)  # the small print is measured once, not once a map
def text_width_in(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in inches, a little over what is drawn."""
    font = FontProperties(family=style.FONT, size=size, weight="bold" if bold else "normal")
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)
    return float(width) / PT_PER_INCH * _SAFETY


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break text into lines that fit a width (inches); a word too long is cut."""
    space = text_width_in(" ", size)
    lines: list[list[str]] = [[]]
    room = width
    # Only plain spaces: no-break ones hold figures and units together.
    for word in text.split(" "):
        shown = shorten(word, width, size)
        need = text_width_in(shown, size)
        if lines[-1] and need > room:
            lines.append([])
            room = width
        lines[-1].append(shown)
        room -= need + space
    return [" ".join(line) for line in lines if line]


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Cut a line to a width (inches), with an ellipsis where something is left out."""
    if text_width_in(text, size, bold=bold) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = text_width_in(text[:middle].rstrip() + _ELLIPSIS, size, bold=bold) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + _ELLIPSIS


def write(figure: Figure, x: float, y: float, text: str, **options: Any) -> Text:  # noqa: ANN401 - matplotlib's
    """Write text at a place in inches from the lower left corner of a figure."""
    defaults: dict[str, Any] = {"color": style.INK, "va": "baseline", "family": style.FONT}
    return figure.text(
        x,
        y,
        text,
        transform=figure.dpi_scale_trans,
        parse_math=False,
        **{**defaults, **options},
    )


def make_sheet(extent: Extent, texts: Texts) -> Sheet:
    """Lay out an A4 page, landscape or portrait as the territory is, and write its texts."""
    width, height = _page(extent)
    figure = Figure(figsize=(width, height), dpi=style.DPI, facecolor=style.PAPER)
    FigureCanvasAgg(figure)
    inner = width - 2 * _MARGIN_IN
    footer, foot = _write_footer(figure, texts.footer, inner)
    _write_head(figure, texts, inner)
    top, bottom = height - _MARGIN_IN - _HEAD_IN, foot + _GAP_IN / 2
    frame_width = inner - _PANEL_IN - _GAP_IN
    axes = figure.add_axes(
        (
            _MARGIN_IN / width,
            bottom / height,
            frame_width / width,
            (top - bottom) / height,
        )
    )
    left = _MARGIN_IN + frame_width + _GAP_IN
    return Sheet(figure, axes, left, top, bottom, _PANEL_IN, footer)


def footer_rows(sheet: Sheet) -> int:
    """Rows of pixels of the page that only the small print uses."""
    return int((sheet.bottom - _GAP_IN / 4) * style.DPI)


def frame_axes(
    axes: Axes,
    extent: Extent,
    aspect: float,
    *,
    strip: tuple[float, float] = (0.0, 0.0),
    room: float = 2 * _PADDING,
) -> None:
    """Show a whole territory in axes of a width/height ratio, without ticks.

    Parameters
    ----------
    axes, extent, aspect
        Where, what, and the shape of the axes.
    strip
        Shares of the axes kept free on the left and at the bottom.
    room
        Free around the territory, as a share of its longer side.
    """
    xmin, ymin, xmax, ymax = extent
    left, bottom = strip
    pad = room * max(xmax - xmin, ymax - ymin)
    width, height = (xmax - xmin + pad) / (1 - left), (ymax - ymin + pad) / (1 - bottom)
    width, height = max(width, height * aspect), max(height, width / aspect)
    # The territory stands in the middle of what the strip leaves.
    x, y = (xmin + xmax) / 2 - left * width / 2, (ymin + ymax) / 2 - bottom * height / 2
    axes.set_xlim(x - width / 2, x + width / 2)
    axes.set_ylim(y - height / 2, y + height / 2)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(color=style.RULE, linewidth=0.8)


def _page(extent: Extent) -> tuple[float, float]:
    xmin, ymin, xmax, ymax = extent

    def scale(size: tuple[float, float]) -> float:
        across = size[0] - 2 * _MARGIN_IN - _PANEL_IN - _GAP_IN
        up = size[1] - 2 * _MARGIN_IN - _HEAD_IN - _GAP_IN
        return min(across / (xmax - xmin), up / (ymax - ymin))

    return max(_A4_IN, _A4_IN[::-1], key=scale)


def _write_head(figure: Figure, texts: Texts, inner: float) -> None:
    height = float(figure.get_figheight())
    right = _MARGIN_IN + inner
    room = inner
    if texts.badge:
        badge = text_width_in(texts.badge, style.PANEL_PT, bold=True) + 0.2
        room -= badge + _GAP_IN
        box = {"boxstyle": "square,pad=0.45", "facecolor": style.FICTIONAL, "edgecolor": "none"}
        write(
            figure,
            right - 0.08,
            height - _MARGIN_IN - 0.18,
            texts.badge,
            size=style.PANEL_PT,
            weight="bold",
            color=style.PAPER,
            ha="right",
            bbox=box,
        )
    title, size = _fitted_title(texts.title, room)
    write(figure, _MARGIN_IN, height - _MARGIN_IN - 0.24, title, size=size, weight="bold")
    subtitle = shorten(texts.subtitle, inner, style.SUBTITLE_PT)
    y = height - _MARGIN_IN - 0.52
    write(figure, _MARGIN_IN, y, subtitle, size=style.SUBTITLE_PT, color=style.SOFT_INK)


def _fitted_title(title: str, room: float) -> tuple[str, float]:
    size = style.TITLE_PT
    while size > style.LEAST_TITLE_PT and text_width_in(title, size, bold=True) > room:
        size -= 0.5
    return shorten(title, room, size, bold=True), size


def _write_footer(
    figure: Figure, paragraphs: Sequence[str], inner: float
) -> tuple[list[Text], float]:
    """Write the small print from the bottom up; return it and where its top is."""
    size = style.FOOTER_PT
    lines = [line for text in paragraphs for line in _paragraph(text, inner)]
    step = size * LINE_SPACING / PT_PER_INCH
    y = _MARGIN_IN - step / 2
    written = []
    for line in reversed(lines):
        written.append(write(figure, _MARGIN_IN, y, line, size=size, color=style.SOFT_INK))
        y += step
    return written, y


def _paragraph(text: str, inner: float) -> list[str]:
    lines = wrap(text, inner, style.FOOTER_PT)
    if len(lines) <= _FOOTER_LINES:
        return lines
    # A long list of files is whole on the page of the report.
    last = " ".join(lines[_FOOTER_LINES - 1 :])
    return [*lines[: _FOOTER_LINES - 1], shorten(last, inner, style.FOOTER_PT)]
