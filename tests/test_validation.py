"""The real Bouches-du-Rhône beside its published figures: what must hold whatever the gaps."""

import pytest

import sdaasp_geo as sg
from real_data import real_data
from sdaasp_geo.assumptions import SAME_COMMUNE_RULES
from validate import validate

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(
        real_data("bouches-du-rhone") is None, reason="no real data: bouches-du-rhone"
    ),
]


@pytest.fixture(scope="module")
def diagnostic():
    return sg.diagnose(sg.read_territory(real_data("bouches-du-rhone") / "territory.toml"))


@pytest.fixture(scope="module")
def table():
    return validate(real_data("bouches-du-rhone")).set_index(["theme", "figure"])


def test_119_communes_and_marseille_counted_once(diagnostic):
    assert diagnostic.summary["communes"] == 119
    assert diagnostic.summary["population"] == 2_024_162
    assert diagnostic.origins["population"].sum() == pytest.approx(2_024_162)
    assert len(diagnostic.origins) == 118 + 16
    assert diagnostic.communes.set_index("commune").at["13055", "population"] == 863_310


def test_every_point_far_from_its_commune_is_told(diagnostic):
    operators = diagnostic.flags[diagnostic.flags["source"] == "operators.csv"]
    far = operators["reason"].str.contains("km from its commune")
    assert far.sum() == 84
    # One line for the whole file: the BPE knows most of these places too.
    assert operators.loc[~far, "reason"].str.contains("they count twice").tolist() == [True]


def test_every_unmatched_code_is_counted(diagnostic):
    unused = diagnostic.unused[diagnostic.unused["source"] == "bpe2013_communes.csv"]
    known = diagnostic.basket.service_of_code
    no_service = unused[unused["reason"].str.contains("no service")]
    assert no_service["rows"].sum() == 19_154
    assert not set(no_service["code"]) & set(known)


def test_every_published_figure_is_answered_under_each_rule(table):
    assert list(table.columns) == ["published", *SAME_COMMUNE_RULES]
    assert len(table) >= 45
    assert table.notna().all().all()


def test_calibration_meets_the_published_number_of_communes(table):
    calibrated = table.loc[("éloignement, calé sur 60 communes", "communes éloignées")]
    assert calibrated[list(SAME_COMMUNE_RULES)].tolist() == [60, 60, 60]
    share = table.loc[("éloignement, calé sur 60 communes", "part des habitants")]
    assert share["internal_estimate"] == pytest.approx(share["published"], abs=0.02)


def test_insees_rule_of_zero_gives_the_lowest_means(table):
    means = table.loc["temps moyens (min)"].drop(
        index="part des habitants à moins de 7 min du panier"
    )
    assert (means["zero"] <= means["internal_estimate"] + 1e-9).all()
