"""A real cluster of two worker processes on this machine; skipped where Dask is missing."""

import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import toy_territory
import worlds
from cluster_tasks import end_this_process, kept_on_worker, plus, refuse, total_of, write_into
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.cluster import DaskExecutor
from sdaasp_geo.cluster import executor as module
from sdaasp_geo.errors import ClusterError, Fault, InputError, MissingExtraError
from sdaasp_geo.pipeline.many import diagnose_many
from sdaasp_geo.routing.improvement import Weighing, total_improvement
from sdaasp_geo.routing.nearest import nearest
from synthetic_graph import road_like_graph, services

distributed = pytest.importorskip("distributed", reason="distributed is not installed")


@pytest.fixture(scope="module")
def cluster():
    # What Dask tells of lost workers is for those who watch it, not for the tests.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": "1GiB"}
    with distributed.LocalCluster(
        processes=True, dashboard_address=":0", silence_logs=logging.CRITICAL, **options
    ) as running:
        yield running


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster, set_as_default=False) as connected:
        connected.wait_for_workers(2, timeout=20)
        yield connected


@pytest.fixture(scope="module")
def question():
    graph = road_like_graph(30_000)
    return graph, services(graph.indptr.size - 1)[::3]


def same_bytes(one, other):
    return all(
        a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True)
    )


def graph_bytes(graph):
    return sum(values.astype(np.int32).nbytes for values in graph)


def test_nearest_is_the_same_and_the_graph_goes_once_to_each_worker(client, question):
    graph, wanted = question
    before = sum(DaskExecutor(client).received().values())
    with DaskExecutor(client) as executor:
        assert same_bytes(nearest(graph, wanted, executor=executor), nearest(graph, wanted))
        first = executor.sent
        assert same_bytes(nearest(graph, wanted, executor=executor), nearest(graph, wanted))
        received = sum(executor.received().values()) - before
    assert first.tasks == len(wanted)
    assert executor.sent.tasks == 2 * len(wanted)
    # Two runs, ten tasks each, and the graph has gone out once, to both workers.
    assert executor.sent.shared_bytes == graph_bytes(graph)
    assert received == 2 * graph_bytes(graph)
    # The tasks themselves carry the seeds, 12 bytes each, and little else.
    seeds_bytes = 12 * sum(seeds.node.size for seeds in wanted)
    assert first.task_bytes < seeds_bytes + 3_000 * len(wanted) < graph_bytes(graph)


def test_nearest_times_are_the_same(client):
    side = 80
    lines = [
        [(x, y), (x + dx, y + dy)]
        for x in range(side)
        for y in range(side)
        for dx, dy in ((1, 0), (0, 1))
        if max(x + dx, y + dy) < side
    ]
    assumptions = worlds.plain(same_commune="internal_estimate")
    network = worlds.network(*lines, oneway=set(range(0, len(lines), 7)), assumptions=assumptions)
    rng = np.random.default_rng(4)
    places = rng.uniform(0, side - 1, (40, 2)).round(3).tolist()
    origins = worlds.origins(*((f"o{i}", f"u{i % 9}", *at) for i, at in enumerate(places[:25])))
    facilities = worlds.facilities(
        *(
            (f"f{i}", f"s{i % 3}", f"u{i % 9}", *at, ("commune", "position")[i % 2])
            for i, at in enumerate(places[25:])
        )
    )
    ask = partial(nearest_times, network, origins, facilities, ["s0", "s1", "s2"], assumptions)
    with DaskExecutor(client) as executor:
        there = ask(executor=executor)
    assert executor.sent.tasks > 0
    assert executor.sent.shared_bytes > 0
    here = ask()
    assert here["time_min"].notna().all()
    assert there.equals(here)
    assert there["time_min"].to_numpy().tobytes() == here["time_min"].to_numpy().tobytes()


def test_a_worker_killed_in_the_middle_costs_time_and_not_the_result(client, question):
    graph, wanted = question
    expected = nearest(graph, wanted)
    found = []
    pids = client.run(os.getpid)
    with DaskExecutor(client) as executor:
        run = threading.Thread(
            target=lambda: found.append(nearest(graph, wanted * 6, executor=executor))
        )
        run.start()
        # A result has been taken for every task beyond the first four.
        while executor.sent.tasks < 12:
            time.sleep(0.001)
        os.kill(next(iter(pids.values())), signal.SIGKILL)
        assert run.is_alive()
        assert executor.sent.tasks < 6 * len(wanted)
        run.join(timeout=60)
        assert not run.is_alive()
        assert same_bytes(found[0], [np.tile(table, (6, 1)) for table in expected])
        # The worker that takes its place has the graph before it has a task.
        client.wait_for_workers(2, timeout=20)
        now = client.run(os.getpid)
        assert set(now.values()) != set(pids.values())
        received = executor.received()
        new = [address for address, pid in now.items() if pid not in pids.values()]
        assert [received[address] for address in new] == [graph_bytes(graph)]


