"""Two pages on how solid things are: fragile facilities, and answers under other choices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.cells import NUMBER, TEXT, Cell, Group, Table, number_cell
from sdaasp_geo.report.checkmaps import NUMBERED
from sdaasp_geo.report.dossier import (
    Block,
    Section,
    embedded_maps,
    method_section,
    page_of,
    write_page,
)
from sdaasp_geo.report.french import MISSING, count, is_missing, minutes, number, percent
from sdaasp_geo.report.gaintables import commune_names
from sdaasp_geo.report.sentences import KeyFigure
from sdaasp_geo.report.words import BASKET, gamme_label

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.sensitivity import Sensitivity

CRITICALITY_FILE, SENSITIVITY_FILE = "rapport-fragilite.html", "rapport-sensibilite.html"
_SHOWN = 50
_KINDS = {"one_at_a_time": "un choix à la fois", "sample": "tous ensemble"}
_RULES = {": routed": " par la route", ": zero": " à 0 min", ": internal_estimate": " estimée"}
_FIGURES = {
    "remote.communes": "Communes éloignées",
    "remote.population": "Habitants en commune éloignée",
    "remote.population_share": "Part des habitants en commune éloignée",
    "unreached.population": "Habitants sans accès à un service",
    "inhabitants_gaining": "Habitants gagnants",
    "inhabitants_losing": "Habitants perdants",
    "mean_gain_of_gainers_min": "Gain moyen des gagnants",
    "gainers_in_remote_communes": "Gagnants en commune éloignée",
}


def write_criticality_page(
    diagnostic: Diagnostic, table: gpd.GeoDataFrame, maps: Sequence[Path], folder: Path
) -> Path:
    """Write the page of fragile facilities as one self-contained HTML file.

    Parameters
    ----------
    diagnostic
        The one that they were looked for on.
    table
        From :func:`~sdaasp_geo.scenarios.criticality.criticality`; it is not changed.
    maps
        As :func:`~sdaasp_geo.report.checkmaps.write_criticality_map` names them.
    folder
        Made if it does not exist.

    Returns
    -------
    Path
        ``rapport-fragilite.html``.
    """
    alt = "Carte des équipements dont la fermeture coûterait le plus"
    figures = embedded_maps(maps, lambda _: ("Les équipements les plus critiques", alt))
    missed = table[table["inhabitants_losing"] > 0]
    without = int((table["inhabitants_newly_unreached"] > 0).sum())
    key = [
        KeyFigure(
            number(len(missed)), f"équipements manqueraient à quelqu'un, sur {number(len(table))}"
        ),
        KeyFigure(number(without), "laisseraient des habitants sans aucun accès au service"),
    ]
    text = (
        "Si cet équipement fermait, et lui seul, qui perdrait combien. D'abord ceux dont la "
        "fermeture laisserait des habitants sans aucun accès, puis ceux qui coûteraient le plus de "
        f"minutes en tout. Les {NUMBERED} premiers ont leur numéro sur la carte."
    )
    blocks = [
        Block(texts=[text], maps=list(figures.values())),
        Block(table=criticality_table(diagnostic, missed), file="criticality.csv"),
    ]
    sections = [
        Section("fragiles", "Équipements fragiles", "Les équipements fragiles", blocks, key),
        method_section(
            diagnostic,
            ["Chaque équipement est fermé seul, et tout est mesuré à nouveau sans lui."],
            [
                "Une fermeture annoncée ou probable n'est pas dans ces chiffres : ce sont des « si »."
            ],
            [],
        ),
    ]
    under = "Ce que coûterait chaque fermeture, prise seule."
    page = page_of(diagnostic, "Équipements fragiles", "Si cet équipement fermait", under, sections)
    return write_page(page, folder / CRITICALITY_FILE)


def criticality_table(diagnostic: Diagnostic, missed: pd.DataFrame) -> Table:
    """Most critical facilities or sites, in the order of the table."""
    names = commune_names(diagnostic)
    rows = [
        [
            Cell(f"{rank}. {_who(line)}"),
            Cell(_services(diagnostic, line)),
            Cell(str(names.get(line["commune"], line["commune"]))),
            number_cell(line["inhabitants_newly_unreached"]),
            number_cell(line["inhabitants_losing"]),
            number_cell(line["inhabitants_losing_over_10_min"]),
            Cell(minutes(line["mean_loss_min"])),
            Cell(minutes(line["worst_loss_min"])),
            Cell(str(names.get(line["worst_commune"], _text(line["worst_commune"])))),
        ]
        for rank, (_, line) in enumerate(pd.DataFrame(missed).head(_SHOWN).iterrows(), start=1)
    ]
    columns = [
        ("Équipement", TEXT),
        ("Service", TEXT),
        ("Commune", TEXT),
        ("Sans autre accès", NUMBER),
        ("Habitants perdants", NUMBER),
        ("dont plus de 10 min", NUMBER),
        ("Perte moyenne", NUMBER),
        ("au plus", NUMBER),
        ("Commune la plus touchée", TEXT),
    ]
    return Table("Les plus critiques", columns, [Group("", rows)])


def write_sensitivity_page(
    diagnostic: Diagnostic, result: Sensitivity, maps: Sequence[Path], folder: Path
) -> Path:
    """Write the page of an answer under other choices as one self-contained HTML file.

    Parameters
    ----------
    diagnostic
        The one that was varied.
    result
        Finished tables; none is changed.
    maps
        As :func:`~sdaasp_geo.report.checkmaps.write_sensitivity_map` names them.
    folder
        Made if it does not exist.

    Returns
    -------
    Path
        ``rapport-sensibilite.html``.
    """
    alt = "Carte des communes toujours, parfois ou jamais éloignées selon les hypothèses"
    figures = embedded_maps(maps, lambda _: ("Ce qui tient et ce qui change", alt))
    told = result.summary
    key = [
        KeyFigure(number(told["communes_always_remote"]), "communes toujours éloignées"),
        KeyFigure(number(told["communes_that_flip"]), "communes dont l'éloignement change"),
        KeyFigure(number(told["communes_never_remote"]), "communes jamais éloignées"),
        KeyFigure(number(told["runs"]), "calculs, le diagnostic compris"),
    ]
    sections = [
        Section(
            "essentiel",
            "L'essentiel",
            "L'essentiel",
            [Block(items=_findings(result)), Block(maps=list(figures.values()))],
            key,
        ),
        _flip_section(result),
        _range_section(diagnostic, result),
        *_site_sections(result),
        method_section(
            diagnostic,
            [
                (
                    f"Le calcul est refait {number(told['variants'])} fois en changeant un seul choix, et "
                    f"{number(told['samples'])} fois en tirant tous les choix au sort dans leurs plages."
                )
            ],
            [
                (
                    "Ces plages sont celles de l'analyste, pas des probabilités : une commune éloignée "
                    "dans 80 % des tirages ne l'est pas « à 80 % »."
                )
            ],
            [],
        ),
    ]
    under = "Ce qui reste vrai quand les hypothèses changent, et ce qui en dépend."
    page = page_of(diagnostic, "Solidité des résultats", "Sensibilité", under, sections)
    return write_page(page, folder / SENSITIVITY_FILE)


def _findings(result: Sensitivity) -> list[str]:
    told = result.summary
    flips = told["communes_that_flip"]
    items = [
        (
            f"{count(flips, 'commune')} {'change' if flips < 2 else 'changent'} d'éloignement d'une "
            "hypothèse à l'autre : elles sont près d'un seuil, ou tiennent à une règle."
        )
    ]
    if told["runs_with_other_sites"] is not None:
        other = told["runs_with_other_sites"]
        items.append(
            f"Les meilleurs sites sont d'autres dans {count(other, 'calcul')} sur "
            f"{number(told['runs'] - 1)}."
        )
    return items


def _flip_section(result: Sensitivity) -> Section:
    table = result.communes
    flips = table[~table["steady"]].sort_values(["population", "commune"], ascending=[False, True])
    rows = [
        [
            Cell(str(line["name"])),
            number_cell(line["population"]),
            Cell(_flag(line["remote"])),
            Cell(percent(line["share_of_variants"])),
            Cell(percent(line["share_of_samples"])),
            Cell(_flip_words(str(line["flips"]))),
        ]
        for _, line in flips.head(_SHOWN).iterrows()
    ]
    columns = [
        ("Commune", TEXT),
        ("Habitants", NUMBER),
        ("Dans le diagnostic", TEXT),
        ("Éloignée, un choix à la fois", NUMBER),
        ("Éloignée, tous ensemble", NUMBER),
        ("Choix qui, seuls, la font changer", TEXT),
    ]
    shown = Table("Communes dont l'éloignement change", columns, [Group("", rows)])
    if shown.empty:
        block = Block(texts=["Aucune commune ne change d'éloignement."])
    else:
        block = Block(table=shown, file="communes.csv")
    return Section("communes", "Communes", "Les communes qui changent", [block])


def _range_section(diagnostic: Diagnostic, result: Sensitivity) -> Section:
    rows = [
        [
            Cell(_figure_label(diagnostic, str(line["figure"]))),
            Cell(_KINDS.get(str(line["kind"]), str(line["kind"]))),
            *(
                Cell(_figure(str(line["figure"]), line[name]))
                for name in ("reference", "min", "p05", "median", "p95", "max")
            ),
        ]
        for _, line in result.ranges.iterrows()
        if _figure_label(diagnostic, str(line["figure"]))
    ]
    heads = (
        "Diagnostic",
        "Le plus bas",
        "5 % plus bas",
        "Médiane",
        "5 % plus haut",
        "Le plus haut",
    )
    columns = [("Chiffre", TEXT), ("Calculs", TEXT), *((head, NUMBER) for head in heads)]
    table = Table("Jusqu'où vont les chiffres", columns, [Group("", rows)])
    block = Block(table=table, file="ranges.csv")
    return Section("chiffres", "Chiffres", "Les chiffres et leurs plages", [block])


def _site_sections(result: Sensitivity) -> list[Section]:
    if result.sites is None:
        return []
    rows = [
        [
            Cell(str(line["site"])),
            Cell("oui" if line["reference"] else "non"),
            Cell(percent(line["share_of_variants"])),
            Cell(percent(line["share_of_samples"])),
        ]
        for _, line in result.sites.iterrows()
    ]
    columns = [
        ("Site", TEXT),
        ("Choisi sans rien changer", TEXT),
        ("Choisi, un choix à la fois", NUMBER),
        ("Choisi, tous ensemble", NUMBER),
    ]
    table = Table("Sites choisis selon les hypothèses", columns, [Group("", rows)])
    block = Block(table=table, file="sites.csv")
    return [Section("sites", "Sites", "Les meilleurs sites changent-ils ?", [block])]


def _figure_label(diagnostic: Diagnostic, figure: str) -> str:
    """French name of a figure; empty for one that the page leaves to the file."""
    head, _, item = figure.partition(".")
    if head == "mean_min":
        name = "panier" if item == BASKET else f"gamme {gamme_label(diagnostic, item).lower()}"
        return f"Temps moyen, {name}"
    if head == "population_share_within_min":
        return f"Habitants à {item} min au plus du panier"
    return _FIGURES.get(figure, "")


def _figure(name: str, value: float) -> str:
    if "share" in name:
        return percent(value, decimals=1)
    return minutes(value) if "_min" in name else number(value)


def _who(line: pd.Series) -> str:
    if "facility" not in line:
        return f"Site {line['site']} ({count(line['facilities'], 'équipement')})"
    name = line.get("name")
    return str(line["facility"]) if is_missing(name) else f"{name} ({line['facility']})"


def _services(diagnostic: Diagnostic, line: pd.Series) -> str:
    ids = [line["service"]] if "service" in line else str(line["services"]).split(";")
    return ", ".join(diagnostic.basket.service(str(name)).label for name in ids)


def _flip_words(flips: str) -> str:
    """Name the variants, their rules in French."""
    if not flips:
        return MISSING
    for rule, words in _RULES.items():
        flips = flips.replace(rule, words)
    return flips.replace(";", " ; ")


def _flag(value: object) -> str:
    if is_missing(value):
        return "non déterminé"
    return "éloignée" if bool(value) else "non éloignée"


def _text(value: object) -> str:
    return MISSING if is_missing(value) else str(value)
