"""What junctions cost: traffic lights and roundabouts, paid at the far end of a street.

Both depend only on the street by which traffic arrives, so that they are a time added to
the street: the *halt*. A halt is paid in full by whoever reaches the junction at the end
of the street, wherever on the street they started, and not at all by those who stop
before it. Left turns depend on two streets; see :mod:`sdaasp_geo.network.turns`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ROAD_JUNCTIONS

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.assumptions import Assumptions

    Bools = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Ints32 = npt.NDArray[np.int32]

_MS_PER_S = 1000.0
# Far beyond what a network may hold, and still an integer: refused there, by name.
_ABSURD_MS = 1e15


class Halts(NamedTuple):
    """Time lost at the far end of each street: lights, and the entry of a roundabout.

    Parameters
    ----------
    forward_ms
        For those who arrive at ``street_to``, int32 (E,); 0 where traffic may not.
    backward_ms
        For those who arrive at ``street_from``, likewise.
    """

    forward_ms: Ints32
    backward_ms: Ints32


class Met(NamedTuple):
    """What traffic meets on each street and at its far end.

    Parameters
    ----------
    signals_forward, signals_backward
        Traffic lights on the way from start to end and back, float64 (E,): those at the
        end that is reached count, those at the end that is left do not.
    roundabout
        Whether the street is a piece of a roundabout, bool (E,).
    """

    signals_forward: Floats
    signals_backward: Floats
    roundabout: Bools


class JunctionCosts(NamedTuple):
    """What junctions cost, street by street.

    Parameters
    ----------
    forward_ms, backward_ms
        Halt at the end and at the start of each street, int64 (E,).
    roundabout
        Whether the street is a piece of a roundabout, bool (E,).
    left_turn_ms
        Cost of a left turn.
    """

    forward_ms: Ints
    backward_ms: Ints
    roundabout: Bools
    left_turn_ms: int

    def taken(self, order: Ints) -> JunctionCosts:
        """Costs of the streets in another order."""
        streets = self.forward_ms[order], self.backward_ms[order], self.roundabout[order]
        return JunctionCosts(*streets, self.left_turn_ms)


def met_on_roads(roads: pd.DataFrame, assumptions: Assumptions) -> Met | None:
    """Read what the assumptions charge for from the columns of a roads table.

    Parameters
    ----------
    roads
        Table `ROADS` with the columns of `ROAD_JUNCTIONS` that are needed: the signals
        where a light costs something, ``roundabout`` where a roundabout or a left turn
        does (none is charged on a roundabout).
    assumptions
        Gives the costs.

    Returns
    -------
    Met or None
        None where nothing costs anything.

    Raises
    ------
    InputError
        If a column that is needed is missing or out of its range.
    """
    if not assumptions.charges_junctions:
        return None
    needed = []
    if assumptions.signal_cost_s > 0:
        needed += ["signals_forward", "signals_backward"]
    if max(assumptions.roundabout_cost_s, assumptions.left_turn_cost_s) > 0:
        needed += ["roundabout"]
    absent = [name for name in needed if name not in roads]
    cause = (
        "roads read without junctions=True; a table of one's own takes 0 lights or False "
        "where there are none"
    )
    faults = [Fault("roads", "this column", "no such column", cause, column=n) for n in absent]
    given = [name for name in needed if name in roads]
    faults += schema_faults(roads[given], ROAD_JUNCTIONS.select_columns(given), file="roads")
    if faults:
        raise InputError(faults)
    # What costs nothing is not looked at, whatever its column holds.
    forward, backward, roundabout = (
        roads[name].to_numpy(dtype=np.float64) if name in needed else np.zeros(len(roads))
        for name in Met._fields
    )
    return Met(forward, backward, roundabout > 0)


def junction_costs(
    met: Met | None, start: Ints, end: Ints, assumptions: Assumptions
) -> JunctionCosts | None:
    """Reckon the halts of every street.

    A street that is no roundabout but ends on one pays its entry there. Entering and
    leaving at one and the same junction, as on the smallest roundabouts, is an entry too;
    a roundabout drawn as a mere point is none.

    Parameters
    ----------
    met
        What traffic meets; None where nothing costs anything.
    start, end
        Junctions at the two ends of each street, int64 (E,).
    assumptions
        Gives the costs.

    Returns
    -------
    JunctionCosts or None
        None where `met` is None.

    Examples
    --------
    A street of two lights that ends on a roundabout, and a piece of the roundabout.

    >>> from sdaasp_geo.assumptions import Assumptions
    >>> met = Met(np.array([2.0, 0.0]), np.array([1.0, 0.0]), np.array([False, True]))
    >>> costs = Assumptions(signal_cost_s=5.0, roundabout_cost_s=3.0)
    >>> found = junction_costs(met, np.array([0, 1]), np.array([1, 2]), costs)
    >>> found.forward_ms.tolist(), found.backward_ms.tolist()
    ([13000, 0], [5000, 0])
    """
    if met is None:
        return None
    on_roundabout = np.zeros(int(max(start.max(), end.max())) + 1, dtype=bool)
    on_roundabout[start[met.roundabout]] = True
    on_roundabout[end[met.roundabout]] = True
    forward_s, backward_s = (
        signals * assumptions.signal_cost_s
        + (on_roundabout[arrival] & ~met.roundabout) * assumptions.roundabout_cost_s
        for signals, arrival in ((met.signals_forward, end), (met.signals_backward, start))
    )
    return JunctionCosts(
        _whole_ms(forward_s),
        _whole_ms(backward_s),
        met.roundabout,
        int(_whole_ms(assumptions.left_turn_cost_s)),
    )


def _whole_ms(seconds: Floats | float) -> Ints:
    return np.minimum(np.rint(np.asarray(seconds) * _MS_PER_S), _ABSURD_MS).astype(np.int64)
