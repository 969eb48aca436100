"""What each map says: its classes, its key figure and its words, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.report import style
from sdaasp_geo.report.french import (
    BEFORE_UNIT,
    count,
    is_missing,
    listing,
    minutes,
    percent,
    threshold,
)
from sdaasp_geo.report.tallies import (
    CLASS_LABELS,
    Tally,
    minute_classes,
    missing_reasons,
    partial_means,
    remoteness_classes,
    remoteness_labels,
    tally,
)
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import BASKET, item_title, territory_words, thresholds_words

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic

_SHOWN_WITHIN_MIN = (7, 15, 30)
_UNDETERMINED = "il manque un temps vers une partie des services"


@dataclass(frozen=True)
class Theme:
    """One map in words and numbers.

    Parameters
    ----------
    title, subtitle
        Above the map.
    figure, caption
        The key figure of the side panel and what it is.
    facts, notes
        Lines under the key figure, and under the classes.
    heading, rows
        The table of classes.
    ranks, ramp
        Class of each commune, and colour of each class.
    partial
        Which communes' figure leaves something out.
    why
        Why communes have no class, for a legend of one line; empty where all have one.
    """

    title: str
    subtitle: str
    figure: str
    caption: str
    facts: list[str]
    notes: list[str]
    heading: str
    rows: list[Tally]
    ranks: npt.NDArray[np.int64]
    ramp: list[str]
    partial: npt.NDArray[np.bool_]
    why: str = ""


def minutes_theme(diagnostic: Diagnostic, column: str, *, title: str | None = None) -> Theme:
    """Minutes to a service, a gamme or the basket, in the classes that all maps share."""
    name = item_title(diagnostic, column)
    ranks = minute_classes(diagnostic.communes[f"{column}_min"])
    single = column in diagnostic.basket.service_ids
    line = _line(diagnostic, column)
    aim = "vers l'équipement le plus proche" if single else "moyenne de ses services"
    kind = "temps d'accès" if single else "temps d'accès moyen"
    nowhere = is_missing(line["mean_min"])
    partial = partial_means(diagnostic, column)
    why, travel = _reasons(diagnostic, column), travel_words(diagnostic)
    return Theme(
        title=style.printable(title or f"{name} : {kind} {travel.how}"),
        subtitle=_subtitle(diagnostic, f"{travel.proviso}, {aim}"),
        figure="Non atteint" if nowhere else minutes(line["mean_min"]),
        caption="par aucun habitant" if nowhere else "en moyenne par habitant",
        facts=_service_facts(line) if single else _gamme_facts(diagnostic, line),
        notes=[
            *([f"Non atteint{BEFORE_UNIT}: {why}."] if why else []),
            *_partial_words(diagnostic, partial),
        ],
        heading="Temps d'accès",
        rows=tally(diagnostic, ranks, list(CLASS_LABELS), "Non atteint"),
        ranks=ranks,
        ramp=list(style.RAMP),
        partial=partial,
        why=why,
    )


def remoteness_theme(diagnostic: Diagnostic, *, title: str | None = None) -> Theme:
    """Return the number of gammes that each commune is remote from."""
    gammes = len(diagnostic.basket.gammes)
    ranks = remoteness_classes(diagnostic)
    rows = tally(diagnostic, ranks, remoteness_labels(gammes), "Non déterminé")
    remote = diagnostic.summary["remote"]
    share = percent(remote["population_share"])
    why = _UNDETERMINED if any(row.rank < 0 for row in rows) else ""
    return Theme(
        title=style.printable(title or "Communes éloignées des services"),
        subtitle=_subtitle(diagnostic, "nombre de gammes dont la commune est éloignée"),
        figure=count(remote["communes"], "commune"),
        caption=(
            "au-delà du seuil d'au moins une gamme, soit "
            f"{count(remote['population'], 'habitant')} ({share} de la population)"
        ),
        facts=[f"Seuils{BEFORE_UNIT}: {thresholds_words(diagnostic)}."],
        notes=[f"Non déterminé{BEFORE_UNIT}: {why}."] if why else [],
        heading="Éloignée de",
        rows=rows,
        ranks=ranks,
        ramp=style.remoteness_ramp(gammes),
        partial=np.zeros(len(ranks), dtype=bool),
        why=why,
    )


def _subtitle(diagnostic: Diagnostic, what: str) -> str:
    return style.printable(f"{territory_words(diagnostic)} – par commune, {what}")


def _line(diagnostic: Diagnostic, column: str) -> pd.Series:
    table, key = diagnostic.gammes, "gamme"
    if column in diagnostic.basket.service_ids:
        table, key = diagnostic.services, "service"
    return table[table[key] == column].iloc[0]


def _service_facts(line: pd.Series) -> list[str]:
    facts = [_facility_words(line)]
    if is_missing(line["mean_min"]):
        return facts
    facts.append(_within_words(line))
    estimated = line["estimate_share"]
    if not is_missing(estimated) and estimated > 0:
        facts.append(
            f"Temps estimé, sans trajet calculé{BEFORE_UNIT}: {percent(estimated)} des habitants."
        )
    return facts


def _facility_words(line: pd.Series) -> str:
    if is_missing(line["facilities"]):
        return "Les temps publiés ne disent pas combien il y a d'équipements."
    facilities = int(line["facilities"])
    if not facilities:
        return "Aucun équipement connu dans la zone d'étude."
    return f"{count(facilities, 'équipement')} dans la zone d'étude."


def _gamme_facts(diagnostic: Diagnostic, line: pd.Series) -> list[str]:
    facts = []
    without = int(line["services"]) - int(line["services_with_facility"])
    if without:
        facts.append(f"{count(without, 'service')} sans équipement connu, hors moyenne.")
    if not is_missing(line["mean_min"]):
        facts.append(_within_words(line))
    limit = line["threshold_min"]
    if not is_missing(limit):
        communes, people = _above(diagnostic, line)
        facts.append(
            f"Au-delà du seuil de {threshold(limit)}{BEFORE_UNIT}: "
            f"{count(communes, 'commune')}, {count(people, 'habitant')}."
        )
    return facts


def _above(diagnostic: Diagnostic, line: pd.Series) -> tuple[int, float]:
    """Communes above a threshold, and their inhabitants."""
    if line["gamme"] != BASKET:
        return int(line["remote_communes"]), float(line["remote_population"])
    # The basket's own row counts communes remote from a gamme, not those above its
    # threshold, which only makes zones.
    communes = diagnostic.communes
    above = communes[f"{BASKET}_min"] > line["threshold_min"]
    return int(above.sum()), float(communes.loc[above, "population"].sum())


def _within_words(line: pd.Series) -> str:
    shown = [t for t in _SHOWN_WITHIN_MIN if f"within_{t}_min" in line.index]
    shares = [percent(line[f"within_{t}_min"]) for t in shown]
    times = listing([str(t) for t in shown])
    return f"Habitants à {times}{BEFORE_UNIT}min au plus{BEFORE_UNIT}: {listing(shares)}."


def _reasons(diagnostic: Diagnostic, column: str) -> str:
    found = missing_reasons(diagnostic, column)
    return " ; ".join(f"{reason} ({count(communes, 'commune')})" for reason, communes in found)


def _partial_words(diagnostic: Diagnostic, partial: npt.NDArray[np.bool_]) -> list[str]:
    if not partial.any():
        return []
    people = float(diagnostic.communes["population"].to_numpy()[partial].sum())
    where = f"{count(int(partial.sum()), 'commune')}, {count(people, 'habitant')}"
    what = "des services qui existent n'y sont pas atteints et manquent à la moyenne"
    return [f"Hachures{BEFORE_UNIT}: {what} ({where})."]
