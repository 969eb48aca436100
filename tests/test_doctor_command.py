"""`sdaasp-geo doctor`: what is there, what is not, and what to type about it."""

import importlib.metadata
import json
import sys
import tomllib
from pathlib import Path

import pytest

import toy_territory
from sdaasp_geo import cli
from sdaasp_geo.pipeline import doctor
from sdaasp_geo.pipeline.doctor import EXTRAS, installation
from sdaasp_geo.pipeline.doctor_territory import territory_findings
from sdaasp_geo.territory import read_territory

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.fixture
def territory(tmp_path):
    return toy_territory.write(tmp_path / "in")


@pytest.fixture
def run(monkeypatch, capsys):
    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["sdaasp-geo", "doctor", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return command


def told(findings, state):
    return [item.text.format(*item.values) for item in findings if item.state == state]


def test_a_sound_installation_and_the_next_step(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    version = importlib.metadata.version("sdaasp-geo")
    assert f"✓ sdaasp-geo {version}, Python 3" in out
    assert "packages required, all there" in out
    assert "sdaasp-geo example exemple" in out


def test_every_part_for_users_is_named():
    extras = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(EXTRAS) == set(extras) - {"bench", "dev", "docs"}


def test_a_part_that_is_not_installed_says_what_it_gives_and_how_to_have_it(monkeypatch):
    def required():
        return {"": ["numpy"], "page": ["numpy", "no-such-package"], "osm": ["numpy"]}

    monkeypatch.setattr(doctor, "_required", required)
    extras = [item for item in installation() if item.topic == "extras"]
    assert [(item.state, item.command) for item in extras] == [
        ("ok", ""),
        ("lacking", "pip install 'sdaasp-geo[page]'"),
    ]
    assert "the observatory" in told(extras, "lacking")[0]


def test_a_package_that_is_missing_is_wrong(monkeypatch, run):
    monkeypatch.setattr(doctor, "_required", lambda: {"": ["no-such-package"]})
    code, out, _ = run()
    assert code == 1
    assert "✗ packages that are missing: no-such-package" in out


def test_compiled_searches_that_cannot_be_kept_are_told(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked / "cache"))
    assert any("compiles them anew" in text for text in told(installation(), "lacking"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    (tmp_path / "kernel.nbi").write_bytes(bytes(3 << 20))
    assert f"compiled searches in {tmp_path}: 3 MB" in told(installation(), "ok")


def test_little_room_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "_LEAST_DISK_GIB", 1e9)
    monkeypatch.setattr(doctor, "_LEAST_MEMORY_GIB", 1e9)
    lacking = told(installation(), "lacking")
    assert sum("little for" in text for text in lacking) == 1 + doctor._MEMINFO.is_file()


def test_a_territory_says_what_it_has_and_goes_without(run, territory):
    code, out, _ = run(territory, "--json")
    assert code == 0
    found = json.loads(out)["findings"]
    assert set(found[0]) == {"topic", "state", "message", "command"}
    inputs = [(item["state"], item["message"]) for item in found if item["topic"] == "inputs"]
    assert ("ok", "communes: communes.gpkg") in inputs
    assert ("ok", "facilities: counts.csv, vintage 2013") in inputs
    optional = {item["message"].split(" (")[0]: item["command"] for item in found
                if item["topic"] == "optional"}  # fmt: skip
    folder = territory.parent
    fetch = f"sdaasp-geo fetch {folder} --departement 01 --only"
    assert optional["no squares"] == f"{fetch} carreaux_200m"
    assert optional["no France Services"] == f"{fetch} france_services"
    # The Ain has no city with arrondissements, and its chefs-lieux are named.
    assert not {"no municipal arrondissements", "no chefs-lieux"} & optional.keys()
    # `mairie` is no service of the basket, and no file but the operators' could give these.
    [sourceless] = [text for text in optional if text.startswith("services of the basket")]
    assert "point_accueil_msa" in sourceless
    assert "point_accueil_caf" not in sourceless
    assert "pharmacie" not in sourceless
    commands = [item["command"] for item in found if item["topic"] == "next"]
    assert commands[0] == f"sdaasp-geo check {territory}"


def test_a_missing_file_is_wrong_and_what_to_type_is_first(run, territory):
    (territory.parent / "communes.gpkg").unlink()
    code, out, _ = run(territory)
    assert code == 1
    assert "✗ communes: communes.gpkg is missing" in out
    end = out.split("What to do next")[1]
    assert f"sdaasp-geo fetch {territory.parent} --departement 01 --only communes" in end
    assert "diagnose" not in end
    code, out, _ = run(territory, "--lang", "fr")
    assert "✗ communes : communes.gpkg manque" in out
    assert "Que faire ensuite" in out


def test_an_older_vintage_is_told(tmp_path):
    toml = toy_territory.TOML.replace('source = "bpe_counts"', 'source = "bpe"')
    path = toy_territory.write(tmp_path, toml=toml)
    lacking = told(territory_findings(read_territory(path)), "lacking")
    assert any(text.startswith("facilities: vintage 2013, and there is one of") for text in lacking)
    fictional = toml.replace('departement = "01"', 'departement = "01"\nfictional = true')
    path = toy_territory.write(tmp_path / "b", toml=fictional)
    findings = territory_findings(read_territory(path))
    assert not any("vintage 2013, and" in text for text in told(findings, "lacking"))
    # Nothing can be fetched for a département that does not exist.
    assert not any("fetch" in item.command for item in findings)


def test_marseille_needs_its_arrondissements(tmp_path):
    toml = toy_territory.TOML.replace('departement = "01"', 'departement = "13"')
    path = toy_territory.write(tmp_path, toml=toml)
    findings = territory_findings(read_territory(path))
    [found] = [item for item in findings if "municipal arrondissements" in item.text]
    assert found.command.endswith("--departement 13 --only arrondissements")


def test_the_cache_of_a_territory(tmp_path):
    toml = toy_territory.TOML + '\n[cache]\ndir = "kept"\n'
    path = toy_territory.write(tmp_path, toml=toml)
    assert any("networks and times in" in text for text in told(
        territory_findings(read_territory(path)), "ok"))  # fmt: skip
    (tmp_path / "kept").write_text("a file in its place")
    assert any("cannot be written" in text for text in told(
        territory_findings(read_territory(path)), "wrong"))  # fmt: skip


def test_a_wrong_territory_file_is_told_after_the_rest(run, tmp_path):
    path = tmp_path / "t.toml"
    path.write_text("name = 3", "utf-8")
    code, out, err = run(path, "--lang", "fr")
    assert code == 1
    assert "Installation" in out
    assert "attendu" in err
    code, out, err = run(path, "--json")
    assert (code, err) == (1, "")
    said = json.loads(out)
    assert said["faults"]
    assert said["findings"]
