"""Two vintages on the row of four communes, worked out by hand; then properties."""

import dataclasses
import html
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_scenarios import (
    CAF,
    HOSPITAL,
    PHARMACY,
    RULES,
    chefs_lieux,
    diagnostic,
    origins,
    random_world,
    row,
    row_communes,
    row_facilities,
)

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.diagnostic.build import rebuilt
from sdaasp_geo.errors import InputError
from sdaasp_geo.report.comparepage import write_comparison_page
from sdaasp_geo.scenarios.compare import compare
from sdaasp_geo.scenarios.steps import step
from sdaasp_geo.scenarios.watch import Thresholds


def changed(*extra, without=()):
    kept = row_facilities()
    kept = kept[~kept["facility"].isin(without)]
    more = worlds.facilities(*extra)
    parts = [kept, more] if len(more) else [kept]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=worlds.CRS)


def of(table, **keys):
    for name, value in keys.items():
        table = table[table[name] == value]
    assert len(table) == 1
    return table.iloc[0]


CAF_IN_CE = ("caf-2", CAF, "01003", 25, 5, "position")


def test_nothing_changed():
    found = compare(row(), row())
    assert found.summary["facilities"] == {
        "kept": 7, "moved": 0, "recoded": 0, "opened": 0, "closed": 0,
    }  # fmt: skip
    assert found.effects.empty
    assert found.alerts.empty
    assert found.lost_last.empty
    assert (found.communes["change_min"].fillna(0) == 0).all()
    assert found.notes == ()


def test_an_opening_brings_what_would_be_lost_without_it():
    found = compare(row(), row(facilities=changed(CAF_IN_CE)))
    assert found.changes.loc[found.changes["change"] == "opened", "facility_new"].tolist() == [
        "caf-2"
    ]
    effect = of(found.effects, effect="gain")
    # Cé: 0 instead of 20 min; Bé keeps its 10 min (a tie).
    assert (effect["inhabitants"], effect["mean_min"], effect["inhabitant_min"]) == (
        500,
        20.0,
        10_000,
    )
    assert effect["inhabitants_over_10_min"] == 500
    caf = of(found.services, service=CAF)
    assert (caf["old_min"], caf["new_min"]) == (7.5, 2.5)
    assert caf["facilities_min"] == -5.0
    assert caf["other_changes_min"] == caf["paper_min"] == 0.0
    assert (caf["inhabitants_gaining"], caf["inhabitants_losing"]) == (500, 0)
    assert (caf["old_number"], caf["new_number"], caf["opened"], caf["kept"]) == (1, 2, 1, 1)


def test_a_closing_is_the_opening_told_backwards():
    there = compare(row(), row(facilities=changed(CAF_IN_CE)))
    back = compare(row(facilities=changed(CAF_IN_CE)), row())
    columns = ["inhabitants", "mean_min", "inhabitant_min", "communes_touched"]
    assert (
        of(back.effects, effect="loss")[columns].tolist()
        == of(there.effects, effect="gain")[columns].tolist()
    )
    lost = back.lost_last
    assert lost[["commune", "service", "change_min"]].to_numpy().tolist() == [["01003", CAF, 20.0]]
    assert back.alerts["kind"].tolist() == ["last", "minutes"]
    assert there.alerts.empty


def test_thresholds_decide_what_an_alert_is():
    old, new = row(facilities=changed(CAF_IN_CE)), row()
    assert compare(old, new, thresholds=Thresholds(inhabitants=501)).alerts.empty
    far = compare(old, new, thresholds=Thresholds(lost_min=21.0)).alerts
    assert far["kind"].tolist() == ["last"]


def test_the_last_way_lost_is_told_apart_from_minutes():
    found = compare(row(), row(facilities=changed(without=["caf-1"])))
    effect = of(found.effects, effect="loss")
    assert effect["inhabitants_without"] == effect["inhabitants"] == 2000
    assert effect["inhabitant_min"] == 0
    assert pd.isna(effect["mean_min"])
    caf = of(found.services, service=CAF)
    assert caf["inhabitants_newly_unreached"] == 2000
    assert pd.isna(caf["new_min"])
    assert set(found.alerts["kind"]) == {"unreached", "last"}


