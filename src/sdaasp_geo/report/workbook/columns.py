"""What each column of the workbook is: French heading, unit, note, number format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sdaasp_geo.report.words import BASKET

if TYPE_CHECKING:
    from sdaasp_geo.basket import Basket

Kind = Literal["text", "minutes", "gain", "people", "count", "share", "ratio", "flag", "place"]

_MISSING_TIME = "vide : aucun temps n'est connu (voir la page pour la raison)"
_SERVED = "parmi les habitants qui atteignent le service"


@dataclass(frozen=True)
class Column:
    """One column of a sheet.

    Parameters
    ----------
    name
        Column of the table, as the CSV files and the library call it.
    heading
        French, with its unit.
    kind
        What the cells hold: it gives their format.
    note
        French, shown over the heading.
    """

    name: str
    heading: str
    kind: Kind
    note: str = ""


_FIXED = {
    column.name: column
    for column in (
        Column("commune", "Code commune", "text", "code officiel géographique de l'Insee"),
        Column("name", "Nom", "text"),
        Column("departement", "Département", "text"),
        Column("epci", "Code EPCI", "text", "numéro SIREN de l'intercommunalité"),
        Column("epci_name", "EPCI", "text", "intercommunalité à fiscalité propre"),
        Column("population", "Habitants", "people", "population de la commune"),
        Column(
            "services_reached",
            "Services atteints",
            "count",
            "services que tous les habitants atteignent",
        ),
        Column(
            "services_expected",
            "Services existants",
            "count",
            "services du panier qui ont un équipement quelque part",
        ),
        Column(
            "remote_gammes",
            "Gammes éloignées",
            "count",
            "nombre de gammes dont la commune est éloignée ; vide : non déterminé",
        ),
        Column("service", "Identifiant", "text", "nom du service dans les fichiers de données"),
        Column("gamme", "Gamme", "text", "nom de la gamme dans les fichiers de données"),
        Column("label", "Libellé", "text"),
        Column("facilities", "Équipements", "count", "équipements du territoire et de ses abords"),
        Column("services", "Services", "count", "services de la gamme"),
        Column(
            "services_with_facility",
            "Services pourvus",
            "count",
            "services de la gamme qui ont au moins un équipement",
        ),
        Column(
            "mean_min", "Temps moyen (min)", "minutes", f"moyenne par habitant ; {_MISSING_TIME}"
        ),
        Column("median_min", "Temps médian (min)", "minutes", f"médiane par habitant, {_SERVED}"),
        Column("max_min", "Temps le plus long (min)", "minutes", _SERVED),
        Column("reached_population", "Habitants desservis", "people", "habitants avec un temps"),
        Column(
            "unreached_population",
            "Habitants non desservis",
            "people",
            "habitants sans aucun temps",
        ),
        Column(
            "estimate_share",
            "Part estimée",
            "share",
            "part des habitants desservis dont le temps est une estimation dans leur commune",
        ),
        Column(
            "threshold_min",
            "Seuil (min)",
            "minutes",
            "au-delà, une commune est éloignée de la gamme",
        ),
        Column("communes", "Communes", "count"),
        Column("remote_communes", "Communes éloignées", "count"),
        Column("remote_population", "Habitants éloignés", "people"),
        Column("remote_share", "Part des habitants éloignés", "share"),
        Column("what", "Sort de la ligne", "text", "écartée du calcul, ou gardée mais douteuse"),
        Column("source", "Fichier", "text"),
        Column("row", "Ligne", "count", "ligne du fichier ; l'en-tête est la ligne 1"),
        Column("column", "Colonne", "text"),
        Column("value", "Valeur", "text"),
        Column("reason", "Motif", "text"),
        Column("scenario", "Scénario", "text"),
        Column("opened", "Ouvertures", "count"),
        Column("closed", "Fermetures", "count"),
        Column("moved", "Déménagements", "count"),
        Column("converted", "Conversions", "count"),
        Column(
            "inhabitants_gaining",
            "Habitants gagnants",
            "people",
            "habitants dont au moins un temps baisse ; gains et pertes ne se compensent pas",
        ),
        Column(
            "mean_gain_of_gainers_min",
            "Gain moyen des gagnants (min)",
            "minutes",
            "sur le service où chacun gagne le plus",
        ),
        Column(
            "gainers_in_remote_communes",
            "Gagnants en commune éloignée",
            "people",
            "habitants gagnants qui vivent dans une commune éloignée avant le scénario",
        ),
        Column("largest_gain_min", "Plus grand gain (min)", "minutes"),
        Column("inhabitants_losing", "Habitants perdants", "people"),
        Column("mean_loss_of_losers_min", "Perte moyenne des perdants (min)", "minutes"),
        Column("largest_loss_min", "Plus grande perte (min)", "minutes"),
        Column("inhabitants_newly_reached", "Habitants nouvellement desservis", "people"),
        Column("inhabitants_newly_unreached", "Habitants privés de tout accès", "people"),
        Column("leaving_remoteness", "Communes sorties de l'éloignement", "count"),
        Column("entering_remoteness", "Communes devenues éloignées", "count"),
        Column("facilities_before", "Équipements avant", "count"),
        Column("facilities_after", "Équipements après", "count"),
        Column("mean_before_min", "Temps moyen avant (min)", "minutes"),
        Column("mean_after_min", "Temps moyen après (min)", "minutes"),
        Column(
            "gain_min",
            "Gain (min)",
            "minutes",
            "plus grand gain moyen des habitants parmi les services touchés",
        ),
        Column(
            "loss_min",
            "Perte (min)",
            "minutes",
            "plus grande perte moyenne des habitants parmi les services touchés",
        ),
        Column("remote_gammes_before", "Gammes éloignées avant", "count"),
        Column("remote_gammes_after", "Gammes éloignées après", "count"),
        Column("item", "Chiffre", "text"),
        Column("figure", "Valeur", "text"),
        Column("unit", "Unité", "text"),
    )
}


def column_for(name: str, basket: Basket) -> Column:
    """Describe one column of the library's tables.

    Parameters
    ----------
    name
        A fixed column, ``<item>_min`` of a service, a gamme or the basket,
        ``remote_<gamme>``, or ``within_<t>_min``.
    basket
        Gives the names of services and gammes.

    Raises
    ------
    KeyError
        If no sheet knows the column: a heading must be written for it.

    Examples
    --------
    >>> from sdaasp_geo.basket import load_basket
    >>> column_for("within_15_min", load_basket("sdaasp-29")).heading
    'Habitants à 15 min au plus'
    """
    if name in _FIXED:
        return _FIXED[name]
    if found := re.fullmatch(r"within_(\d+)_min", name):
        note = "part des habitants dont le temps ne dépasse pas ces minutes"
        return Column(name, f"Habitants à {found[1]} min au plus", "share", note)
    gammes = {gamme.id: gamme.label for gamme in basket.gammes}
    if name.removeprefix("remote_") in gammes:
        label = gammes[name.removeprefix("remote_")].lower()
        note = "temps moyen de la gamme au-dessus de son seuil ; vide : non déterminé"
        return Column(name, f"Éloignée, gamme {label}", "flag", note)
    return _minutes_column(name, gammes, basket)


def _minutes_column(name: str, gammes: dict[str, str], basket: Basket) -> Column:
    item = name.removesuffix("_min")
    if item == BASKET:
        note = f"temps moyen vers les services du panier ; {_MISSING_TIME}"
        return Column(name, "Panier (min)", "minutes", note)
    if item in gammes:
        note = f"moyenne des services de la gamme ; {_MISSING_TIME}"
        return Column(name, f"Gamme {gammes[item].lower()} (min)", "minutes", note)
    if item in basket.service_ids:
        note = f"temps vers le plus proche ; {_MISSING_TIME}"
        return Column(name, f"{basket.service(item).label} (min)", "minutes", note)
    raise KeyError(name)
