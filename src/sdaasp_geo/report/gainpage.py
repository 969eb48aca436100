"""The page of a scenario: what opens, who gains, who loses, as an elected official reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sdaasp_geo.report import gaintables
from sdaasp_geo.report.dossier import (
    Block,
    Section,
    embedded_maps,
    method_section,
    page_of,
    write_page,
)
from sdaasp_geo.report.french import (
    BEFORE_UNIT,
    count,
    is_missing,
    listing,
    minutes,
    number,
    percent_words,
)
from sdaasp_geo.report.sentences import KeyFigure, threshold_sentence
from sdaasp_geo.report.words import BASKET, item_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sdaasp_geo.report.dossier import Map
    from sdaasp_geo.scenarios.gains import Gains

FILE_NAME = "rapport-scenario.html"
_OVERALL, _REMOTE = "gain", "avant-apres-eloignement"
_GAIN, _PAIR = "gain-", "avant-apres-"
_OVER = ("1", "3", "6", "10")


def write_gain_page(
    gains: Gains, maps: Sequence[Path], folder: Path, provenance: Mapping[str, Any]
) -> Path:
    """Write the page of a scenario as one self-contained HTML file.

    Parameters
    ----------
    gains
        Finished tables; none is changed.
    maps
        As :func:`~sdaasp_geo.report.gainmaps.write_gain_maps` names them.
    folder
        Made if it does not exist.
    provenance
        Names the scenario's files and their fingerprints.

    Returns
    -------
    Path
        ``rapport-scenario.html``. The same gains and maps give the same bytes.
    """
    figures = embedded_maps(maps, lambda name: _map_words(gains, name))
    sections = [
        _essentials(gains, figures),
        _changes(gains),
        _gainers(gains, figures),
        _losers(gains),
        _remoteness(gains, figures),
        _by_epci(gains),
        _services(gains, figures),
        _method(gains, provenance),
    ]
    page = page_of(
        gains.before,
        gains.scenario.name,
        "Ce que change un scénario",
        "Ce qui ouvre et ce qui ferme, qui s'en trouve plus près, qui s'en trouve plus loin, et "
        "ce que valent ces chiffres. Gains et pertes ne sont jamais compensés.",
        sections,
    )
    return write_page(page, folder / FILE_NAME)


def _essentials(gains: Gains, figures: Mapping[str, Map]) -> Section:
    summary = gains.summary
    mean = summary["mean_gain_of_gainers_min"]
    share = percent_words(_share(summary["inhabitants_gaining"], summary["inhabitants"]))
    key = [
        KeyFigure(number(summary["inhabitants_gaining"]), f"habitants gagnants, soit {share}"),
        KeyFigure(minutes(mean), "de gain moyen pour eux, sur le service où ils gagnent le plus"),
        KeyFigure(
            number(summary["gainers_in_remote_communes"]),
            "gagnants en commune éloignée, où vivent "
            + count(summary["inhabitants_in_remote_communes"], "habitant"),
        ),
        KeyFigure(number(summary["inhabitants_losing"]), "habitants perdants"),
    ]
    return Section(
        "essentiel",
        "L'essentiel",
        "L'essentiel",
        [Block(items=_findings(gains)), Block(maps=_shown(figures, _OVERALL))],
        key,
    )


def _findings(gains: Gains) -> list[str]:
    summary = gains.summary
    told = [_what_changes(summary), _over(summary), _losses(summary), _reached(summary)]
    told.append(_leaving(gains))
    basket = summary["mean_min"].get(BASKET)
    if basket is not None and not is_missing(basket["before"]) and not is_missing(basket["after"]):
        told.append(
            f"Pour l'ensemble du panier, le temps moyen passe de "
            f"{minutes(basket['before'], decimals=2)} à {minutes(basket['after'], decimals=2)}"
            f"{_other_services(gains)}."
        )
    return [sentence for sentence in told if sentence]


def _what_changes(summary: Mapping[str, Any]) -> str:
    parts = [
        count(summary[name], *words)
        for name, words in (
            ("opened", ("ouverture", "ouvertures")),
            ("closed", ("fermeture", "fermetures")),
            ("moved", ("déménagement", "déménagements")),
            ("converted", ("conversion", "conversions")),
        )
        if summary[name]
    ]
    services = count(len(summary["services"]), "service")
    return f"Le scénario compte {listing(parts) or 'aucun changement'} et touche {services}."


def _over(summary: Mapping[str, Any]) -> str:
    if not summary["inhabitants_gaining"]:
        return "Personne n'y gagne."
    over = summary["inhabitants_gaining_over_min"]
    parts = [f"{number(over[limit])} de plus de {limit}{BEFORE_UNIT}min" for limit in _OVER]
    return (
        f"{count(summary['inhabitants_gaining'], 'habitant')} y gagnent{BEFORE_UNIT}: "
        f"{listing(parts)}."
    )


def _losses(summary: Mapping[str, Any]) -> str:
    if not summary["inhabitants_losing"]:
        return "Personne n'y perd."
    mean, worst = summary["mean_loss_of_losers_min"], summary["largest_loss_min"]
    by = "" if mean is None else f", {minutes(mean)} en moyenne et jusqu'à {minutes(worst)}"
    remote = count(summary["losers_in_remote_communes"], "habitant")
    return (
        f"{count(summary['inhabitants_losing'], 'habitant')} y perdent{by} (dont {remote} en "
        "commune éloignée). Ils sont listés plus bas."
    )


def _reached(summary: Mapping[str, Any]) -> str:
    told = [
        f"{count(summary[name], 'habitant')} {words}"
        for name, words in (
            ("inhabitants_newly_reached", "atteignent un service qu'aucune route ne leur ouvrait"),
            ("inhabitants_newly_unreached", "n'atteignent plus un service qu'ils atteignaient"),
        )
        if summary[name]
    ]
    return f"{listing(told)}." if told else ""


def _leaving(gains: Gains) -> str:
    summary = gains.summary
    leaving = summary["communes_leaving_remoteness"]
    entering = summary["communes_entering_remoteness"]
    unlike = summary["communes_not_comparable"]
    apart = f" Éloignement non comparable pour {count(len(unlike), 'commune')}." if unlike else ""
    if not leaving and not entering:
        return f"Aucune commune ne sort de l'éloignement ni n'y entre.{apart}"
    out = count(len(leaving), "commune") if leaving else "Aucune commune ne"
    into = f"{count(len(entering), 'commune')} y" if entering else "aucune n'y"
    return (
        f"{out} sort{_many(leaving, 'ent')} de l'éloignement et "
        f"{into} entre{_many(entering, 'nt')}.{apart}"
    )


def _other_services(gains: Gains) -> str:
    """Say that the means before and after bear on different services, where they do."""
    kinds = {"means_not_comparable", "service_appears", "service_vanishes"}
    if not kinds & set(gains.notes["kind"]):
        return ""
    return ", mais ces deux moyennes ne portent pas sur les mêmes services et ne se comparent pas"


def _many(items: Sequence[str], ending: str) -> str:
    return ending if len(items) > 1 else ""


def _changes(gains: Gains) -> Section:
    sites, closed = gaintables.site_table(gains), gaintables.closed_table(gains)
    blocks = [Block(table=sites, file="sites.csv"), Block(table=closed)]
    if not sites.empty:
        blocks[0:0] = [
            Block(
                texts=[
                    (
                        "Le gain d'un site « seul » est celui qu'il apporterait sans les autres : la "
                        "somme sur les sites dépasse le gain du scénario quand ils servent les mêmes "
                        "habitants."
                    )
                ]
            )
        ]
    notes = gaintables.note_table(gains.notes)
    return Section(
        "changements", "Ce qui change", "Ce qui ouvre, ce qui ferme", [*blocks, Block(table=notes)]
    )


def _gainers(gains: Gains, figures: Mapping[str, Map]) -> Section:
    table = gaintables.commune_table(gains)
    if table.empty:
        return Section("gagnants", "Gagnants", "Qui gagne", [Block(texts=["Personne n'y gagne."])])
    summary = gains.summary
    remote = summary["inhabitants_gaining_over_min_in_remote_communes"]
    mean = summary["mean_gain_of_gainers_in_remote_communes_min"]
    items = [_over(summary)]
    if summary["gainers_in_remote_communes"]:
        share = percent_words(
            _share(summary["gainers_in_remote_communes"], summary["inhabitants_in_remote_communes"])
        )
        by = "" if mean is None else f" {minutes(mean)} en moyenne,"
        items.append(
            f"En commune éloignée, {count(summary['gainers_in_remote_communes'], 'habitant')} "
            f"gagnent,{by} soit {share} de ceux qui y vivent ; {number(remote['10'])} d'entre eux "
            f"gagnent plus de 10{BEFORE_UNIT}min."
        )
    maps = [figures[name] for name in (f"{_GAIN}{BASKET}",) if name in figures]
    return Section(
        "gagnants",
        "Gagnants",
        "Qui gagne",
        [Block(items=items, table=table, file="gains.csv"), Block(maps=maps)],
    )


def _losers(gains: Gains) -> Section:
    table = gaintables.loser_table(gains)
    if table.empty:
        text = "Personne ne perd : aucun lieu de départ ne s'éloigne d'un service."
        return Section("perdants", "Perdants", "Qui perd", [Block(texts=[text])])
    texts = [_losses(gains.summary).removesuffix(" Ils sont listés plus bas.")]
    if len(gains.losers) > gaintables.SHOWN_LOSERS:
        shown, every = number(gaintables.SHOWN_LOSERS), number(len(gains.losers))
        texts.append(f"Les {shown} premières lignes sur {every}, les plus fortes pertes d'abord.")
    block = Block(texts=texts, table=table, file="losers.csv")
    return Section("perdants", "Perdants", "Qui perd", [block])


def _remoteness(gains: Gains, figures: Mapping[str, Map]) -> Section:
    summary = gains.summary
    names = gaintables.commune_names(gains.before)
    items = []
    for key, words in (
        ("communes_leaving_remoteness", "Sortent de l'éloignement"),
        ("communes_entering_remoteness", "Entrent dans l'éloignement"),
        ("communes_remote_from_fewer_gammes", "Restent éloignées, de moins de gammes"),
        ("communes_remote_from_more_gammes", "Étaient éloignées, le sont de plus de gammes"),
        ("communes_no_longer_judged", "Ne peuvent plus être jugées, faute d'un temps"),
        (
            "communes_not_comparable",
            "Éloignement non comparable (la gamme ne porte plus sur les mêmes services)",
        ),
    ):
        codes = summary[key]
        if codes:
            told = listing([names.get(code, code) for code in codes])
            items.append(f"{words}{BEFORE_UNIT}: {told}.")
    people = summary["remote_population"]
    items.append(
        f"{count(people['before'], 'habitant')} vivent en commune éloignée avant, "
        f"{number(people['after'])} après."
    )
    blocks = [
        Block(texts=[threshold_sentence(gains.before)], items=items),
        Block(maps=_shown(figures, _REMOTE)),
    ]
    return Section("eloignement", "Éloignement", "Les communes éloignées, avant et après", blocks)


def _by_epci(gains: Gains) -> Section:
    table = gaintables.epci_table(gains)
    if table.empty:
        block = Block(texts=["Aucune commune n'a d'EPCI dans les données reçues."])
    else:
        block = Block(table=table, legend=True, file="epci.csv")
    return Section("epci", "EPCI", "Par EPCI", [block])


def _services(gains: Gains, figures: Mapping[str, Map]) -> Section:
    shown = [
        figure
        for name, figure in figures.items()
        if name not in (_OVERALL, _REMOTE, f"{_GAIN}{BASKET}")
    ]
    blocks = [
        Block(table=gaintables.service_table(gains), file="services.csv"),
        Block(table=gaintables.mean_table(gains), legend=True),
        Block("Une carte par service et par gamme", maps=shown, small=True) if shown else Block(),
    ]
    return Section("services", "Services", "Service par service", blocks)


def _method(gains: Gains, provenance: Mapping[str, Any]) -> Section:
    texts = [
        (
            "Le diagnostic est refait avec les équipements d'après le scénario, toutes choses égales "
            "par ailleurs : mêmes routes, mêmes habitants, mêmes règles. Le gain d'un habitant est la "
            "différence entre son temps d'avant et son temps d'après, service par service ; quand un "
            "seul chiffre est donné, c'est le plus fort des services touchés. Gains et pertes sont "
            "comptés à part : un habitant peut gagner sur un service et perdre sur un autre."
        ),
        (
            "Qui n'avait aucune route vers un service et en a une « l'atteint enfin » ; qui n'en a "
            "plus « ne l'atteint plus » : ces changements sont comptés en habitants, jamais en minutes."
        ),
    ]
    limits = [
        "Le scénario suppose que chacun va au plus proche : un site ouvert peut ne pas être choisi.",
        (
            "Un service qui passe quelques jours par mois compte ici comme un service ouvert tous les "
            "jours, sauf mention contraire."
        ),
    ]
    return method_section(gains.before, texts, limits, _files(provenance))


def _files(provenance: Mapping[str, Any]) -> list[str]:
    files = provenance.get("scenario", {}).get("files", [])
    told = [f"{item['path']} (SHA-256 {item['sha256']})" for item in files]
    if not told:
        return ["Le scénario n'a pas été lu dans un fichier."]
    return [f"Scénario{BEFORE_UNIT}: {listing(told)}."]


def _map_words(gains: Gains, name: str) -> tuple[str, str]:
    place = gains.before.name
    if name == _OVERALL:
        return "Qui gagne, qui perd", f"Carte des gains et des pertes par commune de {place}"
    if name == _REMOTE:
        caption = "Communes éloignées, avant et après"
        return caption, f"Deux cartes des communes éloignées de {place}, avant et après"
    kind = _PAIR if name.startswith(_PAIR) else _GAIN
    title = item_title(gains.before, name.removeprefix(kind))
    if kind == _PAIR:
        caption = f"{title}, avant et après"
        return caption, f"Deux cartes du temps d'accès par commune, avant et après : {title}"
    return f"{title} : gains et pertes", f"Carte des gains et des pertes par commune : {title}"


def _shown(figures: Mapping[str, Map], *names: str) -> list[Map]:
    return [figures[name] for name in names if name in figures]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
