"""A diagnostic of times that Insee publishes: no roads, no facilities, the same tables."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer
from typer.testing import CliRunner

import toy_territory
from sdaasp_geo.cli.app import app
from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import InputError, TerritoryError
from sdaasp_geo.pipeline.doctor_territory import territory_findings
from sdaasp_geo.pipeline.inputs import read_inputs
from sdaasp_geo.pipeline.steps import diagnose, diagnose_inputs
from sdaasp_geo.pipeline.write import write_diagnostic
from sdaasp_geo.report.page import _ROLE_WORDS
from sdaasp_geo.report.words import assumptions_line, assumptions_rows
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ACCESS_TIMES
from sdaasp_geo.territory import read_territory

TO_GRID = Transformer.from_crs("EPSG:2154", "EPSG:3035", always_xy=True)

TIMES = """
[times]
source = "insee"
path = "donnees-2024-reg84.parquet"
vintage = 2024
"""


def published_toml(*, then=""):
    """The toy territory with published times in place of what they would be measured on."""
    before, _, rest = toy_territory.TOML.partition("[[roads]]")
    _, _, thresholds = rest.partition("[thresholds]")
    return f"{before}{TIMES}{then}[thresholds]{thresholds}"


def squares(*rows):
    """Squares of a commune so many km east of its west end: (commune, east, people, code, minutes)."""
    table = []
    for commune, east, people, code, minutes in rows:
        west = toy_territory.X0 + 1e4 * toy_territory.CODES.index(commune)
        x, y = TO_GRID.transform(west + 1e3 * east, toy_territory.Y0 + 5e3)
        x, y = (int(at // 200) * 200 + 100 for at in (x, y))
        cells = {"idSrc": f"{x}_{y}", "X": x, "Y": y, "depcom": commune}
        table.append(cells | {"typeeq_id": code, "pop": people, "duree": minutes})
    return pd.DataFrame(table)


# D307: pharmacie; B104: an établissement de commerce that no service asks for. Cé has no square.
ROWS = [
    ("01001", 3, 30.0, "D307", 2.0),
    ("01001", 7, 10.0, "D307", 6.0),
    ("01002", 5, 20.0, "D307", 9.0),
    ("01002", 5, 20.0, "B104", 1.0),
    ("02001", 5, 20.0, "D307", 1.0),
]


@pytest.fixture
def territory(tmp_path):
    path = toy_territory.write(tmp_path, toml=published_toml())
    squares(*ROWS).to_parquet(tmp_path / "donnees-2024-reg84.parquet", index=False)
    return path


def test_communes_have_the_mean_of_their_squares(territory):
    found = diagnose(read_territory(territory))
    communes = found.communes.set_index("commune")
    # Aa: (30 × 2 + 10 × 6) / 40; squares are scaled to the commune, which changes no mean.
    assert communes["pharmacie_min"].tolist() == pytest.approx([3, 9, np.nan], nan_ok=True)
    assert communes.loc["01001", "population"] == 1000
    assert found.origins.groupby("commune")["population"].sum().tolist() == [1000, 500, 500]
    assert found.origins.set_index("origin")["population"].iloc[:2].tolist() == [750, 250]
    services = found.services.set_index("service")
    assert services.loc["pharmacie", "mean_min"] == pytest.approx((1000 * 3 + 500 * 9) / 1500)
    assert services.loc["pharmacie", "reached_population"] == 1500
    assert services.loc["pharmacie", "unreached_population"] == 500
    # Nobody tells how many there are, and none of the times is an estimate.
    assert services["facilities"].isna().all()
    assert services.loc["pharmacie", "estimate_share"] == 0
    assert "pharmacie" not in found.summary["services_without_facility"]
    assert len(found.summary["services_without_facility"]) == len(services) - 1
    assert found.profile == "published"


def test_a_commune_without_a_square_is_there_without_a_time(territory):
    times = diagnose(read_territory(territory)).times
    assert schema_faults(times, ACCESS_TIMES, file="times") == []
    lone = times[(times["origin"] == "01003") & (times["service"] == "pharmacie")]
    assert lone["reason"].tolist() == ["not_published"]
    assert set(times.groupby("origin").size()) == {len(times["service"].unique())}
    assert set(times.loc[times["service"] != "pharmacie", "reason"]) == {"no_facility"}


def test_every_row_of_the_file_is_told(territory):
    inputs = read_inputs(read_territory(territory))
    assert (inputs.network, len(inputs.facilities)) == (None, 0)
    unused = inputs.unused.set_index("code")["rows"]
    assert unused.to_dict() == {"02": 1, "B104": 1}
    record = next(record for record in inputs.records if record["role"] == "times")
    assert (record["path"], record["vintage"]) == ("donnees-2024-reg84.parquet", "2024")
    again = diagnose_inputs(read_territory(territory), inputs)
    pd.testing.assert_frame_equal(again.times, diagnose(read_territory(territory)).times)


def test_squares_lie_in_areas_by_their_surface(territory):
    first = read_inputs(read_territory(territory)).origins.geometry.iloc[0]
    south, north = toy_territory.Y0, toy_territory.Y0 + 1e4
    # All that lies west of the middle of the first square of Aa.
    west = shapely.box(toy_territory.X0, south, first.x, north)
    areas = gpd.GeoDataFrame({"code": ["Q1"], "name": ["Q"]}, geometry=[west], crs="EPSG:2154")
    areas.to_file(territory.parent / "areas.gpkg", layer="areas")
    told = '[[levels]]\nkind = "areas"\nlevel = "quartiers"\npath = "areas.gpkg"\n'
    territory.write_text(published_toml(then=told))
    levels = read_inputs(read_territory(territory)).levels
    assert levels.origins["share"].tolist() == pytest.approx([0.5], abs=0.02)


def test_nothing_that_needs_roads_is_answered(territory):
    found = diagnose(read_territory(territory))
    with pytest.raises(
        InputError, match="found one of tables alone.*grids and isochrones need roads"
    ):
        land_of(found)


def test_outputs_say_whose_times_they_are(territory, tmp_path):
    found = diagnose(read_territory(territory))
    write_diagnostic(found, tmp_path / "out", maps=False)
    assert (tmp_path / "out" / "services.csv").read_text().count("pharmacie,Pharmacie") == 1
    # Every file is told by what it is for, in words.
    assert {record["role"] for record in found.provenance["inputs"]} <= set(_ROLE_WORDS)
    told = dict(assumptions_rows(found.assumptions, found.profile))
    assert "publiés par l'Insee" in told["Temps d'accès"]
    assert not any("route" in label for label in told)
    assert "publiés par l'Insee" in assumptions_line(found.assumptions, found.profile)


def faults_of(folder, toml):
    with pytest.raises(TerritoryError) as caught:
        read_territory(toy_territory.write(folder, toml=toml))
    return {fault.column: fault.found for fault in caught.value.faults}


def test_times_are_told_or_measured_but_not_both(tmp_path):
    both = toy_territory.TOML.replace("[[roads]]", f"{TIMES}\n[[roads]]", 1)
    assert faults_of(tmp_path, both) == dict.fromkeys(
        [
            *("roads", "facilities", "assumptions.speed_kmh", "assumptions.access_speed_kmh"),
            *("assumptions.access_length_factor", "assumptions.inhabited_density_per_km2"),
            "assumptions.min_component_nodes",
        ],
        "both",
    )
    squares_too = published_toml(then='[origins]\nkind = "squares"\npath = "x"\nsize_m = 200\n')
    assert faults_of(tmp_path, squares_too) == {"origins": "both"}
    rules = published_toml(then='[assumptions]\nbasket_mean = "median"\n')
    read_territory(toy_territory.write(tmp_path, toml=rules))


def test_one_of_the_two_is_asked_for(tmp_path):
    neither = published_toml().replace(TIMES, "")
    assert faults_of(tmp_path, neither) == dict.fromkeys(["roads", "facilities"], "no such key")


def test_faults_of_the_file_stand_beside_those_of_the_others(territory):
    (territory.parent / "donnees-2024-reg84.parquet").unlink()
    (territory.parent / "communes.gpkg").unlink()
    with pytest.raises(InputError) as caught:
        diagnose(read_territory(territory))
    files = {fault.file for fault in caught.value.faults}
    assert any("communes.gpkg" in file for file in files)
    assert "donnees-2024-reg84.parquet" in files
    toy_territory.write(territory.parent, toml=territory.read_text())
    with pytest.raises(InputError, match="donnees-2024-reg84.parquet"):
        diagnose(read_territory(territory))


def test_the_doctor_asks_for_no_facilities(territory):
    texts = [finding.text for finding in territory_findings(read_territory(territory))]
    assert any(text.startswith("no roads ([[roads]])") for text in texts)
    assert not any("bpe" in text or "La Poste" in text or "new sites" in text for text in texts)


def test_the_commands(territory, tmp_path):
    runner = CliRunner()
    checked = runner.invoke(app, ["--lang", "en", "check", str(territory)])
    assert checked.exit_code == 0
    assert "junctions" not in checked.output
    out = str(tmp_path / "grids")
    refused = runner.invoke(app, ["--lang", "en", "grids", str(territory), "--out", out])
    assert refused.exit_code == 1
    assert "expected a diagnostic with its land" in refused.output
