from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from fractions import Fraction
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_worlds import (
    arcs_of,
    graph_of,
    random_graph,
    random_seeds,
    scipy_nearest,
    seeds_of,
    worlds,
)

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing import improvement as module
from sdaasp_geo.routing import improvement_walks as walks
from sdaasp_geo.routing.hierarchy import build_hierarchy
from sdaasp_geo.routing.improvement import (
    Origins,
    Weighing,
    best_door_ms,
    checked_today,
    improvement,
    total_improvement,
)
from sdaasp_geo.routing.nearest import UNREACHED, Seeds, nearest
from sdaasp_geo.routing.restriction import restriction
from synthetic_graph import road_like_graph

quick = settings(deadline=None, max_examples=60)


def joined(*several):
    return Seeds(*(np.concatenate(columns) for columns in zip(*several, strict=True)))


def today_of(graph, seeds):
    return nearest(graph, [seeds]).time_ms[0]


def by_full_search(graph, seeds, candidates, origins=None):
    """One dict a candidate, place: new time, by searching everything anew."""
    answers = []
    for candidate in candidates:
        before = today_of(graph, seeds)
        after = today_of(graph, joined(seeds, candidate))
        if origins is not None:
            before = origins.today_ms
            after = np.minimum(before, best_door_ms(after, origins.doors, before.size))
        lower = np.flatnonzero(after < before)
        answers.append(dict(zip(lower.tolist(), after[lower].tolist(), strict=True)))
    return answers


def as_dicts(found):
    bounds = list(zip(found.indptr[:-1], found.indptr[1:], strict=True))
    return [
        dict(zip(found.place[a:b].tolist(), found.time_ms[a:b].tolist(), strict=True))
        for a, b in bounds
    ]


def equal(one, other):
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(one, other, strict=True))


# A street 0 - 1 - 2 - 3 - 4, ten seconds each way, one-way 4 → 5 of 7 s; an island 6 → 7.
STREET = graph_of(
    8,
    [arc for v in range(4) for arc in ((v, v + 1, 10_000), (v + 1, v, 10_000))]
    + [(4, 5, 7_000), (6, 7, 1_000)],
)
SERVICE = seeds_of((0, 0, 0))
TODAY = np.array([0, 10_000, 20_000, 30_000, 40_000, 47_000, UNREACHED, UNREACHED], np.int32)


def test_only_what_improves_is_found():
    candidates = [seeds_of((4, 1_000, 9)), seeds_of((0, 0, 9)), seeds_of((5, 0, 9)), seeds_of()]
    found = improvement(STREET, TODAY, candidates)
    assert found.indptr.tolist() == [0, 3, 3, 4, 4]
    # 3 by the candidate takes 11 s; 2 would take 21 s, and has 20 today.
    assert found.place.tolist() == [3, 4, 5, 5]
    assert found.time_ms.tolist() == [11_000, 1_000, 8_000, 0]


def test_who_had_no_time_is_reached_and_gains_no_number_of_minutes():
    candidates = [seeds_of((6, 500, 0)), seeds_of((6, 0, 0), (3, 0, 0))]
    weighing = Weighing(np.arange(8), thresholds_ms=[1, 30_000, 37_001])
    total = total_improvement(STREET, TODAY, candidates, weighing)
    assert total.reached.tolist() == [2, 2]
    assert total.weight_reached.tolist() == [13.0, 13.0]
    assert total.improved.tolist() == [0, 4]
    assert total.weight_improved.tolist() == [0.0, 2.0 + 3 + 4 + 5]
    # Node 2: 20 → 10 s; 3: 30 → 0; 4: 40 → 10; 5: 47 → 17.
    assert total.gain.tolist() == [0.0, 2 * 10e3 + 3 * 30e3 + 4 * 30e3 + 5 * 30e3]
    assert total.weight_gaining.tolist() == [[0.0, 0.0, 0.0], [14.0, 12.0, 0.0]]


def test_a_candidate_may_enter_at_several_doors():
    found = improvement(STREET, TODAY, [seeds_of((2, 9_000, 0), (3, 1_000, 0), (3, 2_000, 0))])
    assert as_dicts(found) == [{2: 9_000, 3: 1_000, 4: 11_000, 5: 18_000}]


