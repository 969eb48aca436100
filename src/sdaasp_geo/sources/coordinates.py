"""Coordinates as files write them: text, to points in the CRS of the territory."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from sdaasp_geo.sources.text import to_numbers

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

# No projected coordinate on Earth is larger than half its girth.
_LARGEST_M = 2.1e7
_LARGEST_DEGREES = (180.0, 90.0)


class Located(NamedTuple):
    """Points of rows, and what is wrong with the coordinates of some.

    Parameters
    ----------
    x, y
        Coordinates in the territory's CRS, NaN where there is no point; shape (N,).
    trouble
        Why a row that has something in its coordinates has no point; missing elsewhere.
    """

    x: Floats
    y: Floats
    trouble: pd.Series


def locate(across: pd.Series, up: pd.Series, crs: pd.Series, *, target: str) -> Located:
    """Read and project coordinates.

    Parameters
    ----------
    across, up
        Longitude or easting, latitude or northing, as text; a decimal comma is read.
    crs
        The CRS of each row; where it is missing, so is the point.
    target
        CRS of the answer.

    Examples
    --------
    >>> texts = pd.Series(["5,37", "inf"], dtype="str"), pd.Series(["43.30", "2"], dtype="str")
    >>> found = locate(*texts, pd.Series("EPSG:4326", index=[0, 1]), target="EPSG:2154")
    >>> found.x.round(-3).tolist(), found.trouble.tolist()
    ([892000.0, nan], [nan, 'a coordinate that is not a number'])
    """
    numbers = to_numbers(across).to_numpy(), to_numbers(up).to_numpy()
    trouble = _troubles(across, up, numbers)
    x, y = np.full(len(across), np.nan), np.full(len(across), np.nan)
    for system in filter(_is_known, crs.dropna().unique()):
        members = (crs == system).fillna(value=False).to_numpy() & trouble.isna().to_numpy()
        out = members & _out_of_range(*numbers, str(system))
        trouble = trouble.mask(out, f"coordinates out of the range of {system}")
        members &= ~out
        x[members], y[members] = _project(
            numbers[0][members], numbers[1][members], str(system), target
        )
    lost = ~(np.isfinite(x) & np.isfinite(y))
    x[lost], y[lost] = np.nan, np.nan
    untold = lost & trouble.isna().to_numpy() & (across.notna() | up.notna()).to_numpy()
    return Located(x, y, trouble.mask(untold, "coordinates in no known system"))


def _is_known(system: str) -> bool:
    try:
        CRS.from_user_input(system)
    except CRSError:
        return False
    return True


def _troubles(across: pd.Series, up: pd.Series, numbers: tuple[Floats, Floats]) -> pd.Series:
    trouble = pd.Series(None, index=across.index, dtype="str")
    empty = across.isna() & up.isna()
    unreadable = ~(np.isfinite(numbers[0]) & np.isfinite(numbers[1]))
    trouble = trouble.mask(unreadable & ~empty, "a coordinate that is not a number")
    trouble = trouble.mask(across.isna() ^ up.isna(), "one coordinate without the other")
    # 0, 0 lies in the Gulf of Guinea: it is what some exports write for nothing.
    nowhere = (numbers[0] == 0) & (numbers[1] == 0)
    return trouble.mask(nowhere, "coordinates 0, 0")


def _out_of_range(across: Floats, up: Floats, system: str) -> Bools:
    largest = (_LARGEST_M, _LARGEST_M)
    if CRS.from_user_input(system).is_geographic:
        largest = _LARGEST_DEGREES
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(across) > largest[0]) | (np.abs(up) > largest[1]))


@functools.lru_cache(maxsize=32)
def transformer(system: str, target: str) -> Transformer:
    """Return what projects longitudes or eastings first, made once for each pair of systems."""
    # Making one costs more than projecting a whole département's facilities.
    return Transformer.from_crs(system, target, always_xy=True)


def _project(across: Floats, up: Floats, system: str, target: str) -> tuple[Floats, Floats]:
    if CRS.from_user_input(system) == CRS.from_user_input(target):
        return across, up
    x, y = transformer(system, target).transform(across, up)
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
