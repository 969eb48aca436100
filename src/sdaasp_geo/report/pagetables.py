"""The tables of the page, from the finished tables of a diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.cells import (
    BAR,
    NUMBER,
    TEXT,
    Cell,
    Group,
    Table,
    bar_cell,
    number_cell,
    time_cell,
)
from sdaasp_geo.report.french import (
    BEFORE_UNIT,
    MISSING,
    is_missing,
    listing,
    minutes,
    number,
    percent,
    threshold,
)
from sdaasp_geo.report.words import BASKET, gamme_label
from sdaasp_geo.report.zonelist import BASKET_LAYER, REMOTE_LAYER, ordered_zones, zone_mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from sdaasp_geo.diagnostic.model import Diagnostic

_FARTHEST = 3
_BAR_COLUMN = ("Répartition des habitants par temps d'accès", BAR)


def gamme_table(diagnostic: Diagnostic) -> Table:
    """Gammes and the basket: services, mean, spread, remoteness."""
    rows = [_gamme_row(line) for _, line in diagnostic.gammes.iterrows()]
    columns = [
        ("Gamme", TEXT),
        ("Services", NUMBER),
        ("Temps moyen (min)", NUMBER),
        ("Seuil d'éloignement", NUMBER),
        ("Communes éloignées", NUMBER),
        ("Habitants éloignés", NUMBER),
        ("Part", NUMBER),
        _BAR_COLUMN,
    ]
    return Table("Temps d'accès et éloignement, par gamme", columns, [Group("", rows)])


def service_table(diagnostic: Diagnostic, map_of: Callable[[str], str]) -> Table:
    """Services by gamme; `map_of` gives the address of a service's map, empty for none."""
    services = diagnostic.services
    groups = [
        Group(
            f"Gamme {gamme.label.lower()}",
            [
                _service_row(line, map_of(str(line["service"])))
                for _, line in services[services["gamme"] == gamme.id].iterrows()
            ],
        )
        for gamme in diagnostic.basket.gammes
    ]
    columns = [
        ("Service", TEXT),
        ("Équipements", NUMBER),
        ("Temps moyen (min)", NUMBER),
        ("Temps médian (min)", NUMBER),
        ("Temps le plus long (min)", NUMBER),
        ("Habitants non desservis", NUMBER),
        ("Part estimée", NUMBER),
        _BAR_COLUMN,
    ]
    return Table("Temps d'accès, par service", columns, groups)


def remote_table(diagnostic: Diagnostic) -> Table:
    """Remote communes, the most remote first, with their farthest services."""
    gammes = [*diagnostic.basket.gamme_ids, BASKET]
    remote = diagnostic.remote_communes
    rows = [
        [
            Cell(str(line["name"])),
            number_cell(line["population"]),
            Cell(_remote_words(diagnostic, line)),
            *(time_cell(line[f"{gamme}_min"]) for gamme in gammes),
            Cell(_farthest_words(diagnostic, line)),
        ]
        for _, line in pd.DataFrame(remote).iterrows()
    ]
    columns = [
        ("Commune", TEXT),
        ("Habitants", NUMBER),
        ("Éloignée de", TEXT),
        *((f"{gamme_label(diagnostic, gamme)} (min)", NUMBER) for gamme in gammes),
        ("Services les plus lointains", TEXT),
    ]
    return Table("Communes éloignées d'au moins une gamme", columns, [Group("", rows)])


def zone_table(diagnostic: Diagnostic) -> Table:
    """Zones of both layers, marked as on their map."""
    limit = diagnostic.thresholds_min.get(BASKET)
    above = "" if limit is None else f" au-delà de {threshold(limit)}"
    labels = {
        REMOTE_LAYER: "Communes contiguës éloignées d'au moins une gamme",
        BASKET_LAYER: f"Communes contiguës dont le temps moyen au panier est{above or ' élevé'}",
    }
    groups = [
        Group(label, [*_zone_rows(diagnostic, layer)])
        for layer, label in labels.items()
        if (diagnostic.zones["layer"] == layer).any()
    ]
    columns = [
        ("Zone", TEXT),
        ("Principales communes", TEXT),
        ("Communes", NUMBER),
        ("Habitants", NUMBER),
        ("Temps moyen au panier (min)", NUMBER),
    ]
    return Table("Zones, les plus peuplées d'abord", columns, groups)


