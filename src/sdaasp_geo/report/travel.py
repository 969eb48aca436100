"""Who travels, in words: by car, on foot, by bicycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sdaasp_geo.assumptions import CLASS_SPEED_KMH

if TYPE_CHECKING:
    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.diagnostic.model import Diagnostic

DRIVE = "drive"
# By car as well, in times that somebody else has computed.
PUBLISHED = "published"


class TravelWords(NamedTuple):
    """How one kind of journey is told.

    Parameters
    ----------
    how
        ``en voiture``.
    proviso
        What is not counted first of all: ``hors embouteillages``.
    minutes_of
        Of what the minutes are: ``minutes de voiture``.
    uncounted
        What a theoretical time leaves out, for a sentence; and with lights charged.
    silent_on
        Of whom these times say nothing, as a sentence.
    """

    how: str
    proviso: str
    minutes_of: str
    uncounted: tuple[str, str]
    silent_on: str

    @property
    def how_fully(self) -> str:
        """Both, on a line: ``en voiture, hors embouteillages``."""
        return f"{self.how}, {self.proviso}"


TRAVEL_WORDS = {
    DRIVE: TravelWords(
        "en voiture",
        "hors embouteillages",
        "minutes de voiture",
        (
            ", hors embouteillages, sans feux et sans recherche d'une place",
            ", hors embouteillages et sans recherche d'une place",
        ),
        "Ils ne disent rien de ceux qui n'ont pas de voiture.",
    ),
    PUBLISHED: TravelWords(
        "en voiture",
        "publiés par l'Insee",
        "minutes de voiture",
        (
            ", hors embouteillages, publiés par l'Insee",
            ", hors embouteillages, publiés par l'Insee",
        ),
        "Ils ne disent rien de ceux qui n'ont pas de voiture.",
    ),
    "foot": TravelWords(
        "à pied",
        "sans relief",
        "minutes de marche",
        (", sans relief et sans feux", ", sans relief"),
        "Ils ne disent rien de ceux qui marchent moins vite ou ne marchent pas.",
    ),
    "bike": TravelWords(
        "à vélo",
        "sans relief",
        "minutes de vélo",
        (", sans relief et sans feux", ", sans relief"),
        "Ils ne disent rien de ceux qui roulent moins vite ou ne roulent pas à vélo.",
    ),
}


def travel_words(diagnostic: Diagnostic) -> TravelWords:
    """Words of the journeys that a diagnostic measures."""
    return TRAVEL_WORDS[diagnostic.profile]


def travel_limits(diagnostic: Diagnostic) -> str:
    """Say what theoretical times are silent on, in two sentences."""
    words = travel_words(diagnostic)
    plain, charged = words.uncounted
    left_out = charged if diagnostic.assumptions.charges_junctions else plain
    return f"Ce sont des temps théoriques {words.how}{left_out}. {words.silent_on}"


def classes_of(choices: Assumptions, profile: str) -> list[str]:
    """Return the road classes whose speed a kind of journey uses, in the order of the choices.

    Walkers and cyclists have classes of their own, ferries, and those that the analyst
    gave a speed.
    """
    others = tuple(name for name in TRAVEL_WORDS if name not in {DRIVE, profile})
    if profile == DRIVE:
        return [name for name in choices.speed_kmh if not name.startswith(others)]
    return [
        name
        for name, kmh in choices.speed_kmh.items()
        if not name.startswith(others)
        and (name == "ferry" or name.split("_")[0] == profile or CLASS_SPEED_KMH.get(name) != kmh)
    ]
