"""What comes is checked before it is kept: web pages, halves, and archives that are traps."""

import bz2
import gzip
import io
import json
import lzma
import stat
import struct
import tarfile
import warnings
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fetch_server import QUICK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from official_files import tarred, workbook

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.fetch import Entry, FetchChoice, FetchError, Registry, fetch
from sdaasp_geo.sources.fetch.checking import check_content
from sdaasp_geo.sources.fetch.unpacking import archive_trouble, unpack

PAGE = b"<!DOCTYPE html>\n<html><body>Maintenance; reviens, plus tard</body></html>"
TABLE = "id_fs;lib_fs\n1;Saint-Étienne\n".encode()


def archive(members, method=zipfile.ZIP_DEFLATED):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two members of one name
        for name, content in members:
            file.writestr(name, content)
    return memory.getvalue()


def parquet():
    memory = io.BytesIO()
    pq.write_table(pa.table({"AN": [2025], "TYPEQU": ["D307"]}), memory)
    return memory.getvalue()


def features(count=1, **more):
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [5.0, 43.0]},
        "properties": {"code_insee": "13001"},
    }
    content = {"type": "FeatureCollection", "features": [feature] * count, **more}
    return json.dumps(content).encode()


PBF = struct.pack(">I", 14) + b"\n\x09OSMHeader\x18\x80\x01" + bytes(100)
GPKG = b"SQLite format 3\0" + bytes(100)
DESKS = json.dumps({"service": [{"id": f"{n:05d}"} for n in range(99)]}).encode()
SOUND = {
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "csv": TABLE,
    "geojson": features(),
    "gpkg": GPKG,
    "gz": gzip.compress(features()),
    "osm_pbf": PBF,
    "parquet": parquet(),
    "tar": tarred({"all/data.gouv_local.json": DESKS}),
    "xlsx": workbook({"COM": [["CODGEO", "EPCI"], ["13001", "200054807"]]}),
    "zip": archive([("BPE23.csv", TABLE)]),
    "any": b"anything",
}


def entry(form, **changes):
    plain = {
        "kind": "a",
        "name": f"a.{form}",
        "url": "http://127.0.0.1/a",
        "publisher": "Insee",
        "licence": "Licence Ouverte 2.0",
        "what": "un fichier",
        "form": form,
    }
    return Entry(**(plain | changes))


def trouble(tmp_path, form, content, **changes):
    """Message that a content is refused with, or an empty one."""
    path = tmp_path / "content.part"
    path.write_bytes(content)
    try:
        check_content(path, entry(form, **changes))
    except InputError as error:
        return str(error)
    return ""


def test_sound_files_pass(tmp_path):
    for form, content in SOUND.items():
        assert trouble(tmp_path, form, content) == ""


@pytest.mark.parametrize("form", SOUND)
@pytest.mark.parametrize("page", [PAGE, b"\xef\xbb\xbf  " + PAGE, b"\n<HTML>a;b</HTML>"])
def test_a_web_page_passes_for_nothing(tmp_path, form, page):
    message = trouble(tmp_path, form, page)
    assert f"a.{form}: expected" in message
    assert "found a web page (HTML). Likely cause: an error or consent page" in message


@pytest.mark.parametrize("form", SOUND)
def test_an_empty_file_is_refused(tmp_path, form):
    assert "expected some content, found an empty file" in trouble(tmp_path, form, b"")


