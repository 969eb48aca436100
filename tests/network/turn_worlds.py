"""Roads with junctions that cost, and their times reckoned on a graph built another way."""

import math

import networkx as nx
import numpy as np
from shapely import LineString
from toy_roads import MS_PER_M, roads_table

DEFAULTS = {"signals_forward": 0.0, "signals_backward": 0.0, "roundabout": False}


def junction_roads(*streets):
    """Roads from (places, options) pairs or bare lists of places, junction columns included."""
    rows = [street if isinstance(street, tuple) else (street, {}) for street in streets]
    columns = {
        name: [options.get(name, default) for _, options in rows]
        for name, default in DEFAULTS.items()
    }
    return roads_table(*streets).assign(**columns)


def _place(point):
    return tuple(round(value, 2) for value in point)


def _moves(roads):
    """Each direction of each row: (row, reversed, course, time, lights met)."""
    moves = []
    for row in roads.itertuples():
        course = list(row.geometry.coords)
        time_ms = int(np.rint(row.geometry.length * row.length_factor * MS_PER_M))
        moves.append((row, False, course, time_ms, row.signals_forward))
        if not row.oneway:
            moves.append((row, True, course[::-1], time_ms, row.signals_backward))
    return moves


def _heading(course, *, at_end):
    """Bearing in degrees, anticlockwise from east, of a course at its beginning or end."""
    line = LineString(course[::-1] if at_end else course)
    if line.length == 0:
        return None
    ahead = line.interpolate(min(15.0, line.length / 2))
    dx, dy = ahead.x - line.coords[0][0], ahead.y - line.coords[0][1]
    return math.degrees(math.atan2(dy, dx)) + (180.0 if at_end else 0.0)


def _is_left(one, other, here, roads):
    before, after = _heading(one[2], at_end=True), _heading(other[2], at_end=False)
    if before is None or after is None:
        return False
    bend = (after - before + 1e-4) % 360
    if not 45 <= bend <= 185 or one[0].roundabout or other[0].roundabout:
        return False
    classes = []
    for row in roads.itertuples():
        ends = _place(row.geometry.coords[0]), _place(row.geometry.coords[-1])
        classes += [row.road_class] * ends.count(here)
    if len(classes) < 3:
        return False
    mine = {one[0].road_class, other[0].road_class}
    goes_on = len(classes) == 3 and len(mine) == 1 and classes.count(*mine) == 2
    return not goes_on


def line_graph(roads, assumptions):
    """Directions as nodes, turns as edges: the oracle. U-turns cost as much as a left turn.

    A direction's node says that its street has been driven, and its halt paid. The nodes
    ("from", place) begin a journey at a junction, ("to", place) end one.
    """
    moves = _moves(roads)
    light_ms, left_ms, ring_ms = (
        round(1000 * cost)
        for cost in (
            assumptions.signal_cost_s,
            assumptions.left_turn_cost_s,
            assumptions.roundabout_cost_s,
        )
    )
    rings = {
        _place(row.geometry.coords[end])
        for row in roads.itertuples()
        for end in (0, -1)
        if row.roundabout
    }
    whole = [
        time + lights * light_ms + (ring_ms if _place(c[-1]) in rings and not r.roundabout else 0)
        for r, _, c, time, lights in moves
    ]
    graph = nx.DiGraph()
    for i, one in enumerate(moves):
        start, end = _place(one[2][0]), _place(one[2][-1])
        graph.add_edge(("from", start), i, ms=whole[i])
        graph.add_edge(i, ("to", end), ms=0)
        for place in (start, end):
            graph.add_edge(("from", place), ("to", place), ms=0)
        for j, other in enumerate(moves):
            if _place(other[2][0]) != end:
                continue
            u_turn = one[0].Index == other[0].Index and one[1] != other[1]
            cost = left_ms if u_turn or _is_left(one, other, end, roads) else 0
            graph.add_edge(i, j, ms=whole[j] + cost)
    return graph


def junction_times(roads, assumptions):
    """Milliseconds from every junction to every junction that it reaches."""
    graph = line_graph(roads, assumptions)
    starts = [node for node in graph if isinstance(node, tuple) and node[0] == "from"]
    return {
        (start[1], end[1]): time
        for start in starts
        for end, time in nx.single_source_dijkstra_path_length(graph, start, weight="ms").items()
        if isinstance(end, tuple) and end[0] == "to"
    }
