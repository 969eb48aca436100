"""Write the times to each service on a grid, as GeoTIFF files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely

from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.pipeline.outputs import whole_folder
from sdaasp_geo.pipeline.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.access.rasters import Grid
    from sdaasp_geo.diagnostic.model import Diagnostic

_METHOD = (
    "par la route depuis le centre de chaque maille, accès à la route aux deux bouts ; sans "
    "l'estimation ou la règle qu'un tableau applique dans une même commune"
)


def write_access_rasters(
    diagnostic: Diagnostic,
    folder: str | Path,
    *,
    services: Sequence[str] | None = None,
    cell_m: float = 200.0,
    progress: Progress = silent,
) -> list[Path]:
    """Write one GeoTIFF a service: minutes by road from each cell to the nearest place.

    Cells are squares on multiples of `cell_m` in the CRS of the territory; those whose
    centre lies outside the communes, or that no road serves, hold no figure (NaN, told as nodata).
    Unit, service, sources and assumptions are in the tags. Figures are those of
    :func:`~sdaasp_geo.access_raster`, always by road.

    Parameters
    ----------
    diagnostic
        With its land (as ``diagnose`` gives it).
    folder
        New, empty, or holding earlier outputs, which are replaced in one step.
    services
        Ids; all services that have a place if None.
    cell_m
        Side of a cell, metres.
    progress
        Called with (done, total, what).

    Returns
    -------
    list of Path
        ``<service>.tif``, in the order of the basket.

    Raises
    ------
    ValueError
        If a service is unknown or has no place, the cell is not above 0, or the
        diagnostic is one of tables alone.
    OutputError
        If the folder cannot be written, or holds files of something else.
    """
    from sdaasp_geo.access.rasters import access_rasters
    from sdaasp_geo.report.geofiles import description
    from sdaasp_geo.report.rasters import write_raster

    chosen, land = _chosen(diagnostic, services), land_of(diagnostic)
    groups = dict(list(land.facilities.groupby("service")))
    places = {service: groups[service] for service in chosen}
    grid, outside = _grid(diagnostic, cell_m)
    about = description(diagnostic) | {"Méthode": _METHOD}
    folder = Path(folder)
    with whole_folder(folder) as staging:
        progress(0, 1, "temps par maille")
        rasters = access_rasters(land.network, places, grid, diagnostic.assumptions)
        for done, (service, raster) in enumerate(rasters.items(), start=1):
            label = diagnostic.basket.service(service).label
            raster.time_min[outside] = np.nan
            path = staging / f"{service}.tif"
            write_raster(path, raster, description=f"{label} (min)", tags=about)
            progress(done, len(chosen), label)
    return [folder / f"{service}.tif" for service in chosen]


def _chosen(diagnostic: Diagnostic, services: Sequence[str] | None) -> list[str]:
    placed = set(land_of(diagnostic).facilities["service"])
    if services is None:
        return [service for service in diagnostic.basket.service_ids if service in placed]
    wrong = [service for service in services if service not in placed]
    if wrong:
        message = (
            f"services: expected some of {', '.join(sorted(placed))}, found {', '.join(wrong)}. "
            "Likely cause: a service without any place, or a name of another basket"
        )
        raise ValueError(message)
    return list(dict.fromkeys(services))


def _grid(diagnostic: Diagnostic, cell_m: float) -> tuple[Grid, np.ndarray]:
    """Lay the grid over the communes, and say which cells lie outside them."""
    from sdaasp_geo.access.rasters import grid_over

    land = diagnostic.communes.geometry
    grid = grid_over(land.total_bounds, cell_m)
    centres = grid.centres(slice(None))
    whole = shapely.union_all(land.to_numpy())
    shapely.prepare(whole)
    inside = shapely.contains(whole, centres)
    return grid, ~inside.reshape(grid.height, grid.width)
