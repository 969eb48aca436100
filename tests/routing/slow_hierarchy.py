"""A contraction hierarchy built slowly and plainly, to try the sweeps on."""

import heapq

import numpy as np
from search_worlds import arcs_of

from sdaasp_geo.routing.hierarchy import Hierarchy


def slow_hierarchy(graph, *, order=None):
    """Contract the nodes one after the other; every shortcut that no other way beats.

    Without an order, the node with the fewest arcs is next.
    """
    node_count = graph.indptr.size - 1
    out = [{} for _ in range(node_count)]
    into = [{} for _ in range(node_count)]
    for tail, head, weight in arcs_of(graph):
        if tail != head:
            _keep(out, into, (tail, head), (weight, -1))
    left = set(range(node_count)) if order is None else list(order)[::-1]
    nodes, up, down = [], [], []
    while left:
        node = left.pop() if order is not None else _fewest(left, out, into)
        above, below = out[node], into[node]
        nodes.append(node)
        up.append(above)
        down.append(below)
        for head in above:
            del into[head][node]
        for tail in below:
            del out[tail][node]
        for tail, (before, _) in below.items():
            for head, (after, _) in above.items():
                weight = before + after
                if tail != head and _least(out, tail, head, weight) > weight:
                    _keep(out, into, (tail, head), (weight, node))
    rank = np.empty(node_count, np.int32)
    rank[nodes] = np.arange(node_count)
    return Hierarchy(
        np.array(nodes, np.int32).reshape(-1),
        rank,
        *(part for arcs in (up, down) for part in _rows(arcs, rank)[:3]),
        *(_rows(arcs, rank)[3] for arcs in (up, down)),
    )


def _keep(out, into, ends, arc):
    tail, head = ends
    if arc < out[tail].get(head, (np.inf, 0)):
        out[tail][head] = into[head][tail] = arc


def _fewest(left, out, into):
    node = min(left, key=lambda one: (len(out[one]) * len(into[one]), one))
    left.remove(node)
    return node


def _least(out, tail, head, limit):
    """Dijkstra among what is left, as far as the limit."""
    heap, done = [(0, tail)], set()
    while heap and heap[0][0] <= limit:
        time, node = heapq.heappop(heap)
        if node == head:
            return time
        if node not in done:
            done.add(node)
            for beyond, (weight, _) in out[node].items():
                heapq.heappush(heap, (time + weight, beyond))
    return np.inf


def _rows(arcs, rank):
    indptr = np.cumsum([0, *map(len, arcs)]).astype(np.int32)
    flat = [
        (rank[other], weight, -1 if middle < 0 else rank[middle])
        for row in arcs
        for other, (weight, middle) in row.items()
    ]
    table = np.array(flat, np.int64).reshape(-1, 3)
    return indptr, *(column.astype(np.int32) for column in table.T)
