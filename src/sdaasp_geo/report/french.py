"""Numbers, shares and minutes as a French reader writes them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

# Imprimerie nationale: a narrow no-break space between thousands, a no-break one
# before a unit. Neither lets a line end inside a figure.
THOUSANDS = "\u202f"
BEFORE_UNIT = "\u00a0"
MISSING = "–"


def is_missing(value: object) -> bool:
    """Whether a scalar is None, NaN or NA.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing(0)
    (True, True, False)
    """
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def number(value: float | None, *, decimals: int = 0) -> str:
    """Write a number with a decimal comma and its thousands apart; a dash where missing.

    Examples
    --------
    >>> number(2024162).replace("\u202f", "_"), number(-1.25, decimals=1), number(None)
    ('2_024_162', '−1,2', '–')
    """
    if value is None or is_missing(value):
        return MISSING
    if not math.isfinite(value):
        return MISSING
    text = f"{value:,.{decimals}f}"
    # A rounded negative that shows no digit is plain zero.
    if text.startswith("-") and not any(digit in text for digit in "123456789"):
        text = text[1:]
    return text.replace("-", "−").replace(",", THOUSANDS).replace(".", ",")


def minutes(value: float | None, *, decimals: int = 1, signed: bool = False) -> str:
    """Write minutes with their unit.

    Examples
    --------
    >>> minutes(7.44).replace("\u00a0", " "), minutes(3, signed=True).replace("\u00a0", " ")
    ('7,4 min', '+3,0 min')
    """
    text = number(value, decimals=decimals)
    if text == MISSING:
        return text
    plus = "+" if signed and value is not None and value > 0 else ""
    return f"{plus}{text}{BEFORE_UNIT}min"


def threshold(value: float | None) -> str:
    """Write a threshold in minutes, with decimals only where it has some.

    Examples
    --------
    >>> threshold(20.0).replace("\u00a0", " "), threshold(4.5).replace("\u00a0", " ")
    ('20 min', '4,5 min')
    """
    whole = value is not None and not is_missing(value) and float(value).is_integer()
    return minutes(value, decimals=0 if whole else 1)


def percent(share: float | None, *, decimals: int = 0) -> str:
    """Write a share (0 to 1) as a percentage that never rounds a few people away.

    Examples
    --------
    >>> [percent(s).replace("\u00a0", " ") for s in (0.952, 1.0, 0.9997, 0.0003)]
    ['95 %', '100 %', '> 99 %', '< 1 %']
    """
    if share is None or is_missing(share):
        return MISSING
    step = 10.0**-decimals
    shown = round(100.0 * share, decimals)
    if shown >= 100.0 and share < 1.0:
        text = f">{BEFORE_UNIT}{number(100.0 - step, decimals=decimals)}"
    elif shown <= 0.0 and share > 0.0:
        text = f"<{BEFORE_UNIT}{number(step, decimals=decimals)}"
    else:
        text = number(shown, decimals=decimals)
    return f"{text}{BEFORE_UNIT}%"


def percent_words(share: float | None, *, decimals: int = 0) -> str:
    """Write a share as a sentence does, "plus de" in the place of ">".

    Examples
    --------
    >>> [percent_words(s).replace("\u00a0", " ") for s in (0.952, 0.9997, 0.0003)]
    ['95 %', 'plus de 99 %', 'moins de 1 %']
    """
    text = percent(share, decimals=decimals)
    return text.replace(">", "plus de", 1).replace("<", "moins de", 1)


def count(value: float, singular: str, plural: str | None = None) -> str:
    """Write a count with its noun; French keeps the singular below two.

    Examples
    --------
    >>> count(0, "commune").replace("\u00a0", " "), count(60, "commune").replace("\u00a0", " ")
    ('0 commune', '60 communes')
    """
    noun = singular if abs(value) < 2 else (plural or f"{singular}s")
    return f"{number(value)}{BEFORE_UNIT}{noun}"


def listing(items: Sequence[str]) -> str:
    """Join items as a sentence does.

    Examples
    --------
    >>> listing(["a", "b", "c"]), listing(["a"]), listing([])
    ('a, b et c', 'a', '')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} et {items[-1]}"
