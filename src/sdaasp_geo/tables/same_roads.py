"""Roads that two files tell of: one road in an OpenStreetMap extract and in BD TOPO."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.tables.reading import NOTE_COLUMNS, WHOLE_FILE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    Cells = set[tuple[int, int]]

# Land is compared by squares of this side.
CELL_M = 1_000.0
# Extracts of neighbouring regions share their border, and a file of new roads a few squares.
LEAST_SHARE = 0.3


def same_roads(tables: Sequence[gpd.GeoDataFrame], names: Sequence[str]) -> pd.DataFrame:
    """Tell which files of roads are of the land of an earlier file.

    Several files make one network where their ends meet. Two products of one land do not
    meet: both are driven on, each on its own, and a point stands on the nearer one.

    Parameters
    ----------
    tables
        `ROADS` tables, one a file, all in one metric CRS.
    names
        The files' names, as flags give them.

    Returns
    -------
    DataFrame
        As the flags of a reading: one line for each later file that holds roads in a
        third or so (`LEAST_SHARE`) of the square kilometres with roads of an earlier file,
        and these are so large a part of its own; of row 0.
    """
    cells = [_cells(table) for table in tables]
    lines = []
    for number, (name, own) in enumerate(zip(names, cells, strict=True)):
        alike = [
            other
            for other, theirs in zip(names[:number], cells, strict=False)
            if len(own & theirs) >= LEAST_SHARE * max(len(own), len(theirs), 1)
        ]
        if alike:
            reason = (
                f"roads of the same land as {', '.join(alike)}: two products do not meet, and "
                "both are driven on"
            )
            lines.append([name, WHOLE_FILE, "roads", f"{len(own)} km²", reason])
    return pd.DataFrame(lines, columns=NOTE_COLUMNS).astype(
        dict.fromkeys(NOTE_COLUMNS, "str") | {"row": "int64"}
    )


def _cells(table: gpd.GeoDataFrame) -> Cells:
    """Squares of 1 km that hold the beginning of a road."""
    first = shapely.get_point(table.geometry.to_numpy(), 0)
    xy = np.floor(shapely.get_coordinates(first) / CELL_M).astype(np.int64)
    return {(int(x), int(y)) for x, y in np.unique(xy, axis=0)}