def test_origins_take_their_best_door_and_a_way_of_their_own():
    # Origin 0 between 3 and 4, origin 1 nowhere, origin 2 at 4 with 5 s of its own today.
    doors = seeds_of((3, 4_000, 0), (4, 6_000, 0), (4, 0, 2))
    best = best_door_ms(TODAY, doors, 3)
    assert best.tolist() == [34_000, UNREACHED, 40_000]
    today = np.array([34_000, UNREACHED, 5_000], np.int32)
    found = improvement(STREET, TODAY, [seeds_of((4, 1_000, 9))], origins=Origins(doors, today))
    assert as_dicts(found) == [{0: 7_000, 2: 1_000}]
    total = total_improvement(
        STREET,
        TODAY,
        [seeds_of((4, 1_000, 9))],
        Weighing(np.array([1.5, 2.5, 0.25]), [4_000, 4_001], Origins(doors, today)),
    )
    assert total.gain.tolist() == [1.5 * 27_000 + 0.25 * 4_000]
    assert total.weight_gaining.tolist() == [[1.75, 1.5]]


def test_smallest_worlds():
    empty = improvement(graph_of(0, []), np.empty(0, np.int32), [])
    assert [part.tolist() for part in empty] == [[0], [], []]
    assert improvement(STREET, TODAY, []).indptr.tolist() == [0]
    alone = improvement(graph_of(1, [(0, 0, 0)]), np.array([UNREACHED]), [seeds_of((0, 3, 0))])
    assert as_dicts(alone) == [{0: 3}]
    nothing = total_improvement(STREET, TODAY, [], Weighing(np.zeros(8), [1]))
    assert nothing.weight_gaining.shape == (0, 1)
    assert total_improvement(STREET, TODAY, [SERVICE], Weighing(np.zeros(8))).gain.tolist() == [0]


def test_inputs_are_untouched_and_any_integers_serve():
    graph = SearchGraph(*(values.copy() for values in STREET))
    seeds, doors = seeds_of((4, 1_000, 9)), seeds_of((3, 4_000, 0))
    today, own, weight = TODAY.copy(), np.array([34_000], np.int32), np.ones(1)
    inputs = (*graph, *seeds, *doors, today, own, weight)
    before = [values.copy() for values in inputs]
    origins = Origins(doors, own)
    found = improvement(graph, today, [seeds], origins=origins)
    total_improvement(graph, today, [seeds], Weighing(weight, origins=origins))
    for values, copy in zip(inputs, before, strict=True):
        assert values.flags.writeable
        np.testing.assert_array_equal(values, copy)
    wide = SearchGraph(*(values.astype(np.int64) for values in graph))
    for values in (*wide, today):
        values.setflags(write=False)
    wide_seeds = Seeds(*(values.astype(np.int64) for values in seeds))
    assert equal(improvement(wide, today, [wide_seeds], origins=origins), found)


def test_more_entries_wait_than_the_queue_first_holds():
    leaves = 20_000
    arcs = [(0, leaf, leaf) for leaf in range(1, leaves + 1)]
    graph = graph_of(leaves + 1, arcs)
    nobody = np.full(leaves + 1, UNREACHED, np.int32)
    found = improvement(graph, nobody, [seeds_of((0, 0, 0))])
    assert found.time_ms.tolist() == list(range(leaves + 1))
    entries = seeds_of(*((leaf, leaf, 0) for leaf in range(leaves + 1)))
    assert as_dicts(improvement(graph, nobody, [entries])) == as_dicts(found)


def test_changes_are_summed_up_a_few_candidates_at_a_time(monkeypatch):
    graph, service, candidates = big_question()
    today = today_of(graph, service)
    weighing = Weighing(np.arange(today.size), [1_000])
    at_once = total_improvement(graph, today, candidates, weighing)
    in_full = improvement(graph, today, candidates)
    monkeypatch.setattr(walks, "_KEYS_HELD", 0)
    assert equal(total_improvement(graph, today, candidates, weighing), at_once)
    assert equal(improvement(graph, today, candidates), in_full)


def test_longest_time_that_fits_and_the_first_that_does_not():
    last = UNREACHED - 1
    nobody = np.full(2, UNREACHED, np.int32)
    graph = graph_of(2, [(0, 1, last)])
    assert as_dicts(improvement(graph, nobody, [seeds_of((0, 0, 0))])) == [{0: 0, 1: last}]
    with pytest.raises(NetworkError, match=r"farther than that.*Likely cause: a speed near zero"):
        improvement(graph, nobody, [seeds_of((0, 1, 0))])
    # A shorter way to the same node makes it no error.
    detour = graph_of(3, [(0, 1, last), (0, 2, 5), (2, 1, 5)])
    found = improvement(detour, np.full(3, UNREACHED, np.int32), [seeds_of((0, 5, 0))])
    assert as_dicts(found) == [{0: 5, 1: 15, 2: 10}]


