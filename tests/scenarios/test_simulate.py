"""Scenarios on four communes in a row, every answer worked out by hand."""

from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import toy_scenarios as toy
from shapely import Point

import worlds
from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.changes import Closing, Conversion, Move, Opening, Spot, Stop
from sdaasp_geo.scenarios.each import simulate_each
from sdaasp_geo.scenarios.model import Scenario
from sdaasp_geo.scenarios.placing import facilities_after, placed
from sdaasp_geo.scenarios.simulate import simulate

KM = toy.KM


def opened_in(unit, *services, name="Guichet", **options):
    opening = Opening(name, services or (toy.CAF,), unit=unit, known_by="commune", **options)
    return Scenario("essai", openings=(opening,))


def by(table, key, row):
    return table.set_index(key).loc[row]


class TestOpening:
    gains = simulate(toy.row(), opened_in("01003"))

    def test_who_gains_and_how_much(self):
        # Cé stood 20 minutes from the CAF in Aa; Bé stays at 10 from either.
        found = self.gains.summary
        assert (found["opened"], found["closed"], found["services"]) == (1, 0, [toy.CAF])
        assert found["inhabitants_gaining"] == 500
        assert found["mean_gain_of_gainers_min"] == 20.0
        assert found["mean_gain_of_all_min"] == 5.0
        assert found["inhabitants_gaining_over_min"] == {"1": 500, "3": 500, "6": 500, "10": 500}
        assert found["inhabitants_losing"] == 0
        assert found["mean_loss_of_losers_min"] is None

    def test_communes(self):
        ce = by(self.gains.communes, "commune", "01003")
        names = [f"{toy.CAF}_{side}_min" for side in ("before", "after", "gain")]
        assert ce[names].tolist() == [20.0, 0.0, 20.0]
        assert ce["gain_min"] == 20.0
        assert ce["inhabitants_gaining"] == 500
        # 10, 20 and 10 minutes to the three services, then 10, 0 and 10.
        assert ce["basket_gain_min"] == pytest.approx(20 / 3)
        others = self.gains.communes.set_index("commune").loc[["01001", "01002"]]
        assert (others["gain_min"] == 0).all()

    def test_remoteness(self):
        # Cé is 20 from the CAF (over 10), 10 from a pharmacy (over 4), 10 from the hospital.
        ce = by(self.gains.communes, "commune", "01003")
        assert ce[["remote_gammes_before", "remote_gammes_after"]].tolist() == [2, 1]
        assert self.gains.summary["communes_remote_from_fewer_gammes"] == ["01003"]
        assert self.gains.summary["communes_leaving_remoteness"] == []

    def test_a_commune_leaves_remoteness(self):
        gains = simulate(toy.row(), opened_in("01003", toy.CAF, toy.PHARMACY))
        assert gains.summary["communes_leaving_remoteness"] == ["01003"]
        assert gains.summary["remote_population"] == {"before": 2000, "after": 1500}
        # Cé gains 20 and 10; Bé gains nothing.
        assert by(gains.communes, "commune", "01003")["mean_gain_over_services_min"] == 15.0
        assert gains.summary["mean_gain_over_services_of_gainers_min"] == 15.0

    def test_sites_and_services(self):
        site = self.gains.sites.iloc[0]
        assert site[f"nearest_{toy.CAF}"] == 500
        assert site["inhabitants_gaining_alone"] == 500
        assert site["inhabitant_minutes_alone"] == 10_000
        service = self.gains.services.iloc[0]
        assert service[["facilities_before", "facilities_after"]].tolist() == [1, 2]
        assert service[["mean_before_min", "mean_after_min"]].tolist() == [7.5, 2.5]

    def test_epci(self):
        table = self.gains.epci.set_index("epci")
        assert table["inhabitants_gaining"].tolist() == [0, 500]
        assert table.loc["200000002", "mean_gain_of_gainers_min"] == 20.0
        assert pd.isna(table.loc["200000001", "mean_gain_of_gainers_min"])

    def test_the_times_after_lead_to_the_site(self):
        row = self.gains.times.set_index(["origin", "service"]).loc[("01003", toy.CAF)]
        assert row[["time_min", "facility"]].tolist() == [0.0, "Guichet"]
        assert len(self.gains.losers) == len(self.gains.newly_reached) == 0


