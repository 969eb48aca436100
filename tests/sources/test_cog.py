"""Movements of the communes: the file, the land that they move, and codes of any year."""

import lands
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.cog import read_cog_movements
from sdaasp_geo.sources.positions import place
from sdaasp_geo.sources.study import ClaimNames, StudyArea, claims_frame
from sdaasp_geo.tables.movements import Succession, aliases_of, followed
from sdaasp_geo.tables.places import Places
from sdaasp_geo.tables.reading import Notes

HEADER = (
    "MOD,DATE_EFF,TYPECOM_AV,COM_AV,TNCC_AV,NCC_AV,NCCENR_AV,LIBELLE_AV,"
    "TYPECOM_AP,COM_AP,TNCC_AP,NCC_AP,NCCENR_AP,LIBELLE_AP"
)


def line(event, date, before, after, kinds=("COM", "COM")):
    return f"{event},{date},{kinds[0]},{before},0,N,N,Av,{kinds[1]},{after},0,N,N,Ap"


# One story: a merger undone, a chain of communes nouvelles, a change of département on the
# day of a merger, a commune cut out of another, one that ended in two, an association.
STORY = [
    line(31, "2007-01-01", "13001", "13001"),
    line(31, "2007-01-01", "13002", "13001"),
    line(21, "2014-01-01", "13001", "13001"),
    line(21, "2014-01-01", "13001", "13002"),
    line(32, "2016-01-01", "13003", "13003"),
    line(32, "2016-01-01", "13004", "13003"),
    line(32, "2016-01-01", "13003", "13003", ("COM", "COMD")),
    line(32, "2016-01-01", "13004", "13004", ("COM", "COMD")),
    line(32, "2019-01-01", "13003", "13005"),
    line(32, "2019-01-01", "13005", "13005"),
    line(32, "2018-01-01", "84007", "84008"),
    line(32, "2018-01-01", "84008", "84008"),
    line(41, "2018-01-01", "13006", "84007"),
    line(20, "1990-01-01", "13009", "13009"),
    line(20, "1990-01-01", "13009", "13010"),
    line(30, "1995-01-01", "13011", "13012"),
    line(30, "1995-01-01", "13011", "13013"),
    line(30, "1995-01-01", "13012", "13012"),
    line(30, "1995-01-01", "13013", "13013"),
    line(34, "2001-01-01", "13099", "13012", ("COMA", "COM")),
    line(10, "2020-01-01", "13012", "13012"),
    # An association, told of the part alone on its way back.
    line(33, "1975-01-01", "13020", "13021"),
    line(33, "1975-01-01", "13021", "13021"),
    line(33, "1975-01-01", "13020", "13020", ("COM", "COMA")),
    line(21, "1999-01-01", "13020", "13020", ("COMA", "COM")),
    line(21, "1999-01-01", "13021", "13021"),
    # One told of the part alone on its way in.
    line(33, "1975-01-01", "13030", "13030", ("COM", "COMA")),
    line(34, "2005-01-01", "13030", "13012", ("COMA", "COM")),
]


def movements(tmp_path, rows=STORY, header=HEADER):
    return read_cog_movements(lands.table(tmp_path / "v_mvt_commune_2026.csv", header, *rows))


@pytest.mark.parametrize(
    ("code", "year", "communes"),
    [
        ("13001", 2005, {"13001"}),  # before the merger: the land that it has again
        ("13001", 2010, {"13001", "13002"}),  # both were 13001 then
        ("13001", 2015, {"13001"}),
        ("13002", 2005, {"13002"}),
        ("13002", None, {"13002"}),
        ("13004", 2010, {"13005"}),  # a chain over two communes nouvelles
        ("13004", 2017, {"13005"}),  # as a commune déléguée
        ("13003", 2017, {"13005"}),
        ("13006", 2010, {"84008"}),  # two events of one day
        ("13009", 1985, {"13009", "13010"}),
        ("13009", 2000, {"13009"}),
        ("13009", None, {"13009"}),
        ("13010", 1985, {"13010"}),
        ("13011", None, {"13012", "13013"}),
        ("13099", 2005, {"13012"}),  # associated since ever, then plainly merged
        ("13020", 1970, {"13020"}),
        ("13021", 1970, {"13021"}),
        ("13021", 1985, {"13020", "13021"}),
        ("13021", 2010, {"13021"}),
        ("75056", 2005, set()),
    ],
)
def test_each_code_of_any_year_leads_to_its_communes(tmp_path, code, year, communes):
    succession = Succession.from_movements(movements(tmp_path).table)
    assert succession.communes_of(code, year) == communes


