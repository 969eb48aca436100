"""A whole sheet: a theme drawn in its frame, the side panel beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import (
    DEPARTEMENT_WIDTH,
    EPCI_WIDTH,
    draw_classes,
    draw_ground,
    draw_outlines,
    draw_partial,
)
from sdaasp_geo.report.french import BEFORE_UNIT
from sdaasp_geo.report.labels import Placer, place_towns
from sdaasp_geo.report.layout import Sheet, Texts, make_sheet
from sdaasp_geo.report.legend import Panel, Symbol
from sdaasp_geo.report.words import assumptions_line, sources_words, version_words

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.shapes import Backdrop
    from sdaasp_geo.report.themes import Theme

FICTIONAL_BADGE = "TERRITOIRE FICTIF"
_SITE_PT = 4.6


def draw_theme(
    diagnostic: Diagnostic, theme: Theme, backdrop: Backdrop, *, with_sites: bool = False
) -> Sheet:
    """Draw a map of classes on its own sheet."""
    sheet = open_sheet(diagnostic, theme.title, theme.subtitle, backdrop)
    draw_classes(sheet.axes, backdrop, theme.ranks, theme.ramp)
    draw_partial(sheet.axes, backdrop, theme.partial)
    draw_outlines(sheet.axes, backdrop)
    placer = Placer(sheet.axes)
    sites = with_sites and _draw_sites(diagnostic, placer)
    place_towns(placer, backdrop.towns)
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
    panel.symbols(outline_symbols(backdrop))
    if sites:
        panel.symbols([Symbol("France services ou MSAP", style.SITE, marker="D")])
    panel.scale()
    return sheet


def open_sheet(diagnostic: Diagnostic, title: str, subtitle: str, backdrop: Backdrop) -> Sheet:
    """Lay out a sheet with its titles, its small print and the grounds of its map."""
    sheet = make_sheet(backdrop.extent, sheet_texts(diagnostic, title, subtitle))
    draw_ground(sheet.axes, backdrop)
    return sheet


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
            style.printable(f"Hypothèses : {assumptions_line(diagnostic.assumptions)}"),
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


def _draw_sites(diagnostic: Diagnostic, placer: Placer) -> bool:
    points = diagnostic.sites.geometry
    points = points[~(points.is_empty | points.isna())]
    (xmin, xmax), (ymin, ymax) = placer.axes.get_xlim(), placer.axes.get_ylim()
    inside = points[points.x.between(xmin, xmax) & points.y.between(ymin, ymax)]
    for point in inside:
        placer.spare(point.x, point.y, _SITE_PT / 2)
    placer.axes.plot(
        inside.x.to_numpy(),
        inside.y.to_numpy(),
        "D",
        ms=_SITE_PT,
        mfc=style.SITE,
        mec=style.PAPER,
        mew=0.8,
        zorder=8.5,  # above the dots of towns, which their names still tell
    )
    return len(inside) > 0