def cut_road(*facilities, people=None):
    """Road from 0 to 20 km, another one from 25 to 40 km, and nothing between."""
    lines = [[(5 * n, 5), (5 * n + 5, 5)] for n in range(8) if n != 4]
    table = row_communes()
    people = chefs_lieux(table, "01") if people is None else people
    rules = worlds.plain(same_commune="routed")
    network = worlds.network(*lines, assumptions=rules)
    return diagnostic(network, table, people, worlds.facilities(*facilities), assumptions=rules)


ON_EITHER_SIDE = origins(
    [("a", "01001", 5, 5, 1000), ("c1", "01003", 15, 5, 300), ("c2", "01003", 25, 5, 200)]
)
IN_AA = ("caf-1", CAF, "01001", 5, 5, "position")
AT_20 = ("caf-2", CAF, "01003", 20, 5, "position")
ACROSS = ("caf-3", CAF, "02001", 40, 5, "position")


def test_who_loses_any_way_at_all_is_no_gain_of_minutes():
    old = cut_road(IN_AA, AT_20, ACROSS, people=ON_EITHER_SIDE)
    new = cut_road(IN_AA, people=ON_EITHER_SIDE)
    found = compare(old, new)
    caf = of(found.services, service=CAF)
    # 0, 5 and 15 min were; 0, 10 and none are: the mean falls, and everybody's loss is real.
    assert (caf["old_min"], caf["new_min"]) == (3.0, 3000 / 1300)
    assert caf["facilities_min"] == pytest.approx(300 * 5 / 1300)
    assert caf["reach_change_min"] == pytest.approx(1500 / 1300 - 3.0)
    assert (caf["inhabitants_losing"], caf["inhabitants_newly_unreached"]) == (500, 200)
    assert found.summary["inhabitants_newly_unreached"] == {CAF: 200.0}
    assert "comptés à part" in found.notes[-1]
    assert "Point d'accueil CAF" in found.notes[-1]
    assert "Pharmacie" not in found.notes[-1]
    here = of(found.communes, service=CAF, commune="01003")
    assert (here["paper_min"], here["new_min"], here["change_min"]) == (9.0, 10.0, 5.0)
    # 5 min is the threshold: the difference of the means, 1 min, would have hidden it.
    assert set(found.alerts["kind"]) == {"unreached", "minutes", "last"}
    back = of(compare(new, old).services, service=CAF)
    assert back["facilities_min"] == -caf["facilities_min"]
    assert back["inhabitants_newly_reached"] == 200


def test_the_page_shows_who_has_no_way_left(tmp_path):
    old = cut_road(IN_AA, AT_20, ACROSS, people=ON_EITHER_SIDE)
    new = cut_road(IN_AA, people=ON_EITHER_SIDE)
    page = write_comparison_page(new, compare(old, new), [], tmp_path)
    text = html.unescape(page.read_text("utf-8"))
    assert "Sans plus aucun accès" in text
    assert "Habitants sans plus aucun accès\u00a0: Point d'accueil CAF (200)." in text
    assert "+1,15\u00a0min" in text
    assert "−0,69\u00a0min" not in text
    # One or none is singular.
    assert "1\u00a0équipement est resté en place, 0\u00a0équipement a déménagé" in text
    assert "commune a perdu son dernier lieu d'un service" in text
    one = compare(old, cut_road(IN_AA, ACROSS, people=ON_EITHER_SIDE))
    text = html.unescape(write_comparison_page(new, one, [], tmp_path).read_text("utf-8"))
    assert "2\u00a0équipements sont restés en place" in text
    assert "Habitants sans plus aucun accès" not in text


