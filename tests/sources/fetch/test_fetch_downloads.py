"""Downloads from a server that drops, delays, refuses and lies; nothing bad is kept."""

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from fetch_server import MODIFIED, QUICK, Server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdaasp_geo.errors import InputError, OutputError
from sdaasp_geo.sources.fetch import Entry, FetchChoice, FetchError, Patience, Registry, fetch
from sdaasp_geo.sources.fetch.downloading import Part, _judge

BODY = os.urandom(300_000)
TABLE = b"id_fs,lib_fs\n" + b"1,Arles\n" * 5_000


def entry(server, name="a.bin", **changes):
    plain = {
        "kind": name.partition(".")[0],
        "name": name,
        "url": f"{server.url}/{name}",
        "publisher": "Insee",
        "licence": "Licence Ouverte 2.0",
        "what": "un fichier",
        "form": "any",
    }
    return Entry(**(plain | changes))


def run(folder, *entries, patience=QUICK, **options):
    choice = FetchChoice(registry=Registry(entries, "registry.toml"))
    return fetch("13", folder, choice=choice, patience=patience, **options)


def names(folder):
    """Files in a folder but for the library's own."""
    own = {"sources.json", ".sources.lock"}
    return {path.name for path in folder.iterdir()} - own


def test_a_file_comes_whole_with_its_hash_and_the_day_of_the_server(server, tmp_path):
    server.serve("/a.bin", BODY)
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == BODY
    assert file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (file.size_bytes, file.vintage, file.how) == (300_000, "2026-07-01", "downloaded")
    assert names(tmp_path) == {"a.bin"}


def test_a_second_run_asks_the_server_for_nothing(server, tmp_path):
    server.serve("/a.bin", BODY)
    first = run(tmp_path, entry(server))
    again = run(tmp_path, entry(server))
    assert len(server.log) == 1
    assert again.files[0].how == "kept"
    assert again.downloaded_bytes == 0
    assert first.downloaded_bytes == 300_000
    assert again.files[0].vintage == "2026-07-01"


def test_a_dropped_connection_is_continued_and_no_byte_comes_twice(server, tmp_path):
    resource = server.serve("/a.bin", BODY, acts=["drop", "drop"])
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == BODY
    assert file.how == "resumed"
    assert resource.sent == len(BODY)
    ranges = [headers.get("Range") for headers in server.asked("/a.bin")]
    assert ranges == [None, "bytes=150000-", "bytes=225000-"]
    assert server.asked("/a.bin")[1]["If-Range"] == resource.tag


def test_a_second_run_goes_on_where_a_failed_one_stopped(server, tmp_path):
    resource = server.serve("/a.bin", BODY, acts=["drop"])
    once = Patience(attempts=1, first_wait_s=0)
    with pytest.raises(FetchError, match=r"within 1 attempts, found no answer, or a dropped one"):
        run(tmp_path, entry(server), patience=once)
    assert names(tmp_path) == {"a.bin.part", "a.bin.part.json"}
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == BODY
    assert resource.sent == len(BODY)
    assert names(tmp_path) == {"a.bin"}


def test_a_line_that_drops_often_but_goes_on_gets_there(server, tmp_path):
    # Ten drops with three attempts: each brought something.
    resource = server.serve("/a.bin", BODY, acts=["drop:20000"] * 10)
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == BODY
    assert resource.sent == len(BODY)


def test_a_server_without_ranges_starts_anew(server, tmp_path):
    resource = server.serve("/a.bin", BODY, acts=["drop"], ranges=False)
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == BODY
    assert resource.sent == len(BODY) + 150_000
    assert file.how == "downloaded"


def test_a_server_without_ranges_that_always_drops_is_given_up(server, tmp_path):
    server.serve("/a.bin", BODY, acts=["drop"] * 20, ranges=False)
    with pytest.raises(FetchError, match="within 3 attempts"):
        run(tmp_path, entry(server))
    assert len(server.log) == 3
    assert "a.bin" not in names(tmp_path)


def test_without_tag_or_date_a_half_is_not_continued_nor_kept(server, tmp_path):
    server.serve("/a.bin", BODY, acts=["drop"], etag=None, headers={"Last-Modified": None})
    once = Patience(attempts=1, first_wait_s=0)
    with pytest.raises(FetchError):
        run(tmp_path, entry(server), patience=once)
    assert names(tmp_path) == set()


