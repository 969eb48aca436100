"""Wrong input, met by every command: exit code 1, nothing written, a message that helps."""

import shutil
import signal
import subprocess
import sys
import time
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString, Polygon

import sdaasp_geo as sg
import toy_territory
from sdaasp_geo import cli


def run(monkeypatch, capsys, *arguments):
    """Run the command line in this process: its exit code, and what it said."""
    monkeypatch.setattr(sys, "argv", ["sdaasp-geo", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    said = capsys.readouterr()
    return caught.value.code, said.out + said.err


def layer(folder, name, change, *, file="communes.gpkg"):
    """Rewrite one layer of a file after changing it, the others kept."""
    path = folder / file
    layers = {str(item): gpd.read_file(path, layer=item) for item in gpd.list_layers(path)["name"]}
    path.unlink()
    for item, frame in layers.items():
        changed = change(frame) if item == name else frame
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a layer without CRS is the point
            changed.to_file(path, layer=item, mode="a" if path.exists() else "w")


def communes(change):
    return lambda folder: layer(folder, "communes", change)


def text(file, old, new):
    def change(folder):
        path = folder / file
        content = path.read_text(encoding="utf-8")
        assert old in content
        path.write_text(content.replace(old, new), encoding="utf-8")

    return change


def toml(old, new):
    return text("territory.toml", old, new)


def with_population(values):
    return communes(lambda frame: frame.assign(pop=values))


def with_geometry(place, geometry):
    def change(frame):
        shapes = frame.geometry.to_numpy().copy()
        shapes[place] = geometry
        return frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))

    return communes(change)


def without_crs(frame):
    return frame.set_crs(None, allow_override=True)


def swapped(frame):
    degrees = frame.to_crs(4326)
    turned = degrees.geometry.map(lambda shape: Polygon([(y, x) for x, y in shape.exterior.coords]))
    return degrees.set_geometry(turned.set_crs(4326))


def pieces(folder):
    path = folder / "roads.gpkg"
    frame = gpd.read_file(path)
    # Each line stops a hundred metres short of the next.
    cut = frame.geometry.map(
        lambda line: LineString([line.coords[0], (line.coords[1][0] - 100, line.coords[1][1])])
    )
    path.unlink()
    frame.set_geometry(cut.set_crs(frame.crs)).to_file(path, layer="roads")


def truncated_pbf(folder):
    (folder / "roads.osm.pbf").write_bytes(b"\x00\x00\x00\x0d\x0a\x09OSMHeader\x18\x7c")
    toml(
        'format = "lines"\npath = "roads.gpkg"\nlayer = "roads"\ncolumns = { road_class = "class" }',
        'format = "osm_pbf"\npath = "roads.osm.pbf"',
    )(folder)


BOW_TIE = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])