@pytest.mark.parametrize(
    "content",
    [
        b'{"error": "gone"}',
        b"just a line",
        b"<?xml version='1.0'?><a;b/>",
        "a;b\n".encode("utf-16"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path, content):
    message = trouble(tmp_path, "csv", content, columns=["id_fs"])
    assert "expected" in message


def test_a_csv_without_its_columns_is_refused(tmp_path):
    message = trouble(tmp_path, "csv", TABLE, columns=["id_fs", "insee_com"])
    assert "expected the columns insee_com, found none of that name" in message
    assert trouble(tmp_path, "csv", TABLE.decode().encode("cp1252"), columns=["lib_fs"]) == ""


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    form=st.sampled_from(["geojson", "gz", "parquet", "tar", "xlsx", "zip"]),
    share=st.floats(0.0, 0.99),
)
def test_no_beginning_of_a_file_passes_for_the_whole(tmp_path, form, share):
    content = SOUND[form]
    assert trouble(tmp_path, form, content[: int(share * len(content))])


def test_a_bracket_in_a_name_is_no_cut(tmp_path):
    content = features(note="Saint-Jean [hameau } ")
    assert trouble(tmp_path, "geojson", content) == ""
    assert "expected a whole GeoJSON" in trouble(tmp_path, "geojson", content[:-1] + b"[}")


def test_a_service_that_gave_part_of_the_features_is_refused(tmp_path):
    message = trouble(tmp_path, "geojson", features(numberMatched=6000, numberReturned=5000))
    assert "expected all 6000 features, found 5000" in message
    assert trouble(tmp_path, "geojson", features(numberMatched=1, numberReturned=1)) == ""
    message = trouble(tmp_path, "geojson", features(0, numberMatched=0, numberReturned=0))
    assert "a filter that matches nothing" in message


def test_properties_are_looked_for_beyond_any_geometry(tmp_path):
    # The name straddles the megabyte that is read at once.
    for shift in range(0, 14, 3):
        padding = " " * ((1 << 20) - shift - 12)
        content = f'{{"pad": "{padding}", "code_insee": 1}}'.encode()
        assert trouble(tmp_path, "geojson", content, columns=["code_insee"]) == ""
    message = trouble(tmp_path, "geojson", content, columns=["population"])
    assert "the columns population" in message


def test_a_damaged_member_is_found(tmp_path):
    content = bytearray(archive([("a.csv", TABLE * 100)], zipfile.ZIP_STORED))
    content[200] ^= 0xFF
    assert "expected a sound archive, found 'a.csv' damaged" in trouble(
        tmp_path, "zip", bytes(content)
    )


@pytest.mark.parametrize(
    "name",
    ["../a.csv", "in/../../a.csv", "/etc/a.csv", "C:\\a.csv", "..\\a.csv", "C:a.csv", "\\a.csv"],
)
def test_names_that_lead_outside_are_refused(tmp_path, name):
    message = trouble(tmp_path, "zip", archive([("good.csv", TABLE), (name, TABLE)]))
    assert "expected names inside the archive's own folder" in message
    assert "an archive made to write elsewhere" in message


def test_a_link_in_an_archive_is_refused(tmp_path):
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    message = trouble(tmp_path, "zip", archive([(link, b"/etc/passwd")]))
    assert "expected plain files in the archive, found 'a.csv', a link" in message


def test_an_encrypted_member_is_refused(tmp_path):
    info = zipfile.ZipInfo("a.csv")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr(info, TABLE)
    with zipfile.ZipFile(tmp_path / "a.zip") as file:
        file.infolist()[0].flag_bits |= 0x1
        assert archive_trouble(file).found == "'a.csv', encrypted"


def test_a_bomb_is_refused_before_it_is_opened(tmp_path, monkeypatch):
    # 16 MB of zeros in less than 1.6 kB: ten thousandfold.
    bomb = archive([("a.csv", bytes(16 << 20))], zipfile.ZIP_BZIP2)
    assert (16 << 20) / len(bomb) > 10_000

    def never(*args, **options):
        pytest.fail("a member was read")

    monkeypatch.setattr(zipfile.ZipFile, "open", never)
    message = trouble(tmp_path, "zip", bomb)
    assert "expected files at most 1000 times their packed size" in message
    assert "an archive made to fill the disk" in message


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (zipfile.ZIP_BZIP2, "expected members stored or deflated, found 'a.csv', by method 12"),
        (zipfile.ZIP_DEFLATED, "expected a sound archive, found 'a.csv' damaged"),
    ],
)
def test_a_bomb_that_lies_about_its_size_is_refused(tmp_path, method, said):
    plain = (16 << 20) + 12_345
    bomb = bytearray(archive([("a.csv", bytes(plain))], method))
    size = struct.pack("<I", plain)
    honest = struct.pack("<I", 1000)
    for _ in range(2):  # in the member's header and in the directory
        place = bomb.rindex(size)
        bomb[place : place + 4] = honest
    assert said in trouble(tmp_path, "zip", bytes(bomb))


