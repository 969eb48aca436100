"""From the sections of a territory file to the readers of directories and of sites."""

import json

import lands
import pytest

from sdaasp_geo.errors import InputError, TerritoryError
from sdaasp_geo.pipeline import readers
from sdaasp_geo.sources.operators import OperatorForm, read_operators
from sdaasp_geo.sources.study import StudyArea
from sdaasp_geo.territory import read_territory

TERRITORY = """
name = "Essai"
departement = "13"
[communes]
path = "communes.gpkg"
columns = { commune = "code", name = "nom", population = "pop" }
[[roads]]
format = "lines"
path = "roads.gpkg"
columns = { road_class = "class" }
%s
[thresholds]
proximite_min = 4
intermediaire_min = 10
superieure_min = 20
"""
ANNUAIRE = '[[facilities]]\nsource = "annuaire"\npath = "annuaire.json"\nvintage = 2024\n'
FINESS = (
    '[[facilities]]\nsource = "finess"\npath = "finess.csv"\nservices = { "620" = "pharmacie" }\n'
)
TRAVAIL = '[[facilities]]\nsource = "france_travail"\npath = "agences.json"\nplace_by = "commune"\n'
OWN = (
    '[[facilities]]\nsource = "operators"\npath = "caf.csv"\nservice = "point_accueil_caf"\n'
    'columns = { commune = "insee", name = "nom" }\n'
)
SITES = (
    '[[sites]]\nsource = "sites"\npath = "caf.csv"\ncolumns = { name = "nom", commune = "insee" }\n'
)


def written(folder, *sections):
    path = folder / "t.toml"
    path.write_text(TERRITORY % "\n".join(sections), encoding="utf-8")
    return path


def test_each_section_reaches_its_reader(tmp_path):
    lon, lat = lands.degrees(5, 5)
    kinds = [("caf", "a"), ("pmi", "b"), ("msap", "c")]
    entries = [
        {"id": name, "pivot": [{"type_service_local": kind, "code_insee_commune": ["13001"]}],
         "adresse": [{"type_adresse": "Adresse", "longitude": lon, "latitude": lat}]}
        for kind, name in kinds
    ]  # fmt: skip
    (tmp_path / "annuaire.json").write_text(json.dumps({"service": entries}))
    fields = ["structureet", "1", *[""] * 10, "001", "13", *[""] * 4, "620", *[""] * 13]
    lands.table(tmp_path / "finess.csv", "finess;etalab;95;2024-11-07", ";".join(fields))
    agency = {"code": "p", "type": "APE", "adressePrincipale": {"communeImplantation": "13003"}}
    (tmp_path / "agences.json").write_text(json.dumps([agency]))
    lands.table(tmp_path / "caf.csv", "insee;nom", "13001;A", "13003;B")
    sites = ['[[sites]]\nsource = "annuaire"\npath = "annuaire.json"\n', SITES]
    own = ANNUAIRE + 'services = { pmi = "maison_de_la_solidarite" }\n'
    territory = read_territory(written(tmp_path, own, FINESS, TRAVAIL, OWN, *sites))
    study = lands.study()
    read = [readers.facilities(territory, section, study) for section in territory.facilities]
    assert [reading.table["service"].tolist() for reading in read] == [
        ["point_accueil_caf", "maison_de_la_solidarite"],
        ["pharmacie"],
        ["pole_emploi"],
        ["point_accueil_caf"] * 2,
    ]
    assert set(read[0].table["vintage"]) == {"2024"}
    listed = [readers.sites(territory, section, study).table for section in territory.sites]
    assert [table["site"].tolist() for table in listed] == [["c"], ["caf-2", "caf-3"]]


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (ANNUAIRE + 'columns = { a = "b" }\n', r"facilities\[1\].columns.*source = 'annuaire' reads"),
        (TRAVAIL + 'service = "pole_emploi"\n', r"facilities\[1\].service'.*france_travail"),
        (FINESS.replace("pharmacie", "pharmacies"), "services.620.*did you mean 'pharmacie'"),
        (OWN.replace("accueil_caf", "acueil_caf"), r"facilities\[1\].service'.*point_accueil_caf"),
        (
            OWN + '[[sites]]\nsource = "france_services"\npath = "f.csv"\ncolumns = { name = "x" }\n',
            r"sites\[1\].columns.*source = 'france_services' reads",
        ),
        (OWN + SITES.replace('"sites"', '"msap"'), r"sites\[1\].source"),
    ],
)  # fmt: skip
def test_keys_that_nobody_reads_are_refused(tmp_path, section, expected):
    with pytest.raises(TerritoryError, match=expected):
        read_territory(written(tmp_path, section))


def test_postcodes_are_no_codes_of_communes(tmp_path):
    """13001 is Marseille for the post and Aix for Insee."""
    for name in ("code_postal", "Code Postal", "CP", "codpos"):
        path = lands.table(tmp_path / "o.csv", f"service,{name}", "pole_emploi,13001")
        form = OperatorForm({"service": "service", "commune": name})
        with pytest.raises(InputError, match=r"a column of INSEE commune codes.*postcode"):
            read_operators(path, study=lands.study(), basket=lands.BASKET, form=form)


def test_what_an_address_adds_to_a_city(tmp_path):
    rows = ["Ville Cedex 20,13000", "VILLE 2e arrondissement,13002", "Ville 12,", "Vile,13000"]
    path = lands.table(tmp_path / "o.csv", "v,cp", *rows)
    columns = {"city": "v", "postcode": "cp"}
    known = lands.places()
    known.units["name"] = known.units["name"].replace("Commune 13055", "Ville")
    study = StudyArea(known, "13", None)
    form = OperatorForm(columns, service="pole_emploi")
    reading = read_operators(path, study=study, basket=lands.BASKET, form=form)
    assert reading.table["commune"].tolist() == ["13055"] * 3
    assert list(lands.rows_of(reading.rejects)) == [5]
