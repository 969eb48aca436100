"""The first two sheets: what the workbook is, and what was found, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report.sentences import key_figures, key_sentences, threshold_sentence
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import (
    assumptions_rows,
    missing_service_sentence,
    same_commune_sentence,
    sources_words,
    territory_words,
    version_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.workbook.sheets import Sheet
    from sdaasp_geo.scenarios.gains import Gains

# A heading where the text is empty, a pair otherwise.
Line = tuple[str, str]


def read_me(diagnostic: Diagnostic, sheets: Sequence[Sheet]) -> list[Line]:
    """Return what a reader must know: sheets, units, sources, choices."""
    travel = travel_words(diagnostic)
    lines: list[Line] = [
        (f"Accès aux services : {territory_words(diagnostic)}", ""),
    ]
    if diagnostic.fictional:
        lines.append(("Attention", "Territoire fictif, données inventées."))
    lines += [
        ("Les onglets", ""),
        ("synthèse", "les résultats en phrases"),
        *((sheet.title, _about(sheet)) for sheet in sheets),
        ("Comment lire", ""),
        ("Temps", f"{travel.minutes_of}, {travel.proviso}, vers l'équipement le plus proche"),
        ("Case vide", "chiffre inconnu ; ce n'est pas un zéro"),
        ("Note d'un titre", "la définition de la colonne et son nom dans les fichiers de données"),
        ("Éloignement", threshold_sentence(diagnostic)),
        ("Même commune", same_commune_sentence(diagnostic.assumptions, diagnostic.profile)),
        ("Service non atteint", missing_service_sentence(diagnostic.assumptions)),
        ("D'où viennent les chiffres", ""),
        ("Fichiers", sources_words(diagnostic)),
        ("Calcul", version_words(diagnostic)),
        ("Les hypothèses", ""),
        *assumptions_rows(diagnostic.assumptions, diagnostic.profile),
    ]
    return lines


def findings(diagnostic: Diagnostic, gains: Sequence[Gains]) -> list[Line]:
    """Return the key figures, the sentences of the page, and a sentence for each scenario."""
    lines: list[Line] = [("Chiffres clés", "")]
    lines += [(figure.value, figure.caption) for figure in key_figures(diagnostic)]
    lines.append(("Ce que montre le diagnostic", ""))
    lines += [(f"{rank}.", told) for rank, told in enumerate(key_sentences(diagnostic), start=1)]
    if gains:
        lines.append(("Scénarios essayés", ""))
        lines += [(found.scenario.name, "voir l'onglet « scénarios »") for found in gains]
    return lines


def _about(sheet: Sheet) -> str:
    if not sheet.left_out:
        return sheet.about
    return f"{sheet.about} ; {sheet.left_out} lignes de plus dans le fichier CSV"