def test_the_estimate_inside_a_commune_counts_the_new_place():
    # 1 km² for one CAF: 0.5 min; for two: 0.5 / sqrt(2).
    gains = simulate(toy.row("internal_estimate"), opened_in("01001"))
    aa = by(gains.communes, "commune", "01001")
    assert aa[f"{toy.CAF}_after_min"] == pytest.approx(0.5 / 2**0.5)
    assert gains.summary["inhabitants_gaining"] == 1000
    assert gains.notes["kind"].tolist() == ["already_served"]


def test_a_place_already_served_brings_nothing_and_says_so():
    gains = simulate(toy.row(), opened_in("01001"))
    assert gains.summary["inhabitants_gaining"] == 0
    assert gains.summary["mean_gain_of_gainers_min"] is None
    assert set(gains.notes["kind"]) == {"already_served", "no_gain"}


class TestClosing:
    def test_losers_are_listed(self):
        # Without the pharmacies of Aa, that of Dé is 30, 20 and 10 minutes away.
        closing = Closing(service=toy.PHARMACY, commune="01001")
        gains = simulate(toy.row(), Scenario("fermeture", closings=(closing,)))
        assert gains.summary["inhabitants_losing"] == 1500
        assert gains.summary["closed"] == 4
        losers = gains.losers
        assert losers["origin"].tolist() == ["01001", "01002"]
        assert losers["loss_min"].tolist() == [30.0, 10.0]
        assert losers["facility_after"].tolist() == ["pharmacie-2"] * 2
        assert gains.summary["mean_loss_of_losers_min"] == pytest.approx(70 / 3)

    def test_the_last_one_leaves_people_unreached(self):
        gains = simulate(toy.row(), Scenario("fermeture", closings=(Closing("caf-1"),)))
        assert gains.summary["inhabitants_newly_unreached"] == 2000
        assert gains.summary["inhabitants_losing"] == 2000
        assert gains.summary["mean_loss_of_losers_min"] is None
        assert gains.losers["loss_min"].isna().all()
        assert set(gains.losers["reason"]) == {"no_facility"}
        assert gains.notes["kind"].tolist() == ["service_vanishes", "means_not_comparable"]

    def test_one_of_a_count(self):
        closing = Closing(service=toy.PHARMACY, commune="01001", count=3)
        after = facilities_after(toy.row(), Scenario("x", closings=(closing,)))
        assert by(after, "facility", "pharmacie-1")["count"] == 1

    def test_gains_and_losses_are_never_netted(self):
        # Everybody of Aa loses the CAF next door; Cé gets one.
        scenario = Scenario(
            "échange",
            openings=opened_in("01003").openings,
            closings=(Closing("caf-1", toy.CAF),),
        )
        gains = simulate(toy.row(), scenario)
        assert gains.summary["inhabitants_gaining"] == 500
        assert gains.summary["inhabitants_losing"] == 1000
        assert gains.summary["largest_loss_min"] == 20.0
        aa = by(gains.communes, "commune", "01001")
        assert aa[["gain_min", "loss_min"]].tolist() == [0.0, 20.0]


def test_a_service_that_nobody_offered():
    few = toy.row_facilities().iloc[1:].reset_index(drop=True)
    gains = simulate(toy.row(facilities=few), opened_in("01002"))
    assert gains.summary["inhabitants_newly_reached"] == 2000
    assert gains.summary["inhabitants_gaining"] == 2000
    assert gains.summary["mean_gain_of_gainers_min"] is None
    assert gains.newly_reached["after_min"].tolist() == [10.0, 0.0, 10.0]
    assert set(gains.newly_reached["reason_before"]) == {"no_facility"}
    assert gains.notes["kind"].tolist() == ["service_appears", "means_not_comparable"]


