"""What was asked of the sites and how surely it was answered, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdaasp_geo.report.french import (
    BEFORE_UNIT,
    count,
    is_missing,
    listing,
    minutes,
    number,
    percent_words,
    threshold,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.scenarios.siting.result import SitingResult

FIGURES = ("inhabitants_gaining", "inhabitants_within", "mean_min", "worst_min")
_RULES = {
    "refuse": "Chaque habitant a une route vers chaque candidat et vers les places existantes.",
    "never_served": "Un candidat qu'aucune route ne relie à un habitant ne le sert jamais.",
}


def objective_words(summary: Mapping[str, Any]) -> str:
    """Say what the sites were chosen for."""
    gain, within = threshold(summary["least_gain_min"]), threshold(summary["within_min"])
    words = {
        "inhabitants_gaining": f"le plus d'habitants qui gagnent au moins {gain}",
        "inhabitants_within": f"le plus d'habitants à {within} au plus de tous les services",
        "cover_everyone": f"tous les habitants à {within} au plus, avec le moins de sites",
        "mean_time": "le temps moyen le plus court",
        "worst_time": "le temps le plus long ramené le plus bas",
    }
    weights = summary["objective"]
    if len(weights) == 1:
        return next(words[name] for name in weights)
    parts = [
        f"{words[name]} (poids {number(weight, decimals=2)})" for name, weight in weights.items()
    ]
    return listing(parts)


def figure_words(summary: Mapping[str, Any], name: str) -> str:
    """Name one of the figures of a choice, with its threshold."""
    gain, within = threshold(summary["least_gain_min"]), threshold(summary["within_min"])
    return {
        "inhabitants_gaining": f"Habitants qui gagnent au moins {gain}",
        "inhabitants_within": f"Habitants à {within} au plus de tous les services",
        "mean_min": "Temps moyen par habitant",
        "worst_min": "Temps le plus long",
    }[name]


def figure_text(name: str, value: float | None) -> str:
    """Write one of the figures of a choice."""
    return number(value) if name.startswith("inhabitants") else minutes(value)


def status_words(result: SitingResult) -> str:
    """Say how surely the best was found."""
    notes = result.notes
    told = notes.loc[notes["kind"] == result.status, "note"]
    return str(told.iloc[0]) if len(told) else result.status


def gap_words(summary: Mapping[str, Any]) -> str:
    """Say how far from the best the answer may be, as it was proved; empty where unknown."""
    gap = summary["gap"]
    if summary["value"] is None:
        return ""
    if is_missing(gap):
        return "Aucune borne n'a été prouvée."
    if gap < 1e-6:  # the rounding of floating point
        return "Écart prouvé à l'optimum : aucun."
    shown = percent_words(float(gap), decimals=2)
    return f"Écart prouvé à l'optimum{BEFORE_UNIT}: au plus {shown}."


def missing_words(summary: Mapping[str, Any]) -> str:
    """Say what was made of pairs without any way."""
    rule = str(summary["missing"])
    if rule.startswith("cap:"):
        cap = threshold(float(rule.partition(":")[2]))
        return f"Un trajet impossible compte pour {cap}."
    return _RULES.get(rule, rule)


def found_words(summary: Mapping[str, Any]) -> str:
    """Say how many sites were found among how many candidates."""
    among = f"parmi {count(summary['candidates'], 'candidat')}"
    if not summary["count"]:
        return f"Aucun choix {among}"
    return f"{count(summary['count'], 'site choisi', 'sites choisis')} {among}"
