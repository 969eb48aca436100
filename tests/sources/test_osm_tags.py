"""What the tags of a way mean to a car."""

import pytest

from sdaasp_geo.assumptions import CLASS_SPEED_KMH, IMPLICIT_LIMIT_KMH
from sdaasp_geo.sources import osm_tags
from sdaasp_geo.tables.limits import posted_kmh


@pytest.mark.parametrize("name", sorted(osm_tags.ROAD_CLASSES))
def test_every_road_class_is_read_and_has_a_speed(name):
    assert osm_tags.road_class({"highway": name}) == name
    assert CLASS_SPEED_KMH[name] > 0


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"route": "ferry"}, "ferry"),
        ({"route": "ferry", "highway": "footway"}, "ferry"),
        ({"route": "ferry", "highway": "service"}, "service"),
        ({"highway": "service", "service": "parking_aisle"}, "service"),
        ({"highway": "service", "service": "emergency_access"}, None),
        ({"highway": "residential", "area": "yes"}, None),
        ({"highway": "residential", "area": "no"}, "residential"),
        ({"highway": "construction", "construction": "primary"}, None),
        ({"highway": "proposed"}, None),
        ({"highway": "track"}, None),
        ({"route": "bus"}, None),
    ],
)
def test_road_class(tags, expected):
    assert osm_tags.road_class(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, None),
        ({"access": "private"}, "access=private"),
        ({"access": "no"}, "access=no"),
        ({"access": "agricultural"}, "access=agricultural"),
        ({"motor_vehicle": "forestry"}, "motor_vehicle=forestry"),
        ({"access": "agricultural;forestry"}, "access=agricultural;forestry"),
        ({"access": "private;customers"}, None),
        ({"access": "destination"}, None),
        ({"access": "permissive"}, None),
        ({"access": "customers"}, None),
        ({"motor_vehicle": "delivery"}, "motor_vehicle=delivery"),
        ({"access": "no", "vehicle": "yes"}, None),
        ({"access": "no", "motor_vehicle": "yes"}, None),
        ({"access": "yes", "motorcar": "no"}, "motorcar=no"),
        ({"vehicle": "no", "motor_vehicle": "no", "motorcar": "yes"}, None),
        ({"access": "yes", "vehicle": "no"}, "vehicle=no"),
        ({"access": "designated", "bicycle": "no"}, None),
    ],
)
def test_the_most_specific_access_decides(tags, expected):
    assert osm_tags.refusal(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "primary"}, 0),
        *(({"oneway": said}, 1) for said in ("yes", "1", "true")),
        *(({"oneway": said}, -1) for said in ("-1", "reverse")),
        ({"oneway": "reversible"}, None),
        ({"oneway": "alternating"}, 0),
        ({"oneway": "no"}, 0),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "motorway", "oneway": "-1"}, -1),
        ({"highway": "motorway_link"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"junction": "circular"}, 1),
        ({"junction": "roundabout", "oneway": "-1"}, -1),
        ({"oneway": "yes", "oneway:motor_vehicle": "no"}, 0),
        ({"oneway": "yes", "oneway:bicycle": "no"}, 1),
    ],
)
def test_direction(tags, expected):
    assert osm_tags.direction(tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, ""),
        ({"maxspeed": "50", "source:maxspeed": "FR:rural"}, "50"),
        ({"zone:maxspeed": "FR:30"}, "FR:30"),
        ({"source:maxspeed": "survey"}, ""),
        ({"maxspeed:forward": "30"}, ""),
    ],
)
def test_limit_text(tags, expected):
    assert osm_tags.limit_text(tags) == expected


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("25", 25), ("7.5", 7.5), ("00:25", 25), ("1:05", 65), ("01:00:30", 60.5), ("PT1H30M", 90)],
)
def test_duration(text, minutes):
    assert osm_tags.duration_min(text) == minutes


@pytest.mark.parametrize("text", ["", "0", "00:00", "an hour", "-5", "PT", "1:2:3:4"])
def test_durations_that_are_none(text):
    with pytest.raises(ValueError, match="expected a duration such as"):
        osm_tags.duration_min(text)


@pytest.mark.parametrize(
    ("text", "kmh"),
    [
        ("50", 50),
        (" 50 km/h ", 50),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("10 knots", 18.52),
        ("FR:urban", 50),
        ("fr:Rural", 80),
        ("FR:zone30", 30),
        ("FR:70", 70),
        ("walk", 5),
        ("90;110", 90),
        ("none;80", 80),
        ("50|70", 50),
    ],
)
def test_posted_limit(text, kmh):
    assert posted_kmh(text, IMPLICIT_LIMIT_KMH) == pytest.approx(kmh)


@pytest.mark.parametrize("text", ["", "none", "signals", "variable"])
def test_no_posted_number(text):
    found = posted_kmh(text, IMPLICIT_LIMIT_KMH)
    assert found != found  # noqa: PLR0124 (only NaN differs from itself)


@pytest.mark.parametrize("text", ["fast", "0", "-30", "50 leagues", "BE:rural", "50;fast"])
def test_limits_that_cannot_be_read(text):
    with pytest.raises(ValueError, match="expected a speed limit such as"):
        posted_kmh(text, IMPLICIT_LIMIT_KMH)


def test_the_meaning_of_a_rule_is_an_assumption():
    assert posted_kmh("FR:rural", {"FR:rural": 90.0}) == 90
    assert posted_kmh("BE-VLG:rural", {"BE-VLG:rural": 70.0}) == 70