def test_nobody_with_a_time_either_way():
    before = pd.DataFrame({"s": [10.0, None]})
    after = pd.DataFrame({"s": [None, 4.0]})
    found = step(before, after, pd.Series([1.0, 1.0]))
    assert pd.isna(found.change_min.iloc[0, 0])
    assert found.reach_min.iloc[0, 0] == -6.0


def test_a_move_loses_here_and_gains_there():
    old = row(facilities=changed(("maison", CAF, "01002", 15, 5, "position"), without=["caf-1"]))
    new = row(facilities=changed(("maison", CAF, "01002", 20, 5, "position"), without=["caf-1"]))
    found = compare(old, new)
    moved = of(found.changes, change="moved")
    assert moved["distance_m"] == 5000.0
    assert set(found.effects["effect"]) == {"gain", "loss"}
    # Aa and Bé drive 5 km more, Cé 5 km less.
    caf = of(found.services, service=CAF)
    assert (caf["inhabitants_losing"], caf["inhabitants_gaining"]) == (1500, 500)
    assert caf["facilities_min"] == (1500 * 5 - 500 * 5) / 2000


def test_changes_on_paper_are_no_changes_of_service():
    old = changed(("D301-5", PHARMACY, "01003", 25, 5, "position"))
    new = changed(("D307-9", CAF, "01003", 25.05, 5, "position"))
    found = compare(row(facilities=old), row(facilities=new))
    recoded = of(found.changes, change="recoded")
    assert (recoded["service_old"], recoded["service_new"]) == (PHARMACY, CAF)
    caf, pharmacy = of(found.services, service=CAF), of(found.services, service=PHARMACY)
    assert caf["facilities_min"] == pharmacy["facilities_min"] == 0.0
    assert caf["paper_min"] < 0 < pharmacy["paper_min"]
    # Nobody is spared the sight of it: the effects say what it did to either service.
    assert of(found.effects, effect="loss")["service"] == PHARMACY
    assert of(found.effects, effect="gain")["service"] == CAF
    assert found.lost_last["service"].tolist() == [PHARMACY]


def test_counts_of_a_commune():
    fewer = row_facilities().assign(count=[1, 3, 1, 1])
    found = compare(row("internal_estimate"), row("internal_estimate", facilities=fewer))
    closed = of(found.changes, change="closed")
    assert (closed["count"], closed["matched_by"]) == (1, "count")
    effect = of(found.effects, effect="loss")
    assert effect["inhabitants"] == 1000
    assert effect["largest_min"] == pytest.approx(np.sqrt(1 / 3) / 2 - 0.25)


def test_a_count_against_positions_has_no_measured_effect():
    old = changed(("01003-D301", PHARMACY, "01003", 25, 5, "commune"))
    new = changed(
        ("D301-1", PHARMACY, "01003", 24, 5, "position"),
        ("D301-2", PHARMACY, "01003", 28, 5, "position"),
    )
    found = compare(row(facilities=old), row(facilities=new))
    assert pd.isna(of(found.effects, effect="gain")["inhabitants"])
    assert "sans qu'on sache de quel équipement" in found.notes[0]


def test_roads_and_inhabitants_are_other_changes():
    slower = row(facilities=changed(CAF_IN_CE))
    network = slower.land.network
    doubled = worlds.network(
        *([(5 * n, 5), (5 * n + 5, 5)] for n in range(8)),
        assumptions=worlds.plain(speed_kmh={"local": 30.0}),
    )
    assert doubled.forward_ms.tolist() == (2 * network.forward_ms).tolist()
    land = slower.land._replace(network=doubled)
    times = nearest_times(
        doubled, slower.origins, land.facilities, slower.basket.service_ids, slower.assumptions
    )
    new = rebuilt(dataclasses.replace(slower, land=land), times, land.facilities)
    caf = of(compare(row(), new).services, service=CAF)
    assert (caf["old_min"], caf["other_changes_min"]) == (7.5, 7.5)
    assert (caf["facilities_min"], caf["new_min"]) == (-10.0, 5.0)