def test_an_origin_that_is_too_far_is_an_error_unless_another_door_is_nearer():
    graph, nobody = graph_of(2, [(0, 1, 5)]), np.full(2, UNREACHED, np.int32)
    far = (0, UNREACHED - 2, 0)
    own = np.array([UNREACHED], np.int32)
    with pytest.raises(NetworkError, match="farther than that"):
        improvement(graph, nobody, [seeds_of((0, 2, 0))], origins=Origins(seeds_of(far), own))
    two = Origins(seeds_of(far, (1, 1, 0)), own)
    assert as_dicts(improvement(graph, nobody, [seeds_of((0, 2, 0))], origins=two)) == [{0: 8}]


@pytest.mark.parametrize(
    ("today", "message"),
    [
        (TODAY[:-1], r"today_ms: expected a 1-d array of integers, one a node \(8\)"),
        (TODAY.astype(float), "today_ms: expected a 1-d array of integers"),
        (TODAY - 1, "today_ms: expected times from 0 to"),
        (TODAY + np.eye(8, dtype=np.int32)[3], "today_ms: expected no node's time above.*limit"),
        (np.where(TODAY > 40_000, UNREACHED, TODAY), "another graph, of the other direction"),
    ],
)
def test_times_that_are_not_todays_are_refused(today, message):
    with pytest.raises(NetworkError, match=message):
        improvement(STREET, today, [])


def test_wrong_graphs_and_candidates_are_refused():
    with pytest.raises(NetworkError, match=r"heads: expected nodes below 8, found 10"):
        improvement(STREET._replace(heads=STREET.heads + 3), TODAY, [])
    with pytest.raises(NetworkError, match=r"weights_ms: expected 0 or more, found -10000"):
        improvement(STREET._replace(weights_ms=-STREET.weights_ms), TODAY, [])
    with pytest.raises(NetworkError, match=r"indptr"):
        improvement(STREET._replace(indptr=STREET.indptr[::-1].copy()), TODAY, [])
    with pytest.raises(NetworkError, match=r"indptr: expected it to run from 0"):
        improvement(STREET._replace(indptr=STREET.indptr[:0]), TODAY, [])
    wrong = [SERVICE, seeds_of((8, 0, 0)), seeds_of((0, -1, 0)), seeds_of((0, UNREACHED, 0))]
    with pytest.raises(NetworkError, match=r"candidate 1: node.*candidate 2: cost.*candidate 3"):
        improvement(STREET, TODAY, wrong)
    with pytest.raises(NetworkError, match=r"candidate 0: .*one length"):
        improvement(STREET, TODAY, [SERVICE._replace(cost_ms=SERVICE.cost_ms[:0])])
    with pytest.raises(NetworkError, match=r"candidate 0: node: expected a 1-d array"):
        improvement(STREET, TODAY, [SERVICE._replace(node=[0])])


@pytest.mark.parametrize(
    ("doors", "today", "message"),
    [
        (seeds_of((8, 0, 0)), [0], "node: expected integers from 0 to 7"),
        (seeds_of((0, -1, 0)), [0], "cost_ms: expected integers from 0"),
        (seeds_of((0, 0, 1)), [0], "label: expected integers from 0 to 0"),
        (seeds_of((0, 0, 0)), [-1], "today_ms: expected integers from 0"),
        (seeds_of((3, 5, 0)), [30_006], "best door, as origin 0 has"),
        (SERVICE._replace(node=SERVICE.node[:0]), [0], "of one length"),
        (SERVICE._replace(node=[0]), [0], "expected 1-d arrays of integers"),
    ],
)
def test_wrong_origins_are_refused(doors, today, message):
    origins = Origins(doors, np.array(today, np.int32))
    with pytest.raises(NetworkError, match=message):
        improvement(STREET, TODAY, [], origins=origins)


@pytest.mark.parametrize(
    ("weight", "thresholds", "message"),
    [
        (np.ones(7), [], r"weight: expected 8 numbers, found float64 \(7,\)"),
        (np.full(8, "a"), [], "weight: expected 8 numbers"),
        (np.full(8, np.nan), [], "weight: expected finite numbers"),
        (np.full(8, 1e308), [], "weight: expected finite numbers"),
        (np.arange(-1, 7), [], "weight: expected finite numbers that are not negative"),
        (np.ones(8), [0], "thresholds_ms: expected times above 0"),
        (np.ones(8), [1.5], "thresholds_ms: expected whole milliseconds"),
        (np.ones(7), [0], "weight: .*thresholds_ms: "),
    ],
)
def test_wrong_weights_are_refused(weight, thresholds, message):
    with pytest.raises(NetworkError, match=message):
        total_improvement(STREET, TODAY, [], Weighing(weight, thresholds))


