"""No silent loss: of each public reader, every row is in the table, the rejects or the unused.

A new ``read_…`` of the library without a place in `PROVEN` fails here.
"""

import json
import re
import zipfile

import extracts
import lands
import numpy as np
import pytest
from every_layer import LAYERS
from every_text import CANDIDATES, FAULTS, RECORDS, TABLES, odd_records, odd_xmls
from fuzz_registers import graphml
from fuzz_targets import PLACES, SCENARIO, WHERE
from test_insee_access import row as published
from test_insee_access import write as write_published
from test_population_grids import raster, read_raster

import sdaasp_geo
import toy_territory
from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.scenario_file import read_scenario
from sdaasp_geo.sources.dila import read_annuaire
from sdaasp_geo.sources.graphml import read_graphml
from sdaasp_geo.sources.insee_access import read_insee_access_times
from sdaasp_geo.sources.osm_facilities import read_osm_facilities
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.territory import read_territory

# Two nodes for each way of the extract.
GOOD_WAYS = 5 + 6 * len(FAULTS)
_ENDS = ("\n", "\r\n", "\r")


def _line(cells, separator):
    """Quote what must be, as RFC 4180 has it; a text is a line as it stands."""
    if isinstance(cells, str):
        return cells
    special = {separator, '"', "\n"}
    return separator.join(
        '"' + cell.replace('"', '""') + '"' if special & set(cell) else cell for cell in cells
    )


def _written(table, rows, *, encoding="utf-8", ends=("\n",), above=()):
    lines = [*above, *(_line(cells, table.separator) for cells in (table.header, *rows))]
    whole = "".join(line + ends[number % len(ends)] for number, line in enumerate(lines))
    return whole.encode(encoding)


def _read(folder, table, payload):
    folder.mkdir()
    path = folder / table.name
    path.write_bytes(payload)
    return table.checked(path)


_CASES = [
    pytest.param(table, id=f"{name}-{table.name}")
    for name, tables in TABLES.items()
    for table in tables
]


@pytest.mark.parametrize("table", _CASES)
def test_no_row_of_a_text_table_is_lost(tmp_path, table):
    rows = table.rows()
    reading = _read(tmp_path / "a", table, _written(table, rows))
    assert reading.rows_read == len(rows)
    assert len(reading.table) > 0
    # As a spreadsheet saves it: a mark, a title and an empty line above, mixed line ends.
    payload = b"\xef\xbb\xbf" + _written(table, rows, ends=_ENDS, above=("Titre", ""))
    again = _read(tmp_path / "b", table, payload)
    assert again.rows_read == len(rows)
    assert len(again.table) == len(reading.table)
    assert set(again.rejects["row"] - 2) == set(reading.rejects["row"])


@pytest.mark.parametrize("name", ["read_passage", "read_laposte"])
def test_no_row_is_lost_in_an_older_encoding(tmp_path, name):
    (table,) = TABLES[name]
    rows = [row for row in table.rows() if not re.search("[\u0301\u202f]", "".join(row))]
    reading = _read(tmp_path / "a", table, _written(table, rows, encoding="cp1252", ends=_ENDS))
    assert reading.rows_read == len(rows)
    assert len(reading.table) > 0


def test_every_odd_candidate_is_named(tmp_path):
    rows = CANDIDATES.rows()
    path = tmp_path / CANDIDATES.name
    path.write_bytes(_written(CANDIDATES, rows))
    # Nobody is to look for a place in a list of rejects: the file is refused, row by row.
    with pytest.raises(InputError) as caught:
        CANDIDATES.read(path)
    named = {fault.row for fault in caught.value.faults}
    assert named
    assert all(row is not None for row in named)
    sound = [cells for row, cells in enumerate(rows, start=2) if row not in named]
    path.write_bytes(_written(CANDIDATES, sound))
    assert len(CANDIDATES.read(path)) == len(sound)


@pytest.mark.parametrize("name", RECORDS)
def test_no_entry_of_a_directory_is_lost(tmp_path, name):
    good, key, read = RECORDS[name]
    records = odd_records(good)
    whole = json.dumps({"date": "2024", key: records}, ensure_ascii=False)
    path = tmp_path / "a.json"
    path.write_bytes(b"\xef\xbb\xbf" + whole.encode())
    reading = read(path)
    table = reading.table
    named = table["facility"] if "facility" in table else table["site"]
    assert reading.rows_read == len(records)
    assert reading.rows_kept == named.nunique() > 0
    assert reading.rejects["row"].is_unique


def test_no_file_of_the_older_annuaire_is_lost(tmp_path):
    files = odd_xmls()
    path = tmp_path / "annuaire.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    reading = read_annuaire(path, **WHERE)
    assert reading.rows_read == len(files)
    assert reading.rows_kept == reading.table["facility"].nunique()
    assert reading.rejects["row"].is_unique
    broken = reading.rejects["reason"] == "not an entry of this directory"
    assert broken.sum() >= sum(name.startswith("a/cut") for name in files)


def _sound_rest(frame, layer, path):
    """Read a layer; where it is refused, once more without the rows that are named."""
    frame.to_file(path)
    try:
        return frame, layer.read(path)
    except InputError as error:
        # The first feature is row 1; a fault without a row would fail here.
        named = {fault.row - 1 for fault in error.faults}
    rest = frame.drop(index=list(named))
    rest.to_file(path)
    return rest, layer.read(path)


@pytest.mark.parametrize("name", LAYERS)
def test_no_feature_of_a_layer_is_lost(tmp_path, name):
    layer = LAYERS[name]
    frame, reading = _sound_rest(layer.frame(), layer, tmp_path / "a.gpkg")
    assert reading.rows_read == len(frame)
    assert reading.rows_kept == len(reading.table) >= layer.good
    assert reading.rejects["row"].is_unique


