"""Fuzzed readers of registers and of reference: directories, FINESS, codes, levels, criteria."""

import json
from importlib import resources
from xml.sax.saxutils import escape

import lands
from fuzz_target import Target, both_ends, conserved, lines
from test_annuaire import ENTRIES, agency, as_xml
from test_cog import HEADER as MOVEMENTS
from test_cog import STORY
from test_finess import LINES as FINESS_LINES

from sdaasp_geo.scenarios.criteria_file import load_criteria
from sdaasp_geo.scenarios.dashboard_file import load_board
from sdaasp_geo.sources.cog import read_cog_movements
from sdaasp_geo.sources.dila import annuaire_list, read_annuaire
from sdaasp_geo.sources.finess import read_finess
from sdaasp_geo.sources.france_travail import read_france_travail
from sdaasp_geo.sources.graphml import read_graphml
from sdaasp_geo.sources.levels import read_levels
from sdaasp_geo.sources.populations import read_populations
from sdaasp_geo.sources.sites import read_annuaire_sites, read_sites
from sdaasp_geo.tables.reading import Notes

STUDY = lands.study()
WHERE = {"study": STUDY, "basket": lands.BASKET}
LON, LAT = lands.degrees(5, 5)


def desks(read):
    """Count desks: one of several services is one row of its file."""
    return conserved(read, pieces=lambda table: table["facility"].nunique())


def records(path):
    """Read the entries of a JSON or XML file, with nothing meant by where they are."""
    notes = Notes(path.name)
    listed = annuaire_list(path, notes)
    assert listed.desks.index.is_unique
    return notes.close(listed.desks, listed.rows_read)


def graph(path):
    """Read a graph: two edges of opposite directions are one row of the table."""
    reading = read_graphml(path, crs=lands.CRS)
    rows = len(reading.table)
    assert rows <= reading.rows_kept <= 2 * rows, (reading.rows_kept, rows)
    assert reading.rejects["row"].is_unique
    return reading


ANNUAIRE = desks(lambda p: read_annuaire(p, **WHERE))


def _annuaire(path):
    """Read a directory for both of its tables."""
    ANNUAIRE(path)
    return conserved(lambda p: read_annuaire_sites(p, study=STUDY, kinds=["msap", "caf"]))(path)


_KEPT = [0, 1, 4, 6]
JSON = json.dumps({"service": [ENTRIES[number] for number in _KEPT]}, ensure_ascii=False).encode()
XML = as_xml(ENTRIES[0])
INDEX = b'<?xml version="1.0"?><Commune codeInsee="13001"><Organisme id="a"/></Commune>'


