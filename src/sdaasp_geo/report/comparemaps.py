"""Maps of two vintages: what closed and opened, and what it did to access."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.report import style
from sdaasp_geo.report.drawings import write_drawings
from sdaasp_geo.report.french import count, number
from sdaasp_geo.report.gainthemes import (
    GAIN_LABELS,
    NEWLY_REACHED,
    NEWLY_UNREACHED,
    NO_CHANGE,
    gain_classes,
    gain_ramp,
)
from sdaasp_geo.report.markedsheet import draw_marked
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sitemarks import Kind, marks_of
from sdaasp_geo.report.tallies import tally
from sdaasp_geo.report.themes import Theme
from sdaasp_geo.report.words import territory_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Sheet
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.scenarios.comparison import Comparison

CHANGES_MAP, LAST_MAP = "changements", "derniers-services"
_KINDS = {
    "closed": Kind("fermeture", "X", style.FICTIONAL, 5.5),
    "opened": Kind("ouverture", "D", style.SITE, 4.6),
    "moved": Kind("déménagement", "s", style.SITE, 4.6),
}
_LOSERS = "commune où des habitants perdent"


def write_comparison_maps(
    diagnostic: Diagnostic,
    comparison: Comparison,
    folder: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Path]:
    """Write the maps of two vintages.

    Parameters
    ----------
    diagnostic
        The new one of the two.
    comparison
        Finished tables; none is changed.
    folder
        The maps go into ``maps/`` in it, which is made if it does not exist.
    progress
        Called with (done, total, file name) after each map.

    Returns
    -------
    list of Path
        ``changements.png`` (the largest loss, else the largest gain, of each commune) and
        ``derniers-services.png`` (communes that lost their last place of a service).
    """
    backdrop = make_backdrop(diagnostic)
    marks = change_marks(comparison)
    draw = partial(draw_marked, diagnostic, backdrop=backdrop, crossed=_LOSERS)
    drawings: dict[str, Callable[[], Sheet]] = {
        f"{CHANGES_MAP}.png": lambda: draw(change_theme(diagnostic, comparison), marks),
        f"{LAST_MAP}.png": lambda: draw(last_theme(diagnostic, comparison), marks),
    }
    return write_drawings(drawings, folder / "maps", progress=progress)


def change_marks(comparison: Comparison) -> list[Mark]:
    """Places that closed, opened and moved; what is recoded stays where it was."""
    shown = comparison.changes[comparison.changes["change"].isin(list(_KINDS))]
    kinds = [_KINDS[change] for change in shown["change"]]
    return marks_of(shown, kinds, [""] * len(shown))


def change_theme(diagnostic: Diagnostic, comparison: Comparison) -> Theme:
    """Return what the facilities did to each commune."""
    codes = diagnostic.communes["commune"]
    found = comparison.largest_changes().reindex(codes).reset_index(drop=True)
    loss = found["loss_min"].to_numpy(dtype=np.float64)
    gain = found["gain_min"].to_numpy(dtype=np.float64)
    ranks = gain_classes(np.where(loss > 0, -loss, gain))
    ranks = np.where((ranks == NO_CHANGE) & (found["reached"] > 0), NEWLY_REACHED, ranks)
    ranks = np.where(found["unreached"] > 0, NEWLY_UNREACHED, ranks).astype(np.int64)
    rows = tally(diagnostic, ranks, list(GAIN_LABELS), "Non comparée")
    numbers = comparison.summary["facilities"]
    shown = [row for row in reversed(rows) if row.rank >= 0 and row.communes > 0]
    return Theme(
        title="Ce que les ouvertures et fermetures ont changé",
        subtitle=style.printable(
            f"{territory_words(diagnostic)} – par commune, plus grand changement parmi les services"
        ),
        figure=number(numbers["closed"]),
        caption=f"fermetures, {number(numbers['opened'])} ouvertures",
        facts=[
            (
                f"{count(numbers['moved'], 'déménagement')}, "
                f"{count(numbers['recoded'], 'changement')} de code sans changement réel."
            ),
            f"{count(len(comparison.alerts), 'alerte')}.",
        ],
        notes=["Couleur : la plus forte perte parmi les services, sinon le plus fort gain."],
        heading="Changement",
        rows=[*shown, *(row for row in rows if row.rank < 0)],
        ranks=ranks,
        ramp=gain_ramp(),
        partial=(found["losing"] > 0).to_numpy(dtype=bool),
    )


def last_theme(diagnostic: Diagnostic, comparison: Comparison) -> Theme:
    """Return the number of services whose last place each commune lost."""
    lost = comparison.lost_last.groupby("commune")["service"].nunique()
    number_lost = diagnostic.communes["commune"].map(lost).fillna(0).to_numpy(dtype=np.int64)
    ranks = np.minimum(number_lost, 3)
    labels = ["Aucun", "1 service", "2 services", "3 et plus"]
    communes = comparison.summary["communes_that_lost_their_last"]
    return Theme(
        title="Communes qui ont perdu leur dernier lieu d'un service",
        subtitle=style.printable(f"{territory_words(diagnostic)} – nombre de services perdus"),
        figure=count(communes, "commune"),
        caption="ont perdu leur dernier lieu d'un service au moins"
        if communes > 1
        else "a perdu son dernier lieu d'un service au moins",
        facts=[],
        notes=[],
        heading="Services perdus",
        rows=tally(diagnostic, ranks, labels, "Non comparée"),
        ranks=ranks,
        ramp=[style.NOT_REMOTE, style.RAMP[1], style.RAMP[3], style.RAMP[5]],
        partial=np.zeros(len(ranks), dtype=bool),
    )