def test_a_move_is_a_closing_and_an_opening():
    move = Move(Closing("caf-1"), Spot(unit="01002", known_by="commune"))
    gains = simulate(toy.row(), Scenario("déménagement", moves=(move,)))
    table = gains.communes.set_index("commune")[f"{toy.CAF}_after_min"]
    assert table.tolist() == [10.0, 0.0, 10.0]
    assert gains.summary["inhabitants_losing"] == 1000
    assert gains.summary["inhabitants_gaining"] == 1000
    assert (gains.summary["closed"], gains.summary["moved"]) == (0, 1)
    assert pd.isna(gains.sites["inhabitants_gaining_alone"]).all()
    assert gains.sites[f"nearest_{toy.CAF}"].tolist() == [2000]


class TestConversion:
    def test_the_bouquet_is_added(self):
        scenario = Scenario("label", conversions=(Conversion("fs-1", "france_services_2020"),))
        gains = simulate(toy.row(), scenario)
        assert gains.summary["services"] == [toy.CAF]
        assert by(gains.communes, "commune", "01002")["gain_min"] == 10.0
        assert gains.summary["converted"] == 1
        # The other services of the bouquet are not in this basket of three.
        assert "not_in_basket" in set(gains.notes["kind"])

    def test_what_the_former_bouquet_had_is_not_added(self):
        conversion = Conversion("France services Bé", "france_services_2020", "msap_13")
        gains = simulate(toy.row(), Scenario("label", conversions=(conversion,)))
        assert gains.summary["services"] == []
        assert gains.summary["inhabitants_gaining"] == 0
        assert "nothing_added" in set(gains.notes["kind"])


def test_a_round_of_stops():
    stops = tuple(
        Stop(Spot(unit=unit, known_by="commune"), days)
        for unit, days in (("01002", 2.0), ("01999", 1.0))
    )
    bus = Opening("Bus", (toy.CAF,), stops=stops, format="itinerant", hours_per_week=3.0)
    gains = simulate(toy.row(), Scenario("tournée", openings=(bus,)))
    assert gains.sites["place"].tolist() == ["Bus – Bé", "Bus – Cé"]
    assert gains.sites["days_per_month"].tolist() == [2.0, 1.0]
    assert gains.sites["hours_per_week"].tolist() == [3.0, 3.0]
    assert (gains.summary["opened"], gains.summary["places"]) == (1, 2)
    # Each stop counts as a place: Bé gains 10, Cé (under its old code) 20.
    assert gains.summary["inhabitants_gaining"] == 1000
    assert gains.summary["mean_gain_of_gainers_min"] == 15.0
    told = by(gains.notes, "kind", "always_open")
    assert told["subject"] == "Bus"
    assert "compté comme ouvert en permanence" in told["note"].lower()
    assert "always_open" not in set(simulate(toy.row(), opened_in("01003")).notes["kind"])


def one_gamme():
    """The row with all services in one gamme, remote above 10 minutes, hospital left out."""
    gamme = replace(toy.BASKET.gammes[1])
    services = tuple(replace(s, gamme=gamme.id) for s in toy.BASKET.services[:2])
    basket = replace(toy.BASKET, gammes=(gamme,), services=services)
    table = toy.row_communes()
    facilities = toy.row_facilities().iloc[:3].reset_index(drop=True)
    return toy.diagnostic(
        toy.row_network(),
        table,
        toy.chefs_lieux(table, "01"),
        facilities,
        basket=basket,
        assumptions=worlds.plain(same_commune="routed"),
    )


