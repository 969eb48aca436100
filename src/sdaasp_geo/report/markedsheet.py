"""A sheet of classes with sites on it: gains of a scenario, best sites, closed facilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report.sheets import draw_card, sheet_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Sheet
    from sdaasp_geo.report.shapes import Backdrop
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.report.themes import Theme


def draw_marked(
    diagnostic: Diagnostic,
    theme: Theme,
    marks: Sequence[Mark],
    backdrop: Backdrop,
    *,
    crossed: str = "",
) -> Sheet:
    """Draw a map of classes and sites of a diagnostic on its own sheet.

    Parameters
    ----------
    diagnostic
        For the titles and the small print.
    theme, marks, backdrop, crossed
        As :func:`~sdaasp_geo.report.sheets.draw_card`.
    """
    texts = sheet_texts(diagnostic, theme.title, theme.subtitle)
    return draw_card(texts, theme, backdrop, marks, crossed=crossed)
