"""How long each street takes: duration, posted limit, or the speed of its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdaasp_geo.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_MS_PER_MIN = 60_000.0
# One metre at one km/h takes 3,600 ms.
_MS_PER_M_AT_1_KMH = 3_600.0
_ABSURD_MS = 1e15


def street_times_ms(
    length_m: Floats,
    duration_min: Floats,
    posted_kmh: Floats,
    road_class: Ints,
    class_names: Sequence[str],
    assumptions: Assumptions,
) -> Ints:
    """Time along each street, in the direction of traffic.

    ``duration_min`` where it is given; else the length at ``posted_kmh`` times
    `posted_speed_factor`; else the length at the speed of the class.

    Parameters
    ----------
    length_m, duration_min, posted_kmh
        float64 (E,); the last two NaN where missing.
    road_class, class_names
        Number of each street's class, int64 (E,), and the names.
    assumptions
        Gives `speed_kmh` and `posted_speed_factor`.

    Returns
    -------
    ndarray
        Milliseconds, rounded to the nearest, int64 (E,).

    Raises
    ------
    NetworkError
        If a class that is needed has no speed; the message names it and those that have.

    Notes
    -----
    A share of the posted limit, 0.8 by default, is the rule of the stock OSRM car
    profile (``car.lua``, v5), as are the default class speeds.

    Examples
    --------
    >>> from sdaasp_geo.assumptions import Assumptions
    >>> gaps = np.array([np.nan, np.nan, 12.0]), np.array([np.nan, 50.0, np.nan])
    >>> street_times_ms(
    ...     np.full(3, 1000.0), *gaps, np.array([0, 0, 1]), ["residential", "ferry"], Assumptions()
    ... ).tolist()
    [144000, 90000, 720000]
    """
    by_class = np.isnan(duration_min) & np.isnan(posted_kmh)
    _check_classes(road_class[by_class], class_names, assumptions)
    class_kmh = np.array([assumptions.speed_kmh.get(name, np.nan) for name in class_names])
    kmh = np.where(by_class, class_kmh[road_class], posted_kmh * assumptions.posted_speed_factor)
    driven = length_m * _MS_PER_M_AT_1_KMH / kmh
    told = duration_min * _MS_PER_MIN
    times = np.rint(np.where(np.isnan(duration_min), driven, told))
    # Far beyond what a network may hold, and still an integer: refused there, by name.
    return np.minimum(times, _ABSURD_MS).astype(np.int64)


def _check_classes(needed: Ints, class_names: Sequence[str], assumptions: Assumptions) -> None:
    unknown = sorted(
        {class_names[number] for number in np.unique(needed)} - {*assumptions.speed_kmh}
    )
    if unknown:
        message = (
            "roads: expected a speed for every road class without a posted limit, found none for "
            f"{', '.join(map(repr, unknown))} (classes with a speed: "
            f"{', '.join(assumptions.speed_kmh)}). Likely cause: road classes of another source; "
            "give their speeds in assumptions.speed_kmh or rename them"
        )
        raise NetworkError(message)