class TestOtherServicesCount:
    """A mean over fewer services is no better for it."""

    def test_losing_the_only_one_is_no_gain(self):
        # Aa has 0, 0 and 30 minutes: without the CAF, its basket would go from 10 to 15;
        # Cé has 10, 20 and 10: its basket would go from 13.3 to 10.
        gains = simulate(toy.row(), Scenario("fin", closings=(Closing("caf-1"),)))
        for table in (gains.communes, gains.origins, gains.epci):
            assert table["basket_gain_min"].isna().all()
            assert table["intermediaire_gain_min"].isna().all()
        ce = by(gains.communes, "commune", "01003")
        assert ce["basket_before_min"] == pytest.approx(40 / 3)
        assert ce["basket_after_min"] == 10.0
        note = by(gains.notes, "kind", "means_not_comparable")["note"]
        assert note.startswith("2000 habitants atteignent ou perdent un service")

    def test_those_who_keep_it_have_a_gain(self):
        # Beyond 15 minutes nobody drives: Cé (20) does not reach the CAF of Aa. The CAF
        # moves to Bé: Aa 0 to 10, Bé 10 to 0, and Cé reaches it.
        move = Move(Closing("caf-1"), Spot(unit="01002", known_by="commune"))
        gains = simulate(toy.row(time_limit_min=15.0), Scenario("vers Bé", moves=(move,)))
        found = gains.communes.set_index("commune")
        assert found["intermediaire_gain_min"].iloc[:2].tolist() == [-10.0, 10.0]
        # Aa reaches two services of three, Bé too (the hospital is 20 minutes away).
        assert found["basket_gain_min"].iloc[:2].tolist() == [-5.0, 5.0]
        assert found.loc["01003", ["intermediaire_gain_min", "basket_gain_min"]].isna().all()
        assert gains.notes["note"].str.startswith("500 habitants").sum() == 1
        assert gains.epci.set_index("epci")["basket_gain_min"].iloc[0] == pytest.approx(-5 / 3)

    def test_a_cap_keeps_means_comparable(self):
        move = Move(Closing("caf-1"), Spot(unit="01002", known_by="commune"))
        diagnostic = toy.row(time_limit_min=15.0, missing_service="cap:60")
        gains = simulate(diagnostic, Scenario("vers Bé", moves=(move,)))
        # 60 stands for the CAF of Cé before, 10 minutes after.
        ce = by(gains.communes, "commune", "01003")
        assert ce["intermediaire_gain_min"] == 50.0
        assert "means_not_comparable" not in set(gains.notes["kind"])

    def test_no_commune_leaves_remoteness_because_a_service_vanishes(self):
        # Cé is remote from pharmacies (10 > 4) and from the CAF (20 > 10), Bé from
        # pharmacies: all of them close.
        closings = (Closing("pharmacie-1"), Closing("pharmacie-2"), Closing("caf-1"))
        gains = simulate(toy.row(), Scenario("fin", closings=closings))
        names = ("leaving_remoteness", "entering_remoteness", "remote_from_fewer_gammes")
        assert [gains.summary[f"communes_{name}"] for name in names] == [[], [], []]
        apart = gains.summary["communes_not_comparable"]
        lost = gains.summary["communes_no_longer_judged"]
        assert {"01002", "01003"} <= {*apart, *lost}
        assert not set(apart) & set(lost)

    def test_no_commune_leaves_because_the_far_service_of_its_gamme_vanishes(self):
        # The CAF and the pharmacies in one gamme: Cé has 20 and 10, 15 on average; with the
        # pharmacies alone 10, which is not above the threshold of 10.
        diagnostic = one_gamme()
        before = by(diagnostic.communes, "commune", "01003")
        assert before["remote_gammes"] == 1
        gains = simulate(diagnostic, Scenario("fin", closings=(Closing("caf-1"),)))
        assert by(gains.communes, "commune", "01003")["remote_gammes_after"] == 0
        assert gains.summary["communes_leaving_remoteness"] == []
        assert gains.summary["communes_not_comparable"] == ["01003"]
        assert gains.communes["intermediaire_after_min"].notna().all()
        assert gains.communes["intermediaire_gain_min"].isna().all()


