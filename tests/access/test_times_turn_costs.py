"""Access times where lights, left turns and roundabouts cost something."""

import pytest

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.network.road_network import RoadNetwork

# A crossing of four streets of a kilometre, a minute each.
CROSSING = [(0, -1), (0, 0)], [(0, 0), (0, 1)], [(-1, 0), (0, 0)], [(0, 0), (1, 0)]
HOME = worlds.origins(("home", "u", 0, -0.5))
PLACES = worlds.facilities(
    ("west", "bread", "v", -0.5, 0, "position"),
    ("east", "doctor", "v", 0.75, 0, "position"),
    ("north", "court", "v", 0, 1, "position"),
    ("south", "post", "v", 0, -0.75, "position"),
)
SERVICES = ["bread", "doctor", "court", "post"]


def times(services=SERVICES, lights=0.0, facilities=PLACES, rule="routed", **costs):
    assumptions = worlds.plain(same_commune=rule, **costs)
    roads = worlds.roads(*CROSSING).assign(
        signals_forward=[lights, 0.0, lights, 0.0],
        signals_backward=[0.0, lights, 0.0, lights],
        roundabout=False,
    )
    network = RoadNetwork.from_roads(roads, assumptions)
    return nearest_times(network, HOME, facilities, services, assumptions)


def test_a_left_turn_lengthens_the_way_to_the_left_alone():
    plain, dear = times(), times(left_turn_cost_s=15.0)
    assert plain["time_min"].tolist() == pytest.approx([1.0, 1.25, 1.5, 0.25])
    assert dear["time_min"].tolist() == pytest.approx([1.25, 1.25, 1.5, 0.25])


def test_a_light_lengthens_every_way_over_the_crossing():
    found = times(signal_cost_s=30.0, lights=1.0)
    assert found["time_min"].tolist() == pytest.approx([1.5, 1.75, 2.0, 0.25])


def test_costs_add_up():
    found = times(signal_cost_s=30.0, left_turn_cost_s=15.0, lights=2.0)
    assert found["time_min"].tolist() == pytest.approx([2.25, 2.25, 2.5, 0.25])


@pytest.mark.parametrize("rule", ["routed", "internal_estimate"])
def test_another_facility_is_nearest_where_the_left_turn_costs_more_than_its_distance(rule):
    bread = PLACES[PLACES["service"].isin(["bread", "doctor"])].assign(service="bread")
    for cost_s, name in ((14.0, "west"), (16.0, "east")):
        found = times(["bread"], facilities=bread, rule=rule, left_turn_cost_s=cost_s)
        assert found["facility"].tolist() == [name]
        assert found["time_min"].tolist() == pytest.approx([min(1 + cost_s / 60, 1.25)])


def test_costs_of_zero_change_nothing():
    assert times(lights=3.0).equals(times())
    assert times(lights=3.0, signal_cost_s=0.0, left_turn_cost_s=0.0).equals(times())
