"""The turns of the backends of a task: side by side where they are quick, else alone and once."""

from __future__ import annotations

import functools
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from sdaasp_geo.network.graph import SearchGraph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Rows = Sequence[NDArray[Any]]

Found = TypeVar("Found")

TURNS = 3


class Entry(NamedTuple):
    """One backend at one task.

    `make` prepares it from the graph, untimed; `method` of what it made answers when
    called with `arguments`. `items` services, sources or candidates are asked about, and
    `expected` is the right answer, row by row, for those of `rows`; None where the peer
    keeps other times. Of `services`, the facilities of each that is asked about, a slow
    peer has fewer than the others. A slow one takes a single turn, in a process of its own.
    """

    task: str
    name: str
    threads: int
    make: Callable[[SearchGraph], Any]
    method: str
    arguments: tuple[Any, ...]
    items: int
    expected: Rows | None
    rows: Sequence[int] | None = None
    slow: bool = False
    services: tuple[int, ...] = ()

    def equal(self, answer: Rows) -> bool | None:
        """Whether an answer is the right one, to the millisecond."""
        if self.expected is None:
            return None
        found = answer if self.rows is None else [answer[row] for row in self.rows]
        return all(
            np.array_equal(row, times) for row, times in zip(found, self.expected, strict=True)
        )


class Runs:
    """The turns of one backend: their seconds, and whether each was right."""

    def __init__(self, entry: Entry, graph: SearchGraph) -> None:
        self.entry = entry
        self.seconds: list[float] = []
        self.equal: bool | None = None
        self._answer = functools.partial(getattr(entry.make(graph), entry.method), *entry.arguments)

    def turn(self, *, counted: bool) -> None:
        """Run once; the comparison is not timed."""
        begin = time.perf_counter()
        answer = self._answer()
        if counted:
            self.seconds.append(time.perf_counter() - begin)
        right = self.entry.equal(answer)
        self.equal = right if self.equal is None else self.equal and right


def in_turns(entries: Sequence[Entry], graph: SearchGraph) -> list[Runs]:
    """Run the quick backends of a task, one after the other, turn after turn."""
    all_runs = [Runs(entry, graph) for entry in entries]
    for turn in range(TURNS + 1):
        # The first turn compiles and warms up.
        for runs in all_runs:
            runs.turn(counted=turn > 0)
    return all_runs


def once(entry: Entry, stored: str) -> tuple[float, bool | None, float]:
    """Run in a new process, a single turn: seconds, whether it was right, peak memory."""
    runs = Runs(entry, _graph(stored))
    runs.turn(counted=True)
    return runs.seconds[0], runs.equal, high_water_mb()


def peak_mb(entry: Entry, stored: str) -> float:
    """Run in a new process: the most memory it ever held, the graph included."""
    getattr(entry.make(_graph(stored)), entry.method)(*entry.arguments)
    return high_water_mb()


def _graph(stored: str) -> SearchGraph:
    with np.load(stored) as arrays:
        return SearchGraph(arrays["indptr"], arrays["heads"], arrays["weights_ms"])


def high_water_mb() -> float:
    """Return the most memory that this process has held, as Linux tells it; else NaN."""
    # Not getrusage: on Linux a new process inherits the peak of the one that started it.
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def elsewhere(
    task: Callable[..., Found], *arguments: object, limit_s: float | None = None
) -> Found:
    """Return the result of a function run in a new process.

    Raises
    ------
    multiprocessing.TimeoutError
        If it takes longer than the limit; the process is stopped.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply_async(task, arguments).get(limit_s)