FAULTS = {
    "missing file": (lambda d: (d / "counts.csv").unlink(), ["counts.csv", "no such file"]),
    "missing layer": (
        toml('layer = "communes"', 'layer = "comunes"'),
        ["communes.gpkg", "comunes", "communes"],
    ),
    "missing column": (
        toml('population = "pop"', 'population = "popul"'),
        ["communes.gpkg", "popul", "pop"],
    ),
    "wrong separator": (text("counts.csv", ";", ","), ["counts.csv", "separator"]),
    "wrong encoding": (
        lambda d: (d / "counts.csv").write_bytes((d / "counts.csv").read_text().encode("utf-16")),
        ["counts.csv", "UTF-8"],
    ),
    "empty file": (lambda d: (d / "operators.csv").write_text(""), ["operators.csv", "empty"]),
    "empty layer": (communes(lambda f: f.iloc[:0]), ["communes.gpkg", "an empty layer"]),
    "duplicated commune": (
        communes(lambda f: f.assign(code=["01001", "01001", "01003", "02001"])),
        ["communes.gpkg", "row 2", "'code'", "once", "'01001'"],
    ),
    "leading zero eaten": (
        communes(lambda f: f.assign(code=["1001", "01002", "01003", "02001"])),
        ["communes.gpkg", "row 1", "'1001'", "leading zero"],
    ),
    "negative population": (
        with_population([1000, -5, 500, 300]),
        ["communes.gpkg", "row 2", "'pop'", "-5"],
    ),
    "text population": (
        with_population(["1000", "beaucoup", "500", "300"]),
        ["communes.gpkg", "row 2", "'pop'", "'beaucoup'"],
    ),
    "missing population": (
        with_population([1000, np.nan, 500, 300]),
        ["communes.gpkg", "row 2", "'pop'", "nothing"],
    ),
    "no CRS": (communes(without_crs), ["communes.gpkg", "CRS"]),
    "wrong CRS": (
        communes(lambda f: f.set_crs(4326, allow_override=True)),
        ["communes.gpkg", "EPSG:4326"],
    ),
    "swapped axes": (communes(swapped), ["communes.gpkg", "swapped"]),
    "invalid geometry": (
        with_geometry(1, BOW_TIE),
        ["communes.gpkg", "row 2", "Self-intersection"],
    ),
    "empty geometry": (with_geometry(2, None), ["communes.gpkg", "row 3"]),
    "thresholds out of order": (
        toml("proximite_min = 4", "proximite_min = 14"),
        ["territory.toml", "thresholds.proximite_min", "at most intermediaire_min = 10"],
    ),
    "unknown key": (toml("buffer_km", "bufer_km"), ["bufer_km", "did you mean 'buffer_km'?"]),
    "unknown service": (
        toml('caf = "point_accueil_caf"', 'caf = "point_acueil_caf"'),
        ["point_acueil_caf", "did you mean 'point_accueil_caf'?"],
    ),
    "truncated PBF": (truncated_pbf, ["roads.osm.pbf", "interrupted"]),
    "roads in pieces": (pieces, ["roads.gpkg", "one road network", "pieces", "end points"]),
    "web Mercator": (
        toml("buffer_km = 35", 'buffer_km = 35\ncrs = "EPSG:3857"'),
        ["'crs'", "keeps lengths here, such as EPSG:2154", "web maps"],
    ),
    "a copy of a file": (
        lambda d: (
            shutil.copy(d / "counts.csv", d / "copy.csv"),
            toml(
                "[assumptions]",
                '[[facilities]]\nsource = "bpe_counts"\npath = "copy.csv"\n[assumptions]',
            )(d),
        ),
        ["copy.csv", "the same content as counts.csv"],
    ),
    "a key that nobody reads": (
        toml("vintage = 2013", 'vintage = 2013\nservices = { D301 = "pharmacie" }'),
        ["facilities[1].services", "a key that source = 'bpe_counts' reads"],
    ),
    "origins that nobody reads": (
        toml("[assumptions]", '[origins]\npath = "squares.csv"\n[assumptions]'),
        ["origins.kind", "as a file of origins is named"],
    ),
    "classes in one text": (
        toml("[assumptions]", '[assumptions]\nno_access_classes = "motorway"'),
        ["no_access_classes", "a list of names", "'motorway'"],
    ),
    "no street to stand on": (
        toml("[assumptions]", '[assumptions]\nno_access_classes = ["local"]'),
        ["roads.gpkg", "no_access_classes"],
    ),
    "another département": (
        toml('departement = "01"', 'departement = "38"'),
        ["communes of the département '38'", "01, 02"],
    ),
    "road class without speed": (
        lambda d: layer(
            d, "roads", lambda f: f.assign(**{"class": "goat_track"}), file="roads.gpkg"
        ),
        ["roads.gpkg", "goat_track"],
    ),
}


