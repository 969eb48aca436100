import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdaasp_geo.basket import Basket, Gamme, Service, load_basket
from sdaasp_geo.indicators.means import (
    basket_means,
    gamme_means,
    measured_services,
    population_mean,
    wide_times,
)

SMALL = Basket(
    name="small",
    label="small",
    source="",
    gammes=(Gamme("near", "Near"), Gamme("far", "Far")),
    services=(
        Service("bread", "Bread", "near", frequency=10.0),
        Service("doctor", "Doctor", "near", frequency=1.0),
        Service("hospital", "Hospital", "far", frequency=1.0),
        Service("court", "Court", "far", frequency=1.0),
    ),
)


def table(rows):
    """Rows: origin → times of bread, doctor, hospital; nobody offers a court."""
    records = []
    for origin, minutes in rows.items():
        for service, time in zip(("bread", "doctor", "hospital"), minutes, strict=True):
            reason = None if time is not None else "other_component"
            records.append((origin, service, time, reason))
        records.append((origin, "court", None, "no_facility"))
    frame = pd.DataFrame(records, columns=["origin", "service", "time_min", "reason"])
    return frame.astype({"time_min": float})


WORLD = table({"a": (2.0, 4.0, 30.0), "b": (6.0, None, 12.0), "c": (None, None, None)})


def test_wide_keeps_the_order_of_the_table():
    wide = wide_times(table({"z": (1, 2, 3), "a": (4, 5, 6)}))
    assert list(wide.index) == ["z", "a"]
    assert list(wide.columns) == ["bread", "doctor", "hospital", "court"]
    assert wide.loc["a", "hospital"] == 6


def test_services_nobody_offers_are_no_data():
    assert measured_services(WORLD) == ["bread", "doctor", "hospital"]


def test_gamme_means_by_hand_under_each_rule():
    def near(rule):
        return gamme_means(WORLD, SMALL, missing=rule)["near_min"].tolist()

    assert near("exclude_and_count") == pytest.approx([3.0, 6.0, np.nan], nan_ok=True)
    assert near("propagate") == pytest.approx([3.0, np.nan, np.nan], nan_ok=True)
    assert near("cap:60") == pytest.approx([3.0, 33.0, 60.0])


def test_the_number_reached_comes_with_the_mean():
    means = gamme_means(WORLD, SMALL, missing="exclude_and_count")
    assert means["near_reached"].tolist() == [2, 1, 0]
    assert means["near_expected"].tolist() == [2, 2, 2]
    assert means["far_expected"].tolist() == [1, 1, 1]


def test_basket_means_by_hand():
    def basket(how):
        return basket_means(WORLD, SMALL, how=how, missing="exclude_and_count")["a"]

    assert basket("by_service") == pytest.approx(12.0)  # (2 + 4 + 30) / 3
    assert basket("by_gamme") == pytest.approx(16.5)  # (3 + 30) / 2
    assert basket("by_frequency") == pytest.approx(54 / 12)  # (20 + 4 + 30) / 12
    assert basket("median") == pytest.approx(4.0)


def test_median_propagates_and_caps():
    assert np.isnan(basket_means(WORLD, SMALL, how="median", missing="propagate")["b"])
    assert basket_means(WORLD, SMALL, how="median", missing="cap:60")["b"] == 12.0


def test_frequency_is_asked_for():
    with pytest.raises(ValueError, match="expected a frequency for every service"):
        basket_means(
            pd.DataFrame(
                {"origin": "a", "service": ["pharmacie"], "time_min": [1.0], "reason": [None]}
            ),
            load_basket("sdaasp-29"),
            how="by_frequency",
            missing="propagate",
        )


def test_published_weighting():
    # 11 % of the inhabitants at 22 minutes and 89 % at 13 make the published 14.
    mean = population_mean(pd.DataFrame({"t": [22.0, 13.0]}), pd.Series([0.11, 0.89]))
    assert mean.loc["all", "t"] == pytest.approx(13.99)


def test_population_mean_by_group_with_missing_and_nobody():
    values = pd.DataFrame({"t": [10.0, 20.0, np.nan, 5.0, 7.0]})
    people = pd.Series([1.0, 3.0, 6.0, 0.0, 0.0])
    groups = pd.Series(["x", "x", "x", "empty", "empty"], name="commune")
    means = population_mean(values, people, by=groups)
    assert means.index.name == "commune"
    assert means.loc["x", "t"] == pytest.approx(17.5)
    assert means.loc["empty", "t"] == pytest.approx(6.0)


def test_group_without_any_value_is_missing():
    means = population_mean(pd.DataFrame({"t": [np.nan]}), pd.Series([3.0]))
    assert np.isnan(means.loc["all", "t"])


def test_inputs_are_untouched():
    before = WORLD.copy(deep=True)
    gamme_means(WORLD, SMALL, missing="cap:60")
    basket_means(WORLD, SMALL, how="by_gamme", missing="cap:60")
    pd.testing.assert_frame_equal(WORLD, before)


@given(
    st.lists(
        st.tuples(st.floats(0, 200), st.floats(0.1, 1e5), st.sampled_from("abc")),
        min_size=1,
        max_size=30,
    )
)
def test_mean_of_groups_weighted_again_is_the_mean(rows):
    values = pd.DataFrame({"t": [row[0] for row in rows]})
    people = pd.Series([row[1] for row in rows])
    groups = pd.Series([row[2] for row in rows], name="g")
    by_group = population_mean(values, people, by=groups)
    again = population_mean(by_group, people.groupby(groups).sum())
    whole = population_mean(values, people)
    assert again.iloc[0, 0] == pytest.approx(whole.iloc[0, 0])
    assert values["t"].min() - 1e-9 <= whole.iloc[0, 0] <= values["t"].max() + 1e-9


@given(st.floats(0, 100), st.lists(st.floats(0.1, 1e5), min_size=1, max_size=12))
def test_the_mean_of_equal_times_is_that_time(time, people):
    values = pd.DataFrame({"t": [time] * len(people)})
    assert population_mean(values, pd.Series(people)).at["all", "t"] == time