@pytest.mark.parametrize("kind", ["int64", "int32", "uint8", "uint64", "float32", "float64"])
def test_weights_of_any_kind_of_number_weigh_the_same(kind):
    weight = np.arange(8).astype(kind)
    before = weight.copy()
    expected = total_improvement(STREET, TODAY, [SERVICE], Weighing(np.arange(8.0), [1, 30_000]))
    found = total_improvement(STREET, TODAY, [SERVICE], Weighing(weight, [1, 30_000]))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(weight, before)
    assert weight.flags.writeable
    # Too many to be summed as they are: each is rounded, whatever it is stored as.
    if weight.itemsize == 8:
        many = (weight + 1) * weight.dtype.type(2**50)
        rounded = total_improvement(STREET, TODAY, [SERVICE], Weighing(many))
        floats = total_improvement(STREET, TODAY, [SERVICE], Weighing(many.astype(float)))
        np.testing.assert_array_equal(rounded.gain, floats.gain)


def test_whole_weights_are_summed_exactly_and_others_nearly():
    street = graph_of(3, [(0, 1, 1)])
    today = np.array([UNREACHED - 1] * 2 + [0], np.int32)
    large = Weighing(np.array([2**43 - 1, 2**43 + 3, 5]), [1])
    total = total_improvement(street, today, [seeds_of((0, 0, 0))], large)
    exact = (2**43 - 1) * (UNREACHED - 1) + (2**43 + 3) * (UNREACHED - 2)
    assert total.gain.tolist() == [float(exact)]
    assert total.weight_improved.tolist() == [float(2**44 + 2)]
    small = np.array([0.1, 1e-300, 0.0])
    total = total_improvement(street, today, [seeds_of((0, 0, 0))], Weighing(small))
    exact = Fraction(0.1) * (UNREACHED - 1)
    assert abs(Fraction(float(total.gain[0])) - exact) < exact / 2**44


@pytest.mark.parametrize("seed", range(6))
def test_equals_scipy_to_the_bit(seed):
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(2, 200))
    graph = random_graph(rng, nodes, 3 * nodes, largest_ms=int(rng.choice([3, 90_000])))
    service = random_seeds(rng, nodes, int(rng.integers(0, 8)))
    candidates = [random_seeds(rng, nodes, int(rng.integers(0, 4))) for _ in range(5)]
    today, _ = scipy_nearest(graph, service)
    found = as_dicts(improvement(graph, np.array(today, np.int32), candidates))
    for candidate, changes in zip(candidates, found, strict=True):
        after, _ = scipy_nearest(graph, joined(service, candidate))
        assert changes == {v: t for v, t in enumerate(after) if t < today[v]}


@quick
@given(worlds(services=4), st.integers(0, 10**6))
def test_equals_the_full_search_with_the_candidate_added(world, seed):
    graph, (service, *candidates) = world
    rng = np.random.default_rng(seed)
    nodes = graph.indptr.size - 1
    today = today_of(graph, service)
    assert as_dicts(improvement(graph, today, candidates)) == by_full_search(
        graph, service, candidates
    )
    doors = random_seeds(rng, nodes, int(rng.integers(0, 10)), facilities=4)
    best = best_door_ms(today, doors, 4)
    shorter = np.minimum(best, rng.integers(0, 2000, 4)).astype(np.int32)
    origins = Origins(doors, np.where(rng.random(4) < 0.5, best, shorter))
    expected = by_full_search(graph, service, candidates, origins)
    assert as_dicts(improvement(graph, today, candidates, origins=origins)) == expected
    check_totals(graph, today, candidates, origins, expected, rng.integers(0, 9, 4))


