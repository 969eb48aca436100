"""Every objective against every set of sites, one by one, on small random matrices."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.scenarios.siting.problem import OBJECTIVES, NearPairs, SitingProblem
from sdaasp_geo.scenarios.siting.solve import solve

GAINING, WITHIN, EVERYONE, MEAN, WORST = OBJECTIVES
LEAST, LIMIT = 4.0, 6.0
MIXES = (
    {MEAN: 1.0, GAINING: 2.0},
    {WITHIN: 1.0, MEAN: 0.5, GAINING: 0.25},
    {MEAN: 1.0, WORST: 1.0},
)


class World:
    """A random question; whole minutes, so that ties and equal sets are common."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        n, m, s = int(rng.integers(1, 9)), int(rng.integers(1, 8)), int(rng.integers(1, 4))
        self.cost = rng.integers(0, 20, (n, m)).astype(float)
        self.weight = rng.integers(0, 6, n).astype(float)
        self.weight[0] = 1.0
        self.today = rng.integers(0, 25, (n, s)).astype(float)
        self.near = None
        if rng.random() < 0.3:
            pairs = rng.choice(n * m, int(rng.integers(1, n * m + 1)), replace=False)
            minutes = rng.integers(0, 20, (pairs.size, s)).astype(float)
            self.near = NearPairs(pairs // m, pairs % m, minutes)
        self.missing = "refuse"
        if rng.random() < 0.5:
            self.missing = str(rng.choice(["never_served", "cap:30"]))
            self.cost[rng.random((n, m)) < 0.3] = np.nan
            self.today[rng.random((n, s)) < 0.3] = np.nan
        self.fresh = bool(rng.random() < 0.25)
        if self.fresh:
            self.near, self.today = None, np.full((n, 1), np.nan)
        self.count = int(rng.integers(1, m + 1))
        self.locked = tuple(
            rng.choice(m, int(rng.integers(0, self.count + 1)), replace=False).tolist()
            if rng.random() < 0.4
            else ()
        )

    def problem(self, objective, count):
        return SitingProblem(
            self.cost,
            self.weight,
            count=count,
            objective=objective,
            today_min=None if self.fresh else self.today,
            locked=self.locked,
            least_gain_min=LEAST,
            within_min=LIMIT,
            missing=self.missing,
            near=self.near,
        )

    def pairs(self):
        """Minutes by origin, candidate and service, and of today, the rule applied."""
        minutes = np.repeat(self.cost[:, :, None], self.today.shape[1], axis=2)
        if self.near is not None:
            for row, (i, j) in enumerate(zip(self.near.origin, self.near.candidate, strict=True)):
                minutes[i, j] = self.near.minutes[row]
        today = self.today.copy()
        if self.missing.startswith("cap"):
            minutes[np.isnan(minutes)] = 30.0
            if not self.fresh:
                today[np.isnan(today)] = 30.0
        return minutes, today


def scores(world, sites):
    """The five figures of a set, by plain loops; None where the set does not do."""
    minutes, today = world.pairs()
    n, _, s = minutes.shape
    gaining = within = total = people = 0.0
    worst, everyone, served = 0.0, True, True
    for i in range(n):
        gains, covers, farthest = False, False, np.inf
        nowhere = [np.isnan(today[i, k]) and np.isnan(minutes[i, :, k]).all() for k in range(s)]
        for j in (None, *sites):
            after = []
            for k in range(s):
                options = [today[i, k]] if j is None else [today[i, k], minutes[i, j, k]]
                known = [option for option in options if not np.isnan(option)]
                after.append(min(known) if known else np.inf)
                if j is not None and not np.isnan(minutes[i, j, k]):
                    gains |= np.isnan(today[i, k]) or today[i, k] - minutes[i, j, k] >= LEAST
            covers |= max(after) <= LIMIT
            counted = [t for t, no in zip(after, nowhere, strict=True) if not no]
            farthest = min(farthest, max(counted, default=0.0))
        w = world.weight[i]
        gaining, within = gaining + w * gains, within + w * covers
        everyone &= covers or w == 0
        if w > 0:
            worst = max(worst, farthest)
        for k in range(s):
            options = [today[i, k], *(minutes[i, j, k] for j in sites)]
            known = [option for option in options if not np.isnan(option)]
            if w > 0 and not nowhere[k]:
                served &= bool(known)
                people += w / s
                total += w / s * min(known, default=np.inf)
    return {
        GAINING: gaining,
        WITHIN: within,
        EVERYONE: everyone,
        MEAN: total / people if served and people else None,
        WORST: worst if np.isfinite(worst) else None,
    }


def sets_of(world, count):
    others = [j for j in range(world.cost.shape[1]) if j not in world.locked]
    for more in itertools.combinations(others, count - len(world.locked)):
        yield tuple(sorted([*world.locked, *more]))


@pytest.mark.parametrize("objective", [GAINING, WITHIN, MEAN])
@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_best_sets_of_objectives_that_add_up(objective, seed):
    world = World(seed)
    sign = 1.0 if objective == MEAN else -1.0
    tried = {sites: scores(world, sites)[objective] for sites in sets_of(world, world.count)}
    possible = sorted(sign * value for value in tried.values() if value is not None)
    answer = solve(world.problem(objective, world.count), solutions=3)
    if not possible:
        assert answer.status == "infeasible"
        assert answer.blocking.size
        return
    assert answer.status == "optimal"
    found = [sign * ranked.value for ranked in answer.ranked]
    assert found == pytest.approx(possible[:3], abs=1e-6)
    assert len({ranked.sites for ranked in answer.ranked}) == len(found)
    for ranked in answer.ranked:
        assert tried[ranked.sites] == pytest.approx(ranked.value)
        assert ranked.bound == pytest.approx(ranked.value, rel=1e-6, abs=1e-6)


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_least_worst_time_then_the_least_mean(seed):
    world = World(seed)
    world.near = None
    tried = {sites: scores(world, sites) for sites in sets_of(world, world.count)}
    order = sorted(
        (found[WORST], found[MEAN])
        for found in tried.values()
        if found[WORST] is not None and found[MEAN] is not None
    )
    answer = solve(world.problem(WORST, world.count), solutions=3)
    plain = solve(world.problem(WORST, world.count), refine=False)
    assert answer.status == plain.status
    if answer.status == "infeasible":
        assert not order
        assert answer.blocking.size
        return
    assert answer.status == "optimal"
    got = [(ranked.value, tried[ranked.sites][MEAN]) for ranked in answer.ranked]
    assert [pair[0] for pair in got] == [pair[0] for pair in order[:3]]
    assert [pair[1] for pair in got] == pytest.approx([pair[1] for pair in order[:3]])
    assert answer.then_mean_min == pytest.approx(order[0][1])
    assert tried[plain.sites][WORST] == plain.value == answer.value


@settings(deadline=None, max_examples=80)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_fewest_sites_that_cover_everyone(seed):
    world = World(seed)
    world.near = None
    sizes = range(len(world.locked), world.cost.shape[1] + 1)
    all_sets = [sites for size in sizes for sites in sets_of(world, size)]
    good = [sites for sites in all_sets if scores(world, sites)[EVERYONE]]
    answer = solve(world.problem(EVERYONE, None), solutions=2)
    if not good:
        assert answer.status == "infeasible"
        assert answer.blocking.size
        return
    fewest = len(good[0])
    assert answer.status == "optimal"
    assert answer.value == answer.least_count == fewest
    least = [sites for sites in good if len(sites) == fewest]
    means = [scores(world, sites)[MEAN] for sites in least]
    assert all(ranked.sites in least for ranked in answer.ranked)
    assert len(answer.ranked) == min(2, len(least))
    if None not in means:
        got = [scores(world, ranked.sites)[MEAN] for ranked in answer.ranked]
        assert got == pytest.approx(sorted(means)[:2])
    if fewest > max(1, len(world.locked)):
        short = solve(world.problem(EVERYONE, fewest - 1))
        assert (short.status, short.least_count) == ("infeasible", fewest)


def shares(world, objective, count):
    """Value of every set under a mix, each objective by its share of what all bring."""
    everything = scores(world, range(world.cost.shape[1]))
    locked = scores(world, world.locked)
    _minutes, _today = world.pairs()
    values = {}
    for sites in sets_of(world, count):
        found, value = scores(world, sites), 0.0
        for name, weight in objective.items():
            base, most = locked[name], everything[name]
            if most != base:
                value += weight * (found[name] - base) / (most - base)
        values[sites] = value
    return values


@pytest.mark.parametrize("objective", MIXES)
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1))
def test_mixes(objective, seed):
    world = World(seed)
    if world.missing == "never_served" or world.fresh or world.near is not None:
        world.missing, world.near, world.fresh = "cap:30", None, False
        world.today = np.nan_to_num(world.today, nan=30.0)
    if world.count == len(world.locked):
        return  # nothing to choose: shares of nothing
    values = shares(world, objective, world.count)
    answer = solve(world.problem(objective, world.count), solutions=2)
    assert answer.status == "optimal"
    found = [ranked.value for ranked in answer.ranked]
    assert found == pytest.approx(sorted(values.values(), reverse=True)[:2], abs=1e-6)
    for ranked in answer.ranked:
        assert values[ranked.sites] == pytest.approx(ranked.value, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_greedy_keeps_its_promise_and_its_bound_holds(seed):
    world = World(seed)
    world.missing, world.near = "cap:30", None
    for objective in (GAINING, WITHIN):
        exact = solve(world.problem(objective, world.count))
        quick = solve(world.problem(objective, world.count), method="heuristic")
        assert quick.status in {"optimal", "heuristic"}
        assert exact.value >= quick.value - 1e-9
        assert quick.bound >= exact.value - 1e-6
        base = exact.before if objective == WITHIN else 0.0
        assert quick.value - base >= (1 - 1 / np.e) * (exact.value - base) - 1e-9
