"""A posted speed limit, as OpenStreetMap and its users write it, in km/h."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_KMH_PER_UNIT = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z/]*)")
_COUNTRY_NUMBER = re.compile(r"[a-z]{2}:(\d+)")
# True words that say that no number is posted: the class of the road then decides.
_NO_NUMBER = frozenset({"", "none", "unlimited", "no", "signals", "variable", "default"})


def posted_kmh(text: str, implicit_kmh: Mapping[str, float]) -> float:
    """Read one posted limit.

    Parameters
    ----------
    text
        ``50``, ``30 mph``, ``FR:urban``, ``walk``, ``none``, or several of them parted
        by ``;``, ``,`` or ``|``, of which the lowest holds.
    implicit_kmh
        Meaning in km/h of limits posted as a rule, see
        :data:`~sdaasp_geo.assumptions.IMPLICIT_LIMIT_KMH`; capitals do not matter.

    Returns
    -------
    float
        km/h; NaN where no number is posted (``none``, ``signals``, nothing).

    Raises
    ------
    ValueError
        If the text is neither a number above 0, nor a known rule, nor a word for none.

    Notes
    -----
    Units and words are those of OpenStreetMap's ``maxspeed``.

    Examples
    --------
    >>> rules = {"FR:urban": 50.0, "FR:walk": 5.0}
    >>> posted_kmh("80", rules), posted_kmh("fr:urban", rules), posted_kmh("70;50", rules)
    (80.0, 50.0, 50.0)
    >>> round(posted_kmh("30 mph", rules), 1), posted_kmh("none", rules)
    (48.3, nan)
    """
    rules = {name.casefold(): value for name, value in implicit_kmh.items()}
    pieces = [piece.strip().casefold() for piece in re.split(r"[;,|]", text)]
    limits = [_one_kmh(piece, rules) for piece in pieces]
    numbers = [limit for limit in limits if not math.isnan(limit)]
    return min(numbers, default=math.nan)


def _one_kmh(piece: str, rules: Mapping[str, float]) -> float:
    if piece in _NO_NUMBER:
        return math.nan
    # "walk" alone is written in every country; the table knows it under its own.
    named = rules.get(piece, rules.get("fr:walk") if piece == "walk" else None)
    if named is not None:
        return named
    limit = 0.0
    if match := _NUMBER.fullmatch(piece):
        limit = float(match[1]) * _KMH_PER_UNIT.get(match[2], 0.0)
    elif match := _COUNTRY_NUMBER.fullmatch(piece):
        limit = float(match[1])
    if limit <= 0:
        message = f"expected a speed limit such as '50', '30 mph' or 'FR:urban', found {piece!r}"
        raise ValueError(message)
    return limit
