"""Scenario files and bouquets: what is read, and what is refused with which words."""

import pytest
import toy_scenarios as toy

from sdaasp_geo.basket import load_basket
from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.bouquets import (
    load_bouquet,
    operators,
    reception_levels,
    shipped_bouquets,
)
from sdaasp_geo.scenarios.scenario_file import read_scenario
from sdaasp_geo.scenarios.simulate import simulate

GOOD = """
name = "Tout à la fois"
[[open]]
name = "Guichet"
commune = "01003"
services = ["point_accueil_caf"]
hours_per_week = 12
[[open]]
name = "Bus"
format = "itinerant"
stops = [{ commune = "01002", days_per_month = 2 }, { x = 25000, y = 5000, name = "Place" }]
bouquet = "msap_13"
[[close]]
service = "pharmacie"
commune = "01001"
count = 1
[[move]]
from = "caf-1"
to = { x = 15000, y = 5000 }
[[convert]]
site = "fs-1"
from = "msap_13"
to = "france_services_2020"
"""


def write(tmp_path, text):
    path = tmp_path / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_mark_before_the_first_letter_is_no_fault(tmp_path):
    path = write(tmp_path, "\ufeff" + GOOD)
    assert read_scenario(path).name == read_scenario(write(tmp_path, GOOD)).name


def test_everything_at_once(tmp_path):
    scenario = read_scenario(write(tmp_path, GOOD))
    desk, bus = scenario.openings
    assert (desk.unit, desk.known_by, desk.hours_per_week) == ("01003", "commune", 12.0)
    assert [stop.days_per_month for stop in bus.stops] == [2.0, None]
    assert scenario.closings[0].count == 1
    assert scenario.moves[0].what.facility == "caf-1"
    assert scenario.conversions[0].former == "msap_13"
    gains = simulate(toy.row(), scenario)
    found = gains.summary
    assert [found[key] for key in ("opened", "closed", "moved", "converted", "places")] == [
        2,
        1,
        1,
        1,
        5,
    ]
    assert gains.sites["place"].tolist() == [
        "Guichet",
        "Bus – Bé",
        "Bus – Place",
        "caf-1",
        "France services Bé",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["column 'name': expected this key"]),
        ('name = "x"', ["at least one [[open]], [[close]], [[move]] or [[convert]], found none"]),
        ("name = ", ["expected TOML"]),
        (
            'name = "x"\n[[opne]]\nname = "y"',
            ["column 'opne': expected a known key (did you mean 'open'?)"],
        ),
        (
            'name = "x"\n[[open]]\nname = "y"\ncomune = "01001"\nservices = ["a"]',
            ["column 'open[1].comune': expected a known key (did you mean 'commune'?)"],
        ),
        (
            (
                'name = "x"\n[[open]]\nname = "y"\nservices = ["a"]\n'
                'stops = [{ commune = "01001", days = 3 }]'
            ),
            ["open[1].stops[1].days': expected a known key (did you mean 'days_per_month'?)"],
        ),
        (
            'name = "x"\n[[move]]\nfrom = { facilty = "a" }\nto = "01001"',
            ["move[1].from.facilty': expected a known key (did you mean 'facility'?)"],
        ),
        (
            (
                'name = "x"\n[[open]]\nname = "y"\nlon = 5.4\nservices = ["a"]\n'
                '[[open]]\nname = "y"\nservices = ["a"]\n'
                '[[open]]\nname = "z"\nlon = 800000\nlat = 43\n'
                '[[open]]\nname = "w"\ncommune = "01001"\nstops = [{ commune = "01001" }]\n'
                'bouquet = "msap13"\noperators = ["cafe"]\n'
                '[[close]]\nfacility = "a"\nsite = "b"\n'
                '[[move]]\nfrom = "a"\nto = {}\n'
                '[[convert]]\nsite = "a"\nto = "msap_2013"'
            ),
            [
                "open[1]': expected one pair of coordinates: lon and lat, or x and y, found lon",
                "open[2]': expected a place: commune, or lon and lat, or x and y",
                "open[2].name': expected each name once, found 'y'",
                "open[3].lon': expected degrees between -180 and 180, found 800000.0",
                "open[3]': expected what the site offers",
                "open[4]': expected the place of the site, or its stops",
                "open[4].bouquet': expected a known bouquet (did you mean 'msap_13'?)",
                "open[4].operators': expected a known operator (did you mean 'caf'?)",
                "close[1]': expected facility (and service), or site, or service and commune",
                "move[1].to': expected a place",
                "convert[1].to': expected a known bouquet (did you mean 'msap_13'?)",
            ],
        ),
        (
            (
                'name = "x"\n[[open]]\nname = "y"\ncommune = "01001"\nservices = ["a"]\n'
                "hours_per_week = 200"
            ),
            ["open[1].hours_per_week': expected less than or equal to 168, found 200"],
        ),
    ],
)
def test_what_is_refused(tmp_path, text, words):
    with pytest.raises(InputError) as caught:
        read_scenario(write(tmp_path, text))
    for part in words:
        assert part in str(caught.value)


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match="expected a scenario file, found no such file"):
        read_scenario(tmp_path / "none.toml")


