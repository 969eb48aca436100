"""Places that two files tell of: one post office in the BPE, at La Poste and in OpenStreetMap."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.tables.reading import NOTE_COLUMNS, WHOLE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import geopandas as gpd
    import numpy.typing as npt

# Two geocoders put one address this far apart, and one shop front has one post office.
SAME_PLACE_M = 250.0


def same_places(table: gpd.GeoDataFrame, *, key: str | None = None) -> pd.DataFrame:
    """Tell which places of a file an earlier file seems to have already.

    Two files of one service are right where each knows places that the other does not.
    What both know counts twice in numbers of facilities, in the estimate of the time
    inside a commune, and as the one that is left when the other closes. Routed times to
    the nearest are the same.

    Parameters
    ----------
    table
        ``source commune unit known_by geometry`` (points, metric CRS) of several files, in the
        order of the files, and the column `key`.
    key
        Only places alike in this column may be one (``service``); all if None.

    Returns
    -------
    DataFrame
        As the flags of a reading: one line for each `key` and later file, of row 0.
        Two places may be one if both are known by their position and lie within 250 m,
        or if one of them is known by its commune alone and the other is in that commune.
    """
    kinds = table[key] if key is not None else pd.Series("places", index=table.index)
    lines = [
        line
        for kind, rows in table.groupby(kinds, sort=True)
        for line in _of_kind(str(kind), rows, key or "")
    ]
    return pd.DataFrame(lines, columns=NOTE_COLUMNS).astype({"row": "int64"})


def told_apart(tables: Sequence[gpd.GeoDataFrame], key: str) -> list[gpd.GeoDataFrame]:
    """Give what an earlier table names already the name of its file before its own.

    Lists number their places each from 1: the second list's "1" is another place.

    Parameters
    ----------
    tables
        Each of one file, with `source`; unchanged.
    key
        Column of names, each once in a table.
    """
    seen: set[str] = set()
    apart = []
    for number, table in enumerate(tables, start=1):
        stems = table["source"].map(lambda name: PurePosixPath(str(name)).stem)
        names = table[key]
        # The second time for files of one name.
        for before in (stems + "-", f"{number}-"):
            names = names.where(~names.isin(seen), before + names)
        seen |= set(names)
        apart.append(table.assign(**{key: names}))
    return apart


def _of_kind(kind: str, rows: gpd.GeoDataFrame, column: str) -> Iterator[dict[str, Any]]:
    files = list(dict.fromkeys(rows["source"]))
    for number, file in enumerate(files[1:], start=1):
        there = rows[rows["source"] == file]
        earlier = rows[rows["source"].isin(files[:number])]
        alike = _alike(there, earlier)
        if not alike.any():
            continue
        others = list(dict.fromkeys(earlier["source"]))
        yield {
            "source": file,
            "row": WHOLE_FILE,
            "column": column,
            "value": kind,
            "reason": f"{int(alike.sum())} of {len(there)} places may be those of "
            f"{', '.join(others)}: they count twice",
        }


def _alike(there: gpd.GeoDataFrame, earlier: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Whether each place may be one of the earlier ones."""
    exact, known = (part["known_by"].to_numpy() == "position" for part in (there, earlier))
    tree = shapely.STRtree(earlier.geometry.to_numpy()[known])
    which, _ = tree.query(there.geometry.to_numpy(), predicate="dwithin", distance=SAME_PLACE_M)
    near = np.isin(np.arange(len(there)), which)
    vague = _in_one_commune(there, earlier[~known])
    return np.asarray(
        np.where(exact, near | vague, _in_one_commune(there, earlier)), dtype=np.bool_
    )


def _in_one_commune(there: gpd.GeoDataFrame, earlier: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Whether an earlier place is in the same unit, or one of both knows the city alone."""
    units, communes = set(earlier["unit"]), set(earlier["commune"])
    alike = there["unit"].isin(units | communes) | there["commune"].isin(units)
    return np.asarray(alike.to_numpy(), dtype=np.bool_)
