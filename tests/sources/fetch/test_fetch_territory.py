"""The registry, and the territory file that a fetch ends with."""

import json
import re
import subprocess
import sys
import tomllib
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
from fetch_server import QUICK
from official_files import bodies

import sdaasp_geo as sg
from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.fetch import (
    FetchChoice,
    FetchError,
    Registry,
    fetch,
    read_registry,
)
from sdaasp_geo.sources.fetch.registry import filled, read_departements
from sdaasp_geo.sources.fetch.result import FetchedFile
from sdaasp_geo.sources.fetch.territory_file import territory_text

OFFICIAL = {
    "www.insee.fr", "api.insee.fr", "data.geopf.fr", "www.data.gouv.fr", "download.geofabrik.de",
    "etalab-datasets.geo.data.gouv.fr", "lecomarquage.service-public.gouv.fr",
}  # fmt: skip
KINDS = [
    "bpe", "communes", "chefs_lieux", "movements", "appartenance", "densite", "osm", "osm_around",
    "annuaire", "finess", "france_services",
]  # fmt: skip


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    return bodies(tmp_path_factory.mktemp("made"))


@pytest.fixture
def official(server, files):
    """The library's own registry, its hosts replaced by the loopback server."""
    known = read_departements()
    entries = []
    for entry in read_registry().entries:
        parts = urlsplit(entry.url)
        entries.append(entry.model_copy(update={"url": entry.url.replace(
            f"{parts.scheme}://{parts.netloc}", server.url)}))  # fmt: skip
        if entry.kind in files:
            for item in filled(entries[-1], "13", known):
                path = unquote(item.url.removeprefix(server.url))
                server.serve(path, files[entry.kind])
    return Registry(tuple(entries), "registry.toml")


def test_from_nothing_to_a_diagnostic(official, server, tmp_path):
    result = fetch("13", tmp_path / "in", choice=FetchChoice(only=KINDS, registry=official))
    assert {file.kind for file in result.files} == set(KINDS)
    territory = sg.read_territory(result.territory)
    assert (territory.name, territory.departement) == ("Bouches-du-Rhône", "13")
    inputs = sg.check(territory)
    assert list(inputs.communes["commune"]) == ["13001", "13002"]
    assert list(inputs.communes["population"]) == [100, 200]
    assert set(inputs.communes["chef_lieu_kind"]) == {"given"}
    assert set(inputs.communes["epci_name"]) == {"Métropole d'Un"}
    # Each place once, from the file that knows it best, though several list it.
    served = inputs.facilities.groupby(["service", "source"]).size().to_dict()
    assert served == {
        ("pharmacie", "BPE25.parquet"): 2,
        ("medecin_generaliste", "BPE25.parquet"): 1,
        ("bureau_de_poste", "BPE25.parquet"): 1,
        ("police_ou_gendarmerie", "BPE25.parquet"): 1,
        ("centre_de_sante", "BPE25.parquet"): 1,
        **{
            (service, "2026-07-01_050014-data.gouv_local.json"): 1
            for service in ("point_accueil_caf", "point_accueil_cpam", "point_accueil_msa",
                            "point_accueil_carsat", "maison_de_la_solidarite", "pole_emploi",
                            "finances_publiques")
        },
        ("centre_planification_familiale", "finess-etablissements.csv"): 1,
    }  # fmt: skip
    # What is left to another file is told as such.
    unused = inputs.unused[["code", "reason"]].itertuples(index=False, name=None)
    left, nobodys = "a service that another file gives (without)", "no service of the basket has"
    reasons = {"A120": left, "A122": left, "gendarmerie": left, "124": left, "mairie": nobodys}
    assert {code: reason[: len(reasons[code])] for code, reason in unused} == reasons
    assert len(inputs.sites) == 1
    assert len(inputs.rejects) == 0
    assert set(inputs.levels.communes["level"]) == {
        "epci", "canton", "zone_emploi", "unite_urbaine", "aire_attraction", "bassin_de_vie", "densite",
    }  # fmt: skip
    # 13009 became part of 13002 in 2019.
    assert inputs.places.at(2013).unit_of(pd.Series(["13009"])).tolist() == ["13002"]
    # The streets of two extracts are one network.
    assert [section.path for section in territory.roads] == [
        "provence-alpes-cote-d-azur-latest.osm.pbf",
        "languedoc-roussillon-latest.osm.pbf",
    ]
    assert inputs.network.node_x.size == 100
    assert inputs.network.component_nodes.size == 1
    # The vintage of a moving file is the day that its server changed it.
    assert [section.vintage for section in territory.facilities] == [2025, *["2026-07-01"] * 2]
    assert territory.sites[0].vintage == "2026-07-01"
    # The filters arrive as they were written.
    asked = [path for path, _ in server.log]
    assert any("IN ('13','04','30','83','84')" in path for path in asked)
    assert any("code_insee LIKE '13%' OR code_insee LIKE '04%'" in path for path in asked)


