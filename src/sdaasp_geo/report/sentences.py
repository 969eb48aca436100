"""The key figures as sentences that an elected official reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.french import (
    BEFORE_UNIT,
    count,
    is_missing,
    listing,
    minutes,
    number,
    percent,
    percent_words,
    threshold,
)
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import BASKET, gamme_label, reason_words

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic

_SHOWN_WITHIN_MIN = ("7", "15", "30")
_NAMED = 3


@dataclass(frozen=True)
class KeyFigure:
    """A figure shown large, and what it is."""

    value: str
    caption: str


def key_figures(diagnostic: Diagnostic) -> list[KeyFigure]:
    """Figures at the head of the page."""
    summary = diagnostic.summary
    remote, within = summary["remote"], summary["population_share_within_min"]
    return [
        KeyFigure(
            number(summary["population"]),
            f"habitants dans {count(summary['communes'], 'commune')}",
        ),
        KeyFigure(
            minutes(summary["mean_min"][BASKET]),
            f"{travel_words(diagnostic).how}, en moyenne par habitant, pour un service du panier",
        ),
        KeyFigure(
            percent(within.get("15")),
            f"des habitants ont le panier à 15{BEFORE_UNIT}min au plus en moyenne",
        ),
        KeyFigure(
            number(remote["communes"]),
            f"{_noun(remote['communes'], 'commune éloignée', 'communes éloignées')} d'au moins "
            f"une gamme, où vivent {_inhabitants(remote['population'])}",
        ),
    ]


def key_sentences(diagnostic: Diagnostic) -> list[str]:
    """Return the findings of the diagnostic, each in a sentence or two."""
    told = [
        _means(diagnostic),
        _within(diagnostic),
        _remoteness(diagnostic),
        _contrast(diagnostic),
        _farthest(diagnostic),
        _without_facility(diagnostic),
        _unreached(diagnostic),
        _undetermined(diagnostic),
    ]
    return [sentence for sentence in told if sentence]


def _means(diagnostic: Diagnostic) -> str:
    means = diagnostic.summary["mean_min"]
    if is_missing(means[BASKET]):
        return "Aucun habitant n'atteint un service du panier."
    parts = [
        f"{minutes(means[gamme])} pour la gamme {gamme_label(diagnostic, gamme).lower()}"
        for gamme in diagnostic.basket.gamme_ids
        if not is_missing(means[gamme])
    ]
    services = count(len(diagnostic.basket.services), "service")
    return (
        f"En moyenne, un habitant est à {minutes(means[BASKET])} {travel_words(diagnostic).how} "
        f"d'un service du panier de {services}{BEFORE_UNIT}: {listing(parts)}."
    )


def _within(diagnostic: Diagnostic) -> str:
    shares = diagnostic.summary["population_share_within_min"]
    parts = [
        f"{percent_words(shares[limit])} à {limit}{BEFORE_UNIT}min au plus"
        for limit in _SHOWN_WITHIN_MIN
        if not is_missing(shares.get(limit))
    ]
    if not parts:
        return ""
    return f"Part des habitants selon leur temps moyen au panier{BEFORE_UNIT}: {listing(parts)}."


def _remoteness(diagnostic: Diagnostic) -> str:
    remote = diagnostic.summary["remote"]
    communes = int(remote["communes"])
    if not communes:
        return "Aucune commune n'est éloignée d'une gamme, aux seuils retenus."
    verb = "est éloignée" if communes < 2 else "sont éloignées"
    by_number = remote["communes_by_number_of_gammes"]
    parts = [
        f"{number(communes_)} {_of_gammes(int(gammes))}"
        for gammes, communes_ in by_number.items()
        if communes_
    ]
    return (
        f"{count(communes, 'commune')} {verb} d'au moins une gamme ({listing(parts)})"
        f"{BEFORE_UNIT}: {_inhabitants(remote['population'])} y vivent, soit "
        f"{percent_words(remote['population_share'], decimals=1)} de la population."
    )


def _of_gammes(gammes: int) -> str:
    return "d'une seule" if gammes < 2 else f"de {number(gammes)}"


def _contrast(diagnostic: Diagnostic) -> str:
    table = diagnostic.remote_against_others
    for _, line in table[table["item"] == BASKET].iterrows():
        if is_missing(line["remote_min"]) or is_missing(line["others_min"]):
            continue
        return (
            f"Dans ces communes éloignées, le temps moyen au panier est de "
            f"{minutes(line['remote_min'])}, contre {minutes(line['others_min'])} ailleurs."
        )
    return ""


def _farthest(diagnostic: Diagnostic) -> str:
    services = diagnostic.services.dropna(subset=["mean_min"])
    farthest = services.sort_values("mean_min", ascending=False, kind="stable").head(_NAMED)
    parts = [_service_words(line) for _, line in pd.DataFrame(farthest).iterrows()]
    if not parts:
        return ""
    return f"Services les plus éloignés en moyenne{BEFORE_UNIT}: {listing(parts)}."


def _service_words(line: pd.Series) -> str:
    return f"{line['label']} ({minutes(line['mean_min'])})"


def _without_facility(diagnostic: Diagnostic) -> str:
    missing = diagnostic.summary["services_without_facility"]
    if not missing:
        return ""
    names = listing([diagnostic.basket.service(service).label for service in missing])
    verb = "n'a" if len(missing) < 2 else "n'ont"
    out = "il n'entre" if len(missing) < 2 else "ils n'entrent"
    return (
        f"{count(len(missing), 'service')} {verb} aucun équipement dans les données reçues"
        f"{BEFORE_UNIT}: {names}. Absents des données, {out} dans aucune moyenne."
    )


def _unreached(diagnostic: Diagnostic) -> str:
    unreached = diagnostic.summary["unreached"]
    origins = int(unreached["origins"])
    if not origins:
        return ""
    people = count(unreached["population"], "habitant")
    have = _noun(int(unreached["population"]), "n'a", "n'ont")
    places = count(origins, "lieu", "lieux")
    reasons = [reason_words(reason) for reason in unreached["by_reason"] if reason != "no_facility"]
    return (
        f"{people}, dans {places} de départ, {have} aucun temps vers un service au moins, dont "
        f"l'équipement est pourtant connu ({listing(reasons)})."
    )


def _undetermined(diagnostic: Diagnostic) -> str:
    unsure = int(diagnostic.communes["remote_gammes"].isna().sum())
    if not unsure:
        return ""
    return (
        f"L'éloignement de {count(unsure, 'commune')} n'est pas déterminé{BEFORE_UNIT}: il manque "
        "un temps vers une partie des services."
    )


def threshold_sentence(diagnostic: Diagnostic) -> str:
    """Say above which time a commune is remote from each gamme."""
    known = diagnostic.thresholds_min
    parts = [
        f"{threshold(known[gamme.id])} pour la gamme {gamme.label.lower()}"
        for gamme in diagnostic.basket.gammes
        if gamme.id in known
    ]
    return (
        "Une commune est dite éloignée d'une gamme quand le temps moyen de ses habitants vers "
        f"les services de cette gamme dépasse un seuil{BEFORE_UNIT}: {listing(parts)}."
    )


def _inhabitants(people: float) -> str:
    return count(people, "habitant")


def _noun(value: float, singular: str, plural: str) -> str:
    return singular if abs(value) < 2 else plural