def _cell(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return '"' + text.replace('"', '""') + '"'


_NAMES = ("id", "nom", "pivot", "adresse", "plage_ouverture")
DESKS_CSV = lines(
    ",".join(_NAMES),
    *(",".join(_cell(ENTRIES[number][name]) for name in _NAMES) for number in _KEPT),
)
AGENCIES = json.dumps(
    {"resultats": [agency("P1"), agency("P2", "APES", 25, "13003"), agency("P3", "DR"), "x"]}
).encode()
FINESS = lines("finess;etalab;95;2024-11-07", *FINESS_LINES[:2], *FINESS_LINES[8:10])
T_FINESS = lines(
    "finess,etat,rs,categ_code,com_code,geoloc_4326_lat,geoloc_4326_long",
    *(f"130000001,ACTUEL,A,124,13001,{LAT},{LON}", "130000002,FERME,B,124,13001,,"),
    '130000003,ACTUEL,"C, d\'é",228,13003,,',
)
SITES = lines(
    "nom;insee;partenaires;type;lundi;fin",
    *('MSAP "Un";13001;CAF, CPAM;Fixe;9h-12h;', "MSAP É;13202;CAF + MSA;bus;08:30-12:00;2030"),
)
SITE_COLUMNS = {"name": "nom", "commune": "insee", "operators": "partenaires", "format": "type"}
SITE_COLUMNS |= {"h_lundi": "lundi", "closed": "fin"}
POPULATIONS = (
    lines(
        '"GEO";"GEO_OBJECT";"FREQ";"POPREF_MEASURE";"TIME_PERIOD";"OBS_VALUE"',
        *('"13001";"COM";"A";"PMUN";"2021";"1 234"', '"13201";"ARM";"A";"PMUN";"2022";"12"'),
        *('"13001";"COM";"A";"PTOT";"2022";"9"', '"13003";"COM";"A";"PMUN";"2022";"7,0"'),
    ),
    lines("CODREG;CODDEP;CODCOM;COM;PMUN", "93;13;001;Un;5", "04;974;411;Là;6", "94;2A;004;É;8"),
    lines("CODGEO,LIBGEO,PMUN2021,PMUN2020", "13001,Un,5,4", "01004,É,,3"),
)
LEVELS = (
    lines(
        "CODGEO;LIBGEO;EPCI;LIBEPCI;DENS;LIBDENS", "13001;Un;200054807;M;5;B", "13003;T;;ZZZZZ;1;"
    ),
    lines("CODGEO,BV2012,LIBBV2012", "13001,13001,Un", "2A004,2A004,É"),
)


def graphml(*edges):
    """Write a graph as osmnx does: two nodes 1 km apart, and edges of these attributes."""
    keys = ("crs", "x", "y", "highway", "length", "maxspeed", "oneway", "geometry", "reversed")
    domains = ("graph", "node", "node", *["edge"] * 6)
    declared = "".join(
        f'<key id="{key}" for="{domain}" attr.name="{key}" attr.type="string"/>\n'
        for key, domain in zip(keys, domains, strict=True)
    )
    places = {"1": lands.xy(0, 0), "2": lands.xy(1, 0)}
    nodes = "".join(
        f'<node id="{name}"><data key="x">{x}</data><data key="y">{y}</data></node>\n'
        for name, (x, y) in places.items()
    )
    ways = "".join(
        f'<edge source="{start}" target="{end}">'
        + "".join(f'<data key="{key}">{escape(str(value))}</data>' for key, value in told.items())
        + "</edge>\n"
        for start, end, told in edges
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n{declared}'
        f'<graph edgedefault="directed"><data key="crs">{lands.CRS}</data>\n'
        f"{nodes}{ways}</graph></graphml>\n"
    ).encode()


_WAY = {"highway": "residential", "length": 1000.0, "maxspeed": "['30', '50']"}
_COURSE = f"LINESTRING ({lands.WEST} {lands.SOUTH}, {lands.WEST + 1000} {lands.SOUTH})"
GRAPH = graphml(
    ("1", "2", _WAY),
    ("2", "1", _WAY | {"reversed": "True"}),
    ("1", "2", {"highway": "['primary', 'trunk']", "geometry": _COURSE, "oneway": "True"}),
)
_DATA = resources.files("sdaasp_geo") / "scenarios" / "data"
CRITERIA = tuple(
    (_DATA / f"criteria-{name}.toml").read_bytes()
    for name in ("charente", "france_services", "premiers_services")
)

REGISTERS = {
    "populations": Target(".csv", POPULATIONS, conserved(read_populations)),
    "cog movements": Target(
        ".csv", both_ends(lines(MOVEMENTS, *STORY[:4], *STORY[6:8])), conserved(read_cog_movements)
    ),
    "levels": Target(
        ".csv",
        LEVELS,
        conserved(read_levels, pieces=lambda table: table["commune"].nunique()),
    ),
    "json": Target(".json", (JSON,), conserved(records), share=1.0),
    "xml": Target(".xml", (XML, INDEX), conserved(records), share=1.0),
    "annuaire json": Target(".json", (JSON,), _annuaire),
    "annuaire xml": Target(".xml", (XML, INDEX), ANNUAIRE),
    "annuaire csv": Target(".csv", both_ends(DESKS_CSV), ANNUAIRE),
    "france travail": Target(
        ".json", (AGENCIES,), desks(lambda p: read_france_travail(p, **WHERE))
    ),
    "finess": Target(".csv", (FINESS, T_FINESS), conserved(lambda p: read_finess(p, **WHERE))),
    "sites": Target(
        ".csv",
        both_ends(SITES),
        conserved(lambda p: read_sites(p, study=STUDY, columns=SITE_COLUMNS, vintage=2024)),
    ),
    "graphml": Target(".graphml", (GRAPH,), graph, share=1.0),
    "criteria": Target(".toml", CRITERIA, load_criteria),
    "board": Target(".toml", ((_DATA / "dashboard-charente.toml").read_bytes(),), load_board),
}
