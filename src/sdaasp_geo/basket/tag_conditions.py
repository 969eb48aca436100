"""Conditions on OpenStreetMap tags, as the data of baskets write them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_TERM = re.compile(r"(?P<absent>!)?(?P<key>[A-Za-z][\w:]*)(?:=(?P<value>.+))?")
EXAMPLE = "amenity=doctors+!healthcare:speciality"


class TagCondition(NamedTuple):
    """Tags that a place must have, and keys that it must not.

    Parameters
    ----------
    tags
        Key → value; ``*`` for any.
    absent
        Keys that must not be there.
    """

    tags: tuple[tuple[str, str], ...]
    absent: tuple[str, ...]

    @property
    def main(self) -> tuple[str, str]:
        """The first tag, by which places are looked for."""
        return self.tags[0]

    def holds(self, tags: Mapping[str, str]) -> bool:
        """Whether a place with these tags is meant; one of several values (``;``) is enough."""
        if any(key in tags for key in self.absent):
            return False
        return all(_has(tags.get(key), value) for key, value in self.tags)


def tag_condition(text: str) -> TagCondition:
    """Read a condition: ``key=value`` or ``key=*``, joined by ``+``, and ``!key`` for its absence.

    Values are compared whatever their case and accents.

    Raises
    ------
    ValueError
        If the text is none, or does not begin with a tag that must be there.

    Examples
    --------
    >>> doctor = tag_condition("amenity=doctors+!healthcare:speciality")
    >>> doctor.holds({"amenity": "doctors"})
    True
    >>> doctor.holds({"amenity": "doctors", "healthcare:speciality": "dermatology"})
    False
    >>> tag_condition("school:FR=collège").holds({"school:FR": "Collège;lycée"})
    True
    """
    terms = [_TERM.fullmatch(part.strip()) for part in text.split("+")]
    tags = [(term["key"], term["value"]) for term in terms if term and not term["absent"]]
    absent = [term["key"] for term in terms if term and term["absent"] and not term["value"]]
    whole = len(tags) + len(absent) == len(terms) and all(value for _, value in tags)
    if not whole or not terms[0] or terms[0]["absent"]:
        message = f"expected a condition on tags such as {EXAMPLE!r}, found {text!r}"
        raise ValueError(message)
    return TagCondition(tuple((key, _folded(value)) for key, value in tags), tuple(absent))


def _has(found: str | None, wanted: str) -> bool:
    if found is None:
        return False
    return wanted == "*" or wanted in {value.strip() for value in _folded(found).split(";")}


def _folded(text: str) -> str:
    """Leave case and accents out: both forms of an accent in Unicode, and none, are one."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