def test_many_small_members_that_swell_together_are_refused(tmp_path):
    members = [(f"{number}.csv", bytes(1 << 20)) for number in range(8)]
    message = trouble(tmp_path, "zip", archive(members))
    assert f"found {8 << 20} bytes out of" in message
    assert "in all" in message


def packed_by(pack, name="a.json", content=DESKS):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as file:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        file.addfile(info, io.BytesIO(content))
    return pack(memory.getvalue())


@pytest.mark.parametrize("pack", [bz2.compress, gzip.compress, lzma.compress])
def test_a_tar_is_read_to_its_end_whatever_packs_it(tmp_path, pack):
    whole = packed_by(pack)
    assert trouble(tmp_path, "tar", whole, member=".json") == ""
    # Cut within the blank end of the tar: every member is there, and yet it is cut.
    assert "expected a tar archive that opens" in trouble(tmp_path, "tar", whole[:-4])
    message = trouble(tmp_path, "tar", whole, member=".xml")
    assert "expected a '.xml' in the archive, found a.json" in message
    outside = packed_by(pack, "../a.json")
    assert "expected names inside the archive's own folder" in trouble(tmp_path, "tar", outside)
    assert "expected a packed tar archive" in trouble(tmp_path, "tar", TABLE)
    assert "expected a tar archive that opens" in trouble(tmp_path, "tar", pack(b"no tar" * 999))


def test_a_packed_file_that_swells_ten_thousandfold_is_left_at_once(tmp_path):
    bomb = packed_by(bz2.compress, content=bytes(16 << 20))
    assert (16 << 20) / len(bomb) > 10_000
    # Gzip alone shrinks a thousandfold at most: one in another is no file of ours.
    for form, content in (("tar", bomb), ("gz", gzip.compress(bytes(16 << 20), 9))):
        message = trouble(tmp_path, form, content)
        assert "expected files at most 1000 times their packed size, found more than" in message


def test_what_a_gzip_file_holds_is_looked_at(tmp_path):
    assert trouble(tmp_path, "gz", SOUND["gz"], columns=["code_insee"]) == ""
    message = trouble(tmp_path, "gz", SOUND["gz"], columns=["code_insee", "population"])
    assert "expected the columns population, found none of that name" in message
    assert "found a web page (HTML)" in trouble(tmp_path, "gz", gzip.compress(PAGE))
    assert "found an empty file" in trouble(tmp_path, "gz", gzip.compress(b""))
    assert "expected a gzip file" in trouble(tmp_path, "gz", TABLE)


def test_a_zip_is_no_workbook_and_a_member_has_its_place(tmp_path):
    assert "expected an Excel workbook (xlsx), found BPE23.csv" in trouble(
        tmp_path, "xlsx", SOUND["zip"]
    )
    assert trouble(tmp_path, "zip", SOUND["zip"], inside="BPE23.csv") == ""
    message = trouble(tmp_path, "zip", SOUND["zip"], inside="GEOJSON/a.geojson")
    assert "expected 'GEOJSON/a.geojson' in the archive, found BPE23.csv" in message
    assert "expected a 7z archive" in trouble(tmp_path, "7z", SOUND["zip"])


def test_an_archive_without_its_member_is_refused(tmp_path):
    content = archive([("lisez-moi.txt", b"a"), ("dossier/", b"")])
    message = trouble(tmp_path, "zip", content, member=".csv")
    assert "expected a '.csv' in the archive, found lisez-moi.txt" in message
    assert "an empty one" in trouble(tmp_path, "zip", archive([("dossier/", b"")]))


def test_a_member_is_taken_out_under_its_own_name_once(tmp_path):
    (tmp_path / "a.zip").write_bytes(archive([("in/BPE.CSV", TABLE), ("lisez.txt", b"a")]))
    (path,) = unpack(tmp_path / "a.zip", tmp_path, ".csv")
    assert path == tmp_path / "BPE.CSV"
    assert path.read_bytes() == TABLE
    before = path.stat().st_mtime_ns
    unpack(tmp_path / "a.zip", tmp_path, ".csv")
    assert path.stat().st_mtime_ns == before
    assert not (tmp_path / "lisez.txt").exists()