def test_an_older_layer_is_reached_from_both_sides(tmp_path):
    # 13003 ended in 2019: a layer that has it is older than that, and 13005 is small there.
    table = movements(tmp_path).table
    succession = Succession.from_movements(table, {"13003", "13005"})
    assert succession.communes_of("13004", 2010) == {"13003"}
    assert succession.communes_of("13005", 2024) == {"13003", "13005"}
    assert succession.communes_of("13005", 2017) == {"13005"}


def test_aliases_keep_to_the_territory_and_tell_doubts(tmp_path):
    succession = Succession.from_movements(movements(tmp_path).table)
    known = {"13001", "13002", "13005", "13012", "13013"}
    units, doubts = aliases_of(succession, known)
    assert units == {"13003": "13005", "13004": "13005", "13099": "13012", "13030": "13012"}
    assert doubts == {"13011": "a commune split since: 13012 or 13013 today"}
    units, doubts = aliases_of(succession, known, 2010)
    assert set(doubts) == {"13001", "13011"}
    assert "13001 or 13002" in doubts["13001"]


def test_chains_of_a_passage_table_are_followed_and_circles_left():
    chain = {"13004": "13003", "13003": "13005", "13008": "13009", "13009": "13008"}
    assert followed(chain, {"13005"}) == {"13004": "13005", "13003": "13005"}
    places = lands.places([("13997", "13998"), ("13998", "13001"), ("13996", "13995")])
    units = places.unit_of(pd.Series(["13997", "13998", "13996", "13003", None], dtype="str"))
    assert units.fillna("-").tolist() == ["13001", "13001", "-", "13003", "-"]


def moved_places():
    """Places of the toy land, with what happened there since 2000."""
    rows = [
        ("2014-01-01", "21", "13001", "13001"),
        ("2014-01-01", "21", "13001", "13003"),
        ("2010-01-01", "41", "30990", "84001"),
        ("2012-01-01", "50", "84001", "84002"),
        ("2013-01-01", "50", "84002", "84001"),
    ]
    table = pd.DataFrame(rows, columns=["date", "event", "before", "after"])
    table = table.assign(type_before="COM", type_after="COM")
    base = lands.places()
    communes = base.units[base.units.index == base.units["commune"]]
    return Places.from_tables(communes, None, None, table), table


def test_places_know_the_codes_of_the_year_of_a_file():
    places, table = moved_places()
    before = table.copy()
    codes = pd.Series(["13001", "30990", "84002", "13003", "99999", None], dtype="str")
    assert places.unit_of(codes).fillna("-").tolist() == [
        "13001", "84001", "84001", "13003", "-", "-",
    ]  # fmt: skip
    assert places.at("BPE 2010").unit_of(codes).fillna("-").tolist() == [
        "-", "84001", "84001", "13003", "-", "-",
    ]  # fmt: skip
    assert places.at(2015).unit_of(codes)[0] == "13001"
    assert places.at(None) is places
    assert places.at("sans date") is places
    assert lands.places().at(2010).doubts == {}
    pd.testing.assert_frame_equal(table, before)


def test_a_position_decides_for_a_commune_that_was_split():
    places, _ = moved_places()
    lon, lat = lands.degrees(25, 5)
    frame = pd.DataFrame(
        {"code": ["13001", "13001"], "lon": [lon, None], "lat": [lat, None]},
        index=pd.RangeIndex(2, 4, name="row"),
        dtype="str",
    )
    names = ClaimNames("code", "lon", "lat")
    notes = Notes("f.csv")
    claims = claims_frame(frame, names, crs="EPSG:4326")
    table = place(claims, StudyArea(places.at(2010), "13"), notes, names=names)
    assert table["unit"].to_dict() == {2: "13003"}
    reading = notes.close(table, 2)
    split = "a commune split since: 13001 or 13003 today"
    assert lands.rows_of(reading.rejects) == {3: split}
    assert lands.rows_of(reading.flags) == {2: f"{split}: placed by its position"}


def test_columns_in_lower_case_and_dates_of_2019(tmp_path):
    rows = [line(32, "01/01/19", "13003", "13005"), line(31, "1/1/72", "13004", "13003")]
    reading = movements(tmp_path, rows, HEADER.lower())
    assert reading.table["date"].tolist() == ["1972-01-01", "2019-01-01"]
    assert reading.table["name_after"].tolist() == ["Ap", "Ap"]


def test_rows_that_tell_nothing_are_rejected_with_a_reason(tmp_path):
    rows = [
        line(31, "2007-01-01", "1004", "01005"),
        line(31, "2007-02-31", "01004", "01005"),
        line(31, "2007-01-01", "01004", "01005", ("COM", "XX")),
        line("", "2007-01-01", "01004", "01005"),
        line(31, "2007-01-01", "", "01005"),
        line(31, "2007-01-01", "2a004", "2B005"),
    ]
    reading = movements(tmp_path, rows)
    reasons = lands.rows_of(reading.rejects)
    assert "leading zero eaten" in reasons[2]
    assert "no date" in reasons[3]
    assert "expected one of" in reasons[4]
    assert "modification" in reasons[5]
    assert reasons[6] == "no commune code"
    assert reading.table["before"].tolist() == ["2A004"]
    lands.adds_up(reading, 6)