def epci_table(diagnostic: Diagnostic) -> Table:
    """EPCI: size, mean times, remote communes and inhabitants."""
    gammes = [*diagnostic.basket.gamme_ids, BASKET]
    rows = [
        [
            Cell(_epci_name(line)),
            number_cell(line["communes"]),
            number_cell(line["population"]),
            *(time_cell(line[f"{gamme}_min"]) for gamme in gammes),
            number_cell(line["remote_communes"]),
            number_cell(line["remote_population"]),
        ]
        for _, line in diagnostic.epci.iterrows()
    ]
    columns = [
        ("EPCI", TEXT),
        ("Communes", NUMBER),
        ("Habitants", NUMBER),
        *((f"{gamme_label(diagnostic, gamme)} (min)", NUMBER) for gamme in gammes),
        ("Communes éloignées", NUMBER),
        ("Habitants éloignés", NUMBER),
    ]
    return Table("Temps d'accès et éloignement, par EPCI", columns, [Group("", rows)])


def contrast_table(diagnostic: Diagnostic) -> Table:
    """Remote communes against the others: basket and gammes first, then services."""
    table = diagnostic.remote_against_others
    labels = {BASKET: "Panier et gammes", "gamme": "Panier et gammes", "service": "Services"}
    heads = table["level"].map(labels)
    groups = [
        Group(head, [_contrast_row(line) for _, line in table[heads == head].iterrows()])
        for head in dict.fromkeys(labels.values())
    ]
    columns = [
        ("Gamme ou service", TEXT),
        ("Communes éloignées (min)", NUMBER),
        ("Autres communes (min)", NUMBER),
        ("Écart", NUMBER),
        ("Rapport", NUMBER),
    ]
    caption = "Temps d'accès moyen des habitants des communes éloignées et des autres"
    return Table(caption, columns, groups)


def _gamme_row(line: pd.Series) -> list[Cell]:
    whole = line["gamme"] == BASKET
    known, every = int(line["services_with_facility"]), int(line["services"])
    return [
        Cell("Ensemble du panier" if whole else str(line["label"])),
        Cell(number(every) if known == every else f"{number(known)} sur {number(every)}"),
        time_cell(line["mean_min"]),
        # The basket's threshold makes zones; no commune is called remote by it.
        Cell(MISSING if whole else threshold(line["threshold_min"])),
        number_cell(line["remote_communes"]),
        number_cell(line["remote_population"]),
        Cell(percent(line["remote_share"], decimals=1)),
        bar_cell(line),
    ]


def _service_row(line: pd.Series, href: str) -> list[Cell]:
    return [
        Cell(str(line["label"]), href=href),
        number_cell(line["facilities"]),
        time_cell(line["mean_min"]),
        number_cell(line["median_min"], decimals=1),
        number_cell(line["max_min"], decimals=1),
        number_cell(line["unreached_population"]),
        Cell(percent(line["estimate_share"])),
        bar_cell(line),
    ]


def _remote_words(diagnostic: Diagnostic, line: pd.Series) -> str:
    basket = diagnostic.basket
    names = [
        gamme.label.lower()
        for gamme in basket.gammes
        if not is_missing(flag := line[f"remote_{gamme.id}"]) and bool(flag)
    ]
    return listing(names)


def _farthest_words(diagnostic: Diagnostic, line: pd.Series) -> str:
    times = [
        (float(line[f"{service.id}_min"]), service.label)
        for service in diagnostic.basket.services
        if not is_missing(line[f"{service.id}_min"])
    ]
    times.sort(key=lambda item: -item[0])
    parts = [f"{label} ({minutes(time, decimals=0)})" for time, label in times[:_FARTHEST]]
    return ", ".join(parts) or MISSING


def _zone_rows(diagnostic: Diagnostic, layer: str) -> list[list[Cell]]:
    zones = pd.DataFrame(ordered_zones(diagnostic.zones, layer))
    return [
        [
            Cell(zone_mark(layer, rank)),
            Cell(str(line["name"])),
            number_cell(line["communes"]),
            number_cell(line["population"]),
            time_cell(line["mean_min"]),
        ]
        for rank, (_, line) in enumerate(zones.iterrows())
    ]


def _epci_name(line: pd.Series) -> str:
    code, name = str(line["epci"]), line["name"]
    if is_missing(name) or str(name) == code:
        return f"EPCI {code}"
    return f"{name} ({code})"


def _contrast_row(line: pd.Series) -> list[Cell]:
    ratio = number(line["ratio"], decimals=1)
    return [
        Cell(str(line["label"])),
        time_cell(line["remote_min"]),
        time_cell(line["others_min"]),
        Cell(minutes(line["extra_min"], signed=True)),
        Cell(ratio if ratio == MISSING else f"×{BEFORE_UNIT}{ratio}"),
    ]