def test_a_member_of_a_tar_is_taken_out_once_and_again_when_it_changed(server, tmp_path):
    body = tarred({"all/1_local.json": DESKS, "all/1_commune.zip": SOUND["zip"]})
    server.serve("/a.tar.bz2", body)
    taken = {"name": "a.tar.bz2", "member": "_local.json", "unpack": True}
    item = entry("tar", url=f"{server.url}/a.tar.bz2", **taken)
    choice = FetchChoice(registry=Registry((item,), "registry.toml"))
    folder = tmp_path / "in"
    (file,) = fetch("13", folder, choice=choice, patience=QUICK).files
    assert file.unpacked == (folder / "1_local.json",)
    assert file.unpacked[0].read_bytes() == DESKS
    # Its size is noted, so that the next run need not open the archive.
    before = file.unpacked[0].stat().st_mtime_ns
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tarfile, "open", lambda *_, **__: pytest.fail("the archive was opened"))
        (again,) = fetch("13", folder, choice=choice, patience=QUICK).files
    assert (again.how, again.unpacked) == ("kept", file.unpacked)
    assert file.unpacked[0].stat().st_mtime_ns == before
    file.unpacked[0].write_bytes(DESKS[:-9])
    (again,) = fetch("13", folder, choice=choice, patience=QUICK).files
    assert again.unpacked[0].read_bytes() == DESKS
    with pytest.raises(ValueError, match="expected one '1_local.json', found several"):
        (folder / "b.tar").write_bytes(tarred({"x/1_local.json": b"a", "y/1_local.json": b"b"}))
        unpack(folder / "b.tar", folder, "_local.json")


def test_two_members_of_one_name_are_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(archive([("x/a.csv", TABLE), ("y/a.csv", TABLE)]))
    with pytest.raises(ValueError, match=r"expected one 'a\.csv', found several"):
        unpack(tmp_path / "a.zip", tmp_path, ".csv")
    (tmp_path / "b.zip").write_bytes(archive([("../a.csv", TABLE)]))
    with pytest.raises(ValueError, match="names inside the archive's own folder"):
        unpack(tmp_path / "b.zip", tmp_path, ".csv")


BAD = {
    "page.csv": ("csv", PAGE),
    "page.zip": ("zip", PAGE),
    "half.zip": ("zip", SOUND["zip"][:-30]),
    "half.parquet": ("parquet", SOUND["parquet"][:-4]),
    "outside.zip": ("zip", archive([("../a.csv", TABLE)])),
    "bomb.zip": ("zip", archive([("a.csv", bytes(16 << 20))], zipfile.ZIP_BZIP2)),
    "page.xlsx": ("xlsx", PAGE),
    "half.xlsx": ("xlsx", SOUND["xlsx"][:-30]),
    "half.tar.bz2": ("tar", SOUND["tar"][:-30]),
    "outside.tar.bz2": ("tar", tarred({"../a.json": DESKS})),
    "bomb.tar.bz2": ("tar", tarred({"a.json": bytes(16 << 20)})),
    "half.json.gz": ("gz", SOUND["gz"][:-30]),
}


def test_nothing_bad_is_ever_kept_and_the_good_is(server, tmp_path):
    entries = []
    for name, (form, content) in BAD.items():
        server.serve(f"/{name}", content)
        kind = name.replace(".", "_")
        entries.append(entry(form, name=name, kind=kind, url=f"{server.url}/{name}"))
    server.serve("/good.zip", SOUND["zip"])
    good = {"kind": "good", "member": ".csv", "unpack": True, "url": f"{server.url}/good.zip"}
    entries.append(entry("zip", name="good.zip", **good))
    choice = FetchChoice(registry=Registry(tuple(entries), "registry.toml"))
    with pytest.raises(FetchError) as caught:
        fetch("13", tmp_path / "in", choice=choice, patience=QUICK)
    assert {fault.file for fault in caught.value.faults} == set(BAD)
    (file,) = caught.value.result.files
    assert file.unpacked == (tmp_path / "in" / "BPE23.csv",)
    kept = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {"good.zip", "BPE23.csv", "sources.json", ".sources.lock"}
    # What was refused is asked for again, once each; what came is not.
    before = len(server.log)
    with pytest.raises(FetchError):
        fetch("13", tmp_path / "in", choice=choice, patience=QUICK)
    assert len(server.log) == before + len(BAD)