def test_squares_quarters_and_the_post_come_beside_on_demand(official, tmp_path):
    only = ["communes", "osm", "bpe", "bpe_counts", "appartenance", "epci"]
    also = ["carreaux_200m", "qpv", "laposte", "populations", "bdtopo"]
    choice = FetchChoice(only=only, also=also, registry=official)
    result = fetch("13", tmp_path / "in", choice=choice)
    assert [file.kind for file in result.files] == [
        kind for kind in official.kinds if kind in {*only, *also}
    ]
    territory = sg.read_territory(result.territory)
    # Two files of the same places or of the same level: the better one alone is named.
    assert [(item.source, item.without) for item in territory.facilities] == [
        ("bpe", ["bureau_de_poste"]), ("laposte", []),
    ]  # fmt: skip
    assert [item.level for item in territory.levels] == [None, "qpv"]
    inputs = sg.check(territory)
    assert list(inputs.communes["population"]) == [1000, 2000]
    assert (territory.origins.kind, territory.origins.size_m) == ("squares", 200)
    assert [name[:12] for name in inputs.origins["origin"]] == ["CRS3035RES20"] * 2
    assert set(inputs.levels.origins["level"]) == {"qpv"}
    counted = inputs.facilities["service"].value_counts().to_dict()
    assert counted["bureau_de_poste"] == 1
    # Without the annuaire and FINESS the BPE is read for their services.
    assert counted["finances_publiques"] == counted["pole_emploi"] == 1
    assert len(inputs.rejects) == 0
    # The archive that nothing here opens is there, and told of in no section.
    assert "BDTOPO" not in result.territory.read_text("utf-8")


def test_communes_without_people_and_counts_do_too(official, tmp_path):
    kinds = ["contours", "populations", "bpe_counts", "epci", "osm"]
    result = fetch("13", tmp_path / "in", choice=FetchChoice(only=kinds, registry=official))
    inputs = sg.check(sg.read_territory(result.territory))
    assert list(inputs.communes["population"]) == [1000, 2000]
    assert set(inputs.communes["epci_name"]) == {"Métropole d'Un"}
    assert inputs.facilities["service"].tolist() == ["pharmacie"]


def test_a_second_run_brings_nothing_and_says_the_same(official, server, tmp_path):
    choice = FetchChoice(only=KINDS, registry=official)
    first = fetch("13", tmp_path / "in", choice=choice)
    text = first.territory.read_text("utf-8")
    before = len(server.log)
    again = fetch("13", tmp_path / "in", choice=choice)
    assert len(server.log) == before
    assert again.territory == first.territory
    assert again.territory.read_text("utf-8") == text
    assert {file.how for file in again.files} == {"kept"}
    assert [file.sha256 for file in again.files] == [file.sha256 for file in first.files]


def test_an_edited_territory_file_is_never_written_over(official, tmp_path):
    choice = FetchChoice(only=KINDS, registry=official)
    first = fetch("13", tmp_path / "in", choice=choice)
    first.territory.write_text("# à moi\n" + first.territory.read_text("utf-8"), "utf-8")
    again = fetch("13", tmp_path / "in", choice=choice)
    assert first.territory.read_text("utf-8").startswith("# à moi")
    assert again.territory.name == "territoire-13.nouveau.toml"
    assert sg.read_territory(again.territory).departement == "13"


def test_the_summary_names_vintage_licence_bytes_and_hash(official, tmp_path):
    result = fetch("13", tmp_path / "in", choice=FetchChoice(only=KINDS, registry=official))
    lines = result.summary().splitlines()
    assert re.split(r"  +", lines[0]) == [
        "file", "vintage", "bytes", "sha256", "licence", "publisher", "how"
    ]  # fmt: skip
    file = result.files[0]
    told = ["BPE25.parquet", "2025", str(file.size_bytes), file.sha256, "Licence Ouverte 2.0"]
    assert re.split(r"  +", lines[1]) == [*told, "Insee", "downloaded"]
    assert "ODbL 1.0" in result.summary()
    assert lines[-1] == f"territory file: {result.territory}"
    stored = json.loads((tmp_path / "in" / "sources.json").read_text("utf-8"))
    assert stored["files"]["BPE25.parquet"]["sha256"] == file.sha256
    assert stored["files"]["BPE25.parquet"]["licence"] == "Licence Ouverte 2.0"


