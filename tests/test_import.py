"""Importing is fast because it does nothing: no heavy module, no file, no output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import sdaasp_geo as sg

HEAVY = ["numba", "matplotlib", "pandas", "geopandas", "pandera", "scipy", "osmium", "networkx"]


def loaded_after(statement, cwd):
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=cwd
    )
    assert done.stderr == ""
    return set(json.loads(done.stdout))


def test_importing_loads_nothing_heavy_and_writes_nothing(tmp_path):
    assert not loaded_after("import sdaasp_geo", tmp_path).intersection(HEAVY)
    assert list(tmp_path.iterdir()) == []


def test_a_territory_file_is_read_without_numba_or_matplotlib(tmp_path):
    loaded = loaded_after("import sdaasp_geo as sg; sg.read_territory", tmp_path)
    assert not loaded.intersection(["numba", "matplotlib"])


@pytest.mark.parametrize("name", sg.__all__)
def test_every_public_name_is_there_and_documented(name):
    thing = getattr(sg, name)
    assert (thing.__doc__ or "").strip()


def test_the_package_is_typed():
    assert (Path(sg.__file__).parent / "py.typed").is_file()