def test_zones_without_first_services():
    found = compare(row(facilities=changed(("p", PHARMACY, "01003", 25, 5, "position"))), row())
    zones = found.zones[["vintage", "members", "population"]].to_numpy().tolist()
    assert zones == [["old", "01002", 500.0], ["new", "01002;01003", 1000.0]]
    other = compare(row(), row(), thresholds=Thresholds(services=(HOSPITAL,)))
    assert set(other.zones["members"]) == {"01001;01002;01003"}


def test_communes_of_one_vintage_alone_are_said_and_left_out():
    old = row()
    fewer = dataclasses.replace(old, communes=old.communes.iloc[:2].reset_index(drop=True))
    found = compare(fewer, row())
    assert set(found.communes["commune"]) == {"01001", "01002"}
    assert found.notes == ("communes du seul nouveau millésime, laissées de côté : 01003",)
    # Codes of older years are brought to today's.
    named = row_facilities().assign(unit=["01001", "01001", "01999", "02001"])
    found = compare(row(facilities=named), row())
    moved = of(found.changes, change="moved")
    assert (moved["unit_old"], moved["commune_old"], moved["unit_new"]) == (
        "01003",
        "01003",
        "02001",
    )


def test_wrong_questions():
    with pytest.raises(ValueError, match="expected a diagnostic with its land"):
        compare(dataclasses.replace(row(), land=None), row())
    old = row()
    elsewhere = dataclasses.replace(old, communes=old.communes.assign(commune="99001"))
    with pytest.raises(InputError, match="two vintages with communes in common, found none"):
        compare(elsewhere, old)


@pytest.mark.parametrize("tolerance_m", [-1, float("nan"), float("inf")])
def test_a_tolerance_that_is_no_distance(tolerance_m):
    with pytest.raises(InputError, match="expected a finite number of metres, 0 or more"):
        compare(row(), row(), tolerance_m=tolerance_m)


def test_no_tolerance_at_all_keeps_the_very_same_place():
    found = compare(row(), row(), tolerance_m=0).summary["facilities"]
    assert (found["kept"], found["opened"], found["closed"]) == (7, 0, 0)


def test_the_summary_is_fit_for_json_and_inputs_are_untouched():
    old, new = row(), row(facilities=changed(CAF_IN_CE))
    before = old.land.facilities.copy(deep=True), new.times.copy(deep=True)
    found = compare(old, new)
    assert json.loads(json.dumps(found.summary))["facilities"]["opened"] == 1
    assert repr(found).startswith("<Comparison Toy: 7 kept, 0 moved, 0 recoded, 1 opened")
    assert old.land.facilities.equals(before[0])
    assert new.times.equals(before[1])


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(RULES))
def test_parts_add_up_and_times_are_those_of_a_full_measurement(seed, rule):
    old = random_world(seed, rule)
    rng = np.random.default_rng(seed)
    facilities = old.land.facilities
    chosen = facilities[rng.random(len(facilities)) < 0.7].reset_index(drop=True)
    times = nearest_times(
        old.land.network, old.origins, chosen, old.basket.service_ids, old.assumptions
    )
    new = rebuilt(old, times, chosen)
    found = compare(old, new)
    table = found.services
    names = ["old_min", "other_changes_min", "paper_min", "facilities_min", "reach_change_min"]
    parts = table[names].sum(axis=1)
    known = table["new_min"].notna() & table["old_min"].notna()
    np.testing.assert_allclose(parts[known], table["new_min"][known])
    # Only closings: whatever roads and codes do, nothing else changed.
    np.testing.assert_allclose(table["other_changes_min"][known], 0.0, atol=1e-12)
    assert (table["inhabitants_gaining"] == 0).all()
    assert (found.communes["change_min"].fillna(0) >= 0).all()
    assert set(found.effects["effect"]) <= {"loss"}
    measured = new.communes.set_index("commune")
    for service in new.basket.service_ids:
        here = found.communes[found.communes["service"] == service].set_index("commune")
        expected = measured[f"{service}_min"].loc[here.index]
        np.testing.assert_array_equal(here["new_min"], expected)
