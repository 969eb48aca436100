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

_WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
# A desk that closes twice a day has three spans; nobody has more.
_MOST_SPANS = 4
_EMPTY_MARKS = " \t\r\n\u00a0-\u2013\u2014"

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


def range_hours(ranges: Sequence[Mapping[str, object]]) -> tuple[float, str | None]:
    """Hours a week from ranges of days, as the annuaire de l'administration has them.

    Parameters
    ----------
    ranges
        Each with ``nom_jour_debut nom_jour_fin``, ``valeur_heure_debut_1`` and
        ``valeur_heure_fin_1`` (``09:00:00``), a second pair where the desk closes at
        noon, and perhaps ``commentaire``.

    Returns
    -------
    hours
        NaN where no range is told, or one cannot be read for sure.
    unread
        The range that cannot be read (a remark may say anything: "semaines paires").

    Examples
    --------
    >>> week = {"nom_jour_debut": "Lundi", "nom_jour_fin": "Vendredi",
    ...         "valeur_heure_debut_1": "09:00:00", "valeur_heure_fin_1": "12:00:00"}
    >>> range_hours([week]), range_hours([week | {"commentaire": "sauf le 15"}])
    ((15.0, None), (nan, 'Lundi-Vendredi 09:00:00-12:00:00 (sauf le 15)'))
    """
    spans: dict[int, list[tuple[int, int]]] = {}
    for told in ranges:
        read = _range(told)
        if read is None:
            return np.nan, _range_text(told)
        for day in read[0]:
            spans.setdefault(day, []).extend(read[1])
    if not spans:
        return np.nan, None
    return sum(_together(day) for day in spans.values()) / _MIN_PER_HOUR, None


def _range(told: Mapping[str, object]) -> tuple[range, list[tuple[int, int]]] | None:
    first, last = (_plain(str(told.get(f"nom_jour_{end}") or "")) for end in ("debut", "fin"))
    last = last or first
    if first not in _WEEK or last not in _WEEK or _plain(str(told.get("commentaire") or "")):
        return None
    days = range(_WEEK.index(first), _WEEK.index(last) + 1)
    spans = [
        (_clock(str(told[start])), _clock(str(told.get(f"valeur_heure_fin_{number}") or "")))
        for number in range(1, _MOST_SPANS + 1)
        if told.get(start := f"valeur_heure_debut_{number}")
    ]
    sure = days and spans and all(0 <= opens < closes for opens, closes in spans)
    return (days, spans) if sure else None


def _range_text(told: Mapping[str, object]) -> str:
    days = "-".join(str(told[f"nom_jour_{end}"]) for end in ("debut", "fin")
                    if told.get(f"nom_jour_{end}"))  # fmt: skip
    hours = " ".join(
        f"{told[start]}-{told.get(f'valeur_heure_fin_{number}')}"
        for number in range(1, _MOST_SPANS + 1)
        if told.get(start := f"valeur_heure_debut_{number}")
    )
    remark = f" ({told['commentaire']})" if told.get("commentaire") else ""
    return f"{days} {hours}{remark}".strip()


def _blank(text: object) -> bool:
    # A dash alone is how the lists of 2020 and 2021 write a closed day.
    missing = text is None or text is pd.NA or text != text  # noqa: PLR0124 (NaN)
    return missing or not str(text).strip(_EMPTY_MARKS)


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
    hours, *minutes = [int(number) for number in re.findall(r"\d{1,9}", text)] or [-1]
    if hours < 0 or (minutes and minutes[0] >= _MIN_PER_HOUR):
        return -1
    total = hours * _MIN_PER_HOUR + (minutes[0] if minutes else 0)
    return total if total <= _MIN_PER_DAY else -1


def _together(spans: Sequence[tuple[int, int]]) -> int:
    """Minutes covered by spans, what overlaps once."""
    covered, until = 0, 0
    for first, last in sorted(spans):
        covered += max(0, last - max(first, until))
        until = max(until, last)
    return covered
