"""Everything that the page computes with, as one piece of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sdaasp_geo.assumptions import missing_cap_min
from sdaasp_geo.report import style
from sdaasp_geo.report.gainthemes import GAIN_LABELS, GAIN_LIMITS_MIN, gain_ramp
from sdaasp_geo.report.observatory.drawing import draw
from sdaasp_geo.report.observatory.marks import KIND_LABELS, existing_sites, scenario_sites
from sdaasp_geo.report.observatory.rows import departure_rows
from sdaasp_geo.report.observatory.sides import PlaceNames, after, today
from sdaasp_geo.report.tallies import CLASS_LABELS, CLASS_LIMITS_MIN, remoteness_labels
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import BASKET, REASON_WORDS, item_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains


def content(diagnostic: Diagnostic, gains: Sequence[Gains]) -> dict[str, Any]:
    """Figures, drawing, sites and words of a diagnostic and its scenarios.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    gains
        Scenarios tried on it.

    Returns
    -------
    dict
        Ready for JSON; ``sides`` holds today first, then each scenario.
    """
    names, places = scenario_names(gains), PlaceNames()
    sides = [today(diagnostic, places)]
    sides += [after(gain, name, places) for gain, name in zip(gains, names, strict=True)]
    touched = [(gain.times, list(gain.summary["services"])) for gain in gains]
    rows, times = departure_rows(
        diagnostic, [(diagnostic.times, diagnostic.basket.service_ids), *touched]
    )
    for side, minutes in zip(sides, times, strict=True):
        side["rows"] = minutes
    drawing = draw(diagnostic)
    sites = existing_sites(diagnostic, drawing.frame)
    for number, gain in enumerate(gains, start=1):
        sites += scenario_sites(gain, number, drawing.frame)
    return {
        "territory": {"name": diagnostic.name},
        **_basket(diagnostic),
        "classes": _classes(diagnostic),
        "reasons": REASON_WORDS,
        "communes": _communes(diagnostic),
        "epci": _epci(diagnostic),
        "map": {
            "width": drawing.frame.width,
            "height": drawing.frame.height,
            "communes": drawing.communes,
            "spots": drawing.spots,
            "boxes": drawing.boxes,
            "epci": drawing.epci,
            "outline": drawing.outline,
            "neighbours": drawing.neighbours,
        },
        "rows": rows,
        "places": places.told,
        "sides": sides,
        "sites": sites,
        "kinds": KIND_LABELS,
    }


def scenario_names(gains: Sequence[Gains]) -> list[str]:
    """Names of scenarios, told apart where two have the same.

    Examples
    --------
    >>> scenario_names([])
    []
    """
    names: list[str] = []
    for gain in gains:
        name, number = gain.scenario.name, 1
        while name in names:
            number += 1
            name = f"{gain.scenario.name} ({number})"
        names.append(name)
    return names


def _basket(diagnostic: Diagnostic) -> dict[str, Any]:
    basket, rules = diagnostic.basket, diagnostic.assumptions
    cap = missing_cap_min(rules.missing_service)
    thresholds = diagnostic.thresholds_min
    return {
        "services": [
            {
                "id": service.id,
                "label": service.label,
                "gamme": service.gamme,
                "frequency": service.frequency,
            }
            for service in basket.services
        ],
        "gammes": [
            {
                "id": gamme.id,
                "label": gamme.label,
                "title": item_title(diagnostic, gamme.id),
                "threshold": thresholds.get(gamme.id),
            }
            for gamme in basket.gammes
        ],
        "basket": {
            "title": item_title(diagnostic, BASKET),
            "threshold": thresholds.get(BASKET),
            "mean": rules.basket_mean,
        },
        "travel": travel_words(diagnostic).how,
        "missing": {"rule": "cap" if cap is not None else rules.missing_service, "cap": cap},
    }


def _classes(diagnostic: Diagnostic) -> dict[str, Any]:
    gammes = len(diagnostic.basket.gammes)
    return {
        "minutes": {
            "limits": list(CLASS_LIMITS_MIN),
            "labels": list(CLASS_LABELS),
            "colours": list(style.RAMP),
        },
        "remote": {
            "labels": remoteness_labels(gammes),
            "colours": style.remoteness_ramp(gammes),
        },
        "gain": {
            "limits": list(GAIN_LIMITS_MIN),
            "labels": list(GAIN_LABELS),
            "colours": gain_ramp(),
        },
    }


def _communes(diagnostic: Diagnostic) -> dict[str, Any]:
    communes = diagnostic.communes
    return {
        "code": communes["commune"].astype(str).tolist(),
        "name": communes["name"].astype(str).tolist(),
        "departement": communes["departement"].astype(str).tolist(),
        "epci": ["" if pd.isna(code) else str(code) for code in communes["epci"]],
        "people": communes["population"].astype(float).tolist(),
    }


def _epci(diagnostic: Diagnostic) -> dict[str, str]:
    names = zip(diagnostic.epci["epci"], diagnostic.epci["name"], strict=True)
    return {str(code): str(name) for code, name in names}
