from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_worlds import graph_of, heap_nearest, random_graph, random_seeds, seeds_of, worlds

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.nearest import UNREACHED, nearest, nearest_two

quick = settings(deadline=None, max_examples=80)
ROW = graph_of(4, [(0, 1, 10), (1, 2, 10), (2, 3, 10), (3, 2, 10), (2, 1, 10), (1, 0, 10)])
ALONE = np.arange(6, dtype=np.int32)


def two(graph, seeds, groups, **options):
    return [row[0].tolist() for row in nearest_two(graph, [seeds], groups, **options)]


def slow_two(graph, seeds, groups):
    """For every node: a search without the facilities of the group of its nearest."""
    time, label = heap_nearest(graph, seeds)
    second = [(UNREACHED, -1)] * len(time)
    for group in {int(groups[number]) for number in label if number >= 0}:
        same = {number for number, other in enumerate(groups.tolist()) if other == group}
        rest = list(zip(*heap_nearest(graph, seeds, without=same), strict=True))
        for node, number in enumerate(label):
            if number in same:
                second[node] = rest[node]
    return [time, label, [pair[0] for pair in second], [pair[1] for pair in second]]


def test_the_second_is_the_other_end_of_the_row():
    assert two(ROW, seeds_of((0, 0, 0), (3, 0, 1)), ALONE) == [
        [0, 10, 10, 0],
        [0, 0, 1, 1],
        [30, 20, 20, 30],
        [1, 1, 0, 0],
    ]


def test_the_second_is_of_another_group():
    # 0 and 1 are one site: where it is nearest, facility 2 is what remains.
    groups = np.array([5, 5, 8], np.int32)
    seeds = seeds_of((0, 0, 0), (1, 1, 1), (3, 0, 2))
    assert two(ROW, seeds, groups)[2:] == [[30, 20, 11, 21], [2, 2, 1, 1]]


def test_one_group_has_no_second_and_an_island_has_none_at_all():
    found = two(graph_of(2, []), seeds_of((0, 3, 0), (0, 5, 1)), np.array([4, 4], np.int32))
    assert found == [[3, UNREACHED], [0, -1], [UNREACHED, UNREACHED], [-1, -1]]


def test_seconds_tie_to_the_lowest_label():
    star = graph_of(4, [(0, 3, 0), (1, 3, 0), (2, 3, 0)])
    found = two(star, seeds_of((2, 5, 2), (1, 5, 1), (0, 5, 0)), ALONE)
    assert [row[3] for row in found] == [5, 0, 5, 1]


def test_limit_holds_for_the_second_too():
    found = two(ROW, seeds_of((0, 0, 0), (3, 0, 1)), ALONE, limit_ms=20)
    assert found[2:] == [[UNREACHED, 20, 20, UNREACHED], [-1, 1, 0, -1]]


@pytest.mark.parametrize("seed", range(8))
def test_equals_searches_without_the_group(seed):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 150, 400, largest_ms=int(rng.choice([2, 50])))
    seeds = random_seeds(rng, 150, 25, facilities=12)
    groups = rng.integers(-2, 4, 12).astype(np.int32)
    assert two(graph, seeds, groups) == slow_two(graph, seeds, groups)


@quick
@given(worlds(), st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_small_worlds_equal_searches_without_the_group(world, groups):
    graph, (seeds,) = world
    table = np.array(groups, np.int32)
    before = [values.copy() for values in (*graph, *seeds, table)]
    assert two(graph, seeds, table) == slow_two(graph, seeds, table)
    for values, copy in zip((*graph, *seeds, table), before, strict=True):
        np.testing.assert_array_equal(values, copy)


@quick
@given(worlds(services=3), st.integers(0, 12) | st.none())
def test_the_first_is_that_of_nearest(world, limit_ms):
    graph, services = world
    with ThreadPoolExecutor(2) as pool:
        both = nearest_two(graph, services, ALONE // 2, limit_ms=limit_ms, executor=pool)
    single = nearest(graph, services, limit_ms=limit_ms)
    np.testing.assert_array_equal(both.time_ms, single.time_ms)
    np.testing.assert_array_equal(both.label, single.label)
    seen = both.second_label >= 0
    assert (both.second_label[seen] // 2 != both.label[seen] // 2).all()
    assert (both.second_time_ms[~seen] == UNREACHED).all()


def test_several_blocks_and_windows_equal_searches_without_the_group():
    rng = np.random.default_rng(4)
    graph = random_graph(rng, 9_000, 30_000, largest_ms=400)
    seeds = random_seeds(rng, 9_000, 12, facilities=6)
    groups = np.array([0, 1, 1, 2, 2, 2], np.int32)
    assert two(graph, seeds, groups) == slow_two(graph, seeds, groups)


def test_the_queue_grows():
    leaves = 5_000
    arcs = [(0, leaf, 7) for leaf in range(1, leaves + 1)]
    found = two(graph_of(leaves + 1, arcs), seeds_of((0, 0, 0), (0, 1, 1)), ALONE)
    assert found[0][1:] == [7] * leaves
    assert found[2][1:] == [8] * leaves


def test_a_second_beyond_32_bits_is_an_error_and_a_limit_hides_it():
    last = UNREACHED - 1
    long = graph_of(2, [(0, 1, last)])
    seeds = seeds_of((0, 1, 0), (1, 0, 1))
    with pytest.raises(NetworkError, match="found a node farther than that"):
        nearest_two(long, [seeds], ALONE)
    assert two(long, seeds, ALONE, limit_ms=last) == [[1, 0], [0, 1], [UNREACHED] * 2, [-1, -1]]
    # Of the same group it would be no second at all, so that nothing is lost.
    assert two(long, seeds, ALONE * 0)[3] == [-1, -1]
    with pytest.raises(NetworkError, match="found a node farther than that"):
        nearest_two(long, [seeds_of((0, 1, 0))], ALONE)


def test_groups_are_checked():
    with pytest.raises(
        NetworkError, match=r"a group for every facility, found 6 groups and facility 6"
    ):
        nearest_two(ROW, [seeds_of((0, 0, 6))], ALONE)
    with pytest.raises(
        NetworkError, match=r"groups: expected a 1-d array of integers, found 1-d float64"
    ):
        nearest_two(ROW, [seeds_of((0, 0, 1))], ALONE.astype(float))