def test_losses_are_not_netted_inside_a_commune():
    # In Aa, 600 people at x = 0 and 400 at x = 10 km; the CAF goes from x = 5 to x = 10.
    people = toy.origins([("a", "01001", 0, 5, 600), ("b", "01001", 10, 5, 400)])
    facilities = worlds.facilities(
        ("caf-1", toy.CAF, "01001", 5, 5, "position"),
        ("pharmacie-1", toy.PHARMACY, "01001", 5, 5, "position"),
    )
    diagnostic = toy.row(people=people, facilities=facilities)
    move = Move(Closing("caf-1"), Spot(point=Point(9.999 * KM, 5 * KM)))
    aa = by(simulate(diagnostic, Scenario("x", moves=(move,))).communes, "commune", "01001")
    assert aa["inhabitants_losing"] == 600
    assert aa["inhabitants_gaining"] == 400
    assert aa["loss_min"] == pytest.approx(0.6 * 5, abs=0.01)
    assert aa["gain_min"] == pytest.approx(0.4 * 5, abs=0.01)
    assert aa[f"{toy.CAF}_gain_min"] == pytest.approx(-1.0, abs=0.01)


def test_a_site_without_a_service_of_the_basket_is_not_told_as_near_others():
    scenario = Scenario(
        "poste",
        (Opening("Poste", operators=("La Poste",), unit="01002", known_by="commune"),),
    )
    kinds = set(simulate(toy.row(), scenario).notes["kind"])
    assert "no_service" in kinds
    assert "no_gain" not in kinds


