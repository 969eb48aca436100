"""Names of a country that does not exist: plausible in French, and unique."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

DEPARTEMENT_NAME: Final = "Exemple"
CITY_NAME: Final = "Port-Caldaure"
RIVERS: Final = ("Aubrelle", "Varenque", "Lioure", "Dorgne", "Sézille")

_STEMS: Final = (
    "Brévill", "Tourmang", "Orsenqu", "Caudrell", "Mirevol", "Argelund", "Fontevr", "Lanquier",
    "Pierrelun", "Vaucrest", "Grimolz", "Bellerov", "Escharlin", "Peyrolb", "Montréviss",
    "Auribenqu", "Champdorg", "Séverill", "Courtemell", "Lourdevr", "Maubrell", "Térignac",
    "Olméziers", "Gardevill", "Vérinqu", "Hautelorn", "Corbenz", "Fauverol", "Néoulvr", "Rimbazell",
)  # fmt: skip
_ENDINGS: Final = ("ac", "e", "ans", "ette", "ières", "ol", "y", "argues", "eux", "ens")
_SAINTS: Final = (
    "Ermel", "Ouvrain", "Philonne", "Vérandole", "Gélasin", "Mauront", "Trophin", "Aubressin",
    "Cyprianne", "Eudorque", "Fulcranet", "Hilarin", "Ouzille", "Pancrassin", "Romillard",
    "Sulpicien", "Thibérance", "Victrice", "Yrénée", "Zacharin",
)  # fmt: skip
_SAINTES: Final = frozenset({"Philonne", "Vérandole", "Cyprianne", "Thibérance", "Victrice"})
_FIRSTS: Final = ("Roque", "Castel", "Mont", "Val", "Font", "Puy", "Ville", "Mas", "Bourg", "Peyre")
_SECONDS: Final = (
    "brunelle", "dorgne", "lunel", "verneuse", "sombreuil", "cendrée", "froidure", "grivelle",
    "lauzière", "mirande", "rouvrel", "salvane", "tournelle", "ventouse", "zéphyr",
)  # fmt: skip
_ARTICLES: Final = (
    "L'Hospitalin", "L'Étang-Vair", "Les Baumelles", "Les Quatre-Tours", "La Grandière",
    "La Motte-Varenque", "Le Plan-d'Orgelle", "L'Isle-Dorgne", "Les Aubrières", "La Cadièrette",
    "Le Cap-Ventoux", "Aigues-Brunes", "Le Puech-Rond", "L'Escalinade",
)  # fmt: skip
_STREET_KINDS: Final = ("Rue", "Avenue", "Chemin", "Impasse", "Allée", "Boulevard", "Place")
_STREET_NAMES: Final = (
    "de l'Église", "des Écoles", "de la Mairie", "du Lavoir", "des Oliviers", "de la Gare",
    "du Moulin", "des Mûriers", "de la Fontaine", "du Château", "des Lilas", "du Stade",
    "de la République", "du Vieux-Port", "des Amandiers", "de l'Aubrelle", "du Four",
    "des Tanneurs", "du Marché", "de la Liberté", "des Vignes", "du Calvaire", "des Peupliers",
)  # fmt: skip


def commune_names(rng: np.random.Generator, count: int, taken: frozenset[str]) -> list[str]:
    """Draw `count` names, none twice and none of `taken`."""
    # "Tourmange" beside "Tourmanges" would mislead the reader of a map.
    pool = [name for name in _candidates() if not any(one.startswith(name) for one in taken)]
    order = rng.permutation(len(pool))[:count]
    return [pool[number] for number in order]


def street_name(rng: np.random.Generator) -> str:
    """Draw the name of a street, which many communes share."""
    kind = _STREET_KINDS[int(rng.integers(len(_STREET_KINDS)))]
    return f"{kind} {_STREET_NAMES[int(rng.integers(len(_STREET_NAMES)))]}"


def _candidates() -> list[str]:
    plain = [stem + _ENDINGS[number % len(_ENDINGS)] for number, stem in enumerate(_STEMS)]
    compounds = [
        first + _SECONDS[(number * 4 + shift) % len(_SECONDS)]
        for number, first in enumerate(_FIRSTS)
        for shift in (0, 5, 9)
    ]
    saints = [
        f"{'Sainte' if saint in _SAINTES else 'Saint'}-{saint}{tail}"
        for number, saint in enumerate(_SAINTS)
        for tail in _tails(number)
    ]
    return [*plain, *compounds, *saints, *_ARTICLES]


def _tails(number: int) -> tuple[str, str, str, str]:
    river = RIVERS[number % len(RIVERS)]
    second = _SECONDS[number % len(_SECONDS)].capitalize()
    of_river = f"-de-l'{river}" if river[0] == "A" else f"-de-{river}"
    return ("", f"-sur-{river}", f"-lès-{second}", of_river)
