"""What the page says before anything is chosen: the diagnostic, and each scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report.french import BEFORE_UNIT, count, listing, minutes
from sdaasp_geo.report.sentences import key_sentences

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains

_NAMED = 5


def lead_sentences(diagnostic: Diagnostic) -> list[str]:
    """Tell the findings of the diagnostic, and the communes that are remote from the most."""
    told = key_sentences(diagnostic)
    remote = diagnostic.remote_communes
    if len(remote):
        names = [str(name) for name in remote["name"].head(_NAMED)]
        what = "La commune la plus éloignée" if len(names) < 2 else "Les plus éloignées"
        told.append(f"{what}{BEFORE_UNIT}: {listing(names)}.")
    return told


def scenario_sentences(gains: Gains) -> list[str]:
    """Who gains and who loses by a scenario, and which communes change their lot."""
    summary = gains.summary
    told = [
        _people(
            summary["inhabitants_gaining"],
            summary["mean_gain_of_gainers_min"],
            ("gagnent", "gagne"),
        ),
        _people(
            summary["inhabitants_losing"], summary["mean_loss_of_losers_min"], ("perdent", "perd")
        ),
        _communes(gains, "communes_leaving_remoteness", ("sortent", "sort"), "Aucune commune ne"),
    ]
    if summary["communes_entering_remoteness"]:
        told.append(
            _communes(gains, "communes_entering_remoteness", ("entrent", "entre"), "Aucune")
        )
    return told


def _people(people: float, mean: float | None, verbs: tuple[str, str]) -> str:
    verb = verbs[1] if people < 2 else verbs[0]
    if not people:
        return f"Personne ne {verbs[1]} de temps."
    most = f"sur le service où ils en {verbs[0]} le plus"
    by = "" if mean is None else f", {minutes(mean)} en moyenne {most}"
    return f"{count(people, 'habitant')} {verb} du temps vers un service au moins{by}."


def _communes(gains: Gains, key: str, verbs: tuple[str, str], nobody: str) -> str:
    codes = gains.summary[key]
    where = "de l'éloignement" if verbs[0] == "sortent" else "dans l'éloignement"
    if not codes:
        return f"{nobody} {verbs[1]} {where}."
    names = gains.communes.set_index("commune")["name"]
    shown = [str(names[code]) for code in codes[:_NAMED]]
    more = [count(len(codes) - _NAMED, "autre")] if len(codes) > _NAMED else []
    verb = verbs[1] if len(codes) < 2 else verbs[0]
    return (
        f"{count(len(codes), 'commune')} {verb} {where}{BEFORE_UNIT}: {listing([*shown, *more])}."
    )
