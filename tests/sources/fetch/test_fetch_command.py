"""The whole command, against a server on the loopback address that behaves badly."""

import json
import os
import subprocess
import sys

import pytest


def command(folder, registry, *more):
    line = [sys.executable, "-m", "sdaasp_geo.cli", "fetch", str(folder), "--departement", "13"]
    return subprocess.run(
        [*line, "--registry", str(registry), *more],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
    )


@pytest.fixture
def registry(server, tmp_path):
    """Write a registry of files that the server has."""

    def write(*names, **more):
        lines = []
        for name in names:
            entry = {
                "kind": name.replace(".", "_"), "name": name, "url": f"{server.url}/{name}",
                "publisher": "Insee", "licence": "Licence Ouverte 2.0", "what": "un fichier",
                "form": name.partition(".")[2],
            } | more  # fmt: skip
            lines += ["[[file]]", *(f"{key} = {json.dumps(item)}" for key, item in entry.items())]
        path = tmp_path / "registry.toml"
        path.write_text("\n".join(lines), "utf-8")
        return path

    return write


TABLE = b"id_fs,lib_fs\n" + b"1,Arles\n" * 5_000


def test_drops_and_busy_answers_are_overcome_and_a_second_run_asks_for_what_is_new(
    server, registry, tmp_path
):
    resource = server.serve("/a.csv", TABLE, acts=[500, "drop"])
    server.serve("/b.csv", TABLE, acts=[429], headers={"Retry-After": "0"})
    path = registry("a.csv", "b.csv")
    done = command(tmp_path / "in", path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Licence Ouverte 2.0" in done.stdout
    assert "no territory file: it would need communes, roads, facilities too" in done.stdout
    assert (tmp_path / "in" / "a.csv").read_bytes() == TABLE
    assert resource.sent == len(TABLE)
    # A second run asks for nothing but what is wanted besides.
    server.serve("/c.csv", TABLE)
    asked = path.read_text("utf-8")
    more = registry("c.csv", default=False).read_text("utf-8")
    path.write_text(f"{asked}\n{more.replace('False', 'false')}", "utf-8")
    before = len(server.log)
    again = command(tmp_path / "in", path, "--also", "c_csv")
    assert (again.returncode, again.stderr) == (0, "")
    assert "kept" in again.stdout
    assert [said for said, _ in server.log[before:]] == ["/c.csv"]


def test_what_is_bad_is_named_and_not_kept_and_the_exit_code_is_1(server, registry, tmp_path):
    server.serve("/good.csv", TABLE)
    server.serve("/page.csv", b"<html>Maintenance, reviens</html>")
    server.serve("/half.zip", b"PK\3\4" + bytes(100))
    done = command(tmp_path / "in", registry("good.csv", "page.csv", "half.zip", "gone.csv"))
    assert done.returncode == 1
    for said in ("3 faults", "page.csv: expected a CSV, found a web page", "half.zip", "HTTP 404"):
        assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "good.csv" in done.stdout
    kept = {path.name for path in (tmp_path / "in").iterdir()}
    assert kept == {"good.csv", "sources.json", ".sources.lock"}


def test_wrong_usage_is_2_and_a_wrong_name_is_1(server, registry, tmp_path):
    path = registry("a.csv")
    wrong = command(tmp_path / "in", path, "--vintage", "2023")
    assert wrong.returncode == 2
    assert "KIND=YEAR" in wrong.stderr
    unknown = command(tmp_path / "in", path, "--only", "bpe")
    assert unknown.returncode == 1
    assert "expected one of a_csv, found 'bpe'" in unknown.stderr
    assert server.log == []