def test_a_weak_tag_is_no_ground_to_continue_but_the_date_is(server, tmp_path):
    server.serve("/a.bin", BODY, acts=["drop"], etag='W/"1"')
    run(tmp_path, entry(server))
    assert server.asked("/a.bin")[1]["If-Range"] == MODIFIED


@pytest.mark.parametrize("heeds", [True, False])
def test_two_editions_are_never_sewn_together(server, tmp_path, heeds):
    server.serve("/a.bin", BODY, acts=["drop"])
    once = Patience(attempts=1, first_wait_s=0)
    with pytest.raises(FetchError):
        run(tmp_path, entry(server), patience=once)
    newer = bytes(reversed(BODY))
    # The second server answers 206 with the new edition in spite of If-Range.
    server.serve("/a.bin", newer, heeds_if_range=heeds)
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == newer


def test_a_half_longer_than_the_new_edition_is_thrown_away(server, tmp_path):
    server.serve("/a.bin", BODY, acts=["drop"])
    with pytest.raises(FetchError):
        run(tmp_path, entry(server), patience=Patience(attempts=1, first_wait_s=0))
    server.serve("/a.bin", b"short", heeds_if_range=False)
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == b"short"


def test_a_half_of_another_address_is_not_continued(server, tmp_path):
    server.serve("/old", BODY, acts=["drop"])
    with pytest.raises(FetchError):
        run(
            tmp_path,
            entry(server, url=f"{server.url}/old"),
            patience=Patience(attempts=1, first_wait_s=0),
        )
    server.serve("/a.bin", BODY)
    run(tmp_path, entry(server))
    assert "Range" not in server.asked("/a.bin")[0]


def test_404_is_final_and_says_why(server, tmp_path):
    with pytest.raises(FetchError, match=r"HTTP 404.*the publisher has moved or withdrawn"):
        run(tmp_path, entry(server))
    assert len(server.log) == 1
    assert names(tmp_path) == set()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server, tmp_path, status):
    server.serve("/a.bin", BODY, acts=[status, status])
    run(tmp_path, entry(server))
    assert len(server.log) == 3
    assert (tmp_path / "a.bin").read_bytes() == BODY


@pytest.mark.parametrize("status", [429, 500])
def test_a_server_that_stays_busy_is_given_up(server, tmp_path, status):
    server.serve("/a.bin", BODY, acts=[status] * 9)
    with pytest.raises(FetchError, match=f"within 3 attempts, found HTTP {status}"):
        run(tmp_path, entry(server))
    assert len(server.log) == 3


def test_retry_after_is_heeded(server, tmp_path):
    server.serve("/a.bin", BODY, acts=[429], headers={"Retry-After": "1"})
    began = time.monotonic()
    run(tmp_path, entry(server))
    assert time.monotonic() - began >= 1.0


def test_pauses_double_and_end():
    patience = Patience(first_wait_s=1, longest_wait_s=5)
    assert [patience.pause_s(n) for n in (1, 2, 3, 4)] == [1, 2, 4, 5]
    assert patience.pause_s(1, "3600") == 5
    assert patience.pause_s(2, "Wed, 01 Jul 2020 10:00:00 GMT") == 0
    assert patience.pause_s(2, "soon") == 2
    with pytest.raises(ValueError, match="above 0"):
        Patience(attempts=0)


def test_a_slow_server_is_waited_for_and_a_silent_one_is_not(server, tmp_path):
    server.serve("/a.bin", BODY, acts=["slow:0.03"])
    server.serve("/b.bin", BODY, acts=["slow:2", "slow:2", "slow:2"])
    short = Patience(attempts=2, connect_s=1, read_s=0.3, first_wait_s=0)
    with pytest.raises(FetchError, match=r"b\.bin.*dropped one.*[Tt]imed? ?out") as caught:
        run(tmp_path, entry(server), entry(server, "b.bin"), patience=short)
    assert [file.path.name for file in caught.value.result.files] == ["a.bin"]


def test_nobody_listens(tmp_path):
    server = Server()
    server.close()
    with pytest.raises(FetchError, match="no network, a proxy that is not set"):
        run(tmp_path, entry(server))


def test_a_redirection_is_followed_and_continued(server, tmp_path):
    server.serve("/a.bin", b"", location="/there")
    resource = server.serve("/there", BODY, acts=["drop"])
    run(tmp_path, entry(server))
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert resource.sent == len(BODY)


