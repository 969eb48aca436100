"""Times by place of departure, from which the reader's own basket is averaged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sdaasp_geo.indicators.means import wide_times
from sdaasp_geo.report.observatory.packing import packed_floats, packed_integers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic

    Floats = npt.NDArray[np.float64]

# Above, places of a commune that lack the same services are put together.
MOST_ROWS = 3000


def departure_rows(
    diagnostic: Diagnostic, times: Sequence[tuple[pd.DataFrame, Sequence[str]]]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Rows that weigh in the communes' means, and the times of each side.

    A mean over services, then over the inhabitants of a commune, is the same whether
    its places of departure count one by one or together, as long as those put together
    lack the same services: the weights of the services are then the same for all.

    Parameters
    ----------
    diagnostic
        Whose places of departure and communes they are.
    times
        Access times and the services they are wanted of: today first, with all
        services; then each scenario, with those that it touches.

    Returns
    -------
    rows
        ``commune`` (rank), ``people`` and ``weight`` (inhabitants; 1 a place where a
        commune has none), packed, and ``exact``: 1 where a row is a place of departure,
        0 where rows are put together.
    sides
        Packed minutes by service, of each side.
    """
    origins = diagnostic.origins.set_index("origin")
    wide = [_minutes(part, services, origins.index) for part, services in times]
    commune = pd.Index(diagnostic.communes["commune"]).get_indexer(origins["commune"])
    people = origins["population"].to_numpy(dtype=np.float64)
    weight = _weights(commune, people)
    kept = np.flatnonzero((weight > 0) & (commune >= 0))
    minutes = [part.to_numpy(dtype=np.float64)[kept] for part in wide]
    commune, people, weight = commune[kept], people[kept], weight[kept]
    exact = len(kept) <= MOST_ROWS
    if not exact:
        group = _groups(commune, minutes)
        minutes = [_grouped_means(part, weight, group) for part in minutes]
        first = np.unique(group, return_index=True)[1]
        commune = commune[first]
        people = np.bincount(group, people).astype(np.float64)
        weight = np.bincount(group, weight).astype(np.float64)
    rows = {
        "commune": packed_integers(commune),
        "people": packed_floats(people),
        "weight": packed_floats(weight),
        "exact": int(exact),
    }
    packed = [
        {str(name): packed_floats(column) for name, column in zip(part, values.T, strict=True)}
        for part, values in zip(wide, minutes, strict=True)
    ]
    return rows, packed


def _minutes(times: pd.DataFrame, services: Sequence[str], origins: pd.Index) -> pd.DataFrame:
    part = times[times["service"].isin(services)]
    if part.empty:
        return pd.DataFrame(index=origins)
    return wide_times(part).reindex(index=origins, columns=list(services))


def _weights(commune: npt.NDArray[np.intp], people: Floats) -> Floats:
    """Inhabitants, or 1 where a commune has none, as in the mean by population."""
    inside = commune >= 0
    lived_in = np.bincount(commune[inside], people[inside], minlength=1) > 0
    counts: Floats = np.where(inside & ~lived_in[np.maximum(commune, 0)], 1.0, people)
    return counts


def _groups(commune: npt.NDArray[np.intp], minutes: Sequence[Floats]) -> npt.NDArray[np.intp]:
    """Group of each place: those of one commune that lack the same services on all sides."""
    lacks = np.isnan(np.concatenate(minutes, axis=1))
    keys = np.column_stack([commune, np.unique(lacks, axis=0, return_inverse=True)[1]])
    return np.unique(keys, axis=0, return_inverse=True)[1].astype(np.intp)


def _grouped_means(minutes: Floats, weight: Floats, group: npt.NDArray[np.intp]) -> Floats:
    total = np.bincount(group, weight)
    columns = [np.bincount(group, weight * column) / total for column in minutes.T]
    return np.column_stack(columns) if columns else np.empty((len(total), 0))
