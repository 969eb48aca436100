"""What the page of each EPCI says: its figures, its remote communes, what is far from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sdaasp_geo.indicators.means import population_mean, wide_times
from sdaasp_geo.report import style
from sdaasp_geo.report.french import BEFORE_UNIT, count, is_missing, minutes, number, percent
from sdaasp_geo.report.tallies import CLASS_LABELS, minute_classes, partial_means, tally_of
from sdaasp_geo.report.words import BASKET, gamme_label

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.legend import Row
    from sdaasp_geo.report.tallies import Tally

WORST = 5
_UNREACHED = "non atteint"


@dataclass(frozen=True)
class AtlasPage:
    """One EPCI, ready to draw.

    Parameters
    ----------
    code, name
        The EPCI.
    inside
        Which communes it holds, in the order of the table.
    shape
        Its land, in the CRS of the tables.
    figure, caption
        The key figure and what it is.
    facts
        Lines under it.
    gammes
        Gamme, mean of the EPCI, mean of the territory.
    worst
        Services that the EPCI is the farthest from beside the territory.
    remote
        Its remote communes, the most remote first: name and words.
    ranks, partial, classes
        The map: class of each commune, incomplete means, and the tally of the EPCI.
    """

    code: str
    name: str
    inside: npt.NDArray[np.bool_]
    shape: shapely.Geometry
    figure: str
    caption: str
    facts: list[str]
    gammes: list[Row]
    worst: list[Row]
    remote: list[tuple[str, str]]
    ranks: npt.NDArray[np.int64]
    partial: npt.NDArray[np.bool_]
    classes: list[Tally]


def atlas_pages(diagnostic: Diagnostic) -> list[AtlasPage]:
    """Make the pages of all EPCI, in the order of their names; none is changed."""
    means = _service_means(diagnostic)
    table = diagnostic.epci.assign(shown=diagnostic.epci["name"].map(style.printable))
    ordered = table.sort_values(["shown", "epci"], kind="stable")
    return [_page(diagnostic, line, means) for _, line in ordered.iterrows()]


def _page(diagnostic: Diagnostic, line: pd.Series, means: pd.DataFrame) -> AtlasPage:
    communes = diagnostic.communes
    inside = (communes["epci"] == line["epci"]).fillna(value=False).to_numpy(dtype=bool)
    people = communes["population"].to_numpy(dtype=np.float64)
    ranks = minute_classes(communes[f"{BASKET}_min"])
    rows = tally_of(people[inside], ranks[inside], list(CLASS_LABELS), "Non atteint")
    mean, whole = line[f"{BASKET}_min"], _territory_mean(diagnostic, BASKET)
    share = line["remote_population"] / line["population"] if line["population"] else np.nan
    facts = [
        f"{count(line['communes'], 'commune')}, {count(line['population'], 'habitant')}.",
        (
            f"En commune éloignée{BEFORE_UNIT}: {count(line['remote_population'], 'habitant')} "
            f"({percent(share)})."
        ),
    ]
    shape = shapely.union_all(np.asarray(communes.geometry[inside], dtype=object))
    return AtlasPage(
        code=style.printable(line["epci"]),
        name=style.printable(line["name"]),
        inside=inside,
        shape=shape,
        figure="Non atteint" if is_missing(mean) else minutes(mean),
        caption=f"en moyenne par habitant vers le panier, {minutes(whole)} dans l'ensemble",
        facts=facts,
        gammes=_gamme_rows(diagnostic, line),
        worst=_worst(diagnostic, line["epci"], means),
        remote=_remote(diagnostic, inside),
        ranks=ranks,
        partial=partial_means(diagnostic, BASKET),
        classes=rows,
    )


def _territory_mean(diagnostic: Diagnostic, gamme: str) -> float:
    table = diagnostic.gammes
    return float(table.loc[table["gamme"] == gamme, "mean_min"].iloc[0])


def _gamme_rows(diagnostic: Diagnostic, line: pd.Series) -> list[Row]:
    return [
        (
            gamme_label(diagnostic, gamme),
            number(line[f"{gamme}_min"], decimals=1),
            number(_territory_mean(diagnostic, gamme), decimals=1),
        )
        for gamme in (*diagnostic.basket.gamme_ids, BASKET)
    ]


def _service_means(diagnostic: Diagnostic) -> pd.DataFrame:
    """Mean minutes to each service, one row an EPCI, weighted by the origins' inhabitants."""
    origins = diagnostic.origins.set_index("origin")
    epci = diagnostic.communes.set_index("commune")["epci"]
    wide = wide_times(diagnostic.times).reindex(origins.index)
    by = origins["commune"].map(epci).rename("epci")
    known = by.notna()
    return population_mean(wide[known], origins.loc[known, "population"], by=by[known])


def _worst(diagnostic: Diagnostic, code: str, means: pd.DataFrame) -> list[Row]:
    """Services to which the EPCI is farther than the whole territory, the largest gap first."""
    if code not in means.index:
        return []
    services = diagnostic.services.set_index("service")
    own = means.reindex(columns=services.index).loc[code].to_numpy(dtype=np.float64)
    others = services["mean_min"].to_numpy(dtype=np.float64)
    # Nobody of the EPCI gets to a service that others reach: nothing is farther.
    gap = np.where(np.isnan(own) & ~np.isnan(others), np.inf, own - others)
    first = [row for row in np.argsort(-gap, kind="stable") if gap[row] > 0][:WORST]
    labels = [style.printable(label) for label in services["label"]]
    return [
        (
            labels[row],
            _UNREACHED if np.isnan(own[row]) else number(own[row], decimals=1),
            number(others[row], decimals=1),
        )
        for row in first
    ]


def _remote(diagnostic: Diagnostic, inside: npt.NDArray[np.bool_]) -> list[tuple[str, str]]:
    own = set(diagnostic.communes["commune"][inside])
    found = diagnostic.remote_communes
    found = found[found["commune"].isin(own)]
    return [
        (
            style.printable(line["name"]),
            f"{count(int(line['remote_gammes']), 'gamme')}, {minutes(line[f'{BASKET}_min'])}",
        )
        for _, line in found.iterrows()
    ]
