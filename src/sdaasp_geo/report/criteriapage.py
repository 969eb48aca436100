"""The page of criteria and of the dashboard: lights with their words, who is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report.cells import NUMBER, TEXT, Cell, Group, Table, number_cell, time_cell
from sdaasp_geo.report.dossier import (
    Block,
    LightCell,
    Section,
    embedded_maps,
    method_section,
    page_of,
    write_page,
)
from sdaasp_geo.report.french import MISSING, count, is_missing, number, percent
from sdaasp_geo.report.gaintables import note_table
from sdaasp_geo.report.words import reason_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.criteria import Judgement
    from sdaasp_geo.scenarios.dashboard import Dashboard

FILE_NAME = "rapport-criteres.html"
_SHOWN = 60
_SHARE = "part"
_LIGHTS = {"green": "good", "orange": "middle", "red": "bad"}
_REASONS = {
    "too_far": "trop loin",
    "no_place_in_area": "aucun lieu dans son secteur",
    "incomplete_mean": "un service de la moyenne n'est pas atteint",
}


def write_criteria_page(
    diagnostic: Diagnostic,
    judgement: Judgement | None,
    board: Dashboard | None,
    maps: Sequence[Path],
    folder: Path,
) -> Path:
    """Write the page of criteria, of a dashboard, or of both, as one HTML file.

    Parameters
    ----------
    diagnostic
        The one that they were judged on.
    judgement, board
        Finished tables; none is changed. None for what was not asked.
    maps
        As :func:`~sdaasp_geo.report.checkmaps.write_criteria_map` names them.
    folder
        Made if it does not exist.

    Returns
    -------
    Path
        ``rapport-criteres.html``.
    """
    alt = "Carte du nombre de critères non satisfaits, par commune"
    figures = embedded_maps(maps, lambda _: ("Critères non satisfaits, par commune", alt))
    sections = [] if board is None else [_board_section(board)]
    title = "Tableau de bord" if board is not None else ""
    if judgement is not None:
        title = judgement.label or "Critères"
        maps_block = Block(maps=list(figures.values()))
        sections += [_criteria_section(judgement, maps_block), _left_section(judgement)]
        if not judgement.areas.empty:
            sections.append(_area_section(judgement))
    sections.append(_method(diagnostic))
    under = (
        "Ce qui est atteint, ce qui ne l'est pas, pour qui et où. Chaque voyant est dit en mots."
    )
    page = page_of(diagnostic, title, "Critères et objectifs", under, sections)
    return write_page(page, folder / FILE_NAME)


def _board_section(board: Dashboard) -> Section:
    rows = [
        [
            Cell(f"{line['label']}{_unverified(line)}"),
            LightCell(str(line["colour_label"]), light=_LIGHTS.get(str(line["colour"]), "unknown")),
            Cell(_value(line, "value")),
            Cell(_value(line, "start")),
            Cell(_value(line, "intermediate")),
            Cell(_value(line, "target")),
            Cell(percent(line["progress_share"])),
            Cell(_text(line["note"])),
        ]
        for _, line in board.indicators.iterrows()
    ]
    columns = [
        ("Indicateur", TEXT),
        ("Voyant", TEXT),
        ("Valeur", NUMBER),
        ("Départ", NUMBER),
        ("Étape", NUMBER),
        ("Cible", NUMBER),
        ("Chemin parcouru", NUMBER),
        ("Remarque", TEXT),
    ]
    text = (
        "Vert (rond) : la cible est atteinte. Orange (losange) : l'étape est atteinte. Rouge "
        "(carré) : elle ne l'est pas. Sans donnée (vide) : aucune valeur, donc aucun jugement."
    )
    table = Table(board.label or "Tableau de bord", columns, [Group("", rows)])
    block = Block(texts=[text], table=table, file="dashboard.csv")
    return Section("tableau-de-bord", "Tableau de bord", "Le tableau de bord", [block])


def _criteria_section(judgement: Judgement, maps: Block) -> Section:
    rows = [
        [
            Cell(f"{line['label']}{_unverified(line)}"),
            _met_cell(line),
            Cell(percent(line["share_meeting"], decimals=1)),
            number_cell(line["inhabitants_left_out"]),
            number_cell(line["inhabitants_without_time"]),
            number_cell(line["communes_left_out"]),
            Cell(_areas(line)),
            Cell(_text(line["source"])),
        ]
        for _, line in judgement.criteria.iterrows()
    ]
    columns = [
        ("Critère", TEXT),
        ("Voyant", TEXT),
        ("Habitants qui y satisfont", NUMBER),
        ("Habitants laissés de côté", NUMBER),
        ("dont sans accès", NUMBER),
        ("Communes", NUMBER),
        ("Secteurs", NUMBER),
        ("Source", TEXT),
    ]
    table = Table("Les critères", columns, [Group("", rows)])
    blocks = [
        Block(table=table, file="criteria.csv"),
        Block(table=note_table(judgement.notes)),
        maps,
    ]
    return Section("criteres", "Critères", "Les critères, un à un", blocks)


def _met_cell(line: pd.Series) -> LightCell:
    if is_missing(line["met"]):
        why = "" if is_missing(line.get("note")) else f" : {line['note']}"
        return LightCell(f"non mesurable{why}", light="unknown")
    met = bool(line["met"])
    return LightCell("satisfait" if met else "non satisfait", light="good" if met else "bad")


def _left_section(judgement: Judgement) -> Section:
    communes, labels = judgement.communes, _labels(judgement)
    groups = []
    reasons = judgement.left_out.groupby(["criterion", "commune"])["reason"].first()
    for criterion, label in labels.items():
        part = communes[communes["criterion"] == criterion]
        order = part.sort_values(["inhabitants_left_out", "commune"], ascending=[False, True])
        rows = [
            [
                Cell(str(line["name"])),
                number_cell(line["inhabitants_left_out"]),
                Cell(percent(line["share_left_out"])),
                time_cell(line["mean_min"]),
                Cell(_reason(reasons.get((criterion, line["commune"])))),
                Cell(_nearest(line)),
            ]
            for _, line in order.head(_SHOWN).iterrows()
        ]
        groups.append(Group(label, rows))
    columns = [
        ("Commune", TEXT),
        ("Habitants laissés de côté", NUMBER),
        ("Part de la commune", NUMBER),
        ("Leur temps moyen (min)", NUMBER),
        ("Pourquoi", TEXT),
        ("Lieu existant le plus proche", TEXT),
    ]
    table = Table("Laissés de côté, par critère et par commune", columns, groups)
    if table.empty:
        block = Block(texts=["Aucun habitant n'est laissé de côté par un critère mesurable."])
    else:
        people = count(len(communes["commune"].unique()), "commune")
        block = Block(
            texts=[f"{people} ont des habitants laissés de côté."],
            table=table,
            legend=True,
            file="communes.csv",
        )
    return Section("oublies", "Laissés de côté", "Les habitants laissés de côté", [block])


def _area_section(judgement: Judgement) -> Section:
    labels = _labels(judgement)
    rows = [
        [
            Cell(f"{line['area']} ({line['level']})"),
            Cell(labels.get(str(line["criterion"]), str(line["criterion"]))),
            _met_cell(line),
            number_cell(line["population"]),
            number_cell(line["places"]),
            Cell(_text(line["place_names"])),
        ]
        for _, line in judgement.areas.iterrows()
    ]
    columns = [
        ("Secteur", TEXT),
        ("Critère", TEXT),
        ("Voyant", TEXT),
        ("Habitants", NUMBER),
        ("Lieux", NUMBER),
        ("Lesquels", TEXT),
    ]
    table = Table("Secteurs", columns, [Group("", rows)])
    block = Block(table=table, file="areas.csv")
    return Section("secteurs", "Secteurs", "Secteur par secteur", [block])


def _method(diagnostic: Diagnostic) -> Section:
    texts = [
        (
            "Un habitant satisfait à un critère si son temps d'accès est au plus celui du critère, et, "
            "quand un lieu par secteur est demandé, si un lieu se trouve dans son secteur. Les parts "
            "sont celles de tous les habitants : qui n'a aucun accès ne satisfait à rien. Ce qui ne "
            "peut être mesuré est dit « non mesurable », ce qui n'est pas 0 %."
        ),
    ]
    return method_section(diagnostic, texts, [], [])


def _labels(judgement: Judgement) -> dict[str, str]:
    table = judgement.criteria
    return dict(zip(table["criterion"].astype(str), table["label"].astype(str), strict=True))


def _areas(line: pd.Series) -> str:
    if is_missing(line["areas"]):
        return MISSING
    return f"{number(line['areas_meeting'])} sur {number(line['areas'])}"


def _nearest(line: pd.Series) -> str:
    if is_missing(line["place"]):
        return "aucun"
    name = line["place"] if is_missing(line["place_name"]) else line["place_name"]
    where = line["place_commune_name"]
    return str(name) if is_missing(where) else f"{name}, à {where}"


def _reason(value: object) -> str:
    return MISSING if is_missing(value) else _REASONS.get(str(value), reason_words(str(value)))


def _value(line: pd.Series, name: str) -> str:
    value = line[name]
    if is_missing(value):
        return MISSING
    if line["unit"] == _SHARE:
        return percent(float(value), decimals=1)
    whole = float(value).is_integer()
    unit = "" if is_missing(line["unit"]) else str(line["unit"])
    return f"{number(value, decimals=0 if whole else 1)} {unit}".strip()


def _unverified(line: pd.Series) -> str:
    return " (valeur à vérifier)" if bool(line["unverified"]) else ""


def _text(value: object) -> str:
    return MISSING if is_missing(value) or value == "" else str(value)
