"""The question: what is asked of how many sites, on which matrix of minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

GAINING, WITHIN, EVERYONE, MEAN, WORST = (
    "inhabitants_gaining",
    "inhabitants_within",
    "cover_everyone",
    "mean_time",
    "worst_time",
)
OBJECTIVES = (GAINING, WITHIN, EVERYONE, MEAN, WORST)
_MIXED = (GAINING, WITHIN, MEAN, WORST)
_FILE = "siting"


class NearPairs(NamedTuple):
    """Pairs whose minutes depend on the service (places of one commune, estimated).

    Parameters
    ----------
    origin, candidate
        Numbers of the rows and columns of the cost matrix, int64 (K,).
    minutes
        float64 (K, S), in place of the cost matrix; NaN where there is no way.
    """

    origin: npt.NDArray[np.int64]
    candidate: npt.NDArray[np.int64]
    minutes: Floats


@dataclass(frozen=True, eq=False)
class SitingProblem:
    """Choose sites among candidates; each serves every origin with every service.

    Parameters
    ----------
    cost_min
        Minutes from each origin to each candidate, float64 (N, M); NaN where there is
        no way.
    weights
        Inhabitants of each origin, times any weight of their own, 0 or more, (N,).
    count
        Number of sites, the locked ones among them. For ``cover_everyone`` the most that
        may be used, or None.
    objective
        One of :data:`OBJECTIVES`, or a mix: a mapping of objectives to weights above 0
        (see Notes).
    today_min
        Minutes to the existing places, (N,), or (N, S) where the sites offer S services;
        NaN where an origin reaches none. None: there is no place yet.
    locked
        Numbers of candidates that must be chosen.
    least_gain_min, within_min
        Thresholds of ``inhabitants_gaining`` and of ``inhabitants_within`` and
        ``cover_everyone``, minutes, themselves included.
    missing
        ``refuse``: missing minutes are a fault; ``never_served``: such a pair serves
        nobody; ``cap:<minutes>``: it counts as so many minutes.
    near
        Pairs that differ by service; None for none.

    Raises
    ------
    InputError
        Every fault of the question, all at once.

    Notes
    -----
    With ``t_ij`` minutes from origin i to candidate j, ``d_is`` minutes of today to
    service s, ``a_is(X) = min(d_is, min over j in X of t_ij)`` after opening X:

    - ``inhabitants_gaining``: greatest weight of the origins for which one site j of X
      and one service s have ``d_is - t_ij >= least_gain_min``; an origin that reaches s
      for the first time gains more than any threshold.
    - ``inhabitants_within``: greatest weight of the origins all of whose services are
      within `within_min` after (maximal covering, Church and ReVelle 1974).
    - ``cover_everyone``: fewest sites that bring every origin with inhabitants within
      `within_min` (set covering, Toregas et al. 1971).
    - ``mean_time``: least mean of ``a_is`` over services and inhabitants (p-median,
      Hakimi 1964).
    - ``worst_time``: least maximum of ``a_is`` over services and inhabited origins
      (p-center).

    In a mix each objective counts by its share, from 0 (nothing beside today and the
    locked sites; where an origin has neither, the farthest candidate) to 1 (every
    candidate opened), times its weight: the value of a mix is the sum.

    Examples
    --------
    >>> import numpy as np
    >>> cost = np.array([[1.0, 9.0], [8.0, 2.0]])
    >>> problem = SitingProblem(cost, np.array([100.0, 300.0]), count=1)
    >>> problem.origins, problem.candidates, problem.services
    (2, 2, 1)
    """

    cost_min: Floats
    weights: Floats
    count: int | None = field(kw_only=True)
    objective: str | Mapping[str, float] = field(default=MEAN, kw_only=True)
    today_min: Floats | None = field(default=None, kw_only=True)
    locked: tuple[int, ...] = field(default=(), kw_only=True)
    least_gain_min: float = field(default=6.0, kw_only=True)
    within_min: float = field(default=20.0, kw_only=True)
    missing: str = field(default="refuse", kw_only=True)
    near: NearPairs | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Take arrays for what they are, then refuse what cannot be answered."""
        object.__setattr__(self, "cost_min", np.asarray(self.cost_min, dtype=np.float64))
        object.__setattr__(self, "weights", np.asarray(self.weights, dtype=np.float64))
        if self.today_min is not None:
            today = np.asarray(self.today_min, dtype=np.float64)
            object.__setattr__(self, "today_min", today[:, None] if today.ndim == 1 else today)
        object.__setattr__(self, "locked", tuple(sorted({int(site) for site in self.locked})))
        faults = list(_shape_faults(self)) or list(_faults(self))
        if faults:
            raise InputError(faults)

    @property
    def origins(self) -> int:
        """Number of origins, N."""
        return int(self.cost_min.shape[0])

    @property
    def candidates(self) -> int:
        """Number of candidates, M."""
        return int(self.cost_min.shape[1])

    @property
    def services(self) -> int:
        """Number of services, S."""
        return 1 if self.today_min is None else int(self.today_min.shape[1])

    @property
    def mix(self) -> dict[str, float]:
        """The objectives and their weights; a plain objective weighs 1."""
        if isinstance(self.objective, str):
            return {self.objective: 1.0}
        return dict(self.objective)

    @property
    def cap_min(self) -> float | None:
        """Minutes of a missing pair under ``cap:…``, else None."""
        return cap_of(self.missing)


