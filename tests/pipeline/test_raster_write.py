"""Times on a grid, as files."""

import numpy as np
import pytest
import rasterio
import shapely

from scenarios import toy_scenarios as toy
from sdaasp_geo.access.reach import reach
from sdaasp_geo.errors import OutputError
from sdaasp_geo.pipeline.raster_write import write_access_rasters


def test_cells_hold_the_time_from_their_centre(tmp_path):
    diagnostic = toy.row()
    paths = write_access_rasters(diagnostic, tmp_path / "out", cell_m=500.0)
    placed = set(diagnostic.land.facilities["service"])
    assert [path.stem for path in paths] == [
        service for service in diagnostic.basket.service_ids if service in placed
    ]
    whole = diagnostic.communes.geometry.union_all()
    for path in paths:
        places = diagnostic.land.facilities.query("service == @path.stem")
        found = reach(diagnostic.land.network, places, diagnostic.assumptions)
        with rasterio.open(path) as file:
            grid = file.read(1)
            assert file.crs.to_epsg() == 2154
            assert np.isnan(file.nodata)
            assert file.units == ("min",)
            assert "Méthode" in file.tags()
            rows, columns = np.indices(grid.shape)
            x, y = rasterio.transform.xy(file.transform, rows.ravel(), columns.ravel())
        centres = shapely.points(x, y)
        expected = np.where(shapely.contains(whole, centres), found.time_min(centres), np.nan)
        np.testing.assert_allclose(grid.ravel(), expected.astype(np.float32))
        assert np.isfinite(grid).any()


def test_some_services_and_what_is_refused(tmp_path):
    diagnostic = toy.row()
    paths = write_access_rasters(diagnostic, tmp_path / "a", services=[toy.CAF], cell_m=1000.0)
    assert [path.name for path in paths] == [f"{toy.CAF}.tif"]
    with pytest.raises(ValueError, match="services: expected some of .*, found nulle_part"):
        write_access_rasters(diagnostic, tmp_path / "b", services=["nulle_part"])
    with pytest.raises(ValueError, match="cell_m: expected a number above 0"):
        write_access_rasters(diagnostic, tmp_path / "b", cell_m=0.0)
    assert not (tmp_path / "b").exists()
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match="found other files"):
        write_access_rasters(diagnostic, tmp_path / "c", services=[toy.CAF], cell_m=1000.0)
