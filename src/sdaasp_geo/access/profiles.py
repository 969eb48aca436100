"""Time along streets: how it rises from either end, and which parts are within a time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.network.snapping import Snapped, usable_streets
from sdaasp_geo.routing.nearest import UNREACHED

if TYPE_CHECKING:
    import numpy.typing as npt

    from sdaasp_geo.access.reach import Reach

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


class Profile(NamedTuple):
    """Time along sections of streets, without the access leg of the land.

    At place f of a section, from `low` to `high` as shares of the street, the time is
    the lesser of ``low_ms + (f - low) · rise_ms`` and ``high_ms + (high - f) · fall_ms``;
    infinite where traffic may not go that way or nothing is reached.

    Parameters
    ----------
    street
        Number of the street, int64 (K,).
    low, high
        Float64 (K,), shares of its length.
    low_ms, high_ms
        Time at the two ends, float64 (K,), of those who come that way.
    rise_ms, fall_ms
        Time of the whole street in either direction, float64 (K,).
    point_x, point_y, point_ms
        Places that are reached where perhaps no section is: the places themselves,
        and the ends of one-way streets.
    """

    street: Ints
    low: Floats
    high: Floats
    low_ms: Floats
    high_ms: Floats
    rise_ms: Floats
    fall_ms: Floats
    point_x: Floats
    point_y: Floats
    point_ms: Floats


class Stretch(NamedTuple):
    """Parts of streets, from one share of the length to another (in either order)."""

    street: Ints
    start: Floats
    end: Floats

    def only(self, kept: Bools) -> Stretch:
        """Keep some of the parts."""
        return Stretch(self.street[kept], self.start[kept], self.end[kept])


class Parts(NamedTuple):
    """Parts of streets within a time.

    Parameters
    ----------
    whole
        Sections that are in full width from end to end, bool (K,), and `full_section`
        the section of each part of `full`.
    full
        Parts where the time left is at least the cap.
    tapered, left_ms
        Parts where it is less, and the time left at start and end, float64 (T, 2).
    point, point_left_ms
        Numbers of the points that are reached, and the time left there.
    """

    whole: Bools
    full_section: Ints
    full: Stretch
    tapered: Stretch
    left_ms: Floats
    point: Ints
    point_left_ms: Floats

    def without(self, drawn: Bools) -> Parts:
        """Leave out the parts at full width of some sections."""
        kept = ~drawn[self.full_section]
        return self._replace(full_section=self.full_section[kept], full=self.full.only(kept))


def profile(found: Reach) -> Profile:
    """Time along every usable street, from what was found at its ends and on it."""
    network = found.network
    street = np.flatnonzero(usable_streets(network, found.assumptions))
    toward_from, toward_to = _slopes(found, street)
    middle = _middle_ms(found, street, np.column_stack([toward_from, toward_to]) < np.inf)
    sections = np.column_stack(
        [
            np.zeros(street.size),
            np.ones(street.size),
            middle[:, 0] - _half(toward_from),
            middle[:, 1] - _half(toward_to),
            toward_from,
            toward_to,
        ]
    )
    cut_street, cut = _cut_at_places(found, street, sections)
    low, high, low_ms, high_ms, rise_ms, fall_ms = cut.T
    ends = low_ms, high_ms, rise_ms, fall_ms
    return Profile(cut_street, low, high, *ends, *_points(found, street))


def reached_parts(streets: Profile, limit_ms: float, cap_ms: float) -> Parts:
    """Parts of sections within a time, and the time left for the access leg.

    Parameters
    ----------
    streets
        Times along the sections.
    limit_ms
        Time within which.
    cap_ms
        Time of the longest access leg: parts with as much left are of full width.
    """
    meeting = _meeting(streets)
    ups = _branch(streets.low_ms, streets.rise_ms, meeting - streets.low, (limit_ms, cap_ms))
    downs = _branch(streets.high_ms, streets.fall_ms, streets.high - meeting, (limit_ms, cap_ms))
    whole = (streets.low + ups.full >= meeting) & (streets.high - downs.full <= meeting)
    section = np.arange(streets.street.size)
    low, high = np.where(ups.full > 0)[0], np.where(downs.full > 0)[0]
    low, high = low[~whole[low]], high[~whole[high]]
    full_section = np.concatenate([section[whole], low, high])
    full = Stretch(
        streets.street[full_section],
        np.concatenate([streets.low[whole], streets.low[low], streets.high[high]]),
        np.concatenate(
            [
                streets.high[whole],
                streets.low[low] + ups.full[low],
                streets.high[high] - downs.full[high],
            ]
        ),
    )
    tapered, left_ms = _tapered(streets, ups, downs)
    point = np.flatnonzero(streets.point_ms <= limit_ms)
    return Parts(
        whole, full_section, full, tapered, left_ms, point, limit_ms - streets.point_ms[point]
    )


class _Branch(NamedTuple):
    """How far from one end of each section, as shares of the street: in full width, at all."""

    full: Floats
    reached: Floats
    left_full_ms: Floats
    left_reached_ms: Floats


def _branch(
    start_ms: Floats, slope_ms: Floats, room: Floats, limits: tuple[float, float]
) -> _Branch:
    limit_ms, cap_ms = limits
    reached = _share(limit_ms - start_ms, slope_ms, room)
    full = np.minimum(_share(limit_ms - cap_ms - start_ms, slope_ms, room), reached)
    slope = np.where(np.isfinite(slope_ms), slope_ms, 0.0)
    start = np.where(np.isfinite(start_ms), start_ms, 0.0)
    return _Branch(
        full, reached, limit_ms - start - full * slope, limit_ms - start - reached * slope
    )


def _share(left_ms: Floats, slope_ms: Floats, room: Floats) -> Floats:
    """Share of a street that the time left allows, at most the room; 0 where none is left."""
    moves = (left_ms >= 0) & (slope_ms < np.inf)
    free = slope_ms == 0
    ratio = np.divide(left_ms, slope_ms, out=np.full(left_ms.size, np.inf), where=moves & ~free)
    return np.where(moves, np.clip(ratio, 0.0, room), 0.0)


def _tapered(streets: Profile, ups: _Branch, downs: _Branch) -> tuple[Stretch, Floats]:
    low, high = np.where(ups.reached > ups.full)[0], np.where(downs.reached > downs.full)[0]
    stretch = Stretch(
        np.concatenate([streets.street[low], streets.street[high]]),
        np.concatenate([streets.low[low] + ups.full[low], streets.high[high] - downs.full[high]]),
        np.concatenate(
            [streets.low[low] + ups.reached[low], streets.high[high] - downs.reached[high]]
        ),
    )
    left_ms = np.concatenate(
        [
            np.column_stack([branch.left_full_ms[rows], branch.left_reached_ms[rows]])
            for branch, rows in ((ups, low), (downs, high))
        ]
    )
    return stretch, np.maximum(left_ms, 0.0)


def _meeting(streets: Profile) -> Floats:
    """Where the two ways of reaching a section take the same time."""
    rises = (streets.low_ms < np.inf) & (streets.rise_ms < np.inf)
    falls = (streets.high_ms < np.inf) & (streets.fall_ms < np.inf)
    both = rises & falls
    rise, fall = np.where(both, streets.rise_ms, 0.0), np.where(both, streets.fall_ms, 0.0)
    ahead = np.where(both, streets.high_ms, 0.0) + streets.high * fall
    behind = np.where(both, streets.low_ms, 0.0) - streets.low * rise
    slope = rise + fall
    # A street without time is reached from its better end.
    better = np.where(streets.low_ms <= streets.high_ms, streets.high, streets.low)
    place = np.divide(ahead - behind, slope, out=better, where=both & (slope > 0))
    place = np.where(rises & ~falls, streets.high, place)
    place = np.where(falls & ~rises, streets.low, place)
    return np.clip(place, streets.low, streets.high)


def _slopes(found: Reach, street: Ints) -> tuple[Floats, Floats]:
    """Time of a whole street by its door at ``street_from``, and by the one at ``street_to``."""
    network = found.network
    ways = [network.backward_ms[street], network.forward_ms[street]]
    if found.direction == "from":
        ways.reverse()
    by_from, by_to = (np.where(way >= 0, way, np.inf).astype(np.float64) for way in ways)
    return by_from, by_to


def _half(slope_ms: Floats) -> Floats:
    return np.where(slope_ms < np.inf, slope_ms / 2.0, 0.0)


def _middle_ms(found: Reach, street: Ints, is_door: Bools) -> Floats:
    """Time in the middle of each street by its two doors; infinite where there is none.

    Asked in the middle, where both doors are, so that what a door is stays the
    network's own matter.
    """
    doors = found.doors(_standing(street, 0.5))
    time_ms = found.time_ms[doors.node].astype(np.float64) + doors.cost_ms
    time_ms[found.time_ms[doors.node] == UNREACHED] = np.inf
    middle = np.full(is_door.shape, np.inf)
    middle[is_door] = time_ms
    return middle


def _standing(street: Ints, fraction: float) -> Snapped:
    """Points on streets, all at the same share of their length."""
    nowhere = np.zeros(street.size)
    return Snapped(
        street=street.astype(np.int32),
        fraction=np.full(street.size, fraction),
        distance_m=nowhere,
        x=nowhere,
        y=nowhere,
        reason=np.full(street.size, "", dtype=object),
    )


def _cut_at_places(found: Reach, street: Ints, sections: Floats) -> tuple[Ints, Floats]:
    """Cut the streets on which places stand, at the places."""
    snapped, leg_ms = found.places.snapped, found.places.leg_ms
    held = np.isin(street, snapped.street[snapped.street >= 0])
    streets, tables = [street[~held]], [sections[~held]]
    for row in np.flatnonzero(held):
        here = snapped.street == street[row]
        pieces = _pieces(sections[row], snapped.fraction[here], leg_ms[here].astype(np.float64))
        streets.append(np.full(len(pieces), street[row]))
        tables.append(np.array(pieces))
    return np.concatenate(streets), np.concatenate(tables)


def _pieces(whole: Floats, place: Floats, leg_ms: Floats) -> list[list[float]]:
    """Sections between the places of one street, each reached from either of its ends."""
    _, _, first_ms, last_ms, rise, fall = whole.tolist()
    pieces = []
    for low, high in itertools.pairwise(np.unique([0.0, 1.0, *place]).tolist()):
        below, above = place <= low, place >= high
        low_ms, high_ms = np.inf, np.inf
        if rise < np.inf:
            from_places = leg_ms[below] + (low - place[below]) * rise
            low_ms = min([first_ms + low * rise, *from_places.tolist()])
        if fall < np.inf:
            from_places = leg_ms[above] + (place[above] - high) * fall
            high_ms = min([last_ms + (1.0 - high) * fall, *from_places.tolist()])
        pieces.append([low, high, low_ms, high_ms, rise, fall])
    return pieces


def _points(found: Reach, street: Ints) -> tuple[Floats, Floats, Floats]:
    """Places, and ends of one-way streets: reached, though no section may say so."""
    network, snapped = found.network, found.places.snapped
    attached = found.places.attached
    oneway = street[(network.forward_ms[street] < 0) | (network.backward_ms[street] < 0)]
    x, y = [snapped.x[attached]], [snapped.y[attached]]
    time_ms = [found.places.leg_ms[attached].astype(np.float64)]
    last = network.shape_offsets[oneway + 1] - 1
    for fraction, vertex in ((0.0, network.shape_offsets[oneway]), (1.0, last)):
        doors = found.doors(_standing(oneway, fraction))
        time = found.time_ms[doors.node]
        reached = time < UNREACHED
        at = network.shape_xy[vertex[doors.point[reached]]]
        x.append(at[:, 0])
        y.append(at[:, 1])
        time_ms.append((time[reached] + doors.cost_ms[reached]).astype(np.float64))
    return np.concatenate(x), np.concatenate(y), np.concatenate(time_ms)
