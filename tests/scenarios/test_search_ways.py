"""No figure depends on the way of searching, nor on what an earlier question prepared."""

import pickle

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import toy_scenarios as toy

import sdaasp_geo as sg
import toy_territory
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.errors import NetworkError
from sdaasp_geo.network.shelf import Shelf
from sdaasp_geo.routing import choice
from sdaasp_geo.routing.nearest import Seeds, nearest, nearest_two
from sdaasp_geo.scenarios.criticality import criticality
from sdaasp_geo.scenarios.each import simulate_each
from sdaasp_geo.scenarios.model import Opening, Scenario
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.siting.choose import choose_sites
from sdaasp_geo.scenarios.variants import faster

WAYS = ("bucket", "hierarchy")


def mairies(diagnostic):
    inside = diagnostic.communes.iloc[:6]
    return gpd.GeoDataFrame(
        {"site": inside["commune"].to_numpy(), "name": inside["name"].to_numpy()},
        geometry=inside["chef_lieu"].to_numpy(),
        crs=toy.worlds.CRS,
    )


def nodes_and_seeds(network):
    """Every node asked about, in no order and some of them twice; three services."""
    count = network.incoming.indptr.size - 1
    rng = np.random.default_rng(count)
    nodes = rng.integers(0, count, 2 * count).astype(np.int32)
    seeds = [
        Seeds(*(rng.integers(0, high, 4).astype(np.int32) for high in (count, 60_000, 5)))
        for _ in range(3)
    ]
    return nodes, seeds


@pytest.mark.parametrize(("rule", "seed"), [*zip(toy.RULES, (1, 2, 3), strict=True)])
def test_every_answer_is_the_same_to_the_bit(rule, seed):
    diagnostic = toy.random_world(seed, rule)
    places = mairies(diagnostic)
    scenario = Scenario("x", (Opening("neuf", unit=places["site"][0], services=[toy.CAF]),))
    land = diagnostic.land
    asked = {"services": [toy.CAF, toy.HOSPITAL]}

    def answers(way):
        yield nearest_times(
            land.network,
            diagnostic.origins,
            land.facilities,
            diagnostic.basket.service_ids,
            diagnostic.assumptions,
            search=way,
        )
        yield criticality(diagnostic, search=way)
        yield simulate_each(diagnostic, places, search=way, **asked)
        if rule == "internal_estimate":
            gains = simulate(diagnostic, scenario, search=way)
            siting = choose_sites(
                diagnostic, places, count=2, missing="never_served", search=way, **asked
            )
            yield from (gains.times, gains.communes, gains.origins, siting.origins, siting.sites)
            yield criticality(diagnostic, by="site", search=way)

    by_bucket, by_hierarchy = (list(answers(way)) for way in WAYS)
    for one, other in zip(by_bucket, by_hierarchy, strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(other), check_exact=True)
    assert land.network.shelf == Shelf()
    assert land.network.shelf.kept.things.keys() == {"hierarchy of incoming", "plan over incoming"}


def test_finders_equal_the_searches_of_all_nodes():
    network = toy.random_world(3).land.network
    nodes, seeds = nodes_and_seeds(network)
    groups = np.array([0, 1, 0, 2, 1], np.int32)
    whole = nearest(network.incoming, seeds), nearest_two(network.incoming, seeds, groups)
    for way in WAYS:
        find = choice.finder(network.searched(way), nodes, len(seeds))
        assert (find.plan is None) == (way == "bucket")
        found = find.nearest(seeds), find.nearest_two(seeds, groups)
        for some, everything in zip(found, whole, strict=True):
            for table, full in zip(some, everything, strict=True):
                np.testing.assert_array_equal(table, full[:, nodes])


def test_a_hierarchy_is_built_when_what_was_asked_would_have_paid_for_it(monkeypatch):
    network = toy.row_network()
    nodes, _ = nodes_and_seeds(network)
    count = network.incoming.indptr.size - 1
    monkeypatch.setattr(choice, "_SEARCH_S_A_NODE", 1.0 / count)
    monkeypatch.setattr(choice, "_BUILD_LEAST_S", 10.5)
    assert choice.finder(network, nodes, 4).plan is None
    assert choice.finder(network, nodes, 6).plan is None
    # Ten seconds spent so far; the next question makes it eleven.
    assert choice.finder(network, nodes, 1).plan is not None
    assert choice.finder(network.searched("bucket"), nodes, 99).plan is None
    assert choice.finder(network, nodes, 1).plan is choice.finder(network, nodes, 1).plan
    assert choice.finder(toy.row_network(), nodes, 11).plan is not None


