"""Independent searches, one after the other or side by side."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def in_turn(
    task: Callable[[_Job], _Result],
    jobs: Sequence[_Job],
    *,
    executor: Executor | None,
    threads: bool,
) -> Iterator[_Result]:
    """Results in the order of the jobs, whatever runs them.

    Parameters
    ----------
    task
        What to do with a job; a function of a module where `executor` runs other
        processes.
    jobs
        One argument of `task` each.
    executor
        Runs the jobs if given, and is left open.
    threads
        Without executor: whether to start threads, as many as the machine has cores.
    """
    if executor is not None:
        yield from executor.map(task, jobs)
    elif threads and len(jobs) > 1:
        with ThreadPoolExecutor(min(len(jobs), os.cpu_count() or 1)) as pool:
            yield from pool.map(task, jobs)
    else:
        yield from map(task, jobs)
