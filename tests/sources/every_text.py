"""A small file of each text format with the faults of spreadsheets in every column of it."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import lands
from fuzz_target import conserved
from fuzz_targets import LAEA, OPERATOR_FORM, PLACES, STUDY, WHERE, X, Y
from test_annuaire import agency, as_xml, entry

from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.bpe_counts import read_bpe_counts
from sdaasp_geo.sources.candidates import read_candidates
from sdaasp_geo.sources.cog import read_cog_movements
from sdaasp_geo.sources.dila import read_annuaire
from sdaasp_geo.sources.filosofi import read_filosofi
from sdaasp_geo.sources.finess import read_finess
from sdaasp_geo.sources.france_services import read_france_services
from sdaasp_geo.sources.france_travail import read_france_travail
from sdaasp_geo.sources.laposte import read_laposte
from sdaasp_geo.sources.levels import read_levels
from sdaasp_geo.sources.operators import read_operators
from sdaasp_geo.sources.origins import read_points_of_origin
from sdaasp_geo.sources.passage import read_passage
from sdaasp_geo.sources.populations import read_populations
from sdaasp_geo.sources.sites import read_annuaire_sites, read_sites

LON, LAT = lands.degrees(5, 5)
# As many sound rows, so that no reader takes the file for another one.
GOOD = 120
# What spreadsheets and exports leave in a cell, by name.
FAULTS = {
    "empty": "",
    "not available": "NA",
    "an error of a formula": "#REF!",
    "no number": "nan",
    "infinite": "inf",
    "negative": "-1",
    "thousands": "1 234",
    "thousands, non-breaking": "1\u00a0234,5",
    "thousands, narrow": "1\u202f234",
    "spaces around": "\u00a013001 ",
    "a zero eaten": "1004",
    "Corsica": "2A004",
    "Corsica in lower case": "2b033",
    "elsewhere": "75056",
    "composed": "é",
    "decomposed": "e\u0301",
    "marks in a cell": 'le "Bar"',
    "separators in a cell": "a;b,c|d",
    "lines in a cell": "a\nb",
}


@dataclass(frozen=True)
class Table:
    """A format in lines: its name, its columns, a sound row by number, what reads it."""

    name: str
    header: tuple[str, ...]
    row: Callable[[int], tuple[object, ...]]
    read: Callable
    separator: str = ";"
    pieces: Callable | None = None

    def rows(self):
        """Sound rows, some of them twice, broken ones, and every fault in every column."""
        sound = [tuple(map(str, self.row(number))) for number in range(GOOD)]
        odd = []
        for column in range(len(self.header)):
            for fault in FAULTS.values():
                cells = [str(cell) for cell in self.row(GOOD + len(odd))]
                cells[column] = fault
                odd.append(tuple(cells))
        moved = (*self.row(GOOD + len(odd)), "moved")
        # A line as it stands: its first mark never closes.
        broken = self.separator.join(['"x', *("y" for _ in self.header[1:])])
        same = tuple(FAULTS["decomposed"] for _ in self.header)
        return [*sound, *sound[:2], tuple(map(str, moved)), broken, *odd, same]

    def checked(self, path):
        return conserved(self.read, self.pieces)(path)


def _degrees(number):
    return lands.degrees(1 + number % 8, 1 + number % 9)


def _metres(number):
    return lands.xy(1 + number % 80 / 10, 1 + number % 90 / 10)


def _square(number):
    east, north = (int(value // 200) * 200 for value in LAEA.transform(X, Y))
    return f"CRS3035RES200mN{north + 200 * (number // 20 % 20)}E{east + 200 * (number % 20)}"


def _squares(table):
    return table["origin"].str.split("-").str[0].nunique()


def _facilities(table):
    return table["facility"].nunique()


def _annuaire_row(number):
    record = entry(number)
    return (record["id"], record["nom"], json.dumps(record["pivot"]),
            json.dumps(record["adresse"]), "13001")  # fmt: skip


_ANNUAIRE = ("id", "nom", "pivot", "adresse", "code_insee_commune")
_CODES = sorted({code for service in lands.BASKET.services for code in service.bpe})
_SITE_COLUMNS = {"name": "nom", "site": "id", "commune": "insee", "lon": "lon", "lat": "lat"}
_SITE_COLUMNS |= {"operators": "partenaires", "hours_per_week": "heures", "closed": "fin"}

TABLES = {
    "read_annuaire": [
        Table(
            "annuaire.csv", _ANNUAIRE, _annuaire_row, lambda p: read_annuaire(p, **WHERE),
            separator=",", pieces=_facilities,
        )
    ],
    "read_annuaire_sites": [
        Table(
            "annuaire.csv", _ANNUAIRE, _annuaire_row,
            lambda p: read_annuaire_sites(p, study=STUDY, kinds=["caf"]), separator=",",
        )
    ],
    "read_bpe": [
        Table(
            "bpe.csv",
            ("DEPCOM", "TYPEQU", "LAMBERT_X", "LAMBERT_Y", "QUALITE_XY"),
            lambda n: ("13001", "D301", *_metres(n), "Bonne"),
            # Years that differ in a file are refused whole: the vintage is told instead.
            lambda p: read_bpe(p, vintage=2021, **WHERE),
        )
    ],
    "read_bpe_counts": [
        Table(
            "comptes.csv",
            ("DEPCOM", "TYPEQU", "NB_EQUIP"),
            lambda n: (("13001", "13003", "84001")[n % 3], _CODES[n // 3 % len(_CODES)], "4"),
            lambda p: read_bpe_counts(p, **WHERE),
        )
    ],
    "read_cog_movements": [
        Table(
            "v_mvt_commune_2026.csv",
            ("MOD", "DATE_EFF", "TYPECOM_AV", "COM_AV", "TYPECOM_AP", "COM_AP", "LIBELLE_AV"),
            lambda n: ("32", "2019-01-01", "COM", f"13{n:03}", "COM", "13001", "Là"),
            read_cog_movements, separator=",",
        )
    ],
    "read_filosofi": [
        Table(
            "carreaux_200m_met.csv",
            ("idcar_200m", "i_est_200", "lcog_geo", "ind"),
            lambda n: (_square(n), n % 2, "13001", "12.5"),
            lambda p: read_filosofi(p, places=PLACES, departement="13"), pieces=_squares,
        )
    ],
    "read_finess": [
        Table(
            "t_finess.csv",
            ("finess", "etat", "rs", "categ_code", "com_code", "geoloc_4326_lat",
             "geoloc_4326_long"),
            lambda n: (f"13{n:07}", "ACTUEL", f"N{n}", "124", "13001", *_degrees(n)[::-1]),
            lambda p: read_finess(p, **WHERE), separator=",",
        )
    ],
    "read_france_services": [
        Table(
            "liste.csv",
            ("id_fs", "lib_fs", "insee_com", "latitude", "longitude", "format_fs", "h_lundi"),
            lambda n: (n, f"FS {n}", "13001", *_degrees(n)[::-1], "Fixe", "9h-12h"),
            lambda p: read_france_services(p, study=STUDY), separator=",",
        )
    ],
    "read_laposte": [
        Table(
            "laposte.csv",
            ("#Identifiant_du_site", "Libellé_du_site", "Caractéristique_du_site", "Code_INSEE",
             "Latitude", "Longitude"),
            lambda n: (f"{n}A", "Aé", "Bureau de poste", "13001", *_degrees(n)[::-1]),
            lambda p: read_laposte(p, **WHERE),
        )
    ],
    "read_levels": [
        Table(
            "epci.csv",
            ("CODGEO", "EPCI", "LIBEPCI"),
            lambda n: (f"13{n:03}", "200054807", "Métropole"),
            read_levels, pieces=lambda table: table["commune"].nunique(),
        )
    ],
    "read_operators": [
        Table(
            "caf.csv",
            ("service", "id", "insee", "lon", "lat", "nom"),
            lambda n: ("caf", f"c{n}", "13001", *_degrees(n), f"N{n}"),
            lambda p: read_operators(p, form=OPERATOR_FORM, **WHERE), separator=",",
        )
    ],
    "read_passage": [
        Table(
            "passage.csv",
            ("CODGEO_2013", "CODGEO_2026"),
            lambda n: (f"13{n:03}", "13001"),
            lambda p: read_passage(p, columns={"old": "CODGEO_2013", "commune": "CODGEO_2026"}),
        )
    ],
    "read_points_of_origin": [
        Table(
            "points.csv",
            ("id", "ind", "x", "y"),
            lambda n: (f"p{n}", "12", *_metres(n)),
            lambda p: read_points_of_origin(
                p,
                places=PLACES,
                departement="13",
                columns={"origin": "id", "population": "ind", "x": "x", "y": "y"},
            ),
        )
    ],
    "read_populations": [
        Table(
            "DS_POPULATIONS_REFERENCE.csv",
            ("GEO", "GEO_OBJECT", "POPREF_MEASURE", "TIME_PERIOD", "OBS_VALUE"),
            lambda n: (f"13{n:03}", "COM", "PMUN", "2022", "7"),
            lambda p: read_populations(p, year=2022),
        ),
        Table(
            "donnees_communes.csv",
            ("CODDEP", "CODCOM", "PMUN"),
            lambda n: ("13", f"{n:03}", "7"),
            read_populations,
        ),
    ],
    "read_sites": [
        Table(
            "msap.csv",
            ("id", "nom", "insee", "lon", "lat", "partenaires", "heures", "fin"),
            lambda n: (f"s{n}", f"N{n}", "13001", *_degrees(n), "CAF, MSA", "12,5", ""),
            lambda p: read_sites(p, study=STUDY, columns=_SITE_COLUMNS, vintage=2024),
        )
    ],
}  # fmt: skip


def _candidates(path):
    table = read_candidates(path)
    assert len(table) > 0
    return table


CANDIDATES = Table(
    "places.csv", ("name", "lon", "lat"), lambda n: (f"N{n}", *_degrees(n)), _candidates
)


def _paths(record, path=()):
    """Every place of a record that holds a text."""
    items = record.items() if isinstance(record, dict) else enumerate(record)
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield from _paths(value, (*path, key))
        yield (*path, key)


def odd_records(good):
    """Sound records, a repeated one, entries that are none, and every fault in every place."""
    records = [good(number) for number in range(GOOD)]
    records += [good(0), None, "x", 3, [], {}]
    for path in list(_paths(good(0))):
        for fault in (*FAULTS.values(), None, [], {}, [FAULTS["composed"]], 13001, 1e400):
            record = good(len(records))
            inner = record
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = fault
            records.append(record)
    return records


RECORDS = {
    "read_annuaire": (entry, "service", lambda p: read_annuaire(p, **WHERE)),
    "read_annuaire_sites": (
        lambda number: entry(number, "msap"),
        "service",
        lambda p: read_annuaire_sites(p, study=STUDY),
    ),
    "read_france_travail": (
        lambda number: agency(f"A{number}"),
        "resultats",
        lambda p: read_france_travail(p, **WHERE),
    ),
}


def odd_xmls():
    """Desks in the older form: each a file of its own, sound, cut, or with a fault."""
    whole = as_xml(entry(0))
    files = {f"a/{number}.xml": as_xml(entry(number)) for number in range(GOOD)}
    files["a/twice.xml"] = whole
    for place in range(0, len(whole), 40):
        files[f"a/cut-{place}.xml"] = whole[:place]
    texts = [fault.encode() for fault in FAULTS.values()]
    values = (b"id-0", b"caf", b"13001", b"0900", b"lundi", LON.encode())
    for number, (value, text) in enumerate((v, t) for v in values for t in texts):
        files[f"a/odd-{number}.xml"] = whole.replace(value, text)
    return files
