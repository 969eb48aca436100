"""What a caller's own frames must hold."""

import pytest

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.errors import InputError


@pytest.fixture
def world():
    network = worlds.network([(0, 0), (1, 0)])
    origins = worlds.origins(("a", "01001", 0, 0, "position"))
    facilities = worlds.facilities(("p", "pharmacie", "01002", 1, 0, "position"))
    return network, origins, facilities


def times(network, origins, facilities):
    return nearest_times(network, origins, facilities, ["pharmacie"], worlds.plain())


def test_every_missing_column_is_named_at_once(world):
    network, origins, facilities = world
    bare = origins.drop(columns=["unit", "known_by"])
    with pytest.raises(InputError) as caught:
        times(network, bare, facilities.drop(columns="count"))
    assert [fault.column for fault in caught.value.faults] == ["unit", "known_by", "count"]
    assert {fault.file for fault in caught.value.faults} == {"origins", "facilities"}


def test_another_system_is_refused(world):
    network, origins, facilities = world
    with pytest.raises(
        InputError, match="expected points in EPSG:2154, as the roads, found EPSG:4326"
    ):
        times(network, origins, facilities.to_crs(4326))


def test_other_words_are_refused(world):
    network, origins, facilities = world
    with pytest.raises(InputError, match="found 'address' and 0 more"):
        times(network, origins.assign(known_by="address"), facilities)


def test_no_more_columns_are_needed_than_told(world):
    network, origins, facilities = world
    least = facilities[["facility", "service", "unit", "known_by", "count", "geometry"]]
    found = times(network, origins[["origin", "unit", "known_by", "geometry"]], least)
    assert found["time_min"].tolist() == times(network, origins, facilities)["time_min"].tolist()
