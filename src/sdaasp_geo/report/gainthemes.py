"""What a map of gains says: diverging classes around zero, and its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

from sdaasp_geo.report import style
from sdaasp_geo.report.french import BEFORE_UNIT, count, is_missing, minutes, number
from sdaasp_geo.report.tallies import MISSING_CLASS, Tally, tally
from sdaasp_geo.report.themes import Theme
from sdaasp_geo.report.words import BASKET, item_title, territory_words

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.scenarios.gains import Gains

# The limits that the published case counts by; all gain maps share them.
GAIN_LIMITS_MIN = (1.0, 3.0, 6.0, 10.0)
_STEPS = len(GAIN_LIMITS_MIN) + 1
NO_CHANGE = _STEPS
NEWLY_REACHED, NEWLY_UNREACHED = 2 * _STEPS + 1, 2 * _STEPS + 2
LOSS_CLASSES = (*range(_STEPS), NEWLY_UNREACHED)

_AMOUNTS = ("< 1 min", "1–3 min", "3–6 min", "6–10 min", "> 10 min")
GAIN_LABELS = (
    *(f"Perte {amount}" for amount in reversed(_AMOUNTS)),
    "Inchangé",
    *(f"Gain {amount}" for amount in _AMOUNTS),
    "Enfin atteint",
    "Plus atteint",
)


def gain_ramp() -> list[str]:
    """Colours of the classes: red where lost, pale at zero, blue where gained.

    Examples
    --------
    >>> ramp = gain_ramp()
    >>> len(ramp), ramp[NO_CHANGE]
    (13, '#f7f4ea')
    """
    shades = colormaps["RdBu"]
    losses = [to_hex(shades(place)) for place in np.linspace(0.02, 0.4, _STEPS)]
    gains = [to_hex(shades(place)) for place in np.linspace(0.62, 1.0, _STEPS)]
    return [*losses, style.NOT_REMOTE, *gains, style.SITE, style.INK]


def gain_classes(gain_min: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Class of each gain (minutes; a loss is negative), `MISSING_CLASS` where missing.

    Examples
    --------
    >>> gain_classes([-10.5, -1.0, 0.0, 0.2, 1.0, 1.1, 10.0, 10.1, float("nan")]).tolist()
    [0, 4, 5, 6, 6, 7, 9, 10, -1]
    """
    gain = np.asarray(gain_min, dtype=np.float64)
    amount = np.searchsorted(np.asarray(GAIN_LIMITS_MIN), np.abs(gain), side="left") + 1
    ranks = NO_CHANGE + np.sign(np.nan_to_num(gain)) * np.where(gain == 0, 0, amount)
    return np.where(np.isnan(gain), MISSING_CLASS, ranks).astype(np.int64)


