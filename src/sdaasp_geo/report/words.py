"""What the diagnostic rests on, in words: items, sources, assumptions, reasons."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sdaasp_geo.report.french import (
    BEFORE_UNIT,
    count,
    is_missing,
    listing,
    minutes,
    number,
    percent,
    threshold,
)
from sdaasp_geo.report.travel import DRIVE, PUBLISHED, TRAVEL_WORDS, classes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.diagnostic.model import Diagnostic

BASKET = "basket"

REASON_WORDS = {
    "bad_position": "position de départ inutilisable",
    "unsnapped": "aucune route assez proche",
    "no_facility": "aucun équipement trouvé",
    "other_component": "aucun équipement sur le même réseau routier",
    "beyond_limit": "au-delà du temps maximal calculé",
    "not_published": "aucun temps dans les données publiées",
}

_SAME_COMMUNE_WORDS = {
    "routed": "toujours calculé par la route",
    "internal_estimate": "estimé quand l'une des deux positions n'est connue que par sa commune",
    "zero": "compté 0 min quand l'une des deux positions n'est connue que par sa commune "
    "(règle METRIC v1 de l'Insee)",
}
_BASKET_MEAN_WORDS = {
    "by_service": "moyenne des services",
    "by_gamme": "moyenne des gammes",
    "by_frequency": "moyenne des services pondérée par leur fréquence d'usage",
    "median": "médiane des services",
}
_MISSING_WORDS = {
    "exclude_and_count": "exclu des moyennes et compté à part",
    "propagate": "rend la moyenne manquante",
}
_CLASS_WORDS = {
    "motorway": "autoroute",
    "motorway_link": "bretelle d'autoroute",
    "trunk": "voie rapide ou nationale",
    "trunk_link": "bretelle de voie rapide",
    "primary": "route principale",
    "primary_link": "bretelle de route principale",
    "secondary": "route secondaire",
    "secondary_link": "bretelle de route secondaire",
    "tertiary": "route tertiaire",
    "tertiary_link": "bretelle de route tertiaire",
    "unclassified": "petite route",
    "residential": "rue",
    "living_street": "zone de rencontre",
    "service": "voie de desserte",
    "local": "rue (sans autre précision)",
    "ferry": "bac",
    "foot": "marche",
    "foot_steps": "escalier",
    "bike": "vélo",
    "bike_path": "sentier à vélo",
    "bike_track": "chemin à vélo",
    "bike_pushed": "vélo à la main",
    "bike_steps": "escalier, vélo à la main",
}
_LIMIT_WORDS = {
    "FR:motorway": "autoroute",
    "FR:trunk": "voie rapide",
    "FR:rural": "hors agglomération",
    "FR:urban": "en agglomération",
    "FR:zone30": "zone 30",
    "FR:30": "30 km/h",
    "FR:zone20": "zone 20",
    "FR:living_street": "zone de rencontre",
    "FR:walk": "au pas",
}


def reason_words(reason: str) -> str:
    """Say in French why a time is missing; an unknown code is shown as it is."""
    return REASON_WORDS.get(reason, reason)


def columns_of(diagnostic: Diagnostic) -> list[str]:
    """Ids that have a ``<id>_min`` column: services, gammes, then the basket."""
    return [*diagnostic.basket.service_ids, *diagnostic.basket.gamme_ids, BASKET]


def item_title(diagnostic: Diagnostic, column: str) -> str:
    """French name of a service, a gamme or the basket, as a map or a table heads it.

    Raises
    ------
    ValueError
        If `column` is none of them.
    """
    basket = diagnostic.basket
    if column in basket.service_ids:
        return basket.service(column).label
    for gamme in basket.gammes:
        if gamme.id == column:
            return f"Gamme {gamme.label.lower()}"
    if column == BASKET:
        return f"Panier de {count(len(basket.services), 'service')}"
    known = ", ".join(columns_of(diagnostic))
    message = f"column: expected one of {known}, found {column!r}"
    raise ValueError(message)


def gamme_label(diagnostic: Diagnostic, gamme: str) -> str:
    """Name of a gamme, or of the basket, alone."""
    labels = {item.id: item.label for item in diagnostic.basket.gammes}
    return labels.get(gamme, "Panier")


def territory_words(diagnostic: Diagnostic) -> str:
    """Name of the territory and its département code."""
    return f"{diagnostic.name} ({diagnostic.departement})"


def thresholds_words(diagnostic: Diagnostic) -> str:
    """Thresholds of remoteness by gamme, in the order of the basket."""
    known = diagnostic.thresholds_min
    parts = [
        f"{gamme.label.lower()}{BEFORE_UNIT}: {threshold(known[gamme.id])}"
        for gamme in diagnostic.basket.gammes
        if gamme.id in known
    ]
    return ", ".join(parts)


def sources_words(diagnostic: Diagnostic) -> str:
    """Input files with their vintages, each named once."""
    names: dict[str, None] = {}
    for item in diagnostic.provenance.get("inputs", []):
        name = PurePosixPath(str(item.get("path", "")).replace("\\", "/")).name
        vintage = item.get("vintage")
        names[name if is_missing(vintage) else f"{name} ({vintage})"] = None
    return ", ".join(names) or "non indiquées"


def version_words(diagnostic: Diagnostic) -> str:
    """Name and version of the library that made the diagnostic."""
    return f"sdaasp_geo {diagnostic.provenance.get('version', '')}".strip()


def missing_service_words(rule: str) -> str:
    """Say what an unreached service does to a mean."""
    if rule in _MISSING_WORDS:
        return _MISSING_WORDS[rule]
    return f"compté {rule.partition(':')[2]}{BEFORE_UNIT}min"


def missing_service_sentence(choices: Assumptions) -> str:
    """Say what a service without a time does to a commune's mean, as a sentence."""
    rule = choices.missing_service
    if rule == "exclude_and_count":
        told = (
            "n'entre pas dans la moyenne de la commune ; si la gamme est alors incomplète et sa "
            "moyenne sous le seuil, l'éloignement de la commune n'est pas déterminé"
        )
    elif rule == "propagate":
        told = "rend la moyenne de la commune inconnue"
    else:
        told = f"compte pour {number(choices.missing_cap_min)}{BEFORE_UNIT}min dans la moyenne"
    return f"Un service qu'un lieu de départ n'atteint pas {told}."


