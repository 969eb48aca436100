"""Several territories side by side: same files as one by one, faults told together."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import sdaasp_geo as sg
import toy_territory
from sdaasp_geo.errors import InputError
from sdaasp_geo.pipeline import many
from sdaasp_geo.pipeline.many import diagnose_many


@pytest.fixture
def three(tmp_path):
    paths = []
    for name, speed in (("ain", 60), ("aisne", 30), ("allier", 120)):
        toml = toy_territory.TOML.replace("local = 60", f"local = {speed}")
        path = toy_territory.write(tmp_path / "in" / name, toml=toml)
        paths.append(path.rename(path.with_name(f"{name}.toml")))
    return paths


@pytest.fixture
def threads():
    # A single one: geometry is read and written, nothing is drawn.
    with ThreadPoolExecutor(1) as pool:
        yield pool


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_each_folder_holds_what_its_territory_gives_alone(three, tmp_path, threads):
    told = []
    out = tmp_path / "out"
    files = diagnose_many(
        three, out, executor=threads, maps=False, progress=lambda *step: told.append(step)
    )
    assert sorted(entry.name for entry in out.iterdir()) == ["ain", "aisne", "allier"]
    assert told == [(0, 3, ""), (1, 3, "ain"), (2, 3, "aisne"), (3, 3, "allier")]
    assert all(path.is_file() for path in files)
    assert [path.parent for path in files if path.name == "summary.json"] == [
        out / name for name in ("ain", "aisne", "allier")
    ]
    for path in three:
        alone = tmp_path / "alone" / path.stem
        sg.write_diagnostic(sg.diagnose_file(path, alone), alone, maps=False)
        assert contents(alone) == contents(out / path.stem)
    assert contents(out / "ain")["communes.csv"] != contents(out / "aisne")["communes.csv"]


def test_processes_of_this_machine_serve_by_default(three, tmp_path, threads):
    there = diagnose_many(three[:2], tmp_path / "there", maps=False)
    here = diagnose_many(three[:2], tmp_path / "here", maps=False, executor=threads)
    assert [path.relative_to(tmp_path / "there") for path in there] == [
        path.relative_to(tmp_path / "here") for path in here
    ]
    assert contents(tmp_path / "there") == contents(tmp_path / "here")


def test_files_are_named_as_the_caller_names_folders(three, tmp_path, threads, monkeypatch):
    monkeypatch.chdir(tmp_path)
    files = diagnose_many([three[0]], "out", executor=threads, maps=False)
    assert {path.parts[:2] for path in files} == {("out", "ain")}


def test_faults_of_all_are_told_and_the_others_are_done(three, tmp_path, threads):
    (three[0].parent / "counts.csv").unlink()
    three[1].write_text("departement = 3", encoding="utf-8")
    earlier = tmp_path / "out" / "ain"
    earlier.mkdir(parents=True)
    (earlier / ".sdaasp-geo-files").write_text("")
    with pytest.raises(InputError) as caught:
        diagnose_many(three, tmp_path / "out", executor=threads, maps=False)
    told = [fault.file for fault in caught.value.faults]
    assert told[0] == "ain.toml: counts.csv"
    assert any("aisne.toml" in name for name in told)
    assert not any("allier" in name for name in told)
    assert (tmp_path / "out" / "allier" / "summary.json").is_file()
    assert [entry.name for entry in earlier.iterdir()] == [".sdaasp-geo-files"]
    assert not (tmp_path / "out" / "aisne").exists()


def test_a_folder_of_something_else_is_a_fault_of_its_territory(three, tmp_path, threads):
    foreign = tmp_path / "out" / "ain"
    foreign.mkdir(parents=True)
    (foreign / "letter.txt").write_text("dear")
    with pytest.raises(InputError, match=r"ain.toml: .*ain.*expected a folder that can be"):
        diagnose_many(three[:2], tmp_path / "out", executor=threads, maps=False)
    assert contents(foreign) == {"letter.txt": b"dear"}
    assert (tmp_path / "out" / "aisne" / "summary.json").is_file()


def test_two_of_one_name_are_refused_before_anything_is_done(three, tmp_path):
    other = three[0].rename(three[0].with_name("Aisne.toml"))
    with pytest.raises(InputError, match=r"two files of one name") as caught:
        diagnose_many([other, three[1]], tmp_path / "out")
    assert len(caught.value.faults) == 1
    with pytest.raises(InputError, match=r"the same file twice"):
        diagnose_many([other, other], tmp_path / "out")
    with pytest.raises(InputError, match=r"one territory file at least, found none"):
        diagnose_many([], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_no_one_foresaw_in_one_stops_no_other(three, tmp_path, threads, monkeypatch, caplog):
    write = many.write_diagnostic

    def sometimes(diagnostic, folder, **options):
        if folder.name == "ain":
            return 1 // 0
        return write(diagnostic, folder, **options)

    monkeypatch.setattr(many, "write_diagnostic", sometimes)
    with pytest.raises(InputError, match=r"ain.toml.*a run that finishes.*ZeroDivisionError: "):
        diagnose_many(three[:2], tmp_path / "out", executor=threads, maps=False)
    assert (tmp_path / "out" / "aisne" / "summary.json").is_file()
    assert "ain.toml was not finished" in caplog.text
    assert "ZeroDivisionError" in caplog.text  # with where it came from


def end_for_ain(folder, maps, page, path):
    """Stand in for the work: one process is killed, as for want of memory."""
    if path.stem == "ain":
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / path.stem).write_text("done")
    return many.Outcome((str(folder / path.stem),), ())


def test_a_killed_process_takes_no_other_territory_with_it(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(many, "_one", end_for_ain)
    names = [Path(f"{name}.toml") for name in ("ain", "aisne", "allier")]
    with pytest.raises(InputError, match=r"ain.toml.*a run that finishes.*BrokenProcessPool") as e:
        diagnose_many(names, tmp_path)
    assert len(e.value.faults) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"aisne", "allier"}
