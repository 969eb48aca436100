"""French numbers, and the readers' notes in French."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.report.french import (
    MISSING,
    count,
    is_missing,
    listing,
    minutes,
    number,
    percent,
    percent_words,
    threshold,
)
from sdaasp_geo.report.reasons import french_note
from sdaasp_geo.report.zonelist import zone_mark
from sdaasp_geo.sources import codes, facilities, layers, positions, study

NOTHING = [None, float("nan"), np.nan, pd.NA, pd.NaT, np.float64("nan")]


@pytest.mark.parametrize("value", NOTHING)
def test_missing_is_a_dash(value):
    assert is_missing(value)
    assert {number(value), minutes(value), percent(value), threshold(value)} == {MISSING}


def test_infinity_is_no_figure():
    assert number(math.inf) == MISSING


@settings(deadline=None, max_examples=200)
@given(st.floats(-1e9, 1e9), st.integers(0, 3))
def test_a_number_reads_back(value, decimals):
    text = number(value, decimals=decimals)
    back = float(text.replace("\u202f", "").replace(",", ".").replace("−", "-"))
    assert back == pytest.approx(value, abs=0.5000001 * 10**-decimals)
    assert "." not in text
    assert " " not in text
    assert text not in {"−0", "−0,0", "−0,00", "−0,000"}


@settings(deadline=None, max_examples=200)
@given(st.floats(0, 1))
def test_a_percentage_never_hides_people(share):
    text = percent(share).replace("\u00a0", " ")
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)
    assert ">" not in percent_words(share)
    assert "<" not in percent_words(share)


def test_french_plural_starts_at_two():
    assert count(1.9, "km", "kms").endswith("km")
    assert count(2, "cheval", "chevaux").endswith("chevaux")
    assert listing(["a", "b"]) == "a et b"


KNOWN_NOTES = [
    codes.NO_CODE,
    codes.BAD_CODE,
    codes.EATEN_ZERO,
    facilities.NO_SERVICE,
    study.OUTSIDE,
    positions.UNKNOWN_COMMUNE,
    positions.UNKNOWN_CODE,
    positions.SWAPPED,
    f"{positions.UNKNOWN_CODE}; {positions.SWAPPED}: placed by its position",
    f"617 km from its commune 30258; {positions.SWAPPED}",
    f"expected a line, found coordinates with {layers.SWAPPED}",
    "expected a point, found a Polygon",
    "no chef-lieu: an interior point instead",
    "coordinates out of the range of EPSG:2154: taken as no position",
    "outside the département 99",
    "more fields than the 8 of the header: a ';' inside a cell",
]


@pytest.mark.parametrize("note", KNOWN_NOTES)
@pytest.mark.parametrize("general", [False, True])
def test_known_notes_are_told_in_french(note, general):
    told = french_note(note, general=general)
    assert told != note
    for english in ("the ", " its ", "commune code", "found", "swapped", "outside"):
        assert english not in told, told


def test_half_known_notes_are_left_whole():
    assert french_note("no identifier: and something new") == "no identifier: and something new"
    assert french_note("") == ""


def test_marks_never_repeat():
    for layer in ("eloignement", "panier"):
        marks = [zone_mark(layer, rank) for rank in range(800)]
        assert len(set(marks)) == 800
