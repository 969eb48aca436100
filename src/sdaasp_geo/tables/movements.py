"""What became of each commune: merged, split, restored, renumbered."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    import pandas as pd

    # (before, after) pairs of one event: every commune concerned, and what it became.
    Pairs = set[tuple[str, str]]

COMMUNE = "COM"
# Parts of a commune that keep a code of their own: associées and déléguées.
PARTS_OF_COMMUNE = ("COMA", "COMD")

# ISO dates are ordered as texts are: these two stand before and after all of them.
_ALWAYS, _TODAY = "", "9999-12-31"


class _Event(NamedTuple):
    """What happened on a day: pairs of communes, and parts that became communes again."""

    date: str
    pairs: Pairs
    restored: set[str]


class _Span(NamedTuple):
    """A time during which a code stood for the same land; `end` is None today."""

    start: str
    end: str | None
    land: frozenset[str]


@dataclass(frozen=True)
class Succession:
    """Which commune each code of any year stands for.

    Land is followed piece by piece. A piece is called by the code of the commune that it
    once was, so that a commune that was merged and is a commune again finds itself.

    Parameters
    ----------
    spans
        Code → the times in which it was a commune's, and of which pieces, in order.
    owners
        Piece → commune that holds it in the year of the communes' layer.
    carved
        Piece → (date, piece) of the communes that were cut out of it, never known before.
    parents
        Communes associées and déléguées → (date, commune) that they were merged into.
    """

    spans: Mapping[str, tuple[_Span, ...]]
    owners: Mapping[str, str]
    carved: Mapping[str, tuple[tuple[str, str], ...]]
    parents: Mapping[str, tuple[str, str]]

    @classmethod
    def from_movements(cls, movements: pd.DataFrame, known: Collection[str] = ()) -> Succession:
        """Follow the land of all communes through the events of the COG.

        Parameters
        ----------
        movements
            Table of :func:`~sdaasp_geo.sources.cog.read_cog_movements`.
        known
            Codes of the communes' layer. Where the movements go beyond its year, the
            later ones are not followed: every code is brought to the layer's year.
        """
        events = _events(movements)
        history = _History()
        for event in events:
            history.happen(event)
        spans = history.closed()
        ends = [spans[code][-1].end for code in known if code in spans]
        # A commune of the layer that has ended since tells that the layer is older.
        until = min((end for end in ends if end is not None), default=None)
        if until is not None:
            history = _History()
            for event in events:
                if event.date < until:
                    history.happen(event)
            history.add_silent(code for code, span in spans.items() if span[0].start == _ALWAYS)
        carved = {piece: tuple(later) for piece, later in history.carved.items()}
        return cls(spans, dict(history.owner), carved, _parents(movements))

    def communes_of(self, code: str, year: int | None = None) -> frozenset[str]:
        """Return the communes of the layer's year that a code stands for.

        Parameters
        ----------
        code
            Commune code, or that of a commune associée or déléguée.
        year
            Year of the file that uses the code, as of 1 January; None for its last use.

        Returns
        -------
        frozenset of str
            One commune; several where the land was split since, and the code alone does
            not tell which; none where no movement speaks of the code.
        """
        if code not in self.spans:
            return self.parent_of(code)
        asked = None if year is None else f"{year:04d}-01-01"
        span = self._span(code, asked)
        return self._now(span.land, _moment(span, asked))

    def parent_of(self, code: str) -> frozenset[str]:
        """Return the commune that a commune associée or déléguée was plainly merged into."""
        if code not in self.parents:
            return frozenset()
        date, parent = self.parents[code]
        if parent not in self.spans:
            return frozenset([parent])
        return self._now(self._span(parent, date).land, date)

    def _span(self, code: str, asked: str | None) -> _Span:
        """Find the time of a code that holds a date, else the nearest one."""
        spans = self.spans[code]
        if asked is None:
            return spans[-1]
        begun = [span for span in spans if span.start <= asked]
        return begun[-1] if begun else spans[0]

    def _now(self, land: Iterable[str], moment: str) -> frozenset[str]:
        found: set[str] = set()
        left = list(land)
        seen: set[str] = set()
        while left:
            piece = left.pop()
            if piece in seen:
                continue
            seen.add(piece)
            if piece in self.owners:
                found.add(self.owners[piece])
            # What was cut out later was still part of it then.
            left += [later for date, later in self.carved.get(piece, ()) if date > moment]
        return frozenset(found)


class Aliases(NamedTuple):
    """Codes of other years against the units of a territory.

    Parameters
    ----------
    units
        Code → unit that it stands for.
    doubts
        Code that stands for several communes → what to tell of it.
    """

    units: dict[str, str]
    doubts: dict[str, str]


def aliases_of(succession: Succession, known: Collection[str], year: int | None = None) -> Aliases:
    """Bring every code that the movements tell of to the units of a territory.

    Parameters
    ----------
    succession
        What became of each commune.
    known
        Codes of the units.
    year
        Year of the file that uses the codes; without it a unit's code is the unit's.
    """
    units: dict[str, str] = {}
    doubts: dict[str, str] = {}
    alive = set(succession.owners.values())
    for code in dict.fromkeys([*succession.spans, *succession.parents]):
        # What the layer has and the movements ended contradicts them: the layer is seen.
        if code in known and (year is None or code not in alive):
            continue
        communes = succession.communes_of(code, year)
        if communes == {code} and code not in known:
            communes = succession.parent_of(code)
        if communes.isdisjoint(known) or communes == {code}:
            continue
        if len(communes) == 1:
            units[code] = next(iter(communes))
        else:
            doubts[code] = f"a commune split since: {' or '.join(sorted(communes))} today"
    return Aliases(units, doubts)


def followed(aliases: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Follow chains of codes (A is B, B is C) until a known one.

    Codes that lead to no known one, or round in a circle, are left out.

    Examples
    --------
    >>> followed({"A": "B", "B": "C", "X": "Y", "Y": "X"}, {"C"})
    {'A': 'C', 'B': 'C'}
    """
    found = {}
    for old in aliases:
        code, steps = old, 0
        while code not in known and code in aliases and steps <= len(aliases):
            code, steps = aliases[code], steps + 1
        if code in known and code != old:
            found[old] = code
    return found


