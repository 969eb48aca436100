"""Traffic lights: values, colours, progress, and what is missing."""

import pandas as pd
import pytest
import toy_scenarios as toy
from hypothesis import given
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.criteria import Criterion, judge_criteria
from sdaasp_geo.scenarios.dashboard import colour_of, dashboard, progress_of
from sdaasp_geo.scenarios.dashboard_file import Board, Indicator, load_board, shipped_boards

# Made once: nothing changes it, which the tests check.
ROW = toy.row()


def indicator(**options):
    return Indicator(**({"id": "essai", "label": "Essai", "measure": "given"} | options))


def board(*indicators):
    return Board("essai", "Essai", "inventé", indicators)


def row(found, name="essai"):
    return found.indicators.set_index("indicator").loc[name]


class TestColours:
    more = indicator(start=2, intermediate=15, target=20)
    less = indicator(start=30, intermediate=20, target=10)

    @pytest.mark.parametrize(
        ("value", "colour"),
        [(0, "red"), (14.9, "red"), (15, "orange"), (19, "orange"), (20, "green"), (25, "green")],
    )
    def test_more_is_better(self, value, colour):
        assert colour_of(self.more, value) == colour

    @pytest.mark.parametrize(
        ("value", "colour"),
        [(40, "red"), (20.1, "red"), (20, "orange"), (10, "green"), (5, "green")],
    )
    def test_less_is_better(self, value, colour):
        assert colour_of(self.less, value) == colour

    def test_without_an_intermediate_value(self):
        asked = indicator(start=2, target=20)
        assert [colour_of(asked, value) for value in (2, 3, 20)] == ["red", "orange", "green"]
        alone = indicator(target=20, better="higher")
        assert [colour_of(alone, value) for value in (19, 20)] == ["red", "green"]

    def test_missing_has_no_colour(self):
        assert colour_of(self.more, None) is None
        assert colour_of(self.more, float("nan")) is None

    def test_progress(self):
        assert progress_of(self.more, 11) == 0.5
        assert progress_of(self.less, 15) == 0.75
        # Backwards, and beyond.
        assert progress_of(self.less, 40) == -0.5
        assert progress_of(self.more, 29) == 1.5
        assert progress_of(self.more, None) is None
        assert progress_of(indicator(target=20, better="higher"), 5) is None
        held = indicator(start=5, target=5, better="higher")
        assert [progress_of(held, value) for value in (4, 5)] == [None, 1.0]

    @given(st.floats(-100, 100), st.floats(-100, 100))
    def test_better_is_never_a_worse_colour(self, one, other):
        rank = ["red", "orange", "green"]
        low, high = sorted((one, other))
        assert rank.index(colour_of(self.more, low)) <= rank.index(colour_of(self.more, high))
        assert rank.index(colour_of(self.less, low)) >= rank.index(colour_of(self.less, high))


class TestValues:
    def test_sites_of_the_departement(self):
        asked = board(indicator(measure="sites", start=0, target=2))
        # Dé's is beyond the border.
        assert row(dashboard(ROW, asked))["value"] == 1
        chosen = board(indicator(measure="sites", kinds=("msap",), start=0, target=2))
        sites = ROW.sites.assign(kind=["mairie", "msap"], commune="01001")
        assert row(dashboard(ROW, chosen, sites=sites))["value"] == 1
        assert row(dashboard(ROW, chosen))["value"] == 0
        buses = board(indicator(measure="sites", formats=("Bus",), start=0, target=2))
        assert row(dashboard(ROW, buses))["value"] == 0

    def test_no_list_of_sites_is_not_zero(self):
        asked = board(indicator(measure="sites", start=0, target=2))
        found = row(dashboard(ROW, asked, sites=ROW.sites.iloc[:0]))
        assert pd.isna(found["value"])
        assert found["note"] == "Aucune liste de sites."

    def test_what_the_diagnostic_measures(self):
        asked = board(
            indicator(id="a", measure="facilities", service=toy.PHARMACY, start=0, target=4),
            indicator(id="b", measure="mean_min", item=toy.CAF, start=20, target=5),
            indicator(id="c", measure="mean_min", item="superieure", start=30, target=20),
            indicator(id="d", measure="remote_communes", start=3, target=0),
            indicator(id="e", measure="remote_population_share", start=1, target=0),
            indicator(id="f", measure="mean_min", item="basket", start=30, target=1),
        )
        diagnostic = ROW
        found = dashboard(diagnostic, asked)
        remote = diagnostic.summary["remote"]
        values = found.indicators["value"].tolist()
        assert values[:2] == [4.0, 7.5]
        # (1000 × 30 + 500 × 20 + 500 × 10) / 2000
        assert values[2] == 22.5
        assert values[3:5] == [remote["communes"], remote["population_share"]]
        assert found.indicators["colour"].tolist()[:3] == ["green", "orange", "orange"]
        assert found.indicators["better"].tolist() == ["higher", *["lower"] * 5]

    def test_criteria(self):
        asked = board(
            indicator(id="part", measure="criterion", criterion="caf", start=0.5, target=1),
            indicator(
                id="reste", measure="criterion_left_out", criterion="caf", start=900, target=0
            ),
            indicator(id="rien", measure="criterion", criterion="absent", start=0, target=1),
        )
        criterion = Criterion(id="caf", label="CAF", operator="caf", within_min=15)
        judged = judge_criteria(ROW, [criterion])
        found = dashboard(ROW, asked, criteria=judged)
        assert found.indicators["value"].tolist()[:2] == [0.75, 500]
        assert found.indicators["colour_label"].tolist() == ["orange", "orange", "sans donnée"]
        assert row(found, "rien")["note"] == "Le critère « absent » n'a pas été jugé."
        unjudged = dashboard(ROW, asked)
        assert unjudged.indicators["value"].isna().all()

    def test_a_criterion_that_cannot_be_measured_says_why(self):
        asked = board(indicator(measure="criterion", criterion="cpam", start=0, target=1))
        criterion = Criterion(id="cpam", label="CPAM", operator="cpam", within_min=30)
        found = row(dashboard(ROW, asked, criteria=judge_criteria(ROW, [criterion])))
        assert pd.isna(found["value"])
        assert "point_accueil_cpam" in found["note"]

    def test_values_told_by_the_caller(self):
        asked = board(
            indicator(start=0, target=10),
            indicator(id="sites", measure="sites", start=0, target=9),
            indicator(id="sans", start=0, target=10),
        )
        found = dashboard(ROW, asked, values={"essai": 5, "sites": 9})
        assert found.indicators["value"].tolist()[:2] == [5, 9]
        assert found.indicators["colour_label"].tolist() == ["orange", "vert", "sans donnée"]
        assert found.summary["colours"] == {"vert": 1, "orange": 1, "rouge": 0, "sans donnée": 1}
        assert found.summary["indicators"]["sans"]["value"] is None
        assert repr(found) == "<Dashboard essai: 1 vert, 1 orange, 0 rouge, 1 sans donnée>"