def test_no_detour_without_encryption(server, tmp_path):
    safe = entry(server, url="https://www.insee.fr/a.bin")
    answer = SimpleNamespace(status_code=200, url="http://elsewhere/a.bin", headers={}, reason="OK")
    with pytest.raises(InputError, match="a way there without encryption"):
        _judge(answer, safe, Part(tmp_path / "a.bin", safe))
    answer.url = "https://static.data.gouv.fr/a.bin"
    _judge(answer, safe, Part(tmp_path / "a.bin", safe))


def test_a_coded_answer_is_read_and_not_continued(server, tmp_path):
    coded = gzip.compress(BODY)
    server.serve("/a.bin", coded, acts=["drop"], headers={"Content-Encoding": "gzip"})
    run(tmp_path, entry(server))
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert len(server.log) == 2
    assert "Range" not in server.asked("/a.bin")[1]


def test_a_wrong_hash_is_refused_and_nothing_kept(server, tmp_path):
    server.serve("/a.bin", BODY)
    wrong = "0" * 64
    with pytest.raises(FetchError, match=f"expected sha256 {wrong}, as the registry says, found"):
        run(tmp_path, entry(server, sha256=wrong))
    assert names(tmp_path) == set()


def test_a_wrong_hash_of_two_halves_is_tried_once_more_in_one_piece(server, tmp_path):
    # The publisher's hash allows to go on without tag, and tells when that went wrong.
    digest = hashlib.sha256(BODY).hexdigest()
    server.serve("/a.bin", bytes(len(BODY)), acts=["drop"], etag='"x"')
    with pytest.raises(FetchError):
        run(tmp_path, entry(server, sha256=digest), patience=Patience(attempts=1, first_wait_s=0))
    server.serve("/a.bin", BODY, etag='"x"')
    (file,) = run(tmp_path, entry(server, sha256=digest)).files
    assert file.path.read_bytes() == BODY
    assert len(server.log) == 3


def test_a_wrong_size_is_refused(server, tmp_path):
    server.serve("/a.bin", BODY)
    with pytest.raises(FetchError, match="expected 7 bytes, as the registry says, found 300000"):
        run(tmp_path, entry(server, size=7))
    assert names(tmp_path) == set()


def test_several_come_at_once(server, tmp_path):
    # Each answer waits for the two others.
    gate = threading.Barrier(3)
    wanted = [entry(server, f"{letter}.bin") for letter in "abc"]
    for item in wanted:
        server.serve(f"/{item.name}", BODY, gate=gate)
    assert len(run(tmp_path, *wanted, workers=3).files) == 3


def test_one_bad_file_does_not_cost_the_others(server, tmp_path):
    server.serve("/a.bin", BODY)
    with pytest.raises(FetchError) as caught:
        run(tmp_path, entry(server), entry(server, "b.bin"))
    result = caught.value.result
    assert [file.path.name for file in result.files] == ["a.bin"]
    assert [fault.file for fault in result.faults] == ["b.bin"]
    assert "not fetched: b.bin: expected the file at" in result.summary()
    server.serve("/b.bin", BODY)
    again = run(tmp_path, entry(server), entry(server, "b.bin"))
    assert [file.how for file in again.files] == ["kept", "downloaded"]
    assert len(server.asked("/a.bin")) == 1


def test_progress_grows_to_the_whole(server, tmp_path):
    told, inside = [], threading.Lock()

    def listen(done, total, what):
        assert inside.acquire(blocking=False), "two threads told at once"
        told.append((done, total, what))
        inside.release()

    for name in ("a.bin", "b.bin"):
        server.serve(f"/{name}", BODY, acts=["slow:0.005"])
    run(tmp_path, entry(server), entry(server, "b.bin"), progress=listen)
    done = [item[0] for item in told]
    assert done == sorted(done)
    assert told[-1][:2] == (600_000, 600_000)
    assert {item[2] for item in told} == {"a.bin", "b.bin"}
    assert len(done) > 10


def test_an_interrupt_stops_the_threads_and_loses_nothing(server, tmp_path):
    resource = server.serve("/a.bin", BODY)

    def press(done, total, what):
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, entry(server), progress=press)
    assert not (tmp_path / "a.bin").exists()
    assert (tmp_path / "a.bin.part").stat().st_size > 100_000
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == BODY
    assert file.how == "resumed"
    assert resource.ranges