def test_messages_of_the_territory_name_the_file(tmp_path):
    path = write(tmp_path, 'name = "x"\n[[open]]\nname = "y"\ncommune = "99999"\nservices = ["a"]')
    with pytest.raises(InputError) as caught:
        simulate(toy.row(), read_scenario(path))
    assert {fault.file for fault in caught.value.faults} == {str(path)}
    assert {fault.column for fault in caught.value.faults} == {"open[1]", "open[1].services"}


class TestBouquets:
    def test_each_is_whole(self):
        for name in shipped_bouquets():
            bouquet = load_bouquet(name)
            assert bouquet.name == name
            assert bouquet.source
            assert bouquet.services

    def test_partners_by_year(self):
        counts = {year: len(load_bouquet(f"france_services_{year}").operators)
                  for year in (2019, 2020, 2024, 2025)}  # fmt: skip
        assert counts == {2019: 9, 2020: 9, 2024: 11, 2025: 12}
        assert len(load_bouquet("msap").operators) == 7
        assert len(load_bouquet("msap_13").services) == 5

    def test_services_are_those_of_the_basket_of_29(self):
        known = set(load_basket("sdaasp-29").service_ids)
        assert {item.service for item in operators().values() if item.service} <= known

    def test_levels(self):
        levels = reception_levels()
        assert {
            kind: levels[kind].level for kind in ("mairie", "msap_postale", "msap", "ccas")
        } == {
            "mairie": 1,
            "msap_postale": 1,
            "msap": 2,
            "ccas": 2,
        }
        assert levels["operateur"].level == 3
        assert levels["france_services"].unverified

    def test_ones_own(self, tmp_path):
        path = tmp_path / "mien.toml"
        path.write_text(
            'name = "mien"\nlabel = "Mien"\nyear = 2030\nsource = "nous"\n'
            'operators = ["caf", "mutuelle"]\n'
            '[[own]]\nid = "mutuelle"\nlabel = "Mutuelle"\nservice = "pharmacie"\n',
            encoding="utf-8",
        )
        assert load_bouquet(path).services == ("point_accueil_caf", "pharmacie")
        scenario = write(
            tmp_path, 'name = "x"\n[[open]]\nname = "y"\ncommune = "01003"\nbouquet = "mien.toml"'
        )
        gains = simulate(toy.row(), read_scenario(scenario))
        assert gains.summary["services"] == [toy.PHARMACY, toy.CAF]

    def test_operators_in_any_spelling(self, tmp_path):
        path = tmp_path / "mien.toml"
        head = 'name = "m"\nlabel = "M"\nyear = 2030\nsource = "nous"\n'
        path.write_text(head + 'operators = ["CAF", "Pôle-Emploi", "Assurance maladie"]\n', "utf-8")
        told = [operator.id for operator in load_bouquet(path).operators]
        assert told == ["caf", "pole_emploi", "cpam"]
        path.write_text(head + 'operators = ["CAF", "caf"]\n', "utf-8")
        with pytest.raises(InputError, match="each operator once, found caf"):
            load_bouquet(path)
        scenario = write(
            tmp_path, 'name = "x"\n[[open]]\nname = "y"\ncommune = "01003"\noperators = ["CAF"]'
        )
        gains = simulate(toy.row(), read_scenario(scenario))
        assert gains.summary["services"] == [toy.CAF]

    def test_wrong_ones(self, tmp_path):
        path = tmp_path / "faux.toml"
        path.write_text('name = "f"\nlabel = "F"\nyear = 2030\nsource = "x"\noperators = ["cag"]')
        with pytest.raises(InputError, match=r"known operator \(did you mean 'caf'"):
            load_bouquet(path)
        path.write_text('name = "f"\nlabels = "F"\nyear = "x"\noperators = ["caf"]')
        with pytest.raises(InputError) as caught:
            load_bouquet(path)
        assert len(caught.value.faults) == 4
        with pytest.raises(InputError, match="did you mean 'msap_13'"):
            load_bouquet("msap_14")