def test_other_speeds_have_a_shelf_of_their_own():
    network = toy.row_network().searched("hierarchy")
    nodes, seeds = nodes_and_seeds(network)
    choice.finder(network, nodes, 1)
    slower = faster(network, 0.5)
    assert slower.shelf.kept is not network.shelf.kept
    doubled = choice.finder(slower.searched("hierarchy"), nodes, 1).nearest(seeds).time_ms
    np.testing.assert_array_equal(doubled, nearest(slower.incoming, seeds).time_ms[:, nodes])


def test_a_network_travels_without_what_was_prepared():
    network = toy.row_network().searched("hierarchy")
    choice.finder(network, nodes_and_seeds(network)[0], 1)
    there = pickle.loads(pickle.dumps(network))  # noqa: S301 (our own bytes)
    assert there.shelf.way == "hierarchy"
    assert not there.shelf.kept.things


def test_a_way_that_does_not_exist():
    with pytest.raises(ValueError, match=r"search: expected one of auto, bucket, hierarchy"):
        simulate(toy.row(), Scenario("x"), search="quick")


@pytest.fixture
def built(monkeypatch):
    """Count the hierarchies built."""
    graphs = []
    build = choice.build_hierarchy

    def counted(graph):
        graphs.append(graph)
        return build(graph)

    monkeypatch.setattr(choice, "build_hierarchy", counted)
    return graphs


def ask(path, way="hierarchy"):
    network = toy.row_network().searched(way, kept_at=path)
    nodes, seeds = nodes_and_seeds(network)
    found = choice.finder(network, nodes, len(seeds)).nearest(seeds)
    np.testing.assert_array_equal(found.label, nearest(network.incoming, seeds).label[:, nodes])


def test_the_next_run_finds_the_hierarchy(tmp_path, built, caplog, monkeypatch):
    path = tmp_path / "network.hierarchy.npz"
    ask(path)
    ask(path)
    assert len(built) == 1
    # Left free, it is loaded where that takes less than searching, and not built.
    monkeypatch.setattr(choice, "_SEARCH_S_A_NODE", 0.02)
    monkeypatch.setattr(choice, "load_hierarchy", load := Counted(choice.load_hierarchy))
    ask(path, "auto")
    assert (load.calls, len(built)) == (1, 1)
    path.write_bytes(path.read_bytes()[:-50])
    ask(path)
    assert len(built) == 2
    assert "is not usable" in caplog.text
    ask(path)
    assert len(built) == 2


class Counted:
    """A function that counts its calls."""

    def __init__(self, function):
        self.function, self.calls = function, 0

    def __call__(self, *arguments):
        self.calls += 1
        return self.function(*arguments)


def test_a_folder_that_cannot_be_written_costs_no_result(tmp_path, caplog):
    ask(tmp_path / "absent" / "network.hierarchy.npz")
    assert "could not be kept" in caplog.text


def test_two_places_weeks_apart_are_searched_without_a_hierarchy(monkeypatch):
    network = toy.row_network()
    nodes, seeds = nodes_and_seeds(network)

    def too_far(_graph):
        raise NetworkError

    monkeypatch.setattr(choice, "build_hierarchy", too_far)
    monkeypatch.setattr(choice, "_SEARCH_S_A_NODE", 1.0)
    find = choice.finder(network, nodes, 3)
    assert find.plan is None
    monkeypatch.setattr(choice, "build_hierarchy", None)
    assert choice.finder(network, nodes, 3).plan is None  # not tried again
    monkeypatch.setattr(choice, "build_hierarchy", too_far)
    assert find.nearest(seeds).time_ms.shape == (3, nodes.size)
    with pytest.raises(NetworkError):
        choice.finder(network.searched("hierarchy"), nodes, 3)


def test_the_pipeline_keeps_the_hierarchy_beside_the_network(tmp_path, monkeypatch):
    toml = toy_territory.TOML + '\n[cache]\ndir = "cache"\n'
    territory = sg.read_territory(toy_territory.write(tmp_path, toml=toml))
    first = sg.diagnose(territory)
    monkeypatch.setattr(choice, "_BUILD_LEAST_S", 0.0)
    monkeypatch.setattr(choice, "_SEARCH_TWO_S_A_NODE", 1.0)
    monkeypatch.setattr(choice, "_SEARCH_S_A_NODE", 1.0)
    criticality(first)
    names = [path.name for path in (tmp_path / "cache").glob("*.npz")]
    (network,) = [name for name in names if not name.endswith(".hierarchy.npz")]
    assert sorted(names) == sorted([network, network.replace(".npz", ".hierarchy.npz")])
    again = sg.diagnose(territory)
    monkeypatch.setattr(choice, "build_hierarchy", None)
    pd.testing.assert_frame_equal(criticality(again), criticality(first, search="bucket"))