def test_another_file_is_refused(tmp_path):
    path = lands.table(tmp_path / "v_commune_2026.csv", "TYPECOM,COM,REG", "COM,01001,84")
    with pytest.raises(InputError, match="expected this column"):
        read_cog_movements(path)


CELLS = st.sampled_from(
    ["13001", "1004", "2A004", "", "COM", "COMD", "2019-01-01", "31", "é", "NA"]
)


@settings(deadline=None, max_examples=6)
@given(st.lists(st.tuples(*[CELLS] * 6), min_size=1, max_size=8))
def test_every_row_is_in_the_table_or_rejected(tmp_path_factory, rows):
    header = "MOD;DATE_EFF;TYPECOM_AV;COM_AV;TYPECOM_AP;COM_AP"
    path = tmp_path_factory.mktemp("cog") / "m.csv"
    filled = [";".join(row) for row in rows if any(row)]
    if not filled:
        return
    lands.table(path, header, *filled)
    reading = read_cog_movements(path)
    lands.adds_up(reading, len(filled))
    assert len(reading.table) == reading.rows_kept


EVENTS = st.lists(
    st.tuples(
        st.integers(1990, 2020),
        st.sampled_from(["21", "31", "32", "41"]),
        st.sampled_from("ABCDEF"),
        st.sampled_from("ABCDEF"),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=25)
@given(EVENTS, st.sampled_from("ABCDEF"), st.one_of(st.none(), st.integers(1985, 2025)))
def test_no_story_however_odd_loses_or_invents_a_commune(story, code, year):
    rows = [
        {"date": f"{when}-01-01", "event": event, "before": before, "after": after}
        for when, event, before, after in story
    ]
    columns = ["date", "event", "before", "after"]
    table = pd.DataFrame(rows, columns=columns).assign(type_before="COM", type_after="COM")
    succession = Succession.from_movements(table)
    alive = {code for code, spans in succession.spans.items() if spans[-1].end is None}
    found = succession.communes_of(code, year)
    assert found <= alive
    assert (code in succession.spans) >= bool(found)


class Land:
    """The slow and sure way: every field knows its commune, year after year."""

    def __init__(self):
        self.of = {(code, number): code for code in "ABCD" for number in range(3)}
        self.left, self.rows, self.past = {}, [], [dict(self.of)]

    def fields(self, code):
        return {field for field, holder in self.of.items() if holder == code}

    def event(self, kind, first, second):
        """Do what makes sense of an event, and write it as the COG does."""
        year, alive = 2000 + len(self.past), set(self.of.values())
        pairs = []
        if kind == "merge" and {first, second} <= alive and first != second:
            self.left[first] = self.fields(first)
            self.of |= dict.fromkeys(self.left[first], second)
            pairs = [("31", first, second), ("31", second, second)]
        elif kind == "restore" and first not in alive and first in self.left:
            parents = {self.of[field] for field in self.left[first]}
            parent = min(parents)
            if len(parents) == 1 and self.fields(parent) > self.left[first]:
                self.of |= dict.fromkeys(self.left[first], first)
                pairs = [("21", parent, parent), ("21", parent, first)]
        elif kind == "carve" and first in alive and len(self.fields(first)) > 1:
            self.of[max(self.fields(first))] = f"N{year}"
            pairs = [("20", first, first), ("20", first, f"N{year}")]
        elif kind == "recode" and first in alive:
            self.of |= dict.fromkeys(self.fields(first), f"R{year}")
            pairs = [("41", first, f"R{year}")]
        date = f"{year}-01-01"
        self.rows += [(date, event, before, after) for event, before, after in pairs]
        self.past.append(dict(self.of))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "merge", "restore", "carve", "recode"]),
        st.sampled_from("ABCD"),
        st.sampled_from("ABCD"),
    ),
    max_size=9,
)


@settings(deadline=None, max_examples=40)
@given(STEPS)
def test_the_land_of_every_code_and_year_is_found_field_by_field(steps):
    land = Land()
    for step in steps:
        land.event(*step)
    table = pd.DataFrame(land.rows, columns=["date", "event", "before", "after"])
    succession = Succession.from_movements(table.assign(type_before="COM", type_after="COM"))
    carved = any(event == "20" for _, event, _, _ in land.rows)
    for number, then in enumerate(land.past):
        for code in set(then.values()) & set(succession.spans):
            true = {land.of[field] for field, holder in then.items() if holder == code}
            found = succession.communes_of(code, 2000 + number)
            assert true <= found
            # Where a piece was cut out, nothing tells of which older part it was.
            assert carved or found == true
