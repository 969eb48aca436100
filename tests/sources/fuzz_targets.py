"""What is fuzzed: a reader of each text format, files that it reads, and what must hold."""

import re
from importlib import resources

import lands
import pandas as pd
from fuzz_registers import REGISTERS
from fuzz_target import Target, both_ends, conserved, lines
from pyproj import Transformer
from test_bpe_forms import dbf_bytes, record

import toy_territory
from sdaasp_geo.basket import load_basket
from sdaasp_geo.scenarios.bouquets import load_bouquet
from sdaasp_geo.scenarios.scenario_file import read_scenario
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.candidates import read_candidates
from sdaasp_geo.sources.dbf import read_dbf
from sdaasp_geo.sources.fetch.registry import read_registry
from sdaasp_geo.sources.filosofi import read_filosofi
from sdaasp_geo.sources.france_services import read_france_services
from sdaasp_geo.sources.laposte import read_laposte
from sdaasp_geo.sources.opening_hours import day_hours
from sdaasp_geo.sources.operators import OperatorForm, read_operators
from sdaasp_geo.sources.origins import read_points_of_origin
from sdaasp_geo.sources.passage import read_passage
from sdaasp_geo.sources.text import read_text
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.territory import read_territory

LAEA = Transformer.from_crs(lands.CRS, "EPSG:3035", always_xy=True)
STUDY, PLACES = lands.study(), lands.places()
WHERE = {"study": STUDY, "basket": lands.BASKET}
X, Y = lands.xy(5, 5)
LON, LAT = lands.degrees(5, 5)


def table(path):
    """Read a table with nothing meant by its cells."""
    notes = Notes(path.name)
    text = read_text(path, notes, required=["code", "nom"], optional=["x"], separators=(";", ","))
    assert text.frame.index.is_unique
    return notes.close(text.frame, text.rows_read)


def dbf(path):
    """Read a dBase table with nothing meant by its cells."""
    notes = Notes(path.name)
    pieces = list(read_dbf(path, notes, required=["DEPCOM"], optional=["AN", "QUALITE_XY"]))
    frame = pd.concat([piece.frame for piece in pieces])
    return notes.close(frame, sum(piece.rows_read for piece in pieces))


def hours(path):
    for line in re.split(r"[\r\n]+", path.read_bytes().decode("utf-8", "replace")):
        found = day_hours(line)
        assert found is None or 0 <= found <= 24, (line, found)


