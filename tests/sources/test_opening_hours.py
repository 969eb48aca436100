"""Opening hours in the spellings that lists of sites have."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from real_data import real_data
from sdaasp_geo.sources.opening_hours import DAYS, day_hours, weekly_hours

DATA = real_data("bouches-du-rhone") or Path("absent")


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("09:00 - 12:00 / 14:00 - 17:00", 6.0),
        ("09:00-12:00 / 14:00-17:00", 6.0),
        ("9h-12h30 14h-17h", 6.5),
        ("9h00–12h00 ; 13h30–17h00", 6.5),
        ("de 9h à 12h et de 14h à 17h", 6.0),
        ("8 h 30 à 12 h", 3.5),
        ("9 heures à 12 heures", 3.0),
        ("9-12h30", 3.5),
        ("9h-midi", 3.0),
        ("9.00-12.00", 3.0),
        ("00:00-24:00", 24.0),
        ("09:00 - 12:00 (sur rendez-vous)", 3.0),
        ("9h-12h, fermé l'après-midi", 3.0),
        ("fermé", 0.0),
        ("Fermée", 0.0),
        ("", 0.0),
        (None, 0.0),
        # Two desks of one site: open while one is.
        ("08:30 - 16:00 / 08:30 - 16:30", 8.0),
        ("09:45 - 12:00 / 09:45 - 12:00 / 13:45 - 15:30", 4.0),
    ],
)
def test_read(text, hours):
    assert day_hours(text) == hours


@pytest.mark.parametrize(
    "text",
    [
        "sur rendez-vous",
        "9-12",
        "9H/12H",
        "9h12h",
        "14h00 17h00",
        "17:00-09:00",
        "25:00-26:00",
        "09:00-24:30",
        "9h-12h sauf vacances",
        "1er mardi 9h-12h",
        "9h-12h semaines paires",
        "fermé de 12h à 14h",
        "9h-12h 14-17h",
        "09:00:00-12:00:00",
        "matin",
    ],
)
def test_what_is_not_sure_is_unknown(text):
    assert day_hours(text) is None


def test_a_week():
    table = pd.DataFrame(
        {
            "h_lundi": ["9h-12h", "", "9h-12h", "fermé"],
            "h_mardi": ["14h-17h30", None, "sur rdv", "fermé"],
        },
        index=[2, 5, 7, 9],
    )
    before = table.copy()
    week = weekly_hours(table)
    assert week["hours_per_week"].tolist()[:1] == [6.5]
    # Nothing told is unknown without a fault; closed all week is 0.
    assert week["hours_per_week"].isna().tolist() == [False, True, True, False]
    assert week.loc[9, "hours_per_week"] == 0.0
    assert week["hours_unread"].dropna().to_dict() == {7: "h_mardi: sur rdv"}
    pd.testing.assert_frame_equal(table, before)


def test_a_list_without_hours():
    assert weekly_hours(pd.DataFrame({"id": ["1"]}))["hours_per_week"].isna().all()


times = st.integers(0, 24 * 60)


@given(st.lists(st.tuples(times, times).filter(lambda span: span[0] < span[1]), min_size=1))
def test_minutes_counted_one_by_one(spans):
    text = " / ".join(f"{a // 60:02d}:{a % 60:02d} - {b // 60:02d}:{b % 60:02d}" for a, b in spans)
    minutes = {minute for a, b in spans for minute in range(a, b)}
    assert day_hours(text) == len(minutes) / 60


@given(st.text(alphabet="0123456789h:-/ .,àfermésurdv", max_size=30))
def test_never_more_than_a_day_nor_a_traceback(text):
    hours = day_hours(text)
    assert hours is None or 0 <= hours <= 24


@pytest.mark.real
@pytest.mark.skipif(not DATA.is_dir(), reason="no real data: bouches-du-rhone")
def test_the_real_list_is_read_whole():
    table = pd.read_csv(DATA / "france_services.csv", dtype="str")
    week = weekly_hours(table)
    assert week["hours_unread"].isna().all()
    assert week["hours_per_week"].notna().sum() == len(table) == 115
    # The first row by hand: 4 + 7 + 4 + 7 + 7 hours.
    assert table.loc[0, list(DAYS)].count() == 5
    assert week.loc[0, "hours_per_week"] == 29.0
    assert week["hours_per_week"].between(7, 50).all()