class TestPlaces:
    def test_longitude_and_latitude(self):
        there = gpd.GeoSeries([Point(25 * KM, 5 * KM)], crs=worlds.CRS).to_crs(4326)[0]
        opening = Opening("Exact", (toy.CAF,), point=there, crs="EPSG:4326")
        plan = placed(toy.row(), Scenario("x", openings=(opening,)))
        site = plan.sites.iloc[0]
        assert site[["unit", "known_by"]].tolist() == ["01003", "position"]
        assert site.geometry.distance(Point(25 * KM, 5 * KM)) < 0.01

    def test_outside_the_territory(self):
        opening = Opening("Loin", (toy.CAF,), point=Point(400 * KM, 5 * KM), where="open[1]")
        with pytest.raises(InputError, match=r"open\[1\].*in a commune of the territory.*360 km"):
            placed(toy.row(), Scenario("x", openings=(opening,)))

    def test_beyond_the_buffer(self):
        diagnostic = toy.row()
        diagnostic.provenance["buffer_km"] = 2.0
        with pytest.raises(InputError, match="within 2 km of it, found one 5 km away"):
            placed(diagnostic, opened_in("02001"))

    def test_swapped_coordinates(self):
        there = gpd.GeoSeries([Point(25 * KM, 5 * KM)], crs=worlds.CRS).to_crs(4326)[0]
        opening = Opening("X", (toy.CAF,), point=Point(there.y, there.x), crs="EPSG:4326")
        with pytest.raises(InputError, match="latitude and longitude swapped"):
            placed(toy.row(), Scenario("x", openings=(opening,)))

    def test_every_fault_at_once(self):
        scenario = Scenario(
            "fautes",
            openings=(
                Opening("Nulle part", (toy.CAF,), where="open[1]"),
                Opening("Inconnue", (toy.CAF,), unit="01004", known_by="commune", where="open[2]"),
                Opening(
                    "Service", ("pharmacies",), unit="01001", known_by="commune", where="open[3]"
                ),
                Opening("Rien", (), unit="01001", known_by="commune", where="open[4]"),
                Opening("Bouquet", bouquet="france_services", unit="01001", where="open[5]"),
                Opening(
                    "Loin", (toy.CAF,), point=Point(5 * KM, 5 * KM), unit="01003", where="open[6]"
                ),
            ),
            closings=(
                Closing("caf-2", where="close[1]"),
                Closing(service=toy.HOSPITAL, commune="01001", where="close[2]"),
                Closing(site="fs-9", where="close[3]"),
                Closing("caf-1", toy.PHARMACY, where="close[4]"),
                Closing(service=toy.PHARMACY, commune="01001", count=5, where="close[5]"),
            ),
        )
        with pytest.raises(InputError) as caught:
            simulate(toy.row(), scenario)
        text = str(caught.value)
        for words in (
            "open[1]': expected a point or the code of a commune, found neither",
            "'?), found '01004'",
            "open[3].services': expected a known service of the basket (did you mean 'pharmacie'?)",
            "open[4]': expected what the site offers",
            "open[5].bouquet': expected a known bouquet (did you mean 'france_services_20",
            "open[6]': expected a point in commune 01003, told beside it, found a point 15.0 km",
            "close[1]': expected a facility of the diagnostic (did you mean 'caf-1'?)",
            "close[2]': expected a facility of 'maternite' in Aa (01001), found none",
            "close[3]': expected a site of the diagnostic (did you mean 'fs-",
            "close[4]': expected a known service of 'caf-1'",
            "close[5]': expected from 1 to 4 to close, found 5",
        ):
            assert words in text
        assert len(caught.value.faults) == 11

    def test_nothing_at_all(self):
        with pytest.raises(InputError, match="at least one opening, closing, move or conversion"):
            simulate(toy.row(), Scenario("vide"))

    def test_far_from_any_road(self):
        opening = Opening("Refuge", (toy.CAF,), point=Point(25 * KM, 9 * KM))
        gains = simulate(toy.row(snap_limit_m=1000.0), Scenario("x", openings=(opening,)))
        assert gains.sites["reason"].tolist() == ["unsnapped"]
        assert gains.summary["inhabitants_gaining"] == 0
        assert set(gains.notes["kind"]) == {"unsnapped"}

    def test_on_an_islet(self):
        opening = Opening("Île", (toy.CAF,), point=Point(-18 * KM, 2 * KM))
        gains = simulate(toy.random_world(1), Scenario("x", openings=(opening,)))
        assert "other_component" in set(gains.notes["kind"])

    def test_tables_alone_are_refused(self):
        bare = toy.row()
        object.__setattr__(bare, "land", None)
        with pytest.raises(ValueError, match="expected a diagnostic with its land"):
            simulate(bare, opened_in("01001"))