def same_commune_sentence(choices: Assumptions, profile: str) -> str:
    """Say how a time within one commune is found, as a sentence."""
    if profile == PUBLISHED:
        return (
            "Le temps dans une même commune est celui que l'Insee publie, depuis chaque carreau "
            "habité de 200 m."
        )
    if choices.same_commune == "routed":
        return "Le temps dans une même commune est toujours calculé par la route."
    if choices.same_commune == "zero":
        return (
            "Dans une même commune, quand le lieu de départ ou l'équipement n'est connu que par "
            f"sa commune, le temps est compté pour 0{BEFORE_UNIT}min (règle de la première "
            "version de METRIC, de l'Insee)."
        )
    return (
        "Dans une même commune, quand le lieu de départ ou l'équipement n'est connu que par sa "
        "commune, le temps n'est pas un trajet mais une estimation, d'après la surface habitée et "
        "le nombre d'équipements de la commune."
    )


_PUBLISHED_WORDS = "temps en voiture publiés par l'Insee (METRIC-OSRM, heures creuses), par carreau habité de 200 m"


def assumptions_line(choices: Assumptions, profile: str = DRIVE) -> str:
    """Return the choices that a map's small print names, on one line."""
    after = (
        f"service non atteint : {missing_service_words(choices.missing_service)} ; "
        f"panier : {_BASKET_MEAN_WORDS[choices.basket_mean]}."
    )
    if profile == PUBLISHED:
        return f"{_PUBLISHED_WORDS}, vers l'équipement le plus proche ; {after}"
    speeds = [
        f"{_CLASS_WORDS[name]} {number(choices.speed_kmh[name])}"
        for name in classes_of(choices, profile)
        if profile != DRIVE or name in {"motorway", "trunk", "secondary", "local"}
    ]
    told = f"vitesses (km/h) : {', '.join(speeds)}"
    if profile == DRIVE:
        told = (
            f"vitesses sans limite affichée (km/h) : {', '.join(speeds)} ; "
            f"{percent(choices.posted_speed_factor)} des limites affichées"
        )
    return (
        f"temps théorique {TRAVEL_WORDS[profile].how_fully}, vers l'équipement le plus proche ; "
        f"{told} ; "
        f"accès à la route à {number(choices.access_speed_kmh)} km/h "
        f"(détour × {number(choices.access_length_factor, decimals=1)}) aux deux bouts ; "
        f"dans une même commune : {_SAME_COMMUNE_WORDS[choices.same_commune]} ; {after}"
    )


