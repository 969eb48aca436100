"""`simulate_each`: what every candidate would bring if it opened alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.indicators.means import population_mean
from sdaasp_geo.scenarios.frames import openings_of
from sdaasp_geo.scenarios.ground import Ground
from sdaasp_geo.scenarios.pairs import Reach
from sdaasp_geo.scenarios.placing import placed_openings
from sdaasp_geo.scenarios.remarks import remark_sites
from sdaasp_geo.scenarios.searched import searched
from sdaasp_geo.scenarios.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.network.shelf import Way
    from sdaasp_geo.scenarios.notes import Remarks

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]
    # Number of the candidate, its rows, services, times after and blurred gammes there.
    _Item = tuple[int, Ints, Sequence[str], Floats, Bools]

_FILE = "candidates"
_COUNTS = ("inhabitants_gaining_over_min", "inhabitants_gaining_over_min_in_remote_communes")
# Openings close nothing.
_LOSSES = ("los", "newly_unreached")
# Bounds the memory of the communes judged at once: some 100 MB.
_BATCH_ROWS = 200_000


def simulate_each(
    diagnostic: Diagnostic,
    candidates: gpd.GeoDataFrame,
    *,
    services: Sequence[str] = (),
    bouquet: str | None = None,
    executor: Executor | None = None,
    search: Way = "auto",
) -> gpd.GeoDataFrame:
    """Try every candidate alone: the gains of opening it and no other.

    As :func:`~sdaasp_geo.scenarios.simulate.simulate` of each candidate in turn, to the
    bit, from one search a candidate.

    Parameters
    ----------
    diagnostic
        A diagnostic with its land.
    candidates
        Sites that might open, as `opened` of
        :class:`~sdaasp_geo.scenarios.model.Scenario`.
    services, bouquet
        What a candidate offers whose own row does not say.
    executor
        Where the searches run; threads of this process if None.
    search
        How: ``bucket``, ``hierarchy``, or as it pays; the answer is the same.

    Returns
    -------
    GeoDataFrame
        One row a candidate, in their order: ``site name services unit commune known_by
        geometry``; the figures of the gains as in the summary of `simulate`
        (``inhabitants_gaining``, ``mean_gain_of_gainers_min``,
        ``inhabitants_gaining_over_<t>_min`` for t = 1, 3, 6, 10,
        ``gainers_in_remote_communes`` …), missing where there is none;
        ``communes_leaving_remoteness`` and ``communes_entering_remoteness``, how many;
        ``note``, remarks in French, empty where there is none.

    Raises
    ------
    InputError
        If there is no candidate, or one has no name, no place, an unknown service or
        place; all faults at once.
    ValueError
        If the diagnostic has no land.
    """
    diagnostic = searched(diagnostic, search)
    openings = openings_of(candidates, services=services, bouquet=bouquet, source=_FILE)
    ground = Ground.of(diagnostic)
    sites, remarks = placed_openings(diagnostic, openings, file=_FILE)
    reach = Reach.of(ground, sites)
    offered = list(sites["services"])
    remote = _Remote(ground)
    rows = []
    for number, after in enumerate(reach.alone(offered, executor=executor)):
        before = ground.times_of(offered[number])
        tally = Tally(before, after, ground.people, ground.in_remote_commune)
        rows.append(_row(tally))
        remote.add(number, offered[number], after, tally)
    remote.reckon()
    remark_sites(ground, reach, remarks)
    first = ["site", "name", "services", "unit", "commune", "known_by"]
    table = pd.concat([sites[first], pd.DataFrame(rows)], axis=1)
    for name, found in (("leaving", remote.leaving), ("entering", remote.entering)):
        table[f"communes_{name}_remoteness"] = [found[number] for number in range(len(rows))]
    table["note"] = _notes(sites["name"], remarks)
    return gpd.GeoDataFrame(table, geometry=sites.geometry, crs=sites.crs)


class _Remote:
    """How many communes leave or enter remoteness, reckoned for many candidates at once.

    Only communes in which somebody gains are judged again, with the rows of all their
    origins; a service that appears enters the means of everybody.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        names = ground.diagnostic.communes["commune"]
        self._commune = pd.Index(names).get_indexer(pd.Index(ground.origins["commune"]))
        self._was = np.asarray(ground.diagnostic.communes["remote_gammes"].fillna(0) > 0)
        self._waiting: list[_Item] = []
        self._rows = 0
        self.leaving: dict[int, int] = {}
        self.entering: dict[int, int] = {}

    def add(self, number: int, services: Sequence[str], after: Floats, tally: Tally) -> None:
        """Note the times after one candidate opened."""
        changed = np.zeros(self._was.size, dtype=bool)
        changed[self._commune[tally.gains]] = True
        if not set(services) <= set(self._ground.measured):
            changed[:] = True
        rows = np.flatnonzero(changed[self._commune])
        measured = {*self._ground.measured, *services}
        blurred = self._ground.blurred(services, tally, measured)
        blurred &= (self._ground.people > 0)[:, None]
        self._waiting.append((number, rows, services, after[rows], blurred[rows]))
        self._rows += rows.size
        if self._rows > _BATCH_ROWS:
            self.reckon()

    def reckon(self) -> None:
        """Judge the communes of the candidates noted so far."""
        by_measured: dict[frozenset[str], list[_Item]] = {}
        for item in self._waiting:
            key = frozenset((*self._ground.measured, *item[2]))
            by_measured.setdefault(key, []).append(item)
        for measured, items in by_measured.items():
            self._judge(measured, items)
        self._waiting, self._rows = [], 0

    def _judge(self, measured: frozenset[str], items: list[_Item]) -> None:
        ground, count = self._ground, self._was.size
        rows = np.concatenate([item[1] for item in items])
        minutes = np.asarray(ground.minutes, dtype=np.float64)[rows]
        start = 0
        for _, here, services, after, _ in items:
            columns = ground.minutes.columns.get_indexer(pd.Index(services))
            minutes[start : start + here.size, columns] = after
            start += here.size
        turns = np.repeat(np.arange(len(items)), [item[1].size for item in items])
        figures = ground.figures(pd.DataFrame(minutes, columns=ground.minutes.columns), measured)
        by = pd.Series(turns * count + self._commune[rows], name="commune")
        means = population_mean(figures, pd.Series(ground.people[rows]), by=by)
        remote = ground.remoteness(means)
        now = remote["remote_gammes"]
        turn, commune = np.divmod(now.index.to_numpy(dtype=np.int64), count)
        was, is_now = self._was[commune], np.asarray(now.fillna(0) > 0)
        cleared = np.asarray((now == 0).fillna(value=False), dtype=bool)
        blurred = pd.DataFrame(np.concatenate([item[4] for item in items])).groupby(by).any()
        alike = ~ground.unlike(commune, remote, blurred.reindex(now.index).to_numpy(dtype=bool))
        leaving = np.bincount(turn[was & cleared & alike], minlength=len(items))
        entering = np.bincount(turn[~was & is_now & alike], minlength=len(items))
        for number, (name, *_) in enumerate(items):
            self.leaving[name] = int(leaving[number])
            self.entering[name] = int(entering[number])


def _row(tally: Tally) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, value in tally.figures().items():
        if name in _COUNTS:
            stem, _, where = name.partition("_min")
            row |= {f"{stem}_{limit}_min{where}": float(count) for limit, count in value.items()}
        elif not any(word in name for word in _LOSSES):
            row[name] = np.nan if value is None else float(value)
    return row


def _notes(names: pd.Series, remarks: Remarks) -> pd.Series:
    told: dict[str, dict[str, None]] = {}
    for subject, _, note in remarks.rows:
        told.setdefault(subject, {})[note] = None
    texts = [" ".join(told.get(name, ())) for name in names]
    return pd.Series(texts, index=names.index, dtype="str")
