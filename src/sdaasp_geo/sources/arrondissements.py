"""Municipal arrondissements (Marseille, Lyon, Paris): units of their own, in a commune."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault
from sdaasp_geo.sources.layers import read_layer
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.polygons import (
    polygon_faults,
    population_faults,
    raise_unique,
    row_faults,
    typed,
)
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import ARRONDISSEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from sdaasp_geo.tables.reading import Reading

_REQUIRED = ("arrondissement", "commune", "name", "population")


def read_arrondissements(
    path: str | Path,
    *,
    crs: str,
    columns: Mapping[str, str],
    layer: str | None = None,
    communes: gpd.GeoDataFrame | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read municipal arrondissements from a vector file.

    Parameters
    ----------
    path
        Any vector file of polygons.
    crs
        Projected CRS of the answer.
    columns
        Library's name → name in the file: ``arrondissement``, ``commune`` (the code of
        the city), ``name``, ``population``.
    layer
        Needed where the file holds several.
    communes
        Table of the communes; every arrondissement must then be in one of them.

    Returns
    -------
    Reading
        Table `ARRONDISSEMENTS` in `crs`, sorted by code.

    Raises
    ------
    InputError
        As for :func:`~sdaasp_geo.sources.communes.communes_from_frame`, and if a city
        is not among `communes`.
    """
    path = Path(path)
    names = file_names(path.name, columns, required=_REQUIRED)
    raw = read_layer(path, columns=names, layer=layer)
    frame = typed(raw, list(names))
    faults = population_faults(raw, frame, path.name, names)
    faults += polygon_faults(frame, crs, path.name)
    faults += row_faults(frame, ARRONDISSEMENTS, path.name, names)
    if communes is not None:
        unknown = frame["commune"][frame["commune"].notna()]
        unknown = unknown[~unknown.isin(communes["commune"])]
        cause = "communes and arrondissements of different files or years"
        faults += [
            Fault(
                path.name,
                "a commune of the communes file",
                repr(code),
                cause,
                int(row),
                names["commune"],
            )
            for row, code in unknown.items()
        ]
    raise_unique(faults)
    table = frame.to_crs(crs)[list(ARRONDISSEMENTS.columns)]
    table = table.sort_values("arrondissement", ignore_index=True)
    return Notes(path.name).close(table, len(raw))
