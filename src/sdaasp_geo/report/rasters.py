"""Grids of minutes as GeoTIFF files."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.access.rasters import AccessRaster

_UNIT = "min"
_BLOCK = 256


def write_raster(
    path: str | Path,
    raster: AccessRaster,
    *,
    description: str,
    tags: Mapping[str, str] | None = None,
) -> Path:
    """Write a grid of minutes as a GeoTIFF, whole or not at all.

    One band of float32 with its unit and description, NaN where there is no time, tiled
    and compressed without loss, in the CRS of the grid. The same grid gives the same
    bytes: no date and no path goes in.

    Parameters
    ----------
    path
        The file; its folder exists, and an old file of that name is replaced.
    raster
        See :func:`~sdaasp_geo.access.rasters.access_raster`.
    description
        What the band shows, in the reader's language.
    tags
        More to tell, by name: source, vintage, assumptions.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ImportError
        If rasterio is not installed.
    OutputError
        If the file cannot be written there.
    """
    path = Path(path)
    if not path.parent.is_dir():
        message = f"{path}: expected an existing folder, found none at {path.parent}"
        raise OutputError(message)
    content = _geotiff(raster, description, dict(tags or {}))
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        message = f"{path}: expected a place that can be written, found: {error}"
        raise OutputError(message) from error
    finally:
        part.unlink(missing_ok=True)
    return path


def _geotiff(raster: AccessRaster, description: str, tags: dict[str, str]) -> bytes:
    # Loading it takes a moment, and few runs write a grid.
    from affine import Affine  # noqa: PLC0415
    from rasterio.io import MemoryFile  # noqa: PLC0415

    grid = raster.grid
    profile = {
        "driver": "GTiff",
        "dtype": "float32",
        "count": 1,
        "width": grid.width,
        "height": grid.height,
        "crs": raster.crs,
        "transform": Affine(*grid.transform),
        "nodata": np.nan,
        "compress": "deflate",
        "predictor": 3,
        "tiled": True,
        "blockxsize": _BLOCK,
        "blockysize": _BLOCK,
        # One thread and one order of blocks: the same bytes everywhere.
        "num_threads": 1,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as file:
            file.write(raster.time_min, 1)
            file.set_band_description(1, description)
            file.set_band_unit(1, _UNIT)
            file.update_tags(**dict(sorted(tags.items())))
        return bytes(memory.read())
