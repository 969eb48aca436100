import subprocess
import sys

import numpy as np
import pytest

from sdaasp_geo.access.rasters import AccessRaster, Grid
from sdaasp_geo.errors import OutputError
from sdaasp_geo.report.rasters import write_raster

rasterio = pytest.importorskip("rasterio")

GRID = Grid(west=800_000.0, north=6_500_200.0, cell_m=100.0, width=3, height=2)
MINUTES = np.array([[0.5, 12.25, np.nan], [60.0, np.nan, 1.0]], dtype=np.float32)
RASTER = AccessRaster(MINUTES, GRID, "EPSG:2154")


def test_everything_is_read_back(tmp_path):
    tags = {"source": "BPE 2024", "hypotheses": "25 km/h"}
    path = write_raster(tmp_path / "a.tif", RASTER, description="Pharmacie (min)", tags=tags)
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(1), MINUTES)
        assert file.crs.to_epsg() == 2154
        assert np.isnan(file.nodata)
        assert tuple(file.bounds) == (800_000.0, 6_500_000.0, 800_300.0, 6_500_200.0)
        assert file.res == (100.0, 100.0)
        assert file.descriptions == ("Pharmacie (min)",)
        assert file.units == ("min",)
        assert tags.items() <= file.tags().items()
        # The centre of the second cell of the first row, as the grid reckons it.
        x, y = file.xy(0, 1)
        assert next(file.sample([(x, y)]))[0] == 12.25
        centre = GRID.centres(slice(0, 1))[1]
        assert (centre.x, centre.y) == (x, y)


@pytest.mark.parametrize("crs", ["EPSG:5490", "EPSG:2972", "EPSG:2975", "EPSG:4471"])
def test_overseas_systems(tmp_path, crs):
    path = write_raster(tmp_path / "a.tif", RASTER._replace(crs=crs), description="d")
    with rasterio.open(path) as file:
        assert f"EPSG:{file.crs.to_epsg()}" == crs


def test_the_same_grid_gives_the_same_bytes_and_the_grid_is_untouched(tmp_path):
    large = AccessRaster(
        np.random.default_rng(1).random((700, 900)).astype(np.float32),
        GRID._replace(width=900, height=700),
        "EPSG:2154",
    )
    before = large.time_min.copy()
    tags = {"b": "2", "a": "1"}
    first = write_raster(tmp_path / "a.tif", large, description="d", tags=tags).read_bytes()
    again = dict(reversed(tags.items()))
    second = write_raster(tmp_path / "b.tif", large, description="d", tags=again).read_bytes()
    assert first == second
    np.testing.assert_array_equal(large.time_min, before)
    # Lossless, whatever the blocks.
    with rasterio.open(tmp_path / "a.tif") as file:
        np.testing.assert_array_equal(file.read(1), before)


def test_an_old_file_is_replaced_and_nothing_else_is_left(tmp_path):
    (tmp_path / "a.tif").write_bytes(b"old")
    write_raster(tmp_path / "a.tif", RASTER, description="d")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.shape == (2, 3)


def test_a_failure_leaves_the_old_file(tmp_path):
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(OutputError, match="a.tif: expected a place that can be written"):
        write_raster(tmp_path / "a.tif", RASTER, description="d")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]
    with pytest.raises(OutputError, match="expected an existing folder"):
        write_raster(tmp_path / "none" / "a.tif", RASTER, description="d")


def test_importing_loads_no_rasterio():
    code = "import sys, sdaasp_geo.report.rasters; sys.exit('rasterio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
