"""Weighing what candidates change: sums that depend on no order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.improvement_gate import read_only
from sdaasp_geo.routing.improvement_kernels import Kept, Sums, Weights
from sdaasp_geo.routing.kernels import UNREACHED, compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.routing.improvement_gate import Origins

    Int32 = NDArray[np.int32]
    Float64 = NDArray[np.float64]

# A gain is summed in two halves, so that no product passes 63 bits.
_HALF_BITS = 16
_HALF_MASK = 2**_HALF_BITS - 1
_TIME_BITS = 31
_TIME_MASK = 2**_TIME_BITS - 1
# All shares together: see `Weights`.
_SHARE_BITS = 46


class Weighing(NamedTuple):
    """What the changes are weighed by.

    Parameters
    ----------
    weight
        Shape (N,), or (O,) with origins: finite, not negative; inhabitants, say. Exact
        where all are whole and their sum is below 2**45; otherwise each is rounded to
        2**-45 of the sum, so that sums depend on no order.
    thresholds_ms
        Gains to count from: ``weight_gaining[:, t]`` is the weight of those that gain
        ``thresholds_ms[t]`` or more.
    origins
        Those that are weighed, where they are not the nodes themselves.
    """

    weight: NDArray[np.float64] | NDArray[np.int64]
    thresholds_ms: Sequence[int] = ()
    origins: Origins | None = None


class Totals(NamedTuple):
    """What each candidate changes, summed up over nodes or origins.

    Who has no time today gains no number of minutes: those that are reached for the
    first time are counted apart, and are in none of the other figures.

    Parameters
    ----------
    improved, weight_improved
        Shape (C,), int64 and float64: how many have a shorter time, and their weight.
    gain
        Shape (C,), float64: sum of weight × milliseconds gained.
    weight_gaining
        Shape (C, T), float64: weight of those that gain each threshold or more.
    reached, weight_reached
        Shape (C,), int64 and float64: how many have a time and had none, and their
        weight.
    """

    improved: NDArray[np.int64]
    weight_improved: NDArray[np.float64]
    gain: NDArray[np.float64]
    weight_gaining: NDArray[np.float64]
    reached: NDArray[np.int64]
    weight_reached: NDArray[np.float64]


def new_sums(candidates: int, weights: Weights) -> Sums:
    """Make sums of nothing yet."""
    gain, number, share = (np.zeros((candidates, 2), np.int64) for _ in range(3))
    gaining = np.zeros((candidates, weights.thresholds_ms.size), np.int64)
    return Sums(gain, number, share, gaining)


def shares_of(weighing: Weighing, counted: int) -> tuple[Weights, int]:
    """Return weights as whole shares, and by how many binary digits they were shifted.

    Raises
    ------
    NetworkError
        If weights or thresholds are not as `Weighing` says.
    """
    weight = np.asarray(weighing.weight)
    numbers = weight.dtype.kind in "iuf" and weight.ndim == 1
    total, whole = _surveyed(weight) if numbers else (0.0, True)
    thresholds_ms = np.asarray(weighing.thresholds_ms, np.float64)
    faults = []
    if not numbers or weight.shape != (counted,):
        faults.append(f"weight: expected {counted} numbers, found {weight.dtype} {weight.shape}")
    elif not math.isfinite(total):
        faults.append("weight: expected finite numbers that are not negative")
    if not ((thresholds_ms > 0) & (thresholds_ms <= UNREACHED)).all():
        faults.append(f"thresholds_ms: expected times above 0, to {UNREACHED}")
    elif (thresholds_ms != np.rint(thresholds_ms)).any():
        faults.append("thresholds_ms: expected whole milliseconds")
    if faults:
        raise NetworkError("these weights cannot be used: " + "; ".join(faults))
    # Half a share a weight, at most, is added by rounding: a digit less leaves room for it.
    bits = _SHARE_BITS - 1 - int(np.ceil(np.log2(total or 1.0)))
    # Whole weights stay as they are; a thousand digits are what a float can be shifted by.
    bits = min(bits, 0 if whole else 1000)
    as_they_are = bits == 0 and weight.dtype.kind != "f"
    share = weight if as_they_are else _as_shares(_floats(weight), math.ldexp(1.0, bits))
    return (
        Weights(read_only(share, np.int64), read_only(thresholds_ms, np.int64)),
        bits,
    )


def totals_of(sums: Sums, bits: int) -> Totals:
    """Turn shares back into weights, rounding once."""

    def unscaled(shares: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.ldexp(shares.astype(np.float64), -bits)

    halves = zip(sums.gain[:, 0].tolist(), sums.gain[:, 1].tolist(), strict=True)
    gain = np.array([float((high << _HALF_BITS) + low) for high, low in halves], np.float64)
    return Totals(
        improved=sums.number[:, 0].copy(),
        weight_improved=unscaled(sums.share[:, 0]),
        gain=np.ldexp(gain, -bits),
        weight_gaining=unscaled(sums.gaining),
        reached=sums.number[:, 1].copy(),
        weight_reached=unscaled(sums.share[:, 1]),
    )


def _surveyed(weight: NDArray[Any]) -> tuple[float, bool]:
    """Return the sum of the weights, infinite where one is wrong, and whether all are whole."""
    if weight.dtype.kind == "f":
        return _survey(_floats(weight))
    if weight.size and weight.min() < 0:
        return np.inf, False
    return float(weight.sum(dtype=np.float64)), True


def _floats(weight: NDArray[Any]) -> Float64:
    view = np.ascontiguousarray(weight, np.float64).view()
    view.setflags(write=False)
    return view


@compiled
def _survey(weight: Float64) -> tuple[float, bool]:
    """Sum of the weights, infinite where one is negative or no number; and are all whole."""
    total = 0.0
    whole = True
    for place in range(weight.size):
        if not weight[place] >= 0.0:
            return np.inf, False
        total += weight[place]
        whole &= weight[place] == np.rint(weight[place])
    return total, whole


@compiled
def _as_shares(weight: Float64, scale: float) -> NDArray[np.int64]:
    share = np.empty(weight.size, np.int64)
    for place in range(weight.size):
        share[place] = np.int64(np.rint(weight[place] * scale))
    return share


@compiled
def sum_up(kept: Kept, last: int, today_ms: Int32, weights: Weights, sums: Sums) -> None:
    """Add what the candidates up to `last` change to the sums."""
    for row in range(kept.first, last):
        for place in range(kept.indptr[row], kept.indptr[row + 1]):
            changed = np.uint32(kept.keys[place] >> _TIME_BITS)
            share = weights.share[changed]
            if today_ms[changed] == UNREACHED:
                sums.number[row, 1] += 1
                sums.share[row, 1] += share
                continue
            gain_ms = np.int64(today_ms[changed]) - (kept.keys[place] & _TIME_MASK)
            sums.number[row, 0] += 1
            sums.share[row, 0] += share
            sums.gain[row, 0] += share * (gain_ms >> _HALF_BITS)
            sums.gain[row, 1] += share * (gain_ms & _HALF_MASK)
            for threshold in range(weights.thresholds_ms.size):
                if gain_ms >= weights.thresholds_ms[threshold]:
                    sums.gaining[row, threshold] += share