def check_totals(graph, today, candidates, origins, expected, weight):
    before = origins.today_ms.tolist()
    weighing = Weighing(weight, [2, 500], origins)
    total = total_improvement(graph, today, candidates, weighing)
    for row, changes in enumerate(expected):
        gains = [(weight[o], before[o] - t) for o, t in changes.items() if before[o] < UNREACHED]
        first = [weight[o] for o in changes if before[o] == UNREACHED]
        assert total.improved[row] == len(gains)
        assert total.weight_improved[row] == sum(w for w, _ in gains)
        assert total.gain[row] == sum(w * gain for w, gain in gains)
        assert (total.reached[row], total.weight_reached[row]) == (len(first), sum(first))
        for column, threshold in enumerate((2, 500)):
            wanted = sum(w for w, gain in gains if gain >= threshold)
            assert total.weight_gaining[row, column] == wanted


@quick
@given(worlds(services=3), st.randoms(use_true_random=False))
def test_names_of_nodes_change_nothing(world, random):
    graph, (service, *candidates) = world
    new_name = list(range(graph.indptr.size - 1))
    random.shuffle(new_name)
    renamed = graph_of(len(new_name), [(new_name[a], new_name[b], w) for a, b, w in arcs_of(graph)])
    others = [
        seeds_of(*((new_name[v], c, label) for v, c, label in zip(*seeds, strict=True)))
        for seeds in (service, *candidates)
    ]
    found = as_dicts(improvement(graph, today_of(graph, service), candidates))
    there = as_dicts(improvement(renamed, today_of(renamed, others[0]), others[1:]))
    assert there == [{new_name[v]: t for v, t in changes.items()} for changes in found]


def big_question():
    rng = np.random.default_rng(11)
    graph = random_graph(rng, 12_000, 40_000, largest_ms=500)
    candidates = [random_seeds(rng, 12_000, count, largest_ms=3000) for count in range(70)]
    return graph, random_seeds(rng, 12_000, 30), candidates


def test_neither_other_candidates_nor_threads_nor_executors_change_a_result(monkeypatch):
    graph, service, candidates = big_question()
    today = today_of(graph, service)
    weighing = Weighing(np.random.default_rng(1).random(today.size), [100, 400])
    found = improvement(graph, today, candidates)
    total = total_improvement(graph, today, candidates, weighing)
    assert as_dicts(found)[::9] == by_full_search(graph, service, candidates[::9])
    for number in (0, 33, 69):
        alone = total_improvement(graph, today, [candidates[number]], weighing)
        assert equal(alone, [part[number : number + 1] for part in total])
    with ThreadPoolExecutor(3) as pool:
        assert equal(improvement(graph, today, candidates, executor=pool), found)
        assert equal(total_improvement(graph, today, candidates, weighing, executor=pool), total)
        assert pool.submit(int).result() == 0  # the caller's pool is left open
    monkeypatch.setattr(module, "_THREADS_FROM_NODES", 10**9)
    assert equal(improvement(graph, today, candidates), found)
    assert equal(total_improvement(graph, today, candidates, weighing), total)


def test_a_given_executor_gets_several_tasks():
    graph, service, candidates = big_question()

    class Counting(ThreadPoolExecutor):
        started = 0

        def submit(self, *args, **options):
            Counting.started += 1
            return super().submit(*args, **options)

    with Counting(1) as pool:
        improvement(graph, today_of(graph, service), candidates, executor=pool)
    assert Counting.started == 3  # 70 candidates, 32 a task


def test_other_processes_serve_as_executor():
    candidates = [seeds_of((4, 1_000, 9)), seeds_of((5, 0, 9))]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = improvement(STREET, TODAY, candidates, executor=pool)
    assert equal(there, improvement(STREET, TODAY, candidates))


@pytest.fixture
def by_sweeps(monkeypatch):
    """Say how often sweeps were taken, which they are whenever they can be."""
    swept = []
    inner = walks.nearest_by_hierarchy

    def counted(hierarchy, seeds, **options):
        swept.append(len(seeds))
        return inner(hierarchy, seeds, **options)

    monkeypatch.setattr(walks, "nearest_by_hierarchy", counted)
    monkeypatch.setattr(walks, "_NS_A_SWEPT_NODE", -1)
    return swept


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(world=worlds(services=4), seed=st.integers(0, 10**6))
def test_sweeps_over_a_hierarchy_find_the_same(by_sweeps, world, seed):
    graph, (service, *candidates) = world
    rng = np.random.default_rng(seed)
    today = today_of(graph, service)
    doors = random_seeds(rng, today.size, int(rng.integers(0, 10)), facilities=4)
    origins = Origins(doors, best_door_ms(today, doors, 4))
    hierarchy = build_hierarchy(graph)
    planned = restriction(hierarchy, rng.permutation(today.size))
    for those in (None, origins):
        found = improvement(graph, today, candidates, origins=those)
        by_sweeps.clear()
        for prepared in (hierarchy, planned):
            there = improvement(graph, today, candidates, origins=those, hierarchy=prepared)
            assert equal(there, found)
        assert by_sweeps == [3, 3]
    weighing = Weighing(rng.random(4), [5, 50], origins)
    total = total_improvement(graph, today, candidates, weighing)
    assert equal(total_improvement(graph, today, candidates, weighing, hierarchy=hierarchy), total)


