"""Criteria on four communes in a row, then against brute force."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import toy_scenarios as toy
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from site_worlds import pair_minutes, random_sites

import worlds
from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.changes import Closing, Move, Opening, Spot, Stop
from sdaasp_geo.scenarios.criteria import Criterion, judge_criteria
from sdaasp_geo.scenarios.criteria_file import load_criteria, shipped_criteria
from sdaasp_geo.scenarios.model import Scenario
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.site_layer import sites_after
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import SITES

# Made once: nothing changes it, which the tests check.
ROW = toy.row()
CANTONS = pd.DataFrame(
    {"commune": ["01001", "01002", "01003", "02001"], "canton": ["A", "A", "B", "C"]}
).astype("str")


def criterion(minutes=None, **options):
    told = {"id": "essai", "label": "Essai", "within_min": minutes} | options
    return Criterion(**told)


def first(judgement):
    return judgement.criteria.iloc[0]


class TestOneService:
    # The CAF in Aa is 0, 10 and 20 minutes from Aa, Bé and Cé.
    found = judge_criteria(ROW, [criterion(15, service=toy.CAF, share=0.8)])

    def test_shares(self):
        row = first(self.found)
        assert row["inhabitants_meeting"] == 1500
        assert row["share_meeting"] == 0.75
        assert row["inhabitants_left_out"] == 500
        assert row["communes_left_out"] == 1
        assert not row["met"]
        assert self.found.summary["criteria"]["essai"]["met"] is False

    def test_who_is_left_out_and_what_is_nearest(self):
        row = self.found.left_out.iloc[0]
        assert len(self.found.left_out) == 1
        told = ["origin", "name", "population", "reason", "time_min", "excess_min", "place"]
        assert row[told].tolist() == ["01003", "Cé", 500, "too_far", 20.0, 5.0, "caf-1"]
        assert row[["place_commune", "place_commune_name"]].tolist() == ["01001", "Aa"]
        assert pd.isna(row["place_name"])
        assert row["geometry"] == Point(25_000, 5_000)
        commune = self.found.communes.iloc[0]
        assert commune[["name", "inhabitants_left_out", "share_left_out"]].tolist() == [
            "Cé",
            500,
            1,
        ]
        assert commune[["mean_min", "largest_min", "place"]].tolist() == [20.0, 20.0, "caf-1"]

    def test_enough_is_enough(self):
        assert first(judge_criteria(ROW, [criterion(15, service=toy.CAF, share=0.75)]))["met"]

    def test_a_time_that_equals_the_limit_is_within(self):
        assert first(judge_criteria(ROW, [criterion(20, operator="caf")]))["met"]

    def test_the_minutes(self):
        assert self.found.minutes["essai"].to_dict() == {"01001": 0, "01002": 10, "01003": 20}


def test_sites_by_kind_level_and_format():
    # Bé's site: 10, 0, 10; Dé's: 30, 20, 10.
    sites = ROW.sites.assign(kind=["mairie", "msap"], format=["Fixe", "Bus_équivalent"])
    asked = [
        criterion(5, id="mairies", sites=["mairie"]),
        criterion(20, id="niveau", level=2),
        criterion(5, id="tous", sites=["any"]),
        criterion(25, id="bus", sites=["any"], formats=["Bus_équivalent"]),
        criterion(20, id="absent", sites=["ccas"]),
    ]
    found = judge_criteria(ROW, asked, sites=sites)
    table = found.criteria.set_index("criterion")
    assert table["inhabitants_left_out"].tolist()[:4] == [1500, 1000, 1500, 1000]
    assert not table.loc["absent", "measurable"]
    assert found.left_out.loc[found.left_out["criterion"] == "niveau", "place_name"].tolist() == [
        "France services Dé"
    ]
    # Nobody says what they are: France Services, of level 2.
    plain = judge_criteria(ROW, [criterion(10, level=2)])
    assert first(plain)["share_meeting"] == 1.0


def test_level_three_is_the_operators_themselves():
    found = judge_criteria(ROW, [criterion(10, level=3)])
    assert found.minutes["essai"].tolist() == [0.0, 10.0, 20.0]
    assert first(found)["inhabitants_left_out"] == 500


def test_a_bouquet_a_gamme_and_the_basket():
    asked = [
        criterion(10, id="panier", basket=True),
        criterion(10, id="chacun", basket=True, measure="each"),
        criterion(15, id="gamme", gamme="superieure"),
        criterion(15, id="msap", bouquet="msap_13"),
    ]
    found = judge_criteria(ROW, asked)
    # Means of (0, 0, 30), (10, 10, 20), (20, 10, 10).
    assert found.minutes["panier"].tolist() == pytest.approx([10, 40 / 3, 40 / 3])
    assert found.minutes["chacun"].tolist() == [30.0, 20.0, 20.0]
    assert found.minutes["gamme"].tolist() == [30.0, 20.0, 10.0]
    assert found.minutes["msap"].tolist() == [0.0, 10.0, 20.0]
    assert found.criteria["inhabitants_left_out"].tolist() == [1000, 2000, 1500, 500]
    # The farthest service tells where the nearest place is.
    worst = found.left_out[found.left_out["criterion"] == "chacun"].set_index("origin")
    assert worst["service"].to_dict() == {
        "01001": toy.HOSPITAL,
        "01002": toy.HOSPITAL,
        "01003": toy.CAF,
    }
    # Four of the five operators of the MSAP have no place here: said.
    assert found.notes["subject"].tolist() == ["msap"]
    assert "pole_emploi" in found.notes.loc[0, "note"]


class TestMissingTimes:
    facilities = worlds.facilities(
        ("caf-1", toy.CAF, "01001", 5, 5, "commune"),
        ("pharmacie-1", toy.PHARMACY, "01001", 5, 5, "commune"),
    )

    def test_a_service_without_facility_is_not_measurable(self):
        found = judge_criteria(
            toy.row(facilities=self.facilities), [criterion(10, service=toy.HOSPITAL)]
        )
        row = first(found)
        assert not row["measurable"]
        figures = ["share_meeting", "inhabitants_left_out", "communes_left_out", "met"]
        assert row[figures].isna().all()
        assert found.notes["kind"].tolist() == ["not_measurable"]
        assert found.left_out.empty
        assert found.communes.empty
        assert "no_facility" not in set(found.left_out["reason"])

    def test_a_missing_time_is_left_out_with_its_reason(self):
        people = toy.origins(
            [
                ("on", "01001", 5, 5, 70),
                ("off", "01002", 15, 5.0, 30),
                ("lost", "01003", 25, 60, 20),
            ]
        )
        diagnostic = toy.row(people=people, snap_limit_m=2000.0)
        asked = [criterion(60, service=toy.CAF), criterion(60, id="panier", basket=True)]
        found = judge_criteria(diagnostic, asked)
        row = first(found)
        # The communes' own inhabitants are those of the origins here.
        assert row["inhabitants_without_time"] == row["inhabitants_left_out"] == 20
        lost = found.left_out.set_index("criterion")
        assert lost.loc["essai", "reason"] == "unsnapped"
        assert lost.loc["panier", "reason"] == "incomplete_mean"
        assert lost["time_min"].isna().all()
        assert lost["place"].isna().all()
        assert lost["excess_min"].isna().all()

    def test_a_service_that_nobody_reaches_is_farther_than_any(self):
        # The hospital stands 55 km from any road: known, and reached by nobody.
        lost = worlds.facilities(("maternite-1", toy.HOSPITAL, "02001", 35, 60, "position"))
        facilities = pd.concat([self.facilities, lost], ignore_index=True)
        diagnostic = toy.row(facilities=facilities, snap_limit_m=2000.0)
        asked = [
            criterion(60, basket=True),
            criterion(60, id="chacun", basket=True, measure="each"),
        ]
        found = judge_criteria(diagnostic, asked)
        assert found.criteria["inhabitants_left_out"].tolist() == [2000, 2000]
        assert found.minutes.isna().all(axis=None)
        assert set(found.left_out["service"]) == {toy.HOSPITAL}
        reasons = found.left_out.groupby("criterion")["reason"].unique().str[0]
        assert reasons.to_dict() == {"essai": "incomplete_mean", "chacun": "unsnapped"}

    def test_a_mean_that_leaves_a_service_out_does_not_pass(self):
        islet = toy.random_world(3, "routed", "commune")
        found = judge_criteria(islet, [criterion(1e6, basket=True)])
        lacking = islet.times["time_min"].isna() & (islet.times["reason"] != "no_facility")
        cut = set(islet.times.loc[lacking, "origin"])
        assert cut
        assert set(found.left_out["origin"]) == cut
        capped = toy.random_world(3, "routed", "commune", missing_service="cap:60")
        assert first(judge_criteria(capped, [criterion(1e6, basket=True)]))["met"]

    def test_a_limit_below_the_criterion_judges_nobody_beyond_it(self):
        diagnostic = toy.row(time_limit_min=12.0)
        found = judge_criteria(diagnostic, [criterion(15, service=toy.CAF)])
        row = first(found)
        assert row["inhabitants_not_judged"] == 500
        assert pd.isna(row["met"])
        assert found.notes["kind"].tolist() == ["time_limit"]
        # Over a limit that is above the criterion, they are simply too far.
        found = judge_criteria(toy.row(time_limit_min=15.0), [criterion(12, service=toy.CAF)])
        assert found.left_out["reason"].tolist() == ["beyond_limit"]
        assert not first(found)["met"]


class TestAreas:
    def test_one_per_canton_and_a_time(self):
        asked = [criterion(20, sites=["any"], one_per="canton")]
        found = judge_criteria(ROW, asked, areas=CANTONS)
        row = first(found)
        # Everybody is within 20, but no site stands in B; Dé's canton does not count.
        assert row[["areas", "areas_meeting", "inhabitants_left_out"]].tolist() == [2, 1, 500]
        assert not row["met"]
        assert found.left_out["reason"].tolist() == ["no_place_in_area"]
        areas = found.areas.set_index("area")
        assert areas["places"].tolist() == [1, 0]
        assert areas.loc["A", "place_names"] == "France services Bé"
        assert areas["share_meeting"].tolist() == [1.0, 0.0]
        assert areas["communes"].tolist() == [2, 1]

    def test_too_far_comes_before_no_place_in_the_area(self):
        found = judge_criteria(ROW, [criterion(15, service=toy.CAF, one_per="epci")])
        assert found.left_out["reason"].tolist() == ["too_far"]

    def test_nobody_is_left_out_where_nobody_lives(self):
        people = toy.origins([("a", "01003", 25, 5, 0), ("b", "01003", 24, 5, 10)])
        found = judge_criteria(toy.row(people=people), [criterion(5, operator="caf")])
        assert found.left_out["origin"].tolist() == ["b"]

    def test_no_time_asked(self):
        found = judge_criteria(ROW, [criterion(service=toy.CAF, one_per="epci")])
        assert found.areas["met"].tolist() == [True, False]
        assert found.left_out["time_min"].tolist() == [20.0]
        assert found.left_out["excess_min"].isna().all()

    def test_the_share_by_epci(self):
        found = judge_criteria(ROW, [criterion(10, service=toy.CAF, by="epci", share=0.7)])
        # 75 % of all, but nobody of the second EPCI.
        assert found.areas["share_meeting"].tolist() == [1.0, 0.0]
        assert first(found)["share_meeting"] == 0.75
        assert not first(found)["met"]

    def test_a_level_that_nobody_tells_is_said_and_not_passed(self):
        found = judge_criteria(ROW, [criterion(60, sites=["any"], one_per="canton")])
        assert not first(found)["measurable"]
        assert pd.isna(first(found)["met"])
        assert "canton" in found.notes.loc[0, "note"]

    def test_a_commune_without_area_leaves_the_answer_open(self):
        asked = [criterion(60, sites=["any"], one_per="canton")]
        known = pd.Series({"01001": "A", "01002": "A"})
        found = judge_criteria(ROW, asked, areas={"canton": known})
        assert first(found)["inhabitants_not_judged"] == 500
        assert pd.isna(first(found)["met"])
        assert found.notes["kind"].tolist() == ["commune_without_area"]

    @pytest.mark.parametrize(
        ("areas", "message"),
        [
            (pd.DataFrame({"canton": ["A"]}), "column 'commune': expected this column"),
            (pd.DataFrame({"commune": ["01001"] * 2, "c": ["A", "B"]}), "each commune once"),
            (pd.DataFrame({"commune": [1001], "c": ["A"]}), "codes read as numbers"),
        ],
    )
    def test_wrong_areas(self, areas, message):
        with pytest.raises(InputError, match=message):
            judge_criteria(ROW, [criterion(9, basket=True)], areas=areas)


def schools():
    table = worlds.facilities(("college-1", "college", "01002", 15, 5, "commune"))
    return table.assign(name=["Collège de Bé"])


@pytest.mark.parametrize("nothing", [[], ()])
def test_no_criterion_is_refused(nothing):
    with pytest.raises(InputError, match="expected one criterion at least, found none"):
        judge_criteria(toy.row(), nothing)


def test_services_outside_the_basket():
    asked = [
        criterion(5, service="college", outside_basket=True),
        criterion(5, id="ecole", service="ecole", outside_basket=True),
    ]
    found = judge_criteria(ROW, asked, facilities=schools())
    assert found.minutes["essai"].tolist() == [10.0, 0.0, 10.0]
    assert set(found.left_out["place_name"]) == {"Collège de Bé"}
    assert found.criteria["measurable"].tolist() == [True, False]


class TestWrongInput:
    def test_names(self):
        asked = [criterion(5, service="pharmacy"), criterion(5, id="b", gamme="proximité")]
        with pytest.raises(InputError, match="2 faults.*(?s:.*)did you mean 'pharmacie'"):
            judge_criteria(ROW, asked)
        asked = [criterion(5, operator="cafe"), criterion(5, level=2)]
        with pytest.raises(InputError, match="2 faults.*(?s:.*)each id once.*(?s:.*)'caf'"):
            judge_criteria(ROW, asked)

    def test_frames(self):
        sites = ROW.sites.assign(kind="msapp")
        schools_wgs = schools().to_crs(4326).assign(service=toy.CAF)
        with pytest.raises(InputError) as error:
            judge_criteria(ROW, [criterion(5, level=2)], sites=sites, facilities=schools_wgs)
        message = str(error.value)
        assert "did you mean 'msap'" in message
        assert "the CRS of the territory" in message
        assert "services outside the basket" in message

    def test_sites_without_their_columns(self):
        with pytest.raises(InputError, match="column 'known_by'"):
            judge_criteria(
                ROW,
                [criterion(5, level=2)],
                sites=ROW.sites.drop(columns="known_by"),
            )

    def test_tables_alone(self):
        bare = dataclasses.replace(ROW, land=None)
        assert first(judge_criteria(bare, [criterion(20, service=toy.CAF)]))["met"]
        with pytest.raises(ValueError, match="a diagnostic with its land"):
            judge_criteria(bare, [criterion(20, level=2)])

    def test_inputs_are_untouched(self):
        diagnostic = ROW
        sites, times = diagnostic.sites.copy(), diagnostic.times.copy()
        origins, areas = diagnostic.origins.copy(), CANTONS.copy()
        judge_criteria(diagnostic, [criterion(5, sites=["any"], one_per="canton")], areas=areas)
        pd.testing.assert_frame_equal(diagnostic.sites, sites)
        pd.testing.assert_frame_equal(diagnostic.times, times)
        pd.testing.assert_frame_equal(diagnostic.origins, origins)
        pd.testing.assert_frame_equal(areas, CANTONS)


class TestFiles:
    @pytest.mark.parametrize("name", shipped_criteria())
    def test_shipped_sets_load(self, name):
        known = load_criteria(name)
        assert known.name == name
        assert all(item.source or item.unverified for item in known.criteria)

    def test_what_the_schemas_ask_for(self):
        limits = {
            item.id: item.within_min
            for name in shipped_criteria()
            for item in load_criteria(name).criteria
            if not item.unverified
        }
        assert limits == {
            "niveau_2_20_min": 20,
            "caf_20_min": 20,
            "cpam_30_min": 30,
            "msap_bassin_de_vie": None,
            "france_services_canton_20_min": 20,
            "france_services_30_min": 30,
            "france_services_20_min": 20,
        }

    def test_every_fault_at_once(self, tmp_path):
        path = tmp_path / "miens.toml"
        path.write_text(
            'name = "n"\nlabel = "l"\nsource = "s"\n'
            '[[criteria]]\nid = "a"\nlabel = "A"\nservice = "x"\nwithin = 5\n'
            '[[criteria]]\nid = "b"\nlabel = "B"\nservice = "x"\nlevel = 2\nwithin_min = 5\n'
            '[[criteria]]\nid = "c"\nlabel = "C"\nbasket = true\none_per = "epci"\n'
            '[[criteria]]\nid = "d"\nlabel = "D"\nlevel = 2\n'
            '[[criteria]]\nid = "e"\nlabel = "E"\nlevel = 2\nwithin_min = -1\n',
            encoding="utf-8",
        )
        with pytest.raises(InputError) as error:
            load_criteria(path)
        message = str(error.value)
        assert "did you mean 'within_min'" in message
        assert "'criteria[2]': expected exactly one of" in message
        assert "'criteria[3]': expected one_per beside" in message
        assert "'criteria[4]': expected within_min, one_per or both" in message
        assert "criteria[5].within_min" in message

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"basket": True, "formats": ["Fixe"]}, "formats beside sites or level"),
            ({"level": 2, "measure": "each"}, "measure beside gamme or basket"),
            ({"level": 2, "outside_basket": True}, "outside_basket beside service"),
            ({"level": 2, "one_per": "epci", "by": "canton"}, "one level"),
            ({"sites": []}, "at least 1 item"),
        ],
    )
    def test_nothing_is_ignored(self, options, message):
        with pytest.raises(ValueError, match=message):
            criterion(5, **options)

    def test_a_bouquet_beside_its_criteria(self, tmp_path):
        (tmp_path / "mon.toml").write_text(
            'name = "m"\nlabel = "M"\nyear = 2024\nsource = "s"\noperators = ["caf"]\n',
            encoding="utf-8",
        )
        path = tmp_path / "miens.toml"
        path.write_text(
            'name = "n"\nlabel = "l"\nsource = "s"\n'
            '[[criteria]]\nid = "a"\nlabel = "A"\nwithin_min = 15\nbouquet = "mon.toml"\n',
            encoding="utf-8",
        )
        assert judge_criteria(ROW, path).minutes["a"].tolist() == [0.0, 10.0, 20.0]

    def test_names_of_the_library(self, tmp_path):
        path = tmp_path / "miens.toml"
        head = 'name = "n"\nlabel = "l"\nsource = "s"\n'
        entry = '[[criteria]]\nid = "a"\nlabel = "A"\nwithin_min = 5\n'
        path.write_text(
            head
            + entry
            + 'operator = "caff"\n'
            + entry
            + 'bouquet = "msap13"\n'
            + entry
            + 'sites = ["msaps"]\n',
            encoding="utf-8",
        )
        with pytest.raises(InputError, match="4 faults") as error:
            load_criteria(path)
        for good in ("'caf'", "'msap_13'", "'msap'", "each id once"):
            assert good in str(error.value)

    def test_no_such_set(self):
        with pytest.raises(InputError, match="did you mean 'charente'"):
            load_criteria("charentes")
        with pytest.raises(InputError, match="no such file"):
            load_criteria("absent.toml")


def test_sites_after_a_scenario():
    stop = Stop(Spot(unit="01003", known_by="commune"), 2.0)
    scenario = Scenario(
        "essai",
        openings=(Opening("Bus", services=(toy.CAF,), format="itinerant", stops=(stop,)),),
        closings=(Closing(site="fs-2"),),
        moves=(Move(Closing(site="fs-1"), Spot(unit="01001", known_by="commune")),),
    )
    gains = simulate(ROW, scenario)
    sites = sites_after(gains, kind="msap")
    assert schema_faults(sites, SITES, file="s") == []
    assert sites["site"].tolist() == ["fs-1", "Bus – Cé"]
    assert sites["commune"].tolist() == ["01001", "01003"]
    assert sites["days_per_month"].tolist()[1] == 2.0
    assert gains.before.sites["commune"].tolist() == ["01002", "02001"]
    found = judge_criteria(gains.after, [criterion(5, sites=["any"])], sites=sites)
    # Aa and Cé have one; Bé is 10 minutes from either.
    assert found.left_out["origin"].tolist() == ["01002"]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["routed", "zero"]), st.floats(1, 20))
def test_sites_against_the_matrix_of_pairs(seed, rule, limit):
    diagnostic = toy.random_world(seed, rule)
    sites = random_sites(diagnostic, seed, 5)
    minutes = pair_minutes(diagnostic, sites)
    least = np.where(np.isnan(minutes), np.inf, minutes).min(axis=1)
    found = judge_criteria(diagnostic, [criterion(limit, sites=["any"])], sites=sites)
    np.testing.assert_array_equal(
        found.minutes["essai"].fillna(np.inf).to_numpy(dtype=float), least
    )
    people = diagnostic.origins["population"].to_numpy()
    row = first(found)
    assert row["inhabitants_meeting"] == pytest.approx(people[least <= limit].sum())
    assert row["inhabitants_without_time"] == pytest.approx(people[np.isinf(least)].sum())
    away = diagnostic.origins["origin"][(least > limit) & (people > 0)]
    assert set(found.left_out["origin"]) == set(away)
    assert found.communes["inhabitants_left_out"].sum() == pytest.approx(
        people[least > limit].sum()
    )


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(toy.RULES))
def test_shares_grow_with_minutes_and_with_sites(seed, rule):
    diagnostic = toy.random_world(seed, rule)
    sites = random_sites(diagnostic, seed, 4)
    asked = [criterion(limit, id=f"m{limit}", sites=["any"]) for limit in (2, 4, 8, 16)]
    few = judge_criteria(diagnostic, asked, sites=sites.iloc[:2]).criteria["share_meeting"]
    more = judge_criteria(diagnostic, asked, sites=sites).criteria["share_meeting"]
    assert few.is_monotonic_increasing
    assert more.is_monotonic_increasing
    assert (more >= few).all()
