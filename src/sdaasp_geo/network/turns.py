"""Left turns: a graph in which each end of a street, by direction, is a node.

Where only streets take time, a search need not know by which street it came to a
junction. Where a left turn costs something it must. Each direction of each street then
has two nodes of its own, its *tail* (about to be driven) and its *head* (driven); an arc
from tail to head takes the time of the street, arcs from heads to the tails of the
streets that go on take the time of the turn.

A **left turn** is a change of heading of 45° or more to the left (France drives on the
right, overseas as well) at a junction of three streets or more. Straight back, within 5°
on either side, is one too, as on the other carriageway of a boulevard. Headings are taken from
the first 15 m of a street, or its first half where it is shorter than 30 m. Free are:

- turns from, on and to the streets of a roundabout, which itself bends to the left;
- at a junction of three streets of which exactly two are of one class, the way from one
  of these two to the other: it is the road going on, however it bends.

**U-turns** cost as much as a left turn. No turn costs more, and so no quickest way makes
one: turning at once at the junction before is never slower, and neither is leaving in
the other direction. They are therefore left out, and no place is reached the less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from sdaasp_geo.tables.polylines import offsets_of

if TYPE_CHECKING:
    import numpy.typing as npt

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Ints32 = npt.NDArray[np.int32]

NO_NODE = -1
# Long enough to overlook how a junction is drawn, short enough for a town's bends.
_HEADING_M = 15.0
_BACK = np.tan(np.radians(5.0))
_ROUNDING = 1e-6


class Gates(NamedTuple):
    """Nodes of the search graph at the two ends of each street, by direction.

    Without a cost for left turns they are the junctions themselves. With one they are
    -1 where traffic may not go that way.

    Parameters
    ----------
    forward_tail, forward_head
        Where traffic from ``street_from`` to ``street_to`` begins and has ended the
        street, int32 (E,).
    backward_tail, backward_head
        The same for traffic from ``street_to`` to ``street_from``.
    junction
        Junction at which each node of the search graph stands, int32 (M,), in rising
        order.
    """

    forward_tail: Ints32
    forward_head: Ints32
    backward_tail: Ints32
    backward_head: Ints32
    junction: Ints32


class Directions(NamedTuple):
    """Every direction in which a street may be driven, forward ones first.

    Parameters
    ----------
    street
        Number of the street, int64 (K,).
    backward
        Whether it is driven from its end to its start, bool (K,).
    tail, head
        Junctions that it leaves and reaches, int64 (K,).
    time_ms
        Time from one to the other, halt included, int64 (K,).
    """

    street: Ints
    backward: Bools
    tail: Ints
    head: Ints
    time_ms: Ints


class StreetForms(NamedTuple):
    """What the streets look like where they meet.

    Parameters
    ----------
    start, end
        Junctions at the two ends of each street, int64 (E,).
    leaving_start, leaving_end
        Vector in which traffic leaves either end, float64 (E, 2).
    road_class
        Number of the class, int64 (E,).
    roundabout
        Whether the street is a piece of a roundabout, bool (E,).
    """

    start: Ints
    end: Ints
    leaving_start: Floats
    leaving_end: Floats
    road_class: Ints
    roundabout: Bools


class Arcs(NamedTuple):
    """Arcs of a search graph, in any order.

    Parameters
    ----------
    tail, head
        Nodes that each arc leaves and enters, int64 (A,).
    time_ms
        Time from one to the other, int64 (A,).
    """

    tail: Ints
    head: Ints
    time_ms: Ints


class Turns(NamedTuple):
    """Turns from one direction of a street to one of another, by their numbers.

    Parameters
    ----------
    source, target
        Numbers of the directions, int64 (T,).
    left
        Whether the turn is a left turn that costs, bool (T,).
    """

    source: Ints
    target: Ints
    left: Bools


def leaving_vectors(lines: npt.NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Vectors in which traffic leaves the start and the end of each line.

    Returns
    -------
    tuple of ndarray
        float64 (E, 2) each, in metres; zero for a line without length.

    Examples
    --------
    >>> bend = shapely.LineString([(0, 0), (0, 100), (50, 100)])
    >>> start, end = leaving_vectors(np.array([bend]))
    >>> start.tolist(), end.tolist()
    ([[0.0, 15.0]], [[-15.0, 0.0]])
    """
    length_m = shapely.length(lines)
    reach_m = np.minimum(_HEADING_M, length_m / 2.0)
    vectors = []
    for end, along_m in ((0, reach_m), (-1, length_m - reach_m)):
        ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, along_m))
        vectors.append(ahead - shapely.get_coordinates(shapely.get_point(lines, end)))
    return vectors[0], vectors[1]


