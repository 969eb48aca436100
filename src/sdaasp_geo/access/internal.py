"""Times inside one commune, where a place is known by its commune alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions

_M2_PER_KM2 = 1e6


def inhabited_area_km2(
    units: gpd.GeoDataFrame, assumptions: Assumptions, *, squares_km2: pd.Series | None = None
) -> pd.Series:
    """Inhabited area of each commune or arrondissement.

    The area of its inhabited squares where they are given; elsewhere its population over
    `inhabited_density_per_km2`. Never more than its whole area.

    Parameters
    ----------
    units
        Indexed by unit code, with ``population`` and polygons in a metric CRS.
    assumptions
        Gives `inhabited_density_per_km2`.
    squares_km2
        Area of the inhabited squares of some of the units, by unit code.

    Returns
    -------
    Series
        km², indexed like `units`. At least what one inhabitant stands for, so that an
        estimate in an uninhabited commune stays defined.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> from sdaasp_geo.assumptions import Assumptions
    >>> units = gpd.GeoDataFrame(
    ...     {"population": [2000.0, 50_000.0]},
    ...     index=["01001", "01002"],
    ...     geometry=[box(0, 0, 4000, 4000), box(4000, 0, 8000, 4000)],
    ...     crs="EPSG:2154",
    ... )
    >>> inhabited_area_km2(units, Assumptions()).tolist()
    [2.0, 16.0]
    """
    whole = pd.Series(units.geometry.area.to_numpy() / _M2_PER_KM2, index=units.index)
    people = units["population"].clip(lower=1.0)
    area: pd.Series = (people / assumptions.inhabited_density_per_km2).clip(upper=whole)
    if squares_km2 is None:
        return area
    known = squares_km2.reindex(units.index)
    return area.where(known.isna(), np.minimum(known, whole))


def internal_time_min(
    area_km2: npt.ArrayLike, facilities: npt.ArrayLike, assumptions: Assumptions
) -> npt.NDArray[np.float64]:
    """Estimate the time to the nearest of n facilities inside one commune.

    Half the mean spacing of n facilities over the inhabited area A, which is the mean
    distance from a random place to the nearest of n random points,
    ``d = sqrt(A / n) / 2``, made a way by the access length factor and driven at the
    access speed. It is an estimate, and results flag it as `internal_estimate`.

    Parameters
    ----------
    area_km2
        Inhabited area, km², any shape.
    facilities
        Number of facilities, at least 1, of the same shape.
    assumptions
        Gives `access_length_factor` and `access_speed_kmh`.

    Returns
    -------
    ndarray
        Minutes.

    References
    ----------
    P. J. Clark and F. C. Evans, "Distance to nearest neighbor as a measure of spatial
    relationships in populations", Ecology 35 (1954), 445-453.

    Examples
    --------
    >>> from sdaasp_geo.assumptions import Assumptions
    >>> choices = Assumptions(access_speed_kmh=30.0, access_length_factor=1.0)
    >>> internal_time_min([4.0, 4.0], [1, 4], choices).tolist()
    [2.0, 1.0]
    """
    area = np.asarray(area_km2, dtype=np.float64)
    distance_m = 1000.0 * np.sqrt(area / np.asarray(facilities, dtype=np.float64)) / 2.0
    return np.asarray(distance_m * assumptions.access_min_per_m)
