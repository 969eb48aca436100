import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdaasp_geo.indicators.remoteness import calibrate_thresholds, remoteness

LIMITS = {"near": 4.0, "far": 20.0}


def gammes(near, far, **extra):
    return pd.DataFrame({"near_min": near, "far_min": far, **extra})


def test_above_the_threshold_and_not_at_it():
    flags = remoteness(gammes([4.0, 4.001], [20.0, 20.001]), LIMITS)
    assert flags["remote_near"].tolist() == [False, True]
    assert flags["remote_gammes"].tolist() == [0, 2]


def test_missing_is_not_near():
    flags = remoteness(gammes([np.nan, np.nan, 9.0], [3.0, 30.0, np.nan]), LIMITS)
    assert flags["remote_near"].isna().tolist() == [True, True, False]
    # One gamme cannot be told: no number where none is known, one where another is.
    assert flags["remote_gammes"].isna().tolist() == [True, False, False]
    assert flags["remote_gammes"].tolist()[1:] == [1, 1]


def test_a_partly_reached_gamme_is_not_declared_near():
    table = gammes([2.0, 5.0], [1.0, 1.0], near_reached=[1, 1], near_expected=[2, 2])
    flags = remoteness(table, LIMITS)
    assert flags["remote_near"].isna().tolist() == [True, False]
    assert flags["remote_near"].tolist()[1] is True


def test_calibration_to_a_number_by_hand():
    # Ratios: 0.5, 1.5 (by far), 2 (by near), so k between 1.5 and 2 leaves one.
    table = gammes([2.0, 4.0, 8.0], [10.0, 30.0, 10.0])
    found = calibrate_thresholds(table, pd.Series([70.0, 20.0, 10.0]), LIMITS, communes=1)
    assert found.scale == pytest.approx(1.75)
    assert found.thresholds_min == {"near": 7.0, "far": 35.0}
    assert (found.communes, found.population_share) == (1, pytest.approx(0.1))


def test_calibration_to_a_share():
    table = gammes([2.0, 4.0, 8.0], [10.0, 30.0, 10.0])
    people = pd.Series([70.0, 20.0, 10.0])
    found = calibrate_thresholds(table, people, LIMITS, population_share=0.28)
    assert (found.communes, found.population_share) == (2, pytest.approx(0.3))


def test_ties_flip_together_and_say_so():
    table = gammes([8.0, 8.0, 8.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    found = calibrate_thresholds(table, pd.Series([1.0] * 4), LIMITS, communes=2)
    assert found.communes == 3


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "one of the two"),
        ({"communes": 1, "population_share": 0.1}, "one of the two"),
        ({"communes": 9}, "communes: expected between 0 and 2"),
        ({"population_share": 1.2}, "population_share: expected between 0 and 1"),
    ],
)
def test_wrong_targets(target, message):
    with pytest.raises(ValueError, match=message):
        calibrate_thresholds(
            gammes([1.0, 2.0], [1.0, 2.0]), pd.Series([1.0, 1.0]), LIMITS, **target
        )


def test_nothing_known():
    empty = gammes([np.nan], [np.nan])
    with pytest.raises(ValueError, match="expected some known times"):
        calibrate_thresholds(empty, pd.Series([1.0]), LIMITS, communes=1)
    with pytest.raises(ValueError, match="reference_min: expected gammes among"):
        calibrate_thresholds(empty, pd.Series([1.0]), {"other": 3.0}, communes=1)


@given(
    st.lists(st.tuples(st.floats(0.1, 60), st.floats(0.1, 90)), min_size=1, max_size=20),
    st.data(),
)
def test_what_calibration_promises_is_what_remoteness_counts(rows, data):
    table = gammes([r[0] for r in rows], [r[1] for r in rows])
    people = pd.Series(np.arange(1.0, len(rows) + 1))
    target = data.draw(st.integers(0, len(rows)))
    found = calibrate_thresholds(table, people, LIMITS, communes=target)
    remote = remoteness(table, found.thresholds_min)["remote_gammes"] > 0
    assert int(remote.sum()) == found.communes
    assert people[remote].sum() / people.sum() == pytest.approx(found.population_share)
    distinct = {round(max(near / 4, far / 20), 12) for near, far in rows}
    if len(distinct) == len(rows):
        assert found.communes == target