def cap_of(rule: str) -> float | None:
    """Read a rule for missing minutes: the cap, or None for the two other rules.

    Raises
    ------
    ValueError
        If it is none of the three.

    Examples
    --------
    >>> cap_of("cap:90"), cap_of("never_served")
    (90.0, None)
    """
    if rule in {"refuse", "never_served"}:
        return None
    prefix, _, minutes = rule.partition(":")
    try:
        cap = float(minutes)
    except ValueError:
        cap = np.nan
    if prefix != "cap" or not 0 < cap < np.inf:
        message = f"expected 'refuse', 'never_served' or 'cap:<minutes>', found {rule!r}"
        raise ValueError(message)
    return cap


def _fault(column: str, expected: str, found: str, cause: str = "") -> Fault:
    return Fault(_FILE, expected, found, cause, column=column)


def _shape_faults(problem: SitingProblem) -> Iterator[Fault]:
    shape = problem.cost_min.shape
    if len(shape) != 2:
        yield _fault("cost_min", "a table, origins x candidates", f"{len(shape)} dimensions")
        return
    if shape[1] == 0:
        yield _fault("candidates", "at least one candidate", "none", "a filter that left no row")
    if shape[0] == 0:
        yield _fault("cost_min", "at least one origin", "none")
    if problem.weights.shape != shape[:1]:
        found = f"shape {problem.weights.shape}"
        yield _fault("weights", f"one weight an origin, shape ({shape[0]},)", found)
    if problem.today_min is not None and problem.today_min.shape[0] != shape[0]:
        found = f"{problem.today_min.shape[0]} rows"
        yield _fault("today_min", f"one row an origin, {shape[0]}", found)
    near = problem.near
    if near is not None and near.minutes.shape != (near.origin.size, problem.services):
        expected = (
            f"one row a pair and one column a service, ({near.origin.size}, {problem.services})"
        )
        yield _fault("near", expected, f"shape {near.minutes.shape}")


def _faults(problem: SitingProblem) -> Iterator[Fault]:
    yield from _choice_faults(problem)
    yield from _count_faults(problem)
    yield from _number_faults(problem)


def _choice_faults(problem: SitingProblem) -> Iterator[Fault]:
    try:
        cap_of(problem.missing)
    except ValueError as error:
        expected, _, found = str(error).removeprefix("expected ").partition(", found ")
        yield _fault("missing", expected, found)
    for name in ("least_gain_min", "within_min"):
        value = getattr(problem, name)
        if not 0 < value < np.inf:
            yield _fault(name, "minutes above 0", repr(value))
    if isinstance(problem.objective, str):
        if problem.objective not in OBJECTIVES:
            yield _fault("objective", f"one of {', '.join(OBJECTIVES)}", repr(problem.objective))
        return
    if not isinstance(problem.objective, Mapping) or not problem.objective:
        expected = "an objective, or a mix {objective: weight}"
        yield _fault("objective", expected, repr(problem.objective))
        return
    for name, share in problem.objective.items():
        if name not in _MIXED:
            yield _fault("objective", f"a mix of {', '.join(_MIXED)}", repr(name))
        elif not 0 < share < np.inf:
            yield _fault("objective", f"a weight above 0 for {name}", repr(share))


def _count_faults(problem: SitingProblem) -> Iterator[Fault]:
    count, locked, candidates = problem.count, problem.locked, problem.candidates
    if locked and not 0 <= locked[0] <= locked[-1] < candidates:
        expected = f"numbers of candidates, 0 to {candidates - 1}"
        yield _fault("locked", expected, ", ".join(map(str, locked)))
    if count is None:
        if problem.objective != EVERYONE:
            yield _fault("count", "a number of sites", "None", "only cover_everyone finds its own")
        return
    if isinstance(count, bool) or count != int(count) or count < 1:
        yield _fault("count", "a number of sites, 1 or more", repr(count))
    elif count > candidates:
        yield _fault("count", f"at most the {candidates} candidates", str(count))
    elif count < len(locked):
        expected = f"at least the {len(locked)} locked sites"
        yield _fault("count", expected, str(count), "contradictory constraints")


def _number_faults(problem: SitingProblem) -> Iterator[Fault]:
    weights = problem.weights
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if bad.size:
        found = f"{weights[bad[0]]} at origin {bad[0]} ({bad.size} in all)"
        yield _fault("weights", "finite numbers, 0 or more", found)
    elif not weights.any():
        yield _fault("weights", "at least one origin with inhabitants", "0 everywhere")
    tables = {"cost_min": problem.cost_min, "today_min": problem.today_min}
    if problem.near is not None:
        tables["near"] = problem.near.minutes
    for name, table in tables.items():
        if table is None:
            continue
        # One pass where all is well: minimum and maximum are NaN where anything is.
        least, most = float(table.min(initial=0.0)), float(table.max(initial=0.0))
        if least >= 0 and most < np.inf:
            continue
        missing = np.isnan(table)
        if ((table < 0) | np.isinf(table)).any():
            yield _fault(name, "finite minutes, 0 or more, or NaN", "others", "a sentinel number")
        if problem.missing == "refuse" and missing.any():
            origins = int(missing.reshape(missing.shape[0], -1).any(axis=1).sum())
            found = f"{int(missing.sum())} missing, of {origins} rows"
            cause = (
                "islands, or places off the network; say missing='never_served' (such a pair "
                "serves nobody) or missing='cap:<minutes>'"
            )
            yield _fault(name, "minutes for every pair (missing='refuse')", found, cause)