def test_without_roads_there_is_no_territory_file(official, tmp_path):
    result = fetch("13", tmp_path / "in", choice=FetchChoice(only=["bpe"], registry=official))
    assert result.territory is None
    assert result.lacking == ("communes", "roads")
    assert "it would need communes, roads too" in result.summary()


def test_the_files_that_came_make_a_territory_file_all_the_same(official, server, tmp_path):
    server.resources = {
        path: item for path, item in server.resources.items() if "all_latest" not in path
    }
    choice = FetchChoice(only=KINDS, registry=official)
    with pytest.raises(FetchError, match=r"annuaire-administration\.tar\.bz2.*HTTP 404") as caught:
        fetch("13", tmp_path / "in", choice=choice, patience=QUICK)
    territory = sg.read_territory(caught.value.result.territory)
    # What the missing file would have given is taken from the one that came.
    assert [(item.source, item.without) for item in territory.facilities] == [
        ("bpe", []), ("finess", ["centre_de_sante"]),
    ]  # fmt: skip


def test_an_older_vintage_is_had_by_name(official, server, tmp_path):
    choice = FetchChoice(only=["bpe"], vintages={"bpe": 2024}, registry=official)
    (file,) = fetch("13", tmp_path / "in", choice=choice).files
    assert (file.path.name, file.vintage) == ("BPE24.parquet", 2024)
    assert [path for path, _ in server.log] == ["/fr/statistiques/fichier/8217525/BPE24.parquet"]


def test_all_that_a_diagnostic_needs_is_the_default(official, server, tmp_path):
    with pytest.raises(FetchError, match=r"arrondissements-13\.geojson.*HTTP 404") as caught:
        fetch("13", tmp_path / "in", choice=FetchChoice(registry=official), patience=QUICK)
    assert {file.kind for file in caught.value.result.files} == set(KINDS)
    # With a vintage alone, the rest is as by default.
    choice = FetchChoice(vintages={"bpe": "2023"}, registry=official)
    with pytest.raises(FetchError) as caught:
        fetch("13", tmp_path / "in", choice=choice, patience=QUICK)
    assert {fault.file for fault in caught.value.faults} == {
        "BPE23.zip",  # the server has a parquet file there
        "arrondissements-13.geojson",
    }