def turns_of(ways: Directions, forms: StreetForms) -> Turns:
    """Every turn but U-turns, at every junction.

    Parameters
    ----------
    ways
        Directions of the streets.
    forms
        How the streets look where they meet.

    Returns
    -------
    Turns
        By source, then by target.
    """
    by_tail = np.argsort(ways.tail, kind="stable")
    tails = ways.tail[by_tail]
    low, high = (np.searchsorted(tails, ways.head, side=side) for side in ("left", "right"))
    count = high - low
    source = np.repeat(np.arange(ways.head.size), count)
    step = np.arange(source.size) - np.repeat(offsets_of(count)[:-1], count)
    target = by_tail[np.repeat(low, count) + step]
    back = ways.street[source] == ways.street[target]
    back &= ways.backward[source] != ways.backward[target]
    source, target = source[~back], target[~back]
    return Turns(source, target, _costly(ways, forms, source, target))


def _costly(ways: Directions, forms: StreetForms, source: Ints, target: Ints) -> Bools:
    """Whether each turn is a left turn that is not free."""
    along, against = forms.leaving_start, forms.leaving_end
    # Who arrives at the end of a street heads the other way than who leaves it there.
    arriving = -np.where(ways.backward[:, None], along[ways.street], against[ways.street])
    leaving = np.where(ways.backward[:, None], against[ways.street], along[ways.street])
    left = _bends_left(arriving[source], leaving[target])
    one, other = ways.street[source], ways.street[target]
    left &= ~(forms.roundabout[one] | forms.roundabout[other])
    ends = np.concatenate([forms.start, forms.end])
    degree = np.bincount(ends, minlength=int(ends.max()) + 1)
    here = ways.head[source]
    left &= degree[here] >= 3
    class_sum = np.bincount(ends, weights=np.tile(forms.road_class, 2), minlength=degree.size)
    same = forms.road_class[one] == forms.road_class[other]
    third = class_sum[here] - 2.0 * forms.road_class[one]
    goes_on = same & (degree[here] == 3) & (third != forms.road_class[one])
    return np.asarray(left & ~goes_on)


def _bends_left(arriving: Floats, leaving: Floats) -> Bools:
    """Whether the heading changes by 45° to 185° to the left.

    Examples
    --------
    >>> north = np.array([[0.0, 1.0]] * 4)
    >>> _bends_left(north, np.array([[-2.0, 2.0], [-1.0, 1.1], [0.1, -2.0], [1.0, 0.0]]))
    array([ True, False,  True, False])
    """
    cross = arriving[:, 0] * leaving[:, 1] - arriving[:, 1] * leaving[:, 0]
    dot = (arriving * leaving).sum(axis=1)
    # At 45° the two are equal, but for rounding.
    left = (cross > 0) & (cross - dot >= -_ROUNDING * (np.abs(cross) + np.abs(dot)))
    # A street without length has no heading: both are 0.
    back = (dot < 0) & (np.abs(cross) <= -_BACK * dot)
    return np.asarray(left | back)


def expand(ways: Directions, turns: Turns, left_turn_ms: int, streets: int) -> tuple[Gates, Arcs]:
    """Give each direction its tail and head, and lay the arcs between them.

    Nodes stand in the order of their junctions, which keeps neighbours near each other
    in memory. Where a free turn is the only one from its source and to its target, as
    between two stretches of one road, head and tail are one node.

    Parameters
    ----------
    ways
        Directions of the streets.
    turns
        Turns between them.
    left_turn_ms
        Cost of a left turn.
    streets
        Number of streets.

    Returns
    -------
    gates
        Nodes at the ends of each street.
    arcs
        Streets and turns between them.
    """
    count = ways.street.size
    # The head of direction k has the number k here, its tail count + k.
    same_as = np.arange(2 * count)
    alone = np.bincount(turns.source, minlength=count)[turns.source] == 1
    alone &= np.bincount(turns.target, minlength=count)[turns.target] == 1
    alone &= ~turns.left
    same_as[count + turns.target[alone]] = turns.source[alone]
    kept = np.flatnonzero(same_as == np.arange(2 * count))
    place = np.concatenate([ways.head, ways.tail])
    kept = kept[np.argsort(place[kept], kind="stable")]
    node = np.empty(2 * count, dtype=np.int64)
    node[kept] = np.arange(kept.size)
    node = node[same_as]
    head, tail = node[:count], node[count:]
    turn_ms = np.where(turns.left, left_turn_ms, 0)[~alone]
    arcs = Arcs(
        np.concatenate([tail, head[turns.source[~alone]]]),
        np.concatenate([head, tail[turns.target[~alone]]]),
        np.concatenate([ways.time_ms, turn_ms]),
    )
    return _gates(ways, tail, head, place[kept], streets), arcs


def _gates(ways: Directions, tail: Ints, head: Ints, place: Ints, streets: int) -> Gates:
    columns = np.full((4, streets), NO_NODE, dtype=np.int32)
    columns[2 * ways.backward, ways.street] = tail
    columns[2 * ways.backward + 1, ways.street] = head
    forward_tail, forward_head, backward_tail, backward_head = columns
    junction = place.astype(np.int32)
    return Gates(forward_tail, forward_head, backward_tail, backward_head, junction)
