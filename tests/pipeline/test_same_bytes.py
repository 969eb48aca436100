"""Same inputs, same bytes: tables, maps and report, in two processes with two hash seeds."""

import os
import pty
import subprocess
import sys

import pytest

import toy_territory

BASKET = """
name = "trois"
label = "Trois services"
gammes = [{ id = "proximite", label = "Proximité" }, { id = "superieure", label = "Supérieure" }]
services = [
  { id = "pharmacie", label = "Pharmacie", gamme = "proximite", bpe = ["D301"] },
  { id = "point_accueil_caf", label = "Point d'accueil CAF", gamme = "superieure" },
  { id = "court_sejour", label = "Court séjour", gamme = "superieure", bpe = ["D101"] },
]
"""


@pytest.fixture
def territory(tmp_path):
    toml = toy_territory.TOML.replace("intermediaire_min = 10\n", "")
    path = toy_territory.write(tmp_path / "in", toml=toml + '\n[basket]\nname = "trois.toml"\n')
    (path.parent / "trois.toml").write_text(BASKET, encoding="utf-8")
    return path


def diagnose(territory, out, seed):
    subprocess.run(
        [sys.executable, "-m", "sdaasp_geo.cli", "diagnose", str(territory), "--out", str(out)],
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def test_two_runs_write_the_same_bytes(territory, tmp_path):
    first = diagnose(territory, tmp_path / "a", "1")
    second = diagnose(territory, tmp_path / "b", "2")
    assert {"rapport.html", "zones.gpkg", "communes.parquet", "maps/panier.png"} <= set(first)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_the_folder_of_the_run_is_in_no_output(territory, tmp_path):
    for name, content in diagnose(territory, tmp_path / "a", "1").items():
        assert str(tmp_path).encode() not in content, name


def _without_ci():
    return {name: value for name, value in os.environ.items() if name != "CI"}


def _blocks(leader):
    while True:
        try:
            block = os.read(leader, 4096)
        except OSError:  # the other end is closed
            return
        if not block:
            return
        yield block


def test_a_terminal_sees_where_the_work_is(territory):
    """The progress bar, on a real pseudo-terminal."""
    leader, follower = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "sdaasp_geo.cli", "check", str(territory)],
        stderr=follower,
        stdout=subprocess.DEVNULL,
        # Continuous integration is told nothing as it goes, whatever its terminal.
        env={**_without_ci(), "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(follower)
    # Read as it goes: a terminal holds a few kilobytes, and who writes more waits for a reader.
    seen = b"".join(_blocks(leader))
    os.close(leader)
    assert run.wait(timeout=60) == 0
    assert "communes" in seen.decode("utf-8", "replace")