@pytest.mark.parametrize(
    ("code", "choice", "said"),
    [
        (
            "99",
            FetchChoice(),
            "expected the code of a département, such as 13, 2A or 974, found '99'",
        ),
        ("Gironde", FetchChoice(), r"did you mean 33\?"),
        ("13", FetchChoice(only=["bpé"]), "expected one of bpe, bpe_counts, communes.*found 'bpé'"),
        ("13", FetchChoice(also=["qvp"]), "column 'kind'.*found 'qvp'"),
        ("971", FetchChoice(also=["carreaux_1km"]), "an edition of 'carreaux_1km' for 971"),
        ("13", FetchChoice(vintages={"osn": 1}), "column 'kind'.*found 'osn'"),
        (
            "13",
            FetchChoice(vintages={"bpe": 1999}),
            r"vintages: 2025, 2024, 2023\), found none of 1999",
        ),
        ("2A", FetchChoice(only=["arrondissements"]), "an edition of 'arrondissements' for 2A"),
        ("13", FetchChoice(registry="no.toml"), r"no\.toml: expected a registry of files"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(tmp_path, code, choice, said):
    with pytest.raises(InputError, match=said):
        fetch(code, tmp_path / "in", choice=choice)
    assert not (tmp_path / "in").exists()


def test_a_registry_of_ones_own_is_checked(tmp_path):
    good = {"kind": "a", "name": "a.csv", "url": "https://a", "form": "csv",
            "publisher": "a", "licence": "a", "what": "a"}  # fmt: skip
    bad = good | {"name": "../a", "url": "file:///etc/passwd", "form": "doc", "sha256": "1", "x": 1}
    path = tmp_path / "r.toml"
    path.write_text("".join(f"[[file]]\n{toml(item)}" for item in (good, bad)), "utf-8")
    with pytest.raises(InputError) as caught:
        read_registry(path)
    where = {fault.column for fault in caught.value.faults}
    assert where == {f"file.2.{key}" for key in ("name", "url", "form", "sha256", "x")}
    path.write_text(f"[[file]]\n{toml(good)}[[file]]\n{toml(good | {'kind': 'b'})}", "utf-8")
    with pytest.raises(InputError, match="a name of its own for each file, found 'a.csv'"):
        fetch("13", tmp_path / "in", choice=FetchChoice(registry=path))
    path.write_text(f"[[file]]\n{toml(good | {'name': 'sources.json'})}", "utf-8")
    with pytest.raises(InputError, match="a name of its own for each file, found 'sources.json'"):
        fetch("13", tmp_path / "in", choice=FetchChoice(registry=path))


def toml(values):
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


def test_every_entry_of_the_registry_is_official_and_says_where_it_was_found():
    for entry in read_registry().entries:
        assert urlsplit(entry.url).scheme == "https"
        assert urlsplit(entry.url).netloc in OFFICIAL
        assert entry.source
        assert entry.licence in {"Licence Ouverte 2.0", "ODbL 1.0"}


def test_a_percent_sign_of_a_filter_is_no_escape():
    entry = next(entry for entry in read_registry().entries if entry.kind == "chefs_lieux")
    (corsica,) = filled(entry, "2A", read_departements())
    said = "code_insee%20LIKE%20%272A%25%27%20OR%20code_insee%20LIKE%20%272B%25%27"
    assert corsica.url.endswith(f"CQL_FILTER={said}")


def test_a_service_is_left_to_another_file_by_name(official, tmp_path):
    kinds = ["bpe", "communes", "osm", "annuaire"]
    path = fetch("13", tmp_path / "in", choice=FetchChoice(only=kinds, registry=official)).territory
    text = path.read_text("utf-8")
    wrong = {
        'without = ["police_ou_gendarmerie"]': [
            ('without = ["police_ou_gendarmeri"]', r"did you mean 'police_ou_gendarmerie'"),
            ('without = ["pole_emploi"]\nservices = { mds = "pole_emploi" }',
             r"facilities\[2\]\.without': expected no service that `services` names"),
        ],
        'source = "bpe"': [
            ('source = "operators"', r"expected a key that source = 'operators' reads, found 'without'"),
        ],
    }  # fmt: skip
    for told, cases in wrong.items():
        assert told in text
        for instead, said in cases:
            path.write_text(text.replace(told, instead), "utf-8")
            with pytest.raises(InputError, match=said):
                sg.read_territory(path)


def test_every_departement_has_its_neighbours_and_its_extract():
    known = read_departements()
    assert len(known) == 101
    for code, land in known.items():
        assert code not in land.around
        assert land.around == sorted(land.around)
        for other in land.around:
            assert code in known[other].around
    # Old régions: 22 in the hexagon and Corsica, 5 overseas.
    assert len({land.osm for land in known.values()}) == 27
    assert known["13"].osm == known["04"].osm == "provence-alpes-cote-d-azur"
    assert known["33"].osm == "aquitaine"


def test_the_territory_file_of_every_departement_is_read(tmp_path):
    known = read_departements()
    (cities,) = [item for item in read_registry().entries if item.kind == "arrondissements"]
    arrondissements = cities.departements
    for code, land in known.items():
        came = [
            (item, came_of(item, tmp_path))
            for entry in read_registry().entries
            if entry.serves(code)
            for item in filled(entry, code, known)
        ]
        path = tmp_path / f"{code}.toml"
        path.write_text(territory_text(code, land, came), "utf-8")
        territory = sg.read_territory(path)
        assert territory.name == land.name
        extracts = [section.path.removesuffix("-latest.osm.pbf") for section in territory.roads]
        assert extracts[0] == land.osm
        assert set(extracts) == {known[other].osm for other in [code, *land.around]}
        assert len(set(extracts)) == len(extracts)
        assert (territory.communes.arrondissements is None) == (code not in arrondissements)
        # Insee's squares are of the hexagon, Martinique and La Réunion.
        points = "chef_lieu" if code in {"971", "973", "976"} else "squares"
        assert territory.origins.kind == points


def came_of(entry, folder):
    return FetchedFile(
        entry.kind, folder / entry.name, entry.url, entry.vintage, entry.licence,
        entry.publisher, 1, "0" * 64,
    )  # fmt: skip


def test_odd_texts_of_a_registry_stay_texts(tmp_path):
    entry = read_registry().entries[0]
    text = "a\n[thresholds]\nx = 1"
    odd = entry.model_copy(
        update={"what": text, "remark": text, "section": {"columns": {'a"b]': "é\\\n"}}}
    )
    land = read_departements()["13"]
    parsed = tomllib.loads(territory_text("13", land, [(odd, came_of(entry, tmp_path))]))
    assert parsed["facilities"][0]["columns"] == {'a"b]': "é\\\n"}
    assert "x" not in parsed["thresholds"]


def test_importing_loads_neither_pooch_nor_requests(tmp_path):
    code = (
        "import sys, sdaasp_geo.sources.fetch\n"
        "print(sorted({'pooch', 'requests', 'pandas', 'geopandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"
