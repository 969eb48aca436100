"""Opening hours as lists of sites write them, day by day, as hours a week.

What cannot be read for sure is missing, never 0: a desk whose hours nobody understood is
not a closed desk.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

DAYS = ("h_lundi", "h_mardi", "h_mercredi", "h_jeudi", "h_vendredi", "h_samedi")

_MIN_PER_HOUR = 60
_MIN_PER_DAY = 24 * _MIN_PER_HOUR
_CLOSED = re.compile(r"\bferm\w*")
# Minutes must follow their h at once, and not be the hours of the next time.
_MARKED = r"\d{1,2}\s*(?::|\.(?=\d\d))\s*[0-5]\d|\d{1,2}\s?h(?:eures?)?(?:\s?[0-5]\d(?!\s*[h:.]|\d)(?:\s?mi?n)?)?"
_BARE = r"\d{1,2}(?![\d:.])"
_TO = r"\s*(?:-|\bjusqu'a\b|\ba\b)\s*"
# "9-12h30" and "9h-12" are hours; "9-12" alone may be anything.
_SPAN = re.compile(
    rf"(?<!\d)(?:(?P<a>{_MARKED}){_TO}(?P<b>{_MARKED}|{_BARE})|(?P<c>{_BARE}){_TO}(?P<d>{_MARKED}))"
)
# Words that change nothing of when the door is open. Any other word ("sauf", "semaines
# paires", "1er mardi") makes the hours unknown.
_HARMLESS = re.compile(
    r"\b(?:de|et|puis|ou|le|la|les|l'|matins?|matinee|apres-midis?|apres midis?|journee|"
    r"continue|uniquement|seulement|avec|sans|sur|rendez-vous|rendez vous|rdv|acces|libre|"
    r"ouvert|ouverture)\b|l'|[/;,&+|()\s.:-]"
)
_NOON = re.compile(r"(?<!apres-)(?<!apres )\bmidi\b")


def day_hours(text: object) -> float | None:
    """Read the hours that a desk is open on one day.

    Spans that overlap count once: a site that lists two desks is open while one is.

    Parameters
    ----------
    text
        ``09:00 - 12:00 / 14:00 - 17:00``, ``9h-12h30 14h-17h``, ``de 9h à midi``,
        ``fermé`` … An empty cell of a list whose other days are filled is a closed day;
        :func:`weekly_hours` tells that from a list without hours.

    Returns
    -------
    float or None
        Hours; 0 for a day that is said to be closed; None where the text cannot be read
        for sure, says no hours (``sur rendez-vous``), or opens after it closes.

    Examples
    --------
    >>> day_hours("09:00 - 12:00 / 14:00 - 17:30"), day_hours("9h-12h30 14h-17h")
    (6.5, 6.5)
    >>> day_hours("fermé"), day_hours("sur rendez-vous"), day_hours("9h-12h semaines paires")
    (0.0, None, None)
    """
    if _blank(text):
        return 0.0
    plain = _NOON.sub("12h", _plain(str(text)))
    spans = [_minutes(found) for found in _SPAN.finditer(plain)]
    rest = _SPAN.sub(" # ", plain)
    closed = _CLOSED.search(rest)
    # "9h-12h, fermé l'après-midi" is clear; "fermé de 12h à 14h" is not an opening.
    if closed and "#" in rest[closed.end() :]:
        return None
    words = _HARMLESS.sub("", _CLOSED.sub("", rest).replace("#", " "))
    if words or not (spans or closed) or not all(0 <= a < b <= _MIN_PER_DAY for a, b in spans):
        return None
    return _together(spans) / _MIN_PER_HOUR


def weekly_hours(table: pd.DataFrame, days: Sequence[str] = DAYS) -> pd.DataFrame:
    """Hours a week of each site, from one text a day.

    Parameters
    ----------
    table
        One row a site, with some of the columns `days`.
    days
        Columns of the days.

    Returns
    -------
    DataFrame
        ``hours_per_week hours_unread``, indexed as `table`. Where every day is empty,
        or a day is not understood, `hours_per_week` is missing; `hours_unread` then
        names the day and its text, and is missing where all was read or nothing told.

    Examples
    --------
    >>> week = pd.DataFrame({"h_lundi": ["9h-12h", "9h-12h"], "h_mardi": [None, "sur rdv"]})
    >>> weekly_hours(week)["hours_unread"].tolist()
    [nan, 'h_mardi: sur rdv']
    """
    texts = table[[day for day in days if day in table]]
    rows = [_week(row) for row in texts.to_dict("records")]
    return pd.DataFrame(
        {
            "hours_per_week": np.array([hours for hours, _ in rows], dtype=np.float64),
            "hours_unread": pd.Series([unread for _, unread in rows], index=table.index).astype(
                "str"
            ),
        },
        index=table.index,
    )


def _week(row: Mapping[Hashable, object]) -> tuple[float, str | None]:
    if all(_blank(text) for text in row.values()):
        return np.nan, None
    hours = {day: day_hours(text) for day, text in row.items()}
    unread = [f"{day}: {row[day]}" for day, value in hours.items() if value is None]
    if unread:
        return np.nan, "; ".join(unread)
    return sum(value for value in hours.values() if value is not None), None


def _blank(text: object) -> bool:
    return text is None or text is pd.NA or text != text or not str(text).strip()  # noqa: PLR0124 (NaN)


def _plain(text: str) -> str:
    """Small letters without accents, one kind of dash, space and apostrophe."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[‐‑‒–—−]", "-", bare).replace("’", "'").strip()


def _minutes(found: re.Match[str]) -> tuple[int, int]:
    """Minutes after midnight of both ends of a span; -1 for a time that no clock shows."""
    first, last = (found["a"], found["b"]) if found["a"] else (found["c"], found["d"])
    return _clock(first), _clock(last)


def _clock(text: str) -> int:
    hours, *minutes = (int(number) for number in re.findall(r"\d+", text))
    total = hours * _MIN_PER_HOUR + (minutes[0] if minutes else 0)
    return total if total <= _MIN_PER_DAY else -1


def _together(spans: Sequence[tuple[int, int]]) -> int:
    """Minutes covered by spans, what overlaps once."""
    covered, until = 0, 0
    for first, last in sorted(spans):
        covered += max(0, last - max(first, until))
        until = max(until, last)
    return covered
