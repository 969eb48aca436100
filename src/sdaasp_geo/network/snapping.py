"""Points on the network: the nearest usable street, and how traffic enters and leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.assembly import NOT_ALLOWED
from sdaasp_geo.tables.polylines import vertex_indices

if TYPE_CHECKING:
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.road_network import RoadNetwork

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Ints32 = npt.NDArray[np.int32]

UNATTACHED = -1
# Junctions are told apart to the centimetre: nearer than that, a point stands at one.
_AT_JUNCTION_M = 0.01
_POINT = 0


class Snapped(NamedTuple):
    """Where each of K points is on the network.

    Parameters
    ----------
    street
        Number of the street, int32 (K,); -1 where not attached.
    fraction
        Place along the street, float64 (K,): 0 at ``street_from``, 1 at ``street_to``;
        NaN where not attached.
    distance_m
        Straight line from the point to the street, float64 (K,); NaN where not attached.
    x, y
        The place on the street, float64 (K,); NaN where not attached.
    reason
        Object (K,): empty where attached, else ``unsnapped`` (no usable street within
        the limit) or ``bad_position`` (a missing, empty or endless point).
    """

    street: Ints32
    fraction: Floats
    distance_m: Floats
    x: Floats
    y: Floats
    reason: npt.NDArray[np.object_]


class Doors(NamedTuple):
    """Junctions by which traffic joins or leaves points; up to two a point.

    Where left turns cost something, they are the search nodes at the two ends of the
    point's street, or all those of its junction; see
    :attr:`~sdaasp_geo.network.road_network.RoadNetwork.gates`.

    Parameters
    ----------
    point
        Number of the point, int32, in rising order.
    node
        Junction, or search node, int32.
    cost_ms
        Time between the point and the junction, int32.
    """

    point: Ints32
    node: Ints32
    cost_ms: Ints32


def usable_streets(network: RoadNetwork, assumptions: Assumptions) -> Bools:
    """Whether points may be attached to each street.

    Both ends lie in one strongly connected component of at least `min_component_nodes`
    junctions, so that whoever gets there can leave again; the class is not one of
    `no_access_classes`; and at least one direction is open.

    Returns
    -------
    ndarray
        bool (E,).
    """
    piece = network.component[network.street_from]
    together = piece == network.component[network.street_to]
    large = network.component_nodes[piece] >= assumptions.min_component_nodes
    closed = np.array([name in assumptions.no_access_classes for name in network.class_names])
    open_way = (network.forward_ms >= 0) | (network.backward_ms >= 0)
    return np.asarray(together & large & open_way & ~closed[network.street_class])


def snap(
    network: RoadNetwork, points: npt.NDArray[np.object_], assumptions: Assumptions
) -> Snapped:
    """Attach points to the nearest place of the nearest usable street.

    A point's answer depends on nothing but the network and the assumptions. Of streets
    at the same distance the lowest number is taken.

    Parameters
    ----------
    network
        The roads.
    points
        shapely points or None, object (K,), in the CRS of the network.
    assumptions
        Gives `snap_limit_m` (itself within), `min_component_nodes` and
        `no_access_classes`.

    Raises
    ------
    NetworkError
        If no street is usable; the message says why.
    TypeError
        If something other than points is given.
    """
    streets = np.flatnonzero(usable_streets(network, assumptions))
    if streets.size == 0:
        raise NetworkError(_nothing_usable(network, assumptions))
    points = np.asarray(points, dtype=object)
    good = _positioned(points)
    placed = np.flatnonzero(good)
    tree = shapely.STRtree(network.lines[streets])
    # The limit is applied afterwards: given to the tree, it made the query 3.5 times slower.
    pairs, distance_m = tree.query_nearest(points[placed], return_distance=True)
    asked, found = pairs[:, distance_m <= assumptions.snap_limit_m]
    order = np.lexsort((found, asked))
    attached, first = np.unique(asked[order], return_index=True)
    return _snapped(network, points, placed[attached], streets[found[order][first]], good)


def entries(network: RoadNetwork, snapped: Snapped) -> Doors:
    """Junctions from which traffic arrives at each attached point, and the time it takes.

    From ``street_from`` forward along the street, from ``street_to`` backward, where
    traffic may. A point at the very end of its street stands at the junction, whatever
    the direction of the street.
    """
    point, street, fraction = _attached(snapped)
    ahead = _part_ms(network.forward_ms[street], fraction)
    back = _part_ms(network.backward_ms[street], 1.0 - fraction)
    gates = network.gates
    nodes = gates.forward_tail[street], gates.backward_tail[street]
    return _doors(network, (point, street, fraction), (ahead, back), nodes)


def exits(network: RoadNetwork, snapped: Snapped) -> Doors:
    """Junctions to which traffic leaves from each attached point, and the time it takes.

    To ``street_to`` forward along the street, to ``street_from`` backward, where traffic
    may, with the halt there. A point at the very end of its street stands at the
    junction, whatever the direction of the street.
    """
    point, street, fraction = _attached(snapped)
    back = _part_ms(network.backward_ms[street], fraction)
    ahead = _part_ms(network.forward_ms[street], 1.0 - fraction)
    if network.halts is not None:
        back = _with_halt(back, network.halts.backward_ms[street])
        ahead = _with_halt(ahead, network.halts.forward_ms[street])
    gates = network.gates
    nodes = gates.backward_head[street], gates.forward_head[street]
    return _doors(network, (point, street, fraction), (back, ahead), nodes)


def along_street_ms(
    network: RoadNetwork,
    street: npt.ArrayLike,
    start_fraction: npt.ArrayLike,
    end_fraction: npt.ArrayLike,
) -> Ints32:
    """Time from one place of a street to another without leaving the street.

    Parameters
    ----------
    network
        The roads.
    street
        Numbers of streets, int (K,).
    start_fraction, end_fraction
        Places along them, float (K,), 0 at ``street_from``.

    Returns
    -------
    ndarray
        int32 (K,), milliseconds; -1 where traffic may not go that way. Between a place
        and itself, 0. A halt is counted for places that stand at the junction itself.
    """
    number = np.asarray(street, dtype=np.int64)
    end = np.asarray(end_fraction, dtype=np.float64)
    way = end - np.asarray(start_fraction, dtype=np.float64)
    whole = np.where(way > 0, network.forward_ms[number], network.backward_ms[number])
    time_ms = _part_ms(whole, np.abs(way))
    if (halts := network.halts) is not None:
        halt_ms = np.where(way > 0, halts.forward_ms[number], halts.backward_ms[number])
        time_ms = np.where((end == 0.0) | (end == 1.0), _with_halt(time_ms, halt_ms), time_ms)
    return np.where(way == 0, 0, time_ms).astype(np.int32)


def _nothing_usable(network: RoadNetwork, assumptions: Assumptions) -> str:
    largest = network.connectivity().largest_nodes
    wanted = assumptions.min_component_nodes
    if largest < wanted:
        return (
            f"network: expected a connected piece of at least {wanted} junctions "
            f"(min_component_nodes), found {largest} in the largest. Likely cause: roads that do "
            "not meet at their ends, or a toy network that needs a smaller min_component_nodes"
        )
    return (
        "network: expected streets that points may be attached to, found none among "
        f"{', '.join(network.class_names)}. Likely cause: no_access_classes "
        f"({', '.join(assumptions.no_access_classes)}) leave no street"
    )


def _positioned(points: npt.NDArray[np.object_]) -> Bools:
    kind = shapely.get_type_id(points)
    if not np.isin(kind, (-1, _POINT)).all():
        found = points[np.flatnonzero(~np.isin(kind, (-1, _POINT)))[0]].geom_type
        message = f"points: expected shapely points or None, found a {found}"
        raise TypeError(message)
    good = np.asarray((kind == _POINT) & ~shapely.is_empty(points))
    good[good] = np.isfinite(shapely.get_coordinates(points[good])).all(axis=1)
    return good


def _snapped(
    network: RoadNetwork,
    points: npt.NDArray[np.object_],
    attached: npt.NDArray[np.int64],
    street: npt.NDArray[np.int64],
    good: Bools,
) -> Snapped:
    count = points.size
    lines, located = network.lines[street], points[attached]
    along_m, fraction_of = _fractions(lines, located)
    reason = np.where(good, "unsnapped", "bad_position").astype(object)
    reason[attached] = ""
    number = np.full(count, UNATTACHED, dtype=np.int32)
    number[attached] = street
    fraction, distance_m, x, y = (np.full(count, np.nan) for _ in range(4))
    fraction[attached] = fraction_of
    distance_m[attached] = shapely.distance(lines, located)
    x[attached], y[attached] = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, along_m)
    ).T
    return Snapped(number, fraction, distance_m, x, y, reason)


def _fractions(
    lines: npt.NDArray[np.object_], points: npt.NDArray[np.object_]
) -> tuple[Floats, Floats]:
    """Place along each line in metres and as a share, the ends exactly 0 and 1."""
    length_m = shapely.length(lines)
    along_m = np.clip(shapely.line_locate_point(lines, points), 0.0, length_m)
    left_m = length_m - along_m
    at_start = along_m <= np.minimum(_AT_JUNCTION_M, left_m)
    at_end = ~at_start & (left_m <= _AT_JUNCTION_M)
    along_m = np.select([at_start, at_end], [0.0, length_m], along_m)
    # A street without length is one place: its beginning.
    share = np.divide(along_m, length_m, where=length_m > 0, out=np.zeros(length_m.size))
    return along_m, share


def _attached(snapped: Snapped) -> tuple[Ints, Ints32, Floats]:
    point = np.flatnonzero(snapped.street != UNATTACHED)
    return point, snapped.street[point], snapped.fraction[point]


def _part_ms(whole_ms: Ints32, share: Floats) -> npt.NDArray[np.int64]:
    """Share of a street's time, -1 where the direction is closed."""
    part = np.rint(share * whole_ms).astype(np.int64)
    return np.where(whole_ms >= 0, part, NOT_ALLOWED)


