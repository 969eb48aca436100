"""Choosing sites: every objective proved, large instances, and spopt on the same matrices.

Origins and candidates lie at random on a square of 100 km, denser in its middle;
minutes are straight lines driven at 50 km/h with a minute to start, rounded to a
thousandth; a dozen places exist today. All runs are of one process, one thread.

    python benchmarks/bench_siting.py
    python benchmarks/bench_siting.py --large
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from sdaasp_geo.scenarios.siting.problem import OBJECTIVES, SitingProblem
from sdaasp_geo.scenarios.siting.solve import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

GAINING, WITHIN, EVERYONE, MEAN, WORST = OBJECTIVES
# Origins, candidates, sites of the matrices that both libraries solve.
BESIDE = ((100, 40, 5), (250, 100, 8))
WITHIN_MIN = 25.0
# Everyone within a quarter more than with every candidate opened: possible, and not easy.
MORE_THAN_LEAST = 1.25


def matrices(origins: int, candidates: int, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Minutes to candidates, inhabitants, minutes of today."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(50.0, 18.0, (origins, 2)).clip(0.0, 100.0)
    places = np.where(rng.random((origins, 1)) < 0.5, middle, rng.uniform(0, 100, (origins, 2)))
    chosen = places[rng.choice(origins, candidates, replace=False)]
    existing = rng.uniform(0.0, 100.0, (12, 2))
    inhabitants = np.round(rng.lognormal(6.5, 1.2, origins))
    today = _minutes(places, existing).min(axis=1)
    return _minutes(places, chosen), inhabitants, today


def _minutes(start: Floats, end: Floats) -> Floats:
    away = np.hypot(start[:, None, 0] - end[None, :, 0], start[:, None, 1] - end[None, :, 1])
    return np.round(away * 1.2 + 1.0, 3)


def everyone_min(cost: Floats) -> float:
    """Return the minutes asked of everyone."""
    return round(MORE_THAN_LEAST * float(cost.min(axis=1).max()), 3)


def run(problem: SitingProblem, **options: Any) -> dict[str, Any]:  # noqa: ANN401 (options of solve)
    """Solve and say how long it took, and how good the answer is."""
    begin = time.perf_counter()
    answer = solve(problem, **options)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "status": answer.status, "value": answer.value, "gap": answer.gap}


def question(
    data: tuple[Floats, Floats, Floats], objective: str, count: int, *, today: bool
) -> SitingProblem:
    """Make one question on one matrix."""
    cost, inhabitants, before = data
    return SitingProblem(
        cost,
        inhabitants,
        count=None if objective == EVERYONE else count,
        objective=objective,
        today_min=before if today else None,
        within_min=everyone_min(cost) if objective == EVERYONE else WITHIN_MIN,
    )


def proved(origins: int, candidates: int, count: int, limit_s: float | None) -> None:
    """Every objective on one size, with places of today."""
    data = matrices(origins, candidates)
    print(f"\n{origins:,} origins x {candidates} candidates, {count} sites, with today's places")
    print(f"{'objective':22}{'seconds':>9}{'status':>12}{'value':>16}{'gap %':>9}")
    for objective in OBJECTIVES:
        row = run(question(data, objective, count, today=True), time_limit_s=limit_s)
        print(
            f"{objective:22}{row['seconds']:9.2f}{row['status']:>12}{row['value']:16.3f}"
            f"{100 * row['gap']:9.4f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if _LINUX else 1024**2)
    print(f"most memory so far: {peak:,.0f} MB")


_LINUX = sys.platform.startswith("linux")


def peers() -> dict[str, Callable[[Floats, Floats, int], float]]:
    """Return the four models of spopt, solved by CBC through pulp; building them counts."""
    import pulp  # noqa: PLC0415
    from spopt.locate import LSCP, MCLP, PCenter, PMedian  # noqa: PLC0415

    def value(model: Any) -> float:  # noqa: ANN401 (spopt has no types)
        solved = model.solve(pulp.PULP_CBC_CMD(msg=False))
        return float(solved.problem.objective.value())

    return {
        WITHIN: lambda cost, people, count: value(
            MCLP.from_cost_matrix(cost, people, WITHIN_MIN, count)
        ),
        EVERYONE: lambda cost, _, __: value(LSCP.from_cost_matrix(cost, everyone_min(cost))),
        MEAN: lambda cost, people, count: (
            value(PMedian.from_cost_matrix(cost, people, count)) / float(people.sum())
        ),
        WORST: lambda cost, _, count: value(PCenter.from_cost_matrix(cost, count)),
    }


def beside() -> bool:
    """Both libraries on the same matrices, in turns; True if every optimum is equal."""
    if importlib.util.find_spec("spopt") is None:
        print("\nspopt is not installed: the comparison is skipped")
        return True
    print("\nbeside spopt, no place today (spopt knows none); seconds of the quicker of two turns")
    print(f"{'size':14}{'objective':22}{'ours':>8}{'spopt':>9}{'ratio':>8}{'value':>14}  equal")
    equal = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        models = peers()
        for size in BESIDE:
            data = matrices(size[0], size[1])
            for objective, peer in models.items():
                equal &= _compare(data, size, objective, peer)
    return equal


def _compare(
    data: tuple[Floats, Floats, Floats],
    size: tuple[int, int, int],
    objective: str,
    peer: Callable[[Floats, Floats, int], float],
) -> bool:
    ours, theirs, found, expected = np.inf, np.inf, np.nan, np.nan
    for _ in range(2):
        # The peer stops at any set of the best worst time; so does this, unrefined.
        row = run(question(data, objective, size[2], today=False), refine=False)
        ours, found = min(ours, row["seconds"]), row["value"]
        begin = time.perf_counter()
        expected = peer(data[0], data[1], size[2])
        theirs = min(theirs, time.perf_counter() - begin)
    same = bool(np.isclose(found, expected, rtol=1e-6))
    name = "x".join(map(str, size))
    print(
        f"{name:14}{objective:22}{ours:8.2f}{theirs:9.2f}{theirs / ours:8.1f}{found:14.3f}  {same}"
    )
    return same


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--large", action="store_true", help="also 60,000 origins x 300 x 5")
    parser.add_argument("--limit", type=float, default=120.0, help="seconds an answer may take")
    options = parser.parse_args()
    solve(question(matrices(50, 10), MEAN, 2, today=True))  # compile, or load what was compiled
    proved(460, 300, 10, options.limit)
    if options.large:
        proved(60_000, 300, 5, options.limit)
    if not beside():
        message = "optima differ from spopt's"
        raise SystemExit(message)


if __name__ == "__main__":
    main()