def overall_classes(communes: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Class of each commune over all touched services: its largest loss, else its largest gain.

    A commune that loses on one service is never shown as one that gains, whatever it
    gains on another.
    """
    loss = communes["loss_min"].to_numpy(dtype=np.float64)
    gain = communes["gain_min"].to_numpy(dtype=np.float64)
    ranks = gain_classes(np.where(loss > 0, -loss, gain))
    ranks = np.where((loss == 0) & communes["mean_gain_over_services_min"].isna(), -1, ranks)
    reached = (communes["inhabitants_newly_reached"] > 0).to_numpy(dtype=bool)
    cut_off = (communes["inhabitants_newly_unreached"] > 0).to_numpy(dtype=bool)
    nothing = (gain == 0) & (loss == 0)
    ranks = np.where(nothing & reached, NEWLY_REACHED, ranks)
    return np.where(cut_off, NEWLY_UNREACHED, ranks).astype(np.int64)


def item_classes(communes: pd.DataFrame, item: str) -> npt.NDArray[np.int64]:
    """Class of each commune for one service, gamme or the basket."""
    before, after = communes[f"{item}_before_min"], communes[f"{item}_after_min"]
    ranks = gain_classes(communes[f"{item}_gain_min"].astype("float64"))
    ranks = np.where(before.isna() & after.notna(), NEWLY_REACHED, ranks)
    return np.where(before.notna() & after.isna(), NEWLY_UNREACHED, ranks).astype(np.int64)


def overall_theme(gains: Gains) -> Theme:
    """Return the largest gain, or loss, of each commune over the touched services."""
    summary, communes = gains.summary, gains.communes
    losing = communes["inhabitants_losing"] > 0
    mixed = losing & (communes["inhabitants_gaining"] > 0)
    notes = ["Couleur : la plus forte perte parmi les services touchés, sinon le plus fort gain."]
    if mixed.any():
        both = count(int(mixed.sum()), "commune")
        notes.append(f"{both} : des habitants y gagnent aussi, pour un autre service ou ailleurs.")
    mean = summary["mean_gain_of_gainers_min"]
    caption = "habitants gagnent du temps vers un service au moins"
    if mean is not None:
        caption += f", {minutes(mean)} en moyenne"
    return _theme(
        gains,
        overall_classes(communes),
        title="Qui gagne, qui perd",
        what=f"{count(len(summary['services']), 'service')} – scénario « {gains.scenario.name} »",
        figure=number(summary["inhabitants_gaining"]),
        caption=caption,
        facts=_counts(summary),
        notes=notes,
        partial=losing.to_numpy(dtype=bool),
    )


def item_theme(gains: Gains, item: str) -> Theme:
    """Gain of each commune for one touched service, its gamme or the basket."""
    single = item in gains.before.basket.service_ids
    before, after = mean_before_after(gains, item)
    gained = _mean_gain(gains, item)
    facts = [f"Temps moyen{BEFORE_UNIT}: {minutes(before)} avant, {minutes(after)} après."]
    if single:
        line = gains.services[gains.services["service"] == item].iloc[0]
        facts.append(
            f"Équipements{BEFORE_UNIT}: {number(line['facilities_before'])} avant, "
            f"{number(line['facilities_after'])} après."
        )
        facts += _counts(dict(line))
    ranks = item_classes(gains.communes, item)
    return _theme(
        gains,
        ranks,
        title=f"{item_title(gains.before, item)} : temps gagné ou perdu",
        what=f"scénario « {gains.scenario.name} »",
        figure=minutes(abs(gained), decimals=2),
        caption=f"{'perdues' if gained < 0 else 'gagnées'} en moyenne par habitant",
        facts=facts,
        notes=[],
        partial=np.isin(ranks, LOSS_CLASSES),
        missing="Non atteint" if single else "Non atteint ou non comparable",
    )


def _mean_gain(gains: Gains, item: str) -> float:
    """Mean gain of the inhabitants who have one (NaN if nobody has)."""
    gain = gains.origins[f"{item}_gain_min"].to_numpy(dtype=np.float64)
    people = gains.origins["population"].to_numpy(dtype=np.float64)
    known = ~np.isnan(gain) & (people > 0)
    return float(np.average(gain[known], weights=people[known])) if known.any() else np.nan


def mean_before_after(gains: Gains, item: str) -> tuple[float, float]:
    """Mean minutes of an item over all inhabitants, before and after (NaN where missing)."""
    known = {**gains.summary["mean_min"], **gains.summary["mean_min_by_service"]}
    pair = known[item]
    return tuple(np.nan if pair[side] is None else pair[side] for side in ("before", "after"))  # type: ignore[return-value]


def items_of(gains: Gains) -> list[str]:
    """Gammes that hold a touched service, the basket, then the touched services."""
    touched = list(gains.summary["services"])
    means = [name for name in gains.summary["mean_min"] if name != BASKET]
    return [*means, *([BASKET] if touched else []), *touched]


def _theme(  # noqa: PLR0913 (the words of a map, by name)
    gains: Gains,
    ranks: npt.NDArray[np.int64],
    *,
    title: str,
    what: str,
    figure: str,
    caption: str,
    facts: list[str],
    notes: list[str],
    partial: npt.NDArray[np.bool_],
    missing: str = "Non atteint",
) -> Theme:
    rows = tally(gains.before, ranks, list(GAIN_LABELS), missing)
    return Theme(
        title=style.printable(title),
        subtitle=style.printable(f"{territory_words(gains.before)} – par commune, {what}"),
        figure=figure,
        caption=caption,
        facts=facts,
        notes=[style.printable(note) for note in notes],
        heading="Changement",
        rows=[row for row in reversed(rows) if _shown(row)] + [r for r in rows if r.rank < 0],
        ranks=ranks,
        ramp=gain_ramp(),
        partial=partial,
    )


def _shown(row: Tally) -> bool:
    """Gains always have their lines, so that maps compare; the rest where it occurs."""
    return row.rank >= 0 and (row.communes > 0 or NO_CHANGE <= row.rank <= 2 * _STEPS)


def _counts(found: dict[str, Any]) -> list[str]:
    facts = []
    over = found.get("inhabitants_gaining_over_min")
    if over is not None:
        told = [
            f"plus de {limit}{BEFORE_UNIT}min{BEFORE_UNIT}: {number(over[str(limit)])}"
            for limit in (3, 6, 10)
        ]
        facts.append(f"Gain de {', '.join(told)}.")
    else:
        facts.append(_who(found["inhabitants_gaining"], "gagne"))
    losing = found["inhabitants_losing"]
    if losing:
        mean = found["mean_loss_of_losers_min"]
        by = "" if is_missing(mean) else f" ({minutes(mean)} en moyenne)"
        facts.append(f"{_who(losing, 'perd').removesuffix('.')}{by}.")
    else:
        facts.append(_who(0, "perd"))
    for name, words in (
        ("inhabitants_newly_reached", "nouvellement desservis"),
        ("inhabitants_newly_unreached", "qui ne sont plus desservis"),
    ):
        if found[name]:
            facts.append(f"{count(found[name], 'habitant')} {words}.")
    return facts


def _who(people: float, verb: str) -> str:
    """Say how many gain or lose, the verb agreeing."""
    if not people:
        return f"Personne n'y {verb}."
    ending = "" if people < 2 else "ent" if verb.endswith("d") else "nt"
    return f"{count(people, 'habitant')} y {verb}{ending}."
