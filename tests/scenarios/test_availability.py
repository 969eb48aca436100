"""Times to a site that is open, by hand and against the enumeration of every case."""

import itertools

import numpy as np
import pandas as pd
import pytest
import toy_scenarios as toy
from hypothesis import given, settings
from hypothesis import strategies as st
from site_worlds import pair_minutes, random_sites

from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.availability import availability_times
from sdaasp_geo.scenarios.openness import (
    WORKING_DAYS_PER_MONTH,
    AvailabilityRule,
    site_availability,
    weighted_times,
)

# Made once: nothing changes it, which the tests check.
ROW = toy.row()


def desks(**columns):
    """Return the sites of the row (in Bé and Dé) with hours or days."""
    return ROW.sites.assign(**columns)


class TestByHand:
    # From Aa 10 and 30 minutes, from Bé 0 and 20, from Cé 10 and 10.
    sites = desks(hours_per_week=[12.0, 48.0])
    found = availability_times(ROW, sites=sites)

    def test_origins(self):
        table = self.found.origins.set_index("origin")
        assert table["plain_min"].tolist() == [10.0, 0.0, 10.0]
        # Bé is open half of the time; Dé always.
        assert table["expected_min"].tolist() == [20.0, 10.0, 10.0]
        assert table["extra_min"].tolist() == [10.0, 10.0, 0.0]
        assert table["unserved_share"].tolist() == [0.0] * 3
        assert table["sites_considered"].tolist() == [2] * 3

    def test_communes_and_summary(self):
        assert self.found.communes["expected_min"].tolist() == [20.0, 10.0, 10.0]
        assert self.found.summary["plain_min"] == 7.5
        assert self.found.summary["expected_min"] == 15.0
        assert self.found.notes.empty
        assert "7.5 min plain, 15.0 min" in repr(self.found)

    def test_sites(self):
        assert self.found.sites["availability"].tolist() == [0.5, 1.0]

    def test_nobody_open_is_told_apart(self):
        sites = desks(hours_per_week=[12.0, 6.0])
        table = availability_times(ROW, sites=sites).origins
        assert table["unserved_share"].tolist() == [0.375] * 3
        # (0.5 × 10 + 0.125 × 30) / 0.625
        assert table["expected_min"].tolist() == [14.0, 4.0, 10.0]

    def test_those_beyond_the_nearest_count_as_unserved(self):
        found = availability_times(ROW, sites=self.sites, rule=AvailabilityRule(nearest=1))
        assert found.origins["unserved_share"].tolist()[:2] == [0.5, 0.5]
        assert found.origins["expected_min"].tolist() == [10.0, 0.0, 10.0]

    def test_the_reference_matters(self):
        found = availability_times(
            ROW, sites=self.sites, rule=AvailabilityRule(hours_per_week=12.0)
        )
        assert found.origins["expected_min"].tolist() == [10.0, 0.0, 10.0]


class TestShares:
    def test_a_bus_two_days_a_month_is_not_a_desk(self):
        table = pd.DataFrame(
            {
                "format": ["Fixe", "itinerant", "Bus_équivalent", "Multisites", "Fixe"],
                "hours_per_week": [24.0, 30.0, 35.0, 12.0, None],
                "days_per_month": [None, 2.0, None, None, None],
            }
        )
        found = site_availability(table)
        assert found["basis"].tolist() == [
            "hours",
            "days",
            "itinerant",
            "several_places",
            "unknown",
        ]
        assert found["availability"].tolist()[:2] == [1.0, 2 / WORKING_DAYS_PER_MONTH]
        assert found["availability"].isna().tolist() == [False, False, True, False, True]

    def test_other_reference_days(self):
        table = pd.DataFrame({"days_per_month": [2.0]})
        rule = AvailabilityRule(days_per_month=20.0)
        assert site_availability(table, rule)["availability"].tolist() == [0.1]

    @pytest.mark.parametrize(
        "choice",
        [{"hours_per_week": 0.0}, {"days_per_month": 40.0}, {"unknown_share": 1.5}, {"nearest": 0}],
    )
    def test_rules_out_of_range(self, choice):
        with pytest.raises(ValueError, match=f"{next(iter(choice))}: a value out of range"):
            AvailabilityRule(**choice)


