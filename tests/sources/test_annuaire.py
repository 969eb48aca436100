"""The annuaire de l'administration in all its forms, and the agencies of France Travail."""

import bz2
import gzip
import io
import json
import tarfile
import zipfile

import lands
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources import json_records, members
from sdaasp_geo.sources.dila import read_annuaire, record_desk
from sdaasp_geo.sources.france_travail import read_france_travail
from sdaasp_geo.sources.sites import read_annuaire_sites
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import FACILITIES, SITES

WEEK = {
    "nom_jour_debut": "Lundi",
    "nom_jour_fin": "Vendredi",
    "valeur_heure_debut_1": "09:00:00",
    "valeur_heure_fin_1": "12:00:00",
    "valeur_heure_debut_2": "14:00:00",
    "valeur_heure_fin_2": "17:00:00",
    "commentaire": "",
}


def address(east=5, north=5, kind="Adresse"):
    lon, lat = lands.degrees(east, north)
    return {"type_adresse": kind, "code_postal": "13000", "longitude": lon, "latitude": lat}


def entry(number, kind="caf", code="13001", addresses=None, **more):
    return {
        "id": f"id-{number}",
        "nom": f"Guichet {number}",
        "ancien_code_pivot": f"{kind}-{code}-01",
        "pivot": [{"type_service_local": kind, "code_insee_commune": [code]}],
        "adresse": [address()] if addresses is None else addresses,
        # A copy: other tests put faults in every place of an entry.
        "plage_ouverture": [dict(WEEK)],
        "siret": "",
    } | more


ENTRIES = [
    entry(1),
    entry(2, "cpam", "13003", [address(25, 5)]),
    entry(3, "mairie"),
    entry(4, "Gendarmerie", "13202", [address(18, 5)]),
    # Two kinds, one of them nobody's; a desk of two services.
    entry(5, pivot=[
        {"type_service_local": "sie", "code_insee_commune": ["13003"]},
        {"type_service_local": "sip", "code_insee_commune": ["13003"]},
    ], adresse=[address(26, 5)]),
    entry(6, pivot=[
        {"type_service_local": "caf", "code_insee_commune": ["13003"]},
        {"type_service_local": "cpam", "code_insee_commune": ["13003"]},
    ], adresse=[address(27, 5)]),
    entry(7, "msa", "13003", []),
    entry(1),
    entry(9, "caf", "84099", [address(5, 115)]),
]  # fmt: skip
EXPECTED = [
    ("id-1", "point_accueil_caf", "13001"),
    ("id-2", "point_accueil_cpam", "13003"),
    ("id-4", "police_ou_gendarmerie", "13202"),
    ("id-5", "finances_publiques", "13003"),
    ("id-6", "point_accueil_caf", "13003"),
    ("id-6", "point_accueil_cpam", "13003"),
    ("id-7", "point_accueil_msa", "13003"),
]


def as_xml(record):
    """One desk in the form that the annuaire had until 2022."""
    (pivot,) = record["pivot"][:1]
    (code,) = pivot["code_insee_commune"]
    kinds = {"Adresse": "géopostale", "Adresse postale": "postale"}
    places = "".join(
        f'<Adresse type="{kinds[item["type_adresse"]]}"><Ligne>1 rue</Ligne>'
        f"<CodePostal>13000</CodePostal><Localisation><Latitude>{item['latitude']}</Latitude>"
        f"<Longitude>{item['longitude']}</Longitude><Précision>8</Précision></Localisation></Adresse>"
        for item in record["adresse"]
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Organisme id="{record["id"]}" codeInsee="{code}" dateMiseAJour="2016-02-01"'
        f' pivotLocal="{pivot["type_service_local"]}"><Nom>{record["nom"]} &amp; fils</Nom>{places}'
        "<CoordonnéesNum><Téléphone>0</Téléphone></CoordonnéesNum>"
        '<Ouverture><PlageJ début="lundi" fin="vendredi"><PlageH début="09:00:00" fin="12:00:00"/>'
        '<PlageH début="14:00:00" fin="17:00:00"/></PlageJ></Ouverture></Organisme>'
    ).encode()


def tar(path, files, mode="w:bz2"):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def annuaire(path, **options):
    return read_annuaire(path, study=lands.study(), basket=lands.BASKET, **options)


def offers(reading):
    table = reading.table
    return list(zip(table["facility"], table["service"], table["unit"], strict=True))


WHOLE = json.dumps({"date": "2024", "service": ENTRIES}, ensure_ascii=False).encode()


