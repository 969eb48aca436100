"""The gate of the searches: graph, seeds and limit are checked once, before the kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sdaasp_geo.errors import NetworkError
from sdaasp_geo.routing.kernels import BUCKETS, UNREACHED, Entries, KernelGraph, Windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph

    IntArray = NDArray[np.integer]

# Typical weights are taken from a regular sample: sorting a million of them would take
# as long as a search.
_WEIGHTS_SAMPLED = 65_536
_MOST_WINDOWS = 4096


class Seeds(NamedTuple):
    """Where the facilities of one service enter the network.

    A facility on a two-way street enters at both of its ends, so that a label may
    stand on several rows, and several labels at one node.

    Parameters
    ----------
    node
        Shape (K,), integer: node of the graph.
    cost_ms
        Shape (K,), integer, not negative: time between that node and the facility.
    label
        Shape (K,), integer, not negative: the facility's number.
    """

    node: NDArray[np.int32]
    cost_ms: NDArray[np.int32]
    label: NDArray[np.int32]


class Search(NamedTuple):
    """A checked question, as the kernels want it."""

    graph: KernelGraph
    services: tuple[Entries, ...]
    ceiling_ms: int
    limited: bool
    windows: Windows


def checked_search(graph: SearchGraph, seeds: Sequence[Seeds], limit_ms: int | None) -> Search:
    """Check a whole question and prepare it.

    Parameters
    ----------
    graph
        The arcs.
    seeds
        One entry a service.
    limit_ms
        Longest time of interest; None for all that 32 bits hold.

    Raises
    ------
    NetworkError
        If anything is not what :class:`SearchGraph`, :class:`Seeds` and the search
        say; every fault found is in the message.
    """
    faults = [*_graph_faults(graph), *_limit_faults(limit_ms)]
    node_count = max(np.size(graph.indptr) - 1, 0)
    for service, entries in enumerate(seeds):
        faults += [f"service {service}: {fault}" for fault in _seed_faults(entries, node_count)]
    if faults:
        raise NetworkError("this search cannot run: " + "; ".join(faults))
    services = tuple(_entries(entries) for entries in seeds)
    ceiling_ms = UNREACHED if limit_ms is None else int(limit_ms) + 1
    longest_ms = max(
        [_largest(graph.weights_ms)] + [_largest(entries.cost_ms) for entries in services]
    )
    return Search(
        _kernel_graph(graph),
        services,
        ceiling_ms,
        limit_ms is not None,
        windows_for(graph.weights_ms, min(longest_ms, ceiling_ms)),
    )


def checked_services(
    seeds: Sequence[Seeds], node_count: int, limit_ms: int | None
) -> tuple[Entries, ...]:
    """Check a question to a graph that has been checked before.

    Parameters
    ----------
    seeds
        One entry a service.
    node_count
        Nodes of the graph.
    limit_ms
        Longest time of interest; None for all that 32 bits hold.

    Raises
    ------
    NetworkError
        If seeds or limit are not as described; every fault found is in the message.
    """
    faults = _limit_faults(limit_ms)
    for service, entries in enumerate(seeds):
        faults += [f"service {service}: {fault}" for fault in _seed_faults(entries, node_count)]
    if faults:
        raise NetworkError("this search cannot run: " + "; ".join(faults))
    return tuple(_entries(entries) for entries in seeds)


def windows_for(weights_ms: NDArray[np.int32], longest_ms: int) -> Windows:
    """Width of the buckets and number of the windows; the result depends on neither.

    A bucket is a power of two at or below one and a half median weights (measured on
    500,000 nodes: half or twice that costs a tenth, whether the weights are alike or
    widely spread). The windows in use at once span one arc, or one entry, of
    `longest_ms` at most; a single ferry of days therefore widens the buckets before
    the number of windows becomes a burden.

    Examples
    --------
    >>> windows_for(np.array([4000, 5000, 9000], np.int32), 9000)
    Windows(shift=12, number=2)
    """
    sample = weights_ms[:: max(1, weights_ms.size // _WEIGHTS_SAMPLED)]
    # The mean speaks where most arcs are of zero, and buckets would be without number.
    typical_ms = max(np.median(sample), np.mean(sample) / 16) if sample.size else 0
    shift = max(int(1.5 * typical_ms), 1).bit_length() - 1
    # Two more than the span: the window being searched, and the rest of the last one.
    while (needed := longest_ms // (BUCKETS << shift) + 2) > _MOST_WINDOWS:
        shift += 1
    return Windows(shift, 1 << (needed - 1).bit_length())


def checked_groups(groups: NDArray[np.int32], services: Sequence[Entries]) -> NDArray[np.int32]:
    """Check that every facility has a group, and prepare them for the kernels.

    Raises
    ------
    NetworkError
        If the groups are not integers, or a label is beyond their number.
    """
    faults = _integer_faults("groups", groups, lowest=-(2**31))
    last = max((_largest(entries.label) for entries in services), default=-1)
    if not faults and last >= groups.size:
        faults = [
            f"expected a group for every facility, found {groups.size} groups and facility {last}"
        ]
    if faults:
        raise NetworkError("this search cannot run: " + "; ".join(faults))
    return _read_only(groups, np.int32)


def _graph_faults(graph: SearchGraph) -> list[str]:
    named = zip(("indptr", "heads", "weights_ms"), graph, strict=True)
    faults = [fault for name, values in named for fault in _integer_faults(name, values)]
    if faults:
        return faults
    indptr, heads, weights_ms = graph
    if indptr.size == 0 or indptr[0] != 0 or indptr[-1] != heads.size:
        return [f"indptr: expected it to run from 0 to the number of arcs, {heads.size}"]
    if (np.diff(indptr) < 0).any():
        faults.append("indptr: expected it never to decrease")
    if heads.size != weights_ms.size:
        faults.append(f"weights_ms: expected one an arc, {heads.size}, found {weights_ms.size}")
    if _largest(heads) >= indptr.size - 1:
        faults.append(f"heads: expected nodes below {indptr.size - 1}, found {_largest(heads)}")
    return faults


def _seed_faults(seeds: Seeds, node_count: int) -> list[str]:
    named = zip(("node", "cost_ms", "label"), seeds, strict=True)
    faults = [fault for name, values in named for fault in _integer_faults(name, values)]
    if faults:
        return faults
    if len({seeds.node.size, seeds.cost_ms.size, seeds.label.size}) > 1:
        faults.append("expected node, cost_ms and label of one length")
    if _largest(seeds.node) >= node_count:
        faults.append(f"node: expected nodes below {node_count}, found {_largest(seeds.node)}")
    if _largest(seeds.cost_ms) == UNREACHED:
        faults.append(f"cost_ms: expected times below {UNREACHED} ms, found {UNREACHED}")
    return faults


def _integer_faults(name: str, values: IntArray, *, lowest: int = 0) -> list[str]:
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype.kind not in "iu":
        found = (
            f"{values.ndim}-d {values.dtype}"
            if isinstance(values, np.ndarray)
            else type(values).__name__
        )
        return [f"{name}: expected a 1-d array of integers, found {found}"]
    if values.size == 0:
        return []
    faults = []
    if (least := int(values.min())) < lowest:
        faults.append(f"{name}: expected {lowest} or more, found {least}")
    if (most := int(values.max())) > UNREACHED:
        faults.append(f"{name}: expected at most {UNREACHED}, found {most}")
    return faults


def _limit_faults(limit_ms: int | None) -> list[str]:
    if limit_ms is None or (isinstance(limit_ms, int | np.integer) and 0 <= limit_ms < UNREACHED):
        return []
    return [f"limit_ms: expected a whole number from 0 to {UNREACHED - 1}, found {limit_ms!r}"]


def _largest(values: IntArray) -> int:
    return int(values.max()) if values.size else -1


def _kernel_graph(graph: SearchGraph) -> KernelGraph:
    return KernelGraph(
        _read_only(graph.indptr, np.uint32),
        _read_only(graph.heads, np.uint32),
        _read_only(graph.weights_ms, np.int32),
    )


def _entries(seeds: Seeds) -> Entries:
    return Entries(
        _read_only(seeds.node, np.uint32),
        _read_only(seeds.cost_ms, np.int32),
        _read_only(seeds.label, np.int32),
    )


def _read_only(values: IntArray, dtype: type[np.integer]) -> NDArray[Any]:
    # Always a read-only view: the kernels are compiled for one kind of array, and the
    # caller's own keeps its flags. Checked integers of 32 bits are reinterpreted, which
    # spares a copy of the graph.
    as_they_are = values.dtype in (np.dtype(np.int32), np.dtype(np.uint32))
    plain = values.view(dtype) if as_they_are else values.astype(dtype)
    view = np.ascontiguousarray(plain).view()
    view.setflags(write=False)
    return view
