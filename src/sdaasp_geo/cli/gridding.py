"""The command that writes times on a grid."""

from __future__ import annotations

from typing import Annotated

import typer

import sdaasp_geo as sg
from sdaasp_geo.cli.commands import OutFolder, TerritoryFile  # noqa: TC001 (read at run time)
from sdaasp_geo.cli.session import Session  # noqa: TC001 (read at run time)


def grids(
    session: Session,
    territory: TerritoryFile,
    out: OutFolder,
    *,
    service: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A service of the basket, as often as need be; all by default."
        ),
    ] = None,
    cell_m: Annotated[
        float, typer.Option(metavar="METRES", min=1.0, help="Side of a cell, in metres.")
    ] = 200.0,
) -> None:
    """Write the minutes to each service on a grid, as GeoTIFF files for QGIS."""
    with session.progress() as progress:
        diagnostic = sg.diagnose_file(territory, out, progress=progress)
        files = sg.write_access_rasters(
            diagnostic, out, services=service, cell_m=cell_m, progress=progress
        )
    session.wrote(files)