@pytest.mark.parametrize("form", ["json", "bom", "gz", "bz2", "zip", "tar.bz2", "list", "results"])
def test_json_of_any_container(tmp_path, form):
    path = tmp_path / f"local.{form}"
    if form in {"json", "bom"}:
        path = tmp_path / "local.json"
        path.write_bytes((b"\xef\xbb\xbf" if form == "bom" else b"") + WHOLE)
    elif form in {"gz", "bz2"}:
        path = tmp_path / f"local.json.{form}"
        path.write_bytes({"gz": gzip, "bz2": bz2}[form].compress(WHOLE))
    elif form == "zip":
        zipped(path, {"local.json": WHOLE, "lisez-moi.txt": b"x"})
    elif form == "tar.bz2":
        tar(path, {"all/2024-data.gouv_local.json": WHOLE, "all/notice.pdf": b"%PDF"})
    else:
        path = tmp_path / "local.json"
        # The publisher's interface writes lists as text.
        entries = [
            {key: json.dumps(value) if isinstance(value, list) else value
             for key, value in item.items()}
            for item in ENTRIES
        ] if form == "results" else ENTRIES  # fmt: skip
        path.write_text(
            json.dumps({"total_count": 9, "results": entries} if form == "results" else entries)
        )
    reading = annuaire(path, vintage=2024)
    assert offers(reading) == EXPECTED
    assert schema_faults(reading.table, FACILITIES, file="a") == []
    assert lands.rows_of(reading.rejects) == {8: "a repetition of an earlier row"}
    assert dict(zip(reading.unused["code"], reading.unused["rows"], strict=True)) == {
        "mairie": 1,
        "84": 1,
    }
    assert (reading.rows_read, reading.rows_kept) == (9, 6)
    assert lands.rows_of(reading.flags) == {7: "no position: placed at its commune"}
    assert set(reading.table["vintage"]) == {"2024"}


@pytest.mark.parametrize("form", ["tar.bz2", "zip", "folder", "one"])
def test_xml_of_any_container(tmp_path, form):
    listed = [item for item in ENTRIES if len(item["pivot"]) == 1]
    files = {f"all/organismes/13/{n}.xml": as_xml(item) for n, item in enumerate(listed)}
    # An index of a commune is no desk; what is cut is told.
    files["all/communes/13/13001.xml"] = b'<Commune codeInsee="13001"><Nom>A</Nom></Commune>'
    files["all/organismes/13/cut.xml"] = as_xml(ENTRIES[0])[:-20]
    if form == "folder":
        path = tmp_path / "all"
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
    elif form == "one":
        path = tmp_path / "caf.xml"
        path.write_bytes(as_xml(ENTRIES[0]))
    else:
        writer = tar if form == "tar.bz2" else zipped
        path = writer(tmp_path / f"all.{form}", files)
    reading = annuaire(path, vintage=2016)
    table = reading.table
    if form == "one":
        assert offers(reading) == EXPECTED[:1]
        assert table["name"].tolist() == ["Guichet 1 & fils"]
        return
    assert set(offers(reading)) == {
        item for item in EXPECTED if item[0] in {"id-1", "id-2", "id-4", "id-7"}
    }
    reasons = sorted(reading.rejects["reason"])
    assert reasons == ["a repetition of an earlier row", "not an entry of this directory"]
    lands.adds_up(reading, len(listed) + 1)


def test_the_csv_of_the_interface(tmp_path):
    def quoted(value):
        return '"' + str(value).replace('"', '""') + '"'

    rows = [
        ";".join([item["id"], item["nom"], quoted(json.dumps(item["pivot"])),
                  quoted(json.dumps(item["adresse"])), item["ancien_code_pivot"]])
        for item in ENTRIES
    ]  # fmt: skip
    path = lands.table(tmp_path / "annuaire.csv", "id;nom;pivot;adresse;ancien_code_pivot", *rows)
    assert offers(annuaire(path)) == EXPECTED


def test_more_kinds_for_an_analyst(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([entry(1, "pmi"), entry(2, "PMI", "13003", [address(25, 5)])]))
    reading = annuaire(path, services={"pmi": "maison_de_la_solidarite"}, place_by="commune")
    assert set(reading.table["service"]) == {"maison_de_la_solidarite"}
    assert set(reading.table["known_by"]) == {"commune"}


