"""FINESS: the extraction without header, tables with one, and `t_finess`."""

import gzip

import lands
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.finess import _commune_codes, _systems, read_finess
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import FACILITIES

LAMBERT = "1,ATLASANTE,96,BAN,EPSG:2154 RGF93 / Lambert-93 (Métropole)"
FIRST = "finess;etalab;95;2024-11-07"


def place(number, category="124", part="001", departement="13", width=32):
    fields = [""] * width
    named = {0: "structureet", 1: number, 3: "CTRE", 4: f'CENTRE "{number}" É', 12: part,
             13: departement, 18: category, 19: "Centre de Santé"}  # fmt: skip
    for where, value in named.items():
        fields[where] = value
    return ";".join(fields)


def position(number, east=5, north=5, source=LAMBERT):
    x, y = lands.xy(east, north)
    return f"geolocalisation;{number};{x};{y};{source};2026-05-04"


def finess(path, **options):
    return read_finess(path, study=lands.study(), basket=lands.BASKET, **options)


def etalab(tmp_path, *lines, encoding="utf-8", end="\n", first=FIRST):
    text = end.join([first, *lines]) + end
    return lands.write(tmp_path / "etalab-cs1100507.csv", text, encoding)


LINES = [
    place("130000001"),
    place("130000002", "603", "003"),
    place("130000003", "228", "202"),
    place("130000004", "620"),
    place("130000005", "124", "003"),
    place("130000006", "124", "003"),
    place("130000001"),
    place("840000001", "124", "099", "84"),
    position("130000001"),
    position("130000002", 25, 5, "2,ATLASANTE,100,BDADRESSE,L93_METROPOLE"),
    position("130000003", 18, 5, "1,ATLASANTE,100,IGN,BD_ADRESSE,V2.2,LAMBERT_93"),
    position("130000005", 26, 5, "4,ATLASANTE,.,ADMIN-EXPRESS-2023,EPSG:2154 RGF93"),
    position("999999999"),
    position("840000001", 5, 115),
]


@pytest.mark.parametrize(
    ("encoding", "end"), [("utf-8", "\n"), ("cp1252", "\r\n"), ("utf-8-sig", "\n")]
)
def test_the_extraction_without_header(tmp_path, encoding, end):
    reading = finess(etalab(tmp_path, *LINES, encoding=encoding, end=end))
    table = reading.table
    assert schema_faults(table, FACILITIES, file="f") == []
    assert table["facility"].tolist() == [f"13000000{n}" for n in (1, 2, 3, 5, 6)]
    assert table["service"].tolist() == [
        "centre_de_sante", "centre_de_sante", "centre_planification_familiale",
        "centre_de_sante", "centre_de_sante",
    ]  # fmt: skip
    assert table["unit"].tolist() == ["13001", "13003", "13202", "13003", "13003"]
    assert table["position_quality"].tolist() == [
        "exact", "approximate", "exact", "commune", "commune",
    ]  # fmt: skip
    assert table["name"][0] == 'CENTRE "130000001" É'
    # The first line says when the extraction was made.
    assert set(table["vintage"]) == {"2024-11-07"}
    assert lands.rows_of(reading.rejects) == {
        8: "a repetition of an earlier row",
        14: "a position of no establishment of this file",
    }
    assert reading.unused.set_index("code")["rows"].to_dict() == {"620": 1, "84": 1}
    # Places are judged before categories: the pharmacy of row 5 is told as well.
    assert lands.rows_of(reading.flags) == dict.fromkeys(
        (5, 7), "no position: placed at its commune"
    )
    lands.adds_up(reading, 9)


def test_packed_and_more_categories(tmp_path):
    path = etalab(tmp_path, *LINES)
    packed = tmp_path / "finess.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    reading = finess(packed, services={"620": "pharmacie"}, vintage=2024)
    assert (reading.table["service"] == "pharmacie").sum() == 1
    assert set(reading.table["vintage"]) == {"2024"}


