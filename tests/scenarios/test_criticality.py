"""Criticality by hand, and against closing one facility after the other."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_scenarios import CAF, HOSPITAL, PHARMACY, random_world, row, row_facilities

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.criticality import LOSS_OVER_MIN, criticality


def of(table, facility):
    return table.set_index("facility").loc[facility]


def test_who_loses_how_much_by_hand():
    # Without the pharmacy in Dé, Cé (500) drives 20 km instead of 10.
    found = of(criticality(row()), "pharmacie-2")
    assert found["inhabitants_losing"] == 500
    assert found["mean_loss_min"] == found["worst_loss_min"] == 10.0
    assert found["inhabitants_losing_over_6_min"] == 500
    assert found["inhabitants_losing_over_10_min"] == 0
    assert found["lost_inhabitant_min"] == 5000
    assert (found["communes_losing"], found["worst_commune"]) == (1, "01003")


def test_the_only_one_leaves_everybody_without_and_no_number_of_minutes():
    table = criticality(row())
    found = of(table, "caf-1")
    assert found["inhabitants_losing"] == found["inhabitants_newly_unreached"] == 2000
    assert found["lost_inhabitant_min"] == 0
    assert found["inhabitants_losing_over_1_min"] == 0
    assert pd.isna(found["mean_loss_min"])
    assert pd.isna(found["worst_loss_min"])
    # The most critical first; of equal ones by service.
    assert table["facility"].tolist() == ["maternite-1", "caf-1", "pharmacie-2", "pharmacie-1"]


def test_one_of_four_closes_where_a_commune_counts_four():
    # Aa is 1 km² inhabited: half a spacing of 0.5 km for four, of sqrt(1/3) km for three.
    found = of(criticality(row("internal_estimate")), "pharmacie-1")
    assert found["inhabitants_losing"] == 1000
    assert found["worst_loss_min"] == pytest.approx(np.sqrt(1 / 3) / 2 - 0.25)


def test_every_facility_has_its_row_and_services_can_be_chosen():
    diagnostic = row()
    before = diagnostic.land.facilities.copy(deep=True)
    assert len(criticality(diagnostic)) == len(before)
    assert criticality(diagnostic, services=[CAF])["facility"].tolist() == ["caf-1"]
    assert diagnostic.land.facilities.equals(before)
    none_left = of(criticality(diagnostic), "pharmacie-1")
    assert none_left["inhabitants_losing"] == 0
    assert none_left["communes_losing"] == 0
    assert pd.isna(none_left["worst_commune"])


def test_a_site_closes_with_all_its_services():
    together = worlds.facilities(
        ("a-caf", CAF, "01002", 15, 5, "position"),
        ("a-pharmacie", PHARMACY, "01002", 15, 5, "position"),
        ("b-caf", CAF, "02001", 35, 5, "position"),
        ("b-pharmacie", PHARMACY, "02001", 39, 5, "position"),
        ("c-maternite", HOSPITAL, "02001", 35, 5, "commune"),
    )
    table = criticality(row(facilities=together), by="site")
    assert sorted(table["services"]) == sorted([f"{PHARMACY};{CAF}", CAF, PHARMACY, HOSPITAL])
    found = table.set_index("services").loc[f"{PHARMACY};{CAF}"]
    # Aa loses 20 min to the CAF and 24 to a pharmacy, Bé 20 and 24, Cé 0 (equal) and 4.
    assert found["inhabitants_losing"] == 2000
    assert found["worst_loss_min"] == 24.0
    assert found["mean_loss_min"] == (1500 * 24 + 500 * 4) / 2000
    assert found["lost_inhabitant_min"] == 1500 * (20 + 24) + 500 * (0 + 4)
    assert found["facilities"] == 2


def test_wrong_questions():
    with pytest.raises(InputError, match="expected services among .*found 'boucherie'"):
        criticality(row(), services=["boucherie"])
    with pytest.raises(ValueError, match="expected a diagnostic with its land"):
        criticality(dataclasses.replace(row(), land=None))


def slow(diagnostic):
    """Figures by measuring everything again without each facility."""
    people = diagnostic.origins["population"].to_numpy()
    ids = diagnostic.basket.service_ids
    facilities = diagnostic.land.facilities

    def minutes(left):
        table = nearest_times(
            diagnostic.land.network, diagnostic.origins, left, ids, diagnostic.assumptions
        )
        return table["time_min"].to_numpy().reshape(len(people), len(ids))

    before = minutes(facilities)
    rows = {}
    for number, facility in enumerate(facilities["facility"]):
        count = facilities["count"].to_numpy(copy=True)
        count[number] -= 1
        after = minutes(facilities.assign(count=count)[count > 0])
        cut = (np.isnan(after) & ~np.isnan(before)).any(axis=1)
        loss = np.nanmax(np.where(np.isnan(after - before), 0.0, after - before), axis=1)
        keeps = (loss > 0) & ~cut
        rows[facility] = {
            "inhabitants_losing": people[keeps | cut].sum(),
            "inhabitants_newly_unreached": people[cut].sum(),
            "lost_inhabitant_min": (people * loss)[keeps].sum(),
            **{
                f"inhabitants_losing_over_{limit}_min": people[keeps & (loss > limit)].sum()
                for limit in LOSS_OVER_MIN
            },
        }
    return pd.DataFrame.from_dict(rows, orient="index")


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["routed", "internal_estimate", "zero"]))
def test_figures_equal_closing_one_by_one(seed, rule):
    diagnostic = random_world(seed, rule)
    truth = slow(diagnostic)
    found = criticality(diagnostic).set_index("facility").loc[truth.index, list(truth)]
    pd.testing.assert_frame_equal(found, truth, check_dtype=False, check_names=False, rtol=1e-12)


def test_geometry_is_the_place():
    found = criticality(row()).set_index("facility").geometry
    expected = row_facilities().set_index("facility").geometry
    assert found.loc[expected.index].geom_equals(expected, align=False).all()
    assert found.crs == expected.crs