def test_what_is_doubtful_is_flagged(tmp_path):
    served = [{"type_service_local": "caf", "code_insee_commune": ["13001", "13003"]}]
    postal = address(kind="Adresse postale")
    entries = [
        entry(1, pivot=served, ancien_code_pivot=""),
        entry(2, pivot=served, ancien_code_pivot="caf-13003-01", adresse=[address(25, 5)]),
        entry(3, adresse=[postal]),
        entry(4, "cpam", adresse=[postal, address(6, 5)]),
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(entries))
    reading = annuaire(path)
    assert reading.table["unit"].tolist() == ["13001", "13003", "13001", "13001"]
    told = reading.flags.groupby("row")["reason"].agg(list).to_dict()
    assert told == {
        1: ["no commune code: placed by its position", "several communes: its position decides"],
        3: [
            "the position of a postal address alone",
            "same service at the same place as row 1: perhaps one and the same",
        ],
    }
    assert reading.table.geometry[3].distance(lands.point(6, 5)) < 1.0


def test_sites_of_the_annuaire_with_their_hours(tmp_path):
    odd = WEEK | {"commentaire": "semaines paires"}
    entries = [
        entry(1, "msap"),
        entry(2, "msap", "13003", [address(25, 5)], plage_ouverture=[odd]),
        entry(3, "caf"),
        entry(4, "msap", plage_ouverture=[]),
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(entries))
    reading = read_annuaire_sites(path, study=lands.study(), vintage=2024)
    table = reading.table
    assert schema_faults(table, SITES, file="s") == []
    assert table["site"].tolist() == ["id-1", "id-2", "id-4"]
    assert table["hours_per_week"].fillna(-1).tolist() == [30.0, -1.0, -1.0]
    reasons = lands.rows_of(reading.flags)
    assert reasons[2] == "opening hours that cannot be read"
    assert reasons[4] == "same service at the same place as row 1: perhaps one and the same"
    lands.adds_up(reading, 4)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "a list of records in JSON, found nothing"),
        (b"<html>", "a list of records in JSON, found '<'"),
        (b'{"service": [{"id": 1}, {"id', "row 2.*expected JSON"),
        (b'{"service": [{"id": 1}', "expected ']', found the end of the file"),
        (b'{"date": 1}', "under 'service' or 'results', found date"),
        (b"[1] []", "one list of records"),
        (b'{"service": [\xff]}', "text in UTF-8"),
        (b"[" * 100_000, "expected JSON"),
    ],
)
def test_files_that_are_no_annuaire(tmp_path, content, expected):
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=expected):
        annuaire(path)