def _with_halt(time_ms: Ints, halt_ms: Ints32) -> Ints:
    return np.where(time_ms >= 0, time_ms + halt_ms, NOT_ALLOWED)


def _doors(
    network: RoadNetwork,
    attached: tuple[Ints, Ints32, Floats],
    cost_ms: tuple[Ints, Ints],
    nodes: tuple[Ints32, Ints32],
) -> Doors:
    """Doors of attached points from the time at either end, -1 where there is none."""
    point, _, fraction = attached
    cost = np.column_stack(cost_ms)
    # At a junction one door is enough: the street's far end is reached through it.
    cost[fraction == 0.0] = (0, NOT_ALLOWED)
    cost[fraction == 1.0] = (NOT_ALLOWED, 0)
    is_door = cost >= 0
    doors = Doors(
        point=np.repeat(point, is_door.sum(axis=1)).astype(np.int32),
        node=np.column_stack(nodes)[is_door].astype(np.int32),
        cost_ms=cost[is_door].astype(np.int32),
    )
    return doors if network.turn_gates is None else _at_junctions(doors, network, attached)


def _at_junctions(
    doors: Doors, network: RoadNetwork, attached: tuple[Ints, Ints32, Floats]
) -> Doors:
    """Give points that stand at a junction a door at each of its search nodes.

    They arrive by the end of any street and leave by the beginning of any, without a turn.
    """
    point, street, fraction = attached
    stands = (fraction == 0.0) | (fraction == 1.0)
    street, start = street[stands], fraction[stands] == 0.0
    here = np.where(start, network.street_from[street], network.street_to[street])
    # Search nodes stand in the order of their junctions.
    junction = network.gates.junction
    low, high = (np.searchsorted(junction, here, side=side) for side in ("left", "right"))
    kept = ~np.isin(doors.point, point[stands])
    several = np.repeat(point[stands], high - low).astype(np.int32)
    number = np.concatenate([doors.point[kept], several])
    node = np.concatenate([doors.node[kept], vertex_indices(low, high - low)])
    cost_ms = np.concatenate([doors.cost_ms[kept], np.zeros_like(several)])
    order = np.argsort(number, kind="stable")
    return Doors(number[order], node[order].astype(np.int32), cost_ms[order])
