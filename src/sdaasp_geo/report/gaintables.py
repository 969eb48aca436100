"""The tables of a scenario's page, from its finished tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.cells import (
    NUMBER,
    TEXT,
    Cell,
    Group,
    Table,
    number_cell,
    time_cell,
)
from sdaasp_geo.report.french import MISSING, is_missing, listing, minutes, number
from sdaasp_geo.report.words import BASKET, item_title, reason_words

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains

NAMED_AT_MOST = 10
SHOWN_COMMUNES, SHOWN_LOSERS = 25, 60
_CHANGE_WORDS = {"open": "ouvre", "move": "déménage", "convert": "est converti", "close": "ferme"}


def change_cell(value: float | None, *, decimals: int = 1) -> Cell:
    """Minutes gained, with their sign; a loss is negative."""
    if value is None or is_missing(value):
        return Cell(MISSING)
    return Cell(minutes(float(value), decimals=decimals, signed=True))


def service_words(gains: Gains, services: object) -> str:
    """Labels of services, from their ids."""
    basket = gains.before.basket
    ids = list(services) if isinstance(services, list | tuple) else []
    return listing([basket.service(str(name)).label for name in ids])


def site_table(gains: Gains) -> Table:
    """Places of the scenario: what each offers, and what it brings alone."""
    names = commune_names(gains.before)
    # Where they are many, the maps show these numbers.
    numbered = len(gains.sites) > NAMED_AT_MOST
    rows = []
    for rank, (_, line) in enumerate(pd.DataFrame(gains.sites).iterrows(), start=1):
        rows.append(
            [
                Cell(f"{rank}. {line['name']}" if numbered else str(line["name"])),
                Cell(f"{_CHANGE_WORDS[line['change']]}{_days(line)}"),
                Cell(names.get(str(line["commune"]), _text(line["commune"]))),
                Cell(service_words(gains, line["services"])),
                number_cell(line["inhabitants_nearest"]),
                number_cell(line["inhabitants_gaining_alone"]),
                change_cell(line["mean_gain_of_gainers_alone_min"]),
            ]
        )
    columns = [
        ("Site", TEXT),
        ("Ce qui change", TEXT),
        ("Commune", TEXT),
        ("Services", TEXT),
        ("Habitants dont il devient le plus proche", NUMBER),
        ("Gagnants s'il ouvre seul", NUMBER),
        ("Leur gain moyen", NUMBER),
    ]
    return Table("Les sites du scénario", columns, [Group("", rows)])


def closed_table(gains: Gains) -> Table:
    """Facilities that close or leave their place."""
    names = commune_names(gains.before)
    basket = gains.before.basket
    rows = [
        [
            Cell(_facility(line)),
            Cell(basket.service(str(line["service"])).label),
            Cell(names.get(str(line["commune"]), _text(line["commune"]))),
            number_cell(line["count"]),
            Cell("ferme" if line["change"] == "close" else "quitte ce lieu"),
        ]
        for _, line in pd.DataFrame(gains.closed).iterrows()
    ]
    columns = [
        ("Équipement", TEXT),
        ("Service", TEXT),
        ("Commune", TEXT),
        ("Nombre", NUMBER),
        ("Ce qui change", TEXT),
    ]
    return Table("Ce qui ferme ou s'en va", columns, [Group("", rows)])


def service_table(gains: Gains) -> Table:
    """Touched services: minutes before and after, gainers and losers."""
    rows = [
        [
            Cell(str(line["label"])),
            Cell(f"{number(line['facilities_before'])} → {number(line['facilities_after'])}"),
            time_cell(line["mean_before_min"]),
            time_cell(line["mean_after_min"]),
            number_cell(line["inhabitants_gaining"]),
            change_cell(line["mean_gain_of_gainers_min"]),
            number_cell(line["inhabitants_losing"]),
            change_cell(_negative(line["mean_loss_of_losers_min"])),
        ]
        for _, line in gains.services.iterrows()
    ]
    columns = [
        ("Service", TEXT),
        ("Équipements", NUMBER),
        ("Temps moyen avant (min)", NUMBER),
        ("Temps moyen après (min)", NUMBER),
        ("Habitants gagnants", NUMBER),
        ("Leur gain moyen", NUMBER),
        ("Habitants perdants", NUMBER),
        ("Leur perte moyenne", NUMBER),
    ]
    return Table("Les services touchés", columns, [Group("", rows)])


def mean_table(gains: Gains) -> Table:
    """Means of the gammes and the basket, over all inhabitants."""
    means = gains.summary["mean_min"]
    rows = [
        [
            Cell("Ensemble du panier" if item == BASKET else item_title(gains.before, item)),
            time_cell(pair["before"]),
            time_cell(pair["after"]),
        ]
        for item, pair in means.items()
    ]
    columns = [("Gamme", TEXT), ("Avant (min)", NUMBER), ("Après (min)", NUMBER)]
    return Table("Temps moyen par habitant, avant et après", columns, [Group("", rows)])


def commune_table(gains: Gains) -> Table:
    """Communes with the most gainers' minutes: the largest gains first."""
    communes = pd.DataFrame(gains.communes)
    gaining = communes[communes["inhabitants_gaining"] > 0]
    order = ["gain_min", "inhabitants_gaining", "commune"]
    best = gaining.sort_values(order, ascending=[False, False, True]).head(SHOWN_COMMUNES)
    rows = [
        [
            Cell(str(line["name"])),
            number_cell(line["inhabitants_gaining"]),
            change_cell(line["gain_min"] if line["gain_min"] > 0 else None),
            Cell(_best_service(gains, line)),
            change_cell(_negative(line["loss_min"]) if line["loss_min"] > 0 else None),
        ]
        for _, line in pd.DataFrame(best).iterrows()
    ]
    columns = [
        ("Commune", TEXT),
        ("Habitants gagnants", NUMBER),
        ("Plus fort gain", NUMBER),
        ("pour le service", TEXT),
        ("Perte, pour un autre", NUMBER),
    ]
    return Table("Les communes qui gagnent le plus", columns, [Group("", rows)])


