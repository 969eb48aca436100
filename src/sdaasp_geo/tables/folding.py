"""Names as people write them, brought to one spelling: case, accents, hyphens."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_GAPS = re.compile(r"[\s\-'’_]+")

ValueT = TypeVar("ValueT")


def folded(name: str) -> str:
    """Bring a name to small letters without accents, its gaps to ``_``.

    Examples
    --------
    >>> folded(" Pôle Emploi "), folded("La-Poste"), folded("E\u0301te\u0301")
    ('pole_emploi', 'la_poste', 'ete')
    """
    bare = unicodedata.normalize("NFKD", name.strip().casefold())
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return _GAPS.sub("_", letters)


def by_folded_name(known: Mapping[str, ValueT]) -> dict[str, ValueT]:
    """Index values by the folded names; names that fold alike to different values are left out.

    Examples
    --------
    >>> by_folded_name({"CAF": "a", "Caf": "a", "mairie": "b", "Mairie": "c"})
    {'caf': 'a'}
    """
    spellings: dict[str, list[ValueT]] = {}
    for name, value in known.items():
        spellings.setdefault(folded(name), []).append(value)
    return {name: values[0] for name, values in spellings.items() if _alike(values)}


def _alike(values: Iterable[object]) -> bool:
    first, *others = values
    return all(other == first for other in others)