def test_sweeps_in_tasks_of_sixteen_on_any_executor_find_the_same(by_sweeps):
    rng = np.random.default_rng(2)
    graph = road_like_graph(12_000)
    nodes = graph.indptr.size - 1
    service = random_seeds(rng, nodes, 3)
    candidates = [random_seeds(rng, nodes, count % 4, largest_ms=3000) for count in range(70)]
    today = today_of(graph, service)
    weighing = Weighing(rng.random(nodes), [1_000, 60_000])
    total = total_improvement(graph, today, candidates, weighing)
    hierarchy = build_hierarchy(graph)
    there = total_improvement(graph, today, candidates, weighing, hierarchy=hierarchy)
    assert equal(there, total)
    assert len(by_sweeps) == 5
    with ThreadPoolExecutor(2) as pool:
        there = total_improvement(
            graph, today, candidates, weighing, hierarchy=hierarchy, executor=pool
        )
    assert equal(there, total)


def test_sweeps_are_taken_where_candidates_change_much(monkeypatch):
    taken = []
    inner = walks.nearest_by_hierarchy
    monkeypatch.setattr(
        walks, "nearest_by_hierarchy", lambda *a, **o: taken.append(1) or inner(*a, **o)
    )
    rng = np.random.default_rng(2)
    graph = road_like_graph(12_000)
    hierarchy = build_hierarchy(graph)
    candidates = [random_seeds(rng, 11_000, 1) for _ in range(20)]
    for facilities, expected in ((2, True), (2_000, False)):
        today = today_of(graph, random_seeds(rng, 11_000, facilities))
        taken.clear()
        improvement(graph, today, candidates, hierarchy=hierarchy)
        assert bool(taken) == expected


def test_hierarchies_of_something_else_are_refused():
    other = build_hierarchy(graph_of(3, [(0, 1, 5)]))
    with pytest.raises(NetworkError, match="hierarchy: expected 8 nodes, found 3"):
        improvement(STREET, TODAY, [SERVICE], hierarchy=other)
    mine = build_hierarchy(STREET)
    planned = restriction(mine, np.array([2, 1]))
    with pytest.raises(NetworkError, match="expected it planned for every node"):
        improvement(STREET, TODAY, [SERVICE], hierarchy=planned)
    doors = Origins(seeds_of((2, 0, 0)), np.array([20_000]))
    improvement(STREET, TODAY, [SERVICE], origins=doors, hierarchy=planned)


def test_times_checked_once_serve_again_and_whoever_writes_to_his_own_changes_nothing():
    rng = np.random.default_rng(4)
    graph = random_graph(rng, 200, 700)
    (today_ms,) = nearest(graph, [random_seeds(rng, 200, 3)]).time_ms
    candidates = [random_seeds(rng, 200, 2) for _ in range(9)]
    expected = improvement(graph, today_ms, candidates)
    today = checked_today(graph, today_ms)
    own = graph._replace(weights_ms=graph.weights_ms.copy())
    graph.weights_ms[:] = 0
    today_ms[:] = 0
    for one, other in zip(improvement(today.graph, today, candidates), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(NetworkError, match="expected times checked on this graph"):
        improvement(own, today, candidates)
    with pytest.raises(NetworkError, match="candidate 0: node: expected nodes below 200"):
        improvement(today.graph, today, [seeds_of((200, 0, 0))])
    with pytest.raises(NetworkError, match="no node's time above another's plus the arc"):
        checked_today(own, np.where(np.arange(200) == 5, UNREACHED, 0).astype(np.int32))


def test_arrays_that_nobody_can_write_to_are_not_copied():
    graph = random_graph(np.random.default_rng(1), 20, 50)
    for array in graph:
        array.setflags(write=False)
    (today_ms,) = nearest(graph, [seeds_of((0, 0, 0))]).time_ms
    today = checked_today(graph, today_ms)
    assert all(one is other for one, other in zip(today.graph, graph, strict=True))
    assert today_ms.flags.writeable
    assert not np.shares_memory(today.time_ms, today_ms)
