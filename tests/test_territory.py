import pytest

from sdaasp_geo.errors import TerritoryError
from sdaasp_geo.territory import read_territory

GOOD = """
name = "Essai"
departement = "99"
[communes]
path = "communes.gpkg"
columns = { commune = "code", name = "nom", population = "pop" }
[[roads]]
format = "lines"
path = "roads.gpkg"
columns = { road_class = "class" }
[[facilities]]
source = "bpe"
path = "bpe.csv"
[thresholds]
proximite_min = 4
intermediaire_min = 10
superieure_min = 20
"""


def written(folder, text):
    path = folder / "t.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(folder, text):
    with pytest.raises(TerritoryError) as caught:
        read_territory(written(folder, text))
    return str(caught.value)


def test_defaults(tmp_path):
    territory = read_territory(written(tmp_path, GOOD))
    assert territory.crs == "EPSG:2154"
    assert territory.buffer_km == 35
    assert territory.origins.kind == "chef_lieu"
    assert territory.thresholds_min["basket"] == 7.0
    assert territory.cache_dir is None
    assert territory.resolve("communes.gpkg") == (tmp_path / "communes.gpkg").resolve()


def test_speeds_given_change_only_those(tmp_path):
    text = GOOD + "[assumptions]\nspeed_kmh = { motorway = 115 }\naccess_speed_kmh = 30\n"
    choices = read_territory(written(tmp_path, text)).assumptions
    assert choices.speed_kmh["motorway"] == 115
    assert choices.speed_kmh["trunk"] == 85
    assert choices.access_speed_kmh == 30


def test_every_fault_at_once_with_the_nearest_good_name(tmp_path):
    text = (
        GOOD.replace('name = "Essai"', 'name = "Essai"\nbufer_km = 3')
        .replace('format = "lines"', 'format = "line"')
        .replace('path = "bpe.csv"', 'pth = "bpe.csv"')
    )
    message = faults_of(tmp_path, text)
    assert "'bufer_km': expected a known key (did you mean 'buffer_km'?)" in message
    assert (
        "'roads[1].format': expected 'lines', 'osm_pbf', 'bdtopo', 'route500' or 'graphml', found 'line'"
        in message
    )
    assert "'facilities[1].path': expected this key, found no such key" in message
    assert "'facilities[1].pth': expected a known key (did you mean 'path'?)" in message


def test_faults_of_meaning_at_once(tmp_path):
    text = (
        GOOD.replace("intermediaire_min = 10", "intermediaire_min = 25\nsuperieur_min = 3")
        .replace('source = "bpe"', 'source = "operators"\nservices = { caf = "point_acceuil_caf" }')
        .replace("departement", 'crs = "EPSG:4326"\ndepartement')
    )
    text += "[assumptions]\nsnap_limit = 3\n[basket.frequency]\npharmacy = 1\n"
    message = faults_of(tmp_path, text)
    assert "expected a projected CRS in metres, found 'EPSG:4326'" in message
    assert "'thresholds.intermediaire_min': expected at most superieure_min = 20" in message
    assert "'thresholds.superieur_min'" in message
    assert "did you mean 'superieure_min'?" in message
    assert "did you mean 'point_accueil_caf'?" in message
    assert "did you mean 'snap_limit_m'?" in message
    assert "did you mean 'pharmacie'?" in message


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("[assumptions]\nsame_commune = 'zéro'", "'assumptions.same_commune': expected one of"),
        ("[assumptions]\nsnap_limit_m = '5'", "'assumptions.snap_limit_m': expected a number"),
        ("[assumptions]\nspeed_kmh = 50", "expected a table of numbers, found 50"),
        ("[assumptions]\nbasket_mean = 'by_frequency'", "expected a weight for every service"),
        ("[assumptions]\nmissing_service = 'cap'", "found 'cap'"),
        ("[basket]\nname = 'sdaasp-30'", "'basket.name': expected one of"),
        ("[basket.frequency]\npharmacie = -1", "expected a weight of 0 or more, found -1"),
        ("[origins]\nkind = 'squares'", "'origins.path': expected the path of the squares"),
        ("[origins]\nkind = 'square'", "'origins.kind': expected 'chef_lieu', 'squares'"),
    ],
)
def test_one_fault(tmp_path, extra, message):
    assert message in faults_of(tmp_path, GOOD + extra)


def test_missing_threshold(tmp_path):
    text = GOOD.replace("superieure_min = 20", "")
    assert "'thresholds.superieure_min': expected a threshold" in faults_of(tmp_path, text)
    assert "expected a threshold above 0, found -4.0" in faults_of(
        tmp_path, GOOD.replace("proximite_min = 4", "proximite_min = -4")
    )


def test_not_a_file_not_toml_not_text(tmp_path):
    with pytest.raises(TerritoryError, match="expected a territory file, found no such file"):
        read_territory(tmp_path / "absent.toml")
    assert "expected TOML, found" in faults_of(tmp_path, 'name = "x')
    path = tmp_path / "latin.toml"
    path.write_bytes("name = 'Forêt'".encode("cp1252"))
    with pytest.raises(TerritoryError, match="expected text in UTF-8"):
        read_territory(path)
