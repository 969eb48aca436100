"""The road network: streets between junctions, and the arcs that searches run on."""

from __future__ import annotations

import copy
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely

from sdaasp_geo.network import exchange, storage
from sdaasp_geo.network.assembly import assemble
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.network.junctions import Halts
from sdaasp_geo.network.shelf import Shelf
from sdaasp_geo.network.topology import streets_from_roads
from sdaasp_geo.network.turns import Gates
from sdaasp_geo.showing import card

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd
    import networkx as nx
    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.network.shelf import Way


class Connectivity(NamedTuple):
    """Whether a road network holds together.

    Parameters
    ----------
    nodes, streets
        Junctions and streets of the network.
    components
        Strongly connected pieces: within one, every junction reaches every other.
    usable_components
        Those with at least the number of junctions asked for.
    largest_nodes
        Junctions of the largest piece.
    """

    nodes: int
    streets: int
    components: int
    usable_components: int
    largest_nodes: int

    @property
    def largest_share(self) -> float:
        """Share of the junctions that lie in the largest piece."""
        return self.largest_nodes / self.nodes


@dataclass(frozen=True, eq=False, repr=False)
class RoadNetwork:
    """Roads in arrays, ready for searches. Every array is read-only.

    Junctions are numbered along a Hilbert curve, streets by their junctions; the same
    roads give the same network whatever their order.

    Parameters
    ----------
    crs
        Projected CRS in metres of every coordinate.
    node_x, node_y
        Junctions, float64 (N,).
    street_from, street_to
        Junctions at the two ends of each street, int32 (E,). A street is the stretch
        between two junctions; several may join the same two.
    street_length_m
        Length as driven, with the length factor, float64 (E,).
    forward_ms, backward_ms
        Time from ``street_from`` to ``street_to`` and back, halts left out, int32 (E,);
        -1 where traffic may not go that way.
    street_class, class_names
        Number of the road class of each street, int16 (E,), in the names.
    shape_xy, shape_offsets
        Vertices of the streets, float64 (P, 2), and where those of each begin,
        int64 (E + 1,).
    outgoing, incoming
        Arcs by the junction they leave, and reversed: by the junction they enter. Of
        parallel arcs the quickest is kept, loops are left out. Halts are in their times.
        Where left turns cost something, the nodes of both are no longer the junctions
        but the `gates`.
    component, component_nodes
        Strongly connected component of each junction, int32 (N,), and the junctions in
        each, int32 (C,), the largest first.
    halts
        Time lost at the far end of each street; None where there is none.
    turn_gates
        Search nodes at the ends of the streets, where left turns cost something; else
        None. :attr:`gates` answers in both cases.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import LineString
    >>> from sdaasp_geo.assumptions import Assumptions
    >>> roads = gpd.GeoDataFrame(
    ...     {
    ...         "road_class": ["local"],
    ...         "posted_kmh": [45.0],
    ...         "duration_min": [float("nan")],
    ...         "oneway": [True],
    ...         "length_factor": [1.0],
    ...     },
    ...     geometry=[LineString([(0, 0), (0, 600)])],
    ...     crs="EPSG:2154",
    ... )
    >>> network = RoadNetwork.from_roads(roads, Assumptions())
    >>> network.forward_ms.tolist(), network.backward_ms.tolist()
    ([60000], [-1])
    """

    crs: str
    node_x: npt.NDArray[np.float64]
    node_y: npt.NDArray[np.float64]
    street_from: npt.NDArray[np.int32]
    street_to: npt.NDArray[np.int32]
    street_length_m: npt.NDArray[np.float64]
    forward_ms: npt.NDArray[np.int32]
    backward_ms: npt.NDArray[np.int32]
    street_class: npt.NDArray[np.int16]
    class_names: tuple[str, ...]
    shape_xy: npt.NDArray[np.float64]
    shape_offsets: npt.NDArray[np.int64]
    outgoing: SearchGraph
    incoming: SearchGraph
    component: npt.NDArray[np.int32]
    component_nodes: npt.NDArray[np.int32]
    halts: Halts | None = None
    turn_gates: Gates | None = None

    def __post_init__(self) -> None:
        """Make every array read-only, without touching the caller's own."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                object.__setattr__(self, field.name, _read_only(value))
            elif isinstance(value, SearchGraph | Halts | Gates):
                arrays = type(value)(*(_read_only(array) for array in value))
                object.__setattr__(self, field.name, arrays)

    @classmethod
    def from_roads(cls, roads: gpd.GeoDataFrame, assumptions: Assumptions) -> RoadNetwork:
        """Build the network of a roads table.

        Streets meet where their ends have the same coordinates to the centimetre, so
        that several files of roads join. Lines that cross elsewhere do not meet.

        Parameters
        ----------
        roads
            Table `ROADS`, in a projected CRS in metres; one row a stretch of road. Where
            junctions cost something, also the columns of `ROAD_JUNCTIONS`.
        assumptions
            Gives `speed_kmh`, `posted_speed_factor` and the costs of junctions.

        Raises
        ------
        InputError
            If a column of the table is missing or out of its range.
        NetworkError
            If there is no road, the CRS is not metric, a geometry is no line, a needed
            class has no speed, or a street takes more than 24 days.
        """
        return cls(**assemble(streets_from_roads(roads, assumptions)))

    @classmethod
    def from_networkx(cls, graph: nx.MultiDiGraph, assumptions: Assumptions) -> RoadNetwork:
        """Build the network of a projected osmnx graph.

        Parameters
        ----------
        graph
            As osmnx makes it: ``graph["crs"]``; nodes with ``x`` and ``y``; edges with
            ``highway`` and, where known, ``length`` (metres), ``maxspeed`` and
            ``geometry``. An edge's ``time_ms`` or ``travel_time`` (seconds), where
            there is one, is taken as it is. Two edges of opposite directions and the
            same course are one street. ``highway="traffic_signals"`` on a node is a
            light on every street that ends there, ``junction="roundabout"`` or
            ``"circular"`` on an edge a roundabout; their costs are added to the edges'
            times. Lights that osmnx simplified away are lost.
        assumptions
            Gives the speeds, for edges without a time, and the costs of junctions.

        Raises
        ------
        NetworkError
            If the graph is empty, has no metric CRS, or a class has no speed.
        """
        return cls(**assemble(exchange.streets_from_networkx(graph, assumptions)))

    def to_networkx(self) -> nx.MultiDiGraph:
        """Return the network as a graph that osmnx understands.

        Returns
        -------
        MultiDiGraph
            Nodes ``0 … N - 1`` with ``x`` and ``y``; an edge for each direction in
            which a street may be driven, with ``osmid`` (number of the street),
            ``highway``, ``oneway``, ``reversed``, ``length`` (m), ``travel_time`` (s),
            ``time_ms`` and ``geometry``; ``graph["crs"]``. Times include the halts at
            lights and roundabouts, but a graph of junctions cannot tell left turns.

        Raises
        ------
        ImportError
            If networkx is not installed.
        """
        return exchange.graph_of(self)

    def save(self, path: str | Path) -> None:
        """Write the network to a file, whole or not at all.

        The same network gives the same bytes.
        """
        storage.write_fields(
            path, {field.name: getattr(self, field.name) for field in fields(self)}
        )

    @classmethod
    def load(cls, path: str | Path) -> RoadNetwork:
        """Read a network that :meth:`save` wrote.

        Raises
        ------
        StoredNetworkError
            If the file is missing, damaged, of another version, or no stored network.
        """
        return cls(**storage.read_fields(path))

    @cached_property
    def lines(self) -> npt.NDArray[np.object_]:
        """Line of each street, from ``street_from`` to ``street_to``, object (E,)."""
        street = np.repeat(np.arange(self.street_from.size), np.diff(self.shape_offsets))
        return np.asarray(shapely.linestrings(self.shape_xy, indices=street))

    @cached_property
    def gates(self) -> Gates:
        """Nodes of `outgoing` and `incoming` at the two ends of each street.

        They are the junctions themselves, unless left turns cost something. Whoever
        reads a table of times by search node should ask here for the node of a street's
        end in the direction of traffic, and for the junction of a node.
        """
        if self.turn_gates is not None:
            return self.turn_gates
        ends = self.street_from, self.street_to
        junction = _read_only(np.arange(self.node_x.size, dtype=np.int32))
        return Gates(*ends, *ends[::-1], junction)

    @cached_property
    def shelf(self) -> Shelf:
        """What searches have prepared on this network; no answer depends on it."""
        return Shelf()

    def searched(self, way: Way = "auto", *, kept_at: Path | None = None) -> RoadNetwork:
        """Return the same network, to be searched in another way.

        Arrays and what was prepared are shared. No answer depends on the way.

        Parameters
        ----------
        way
            ``bucket`` prepares nothing, ``hierarchy`` prepares a contraction hierarchy at
            the first question, ``auto`` takes what costs less; see
            :mod:`sdaasp_geo.routing.choice`. With ``auto`` a way chosen before stays.
        kept_at
            File for the hierarchy, which the next run finds there; None leaves it.

        Raises
        ------
        ValueError
            If there is no such way.
        """
        shelf = self.shelf.preferring(self.shelf.way if way == "auto" else way)
        same = copy.copy(self)
        same.__dict__["shelf"] = shelf if kept_at is None else shelf.beside(kept_at)
        return same

    def connectivity(self, min_component_nodes: int = 1) -> Connectivity:
        """Count the pieces of the network.

        A network in many pieces, the largest of which holds little, is a layer whose
        roads do not meet at their ends.

        Parameters
        ----------
        min_component_nodes
            Junctions that a piece needs to count as usable.
        """
        return Connectivity(
            nodes=self.node_x.size,
            streets=self.street_from.size,
            components=self.component_nodes.size,
            usable_components=int((self.component_nodes >= min_component_nodes).sum()),
            largest_nodes=int(self.component_nodes[0]),
        )

    def __repr__(self) -> str:
        """Say how large it is in one line; the arrays would fill a screen."""
        return (
            f"<RoadNetwork {self.crs}: {len(self.street_from):,} streets, "
            f"{self.outgoing.indptr.size - 1:,} junctions, {len(self.component_nodes):,} components>"
        )

    def _repr_html_(self) -> str:
        figures = {
            "rues": len(self.street_from),
            "système de coordonnées": self.crs,
            "réseaux séparés": len(self.component_nodes),
            "carrefours du plus grand": int(self.component_nodes.max(initial=0)),
        }
        return card("Réseau de routes", figures)


def _read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.setflags(write=False)
    return view
