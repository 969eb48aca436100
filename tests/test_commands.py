"""The habits of the command line: languages, help, JSON, quiet, completion, interruption."""

import json
import logging
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

import sdaasp_geo as sg
import toy_territory
from sdaasp_geo import cli
from sdaasp_geo.cli.app import app
from sdaasp_geo.cli.commands import folders, place_files, toml_files
from sdaasp_geo.cli.examples import EXAMPLES
from sdaasp_geo.cli.session import Session
from sdaasp_geo.cli.settings import Settings
from sdaasp_geo.cli.words import CATALOGUE, language_of, spoken
from sdaasp_geo.pipeline import outputs

COMMANDS = ["example", "fetch", "doctor", "check", "diagnose", "maps", "grids"]
COMMANDS += ["simulate", "locate", "compare"]
KEYS = {
    *["command", "version", "language", "status", "exit_code", "files"],
    *["figures", "warnings", "faults", "message"],
}
FRENCH = {
    english: told
    for section in tomllib.loads(CATALOGUE.read_text("utf-8")).values()
    for english, told in section.items()
}


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command as a shell would, in the locale C unless told otherwise."""
    monkeypatch.setenv("LC_ALL", "C")

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["sdaasp-geo", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        said = capsys.readouterr()
        return caught.value.code, said.out, said.err

    return command


@pytest.fixture(scope="module")
def territory(tmp_path_factory):
    return toy_territory.write(tmp_path_factory.mktemp("in"))


def whole():
    return typer.main.get_command(app)


def test_the_commands_are_these():
    assert list(whole().commands) == COMMANDS
    assert set(EXAMPLES) == {"", *COMMANDS}


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_help_is_in_the_language_and_as_wide_as_the_terminal(
    run, monkeypatch, language, columns
):
    monkeypatch.setenv("COLUMNS", str(columns))
    for name in ["", *COMMANDS]:
        code, out, err = run(*filter(None, [name]), "--help", "--lang", language)
        assert (code, err) == (0, "")
        title, heading = {"en": ("Usage:", "Examples"), "fr": ("Usage :", "Exemples")}[language]
        assert out.startswith(f"{title} sdaasp-geo{' ' * bool(name)}{name} ")
        assert heading in out
        assert "--quiet" in out
        assert "--lang" in out
        lines = out.split(f"\n{heading}\n")[0].splitlines()
        assert max(map(len, lines)) <= columns
        assert "\x1b" not in out


def test_every_text_of_the_help_has_its_french():
    command = whole()
    texts = {command.help}
    for item in [command, *command.commands.values()]:
        texts |= {str(item.rich_help_panel)} if item is not command else set()
        texts |= set((item.help or "").split("\n\n"))
        for param in item.params:
            texts |= {getattr(param, "help", None) or "", getattr(param, "metavar", None) or ""}
    texts |= {about for rows in EXAMPLES.values() for about, _ in rows}
    missing = {" ".join(text.split()) for text in texts} - FRENCH.keys() - {""}
    assert not missing
    for name, item in command.commands.items():
        assert all(getattr(param, "help", None) for param in item.params), name


@pytest.mark.parametrize("line", [line for rows in EXAMPLES.values() for _, line in rows])
def test_every_example_can_be_typed(line):
    name, *arguments = shlex.split(line)
    command = whole().commands[name]
    context = command.make_context(name, list(arguments), resilient_parsing=False)
    assert context.params


def test_the_page_names_every_command_option_and_key():
    page = (Path(__file__).parents[1] / "docs" / "cli.md").read_text("utf-8")
    for name in COMMANDS:
        assert f"| `{name}" in page
    common = {"--lang", "--quiet", "--verbose", "--json", "--help", "--version"}
    assert all(f"{option}`" in page or f"`{option} " in page for option in common)
    assert all(f"| `{key}` |" in page for key in KEYS)


def test_a_default_is_shown_as_it_is_typed(run):
    _, out, _ = run("compare", "--help", "--lang", "fr")
    assert "[par défaut : 100]" in " ".join(out.split())
    assert "compare ANCIEN NOUVEAU --out DOSSIER" in out
    _, out, _ = run("doctor", "--help")
    assert out.startswith("Usage: sdaasp-geo doctor [TERRITORY] [OPTIONS]")


def test_every_example_of_an_objective_or_bouquet_is_known():
    typed = " ".join(line for rows in EXAMPLES.values() for _, line in rows)
    for bouquet in re.findall(r"--bouquet (\S+)", typed):
        assert bouquet in sg.shipped_bouquets()
    for service in re.findall(r"--service (\S+)", typed):
        assert service in sg.load_basket("sdaasp-29").service_ids


@pytest.mark.parametrize(
    ("arguments", "locale", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "fr_FR.UTF-8"}, "fr"),
        ([], {"LANG": "de_DE.UTF-8"}, "en"),
        ([], {"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ([], {"LANG": "en_US.UTF-8", "LC_ALL": "fr_CA"}, "fr"),
        (["--lang=en"], {"LANG": "fr_FR.UTF-8"}, "en"),
        (["check", "--lang", "fr"], {}, "fr"),
        (["check", "--lang"], {}, "en"),
    ],
)
def test_the_language_is_asked_for_or_that_of_the_locale(arguments, locale, language):
    assert language_of(arguments, locale) == language


def test_numbers_are_written_as_the_language_does():
    assert spoken("en", "{} inhabitants gain", 1234567) == "1,234,567 inhabitants gain"
    assert spoken("fr", "{} inhabitants gain", 1234567) == "1\u202f234\u202f567 habitants gagnent"
    assert spoken("fr", "{} min on average for them", 3.14) == "3,1 min en moyenne pour eux"


def test_check_says_the_same_in_french_and_as_json(run, territory):
    code, french, _ = run("--lang", "fr", "check", territory)
    assert code == 0
    assert "4 communes, 3 points de départ, 4 équipements, 0 sites" in french
    code, out, err = run("check", territory, "--json")
    # Neither a bar nor a log in a pipe.
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert set(told) == KEYS
    assert (told["status"], told["exit_code"], told["command"]) == ("done", 0, "check")
    assert (told["figures"]["communes"], told["figures"]["origins"]) == (4, 3)
    assert told["version"] == sg.pipeline.provenance.version()


def test_quiet_says_errors_alone(run, territory, tmp_path):
    assert run("check", territory, "--quiet") == (0, "", "")
    code, out, err = run("-q", "check", tmp_path / "none.toml")
    assert (code, out) == (1, "")
    assert "no such file" in err


def test_diagnose_names_files_and_figures(run, territory, tmp_path):
    code, out, err = run("diagnose", territory, "-o", tmp_path / "out", "--no-maps", "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    summary = json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))
    assert told["figures"] == {name: summary[name] for name in summary if name != "provenance"}
    assert str(tmp_path / "out" / "communes.csv") in told["files"]
    assert all(Path(name).is_file() for name in told["files"])
    # Aa has four pharmacies: most services of the basket have no place at all.
    assert any("maternite" in warning["message"] for warning in told["warnings"])


def test_every_fault_is_in_the_json_and_in_the_language(run, tmp_path):
    path = tmp_path / "t.toml"
    path.write_text('name = "A"\ncolour = 3\n', "utf-8")
    code, out, err = run("check", path, "--json", "--lang", "fr")
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert (told["status"], told["exit_code"], told["files"]) == ("refused", 1, [])
    faults = {fault["column"]: fault for fault in told["faults"]}
    assert faults["departement"]["expected"] == "cette clé"
    assert faults["colour"]["cause"] == "une faute de frappe"
    assert set(faults["colour"]) == {"file", "row", "column", "expected", "found", "cause"}
    code, out, err = run("check", path, "--lang", "fr")
    assert (code, out) == (1, "")
    assert f"{path}, colonne « colour » : attendu un nom connu de clé" in err


@pytest.mark.parametrize(
    ("arguments", "english", "french"),
    [
        (["check"], "Missing argument 'TERRITORY'.", "Il manque l'argument 'TERRITOIRE'."),
        (["chek", "a"], "Did you mean 'check'?", "Vouliez-vous dire 'check' ?"),
        (["check", "a", "--foo"], "No such option: --foo", "L'option --foo n'existe pas."),
        (["diagnose", "a"], "Missing option '--out'", "Il manque l'option '--out'"),
        (["check", "a", "b"], "Got unexpected extra argument", "Argument en trop : b"),
    ],
)
def test_wrong_usage_is_2_and_shows_how(run, arguments, english, french):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert english in err
    assert "Usage: sdaasp-geo" in err
    code, _, err = run(*arguments, "--lang", "fr")
    assert code == 2
    assert french in err
    assert "Usage : sdaasp-geo" in err
    code, out, err = run(*arguments, "--json")
    assert (code, err) == (2, "")
    assert json.loads(out)["status"] == "wrong_usage"


def test_an_unknown_language_is_wrong_usage(run, territory):
    code, _, err = run("check", territory, "--lang", "de")
    assert code == 2
    assert "'de' is not one of fr, en" in err


def test_the_version_and_the_bare_command(run):
    assert run("--version") == (0, f"sdaasp-geo {sg.pipeline.provenance.version()}\n", "")
    code, out, _ = run()
    assert code == 2
    assert "diagnose" in out


COMMON = ["--json", "--lang", "fr"]


def test_an_interruption_leaves_nothing_and_is_told(run, territory, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def stop(*_):
        raise KeyboardInterrupt

    def half(folder):
        (folder / "half.csv").write_text("a,b", "utf-8")
        raise KeyboardInterrupt

    # At the last moment, when all is written but nothing has its place; and in the middle.
    monkeypatch.setattr(outputs, "_replace", stop)
    monkeypatch.setattr(sg, "write_example", half, raising=False)
    for name, *options in (["diagnose", territory, "-o", out, "--no-maps"], ["example", out]):
        code, said, err = run(name, *options, *COMMON)
        assert (code, err) == (130, "")
        told = json.loads(said)
        assert (told["status"], told["files"]) == ("interrupted", [])
        assert told["message"].startswith("interrompu")
        assert list(tmp_path.iterdir()) == []


def test_verbose_tells_steps_and_what_the_library_logs(run, tmp_path):
    path = toy_territory.write(tmp_path, toml=toy_territory.TOML + '\n[cache]\ndir = "cache"\n')
    _, first, err = run("check", path, "--verbose")
    assert "files read" in first
    assert "the road network is built: 9 junctions, 1 pieces" in err
    assert "  starting points" in err
    _, _, err = run("check", path, "-v", "--lang", "fr")
    assert "le réseau routier est repris de" in err
    assert "points de départ" in err


def test_a_warning_of_the_library_is_told_and_kept_in_the_json(capsys):
    for settings in (Settings(), Settings("fr"), Settings(json=True)):
        session = Session("check", settings)
        with session.running():
            logging.getLogger("sdaasp_geo.pipeline").warning(
                "the times could not be kept in %s: %s", "cache", "full"
            )
    out, err = capsys.readouterr()
    assert err.splitlines() == [
        "sdaasp-geo: the times could not be kept in cache: full",
        "sdaasp-geo: les temps n'ont pu être gardés dans cache : full",
    ]
    [warning] = json.loads(out)["warnings"]
    assert warning["message"] == "the times could not be kept in cache: full"


def test_a_fault_of_the_library_itself_gives_an_object_and_a_traceback(capsys):
    session = Session("check", Settings(json=True))
    with pytest.raises(ZeroDivisionError), session.running():
        1 / 0  # noqa: B018
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["exit_code"]) == ("failed", 1)
    assert told["message"] == "ZeroDivisionError: division by zero"


def test_the_library_alone_is_silent():
    script = (
        "import logging, sdaasp_geo\n"
        "logging.getLogger('sdaasp_geo.pipeline.cache').warning('heard by nobody')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_a_terminal_gets_folded_lines_and_a_pipe_whole_ones(monkeypatch, capsys, tmp_path, run):
    path = tmp_path / "none.toml"
    _, _, whole_lines = run("check", path)
    assert len(whole_lines.splitlines()) == 2
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    _, _, folded = run("check", path, "-q")
    assert len(folded.splitlines()) > 2
    assert " ".join(folded.split()) == " ".join(whole_lines.split())
    capsys.readouterr()


@pytest.mark.parametrize(
    ("terminal", "environ", "settings", "shown"),
    [
        (True, {}, Settings("fr"), True),
        (False, {}, Settings(), False),
        (True, {"CI": "true"}, Settings(), False),
        (True, {}, Settings(quiet=True), False),
        (True, {}, Settings(json=True), False),
    ],
)
def test_a_bar_is_drawn_on_a_terminal_alone(
    monkeypatch, capsys, terminal, environ, settings, shown
):
    monkeypatch.delenv("CI", raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    for opened in (Session.progress, Session.bytes_progress):
        drawn = []
        with opened(Session("check", settings)) as progress:
            progress(1, 2, "routes")
            drawn.append(progress.__name__ == "show")
        assert drawn == [shown]
    assert capsys.readouterr().out == ""


def test_what_a_reader_should_know_is_written_as_the_language_does(capsys):
    Session("check", Settings("fr")).warn("choix", "Optimum prouvé.")
    assert capsys.readouterr().out == "choix : Optimum prouvé.\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    for name in ("ain.toml", "ain.csv", "data/somme.toml", ".hidden.toml"):
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_files_are_completed_by_their_suffix(tree):
    assert toml_files("") == ["ain.toml", "data/"]
    assert toml_files("a") == ["ain.toml"]
    assert toml_files("data/") == ["data/somme.toml"]
    assert toml_files(f"{tree}/a") == [f"{tree}/ain.toml"]
    assert toml_files(".h") == [".hidden.toml"]
    assert toml_files("none/") == []
    assert place_files("a") == ["ain.csv"]
    assert folders("") == ["data/"]


def test_the_completion_is_made_and_answers(tree):
    line = [sys.executable, "-m", "sdaasp_geo.cli"]
    quiet = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "True"}
    script = subprocess.run(
        [*line, "--show-completion", "bash"],
        capture_output=True, text=True, check=True, env=quiet,
    ).stdout  # fmt: skip
    assert "complete -o default -F _sdaasp_geo_completion sdaasp-geo" in script
    asked = {
        "_SDAASP_GEO_COMPLETE": "complete_bash",
        "COMP_WORDS": "sdaasp-geo check a",
        "COMP_CWORD": "2",
    }
    answer = subprocess.run(
        line, capture_output=True, text=True, check=False, env=os.environ | asked
    )
    assert answer.stdout.split() == ["ain.toml"]