def test_an_interrupt_stops_the_other_downloads_too(server, tmp_path):
    server.serve("/a.bin", BODY, acts=["slow:0.4"])
    server.serve("/b.bin", BODY, acts=["slow:0.1"])

    def press(done, total, what):
        if what == "b.bin":
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, entry(server), entry(server, "b.bin"), progress=press)
    assert time.monotonic() - began < 3.0
    assert not (tmp_path / "a.bin").exists()


def test_a_killed_run_is_continued(server, tmp_path):
    server.serve("/a.bin", BODY, acts=["slow:0.2"])
    item = entry(server)
    code = (
        "import sys\n"
        "from sdaasp_geo.sources.fetch import *\n"
        "entry = Entry.model_validate_json(sys.argv[1])\n"
        "choice = FetchChoice(registry=Registry((entry,), 'r'))\n"
        "patience = Patience(chunk_bytes=1000)\n"
        "fetch('13', sys.argv[2], choice=choice, patience=patience)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, item.model_dump_json(), str(tmp_path)])
    part = tmp_path / "a.bin.part"
    limit = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 20_000) and time.monotonic() < limit:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait()
    came = part.stat().st_size
    assert 0 < came < len(BODY)
    (file,) = run(tmp_path, item).files
    assert file.path.read_bytes() == BODY
    assert server.asked("/a.bin")[1]["Range"] == f"bytes={came}-"
    assert names(tmp_path) == {"a.bin"}


def test_a_damaged_file_is_put_aside_and_fetched_again(server, tmp_path):
    server.serve("/a.bin", BODY)
    run(tmp_path, entry(server))
    (tmp_path / "a.bin").write_bytes(b"edited")
    (file,) = run(tmp_path, entry(server)).files
    assert file.path.read_bytes() == BODY
    assert (tmp_path / "a.bin.old-1").read_bytes() == b"edited"


def test_a_sound_file_that_somebody_put_there_is_kept(server, tmp_path):
    (tmp_path / "a.csv").write_bytes(TABLE)
    (tmp_path / "notes.txt").write_text("mine")
    (file,) = run(tmp_path, entry(server, "a.csv", form="csv", columns=["id_fs"])).files
    assert file.how == "kept"
    assert server.log == []
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_new_address_is_asked_and_the_old_file_put_aside(server, tmp_path):
    server.serve("/a.bin", BODY)
    run(tmp_path, entry(server))
    server.serve("/2027", TABLE)
    (file,) = run(tmp_path, entry(server, url=f"{server.url}/2027")).files
    assert file.path.read_bytes() == TABLE
    assert (tmp_path / "a.bin.old-1").read_bytes() == BODY


def test_a_damaged_record_costs_a_check_and_no_download(server, tmp_path):
    server.serve("/a.bin", BODY)
    run(tmp_path, entry(server))
    (tmp_path / "sources.json").write_text("{")
    assert run(tmp_path, entry(server)).files[0].how == "kept"


def test_two_fetches_never_share_a_folder(server, tmp_path):
    server.serve("/a.bin", BODY)

    def enter(done, total, what):
        if done:
            with pytest.raises(OutputError, match="another fetch writing into it"):
                run(tmp_path, entry(server))
            entered.append(done)

    entered = []
    run(tmp_path, entry(server), progress=enter)
    assert entered


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="expected a folder that can be written"):
        run(tmp_path / "file" / "in", entry(server))


def test_workers_must_be_some(server, tmp_path):
    with pytest.raises(ValueError, match="expected 1 worker or more, found 0"):
        run(tmp_path, entry(server), workers=0)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    drops=st.lists(
        st.one_of(st.integers(1, 60_000).map("drop:{}".format), st.sampled_from([429, 500])),
        max_size=6,
    ),
    ranges=st.booleans(),
    heeds=st.booleans(),
)
def test_whatever_drops_the_bytes_are_the_servers_or_there_is_no_file(
    server, tmp_path_factory, drops, ranges, heeds
):
    folder = tmp_path_factory.mktemp("drops")
    body = BODY[:100_000]
    server.serve("/a.bin", body, acts=list(drops), ranges=ranges, heeds_if_range=heeds)
    try:
        run(folder, entry(server))
    except InputError:
        assert not (folder / "a.bin").exists()
        run(folder, entry(server), patience=Patience(attempts=9, first_wait_s=0))
    assert (folder / "a.bin").read_bytes() == body
    assert names(folder) == {"a.bin"}