def _told(reading):
    """Rows read, those of the table, and all that are somewhere once."""
    assert reading.rejects["row"].is_unique
    out = len(reading.rejects) + int(reading.unused["rows"].sum())
    assert reading.rows_read == reading.rows_kept + out
    return reading.rows_read, reading.rows_kept


def test_no_way_and_no_place_of_openstreetmap_is_lost(tmp_path):
    # Nodes a kilometre apart; ways of their own, without a common node.
    nodes = [(n + 1, (n % 9, n // 9 % 9), {"amenity": "pharmacy"}) for n in range(2 * GOOD_WAYS)]
    keys = ("highway", "oneway", "maxspeed", "access", "junction", "duration")
    tags = [{}] * 5 + [{key: fault} for key in keys for fault in FAULTS.values()]
    ways = [
        (1000 + number, [2 * number + 1, 2 * number + 2], {"highway": "primary"} | told)
        for number, told in enumerate(tags)
    ]
    gone = [(5000, [1], {"highway": "primary"}), (5001, [99_999, 1], {"highway": "primary"})]
    path = extracts.write_extract(tmp_path / "a.osm.pbf", nodes, [*ways, *gone])
    roads = read_osm_pbf(path, crs=lands.CRS)
    read, kept = _told(roads)
    assert read == len(ways) + len(gone)
    assert kept == len(roads.table) > 5
    odd = [(n + 1, (n, 5), {"amenity": fault}) for n, fault in enumerate(FAULTS.values()) if fault]
    path = extracts.write_extract(tmp_path / "b.osm.pbf", [*odd, *nodes[30:60]])
    places = read_osm_facilities(path, **WHERE)
    read, kept = _told(places)
    assert read == len(odd) + 30
    assert kept == places.table["facility"].nunique() >= 30


def test_no_edge_of_a_graph_is_lost(tmp_path):
    keys = ("highway", "length", "maxspeed", "oneway", "reversed", "geometry")
    way = {"highway": "primary"}
    edges = [("1", "2", way | {key: fault}) for key in keys for fault in FAULTS.values()]
    endless = "LINESTRING (0 0, 1e999 1)"
    edges.append(("1", "2", way | {"geometry": endless}))
    whole = graphml(("1", "2", way), ("2", "1", way), *edges)
    path = tmp_path / "a.graphml"
    path.write_bytes(whole)
    reading = read_graphml(path, crs=lands.CRS)
    read, kept = _told(reading)
    assert read == len(edges) + 2
    # Two edges of opposite directions are one row, open both ways.
    both = int((~reading.table["oneway"]).sum())
    assert kept == len(reading.table) + both


def test_no_cell_of_a_raster_is_lost(tmp_path):
    people = np.array([[1.5, 0.0, -1.0, np.nan, np.inf], [7.0, 7.0, -200.0, 1e300, 2.0]])
    reading = read_raster(raster(tmp_path / "p.tif", people, cell_km=9.0, dtype="float64"))
    read, kept = _told(reading)
    assert read <= people.size
    assert kept == reading.table["origin"].str.rsplit("-", n=1).str[0].nunique() > 0


def test_no_row_of_the_published_times_is_lost(tmp_path):
    texts = ("idSrc", "depcom", "iris", "typeeq_id")
    odd = [published(**{key: fault}) for key in texts for fault in FAULTS.values()]
    numbers = (None, np.nan, np.inf, -1.0, 1e300)
    odd += [published(**{key: number}) for key in ("pop", "duree") for number in numbers]
    rows = [published(6, 8), published(7, 7, code="A101"), *odd, published(6, 8)]
    found = read_insee_access_times(
        write_published(tmp_path / "a.parquet", *rows),
        basket=lands.BASKET,
        places=PLACES,
        departement="13",
    )
    read, kept = _told(found.reading)
    assert read == len(rows)
    assert kept > 1


def test_no_key_of_a_document_is_passed_over(tmp_path):
    path = tmp_path / "t.toml"
    for read, text in ((read_territory, toy_territory.TOML), (read_scenario, SCENARIO)):
        path.write_text(text, encoding="utf-8")
        read(path)
        headers = [place.end() for place in re.finditer(r"^\[.*\]$", text, flags=re.MULTILINE)]
        for place in (0, *headers):
            path.write_text(f"{text[:place]}\nzzz = 1\n{text[place:]}", encoding="utf-8")
            with pytest.raises(InputError, match="zzz"):
                read(path)


# Which test here proves it of each public reader.
PROVEN = {
    **dict.fromkeys(TABLES, test_no_row_of_a_text_table_is_lost),
    **dict.fromkeys(RECORDS, test_no_entry_of_a_directory_is_lost),
    **dict.fromkeys(LAYERS, test_no_feature_of_a_layer_is_lost),
    "read_candidates": test_every_odd_candidate_is_named,
    "read_osm_pbf": test_no_way_and_no_place_of_openstreetmap_is_lost,
    "read_osm_facilities": test_no_way_and_no_place_of_openstreetmap_is_lost,
    "read_graphml": test_no_edge_of_a_graph_is_lost,
    "read_population_raster": test_no_cell_of_a_raster_is_lost,
    "read_insee_access_times": test_no_row_of_the_published_times_is_lost,
    "read_territory": test_no_key_of_a_document_is_passed_over,
    "read_scenario": test_no_key_of_a_document_is_passed_over,
}


def test_every_public_reader_is_proven():
    public = {name for name in sdaasp_geo.__all__ if name.startswith("read_")}
    assert public == set(PROVEN)