BPE_ROW = f"13001;2023;D307;{X};{Y};B;2154;11;{LON};{LAT}"
BPE = lines(
    "DEPCOM;AN;TYPEQU;LAMBERT_X;LAMBERT_Y;QUALITE_XY;EPSG;QUALITE_GEOLOC;LONGITUDE;LATITUDE",
    *(BPE_ROW, "13202;2023;A203;;;_Z;;33;;", "75056;2023;D307;652000,5;6862000;A;2154;11;;"),
)
QUOTED = lines(
    '"GEO";"GEO_OBJECT";"FACILITY_TYPE";"BPE_MEASURE";"TIME_PERIOD";"OBS_VALUE"',
    *('"13001";"COM";"D307";"FACILITIES";"2024";"4"', '"13001";"COM";"_T";"FACILITIES";"2024";"9"'),
    *('"13";"DEP";"D307";"FACILITIES";"2024";"90"', '"13202";"COM";"A203";"FACILITIES";"2024";"1"'),
)
OPERATORS = lines(
    "service,id,insee,lon,lat,nom",
    *(f'caf,c1,13001,{LON},{LAT},"Point, accueil"', f"caf,c2,,{LON},{LAT},"),
    *(f"mairie,c3,13003,{LAT},{LON},é", "caf,c4,13055,,,"),
)
OPERATOR_FORM = OperatorForm(
    {"service": "service", "facility": "id", "commune": "insee", "lon": "lon", "lat": "lat"}
    | {"name": "nom"},
    services={"caf": "point_accueil_caf"},
)
POSTE = lines(
    "#Identifiant_du_site;Libellé_du_site;Caractéristique_du_site;Code_INSEE;Latitude;Longitude",
    *(f"1A;Aa;Bureau de poste;13001;{LAT};{LON}", f"2A;Bé;Relais poste;13202;{LAT};{LON}"),
)
SERVICES = lines(
    '"id_fs","lib_fs","insee_com","latitude","longitude","type_fs","format_fs","h_lundi","h_mardi"',
    f'"1","FS, de Aa","13001","{LAT}","{LON}","Principal","Fixe","9h-12h","08:30-12:00 / 13:30-17:00"',
    f'"2","Bus","13003","{LAT}","{LON}","Antenne","Itinérante","","Fermé\nle mardi"',
)
_EAST, _NORTH = (int(value // 200) * 200 for value in LAEA.transform(X, Y))
SQUARES = lines(
    "idcar_200m,i_est_200,lcog_geo,ind",
    f"CRS3035RES200mN{_NORTH}E{_EAST},1,13001,12.5",
    f"CRS3035RES200mN{_NORTH + 200}E{_EAST},0,1300113055,7",
)
HOURS = lines(
    *("9h-12h", "9h00 - 12h30 / 14h-17h", "08:30-12:00, 13:30-17:00", "Fermé", "sur rendez-vous"),
    *("de 9h à 12h et de 14 h à 17 h 30", "9:00-12:00|14:00-18:00", "24h/24", "-", "9-12"),
)
SCENARIO = """
name = "Tout"
[[open]]
name = "Bus"
format = "itinerant"
stops = [{ commune = "01002", days_per_month = 2 }, { x = 25000, y = 5000, name = "Place" }]
services = ["point_accueil_caf"]
hours_per_week = 12
[[close]]
service = "pharmacie"
commune = "01001"
count = 1
[[move]]
from = "caf-1"
to = { lon = 5.1, lat = 43.2 }
[[convert]]
site = "fs-1"
from = "msap_13"
to = "france_services_2020"
"""
BASKET = """
name = "Deux"
source = "moi"
[[gammes]]
id = "proximite"
label = "proximité"
[[services]]
id = "pharmacie"
label = "pharmacie"
gamme = "proximite"
bpe = ["D301", "D307"]
"""
PACKAGE = resources.files("sdaasp_geo")
BOUQUET = (PACKAGE / "scenarios" / "data" / "bouquet-msap_13.toml").read_bytes()
REGISTRY = (PACKAGE / "sources" / "fetch" / "data" / "registry.toml").read_bytes()
# Its first entries: the whole of it would only be slower.
REGISTRY = b"[[file]]".join(REGISTRY.split(b"[[file]]")[:3])

DBF = dbf_bytes(record(), record(2, 3, typequ="C101"), record(18, 5, depcom="13202"), deleted=[1])

TARGETS = {
    "table": Target(
        ".csv",
        (
            *both_ends(lines('code;x;"nom"', '1;"a;b";"c ""d"""', "01004;;é", '2;"sur\ndeux";x')),
            lines("Titre", "", "code,x,nom", "1,2,3", encoding="cp1252"),
        ),
        conserved(table),
        share=1.0,
    ),
    "dbf": Target(".dbf", (DBF,), conserved(dbf), share=1.0),
    "bpe csv": Target(".csv", both_ends(BPE), conserved(lambda p: read_bpe(p, **WHERE))),
    "bpe dbf": Target(".dbf", (DBF,), conserved(lambda p: read_bpe(p, **WHERE))),
    "bpe counts": Target(
        ".csv",
        (QUOTED, lines("DEPCOM;TYPEQU;NB_EQUIP", "13001;D301;4", "13202;A203;3", "84001;D201;1")),
        conserved(lambda p: read_bpe_counts(p, **WHERE)),
    ),
    "operators": Target(
        ".csv",
        both_ends(OPERATORS),
        conserved(lambda p: read_operators(p, form=OPERATOR_FORM, **WHERE)),
    ),
    "laposte": Target(".csv", both_ends(POSTE), conserved(lambda p: read_laposte(p, **WHERE))),
    "france services": Target(
        ".csv", both_ends(SERVICES), conserved(lambda p: read_france_services(p, study=STUDY))
    ),
    "points": Target(
        ".csv",
        (lines("id;ind;x;y", f"a;12;{X};{Y}", f"b;1,5;{X + 900};{Y}", "c;;1;2"),),
        conserved(
            lambda p: read_points_of_origin(
                p,
                places=PLACES,
                departement="13",
                columns={"origin": "id", "population": "ind", "x": "x", "y": "y"},
            )
        ),
    ),
    "squares": Target(
        ".csv",
        (SQUARES, SQUARES.replace(b",", b";")),
        conserved(
            lambda p: read_filosofi(p, places=PLACES, departement="13"),
            pieces=lambda found: found["origin"].str.split("-").str[0].nunique(),
        ),
    ),
    "passage": Target(
        ".csv",
        (lines("old;commune", "13999;13001", "13998;13003", "2A001;2A004"),),
        conserved(lambda p: read_passage(p, columns={"old": "old", "commune": "commune"})),
    ),
    "candidates": Target(
        ".csv", (lines("name;lon;lat", f"Aa;{LON};{LAT}", f"Bé;{LON};{LAT}"),), read_candidates
    ),
    "opening hours": Target(".txt", (HOURS,), hours, share=1.0),
    "territory": Target(".toml", (toy_territory.TOML.encode(),), read_territory, share=1.0),
    "scenario": Target(".toml", (SCENARIO.encode(),), read_scenario, share=1.0),
    "basket": Target(".toml", (BASKET.encode(),), load_basket, share=1.0),
    "bouquet": Target(".toml", (BOUQUET,), load_bouquet, share=1.0),
    "registry": Target(".toml", (REGISTRY,), read_registry, share=1.0),
    **REGISTERS,
}
