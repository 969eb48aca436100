"""The page of the best sites: which, how surely, what else was possible, who is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.cells import NUMBER, TEXT, Cell, Group, Table, number_cell
from sdaasp_geo.report.dossier import (
    Block,
    Section,
    embedded_maps,
    method_section,
    page_of,
    write_page,
)
from sdaasp_geo.report.french import MISSING, count, is_missing, listing, minutes, number
from sdaasp_geo.report.gaintables import NAMED_AT_MOST, change_cell, note_table
from sdaasp_geo.report.sentences import KeyFigure
from sdaasp_geo.report.sitingwords import (
    FIGURES,
    figure_text,
    figure_words,
    found_words,
    gap_words,
    missing_words,
    objective_words,
    status_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.siting.result import SitingResult

FILE_NAME = "rapport-implantation.html"
_SHOWN = 25
# Kinds of remarks that stand among the findings.
_FOUND = ("imposed", "arbitrary")
_PROOF = (
    "Le choix est un programme en nombres entiers : un solveur (HiGHS) prouve qu'aucun autre "
    "choix ne fait mieux, ou dit de combien on peut en être loin. Le choix est ensuite refait "
    "par la simulation complète, et les deux chiffres sont donnés."
)
_HEURISTIC = (
    "La question est trop grande pour une preuve : les sites sont ajoutés un à un, le meilleur "
    "d'abord, puis échangés tant que l'on y gagne. Le choix est ensuite refait par la simulation "
    "complète, et les deux chiffres sont donnés."
)
_STATUS = {
    "optimal": "optimum prouvé",
    "within_gap": "prouvée à l'écart demandé près",
    "time_limit": "non prouvée, temps écoulé",
    "heuristic": "non prouvée",
}


def write_siting_page(
    diagnostic: Diagnostic, result: SitingResult, maps: Sequence[Path], folder: Path
) -> Path:
    """Write the page of a choice of sites as one self-contained HTML file.

    Parameters
    ----------
    diagnostic
        The one that the sites were chosen on.
    result
        Finished tables; none is changed.
    maps
        As :func:`~sdaasp_geo.report.sitingmaps.write_siting_maps` names them.
    folder
        Made if it does not exist.

    Returns
    -------
    Path
        ``rapport-implantation.html``.
    """
    figures = embedded_maps(maps, lambda name: _map_words(diagnostic, name))
    sections = [
        Section(
            "essentiel",
            "L'essentiel",
            "L'essentiel",
            [
                Block(items=_findings(result)),
                Block(table=figures_table(result)),
                Block(texts=_without_mean(result)),
                Block(maps=list(figures.values())),
                Block(
                    table=note_table(
                        result.notes[~result.notes["kind"].isin([result.status, *_FOUND])]
                    )
                ),
            ],
            _key_figures(result),
        ),
        _site_section(diagnostic, result),
        _alternative_section(result),
        _commune_section(diagnostic, result),
        _left_out(diagnostic, result),
        _method(diagnostic, result),
    ]
    page = page_of(
        diagnostic,
        "Où ouvrir les prochains sites",
        "Choix des meilleurs sites",
        f"Demande : {objective_words(result.summary)}. {found_words(result.summary)}.",
        sections,
    )
    return write_page(page, folder / FILE_NAME)


def _key_figures(result: SitingResult) -> list[KeyFigure]:
    summary = result.summary
    after = summary.get("figures", {})
    among = count(summary["candidates"], "candidat")
    chosen = "site choisi" if summary["count"] < 2 else "sites choisis"
    key = [KeyFigure(number(summary["count"]), f"{chosen} parmi {among}")]
    key += [
        KeyFigure(figure_text(name, after[name]), figure_words(summary, name).lower())
        for name in FIGURES
        if not is_missing(after.get(name))
    ]
    if summary["inhabitants_blocking"]:
        key.append(KeyFigure(number(summary["inhabitants_blocking"]), "habitants concernés"))
    return key[:4]


def _findings(result: SitingResult) -> list[str]:
    summary = result.summary
    told = [f"{status_words(result)} {gap_words(summary)}".strip()]
    told += result.notes.loc[result.notes["kind"].isin(_FOUND), "note"].tolist()
    if len(result.sites):
        names = listing([str(name) for name in result.sites["name"]])
        told.append(f"Sites choisis : {names}.")
    if summary["least_count"] is not None:
        told.append(f"Il faut au moins {count(summary['least_count'], 'site')} pour tous.")
    if summary["inhabitants_unserved"]:
        people = count(summary["inhabitants_unserved"], "habitant")
        told.append(f"{people} ne sont servis ni aujourd'hui ni par aucun candidat.")
    others = result.alternatives["solution"].nunique() - 1
    if others > 0:
        told.append(
            f"{count(others, 'autre choix', 'autres choix')} presque aussi "
            f"{'bon' if others < 2 else 'bons'} : voir plus bas ce qui les distingue."
        )
    return told


def _without_mean(result: SitingResult) -> list[str]:
    """Say why there is no mean, where there is none."""
    after = result.summary.get("figures", result.summary["figures_before"])
    if not is_missing(after["mean_min"]):
        return []
    return [
        (
            "Il n'y a ni temps moyen ni temps le plus long : des habitants n'ont de route vers aucun "
            "lieu d'un des services, même avec ces sites."
        )
    ]


def figures_table(result: SitingResult) -> Table:
    """Figures of a choice: before, after by the matrix, after by the whole simulation."""
    summary = result.summary
    sides = [summary["figures_before"], summary.get("figures"), summary.get("figures_simulated")]
    rows = [
        [
            Cell(figure_words(summary, name)),
            *(Cell(figure_text(name, (side or {}).get(name))) for side in sides),
        ]
        for name in FIGURES
        if any(not is_missing((side or {}).get(name)) for side in sides)
    ]
    columns = [
        ("Chiffre", TEXT),
        ("Aujourd'hui", NUMBER),
        ("Avec les sites choisis", NUMBER),
        ("Vérifié par la simulation complète", NUMBER),
    ]
    return Table("Ce que le choix apporte", columns, [Group("", rows)])


def site_table(diagnostic: Diagnostic, result: SitingResult) -> Table:
    """Chosen sites with what would be lost without each."""
    communes = diagnostic.communes
    names = dict(zip(communes["commune"], communes["name"], strict=True))
    numbered = len(result.sites) > NAMED_AT_MOST
    rows = [
        [
            Cell(f"{line['rank']}. {line['name']}" if numbered else str(line["name"])),
            Cell(str(names.get(line["commune"], line["commune"]))),
            Cell("imposé" if line["locked"] else "choisi"),
            number_cell(line["inhabitants_served"]),
            number_cell(line["lost_inhabitants_gaining"]),
            number_cell(line["lost_inhabitants_within"]),
            Cell(_lost(line["lost_mean_min"])),
        ]
        for _, line in pd.DataFrame(result.sites).iterrows()
    ]
    columns = [
        ("Site", TEXT),
        ("Commune", TEXT),
        ("Choix", TEXT),
        ("Habitants qu'il rapproche le plus", NUMBER),
        ("Gagnants en moins sans lui", NUMBER),
        ("Habitants sous le seuil en moins sans lui", NUMBER),
        ("Temps moyen en plus sans lui", NUMBER),
    ]
    return Table("Les sites choisis, et ce que chacun apporte", columns, [Group("", rows)])


def alternative_table(result: SitingResult) -> Table:
    """Best sets, by what each has that the best has not, and the other way round."""
    table = result.alternatives
    best = set(table.loc[table["solution"] == 1, "name"])
    rows = []
    for rank, part in table.groupby("solution"):
        own = set(part["name"])
        first = part.iloc[0]
        rows.append(
            [
                Cell(f"Choix {rank}"),
                Cell(_value(result, float(first["value"]))),
                Cell(_STATUS.get(str(first["status"]), str(first["status"]))),
                Cell(listing(sorted(own - best)) or MISSING),
                Cell(listing(sorted(best - own)) or MISSING),
            ]
        )
    columns = [
        ("Choix", TEXT),
        ("Valeur", NUMBER),
        ("Preuve", TEXT),
        ("En plus du meilleur choix", TEXT),
        ("En moins", TEXT),
    ]
    return Table("Les meilleurs choix, et ce qui les distingue", columns, [Group("", rows)])


def _site_section(diagnostic: Diagnostic, result: SitingResult) -> Section:
    table = site_table(diagnostic, result)
    if table.empty:
        return Section("sites", "Sites", "Les sites", [Block(texts=["Aucun site n'est choisi."])])
    text = (
        "« Sans lui » compare le choix entier au même choix privé de ce seul site. Les parts ne "
        "s'additionnent pas : deux sites voisins se remplacent en partie."
    )
    return Section(
        "sites", "Sites", "Les sites choisis", [Block(texts=[text], table=table, file="sites.csv")]
    )


def _alternative_section(result: SitingResult) -> Section:
    table = alternative_table(result)
    if result.alternatives["solution"].nunique() < 2:
        block = Block(texts=["Un seul choix a été demandé ou trouvé."])
    else:
        steady = _steady(result)
        text = (
            f"Dans tous ces choix : {listing(steady)}."
            if steady
            else ("Aucun site n'est dans tous ces choix.")
        )
        block = Block(texts=[text], table=table, file="alternatives.csv")
    return Section("alternatives", "Autres choix", "Les autres bons choix", [block])


def _steady(result: SitingResult) -> list[str]:
    """Sites that all the best sets have."""
    table = result.alternatives
    sets = table["solution"].nunique()
    times = table.groupby("name")["solution"].nunique()
    return sorted(str(name) for name in times[times == sets].index)


def _commune_section(diagnostic: Diagnostic, result: SitingResult) -> Section:
    communes = result.gain_by_commune(diagnostic.communes)
    gaining = communes[communes["inhabitants_gaining"] > 0]
    order = ["gain_min", "inhabitants_gaining", "commune"]
    best = gaining.sort_values(order, ascending=[False, False, True]).head(_SHOWN)
    rows = [
        [
            Cell(str(line["name"])),
            number_cell(line["inhabitants_gaining"]),
            change_cell(line["gain_min"]),
        ]
        for _, line in best.iterrows()
    ]
    columns = [("Commune", TEXT), ("Habitants gagnants", NUMBER), ("Gain moyen", NUMBER)]
    table = Table("Les communes qui gagnent le plus", columns, [Group("", rows)])
    if table.empty:
        none = Block(texts=["Aucune commune n'a d'habitants qui gagnent."])
        return Section("communes", "Communes", "Les communes qui gagnent", [none])
    have = "a" if len(gaining) < 2 else "ont"
    texts = [f"{count(len(gaining), 'commune')} {have} des habitants qui gagnent."]
    block = Block(texts=texts, table=table, file="communes.csv")
    return Section("communes", "Communes", "Les communes qui gagnent", [block])


def _left_out(diagnostic: Diagnostic, result: SitingResult) -> Section:
    blocks = [_without_block(diagnostic, result)]
    if len(result.unserved):
        caption = "Que rien ne sert, ni lieu ni candidat"
        table = _people_table(diagnostic, result.unserved, caption)
        blocks.append(Block(table=table, file="unserved.csv"))
    if len(result.blocking):
        text = "Ces habitants rendent la demande impossible avec ce nombre de sites ou ce seuil."
        table = _people_table(diagnostic, result.blocking, "Les habitants concernés")
        blocks.append(Block(texts=[text], table=table, file="blocking.csv"))
    return Section("oublies", "Laissés de côté", "Les habitants laissés de côté", blocks)


def _without_block(diagnostic: Diagnostic, result: SitingResult) -> Block:
    """Say who has no place for some service once the sites are open, and where they live."""
    without = result.without_after
    opened = "avec les sites choisis" if len(result.sites) else "aujourd'hui"
    if not result.summary["inhabitants_without_after"]:
        text = f"{opened.capitalize()}, chaque habitant a un lieu pour chaque service demandé."
        return Block(texts=[text])
    people = count(result.summary["inhabitants_without_after"], "habitant")
    text = f"Sans aucun lieu pour au moins un service demandé, {opened} : {people}."
    table = _people_table(diagnostic, without, "Sans lieu pour au moins un service")
    return Block(texts=[text], table=table, file="without_after.csv")


def _people_table(diagnostic: Diagnostic, people: pd.DataFrame, caption: str) -> Table:
    """Inhabitants by commune, the most first."""
    communes = diagnostic.communes
    names = dict(zip(communes["commune"], communes["name"], strict=True))
    total = people.groupby("commune")["population"].sum().sort_values(ascending=False)
    nearest = (
        dict(people.groupby("commune")["nearest_min"].max()) if "nearest_min" in people else {}
    )
    rows = [
        [
            Cell(str(names.get(code, code))),
            number_cell(float(value)),
            Cell(minutes(nearest.get(code))),
        ]
        for code, value in total.head(_SHOWN).items()
    ]
    columns = [("Commune", TEXT), ("Habitants", NUMBER), ("Meilleur candidat, à", NUMBER)]
    return Table(caption, columns, [Group("", rows)])


def _method(diagnostic: Diagnostic, result: SitingResult) -> Section:
    basket = diagnostic.basket
    services = listing([basket.service(name).label for name in result.summary["services"]])
    texts = [
        (
            f"Chaque site offre les mêmes services, au même endroit : {services}. Les lieux existants "
            "restent. Le temps d'après est le plus court du temps d'aujourd'hui et du temps vers un "
            "site choisi, service par service."
        ),
        _PROOF if result.status != "heuristic" else _HEURISTIC,
        missing_words(result.summary),
    ]
    limits = [
        (
            "Le meilleur choix sur le papier ne dit rien du bâtiment, des agents ni du bail : plusieurs "
            "choix presque égaux laissent la place à ces raisons."
        ),
    ]
    return method_section(diagnostic, texts, limits, [])


def _value(result: SitingResult, value: float) -> str:
    names = list(result.summary["objective"])
    if len(names) == 1 and names[0].startswith("inhabitants"):
        return number(value)
    if len(names) == 1 and names[0].endswith("_time"):
        return minutes(value, decimals=2)
    return number(value, decimals=2)


def _lost(value: float) -> str:
    return minutes(value, decimals=2, signed=True)


def _map_words(diagnostic: Diagnostic, name: str) -> tuple[str, str]:
    if name == "implantation":
        return (
            "Sites choisis, sites existants, autres candidats et gain des communes",
            f"Carte des sites choisis et du gain de chaque commune de {diagnostic.name}",
        )
    return (
        "Communes des habitants qui rendent la demande impossible",
        f"Carte des communes de {diagnostic.name} dont des habitants sont concernés",
    )