class _History:
    """The land of every commune, event after event."""

    def __init__(self) -> None:
        self.land: dict[str, frozenset[str]] = {}
        self.since: dict[str, str] = {}
        self.owner: dict[str, str] = {}
        self.carved: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._spans: dict[str, list[_Span]] = defaultdict(list)
        # What a commune brought when it was merged, and takes along if it is restored.
        self._brought: dict[str, frozenset[str]] = {}

    def happen(self, event: _Event) -> None:
        """Change the land as one event says."""
        date = event.date
        afters = defaultdict(list)
        for before, after in sorted(event.pairs | self._restorations(event.restored)):
            afters[before].append(after)
        for before in afters:
            self._meet(before)
        gained: dict[str, set[str]] = defaultdict(set)
        for before, became in afters.items():
            self._share(date, before, became, gained)
        for before in afters:
            if before not in gained:
                self._end(before, date)
        for after, pieces in gained.items():
            kept = self.land.get(after, frozenset()) if after not in afters else frozenset()
            # A code that comes without land of its own has some nobody else holds.
            own = {after} if self.owner.get(after, after) == after else set()
            self._hold(after, frozenset(pieces | kept | own), date)

    def add_silent(self, codes: Iterable[str]) -> None:
        """Add the communes that always were and that no event has named yet."""
        for code in codes:
            if code not in self.owner and code not in self._spans:
                self._meet(code)

    def _restorations(self, codes: set[str]) -> Pairs:
        """Say which commune lets each part go; a part that is its own already stays."""
        pairs: Pairs = set()
        for code in codes:
            parent = self.owner.get(code, code)
            if parent != code and code not in self.land:
                pairs |= {(parent, parent), (parent, code)}
        return pairs

    def closed(self) -> dict[str, tuple[_Span, ...]]:
        """Return the times of all codes, those of today open."""
        spans = {code: list(past) for code, past in self._spans.items()}
        for code, land in self.land.items():
            spans.setdefault(code, []).append(_Span(self.since[code], None, land))
        return {code: tuple(times) for code, times in spans.items()}

    def _meet(self, code: str) -> None:
        """Take a commune that no event named yet as one that always was."""
        if code not in self.land:
            held = self.owner.get(code, code) != code
            self.land[code] = frozenset() if held else frozenset([code])
            self.since[code] = _ALWAYS
            self.owner.setdefault(code, code)

    def _share(
        self, date: str, before: str, became: list[str], gained: dict[str, set[str]]
    ) -> None:
        land = self.land[before]
        rest = set(land)
        if before not in became:
            self._brought[before] = land
        for after in [code for code in became if code != before]:
            came = rest if len(became) == 1 else self._brought.get(after, frozenset([after]))
            back = rest & came
            gained[after] |= back
            rest = rest - back
            if not back:
                for piece in land:
                    self.carved[piece].append((date, after))
        if before in became:
            gained[before] |= rest
        elif rest:
            # It ended in several communes, and nothing tells which land went where.
            for piece in rest:
                self.owner.pop(piece, None)
                self.carved[piece] += [(date, after) for after in became]

    def _end(self, code: str, date: str) -> None:
        self._spans[code].append(_Span(self.since.pop(code), date, self.land.pop(code)))

    def _hold(self, code: str, land: frozenset[str], date: str) -> None:
        if self.land.get(code) != land:
            if code in self.land:
                self._end(code, date)
            self.land[code], self.since[code] = land, date
        for piece in land:
            self.owner[piece] = code


