import numpy as np
import pytest
from search_worlds import graph_of, seeds_of

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.routing import kernels
from sdaasp_geo.routing.gate import Seeds, checked_search, windows_for
from sdaasp_geo.routing.nearest import UNREACHED, nearest

ROW = graph_of(3, [(0, 1, 10), (1, 2, 10)])
SEEDS = seeds_of((0, 0, 0))


def int32(*values):
    return np.array(values, np.int32)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights_ms": int32(5, -1)}, "weights_ms: expected 0 or more, found -1"),
        ({"weights_ms": int32(5)}, "weights_ms: expected one an arc, 2, found 1"),
        (
            {"weights_ms": np.array([5.0, 1.0])},
            "weights_ms: expected a 1-d array of integers, found 1-d float64",
        ),
        (
            {"weights_ms": np.array([5, 2**31])},
            "weights_ms: expected at most 2147483647, found 2147483648",
        ),
        ({"heads": int32(1, 3)}, "heads: expected nodes below 3, found 3"),
        ({"heads": int32(1, -2)}, "heads: expected 0 or more, found -2"),
        ({"heads": [1, 2]}, "heads: expected a 1-d array of integers, found list"),
        (
            {"indptr": int32(0, 1, 2, 1)},
            "indptr: expected it to run from 0 to the number of arcs, 2",
        ),
        ({"indptr": int32(1, 1, 2, 2)}, "indptr: expected it to run from 0"),
        ({"indptr": int32()}, "indptr: expected it to run from 0"),
        ({"indptr": int32(0, 2, 1, 2)}, "indptr: expected it never to decrease"),
        (
            {"indptr": int32(0, 1, 2, 2).reshape(2, 2)},
            "indptr: expected a 1-d array of integers, found 2-d int32",
        ),
    ],
)
def test_wrong_graphs_are_refused(change, message):
    with pytest.raises(NetworkError, match=message):
        nearest(ROW._replace(**change), [SEEDS])


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        (seeds_of((3, 0, 0)), "service 1: node: expected nodes below 3, found 3"),
        (seeds_of((-1, 0, 0)), "service 1: node: expected 0 or more, found -1"),
        (seeds_of((0, -5, 0)), "service 1: cost_ms: expected 0 or more, found -5"),
        (seeds_of((0, UNREACHED, 0)), "cost_ms: expected times below 2147483647 ms"),
        (seeds_of((0, 0, -1)), "service 1: label: expected 0 or more, found -1"),
        (Seeds(int32(0, 1), int32(0), int32(0)), "of one length"),
        (
            Seeds(int32(0), np.array([np.nan]), int32(0)),
            "cost_ms: expected a 1-d array of integers",
        ),
    ],
)
def test_wrong_seeds_are_refused(seeds, message):
    with pytest.raises(NetworkError, match=message):
        nearest(ROW, [SEEDS, seeds])


@pytest.mark.parametrize("limit_ms", [-1, UNREACHED, 1.5, "60"])
def test_wrong_limits_are_refused(limit_ms):
    with pytest.raises(
        NetworkError, match="limit_ms: expected a whole number from 0 to 2147483646"
    ):
        nearest(ROW, [SEEDS], limit_ms=limit_ms)


def test_all_faults_are_told_at_once():
    with pytest.raises(NetworkError, match=r"weights_ms: .*limit_ms: .*service 0: node: "):
        nearest(ROW._replace(weights_ms=int32(-1, 1)), [seeds_of((9, 0, 0))], limit_ms=-1)


def test_windows_span_the_longest_arc_and_are_of_reasonable_number():
    assert windows_for(int32(0, 0, 0), 0) == (0, 2)
    assert windows_for(int32(), -1) == (0, 1)
    for weights in (int32(1, 1, 1), int32(20_000, 22_000, 60_000), int32(4, 5, 2**31 - 1)):
        windows = windows_for(weights, int(weights.max()))
        width_ms = kernels.BUCKETS * 2**windows.shift
        assert (windows.number - 1) * width_ms >= int(weights.max())
        assert windows.number <= 4096
        assert windows.number & (windows.number - 1) == 0
    assert windows_for(int32(20_000, 22_000, 60_000), 60_000).shift == 15
    assert windows_for(int32(0, 0, 0, 0, 80_000), 80_000).shift == 10


def test_a_graph_is_not_copied():
    graph = SearchGraph(*ROW)
    question = checked_search(graph, [SEEDS], None)
    assert np.shares_memory(question.graph.heads, graph.heads)
    assert np.shares_memory(question.graph.weights_ms, graph.weights_ms)
    assert not question.graph.heads.flags.writeable


def test_kernels_compile_where_no_cache_can_be_written(monkeypatch):
    calls = []

    def njit(**options):
        calls.append(options)
        if options.get("cache"):
            message = "cannot cache function: no locator available"
            raise RuntimeError(message)
        return lambda function: function

    monkeypatch.setattr(kernels, "njit", njit)
    assert kernels.compiled(len) is len
    always = {"nogil": True, "no_cfunc_wrapper": True}
    assert calls == [always | {"cache": True}, always]