def loser_table(gains: Gains) -> Table:
    """Who loses, the heaviest first."""
    basket = gains.before.basket
    rows = [
        [
            Cell(_place(line)),
            Cell(basket.service(str(line["service"])).label),
            number_cell(line["population"]),
            time_cell(line["before_min"]),
            time_cell(line["after_min"]),
            Cell(_lost_words(line)),
        ]
        for _, line in gains.losers.head(SHOWN_LOSERS).iterrows()
    ]
    columns = [
        ("Commune (lieu de départ)", TEXT),
        ("Service", TEXT),
        ("Habitants", NUMBER),
        ("Avant (min)", NUMBER),
        ("Après (min)", NUMBER),
        ("Perte", TEXT),
    ]
    return Table("Qui perd, et sur quel service", columns, [Group("", rows)])


def epci_table(gains: Gains) -> Table:
    """EPCI: gainers, losers, basket before and after, remote communes."""
    rows = [
        [
            Cell(_epci_name(line)),
            number_cell(line["population"]),
            number_cell(line["inhabitants_gaining"]),
            change_cell(line["mean_gain_of_gainers_min"]),
            number_cell(line["inhabitants_losing"]),
            change_cell(_negative(line["mean_loss_of_losers_min"])),
            time_cell(line[f"{BASKET}_before_min"]),
            time_cell(line[f"{BASKET}_after_min"]),
            Cell(
                f"{number(line['remote_communes_before'])} → {number(line['remote_communes_after'])}"
            ),
        ]
        for _, line in gains.epci.iterrows()
    ]
    columns = [
        ("EPCI", TEXT),
        ("Habitants", NUMBER),
        ("Gagnants", NUMBER),
        ("Gain moyen", NUMBER),
        ("Perdants", NUMBER),
        ("Perte moyenne", NUMBER),
        ("Panier avant (min)", NUMBER),
        ("Panier après (min)", NUMBER),
        ("Communes éloignées", NUMBER),
    ]
    return Table("Gains et pertes, par EPCI", columns, [Group("", rows)])


def note_table(notes: pd.DataFrame) -> Table:
    """Remarks on a scenario or a choice of sites."""
    rows = [[Cell(str(line["subject"])), Cell(str(line["note"]))] for _, line in notes.iterrows()]
    return Table("À savoir", [("À propos de", TEXT), ("Remarque", TEXT)], [Group("", rows)])


def commune_names(diagnostic: Diagnostic) -> dict[str, str]:
    """Names of communes and arrondissements by code, those around the département too."""
    units = diagnostic.communes[["commune", "name"]]
    known = dict(zip(units["commune"].astype(str), units["name"].astype(str), strict=True))
    if diagnostic.land is None:
        return known
    names = diagnostic.land.places.units["name"]
    return {**{str(code): str(name) for code, name in names.items()}, **known}


def _negative(value: float | None) -> float | None:
    return None if value is None or is_missing(value) else -float(value)


def _days(line: pd.Series) -> str:
    days = line["days_per_month"]
    return "" if is_missing(days) else f" ({number(days)} j par mois)"


def _text(value: object) -> str:
    return MISSING if is_missing(value) else str(value)


def _facility(line: pd.Series) -> str:
    name = line.get("name")
    return str(line["facility"]) if is_missing(name) else f"{name} ({line['facility']})"


def _best_service(gains: Gains, line: pd.Series) -> str:
    """Service with the largest mean gain, what some lose not made up for by the others."""
    here = gains.origins[gains.origins["commune"] == line["commune"]]
    found = []
    for name in gains.summary["services"]:
        gain, people = here[f"{name}_gain_min"], here["population"]
        known = people.where(gain.notna(), 0.0).sum()
        if known > 0:
            found.append((float((gain.clip(lower=0.0) * people).sum() / known), str(name)))
    best = max((pair for pair in found if pair[0] > 0), default=None)
    return MISSING if best is None else gains.before.basket.service(best[1]).label


def _place(line: pd.Series) -> str:
    own = str(line["origin"]) != str(line["commune"])
    return f"{line['name']} ({line['origin']})" if own else str(line["name"])


def _lost_words(line: pd.Series) -> str:
    if bool(line["newly_unreached"]):
        return f"n'est plus desservi : {reason_words(str(line['reason']))}"
    return minutes(line["loss_min"], signed=True)


def _epci_name(line: pd.Series) -> str:
    return str(line["epci"]) if is_missing(line["name"]) else str(line["name"])