def _events(movements: pd.DataFrame) -> list[_Event]:
    """Return the events that make a commune of a commune, in the order that they happened."""
    part = movements["type_before"].isin(PARTS_OF_COMMUNE)
    again = part & (movements["before"] == movements["after"])
    wanted = ((movements["type_before"] == COMMUNE) | again) & (movements["type_after"] == COMMUNE)
    groups: dict[str, dict[str, _Event]] = defaultdict(dict)
    columns = ["date", "event", "before", "after", "part"]
    rows = movements.assign(part=part).loc[wanted, columns]
    for date, kind, before, after, was_part in rows.itertuples(index=False):
        event = groups[date].setdefault(kind, _Event(date, set(), set()))
        if was_part:
            event.restored.add(after)
        else:
            event.pairs.add((before, after))
    return [event for date in sorted(groups) for event in _ordered(groups[date])]


def _ordered(groups: Mapping[str, _Event]) -> Iterator[_Event]:
    """Put what happened on one day into order: what makes a commune goes before what takes it."""
    left = [groups[event] for event in sorted(groups)]
    while left:
        made = [
            {after for before, after in event.pairs if before != after} | event.restored
            for event in left
        ]
        taken = [{before for before, _ in event.pairs} for event in left]
        free = (
            number
            for number in range(len(left))
            if all(
                made[other].isdisjoint(taken[number])
                for other in range(len(left))
                if other != number
            )
        )
        yield left.pop(next(free, 0))


def _parents(movements: pd.DataFrame) -> dict[str, tuple[str, str]]:
    part = movements["type_before"].isin(PARTS_OF_COMMUNE) & (movements["type_after"] == COMMUNE)
    rows = movements.loc[part & (movements["before"] != movements["after"])].sort_values("date")
    return {
        before: (date, after)
        for date, before, after in rows[["date", "before", "after"]].itertuples(index=False)
    }


def _moment(span: _Span, asked: str | None) -> str:
    """Return the day at which the land of a span is looked at."""
    if asked is not None and (span.end is None or asked < span.end):
        return max(asked, span.start)
    if span.end is None:
        return _TODAY
    return (dt.date.fromisoformat(span.end) - dt.timedelta(days=1)).isoformat()