def test_candidates_run_there_as_well(client, question):
    graph, wanted = question
    today = nearest(graph, wanted[:1]).time_ms[0]
    candidates = [
        seeds._replace(**{k: v[:1] for k, v in seeds._asdict().items()}) for seeds in wanted
    ]
    weighing = Weighing(np.arange(today.size), [60_000])
    with DaskExecutor(client) as executor:
        there = total_improvement(graph, today, candidates * 5, weighing, executor=executor)
    assert same_bytes(there, total_improvement(graph, today, candidates * 5, weighing))
    assert executor.sent.shared_bytes >= graph_bytes(graph) + today.nbytes


def test_territories_run_there_side_by_side(client, tmp_path):
    names = ["ain", "aisne"]
    written = [toy_territory.write(tmp_path / name) for name in names]
    paths = [path.rename(path.with_name(f"{path.parent.name}.toml")) for path in written]
    with DaskExecutor(client) as executor:
        there = diagnose_many(paths, tmp_path / "there", executor=executor, maps=False)
    with ThreadPoolExecutor(1) as alone:
        here = diagnose_many(paths, tmp_path / "here", executor=alone, maps=False)
    assert len(there) == len(here) > 10
    assert [path.read_bytes() for path in there] == [path.read_bytes() for path in here]


def test_it_is_an_executor(client):
    with DaskExecutor(client) as executor:
        assert executor.submit(plus, 1, other=2).result(20) == 3
        assert list(executor.map(plus, range(50), range(50))) == list(range(0, 100, 2))
        assert list(executor.map(lambda number: -number, [1, 2])) == [-1, -2]
        assert list(executor.map(plus, [])) == []
        assert isinstance(executor.submit(refuse, 0).exception(20), InputError)
        with pytest.raises(InputError, match=r"expected a table, found a poem") as caught:
            list(executor.map(refuse, [0]))
        assert caught.value.faults == (Fault("a.csv", "a table", "a poem"),)
        with pytest.raises(TimeoutError):
            next(executor.map(time.sleep, [1], timeout=0.2))
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(plus, 1)
    executor.shutdown()
    assert client.status == "running"  # the caller's client is left open


def test_results_that_nobody_takes_do_not_pile_up(client):
    with DaskExecutor(client, ahead=3) as executor:
        results = executor.map(plus, range(100))
        assert executor.sent.tasks == 6  # two threads in the cluster
        assert [next(results), next(results)] == [0, 1]
        assert executor.sent.tasks == 8


def test_shared_arrays_are_read_only_and_let_go(client):
    arrays = [np.full(100_000, value, np.int8) for value in range(3)]
    with DaskExecutor(client, shared_bytes=200_000) as executor:
        for value, array in enumerate(arrays):
            jobs = executor.map(partial(total_of, array), [1, 2])
            assert list(jobs) == [value * 100_000, value * 200_000]
        assert set(client.run(kept_on_worker).values()) == {2}
        # Known by its contents: an equal array is not sent again, a changed one is.
        sent = executor.sent.shared_bytes
        assert list(executor.map(partial(total_of, arrays[2].copy()), [1])) == [200_000]
        assert executor.sent.shared_bytes == sent
        arrays[2][0] = 3
        assert list(executor.map(partial(total_of, arrays[2]), [1])) == [200_001]
        with pytest.raises(ValueError, match="read-only"):
            list(executor.map(partial(write_into, arrays[1]), [0]))
        assert arrays[1].flags.writeable
    assert set(client.run(kept_on_worker).values()) == {0}


def test_workers_lost_one_after_the_other_are_told_in_words(cluster, client):
    cluster.scheduler.allowed_failures = 0
    try:
        with (
            DaskExecutor(client) as executor,
            pytest.raises(ClusterError, match=r"worker after worker was lost.*--memory-limit"),
        ):
            list(executor.map(end_this_process, [0]))
    finally:
        cluster.scheduler.allowed_failures = 3


def test_an_address_serves_and_a_wrong_one_is_told(cluster):
    with DaskExecutor(cluster.scheduler_address) as executor:
        assert executor.submit(plus, 1).result(20) == 1
    assert executor._client.status == "closed"
    with pytest.raises(ClusterError, match=r"tcp://127.0.0.1:1: expected the address of a Dask"):
        DaskExecutor("tcp://127.0.0.1:1", timeout_s=0.5)
    with pytest.raises(ClusterError, match="expected the address of a Dask scheduler"):
        DaskExecutor("nowhere://", timeout_s=0.5)


def test_a_scheduler_without_workers_is_told():
    options = {"n_workers": 0, "processes": False, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(silence_logs=logging.CRITICAL, **options) as empty,
        pytest.raises(ClusterError, match="expected a worker at least, found none"),
    ):
        DaskExecutor(empty.scheduler_address, timeout_s=0.5)


def test_without_dask_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sdaasp-geo\[cluster\]'"):
        module.DaskExecutor("tcp://127.0.0.1:1")
