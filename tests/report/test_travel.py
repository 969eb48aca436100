"""What is said of journeys by car, on foot and by bicycle."""

import dataclasses

import pytest
import toy_diagnostic
from PIL import Image

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.report.curves import curve_texts, distribution_curves
from sdaasp_geo.report.french import BEFORE_UNIT
from sdaasp_geo.report.geofiles import description
from sdaasp_geo.report.observatory.content import _basket
from sdaasp_geo.report.page import render
from sdaasp_geo.report.reasons import french_note
from sdaasp_geo.report.sentences import key_figures, key_sentences
from sdaasp_geo.report.sheets import sheet_texts
from sdaasp_geo.report.smallmultiples import services_texts
from sdaasp_geo.report.themes import minutes_theme
from sdaasp_geo.report.travel import classes_of, travel_limits
from sdaasp_geo.report.words import assumptions_rows
from sdaasp_geo.report.workbook.front import read_me


def of(profile, **choices):
    made = toy_diagnostic.make()
    provenance = made.provenance | {"profile": profile}
    return dataclasses.replace(made, provenance=provenance, assumptions=Assumptions(**choices))


def told(diagnostic, folder):
    """Every text that a committee reads, but for the observatory's page."""
    picture = folder / "service-boulangerie.png"
    Image.new("RGB", (40, 30)).save(picture)
    texts = [
        *(figure.caption for figure in key_figures(diagnostic)),
        *key_sentences(diagnostic),
        *(f"{name} {value}" for name, value in description(diagnostic).items()),
        *(f"{name} {value}" for name, value in read_me(diagnostic, [])),
        travel_limits(diagnostic),
        str(minutes_theme(diagnostic, "boulangerie")),
        str(curve_texts(diagnostic)),
        str(services_texts(diagnostic)),
        str(sheet_texts(diagnostic, "", "")),
        distribution_curves(diagnostic)[0].how,
        _basket(diagnostic)["travel"],
        render(diagnostic, [picture]),
    ]
    return "\n".join(texts).replace(BEFORE_UNIT, " ")


@pytest.mark.parametrize(("profile", "how"), [("foot", "à pied"), ("bike", "à vélo")])
def test_nobody_drives_where_nobody_drives(tmp_path, profile, how):
    text = told(of(profile), tmp_path)
    assert text.count(how) > 10
    for word in ("voiture", "embouteillage", "autoroute", "limites affichées"):
        assert word not in text, word


def test_drivers_are_told_of_neither_steps_nor_cycles(tmp_path):
    text = told(of("drive"), tmp_path)
    assert "en voiture, hors embouteillages" in text
    for word in ("à pied", "à vélo", "escalier", "foot (", "bike"):
        assert word not in text, word


def test_speeds_by_hand():
    rows = dict(assumptions_rows(Assumptions(), "foot"))
    assert rows["Vitesses (km/h)"] == "bac (5), marche (5), escalier (5)"
    assert rows["Classes de route sans accès direct"] == "bac"
    own = Assumptions(speed_kmh={"foot": 4.0, "local": 3.0, "bike": 15.0, "primary": 65.0})
    assert classes_of(own, "foot") == ["foot", "local"]
    assert classes_of(own, "drive") == ["local", "primary"]
    assert classes_of(own, "bike") == ["local", "bike"]


def test_lights_that_are_charged_are_not_said_to_be_left_out():
    assert "sans feux" in travel_limits(of("drive"))
    charged = of("drive", signal_cost_s=10.0)
    assert "sans feux" not in travel_limits(charged)
    rows = dict(assumptions_rows(charged.assumptions))
    assert rows["Temps perdu aux carrefours (s)"] == "feu (10), tourne-à-gauche (0), rond-point (0)"


def test_a_place_of_two_files_in_french():
    note = "1 of 2 places may be those of bpe.csv, laposte.csv: they count twice"
    french = french_note(note).replace(BEFORE_UNIT, " ")
    assert french == "1 sur 2 peut-être déjà dans bpe.csv, laposte.csv : ils comptent deux fois"
