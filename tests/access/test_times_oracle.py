"""Times against networkx on a graph in which every point is a node of its own."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import worlds
from sdaasp_geo.access import candidates
from sdaasp_geo.access.candidates import attach
from sdaasp_geo.access.internal import internal_time_min
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.network.road_network import RoadNetwork

SERVICES = ["bread", "doctor", "court"]
UNITS = ["u", "v", "w"]
# Each leg and each stretch is rounded to a millisecond.
ROUNDING_MIN = 20 / 60_000


def world(seed):
    rng = np.random.default_rng(seed)
    side = int(rng.integers(2, 5))
    lines = []
    for x in range(side):
        for y in range(side):
            for dx, dy in ((1, 0), (0, 1)):
                if x + dx < side and y + dy < side and rng.random() < 0.85:
                    lines.append([(x, y), (x + dx, y + dy)])
    if not lines:
        lines = [[(0, 0), (1, 0)]]
    oneway = {number for number in range(len(lines)) if rng.random() < 0.3}

    def place():
        return tuple(rng.uniform(-0.2, side - 0.8, 2))

    known = str(rng.choice(["commune", "position"]))
    origins = worlds.origins(
        *((f"o{i}", str(rng.choice(UNITS)), *place()) for i in range(6)), known_by=known
    )
    facilities = worlds.facilities(
        *(
            (
                f"f{i}",
                str(rng.choice(SERVICES[:2])),
                str(rng.choice(UNITS)),
                *place(),
                str(rng.choice(["commune", "position"])),
                int(rng.integers(1, 4)),
            )
            for i in range(int(rng.integers(1, 8)))
        )
    )
    return lines, oneway, origins, facilities


def split_graph(network, points):
    """Every street, cut at each point that stands on it; points are nodes ("p", i)."""
    graph = nx.DiGraph()
    on_street = {}
    for number, street in enumerate(points.snapped.street):
        if street >= 0:
            on_street.setdefault(int(street), []).append(number)
    for street in range(network.street_from.size):
        stops = sorted((points.snapped.fraction[i], ("p", i)) for i in on_street.get(street, []))
        ends = (int(network.street_from[street]), int(network.street_to[street]))
        chain = [(0.0, ends[0]), *stops, (1.0, ends[1])]
        for (low, a), (high, b) in itertools.pairwise(chain):
            for time, tail, head in (
                (network.forward_ms[street], a, b),
                (network.backward_ms[street], b, a),
            ):
                cost = float(time) * (high - low)
                if time >= 0 and cost < graph.get_edge_data(tail, head, {"w": np.inf})["w"]:
                    graph.add_edge(tail, head, w=cost)
        for fraction, node in stops:
            # A point at the end of a street stands at the junction.
            if fraction in (0.0, 1.0):
                junction = ends[0] if fraction == 0.0 else ends[1]
                graph.add_edge(node, junction, w=0.0)
                graph.add_edge(junction, node, w=0.0)
    return graph


def pair_times(network, origins, facilities, assumptions):
    """Minutes from every origin to every facility; inf where there is no way."""
    everyone = np.concatenate([origins.geometry.to_numpy(), facilities.geometry.to_numpy()])
    points = attach(network, everyone, assumptions)
    graph = split_graph(network, points)
    graph.add_nodes_from(("p", i) for i in range(everyone.size))
    times = np.full((len(origins), len(facilities)), np.inf)
    for o in range(len(origins)):
        reach = nx.single_source_dijkstra_path_length(graph, ("p", o), weight="w")
        for f in range(len(facilities)):
            node = ("p", len(origins) + f)
            if node in reach and points.attached[[o, len(origins) + f]].all():
                legs = points.leg_ms[o] + points.leg_ms[len(origins) + f]
                times[o, f] = (reach[node] + legs) / 60_000
    return times


def expected(origins, facilities, times, assumptions):
    """Brute force over every facility, the same-commune rule written out plainly."""
    answer = {}
    for o, origin in enumerate(origins.itertuples()):
        for service in SERVICES:
            best, inside = np.inf, 0
            for f, facility in enumerate(facilities.itertuples()):
                if facility.service != service:
                    continue
                by_commune = "commune" in (origin.known_by, facility.known_by)
                own = by_commune and origin.unit == facility.unit
                if own and assumptions.same_commune != "routed":
                    inside += facility.count
                else:
                    best = min(best, times[o, f])
            if inside and assumptions.same_commune == "zero":
                best = 0.0
            elif inside:
                estimate = internal_time_min(origin.unit_area_km2, inside, assumptions)
                best = min(best, float(estimate))
            answer[origin.origin, service] = best
    return answer


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 10**6), st.sampled_from(["routed", "zero", "internal_estimate"]))
def test_times_equal_brute_force(seed, rule):
    lines, oneway, origins, facilities = world(seed)
    assumptions = worlds.plain(same_commune=rule)
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)
    if network.component_nodes.max() < 2:
        return  # nothing to stand on: one-way debris
    table = nearest_times(network, origins, facilities, SERVICES, assumptions)
    truth = expected(
        origins, facilities, pair_times(network, origins, facilities, assumptions), assumptions
    )
    for row in table.itertuples():
        time = truth[row.origin, row.service]
        if np.isinf(time):
            assert np.isnan(row.time_min)
            assert row.reason in {"other_component", "unsnapped", "no_facility"}
        else:
            assert row.time_min == pytest.approx(time, abs=ROUNDING_MIN)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["routed", "internal_estimate"]))
def test_an_origins_answer_does_not_depend_on_the_others(seed, rule):
    lines, oneway, origins, facilities = world(seed)
    assumptions = worlds.plain(same_commune=rule)
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)
    if network.component_nodes.max() < 2:
        return
    whole = nearest_times(network, origins, facilities, SERVICES, assumptions)
    alone = nearest_times(network, origins.iloc[[2]], facilities, SERVICES, assumptions)
    here = whole[whole["origin"] == "o2"].reset_index(drop=True)
    assert here.equals(alone)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_adding_a_facility_never_raises_a_time(seed):
    lines, oneway, origins, facilities = world(seed)
    if len(facilities) < 2:
        return
    assumptions = worlds.plain()
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)
    if network.component_nodes.max() < 2:
        return
    fewer = nearest_times(network, origins, facilities.iloc[1:], SERVICES, assumptions)
    more = nearest_times(network, origins, facilities, SERVICES, assumptions)
    before = fewer["time_min"].fillna(np.inf).to_numpy()
    assert (more["time_min"].fillna(np.inf).to_numpy() <= before).all()


@pytest.mark.parametrize("rule", ["routed", "internal_estimate"])
def test_neither_chunks_nor_the_executor_change_a_time(monkeypatch, rule):
    lines, oneway, origins, facilities = world(11)
    assumptions = worlds.plain(same_commune=rule)
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)
    whole = nearest_times(network, origins, facilities, SERVICES, assumptions)
    with ThreadPoolExecutor(2) as executor:
        given = nearest_times(
            network, origins, facilities, SERVICES, assumptions, executor=executor
        )
    assert given.equals(whole)
    monkeypatch.setattr(candidates, "_CHUNK_CELLS", 1)
    assert nearest_times(network, origins, facilities, SERVICES, assumptions).equals(whole)
    assert whole["time_min"].notna().any()
