"""What the page knows of each commune today, and what each scenario changes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sdaasp_geo.indicators.means import measured_services
from sdaasp_geo.report.gaintables import commune_names
from sdaasp_geo.report.observatory.packing import packed_floats, packed_integers
from sdaasp_geo.report.words import BASKET, columns_of
from sdaasp_geo.scenarios.site_rows import SOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains

_NONE = -1
_NO_TRIP = ("internal_estimate", "rule_zero")


class PlaceNames:
    """Names of the places that are nearest to some commune, each told once.

    Attributes
    ----------
    told
        ``[name, commune, code of the commune]``, in the order they were met.
    """

    def __init__(self) -> None:
        self.told: list[list[str]] = []
        self._rank: dict[tuple[str, str, str], int] = {}

    def ranks(self, diagnostic: Diagnostic, services: Sequence[str]) -> list[list[int]]:
        """Rank of the nearest place of each commune (inner) to each service (outer)."""
        known = _facility_words(diagnostic)
        found = []
        for service in services:
            ids = diagnostic.communes[f"{service}_facility"]
            words = [
                None if pd.isna(name) else known.get((str(name), service), (str(name), "", ""))
                for name in ids
            ]
            found.append([_NONE if word is None else self._ranked(word) for word in words])
        return found

    def _ranked(self, words: tuple[str, str, str]) -> int:
        if words not in self._rank:
            self._rank[words] = len(self.told)
            self.told.append(list(words))
        return self._rank[words]


def today(diagnostic: Diagnostic, places: PlaceNames) -> dict[str, Any]:
    """Figures of a diagnostic: minutes, nearest places, reasons, remoteness by commune."""
    return {
        "name": "Aujourd'hui",
        **_figures(diagnostic, diagnostic.basket.service_ids, columns_of(diagnostic), places),
    }


def after(gains: Gains, name: str, places: PlaceNames) -> dict[str, Any]:
    """Figures after a scenario, of what it changes alone; and what is gained.

    A gain is that of the scenario's own tables: over the inhabitants whose time is known
    before and after, and missing where a mean bears on other services than before.
    """
    touched = list(gains.summary["services"])
    items = [item for item in columns_of(gains.before) if f"{item}_gain_min" in gains.communes]
    communes = gains.communes
    return {
        "name": name,
        **_figures(gains.after, touched, items, places),
        "gain": {item: packed_floats(_column(communes, f"{item}_gain_min")) for item in items},
        "gaining": packed_floats(_column(communes, "inhabitants_gaining")),
        "losing": packed_floats(_column(communes, "inhabitants_losing")),
    }


def _figures(
    diagnostic: Diagnostic, services: Sequence[str], items: Sequence[str], places: PlaceNames
) -> dict[str, Any]:
    communes, basket = diagnostic.communes, diagnostic.basket
    measured = set(measured_services(diagnostic.times))
    ranks = places.ranks(diagnostic, services)
    return {
        "measured": [int(service in measured) for service in basket.service_ids],
        "minutes": {item: packed_floats(_column(communes, f"{item}_min")) for item in items},
        "nearest": {
            service: packed_integers(rank) for service, rank in zip(services, ranks, strict=True)
        },
        "estimated": {
            service: communes[f"{service}_kind"].isin(_NO_TRIP).astype(int).tolist()
            for service in services
        },
        "reached": {
            item: [communes[f"{prefix}_{what}"].astype(int).tolist() for what in _COUNTS]
            for item, prefix in _prefixes(basket.gamme_ids)
        },
        "lacking": _lacking(diagnostic, services),
        "remote": {
            gamme: communes[f"remote_{gamme}"].astype("Int64").fillna(_NONE).tolist()
            for gamme in basket.gamme_ids
        },
        "remoteGammes": communes["remote_gammes"].astype("Int64").fillna(_NONE).tolist(),
    }


_COUNTS = ("reached", "expected")


def _prefixes(gammes: Sequence[str]) -> list[tuple[str, str]]:
    return [*((gamme, gamme) for gamme in gammes), (BASKET, "services")]


def _lacking(diagnostic: Diagnostic, services: Sequence[str]) -> list[list[Any]]:
    """Pairs that somebody has no time for: commune, service, reasons, inhabitants without."""
    basket, times = diagnostic.basket, diagnostic.times
    missing = times[times["time_min"].isna() & times["service"].isin(services)]
    home = diagnostic.origins.set_index("origin")
    rows = {str(code): rank for rank, code in enumerate(diagnostic.communes["commune"])}
    pairs = pd.DataFrame(
        {
            "commune": missing["origin"].map(home["commune"]).map(rows),
            "service": missing["service"].map(
                {service: rank for rank, service in enumerate(basket.service_ids)}
            ),
            "reason": missing["reason"].astype("str"),
            "people": missing["origin"].map(home["population"]).astype(float),
        }
    ).dropna(subset=["commune"])
    found = []
    for _, part in pairs.groupby(["commune", "service"]):
        commune, service = (int(part[key].iloc[0]) for key in ("commune", "service"))
        reasons = sorted(part["reason"].dropna().unique())
        found.append([commune, service, reasons, float(part["people"].sum())])
    return found


def _facility_words(diagnostic: Diagnostic) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Name, commune and its code of each facility of a service."""
    if diagnostic.land is None:
        return {}
    frame = diagnostic.land.facilities
    communes = commune_names(diagnostic)
    names = frame["name"] if "name" in frame else pd.Series(None, frame.index, dtype="str")
    # What a scenario opens is called by its place.
    names = names.where(names.notna() | (frame["source"] != SOURCE), frame["facility"])
    columns = (frame["facility"], frame["service"], frame["commune"], names)
    return {
        (str(facility), str(service)): (
            "" if pd.isna(name) else str(name),
            communes.get(str(commune), str(commune)),
            str(commune),
        )
        for facility, service, commune, name in zip(*columns, strict=True)
    }


def _column(frame: pd.DataFrame, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
