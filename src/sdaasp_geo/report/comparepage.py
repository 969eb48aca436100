"""The page of two vintages: what closed, opened and moved, and what that did to access."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.cells import NUMBER, TEXT, Cell, Group, Table, number_cell, time_cell
from sdaasp_geo.report.dossier import (
    Block,
    Section,
    embedded_maps,
    method_section,
    page_of,
    write_page,
)
from sdaasp_geo.report.french import BEFORE_UNIT, MISSING, count, is_missing, minutes, number
from sdaasp_geo.report.gaintables import commune_names
from sdaasp_geo.report.sentences import KeyFigure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.comparison import Comparison

FILE_NAME = "rapport-comparaison.html"
_SHOWN = 40
_CHANGES = {
    "closed": "Fermetures",
    "opened": "Ouvertures",
    "moved": "Déménagements",
    "recoded": "Changements de code, sans changement réel",
}
_CHANGE = {
    "closed": "fermeture",
    "opened": "ouverture",
    "moved": "déménagement",
    "recoded": "changement de code",
}
_ALERTS = {
    "unreached": "n'atteint plus le service",
    "minutes": "temps allongé",
    "last": "dernier lieu perdu",
}
_MAPS = {
    "changements": (
        "Ouvertures, fermetures, et ce qu'elles ont changé",
        "Carte des ouvertures et fermetures et du changement de temps par commune",
    ),
    "derniers-services": (
        "Communes qui ont perdu leur dernier lieu d'un service",
        "Carte des communes qui ont perdu leur dernier lieu d'un service",
    ),
}


def write_comparison_page(
    diagnostic: Diagnostic, comparison: Comparison, maps: Sequence[Path], folder: Path
) -> Path:
    """Write the page of two vintages as one self-contained HTML file.

    Parameters
    ----------
    diagnostic
        The new one of the two.
    comparison
        Finished tables; none is changed.
    maps
        As :func:`~sdaasp_geo.report.comparemaps.write_comparison_maps` names them.
    folder
        Made if it does not exist.

    Returns
    -------
    Path
        ``rapport-comparaison.html``.
    """
    figures = embedded_maps(maps, lambda name: _MAPS.get(name, (name, f"Carte {name}")))
    lead = [figures[name] for name in ("changements",) if name in figures]
    last = [figures[name] for name in ("derniers-services",) if name in figures]
    sections = [
        Section(
            "essentiel",
            "L'essentiel",
            "L'essentiel",
            [Block(items=[*_findings(comparison), *comparison.notes]), Block(maps=lead)],
            _key_figures(comparison),
        ),
        _alert_section(diagnostic, comparison),
        _last_section(diagnostic, comparison, [Block(maps=last)]),
        _zone_section(comparison),
        Section(
            "services",
            "Services",
            "Service par service",
            [Block(table=_service_table(comparison), legend=True, file="services.csv")],
        ),
        _change_section(diagnostic, comparison),
        _effect_section(diagnostic, comparison),
        _method(diagnostic),
    ]
    page = page_of(
        diagnostic,
        "Ce qui a ouvert et fermé",
        "Deux millésimes comparés",
        "Les équipements des deux millésimes sont rapprochés un à un ; un changement de code n'est "
        "pas une fermeture. Gains et pertes ne sont jamais compensés.",
        sections,
    )
    return write_page(page, folder / FILE_NAME)


def _key_figures(comparison: Comparison) -> list[KeyFigure]:
    numbers, summary = comparison.summary["facilities"], comparison.summary
    return [
        _figure(numbers["closed"], "fermeture", "fermetures"),
        _figure(numbers["opened"], "ouverture", "ouvertures"),
        _figure(
            summary["communes_that_lost_their_last"],
            "commune a perdu son dernier lieu d'un service",
            "communes ont perdu leur dernier lieu d'un service",
        ),
        _figure(summary["alerts"], "alerte", "alertes"),
    ]


def _figure(value: int, singular: str, plural: str) -> KeyFigure:
    return KeyFigure(number(value), singular if value < 2 else plural)


def _told(value: int, singular: str, plural: str) -> str:
    """Write a number of facilities with its verb."""
    return f"{count(value, 'équipement')} {singular if value < 2 else plural}"


def _findings(comparison: Comparison) -> list[str]:
    numbers = comparison.summary["facilities"]
    told = [
        (
            f"{_told(numbers['kept'], 'est resté en place', 'sont restés en place')}, "
            f"{_told(numbers['moved'], 'a déménagé', 'ont déménagé')} et "
            f"{_told(numbers['recoded'], 'a seulement changé', 'ont seulement changé')} de code."
        )
    ]
    labels = dict(zip(comparison.services["service"], comparison.services["label"], strict=True))
    for key, words in (
        ("inhabitants_losing", "Services où le plus d'habitants perdent"),
        ("inhabitants_newly_unreached", "Habitants sans plus aucun accès"),
        ("inhabitants_gaining", "Services où le plus d'habitants gagnent"),
    ):
        touched = list(comparison.summary[key].items())[:3]
        if touched:
            parts = [f"{labels[name]} ({number(people)})" for name, people in touched]
            told.append(f"{words}{BEFORE_UNIT}: {', '.join(parts)}.")
    return told


def _alert_section(diagnostic: Diagnostic, comparison: Comparison) -> Section:
    alerts = comparison.alerts
    if alerts.empty:
        none = Block(texts=["Aucun changement ne dépasse les seuils d'alerte."])
        return Section("alertes", "Alertes", "Les alertes", [none])
    rows = [
        [
            Cell(str(line["name"])),
            Cell(_label(diagnostic, line["service"])),
            Cell(_ALERTS.get(str(line["kind"]), str(line["kind"]))),
            Cell(minutes(line["change_min"], signed=True)),
            number_cell(line["inhabitants_losing"]),
        ]
        for _, line in alerts.head(_SHOWN).iterrows()
    ]
    columns = [
        ("Commune", TEXT),
        ("Service", TEXT),
        ("Alerte", TEXT),
        ("Temps moyen", NUMBER),
        ("Habitants perdants", NUMBER),
    ]
    table = Table("Alertes, les plus d'habitants d'abord", columns, [Group("", rows)])
    return Section("alertes", "Alertes", "Les alertes", [Block(table=table, file="alerts.csv")])


def _last_section(diagnostic: Diagnostic, comparison: Comparison, maps: Sequence[Block]) -> Section:
    lost = comparison.lost_last
    title = "Les communes qui ont perdu leur dernier lieu d'un service"
    if lost.empty:
        none = Block(texts=["Aucune commune n'a perdu son dernier lieu d'un service."])
        return Section("derniers", "Derniers services", title, [none])
    rows = [
        [
            Cell(str(line["name"])),
            number_cell(line["population"]),
            Cell(_label(diagnostic, line["service"])),
            number_cell(line["old_number"]),
            time_cell(line["paper_min"]),
            time_cell(line["new_min"]),
            number_cell(line["inhabitants_losing"]),
            number_cell(line["inhabitants_newly_unreached"]),
        ]
        for _, line in lost.head(_SHOWN).iterrows()
    ]
    columns = [
        ("Commune", TEXT),
        ("Habitants", NUMBER),
        ("Service", TEXT),
        ("Lieux avant", NUMBER),
        ("Temps avant (min)", NUMBER),
        ("Temps après (min)", NUMBER),
        ("Habitants perdants", NUMBER),
        ("Sans plus aucun accès", NUMBER),
    ]
    table = Table("Derniers lieux perdus", columns, [Group("", rows)])
    blocks = [*maps, Block(table=table, legend=True, file="lost_last.csv")]
    return Section("derniers", "Derniers services", title, blocks)


def _zone_section(comparison: Comparison) -> Section:
    groups = []
    for vintage, label in (("old", "Avant"), ("new", "Après")):
        part = pd.DataFrame(comparison.zones[comparison.zones["vintage"] == vintage])
        order = part.sort_values(["population", "name"], ascending=[False, True])
        rows = [
            [
                Cell(str(line["name"])),
                number_cell(line["communes"]),
                number_cell(line["population"]),
                time_cell(line["mean_min"]),
            ]
            for _, line in order.iterrows()
        ]
        groups.append(Group(label, rows))
    columns = [
        ("Zone", TEXT),
        ("Communes", NUMBER),
        ("Habitants", NUMBER),
        ("Panier aujourd'hui (min)", NUMBER),
    ]
    table = Table("Communes qui se touchent, sans aucun premier service", columns, groups)
    if table.empty:
        block = Block(texts=["Chaque commune a un premier service au moins, avant comme après."])
    else:
        block = Block(table=table, file="zones.csv")
    return Section("zones", "Zones", "Les zones sans premier service", [block])


def _service_table(comparison: Comparison) -> Table:
    rows = [
        [
            Cell(str(line["label"])),
            Cell(f"{number(line['old_number'])} → {number(line['new_number'])}"),
            number_cell(line["closed"]),
            number_cell(line["opened"]),
            number_cell(line["moved"]),
            number_cell(line["recoded"]),
            time_cell(line["old_min"]),
            time_cell(line["new_min"]),
            Cell(minutes(line["facilities_min"], decimals=2, signed=True)),
            number_cell(line["inhabitants_losing"]),
            number_cell(line["inhabitants_newly_unreached"]),
            number_cell(line["inhabitants_gaining"]),
        ]
        for _, line in comparison.services.iterrows()
    ]
    heads = ("Équipements", "Ferm.", "Ouv.", "Démén.", "Recodés", "Temps avant (min)",
             "Temps après (min)", "dont équipements", "Perdants",
             "Sans plus aucun accès", "Gagnants")  # fmt: skip
    columns = [("Service", TEXT), *((head, NUMBER) for head in heads)]
    return Table("Ce qui a changé, par service", columns, [Group("", rows)])


def _change_section(diagnostic: Diagnostic, comparison: Comparison) -> Section:
    changes = pd.DataFrame(comparison.changes)
    names = commune_names(diagnostic)
    groups = []
    for change, heading in _CHANGES.items():
        part = changes[changes["change"] == change]
        rows = [_change_row(diagnostic, names, line) for _, line in part.head(_SHOWN).iterrows()]
        label = f"{heading} ({number(part['count'].sum())})"
        groups.append(Group(label, rows))
    columns = [
        ("Équipement", TEXT),
        ("Service", TEXT),
        ("Commune", TEXT),
        ("Nombre", NUMBER),
        ("Précision", TEXT),
    ]
    table = Table("Équipements changés", columns, groups)
    text = f"Les {_SHOWN} premiers de chaque sorte." if len(changes) > _SHOWN else ""
    block = Block(texts=[text] if text else [], table=table, file="changes.csv")
    return Section("changements", "Changements", "Équipement par équipement", [block])


def _change_row(diagnostic: Diagnostic, names: dict[str, str], line: pd.Series) -> list[Cell]:
    side = "old" if line["change"] == "closed" else "new"
    commune = str(line[f"commune_{side}"])
    return [
        Cell(_text(line[f"facility_{side}"])),
        Cell(_label(diagnostic, line[f"service_{side}"])),
        Cell(names.get(commune, commune)),
        number_cell(line["count"]),
        Cell(_detail(diagnostic, line)),
    ]


def _detail(diagnostic: Diagnostic, line: pd.Series) -> str:
    if line["change"] == "moved" and not is_missing(line["distance_m"]):
        return f"à {number(line['distance_m'])}{BEFORE_UNIT}m de l'ancien lieu"
    if line["change"] == "recoded":
        before = _label(diagnostic, line["service_old"])
        return f"était {before} ({_text(line['code_old'])} → {_text(line['code_new'])})"
    return "" if line["which_known"] else "on ne sait pas lequel"


def _effect_section(diagnostic: Diagnostic, comparison: Comparison) -> Section:
    effects = comparison.effects[comparison.effects["inhabitants"] > 0]
    names = commune_names(diagnostic)
    rows = [
        [
            Cell(names.get(str(line["commune"]), str(line["commune"]))),
            Cell(_label(diagnostic, line["service"])),
            Cell(f"{_CHANGE[line['change']]} ({'perte' if line['effect'] == 'loss' else 'gain'})"),
            number_cell(line["inhabitants"]),
            Cell(minutes(line["mean_min"])),
            Cell(minutes(line["largest_min"])),
            number_cell(line["inhabitants_without"]),
        ]
        for _, line in effects.head(_SHOWN).iterrows()
    ]
    columns = [
        ("Commune", TEXT),
        ("Service", TEXT),
        ("Changement", TEXT),
        ("Habitants touchés", NUMBER),
        ("en moyenne", NUMBER),
        ("au plus", NUMBER),
        ("Sans autre accès", NUMBER),
    ]
    table = Table("Effet de chaque changement, pris seul", columns, [Group("", rows)])
    text = (
        "Une fermeture est mesurée comme si elle était seule ; des effets voisins se recouvrent et "
        "ne s'additionnent pas. Les minutes sont celles des habitants qui ont un autre accès ; les "
        "autres sont comptés à part, sous « sans autre accès »."
    )
    if table.empty:
        text = "Aucun changement ne touche le temps d'accès d'un habitant."
    block = Block(texts=[text], table=table, file="effects.csv")
    return Section("effets", "Effets", "Ce que chaque changement a fait", [block])


def _method(diagnostic: Diagnostic) -> Section:
    texts = [
        (
            "Les deux millésimes sont mesurés sur les routes d'aujourd'hui, pour les habitants "
            "d'aujourd'hui, selon les mêmes règles : l'écart « dont équipements » vient des seules "
            "ouvertures, fermetures et déménagements réels, et des seuls habitants qui ont un accès "
            "avant et après. Qui perd tout accès n'a plus de temps et quitte la moyenne, qui peut "
            "alors baisser sans que personne y gagne : leur nombre est à part. Ce qui vient des codes, des positions "
            "corrigées, des routes ou des habitants est à part (services.csv)."
        ),
        (
            "Deux équipements sont le même s'ils ont le même identifiant, ou le même service à un "
            "même endroit, à la tolérance près."
        ),
    ]
    limits = [
        (
            "Un équipement absent du fichier n'est pas toujours fermé, ni un nouveau toujours ouvert : "
            "les fichiers s'améliorent d'une année à l'autre."
        ),
    ]
    return method_section(diagnostic, texts, limits, [])


def _label(diagnostic: Diagnostic, service: object) -> str:
    known = diagnostic.basket.service_ids
    name = _text(service)
    return diagnostic.basket.service(name).label if name in known else name


def _text(value: object) -> str:
    return MISSING if is_missing(value) else str(value)