class TestFrames:
    def frame(self, **columns):
        table = {"name": ["A", "B"], **columns}
        points = [Point(25 * KM, 5 * KM), Point(15 * KM, 5 * KM)]
        return gpd.GeoDataFrame(table, geometry=points, crs=worlds.CRS)

    def test_sites_as_a_frame(self):
        frame = self.frame(services=[f"{toy.CAF}; {toy.PHARMACY}", None])
        kept = frame.copy(deep=True)
        scenario = Scenario("deux", opened=frame, services=[toy.HOSPITAL])
        assert [item.services for item in scenario.openings] == [
            (toy.CAF, toy.PHARMACY),
            (toy.HOSPITAL,),
        ]
        gains = simulate(toy.row(), scenario)
        assert gains.sites["services"].tolist() == [(toy.PHARMACY, toy.CAF), (toy.HOSPITAL,)]
        pd.testing.assert_frame_equal(frame, kept)

    def test_the_list_of_sites_with_a_bouquet(self):
        diagnostic = toy.row()
        scenario = Scenario("label", opened=diagnostic.sites, bouquet="msap_13")
        gains = simulate(diagnostic, scenario)
        assert gains.sites["place"].tolist() == ["France services Bé", "France services Dé"]
        assert gains.communes[f"{toy.CAF}_gain_min"].tolist() == [0.0, 10.0, 10.0]

    def test_operators_site_by_site(self):
        frame = self.frame(operators=["CAF, La Poste", "La Poste"])
        plan = placed(toy.row(), Scenario("x", opened=frame, bouquet="msap_13"))
        assert plan.sites["services"].tolist() == [(toy.CAF,), ()]
        assert "no_service" in set(plan.notes["kind"])

    def test_faults_of_a_frame(self):
        bad = gpd.GeoDataFrame(
            {"name": [None, "B", "C"], "services": ["x", "x", None]},
            geometry=[Point(0, 0), None, Point(0, 0).buffer(1)],
            crs=worlds.CRS,
        )
        with pytest.raises(InputError) as caught:
            Scenario("mauvais", opened=bad)
        assert [(fault.row, fault.column) for fault in caught.value.faults] == [
            (1, "name"),
            (2, "geometry"),
            (3, "geometry"),
            (3, "geometry"),
            (3, "services"),
        ]

    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            (gpd.GeoDataFrame({"name": []}, geometry=[], crs=worlds.CRS), "an empty frame"),
            (gpd.GeoDataFrame({"name": ["a"]}, geometry=[Point(0, 0)]), "no CRS"),
            (
                gpd.GeoDataFrame({"n": ["a"]}, geometry=[Point(0, 0)], crs=worlds.CRS),
                "'name' or 'site'",
            ),
        ],
    )
    def test_whole_frames_refused(self, frame, message):
        with pytest.raises(InputError, match=message):
            Scenario("mauvais", opened=frame, services=["x"])

    def test_closed_as_a_list_and_as_a_frame(self):
        diagnostic = toy.row()
        listed = simulate(diagnostic, Scenario("f", closed=["caf-1"]))
        rows = diagnostic.land.facilities.iloc[[0]]
        framed = simulate(diagnostic, Scenario("f", closed=rows))
        assert listed.summary == framed.summary
        with pytest.raises(InputError, match="row 1: expected a facility, a site"):
            Scenario("f", closed=pd.DataFrame({"service": ["x"]}))


def test_names_that_are_taken_are_made_others():
    scenario = Scenario(
        "deux",
        openings=(
            Opening("caf-1", (toy.CAF,), unit="01002", known_by="commune"),
            Opening("caf-1", (toy.PHARMACY,), unit="01003", known_by="commune"),
        ),
    )
    assert placed(toy.row(), scenario).sites["place"].tolist() == ["caf-1 (2)", "caf-1 (3)"]


class TestEach:
    def test_candidates(self):
        frame = gpd.GeoDataFrame(
            {"name": ["Cé", "Aa", "Refuge"]},
            geometry=[Point(25 * KM, 5 * KM), Point(5 * KM, 5 * KM), Point(25 * KM, 9.9 * KM)],
            crs=worlds.CRS,
        )
        found = simulate_each(toy.row(snap_limit_m=1000.0), frame, services=[toy.CAF, toy.PHARMACY])
        assert found["name"].tolist() == ["Cé", "Aa", "Refuge"]
        assert found["inhabitants_gaining"].tolist() == [500, 0, 0]
        assert found["mean_gain_of_gainers_min"].iloc[0] == 20.0
        assert found["inhabitants_gaining_over_10_min"].tolist() == [500, 0, 0]
        assert found["communes_leaving_remoteness"].tolist() == [1, 0, 0]
        assert found["note"].str.startswith("Aucune route").tolist() == [False, False, True]

    def test_no_candidate(self):
        empty = gpd.GeoDataFrame({"name": []}, geometry=[], crs=worlds.CRS)
        with pytest.raises(InputError, match="expected at least one site, found an empty frame"):
            simulate_each(toy.row(), empty, services=[toy.CAF])
