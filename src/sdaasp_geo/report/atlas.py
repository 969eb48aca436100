"""The atlas: one page an EPCI, with its map, its figures, and what is far from whom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sdaasp_geo.report import style
from sdaasp_geo.report.atlaspages import AtlasPage, atlas_pages
from sdaasp_geo.report.draw import DEPARTEMENT_WIDTH, draw_classes, draw_lines, draw_partial
from sdaasp_geo.report.frames import mark, open_frames, paint
from sdaasp_geo.report.french import count, number
from sdaasp_geo.report.keys import KEY_LINE_IN, MISSING_HATCHES, key_lines
from sdaasp_geo.report.labels import Box, place_towns
from sdaasp_geo.report.layout import (
    LINE_SPACING,
    PT_PER_INCH,
    make_sheet,
    shorten,
    text_width_in,
)
from sdaasp_geo.report.legend import Panel, Symbol
from sdaasp_geo.report.shapes import make_backdrop, outlines
from sdaasp_geo.report.sheets import existing_marks, open_sheet, sheet_texts
from sdaasp_geo.report.tallies import (
    MISSING_CLASS,
)
from sdaasp_geo.report.themes import minutes_theme
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import BASKET, territory_words
from sdaasp_geo.report.zonemap import BADGE_PT, draw_badge

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.frames import Frame
    from sdaasp_geo.report.layout import Sheet, Texts
    from sdaasp_geo.report.shapes import Backdrop, Extent
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.report.themes import Theme

FOLDER, BOOK = "atlas", "atlas.pdf"
ATLAS_TITLE = "Atlas des intercommunalités"
_FIRST_PAGE = 2
_TOWNS = 14
# Around the EPCI, as a share of its longer side: where people cross its border to go.
_AROUND = 0.08
_SPACING = 0.07
_SYMBOL_IN = 0.225
LINE_IN = style.SMALL_PT * LINE_SPACING / PT_PER_INCH
_NONE_REMOTE = "Aucune commune éloignée."
_NONE_FARTHER = "Aucun n'est plus loin que dans l'ensemble."
# One colour more, after the classes.
_ELSEWHERE = len(style.RAMP)


def plot_epci(diagnostic: Diagnostic, epci: str) -> Axes:
    """Draw the atlas page of one EPCI: its map, its figures, its remote communes.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    epci
        Code of the EPCI.

    Returns
    -------
    Axes
        The axes of the map; ``.figure`` is the A4 page, which has no meaning without
        the figures beside the map and so takes no axes.

    Raises
    ------
    ValueError
        If the diagnostic has no such EPCI.
    """
    pages = {page.code: page for page in atlas_pages(diagnostic)}
    if epci not in pages:
        known = ", ".join(sorted(pages)) or "none, as no commune has one"
        message = f"epci: expected one of {known}, found {epci!r}"
        raise ValueError(message)
    with style.settings():
        page = pages[epci]
        backdrop, marks = make_backdrop(diagnostic), existing_marks(diagnostic)
        return draw_page(page_texts(diagnostic, page), page, backdrop, marks).axes


def atlas_drawings(diagnostic: Diagnostic, backdrop: Backdrop) -> dict[str, Callable[[], Sheet]]:
    """Return how to draw each page: ``atlas/epci-<code>.png``, in the order of the names."""
    marks = existing_marks(diagnostic)
    return {
        f"{FOLDER}/epci-{page.code}.png": partial(
            draw_page, page_texts(diagnostic, page), page, backdrop, marks
        )
        for page in atlas_pages(diagnostic)
    }


def atlas_book(diagnostic: Diagnostic, backdrop: Backdrop) -> list[Callable[[], Sheet]]:
    """Return how to draw each page of ``atlas.pdf``: the index, then one page an EPCI."""
    theme = minutes_theme(diagnostic, BASKET)
    title = sheet_texts(diagnostic, ATLAS_TITLE, theme.subtitle)
    index = partial(draw_index, title, theme, backdrop, atlas_pages(diagnostic))
    return [index, *atlas_drawings(diagnostic, backdrop).values()]


def draw_index(texts: Texts, theme: Theme, backdrop: Backdrop, pages: list[AtlasPage]) -> Sheet:
    """Draw the first page: where each EPCI lies, its number the page that tells of it."""
    sheet, frames = open_sheet(texts, backdrop)
    paint(frames, theme)
    for frame in frames:
        _number_pages(frame, pages)
    panel = Panel(sheet, sheet.top)
    panel.figure(theme.figure, "en moyenne par habitant vers les services du panier")
    panel.rule()
    panel.classes(theme.heading, theme.rows, theme.ramp)
    panel.gap(0.06)
    for note in theme.notes:
        panel.lines(note, style.SMALL_PT, style.SOFT_INK)
    panel.rule()
    panel.gap(0.03)
    panel.line("Pages", style.PANEL_PT, style.INK)
    panel.gap(0.03)
    for number_, page in enumerate(pages, start=_FIRST_PAGE):
        if panel.room < 2 * LINE_IN and number_ < len(pages) + _FIRST_PAGE - 1:
            panel.line("…", style.SMALL_PT, style.SOFT_INK)
            break
        room = panel.sheet.width - text_width_in(page.figure, style.SMALL_PT) - 0.1
        label = shorten(f"{number_}.  {page.name}", room, style.SMALL_PT)
        panel.pair(label, page.figure, style.SMALL_PT)
    panel.scale(backdrop.scale)
    return sheet


def _number_pages(frame: Frame, pages: list[AtlasPage]) -> None:
    placer, half = frame.placer, BADGE_PT * 0.75
    for number_, page in enumerate(pages, start=_FIRST_PAGE):
        if not page.inside[frame.view.rows].any():
            continue
        point = shapely.point_on_surface(frame.view.moved(np.array([page.shape]))[0])
        x, y = placer.spot(point.x, point.y)
        box = Box(x - half, y - half, x + half, y + half)
        if box.inside(*placer.size_pt):
            draw_badge(placer, str(number_), box)


def page_texts(diagnostic: Diagnostic, page: AtlasPage) -> Texts:
    """Titles and small print of a page."""
    travel = travel_words(diagnostic)
    what = f"temps d'accès moyen {travel.how} aux services du panier, {travel.proviso}"
    subtitle = style.printable(f"EPCI – {territory_words(diagnostic)} – {what}")
    return sheet_texts(diagnostic, page.name, subtitle)


def draw_page(texts: Texts, page: AtlasPage, backdrop: Backdrop, marks: list[Mark]) -> Sheet:
    """Draw the page of one EPCI."""
    view = _view(backdrop, page)
    extent = _extent(view, page)
    sheet = make_sheet(extent, texts)
    _key(sheet, page)
    frame = open_frames(sheet.axes, view, extent=extent)[0]
    draw_classes(
        frame.axes,
        view,
        np.where(page.inside, page.ranks, _ELSEWHERE),
        [*style.RAMP, style.LAND],
    )
    draw_partial(frame.axes, view, page.partial & page.inside)
    draw_lines(frame.axes, view.departement, DEPARTEMENT_WIDTH / 2, zorder=5)
    border = outlines(view.moved(np.array([page.shape], dtype=object)))
    draw_lines(frame.axes, border, DEPARTEMENT_WIDTH, zorder=6)
    symbols = mark([frame], marks)
    towns = [town for town in view.towns if page.inside[town.row]]
    place_towns(frame.placer, towns, most=_TOWNS, spacing=_SPACING)
    panel = Panel(sheet, sheet.top)
    _write_figures(panel, page)
    symbols.append(Symbol("limite de l'EPCI", style.EPCI_EDGE, width=DEPARTEMENT_WIDTH))
    _write_remote(panel, page, kept_in=len(symbols) * _SYMBOL_IN + 0.16)
    panel.rule()
    panel.symbols(symbols)
    panel.scale(view.scale)
    return sheet


def _view(backdrop: Backdrop, page: AtlasPage) -> Backdrop:
    """Part of the territory that holds the most of the EPCI."""
    views = (backdrop, *backdrop.insets)
    return max(views, key=lambda view: int(page.inside[view.rows].sum()))


def _extent(view: Backdrop, page: AtlasPage) -> Extent:
    own = [path for path, row in zip(view.communes, view.rows, strict=True) if page.inside[row]]
    points = np.concatenate([path.vertices for path in own])
    (xmin, ymin), (xmax, ymax) = points.min(axis=0), points.max(axis=0)
    around = _AROUND * max(xmax - xmin, ymax - ymin)
    return float(xmin - around), float(ymin - around), float(xmax + around), float(ymax + around)


def _key(sheet: Sheet, page: AtlasPage) -> None:
    """Write the classes under the map, and make room for them there."""
    page_width, page_height = (float(value) for value in sheet.figure.get_size_inches())
    box = sheet.axes.get_position()
    left, width = box.x0 * page_width, box.width * page_width
    entries = [
        (
            f"{row.label} ({number(row.communes)})",
            style.MISSING_FILL if row.rank == MISSING_CLASS else style.RAMP[row.rank],
            MISSING_HATCHES if row.rank == MISSING_CLASS else "",
        )
        for row in page.classes
    ]
    if (page.partial & page.inside).any():
        entries.append(("moyenne incomplète", style.PAPER, MISSING_HATCHES))
    entries.append(("hors de l'EPCI", style.LAND, ""))
    lines = key_lines(sheet.figure, (left, sheet.bottom), width, entries)
    raised = lines * KEY_LINE_IN + 0.04
    sheet.axes.set_position(
        (box.x0, box.y0 + raised / page_height, box.width, box.height - raised / page_height)
    )


def _write_figures(panel: Panel, page: AtlasPage) -> None:
    panel.figure(page.figure, page.caption)
    for fact in page.facts:
        panel.gap(0.03)
        panel.lines(fact, style.PANEL_PT, style.INK)
    panel.rule()
    panel.table("Temps moyen (min)", ("EPCI", "ensemble"), page.gammes)
    panel.rule()
    heads = ("EPCI", "ensemble") if page.worst else ()
    panel.table("Services les plus loin", heads, page.worst)
    if not page.worst:
        panel.gap(0.03)
        panel.lines(_NONE_FARTHER, style.SMALL_PT, style.SOFT_INK)


def _write_remote(panel: Panel, page: AtlasPage, *, kept_in: float) -> None:
    """List remote communes as far as there is room; the rest is counted."""
    panel.rule()
    number_ = len(page.remote)
    head = count(number_, "commune éloignée", "communes éloignées") if number_ else _NONE_REMOTE
    panel.gap(0.03)
    panel.line(head, style.PANEL_PT, style.INK)
    panel.gap(0.03)
    lines = max(1, int((panel.room - kept_in) / LINE_IN))
    shown = page.remote if number_ <= lines else page.remote[: lines - 1]
    for name, words in shown:
        room = panel.sheet.width - text_width_in(words, style.SMALL_PT) - 0.1
        panel.pair(shorten(name, room, style.SMALL_PT), words, style.SMALL_PT)
    if number_ > len(shown):
        rest = count(number_ - len(shown), "autre", "autres")
        panel.line(f"et {rest}.", style.SMALL_PT, style.SOFT_INK)
