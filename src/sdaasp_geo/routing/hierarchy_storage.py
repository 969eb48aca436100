"""A hierarchy, or its topology, on disk beside its network, for as long as that stays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sdaasp_geo.errors import StoredNetworkError
from sdaasp_geo.network.array_file import (
    Kind,
    digest,
    is_something_else,
    read_arrays,
    write_arrays,
)
from sdaasp_geo.routing.hierarchy import Hierarchy, build_hierarchy, read_only
from sdaasp_geo.routing.topology import Topology, build_topology

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from sdaasp_geo.network.graph import SearchGraph

    Progress = Callable[[int, int, str], None]

_Stored = TypeVar("_Stored", Hierarchy, Topology)

# Raised whenever the fields of a hierarchy or of a topology, or how they are computed,
# change.
FORMAT_VERSION = 2


def graph_key(graph: SearchGraph) -> str:
    """Name the graph that a hierarchy was built from: SHA-256 of its arrays, in hexadecimal.

    The same for offsets of 32 and of 64 bits.

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> row = SearchGraph(*(np.array(part, np.int32) for part in ([0, 1, 1], [1], [5])))
    >>> graph_key(row) == graph_key(row._replace(indptr=row.indptr.astype(np.int64)))
    True
    >>> graph_key(row) == graph_key(row._replace(weights_ms=row.weights_ms + 1))
    False
    """
    return digest({name: np.asarray(part, np.int64) for name, part in graph._asdict().items()})


def arcs_key(graph: SearchGraph) -> str:
    """Name the arcs that a topology was built from, whatever their times.

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> row = SearchGraph(*(np.array(part, np.int32) for part in ([0, 1, 1], [1], [5])))
    >>> arcs_key(row) == arcs_key(row._replace(weights_ms=row.weights_ms + 1))
    True
    """
    return graph_key(graph._replace(weights_ms=graph.weights_ms[:0]))


def save_hierarchy(path: str | Path, hierarchy: Hierarchy, graph: SearchGraph) -> None:
    """Write a hierarchy to a file, whole or not at all; the same one gives the same bytes.

    Parameters
    ----------
    path
        An uncompressed ``.npz``; one that is there is replaced.
    hierarchy
        What to write.
    graph
        What it was built from, that the file may be known by it.
    """
    write_arrays(Path(path), _of_hierarchy(graph), hierarchy._asdict())


def load_hierarchy(path: str | Path, graph: SearchGraph) -> Hierarchy:
    """Read the hierarchy of a graph that :func:`save_hierarchy` wrote.

    Raises
    ------
    StoredNetworkError
        If the file is missing, damaged, of another version or another graph, or no
        stored hierarchy.
    """
    return read_only(Hierarchy(**read_arrays(Path(path), _of_hierarchy(graph))))


def hierarchy_for(
    graph: SearchGraph,
    path: str | Path,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Hierarchy:
    """Load the hierarchy of a graph, or build it and keep it.

    Parameters
    ----------
    graph, executor, progress
        As in :func:`~sdaasp_geo.routing.hierarchy.build_hierarchy`.
    path
        Where it is kept. A hierarchy of another graph or version, and one that is
        damaged, is replaced; a file of another kind is not.

    Raises
    ------
    NetworkError
        As in ``build_hierarchy``.
    StoredNetworkError
        If the file at `path` is not a stored hierarchy.
    """

    def build() -> Hierarchy:
        return build_hierarchy(graph, executor=executor, progress=progress)

    return _kept(Hierarchy, Path(path), _of_hierarchy(graph), build)


def save_topology(path: str | Path, topology: Topology, graph: SearchGraph) -> None:
    """Write a topology to a file, as :func:`save_hierarchy` a hierarchy."""
    write_arrays(Path(path), _of_topology(graph), topology._asdict())


def load_topology(path: str | Path, graph: SearchGraph) -> Topology:
    """Read the topology of a graph's arcs, which may have other times by now.

    Raises
    ------
    StoredNetworkError
        If the file is missing, damaged, of another version or other arcs, or no stored
        topology.
    """
    return read_only(Topology(**read_arrays(Path(path), _of_topology(graph))))


def topology_for(
    graph: SearchGraph, path: str | Path, *, executor: Executor | None = None
) -> Topology:
    """Load the topology of a graph's arcs, or build it and keep it.

    Parameters
    ----------
    graph, executor
        As in :func:`~sdaasp_geo.routing.topology.build_topology`.
    path
        As in :func:`hierarchy_for`.

    Raises
    ------
    NetworkError
        As in ``build_topology``.
    StoredNetworkError
        If the file at `path` is not a stored topology.
    """

    def build() -> Topology:
        return build_topology(graph, executor=executor)

    return _kept(Topology, Path(path), _of_topology(graph), build)


def _kept(make: type[_Stored], path: Path, kind: Kind, build: Callable[[], _Stored]) -> _Stored:
    try:
        return read_only(make(**read_arrays(path, kind)))
    except StoredNetworkError:
        if is_something_else(path, kind):
            raise
    built = build()
    write_arrays(path, kind, built._asdict())
    return built


def _of_hierarchy(graph: SearchGraph) -> Kind:
    told = {"graph": graph_key(graph)}
    return Kind("sdaasp_geo contraction hierarchy", FORMAT_VERSION, "hierarchy", told)


def _of_topology(graph: SearchGraph) -> Kind:
    told = {"arcs": arcs_key(graph)}
    return Kind("sdaasp_geo hierarchy topology", FORMAT_VERSION, "topology", told)
