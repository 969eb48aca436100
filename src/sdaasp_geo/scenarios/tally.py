"""Who gains and who loses: times before and after, counted by inhabitants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

OVER_MIN = (1, 3, 6, 10)
# Differences of minutes are kept to a thousandth of a millisecond: what is less is the
# rounding of floating point.
_DIGITS = 9


@dataclass(frozen=True, repr=False)
class Tally:
    """Gains and losses of origins over the services that a scenario touches.

    Parameters
    ----------
    before_min, after_min
        (origins, services), missing where unreached.
    people
        Inhabitants of each origin.
    in_remote_commune
        Whether each origin lies in a remote commune before the scenario.
    """

    before_min: Floats
    after_min: Floats
    people: Floats
    in_remote_commune: Bools

    @cached_property
    def gain_min(self) -> Floats:
        """Minutes gained, (origins, services): negative where lost, missing where unknown."""
        return np.asarray(np.round(self.before_min - self.after_min, _DIGITS))

    @cached_property
    def largest_gain_min(self) -> Floats:
        """Largest gain of each origin over the services, 0 where none is above 0."""
        return _largest(self.gain_min)

    @cached_property
    def largest_loss_min(self) -> Floats:
        """Largest loss of each origin over the services, 0 where none is above 0."""
        return _largest(-self.gain_min)

    @cached_property
    def mean_gain_min(self) -> Floats:
        """Change of each origin's mean over the services known before and after."""
        gain = self.gain_min
        known = ~np.isnan(gain)
        count = known.sum(axis=1)
        mean = np.full(len(gain), np.nan)
        np.divide(np.where(known, gain, 0.0).sum(axis=1), count, out=mean, where=count > 0)
        return np.asarray(np.round(mean, _DIGITS))

    @cached_property
    def newly_reached(self) -> Bools:
        """Pairs that had no time and get one, (origins, services)."""
        return np.isnan(self.before_min) & ~np.isnan(self.after_min)

    @cached_property
    def newly_unreached(self) -> Bools:
        """Pairs that had a time and have none, (origins, services)."""
        return ~np.isnan(self.before_min) & np.isnan(self.after_min)

    @cached_property
    def gains(self) -> Bools:
        """Whether each origin gains minutes, or a service that it could not reach."""
        return np.asarray((self.largest_gain_min > 0) | _any(self.newly_reached))

    @cached_property
    def loses(self) -> Bools:
        """Whether each origin loses minutes, or a service that it could reach."""
        return np.asarray((self.largest_loss_min > 0) | _any(self.newly_unreached))

    def figures(self) -> dict[str, Any]:
        """Count inhabitants and average minutes; None where nobody is concerned.

        Gains and losses are counted apart and never against each other: an inhabitant
        who gains on one service and loses on another is on both sides. A new way where
        there was none is a gain without minutes.
        """
        gain, loss = self.largest_gain_min, self.largest_loss_min
        gainers, remote = self.gains, self.in_remote_commune
        return {
            "inhabitants": self._count(np.ones(len(gain), dtype=bool)),
            "inhabitants_gaining": self._count(gainers),
            "mean_gain_of_gainers_min": self._mean(gain, gain > 0),
            "mean_gain_of_all_min": self._mean(gain, np.ones(len(gain), dtype=bool)),
            "mean_gain_over_services_of_gainers_min": self._mean(self.mean_gain_min, gain > 0),
            "largest_gain_min": self._largest(gain),
            "inhabitants_gaining_over_min": self._over(gain),
            "inhabitants_newly_reached": self._count(_any(self.newly_reached)),
            "inhabitants_in_remote_communes": self._count(remote),
            "gainers_in_remote_communes": self._count(gainers & remote),
            "mean_gain_of_gainers_in_remote_communes_min": self._mean(gain, (gain > 0) & remote),
            "inhabitants_gaining_over_min_in_remote_communes": self._over(
                np.where(remote, gain, 0.0)
            ),
            "inhabitants_losing": self._count(self.loses),
            "mean_loss_of_losers_min": self._mean(loss, loss > 0),
            "largest_loss_min": self._largest(loss),
            "inhabitants_losing_over_min": self._over(loss),
            "inhabitants_newly_unreached": self._count(_any(self.newly_unreached)),
            "losers_in_remote_communes": self._count(self.loses & remote),
        }

    def _count(self, who: Bools) -> int | float:
        return whole(float(self.people[who].sum()))

    def _over(self, minutes: Floats) -> dict[str, int | float]:
        return {f"{limit:g}": self._count(minutes > limit) for limit in OVER_MIN}

    def _mean(self, minutes: Floats, who: Bools) -> float | None:
        who = who & ~np.isnan(minutes)
        people = self.people[who]
        total = float(people.sum())
        return float((people * minutes[who]).sum() / total) if total > 0 else None

    def _largest(self, minutes: Floats) -> float | None:
        """Largest figure of a place where somebody lives."""
        lived_in = minutes[self.people > 0]
        return float(lived_in.max()) if lived_in.size and lived_in.max() > 0 else None


def whole(people: float) -> int | float:
    """Count of inhabitants: a whole number where it is one."""
    return int(people) if people == int(people) else people


def _any(pairs: Bools) -> Bools:
    return np.asarray(pairs.any(axis=1))


def _largest(gain: Floats) -> Floats:
    if gain.shape[1] == 0:
        return np.zeros(len(gain))
    # 0 and not -0 where nothing changes.
    return np.asarray(np.where(gain > 0, gain, 0.0).max(axis=1))