@pytest.mark.parametrize("command", ["check", "diagnose"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_nothing_written(tmp_path, monkeypatch, capsys, name, command):
    change, expected = FAULTS[name]
    folder = tmp_path / "in"
    path = toy_territory.write(folder)
    change(folder)
    out = tmp_path / "out"
    arguments = [command, path] if command == "check" else [command, path, "--out", out]
    code, said = run(monkeypatch, capsys, *arguments)
    assert code == 1
    for word in expected:
        assert word in said, said
    assert "expected" in said
    assert "Traceback" not in said
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in"]


def test_all_faults_of_all_files_at_once(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "in"
    path = toy_territory.write(folder)
    for name in ("missing file", "negative population", "empty file", "roads in pieces"):
        FAULTS[name][0](folder)
    (tmp_path / "out").write_text("a file in the way")
    code, said = run(monkeypatch, capsys, "diagnose", path, "--out", tmp_path / "out")
    assert code == 1
    for word in ("counts.csv", "row 2", "operators.csv", "a folder for the outputs, found a file"):
        assert word in said, said
    assert said.count("\n  - ") >= 4


def test_a_facility_far_away_or_swapped_is_rejected_with_its_reason(tmp_path, monkeypatch, capsys):
    path = toy_territory.write(tmp_path)
    lon, lat = (tmp_path / "operators.csv").read_text().splitlines()[1].split(",")[3:]
    with (tmp_path / "operators.csv").open("a") as file:
        file.write(f"caf,far,01001,-4.5,48.4\ncaf,turned,01002,{lat},{lon}\n")
    code, said = run(monkeypatch, capsys, "diagnose", path, "--out", tmp_path / "out", "--no-maps")
    assert code == 0
    assert "files written" in said
    rejects = pd.read_csv(tmp_path / "out" / "rejects.csv").set_index("row")
    assert list(rejects.index) == [4, 5]
    assert "km from its commune" in rejects.loc[4, "reason"]
    assert "swapped" in rejects.loc[5, "reason"]


def test_an_unknown_code_and_an_absent_service_are_told_and_not_fatal(
    tmp_path, monkeypatch, capsys
):
    path = toy_territory.write(tmp_path)
    code, said = run(monkeypatch, capsys, "check", path)
    assert code == 0
    assert "2 that no service asks for" in said


def test_the_inputs_are_never_taken_for_outputs(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "in"
    path = toy_territory.write(folder)
    before = sorted(entry.name for entry in folder.iterdir())
    (folder / ".sdaasp-geo-files").write_text("territory.toml\n")
    code, said = run(monkeypatch, capsys, "diagnose", path, "--out", folder)
    assert code == 1
    assert "expected a folder for the outputs alone, found" in said
    assert set(before) < {entry.name for entry in folder.iterdir()}


def test_wrong_usage_is_2(monkeypatch, capsys, tmp_path):
    assert run(monkeypatch, capsys, "diagnose")[0] == 2
    assert run(monkeypatch, capsys, "diagnoze", "x")[0] == 2


def test_interrupted_leaves_the_previous_outputs_whole(tmp_path):
    """A real process, stopped with Ctrl-C and then killed, while it writes."""
    path = toy_territory.write(tmp_path / "in")
    out = tmp_path / "out"
    sg.write_diagnostic(sg.diagnose(sg.read_territory(path)), out, maps=False)
    before = {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()}
    script = (
        "import sys, time\n"
        "import sdaasp_geo.report.files as files\n"
        "from sdaasp_geo import cli\n"
        "whole = files.write_tables\n"
        "def slow(diagnostic, folder):\n"
        "    written = whole(diagnostic, folder)\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(60)\n"
        "    return written\n"
        "files.write_tables = slow\n"
        f"sys.argv = ['sdaasp-geo', 'diagnose', {str(path)!r}, '--out', {str(out)!r}, '--no-maps']\n"
        "cli.main()\n"
    )
    for stop, code in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell that runs these tests in its background has Ctrl-C ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        time.sleep(0.1)
        process.send_signal(stop)
        process.communicate(timeout=50)
        assert process.returncode == code
        after = {file.name: file.read_bytes() for file in out.iterdir() if file.is_file()}
        assert after == before


def test_progress_is_quiet_in_a_pipe(tmp_path):
    path = toy_territory.write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "sdaasp_geo.cli", "check", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "no fault" in done.stdout
