import os
import subprocess
import sys
import textwrap

import pytest

from sdaasp_geo.errors import OutputError
from sdaasp_geo.pipeline import outputs
from sdaasp_geo.pipeline.outputs import MANIFEST, check_output, whole_folder


def write(folder, text, name="a.txt"):
    with whole_folder(folder) as staging:
        (staging / name).write_text(text)
        (staging / "maps").mkdir()


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_new_then_replaced(tmp_path):
    out = tmp_path / "deep" / "out"
    write(out, "one")
    write(out, "two", name="b.txt")
    assert names(out) == sorted([MANIFEST, "b.txt", "maps"])
    assert (out / "b.txt").read_text() == "two"
    assert names(out.parent) == ["out"]


def test_an_error_leaves_the_earlier_outputs(tmp_path):
    out = tmp_path / "out"
    write(out, "one")
    with pytest.raises(KeyboardInterrupt), whole_folder(out) as staging:
        (staging / "a.txt").write_text("half")
        raise KeyboardInterrupt
    assert (out / "a.txt").read_text() == "one"
    assert names(tmp_path) == ["out"]


def test_the_users_own_files_stay(tmp_path):
    out = tmp_path / "out"
    write(out, "one")
    (out / "notes.md").write_text("mine")
    write(out, "two")
    assert (out / "notes.md").read_text() == "mine"
    assert (out / "a.txt").read_text() == "two"


def test_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    write(real, "one")
    link.symlink_to(real)
    write(link, "two")
    assert link.is_symlink()
    assert (real / "a.txt").read_text() == "two"
    assert names(tmp_path) == ["link", "real"]


def test_files_deep_in_the_folder_stay_too(tmp_path):
    out = tmp_path / "out"
    write(out, "one")
    (out / "maps" / "mine.txt").write_text("mine")
    write(out, "two")
    assert (out / "maps" / "mine.txt").read_text() == "mine"


def test_a_file_of_the_users_is_never_written_over(tmp_path):
    out = tmp_path / "out"
    write(out, "one")
    (out / "b.txt").write_text("mine")
    with pytest.raises(OutputError, match="has the name of an output; move it away"):
        write(out, "two", name="b.txt")
    assert (out / "b.txt").read_text() == "mine"


def test_the_folder_one_is_in_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="found the folder you are in"):
        check_output(tmp_path)


def test_outputs_of_another_kind_are_not_replaced(tmp_path):
    out = tmp_path / "out"
    with whole_folder(out, manifest=".other") as staging:
        (staging / "input.csv").write_text("a;b")
    with pytest.raises(OutputError, match="found other files"):
        check_output(out)


def test_two_renames_do_where_no_exchange_is(tmp_path, monkeypatch):
    monkeypatch.setattr(outputs.ctypes, "CDLL", lambda _name: object())
    out = tmp_path / "out"
    write(out, "one")
    (out / "notes.md").write_text("mine")
    write(out, "two")
    assert (out / "a.txt").read_text() == "two"
    assert (out / "notes.md").read_text() == "mine"
    assert names(tmp_path) == ["out"]


def test_a_swap_killed_halfway_is_undone(tmp_path):
    out = tmp_path / "out"
    write(out, "one")
    out.rename(tmp_path / ".sdaasp-geo-previous-out")
    write(tmp_path / "other", "x")  # another folder's run does not touch it
    assert not out.exists()
    with pytest.raises(RuntimeError), whole_folder(out):
        raise RuntimeError
    assert (out / "a.txt").read_text() == "one"


def test_somebody_elses_folder_is_refused(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(
        OutputError, match="expected a new or empty folder.*Likely cause: the wrong"
    ):
        check_output(tmp_path)
    assert names(tmp_path) == ["thesis.docx"]


def test_a_file_in_the_way(tmp_path):
    out = tmp_path / "out"
    out.write_text("")
    with pytest.raises(OutputError, match="expected a folder for the outputs, found a file"):
        check_output(out)
    with pytest.raises(OutputError, match="cannot"):
        check_output(out / "inside")


def test_a_folder_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_args, **_options: False)
    with pytest.raises(OutputError, match="cannot. Likely cause: the permissions of the folder"):
        check_output(tmp_path / "out")


def test_a_killed_run_leaves_the_outputs_whole_and_the_next_one_clears_up(tmp_path):
    out = tmp_path / "out"
    write(out, "one")
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        from sdaasp_geo.pipeline.outputs import whole_folder
        with whole_folder(Path(sys.argv[1])) as staging:
            (staging / "a.txt").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    done = subprocess.run([sys.executable, "-c", script, str(out)], check=False)
    assert done.returncode == -9
    assert (out / "a.txt").read_text() == "one"
    assert len(names(tmp_path)) == 2  # the half-written folder
    write(out, "two")
    assert names(tmp_path) == ["out"]
    assert (out / "a.txt").read_text() == "two"