BILLION = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<Organisme id="x"><Nom>&b;</Nom></Organisme>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]>
<Organisme id="x"><Nom>&a;</Nom></Organisme>"""


@pytest.mark.parametrize("content", [BILLION, OUTSIDE])
def test_entities_are_refused(tmp_path, content):
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    with pytest.raises(InputError, match="data without declared entities, found the entity 'a'"):
        annuaire(path)


def test_archives_that_are_traps(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="no such file"):
        annuaire(tmp_path / "absent.json")
    path = zipped(tmp_path / "out.zip", {"../a.json": WHOLE})
    with pytest.raises(InputError, match="names inside the archive's own folder"):
        annuaire(path)
    path = zipped(tmp_path / "none.zip", {"a.txt": b"x"})
    with pytest.raises(InputError, match=r"files that end with \.json or \.xml, found none"):
        annuaire(path)
    path = tmp_path / "cut.json.gz"
    path.write_bytes(gzip.compress(WHOLE)[:-30])
    with pytest.raises(InputError, match="a whole file or archive.*interrupted download"):
        annuaire(path)
    path = tmp_path / "cut.tar.bz2"
    path.write_bytes(tar(tmp_path / "whole.tar.bz2", {"a.json": WHOLE}).read_bytes()[:-40])
    with pytest.raises(InputError, match="interrupted download"):
        annuaire(path)
    monkeypatch.setattr(members, "MOST_BYTES", 1000)
    path = tmp_path / "a.json"
    path.write_bytes(WHOLE)
    with pytest.raises(InputError, match="made to never end"):
        annuaire(path)


def test_a_large_file_is_never_held_whole(tmp_path):
    """No more text is held than a piece and a record, however the pieces are cut."""
    many = ENTRIES * 20
    content = json.dumps({"service": many}).encode()
    longest = max(len(json.dumps(item)) for item in ENTRIES)
    for size in (1, 700, 100_000):
        pieces = (content[start : start + size] for start in range(0, len(content), size))
        reader = json_records._Reader(pieces, "a")
        held, found = 0, []
        for record in reader.records(("service",)):
            found.append(record)
            held = max(held, len(reader._text))
            if size == 1 and len(found) == 30:
                break
        assert found == many[: len(found)]
        assert held <= size + longest + 20
        assert size == 1 or len(found) == len(many)


VALUES = st.sampled_from(["13001", "13003", "13055", "13777", "75056", "1301", "", None, 3, [], {}])
PLACES = st.sampled_from([*lands.degrees(5, 5), "nan", "0", "", None, 5, "91"])
RECORDS = st.one_of(
    st.sampled_from([None, 3, "x", []]),
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.sampled_from(["a", "b", "", None, 7]),
            "nom": st.sampled_from(["CAF", "", None]),
            "pivot": st.one_of(
                st.sampled_from([None, "x", "[", []]),
                st.lists(
                    st.fixed_dictionaries(
                        {
                            "type_service_local": st.sampled_from(
                                ["caf", "sip", "mairie", "", None]
                            ),
                            "code_insee_commune": st.one_of(VALUES, st.lists(VALUES, max_size=2)),
                        }
                    ),
                    max_size=2,
                ),
            ),
            "adresse": st.lists(
                st.fixed_dictionaries(
                    {
                        "type_adresse": st.sampled_from(["Adresse", "x"]),
                        "longitude": PLACES,
                        "latitude": PLACES,
                    }
                ),
                max_size=2,
            ),
            "plage_ouverture": st.sampled_from([[], [WEEK], [{"nom_jour_debut": 3}], "x", None]),
        },
    ),
)


@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=st.lists(RECORDS, max_size=8))
def test_every_entry_is_somewhere_once(tmp_path, records):
    path = tmp_path / "a.json"
    home = [entry(f"home-{n}") for n in range(40)]
    path.write_text(json.dumps(home + records))
    reading = annuaire(path)
    rejected = reading.rejects["row"]
    assert rejected.is_unique
    assert reading.rows_read == 40 + len(records)
    kept = reading.table["facility"].nunique()
    assert reading.rows_read == kept + len(rejected) + reading.unused["rows"].sum()
    assert schema_faults(reading.table, FACILITIES, file="a") == []


@settings(deadline=None, max_examples=40)
@given(record=RECORDS)
def test_a_record_of_any_shape_is_a_desk(record):
    if isinstance(record, dict):
        desk = record_desk(record)
        assert desk.facility is None or desk.facility
        assert all(isinstance(kind, str) for kind in desk.types)


def agency(code, kind="APE", east=5, commune="13001"):
    lon, lat = lands.lonlat(east, 5)
    place = {"ligne4": "1 RUE", "gpsLon": lon, "gpsLat": lat, "communeImplantation": commune}
    return {"code": code, "libelle": code, "libelleEtendu": f"Agence France Travail {code}",
            "type": kind, "siret": "130005481", "adressePrincipale": place}  # fmt: skip


def test_agencies_of_france_travail(tmp_path):
    agencies = [
        agency("PAC1"),
        agency("PAC2", "APES", 25, "13003"),
        agency("PAC3", "DR"),
        {"code": "PAC4", "type": "RPE", "adressePrincipale": {"communeImplantation": "13003"}},
        "x",
        agency("PAC1"),
    ]
    path = tmp_path / "agences.json"
    path.write_text(json.dumps(agencies))
    reading = read_france_travail(path, study=lands.study(), basket=lands.BASKET, vintage=2025)
    table = reading.table
    assert schema_faults(table, FACILITIES, file="t") == []
    assert table["facility"].tolist() == ["PAC1", "PAC2", "PAC4"]
    assert set(table["service"]) == {"pole_emploi"}
    assert table["name"].fillna("-").tolist() == [
        "Agence France Travail PAC1", "Agence France Travail PAC2", "-",
    ]  # fmt: skip
    assert table["known_by"].tolist() == ["position", "position", "commune"]
    assert reading.unused["code"].tolist() == ["DR"]
    assert lands.rows_of(reading.rejects) == {
        5: "not an entry of this directory",
        6: "a repetition of an earlier row",
    }
    lands.adds_up(reading, 6)


def test_a_desk_of_several_addresses(tmp_path):
    two = [address(6, 5), address(7, 5)]
    entries = [entry(1, adresse=two), entry(2, adresse=[address(8, 5), address(8, 5)])]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(entries))
    reading = annuaire(path)
    assert reading.table.geometry[0].distance(lands.point(6, 5)) < 1.0
    assert lands.rows_of(reading.flags) == {1: "several addresses: the first one is taken"}
