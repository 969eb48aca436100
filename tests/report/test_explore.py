"""How results show themselves in a notebook: cards and interactive maps."""

import re
import subprocess
import sys

import pandas as pd
import pytest
import toy_diagnostic

import sdaasp_geo as sg
from scenarios import toy_scenarios
from sdaasp_geo.errors import MissingExtraError
from sdaasp_geo.report import explore as drawing
from sdaasp_geo.report.palette import RAMP
from sdaasp_geo.scenarios.compare import compare
from sdaasp_geo.scenarios.model import Closing, Opening, Scenario
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.siting.choose import choose_sites
from sdaasp_geo.showing import card
from sdaasp_geo.tables.reading import Reading

HOSTILE = "<script>alert('1')</script> \"L'été\" 🚌"


@pytest.fixture(scope="module")
def gains():
    opening = Opening(HOSTILE, services=(toy_scenarios.CAF,), unit="01003", known_by="commune")
    closing = Closing(service=toy_scenarios.CAF, commune="01001")
    return simulate(toy_scenarios.row(), Scenario(HOSTILE, (opening,), (closing,)))


@pytest.fixture(scope="module")
def chosen(gains):
    candidates = toy_scenarios.sites(
        ("a", HOSTILE, "01003", 25, 5, "position"), ("b", "Bé", "01002", 15, 5, "position")
    )
    return choose_sites(gains.before, candidates, count=1, services=[toy_scenarios.CAF])


@pytest.fixture(scope="module")
def compared(gains):
    return compare(gains.before, gains.after)


def page_of(drawn):
    return drawn.get_root().render()


def test_every_result_shows_its_figures(gains, chosen, compared):
    found = gains.before
    told = found._repr_html_()
    assert "Toy" in told
    assert f"<td>{len(found.communes)}</td>" in told
    for result in (gains, chosen, compared, gains.scenario, found.basket, found.assumptions,
                   found.land.network):  # fmt: skip
        text = result._repr_html_()
        assert text.startswith('<div class="sdaasp-geo"><strong>')
        assert "<script" not in text
    assert "&lt;script&gt;" in gains._repr_html_()


def test_a_reading_shows_what_became_of_its_rows():
    frame = pd.DataFrame({"name": ["<b>"]})
    lines = frame.iloc[:0].assign(rows=[])
    told = Reading(frame, frame, lines, lines, 2)._repr_html_()
    assert "&lt;b&gt;" in told
    assert re.findall(r"<td>(\d+)</td>", told)[:4] == ["2", "1", "1", "0"]


def test_a_card_says_how_much_it_does_not_show():
    told = card("x", {}, table=pd.DataFrame({"a": range(20)}))
    assert "… et 12 lignes de plus" in told


def test_the_map_shows_the_classes_of_the_drawn_ones(toy):
    page = page_of(toy.explore("maternite"))
    # Ten, twenty, thirty, forty minutes, and one commune without a time.
    for label in ("10 à 15 min", "20 à 30 min", "30 min et plus", "Aucun temps connu"):
        assert label in page
    assert "Moins de 5 min" not in page
    assert RAMP[2] in page
    with pytest.raises(ValueError, match="column: expected one of boulangerie"):
        toy.explore("nulle_part")


def test_maps_of_scenarios(gains, chosen, compared):
    for drawn in (gains.explore(), gains.explore(toy_scenarios.CAF), chosen.explore(),
                  compared.explore()):  # fmt: skip
        page = page_of(drawn)
        assert "<script>alert" not in page
    assert re.search(r"Perte (>|&gt;) 10 min", page_of(gains.explore()))
    with pytest.raises(ValueError, match="item: expected one of"):
        gains.explore("nulle_part")
    with pytest.raises(ValueError, match="item: expected none"):
        chosen.explore("x")


def test_what_has_no_map():
    with pytest.raises(TypeError, match="found int"):
        drawing.explore(3)


def test_without_folium(toy, monkeypatch):
    monkeypatch.setattr(drawing, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'sdaasp-geo\[page\]'"):
        toy.explore()


def test_a_card_needs_no_drawing_library():
    code = (
        "import sys, sdaasp_geo as sg; sg.Assumptions()._repr_html_();"
        "sys.exit(bool({'matplotlib', 'folium', 'plotly'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_edges(edge):
    assert "Diagnostic" in edge._repr_html_()


@pytest.mark.parametrize("name", ["markup", "nobody reached", "no sites"])
def test_maps_of_unusual_diagnostics(name):
    page = page_of(toy_diagnostic.EDGES[name]().explore())
    assert "<script>alert" not in page


def test_names_are_those_of_the_library():
    assert sg.Diagnostic.explore is sg.Gains.explore
    assert toy_diagnostic.make().explore