def test_lines_that_are_damaged_are_told(tmp_path):
    lines = [
        place("130000001"),
        place("130000002"),
        place("130000003", width=33),
        "autre;1;2",
        position("130000001"),
        position("130000001", 6, 5),
        "geolocalisation;1",
    ]
    reading = finess(etalab(tmp_path, *lines))
    assert lands.rows_of(reading.rejects) == {
        4: "33 fields in the place of 32: a ';' inside one",
        5: "neither structureet nor geolocalisation",
        7: "a second position of one establishment",
        8: "neither structureet nor geolocalisation",
    }
    lands.adds_up(reading, 6)
    with pytest.raises(InputError, match="no line structureet"):
        finess(etalab(tmp_path, position("130000001")))
    with pytest.raises(InputError, match="lines structureet of 32 fields.*found 4 fields"):
        finess(etalab(tmp_path, "structureet;1;2;3"))


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_with_a_header(tmp_path, form):
    x, y = lands.xy(25, 5)
    frame = pd.DataFrame(
        {
            "nofinesset": ["130000001", "130000002"],
            "RaisonSociale": ["A", "B"],
            "Commune": ["003", "001"],
            "Departement": ["13", "13"],
            "Categorie": [124.0, np.nan],
            "coordxet": [x, np.nan],
            "coordyet": [y, np.nan],
            "sourcecoordet": ["1,ATLASANTE,96,BAN,L93_METROPOLE", None],
        }
    )
    path = tmp_path / f"finess.{form}"
    if form == "csv":
        frame.to_csv(path, sep=";", index=False)
    else:
        frame.to_parquet(path)
    reading = finess(path)
    assert reading.table[["facility", "unit", "known_by"]].to_numpy().tolist() == [
        ["130000001", "13003", "position"]
    ]
    assert reading.rejects["reason"].tolist() == ["no code of a service"]
    lands.adds_up(reading, 2)


def test_t_finess_and_its_closed_ones(tmp_path):
    lon, lat = lands.degrees(5, 5)
    head = "finess,etat,rs,categ_code,com_code,geoloc_legal_projection,geoloc_4326_lat,geoloc_4326_long"
    rows = [
        f"130000001,ACTUEL,A,124,13001,L93_METROPOLE,{lat},{lon}",
        f"130000002,FERME,B,124,13001,L93_METROPOLE,{lat},{lon}",
        "130000003,ACTUEL,C,228,13003,L93_METROPOLE,,",
    ]
    reading = finess(lands.table(tmp_path / "t_finess.csv", head, *rows))
    assert reading.table["facility"].tolist() == ["130000001", "130000003"]
    assert reading.table["known_by"].tolist() == ["position", "commune"]
    assert reading.unused[["code", "reason"]].to_numpy().tolist() == [
        ["FERME", "closed: its state is not ACTUEL"]
    ]
    lands.adds_up(reading, 3)
    with pytest.raises(InputError, match="'categetab': expected this column"):
        finess(lands.table(tmp_path / "odd.csv", "finess,x", "1,2"))


def test_codes_and_systems_overseas_and_in_corsica():
    # Seen in public extractions: Les Abymes is 101 in 9A, and is 97101.
    frame = pd.DataFrame(
        {
            "commune": [None, None, None, None, "13004"],
            "part": ["101", "004", "4", "611", "001"],
            "departement": ["9A", "2a", "13", "9F", "13"],
            "origin": [
                "2,ATLASANTE,96,BAN,EPSG:5490 RGAF09/UTM Zone 20N (Antilles)",
                None,
                "1,ATLASANTE,90,BAN,WGS84/UTM zone 21N (St-Pierre-et-Miquelon)",
                None,
                "9,?,?,?,inconnu",
            ],
        },
        dtype="str",
    )
    assert _commune_codes(frame).tolist() == ["97101", "2A004", "13004", "97611", "13004"]
    systems = _systems(frame, lands.study()).fillna("-").tolist()
    assert systems == ["EPSG:5490", "EPSG:2154", "EPSG:4467", "EPSG:4471", "-"]


@settings(
    deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    lines=st.lists(
        st.one_of(
            st.builds(
                place,
                st.sampled_from(["1", "2", ""]),
                st.sampled_from(["124", "620", ""]),
                st.sampled_from(["001", "003", "777", "", "x"]),
                st.sampled_from(["13", "84", "75", ""]),
                st.sampled_from([32, 31]),
            ),
            st.builds(position, st.sampled_from(["1", "3", ""])),
            st.sampled_from(["", "x;y", "structureet", "geolocalisation;1;a;b;;"]),
        ),
        max_size=12,
    )
)
def test_every_line_is_somewhere_once(tmp_path, lines):
    home = [place(f"home-{n}", width=32) for n in range(13)]
    reading = finess(etalab(tmp_path, *home, *lines))
    lands.adds_up(reading, reading.rows_read)
    establishments = 13 + sum(line.startswith("structureet") for line in lines)
    assert reading.rows_read >= establishments
    assert schema_faults(reading.table, FACILITIES, file="f") == []


def test_legal_entities_are_no_places(tmp_path):
    entity = "structureej;130786049;APHM;;;80;R;;;;055;13"
    with pytest.raises(InputError, match=r"structureej, which are legal entities.*cs1100507"):
        finess(etalab(tmp_path, entity))


def test_departements_of_three_figures():
    frame = pd.DataFrame({"departement": ["974", "974", "1"], "part": ["11", "411", "4"]})
    frame = frame.astype("str").assign(commune=pd.Series(None, index=frame.index, dtype="str"))
    assert _commune_codes(frame).tolist() == ["97411", "97411", "01004"]
