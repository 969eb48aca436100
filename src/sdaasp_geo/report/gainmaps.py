"""Maps of a scenario: who gains and who loses, and the times before and after it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sdaasp_geo.report import style
from sdaasp_geo.report.drawings import write_drawings
from sdaasp_geo.report.french import count, minutes, number
from sdaasp_geo.report.gainthemes import (
    item_theme,
    items_of,
    mean_before_after,
    overall_theme,
)
from sdaasp_geo.report.markedsheet import draw_marked
from sdaasp_geo.report.pairsheet import Side, draw_pair
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sheets import sheet_texts
from sdaasp_geo.report.sitemarks import (
    CLOSED,
    CONVERTED,
    MOVED,
    OPENED,
    Mark,
    marks_of,
    names_or_numbers,
)
from sdaasp_geo.report.themes import minutes_theme, remoteness_theme
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import item_title, territory_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Sheet
    from sdaasp_geo.report.shapes import Backdrop
    from sdaasp_geo.report.themes import Theme
    from sdaasp_geo.scenarios.gains import Gains

OVERALL_MAP, REMOTE_MAP = "gain", "avant-apres-eloignement"
GAIN, BEFORE_AFTER = "gain-", "avant-apres-"
LOSERS, LOSING = "commune où des habitants perdent", "commune qui perd, en moyenne"
_KINDS = {"open": OPENED, "move": MOVED, "convert": CONVERTED}


def write_gain_maps(
    gains: Gains, folder: Path, *, progress: Callable[[int, int, str], None] | None = None
) -> list[Path]:
    """Write the maps of a scenario as A4 PNG at 150 dots an inch.

    Parameters
    ----------
    gains
        Finished tables; none is changed. The diagnostic after the scenario is made if
        nobody has asked for it before.
    folder
        The maps go into ``maps/`` in it, which is made if it does not exist.
    progress
        Called with (done, total, file name) after each map.

    Returns
    -------
    list of Path
        ``gain.png``, ``avant-apres-eloignement.png``, then ``avant-apres-<item>.png`` for
        each gamme that is touched, the basket and each touched service, with
        ``gain-<item>.png`` for the basket and the services. The same gains give the same
        bytes.
    """
    backdrop = make_backdrop(gains.before)
    drawings: dict[str, Callable[[], Sheet]] = {
        f"{OVERALL_MAP}.png": partial(
            _draw_gain, gains, lambda: overall_theme(gains), gain_marks(gains), backdrop, LOSERS
        ),
        f"{REMOTE_MAP}.png": partial(_draw_remoteness, gains, backdrop),
    }
    for item in items_of(gains):
        theme = partial(item_theme, gains, item)
        marks = gain_marks(gains, item)
        if item not in gains.before.basket.gamme_ids:
            drawings[f"{GAIN}{item}.png"] = partial(
                _draw_gain, gains, theme, marks, backdrop, LOSING
            )
        drawings[f"{BEFORE_AFTER}{item}.png"] = partial(_draw_minutes, gains, item, marks, backdrop)
    return write_drawings(drawings, folder / "maps", progress=progress)


def _services(diagnostic: Diagnostic, item: str) -> set[str]:
    basket = diagnostic.basket
    if item in basket.gamme_ids:
        return set(basket.services_of(item))
    return {item} if item in basket.service_ids else set(basket.service_ids)


def gain_marks(gains: Gains, item: str | None = None) -> list[Mark]:
    """Sites of the scenario that have to do with an item (all if None)."""
    services = None if item is None else _services(gains.before, item)
    sites = gains.sites
    texts = names_or_numbers(list(sites["name"]))
    offers = [services is None or bool(services & set(own)) for own in sites["services"]]
    rows = [number for number, offered in enumerate(offers) if offered]
    kinds = [_KINDS[change] for change in sites["change"]]
    gone = _really_closed(gains)
    if services is not None:
        gone = gone[gone["service"].isin(services)]
    return [
        *marks_of(sites.iloc[rows], [kinds[row] for row in rows], [texts[row] for row in rows]),
        *marks_of(gone, [CLOSED] * len(gone), [""] * len(gone)),
    ]


def _really_closed(gains: Gains) -> gpd.GeoDataFrame:
    """Return what closes: what moves away leaves its place too, but comes back elsewhere."""
    return gains.closed[gains.closed["change"] == "close"]


def _draw_gain(
    gains: Gains,
    theme_of: Callable[[], Theme],
    marks: Sequence[Mark],
    backdrop: Backdrop,
    crossed: str,
) -> Sheet:
    return draw_marked(gains.before, theme_of(), marks, backdrop, crossed=crossed)


def _draw_minutes(gains: Gains, item: str, marks: Sequence[Mark], backdrop: Backdrop) -> Sheet:
    """Draw the times to one item before and after, in the classes that all maps share."""
    before, after = mean_before_after(gains, item)
    travel = travel_words(gains.before)
    return draw_pair(
        sheet_texts(
            gains.before,
            style.printable(f"{item_title(gains.before, item)} : temps d'accès avant et après"),
            _subtitle(gains, f"temps d'accès {travel.how} par commune, {travel.proviso}"),
        ),
        backdrop,
        (
            Side("Avant", minutes_theme(gains.before, item), []),
            Side("Après", minutes_theme(gains.after, item), marks),
        ),
        (minutes(after), f"en moyenne par habitant après le scénario, {minutes(before)} avant"),
    )


def _draw_remoteness(gains: Gains, backdrop: Backdrop) -> Sheet:
    """Remote communes before and after."""
    leaving = gains.summary["communes_leaving_remoteness"]
    entering = gains.summary["communes_entering_remoteness"]
    people = gains.summary["remote_population"]
    return draw_pair(
        sheet_texts(
            gains.before,
            "Communes éloignées des services, avant et après",
            _subtitle(gains, "nombre de gammes dont la commune est éloignée"),
        ),
        backdrop,
        (
            Side("Avant", remoteness_theme(gains.before), []),
            Side("Après", remoteness_theme(gains.after), gain_marks(gains)),
        ),
        (
            number(people["after"]),
            (
                "habitants en commune éloignée après le scénario, "
                f"{number(people['before'])} avant ; "
                f"{count(len(leaving), 'commune')} en {_verb(len(leaving), 'sort', 'sortent')}, "
                f"{count(len(entering), 'commune')} y {_verb(len(entering), 'entre', 'entrent')}"
            ),
        ),
    )


def _verb(number: int, singular: str, plural: str) -> str:
    return singular if number < 2 else plural


def _subtitle(gains: Gains, what: str) -> str:
    words = f"{territory_words(gains.before)} – scénario « {gains.scenario.name} » – {what}"
    return style.printable(words)
