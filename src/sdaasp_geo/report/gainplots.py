"""Maps of scenarios in axes: who gains and who loses, and where the next sites should go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report.gainmaps import LOSERS, LOSING, gain_marks
from sdaasp_geo.report.gainthemes import item_theme, items_of, overall_theme
from sdaasp_geo.report.plots import draw_on
from sdaasp_geo.report.sitingmaps import siting_marks, siting_theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains
    from sdaasp_geo.scenarios.siting.result import SitingResult


def plot_gain(gains: Gains, item: str | None = None, *, ax: Axes | None = None) -> Axes:
    """Map the minutes that a scenario brings and takes, in diverging classes.

    Parameters
    ----------
    gains
        From :func:`~sdaasp_geo.scenarios.simulate.simulate`; no table is changed.
    item
        Touched service, gamme that holds one, or ``basket``; if None the largest loss of
        each commune over the touched services, else its largest gain.
    ax
        Axes to draw in, with a legend under them; a whole A4 sheet if None.

    Returns
    -------
    Axes
        The axes of the map. Communes where people lose are red **and** crossed, so that
        they are seen in black and white too, and never shown as gaining.

    Raises
    ------
    ValueError
        If the scenario does not touch `item`.
    """
    if item is None:
        theme, crossed = overall_theme(gains), LOSERS
    elif item in items_of(gains):
        theme, crossed = item_theme(gains, item), LOSING
    else:
        known = ", ".join(items_of(gains)) or "nothing, as the scenario touches no service"
        message = f"item: expected one of {known}, found {item!r}"
        raise ValueError(message)
    return draw_on(gains.before, theme, ax, gain_marks(gains, item), crossed=crossed)


def plot_siting(diagnostic: Diagnostic, result: SitingResult, *, ax: Axes | None = None) -> Axes:
    """Map the best sites among the candidates, and who gains from them.

    Parameters
    ----------
    diagnostic
        The one that the sites were chosen on.
    result
        From :func:`~sdaasp_geo.scenarios.siting.choose.choose_sites`; no table is changed.
    ax
        Axes to draw in, with a legend under them; a whole A4 sheet if None.

    Returns
    -------
    Axes
        The axes of the map; where no choice is possible, that of the inhabitants who
        make it so.
    """
    theme = siting_theme(diagnostic, result)
    return draw_on(diagnostic, theme, ax, siting_marks(diagnostic, result))
