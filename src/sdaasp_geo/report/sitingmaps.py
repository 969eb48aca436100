"""The map of the best sites: chosen and existing ones, candidates, and who gains."""

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
    NO_CHANGE,
    gain_classes,
    gain_ramp,
)
from sdaasp_geo.report.markedsheet import draw_marked
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sitemarks import CANDIDATE, CHOSEN, EXISTING, marks_of, names_or_numbers
from sdaasp_geo.report.sitingwords import found_words, objective_words, status_words
from sdaasp_geo.report.tallies import tally
from sdaasp_geo.report.themes import Theme
from sdaasp_geo.report.words import territory_words

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Sheet
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.scenarios.siting.result import SitingResult

SITING_MAP, BLOCKING_MAP = "implantation", "habitants-concernes"


def write_siting_maps(
    diagnostic: Diagnostic,
    result: SitingResult,
    folder: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
) -> list[Path]:
    """Write the map of a choice of sites.

    Parameters
    ----------
    diagnostic
        The one that the sites were chosen on.
    result
        Finished tables; none is changed.
    folder
        The map goes into ``maps/`` in it, which is made if it does not exist.
    progress
        Called with (done, total, file name) after each map.

    Returns
    -------
    list of Path
        ``implantation.png``; where no choice is possible ``habitants-concernes.png``,
        the communes of the inhabitants that make it so.
    """
    backdrop = make_backdrop(diagnostic)
    theme, marks = siting_theme(diagnostic, result), siting_marks(diagnostic, result)
    name = SITING_MAP if len(result.sites) else BLOCKING_MAP
    drawings: dict[str, Callable[[], Sheet]] = {
        f"{name}.png": partial(draw_marked, diagnostic, theme, marks, backdrop)
    }
    return write_drawings(drawings, folder / "maps", progress=progress)


def siting_theme(diagnostic: Diagnostic, result: SitingResult) -> Theme:
    """Return what the chosen sites bring, or who makes a choice impossible."""
    chosen = len(result.sites) > 0
    return _gain_theme(diagnostic, result) if chosen else _blocking_theme(diagnostic, result)


def siting_marks(diagnostic: Diagnostic, result: SitingResult) -> list[Mark]:
    """Return chosen and existing sites, and the other candidates."""
    others = result.candidates[~result.candidates["chosen"]]
    existing = diagnostic.sites
    sites = result.sites
    texts = names_or_numbers(list(sites["name"]))
    return [
        *marks_of(sites, [CHOSEN] * len(sites), texts),
        *marks_of(existing, [EXISTING] * len(existing), [""] * len(existing)),
        *marks_of(others, [CANDIDATE] * len(others), [""] * len(others)),
    ]


def _gain_theme(diagnostic: Diagnostic, result: SitingResult) -> Theme:
    summary = result.summary
    communes = result.gain_by_commune(diagnostic.communes)
    ranks = gain_classes(communes["gain_min"].to_numpy(dtype=np.float64))
    fresh = (communes["inhabitants_newly_reached"] > 0).to_numpy(dtype=bool)
    ranks = np.where((ranks <= NO_CHANGE) & fresh, NEWLY_REACHED, ranks)
    rows = tally(diagnostic, ranks, list(GAIN_LABELS), "Non atteint")
    gaining = float(communes["inhabitants_gaining"].sum())
    return Theme(
        title=style.printable(f"Où ouvrir : {count(summary['count'], 'site')}"),
        subtitle=style.printable(f"{territory_words(diagnostic)} – {objective_words(summary)}"),
        figure=number(gaining),
        caption="habitants y gagnent du temps vers un service au moins",
        facts=[
            f"{found_words(summary)}.",
            status_words(result),
        ],
        notes=[
            "Couleur : gain moyen des habitants de la commune, sur leur service qui gagne le plus."
        ],
        heading="Gain",
        rows=[
            row
            for row in reversed(rows)
            if row.rank >= NO_CHANGE and _shown(row.rank, row.communes)
        ]
        + [row for row in rows if row.rank < 0],
        ranks=ranks,
        ramp=gain_ramp(),
        partial=np.zeros(len(communes), dtype=bool),
    )


def _shown(rank: int, communes: int) -> bool:
    return communes > 0 or rank < NEWLY_REACHED


def _blocking_theme(diagnostic: Diagnostic, result: SitingResult) -> Theme:
    concerned = set(result.blocking["commune"])
    ranks = diagnostic.communes["commune"].isin(concerned).to_numpy().astype(np.int64)
    labels = ["Non concernée", "Concernée"]
    rows = tally(diagnostic, ranks, labels, "Non atteint")
    return Theme(
        title="Où ouvrir : aucun choix possible",
        subtitle=style.printable(
            f"{territory_words(diagnostic)} – {objective_words(result.summary)}"
        ),
        figure=number(result.summary["inhabitants_blocking"]),
        caption="habitants concernés par ce qui rend la demande impossible",
        facts=[f"{found_words(result.summary)}.", status_words(result)],
        notes=[],
        heading="Commune",
        rows=rows,
        ranks=ranks,
        ramp=[style.NOT_REMOTE, style.RAMP[2]],
        partial=np.zeros(len(ranks), dtype=bool),
    )