class TestUnknownHours:
    sites = desks(hours_per_week=[None, 12.0], name=["Inconnu", "Connu"])

    def test_left_out_and_said(self):
        found = availability_times(ROW, sites=self.sites)
        assert found.origins["plain_min"].tolist() == [10.0, 0.0, 10.0]
        assert found.origins["expected_min"].tolist() == [30.0, 20.0, 10.0]
        assert found.origins["unserved_share"].tolist() == [0.5] * 3
        assert found.notes[["subject", "kind"]].to_numpy().tolist() == [["Inconnu", "unknown"]]

    def test_or_given_a_share(self):
        rule = AvailabilityRule(unknown_share=1.0)
        found = availability_times(ROW, sites=self.sites, rule=rule)
        assert found.origins["expected_min"].tolist() == [10.0, 0.0, 10.0]
        assert "100%" in found.notes.loc[0, "note"]

    def test_all_unknown_is_no_zero(self):
        found = availability_times(ROW)
        assert found.origins[["expected_min", "unserved_share"]].isna().all(axis=None)
        assert found.summary["expected_min"] is None
        assert found.summary["unserved_share"] is None
        assert found.summary["plain_min"] == 7.5


def test_wrong_input():
    with pytest.raises(InputError, match=r"row 2, column 'hours_per_week'.*(?s:.*)0 to 31"):
        availability_times(
            ROW, sites=desks(hours_per_week=[1.0, 200.0], days_per_month=[32.0, 1.0])
        )


def test_inputs_are_untouched():
    diagnostic, sites = ROW, desks(hours_per_week=[12.0, None])
    before, origins = sites.copy(), diagnostic.origins.copy()
    availability_times(diagnostic, sites=sites)
    pd.testing.assert_frame_equal(sites, before)
    pd.testing.assert_frame_equal(diagnostic.origins, origins)


def enumerated(minutes, shares):
    """Go through every combination of open and closed sites."""
    total = served = 0.0
    for open_ones in itertools.product([False, True], repeat=len(minutes)):
        chance = np.prod([a if up else 1 - a for a, up in zip(shares, open_ones, strict=True)])
        times = [t for t, up in zip(minutes, open_ones, strict=True) if up and not np.isnan(t)]
        if times:
            served += chance
            total += chance * min(times)
    return (total / served if served > 0 else np.nan), 1 - served


cells = st.tuples(st.one_of(st.just(np.nan), st.floats(0, 90)), st.floats(0, 1))


@given(st.lists(cells, min_size=1, max_size=6))
def test_the_formula_against_every_case(rows):
    rows = sorted(rows, key=lambda row: (np.isnan(row[0]), row[0]))
    minutes, shares = (np.array(column) for column in zip(*rows, strict=True))
    found = weighted_times([minutes], [shares])
    expected, unserved = enumerated(minutes, shares)
    np.testing.assert_allclose(found.unserved_share[0], unserved, atol=1e-12)
    if unserved < 1 - 1e-9:
        np.testing.assert_allclose(found.expected_min[0], expected, rtol=1e-9, atol=1e-9)


def test_no_site_at_all():
    found = weighted_times(np.empty((2, 0)), np.empty((2, 0)))
    assert np.isnan(found.expected_min).all()
    assert found.unserved_share.tolist() == [1.0, 1.0]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(toy.RULES), st.integers(1, 6))
def test_always_open_is_the_plain_time(seed, rule, nearest):
    diagnostic = toy.random_world(seed, rule)
    sites = random_sites(diagnostic, seed, 5).assign(hours_per_week=24.0)
    table = availability_times(
        diagnostic, sites=sites, rule=AvailabilityRule(nearest=nearest)
    ).origins
    pd.testing.assert_series_equal(
        table["expected_min"], table["plain_min"], check_names=False, check_exact=True
    )
    reached = table["plain_min"].notna()
    assert (table.loc[reached, "unserved_share"] == 0).all()
    assert (table.loc[~reached, "unserved_share"] == 1).all()


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_the_whole_against_the_matrix_of_pairs(seed):
    diagnostic = toy.random_world(seed, "routed")
    rng = np.random.default_rng(seed)
    sites = random_sites(diagnostic, seed, 4).assign(hours_per_week=rng.uniform(1, 30, 4))
    found = availability_times(diagnostic, sites=sites).origins
    shares = np.minimum(sites["hours_per_week"].to_numpy() / 24, 1)
    for row, minutes in enumerate(pair_minutes(diagnostic, sites)):
        expected, unserved = enumerated(minutes, shares)
        np.testing.assert_allclose(found["expected_min"][row], expected, rtol=1e-9)
        np.testing.assert_allclose(found["unserved_share"][row], unserved, atol=1e-12)
