"""Road tables made in a line or two, and shortest paths reckoned without the library."""

import geopandas as gpd
import networkx as nx
import numpy as np
from shapely import LineString

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.network.road_network import RoadNetwork

# At 36 km/h a metre takes 100 ms, so that times can be read off the coordinates.
MS_PER_M = 100
TOY = Assumptions(
    speed_kmh={"local": 36.0, "motorway": 72.0, "ferry": 3.6},
    min_component_nodes=2,
    snap_limit_m=1000.0,
)


def roads_table(*streets, crs="EPSG:2154"):
    """Roads from (places, options) pairs or bare lists of places."""
    rows = [street if isinstance(street, tuple) else (street, {}) for street in streets]
    table = {
        "road_class": [options.get("road_class", "local") for _, options in rows],
        "posted_kmh": [options.get("posted_kmh", np.nan) for _, options in rows],
        "duration_min": [options.get("duration_min", np.nan) for _, options in rows],
        "oneway": [options.get("oneway", False) for _, options in rows],
        "length_factor": [options.get("length_factor", 1.0) for _, options in rows],
    }
    lines = [LineString(places) for places, _ in rows]
    return gpd.GeoDataFrame(table, geometry=lines, crs=crs)


def toy_network(*streets, assumptions=TOY):
    return RoadNetwork.from_roads(roads_table(*streets), assumptions)


def node_at(network, x, y):
    (node,) = np.flatnonzero((network.node_x == x) & (network.node_y == y))
    return int(node)


def street_between(network, start, end):
    """The one street from a place to a place."""
    ends = node_at(network, *start), node_at(network, *end)
    (street,) = np.flatnonzero((network.street_from == ends[0]) & (network.street_to == ends[1]))
    return int(street)


def arc_ms(network, start, end):
    """Time of the arc between two places in the outgoing graph, None where there is none."""
    tail, head = node_at(network, *start), node_at(network, *end)
    graph = network.outgoing
    arcs = slice(graph.indptr[tail], graph.indptr[tail + 1])
    found = graph.weights_ms[arcs][graph.heads[arcs] == head]
    return int(found[0]) if found.size else None


def graph_of_arcs(search_graph):
    """A search graph as networkx sees it."""
    graph = nx.DiGraph()
    graph.add_nodes_from(range(search_graph.indptr.size - 1))
    tails = np.repeat(np.arange(search_graph.indptr.size - 1), np.diff(search_graph.indptr))
    arcs = zip(
        tails.tolist(), search_graph.heads.tolist(), search_graph.weights_ms.tolist(), strict=True
    )
    graph.add_weighted_edges_from(arcs)
    return graph


def graph_of_rows(roads, ms_per_m=MS_PER_M):
    """The roads table as a graph of places, built row by row: the oracle."""
    graph = nx.MultiDiGraph()
    for row in roads.itertuples():
        places = [tuple(round(value, 2) for value in place) for place in row.geometry.coords]
        time_ms = int(np.rint(row.geometry.length * row.length_factor * ms_per_m))
        graph.add_edge(places[0], places[-1], time_ms=time_ms)
        if not row.oneway:
            graph.add_edge(places[-1], places[0], time_ms=time_ms)
    return graph
