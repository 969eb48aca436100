"""A whole sheet: a theme drawn in its frame, the side panel beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import DEPARTEMENT_WIDTH, EPCI_WIDTH
from sdaasp_geo.report.frames import mark, name_towns, open_frames, paint
from sdaasp_geo.report.french import BEFORE_UNIT
from sdaasp_geo.report.layout import Sheet, Texts, make_sheet
from sdaasp_geo.report.legend import Panel, Symbol
from sdaasp_geo.report.sitemarks import TODAY, marks_of
from sdaasp_geo.report.words import assumptions_line, sources_words, version_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.frames import Frame
    from sdaasp_geo.report.shapes import Backdrop
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.report.themes import Theme

FICTIONAL_BADGE = "TERRITOIRE FICTIF"
_ROW_IN = 0.23


def draw_theme(
    diagnostic: Diagnostic, theme: Theme, backdrop: Backdrop, *, with_sites: bool = False
) -> Sheet:
    """Draw a map of classes on its own sheet."""
    texts = sheet_texts(diagnostic, theme.title, theme.subtitle)
    return draw_card(texts, theme, backdrop, existing_marks(diagnostic) if with_sites else [])


def draw_card(
    texts: Texts,
    theme: Theme,
    backdrop: Backdrop,
    marks: Sequence[Mark] = (),
    *,
    crossed: str = "",
) -> Sheet:
    """Draw a map of classes, and sites, on its own sheet.

    Parameters
    ----------
    texts
        Titles and small print.
    theme
        Classes and words; where `partial`, the commune is hatched.
    backdrop
        The territory.
    marks
        Sites, with their names.
    crossed
        What a `partial` commune is, as the key says it: it is crossed, not hatched.
    """
    sheet, frames = open_sheet(texts, backdrop)
    paint(frames, theme, crossed=bool(crossed))
    symbols = mark(frames, marks)
    if crossed and theme.partial.any():
        symbols.append(Symbol(crossed, style.PAPER, hatch="xxxxxx", edge=style.INK))
    name_towns(frames)
    panel = Panel(sheet, sheet.top)
    panel.figure(theme.figure, theme.caption)
    for fact in theme.facts:
        panel.gap(0.07)
        panel.lines(fact, style.PANEL_PT, style.INK)
    panel.rule()
    panel.classes(theme.heading, theme.rows, theme.ramp)
    panel.gap(0.06)
    for note in theme.notes:
        panel.lines(note, style.SMALL_PT, style.SOFT_INK)
    panel.rule()
    finish_panel(panel, symbols, backdrop)
    return sheet


def open_sheet(texts: Texts, backdrop: Backdrop) -> tuple[Sheet, list[Frame]]:
    """Lay out a sheet with its titles, its small print and the grounds of its map."""
    sheet = make_sheet(backdrop.extent, texts)
    return sheet, open_frames(sheet.axes, backdrop)


def finish_panel(panel: Panel, symbols: Sequence[Symbol], backdrop: Backdrop) -> None:
    """Write the key of marks and outlines, as far as there is room, and the scale."""
    for symbol in (*symbols, *outline_symbols(backdrop)):
        # What the map itself tells gives way to what it does not.
        if panel.room > _ROW_IN:
            panel.symbols([symbol])
    panel.scale(backdrop.scale)


def sheet_texts(diagnostic: Diagnostic, title: str, subtitle: str) -> Texts:
    """Titles of a sheet, with the small print that all sheets of a diagnostic share."""
    made = f"Réalisation{BEFORE_UNIT}: {version_words(diagnostic)}."
    if diagnostic.fictional:
        made = f"Territoire fictif, données inventées. {made}"
    return Texts(
        title=title,
        subtitle=subtitle,
        footer=[
            style.printable(f"Sources : {sources_words(diagnostic)}."),
            style.printable(
                f"Hypothèses : {assumptions_line(diagnostic.assumptions, diagnostic.profile)}"
            ),
            style.printable(made),
        ],
        badge=FICTIONAL_BADGE if diagnostic.fictional else "",
    )


def outline_symbols(backdrop: Backdrop) -> list[Symbol]:
    """Key of the outlines that a map of this territory shows."""
    symbols = [Symbol("limite du département", style.EPCI_EDGE, width=DEPARTEMENT_WIDTH)]
    if backdrop.epci:
        symbols.append(Symbol("limite d'EPCI", style.EPCI_EDGE, width=EPCI_WIDTH))
    if backdrop.neighbours:
        symbols.append(Symbol("départements voisins", style.NEIGHBOUR))
    return symbols


def existing_marks(diagnostic: Diagnostic) -> list[Mark]:
    """Return France Services and MSAP of today, without their names."""
    sites = diagnostic.sites
    return marks_of(sites, [TODAY] * len(sites), [""] * len(sites))
