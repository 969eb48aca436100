"""Maps of checks: criteria that are not met, fragile facilities, flags that flip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.report import style
from sdaasp_geo.report.drawings import write_drawings
from sdaasp_geo.report.french import count, number
from sdaasp_geo.report.markedsheet import draw_marked
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sitemarks import Kind, marks_of
from sdaasp_geo.report.tallies import tally
from sdaasp_geo.report.themes import Theme
from sdaasp_geo.report.words import territory_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.sitemarks import Mark
    from sdaasp_geo.scenarios.criteria import Judgement
    from sdaasp_geo.scenarios.sensitivity import Sensitivity

    Tell = Callable[[int, int, str], None]

CRITERIA_MAP, CRITICALITY_MAP, SENSITIVITY_MAP = "criteres", "fragilite", "sensibilite"
NUMBERED = 20
_FRAGILE = Kind("équipement fragile, par rang", "o", style.FICTIONAL, 5.5)
_STEADY = "#c9c6c0"


def write_criteria_map(
    diagnostic: Diagnostic, judgement: Judgement, folder: Path, *, progress: Tell | None = None
) -> list[Path]:
    """Write ``maps/criteres.png``: how many criteria each commune has somebody left out of."""
    left = judgement.communes.groupby("commune")["criterion"].nunique()
    every = len(judgement.criteria)
    ranks = diagnostic.communes["commune"].map(left).fillna(0).to_numpy(dtype=np.int64)
    labels = ["Aucun", *(count(n, "critère") for n in range(1, every + 1))]
    met = judgement.criteria["met"].fillna(value=False)
    theme = _theme(
        diagnostic,
        ("Critères non satisfaits", f"{judgement.label} – par commune, nombre de critères"),
        (f"{number(int(met.sum()))} sur {number(every)}", "critères satisfaits partout où il faut"),
        ("Non satisfaits", labels),
        ranks,
        style.remoteness_ramp(every),
    )
    return _write(diagnostic, CRITERIA_MAP, theme, [], folder, progress)


def write_criticality_map(
    diagnostic: Diagnostic, table: gpd.GeoDataFrame, folder: Path, *, progress: Tell | None = None
) -> list[Path]:
    """Write ``maps/fragilite.png``: the most critical facilities, numbered as in the page."""
    first = table[table["inhabitants_losing"] > 0].head(NUMBERED)
    worst = set(first["worst_commune"].dropna())
    ranks = diagnostic.communes["commune"].isin(worst).to_numpy().astype(np.int64)
    texts = [str(rank) for rank in range(1, len(first) + 1)]
    theme = _theme(
        diagnostic,
        ("Équipements fragiles", "ceux dont la fermeture coûterait le plus aux habitants"),
        (number(len(first)), "équipements les plus critiques, numérotés comme dans la page"),
        ("Commune", ["Autre", "La plus touchée"]),
        ranks,
        [style.NOT_REMOTE, style.RAMP[1]],
    )
    marks = marks_of(first, [_FRAGILE] * len(first), texts)
    return _write(diagnostic, CRITICALITY_MAP, theme, marks, folder, progress)


def write_sensitivity_map(
    diagnostic: Diagnostic, result: Sensitivity, folder: Path, *, progress: Tell | None = None
) -> list[Path]:
    """Write ``maps/sensibilite.png``: communes always remote, never, and those that flip."""
    ranks = sensitivity_classes(diagnostic, result)
    told = result.summary
    theme = _theme(
        diagnostic,
        ("Ce qui tient et ce qui change", "éloignement de chaque commune selon les hypothèses"),
        (
            number(told["communes_that_flip"]),
            f"communes dont l'éloignement dépend des hypothèses, sur {number(told['runs'])} calculs",
        ),
        (
            "Éloignée",
            ["Jamais", "Parfois (non ici)", "Parfois (oui ici)", "Toujours"],
        ),
        ranks,
        [style.NOT_REMOTE, style.RAMP[1], style.RAMP[2], style.RAMP[4]],
        crossed=(ranks == 1) | (ranks == 2),
    )
    crossed = "commune qui change de statut"
    return _write(diagnostic, SENSITIVITY_MAP, theme, [], folder, progress, crossed=crossed)


def sensitivity_classes(diagnostic: Diagnostic, result: Sensitivity) -> npt.NDArray[np.int64]:
    """0 never remote, 1 and 2 sometimes (not or indeed in the reference), 3 always, -1 unknown."""
    table = result.communes.set_index("commune").reindex(diagnostic.communes["commune"])
    remote = table["remote"].fillna(value=False).to_numpy(dtype=bool)
    steady = table["steady"].fillna(value=False).to_numpy(dtype=bool)
    ranks = np.where(remote, np.where(steady, 3, 2), np.where(steady, 0, 1))
    unknown = table["remote"].isna().to_numpy(dtype=bool)
    return np.where(unknown, -1, ranks).astype(np.int64)


def _theme(  # noqa: PLR0913 (the parts of a map, in its reading order)
    diagnostic: Diagnostic,
    titles: tuple[str, str],
    figure: tuple[str, str],
    legend: tuple[str, list[str]],
    ranks: npt.NDArray[np.int64],
    ramp: list[str],
    *,
    crossed: npt.NDArray[np.bool_] | None = None,
) -> Theme:
    heading, labels = legend
    return Theme(
        title=style.printable(titles[0]),
        subtitle=style.printable(f"{territory_words(diagnostic)} – {titles[1]}"),
        figure=figure[0],
        caption=figure[1],
        facts=[],
        notes=[],
        heading=heading,
        rows=tally(diagnostic, ranks, labels, "Non déterminé"),
        ranks=ranks,
        ramp=ramp,
        partial=np.zeros(len(ranks), dtype=bool) if crossed is None else crossed,
    )


def _write(  # noqa: PLR0913 (as above)
    diagnostic: Diagnostic,
    name: str,
    theme: Theme,
    marks: Sequence[Mark],
    folder: Path,
    progress: Tell | None,
    *,
    crossed: str = "",
) -> list[Path]:
    backdrop = make_backdrop(diagnostic)
    drawings = {
        f"{name}.png": lambda: draw_marked(diagnostic, theme, marks, backdrop, crossed=crossed)
    }
    return write_drawings(drawings, folder / "maps", progress=progress)