def assumptions_rows(choices: Assumptions, profile: str = DRIVE) -> list[tuple[str, str]]:
    """Every choice that a figure depends on, as a French label and its value."""
    after = [
        ("Service non atteint", missing_service_words(choices.missing_service)),
        ("Temps du panier", _BASKET_MEAN_WORDS[choices.basket_mean]),
    ]
    doubt = (
        "Position jugée douteuse au-delà de",
        f"{number(choices.far_from_commune_m)}{BEFORE_UNIT}m de sa commune",
    )
    if profile == PUBLISHED:
        return [("Temps d'accès", _PUBLISHED_WORDS), *after, doubt]
    limit_min = choices.time_limit_min
    return [
        *_journey_rows(choices, profile),
        *after,
        ("Temps maximal calculé", "aucun" if limit_min is None else minutes(limit_min)),
        doubt,
    ]


def _journey_rows(choices: Assumptions, profile: str) -> list[tuple[str, str]]:
    """Every choice that a journey depends on."""
    classes = classes_of(choices, profile)
    detour = number(choices.access_length_factor, decimals=2)
    return [
        *_speed_rows(choices, profile, classes),
        *_junction_rows(choices),
        (
            "Accès à la route, aux deux bouts",
            f"{number(choices.access_speed_kmh)} km/h, longueur à vol d'oiseau × {detour}",
        ),
        ("Distance maximale à une route", f"{number(choices.snap_limit_m)}{BEFORE_UNIT}m"),
        ("Plus petit réseau accepté", count(choices.min_component_nodes, "nœud")),
        (
            "Classes de route sans accès direct",
            listing(
                [
                    _CLASS_WORDS.get(name, name)
                    for name in choices.no_access_classes
                    if name in classes
                ]
            )
            or "aucune",
        ),
        ("Temps dans une même commune", _SAME_COMMUNE_WORDS[choices.same_commune]),
        (
            "Densité de l'espace habité, pour cette estimation",
            f"{number(choices.inhabited_density_per_km2)} hab./km²",
        ),
    ]


def _speed_rows(
    choices: Assumptions, profile: str, classes: Sequence[str]
) -> list[tuple[str, str]]:
    speeds = [
        f"{_CLASS_WORDS.get(name, name)} ({number(choices.speed_kmh[name])})" for name in classes
    ]
    if profile != DRIVE:
        # Limits bind neither walkers nor cyclists.
        return [("Vitesses (km/h)", ", ".join(speeds))]
    limits = [
        f"{_LIMIT_WORDS.get(name, name)} ({number(kmh)})"
        for name, kmh in choices.implicit_limit_kmh.items()
    ]
    return [
        ("Vitesses sans limite affichée (km/h)", ", ".join(speeds)),
        ("Part d'une limite affichée réellement roulée", percent(choices.posted_speed_factor)),
        ("Limites affichées par une règle (km/h)", ", ".join(limits)),
    ]


def _junction_rows(choices: Assumptions) -> list[tuple[str, str]]:
    if not choices.charges_junctions:
        return []
    costs = {
        "feu": choices.signal_cost_s,
        "tourne-à-gauche": choices.left_turn_cost_s,
        "rond-point": choices.roundabout_cost_s,
    }
    told = [f"{name} ({number(cost)})" for name, cost in costs.items()]
    return [("Temps perdu aux carrefours (s)", ", ".join(told))]