class TestCharente:
    def test_the_published_values(self):
        asked = load_board("charente").indicators[0]
        assert (asked.start, asked.intermediate, asked.target) == (2, 15, 20)

    def test_on_the_row(self):
        found = dashboard(ROW, "charente")
        msap = row(found, "msap")
        assert msap[["value", "colour", "progress_share"]].tolist() == [1.0, "red", -1 / 18]
        assert row(found, "caf_20_min")["colour_label"] == "sans donnée"
        judged = judge_criteria(ROW, "charente")
        assert row(dashboard(ROW, "charente", criteria=judged), "caf_20_min")["value"] == 1.0


class TestWrongInput:
    def test_names(self):
        asked = board(
            indicator(id="a", measure="facilities", service="pharmacy", start=0, target=1),
            indicator(id="b", measure="mean_min", item="proximité", start=9, target=1),
        )
        with pytest.raises(InputError, match="3 faults") as error:
            dashboard(ROW, asked, values={"c": 1})
        for good in ("'pharmacie'", "'proximite'", "values"):
            assert good in str(error.value)

    def test_a_file(self, tmp_path):
        head = 'name = "n"\nlabel = "l"\nsource = "s"\n'
        entries = [
            'id = "a"\nlabel = "A"\nmeasure = "sites"\nstart = 5\nintermediate = 1\ntarget = 9',
            'id = "b"\nlabel = "B"\nmeasure = "facilities"\nstart = 5\ntarget = 9',
            'id = "c"\nlabel = "C"\nmeasure = "given"\ntarget = 9',
            'id = "d"\nlabel = "D"\nmeasure = "site"\nstart = 1\ntarget = 9\ncible = 3',
        ]
        path = tmp_path / "bord.toml"
        path.write_text(
            head + "".join(f"[[indicators]]\n{entry}\n" for entry in entries), encoding="utf-8"
        )
        with pytest.raises(InputError) as error:
            load_board(path)
        message = str(error.value)
        assert "'indicators[1]': expected start, intermediate and target in one" in message
        assert "'indicators[2]': expected service beside measure" in message
        assert "'indicators[3]': expected better = " in message
        assert "indicators[4].cible" in message
        assert "indicators[4].measure" in message

    def test_kinds_and_ids(self, tmp_path):
        entry = (
            '[[indicators]]\nid = "a"\nlabel = "A"\nmeasure = "sites"\nkinds = ["msaps"]\n'
            "start = 1\ntarget = 9\n"
        )
        path = tmp_path / "bord.toml"
        path.write_text('name = "n"\nlabel = "l"\nsource = "s"\n' + 2 * entry, encoding="utf-8")
        with pytest.raises(InputError, match="3 faults") as error:
            load_board(path)
        assert "did you mean 'msap'" in str(error.value)
        assert "each id once" in str(error.value)

    def test_shipped(self):
        assert shipped_boards() == ["charente"]
        with pytest.raises(InputError, match="did you mean 'charente'"):
            load_board("charante")
