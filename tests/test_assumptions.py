import dataclasses

import pytest

from sdaasp_geo.assumptions import Assumptions, missing_cap_min


def test_frozen_and_sorted_for_hashing():
    choices = Assumptions()
    with pytest.raises(dataclasses.FrozenInstanceError):
        choices.snap_limit_m = 1.0
    assert list(choices.as_dict()) == sorted(choices.as_dict())


def test_access_leg_in_minutes_by_hand():
    # 1 km straight is 1.3 km of way; at 26 km/h that is 3 minutes.
    choices = Assumptions(access_speed_kmh=26.0, access_length_factor=1.3)
    assert 1000 * choices.access_min_per_m == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("access_speed_kmh", 0, "access_speed_kmh: expected a number above 0, found 0"),
        ("access_speed_kmh", float("nan"), "access_speed_kmh: expected a number above 0"),
        ("access_length_factor", 0.9, "no way is shorter than the straight line"),
        ("min_component_nodes", 0, "min_component_nodes: expected at least 1"),
        ("same_commune", "none", "expected one of routed, internal_estimate, zero"),
        ("basket_mean", "mean", "expected one of by_service"),
        ("speed_kmh", {"motorway": -1}, "speed_kmh.motorway: expected a number above 0"),
        ("time_limit_min", 0, "time_limit_min: expected a number above 0"),
        ("missing_service", "cap:0", "expected 'exclude_and_count', 'propagate' or 'cap:"),
    ],
)
def test_impossible_choices_are_refused(key, value, message):
    with pytest.raises(ValueError, match=message):
        Assumptions(**{key: value})


@pytest.mark.parametrize("rule", ["cap", "cap:", "cap:x", "cap:-3", "cap:inf", "cap:nan", "zero"])
def test_wrong_missing_rules(rule):
    with pytest.raises(ValueError, match="missing_service"):
        missing_cap_min(rule)
