"""Draw the three pictures of ``docs/routing.md``, on the roads of the example territory.

python docs/draw_routing.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.collections import LineCollection

import sdaasp_geo as sg
from sdaasp_geo.routing.gate import windows_for
from sdaasp_geo.routing.kernels import BUCKETS
from sdaasp_geo.routing.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from sdaasp_geo import RoadNetwork

HERE = Path(__file__).resolve().parent
GREY, DARK, WARM, COLD = "#c9ccd1", "#3b4252", "#c2452d", "#2a6f97"


def main() -> None:
    """Draw all three."""
    mpl.use("Agg")
    root = HERE.parent
    diagnostic = sg.diagnose(sg.read_territory(root / "territories" / "exemple.toml"))
    network = diagnostic.land.network
    for name, draw in (("windows", windows), ("hierarchy", hierarchy), ("pruned", pruned)):
        figure = draw(network)
        figure.savefig(HERE / "images" / f"routing-{name}.png", dpi=110, bbox_inches="tight")
        plt.close(figure)


def windows(network: RoadNetwork) -> Any:  # noqa: ANN401 (a figure)
    """Where the search has been after some windows of time, from three facilities."""
    graph = network.incoming
    facilities = spread_nodes(network, 3)
    found = sg.nearest(graph, [seeds(facilities)])
    time_ms = found.time_ms[0].astype(float)
    width_ms = BUCKETS << windows_for(graph.weights_ms, int(graph.weights_ms.max())).shift
    last = int(np.median(time_ms) * 1.6 // width_ms)
    figure, panels = plt.subplots(1, 3, figsize=(12, 4.6))
    for axes, window in zip(panels, np.linspace(1, last, 3).astype(int), strict=True):
        done, now = time_ms < window * width_ms, time_ms // width_ms == window
        roads(axes, network)
        axes.scatter(network.node_x[done], network.node_y[done], s=1.2, color=COLD, lw=0)
        axes.scatter(network.node_x[now], network.node_y[now], s=3, color=WARM, lw=0)
        axes.plot(network.node_x[facilities], network.node_y[facilities], "k^", ms=6)
        axes.set_title(f"window {window}: to {(window + 1) * width_ms / 60_000:.1f} min", size=10)
    return figure


def hierarchy(network: RoadNetwork) -> Any:  # noqa: ANN401
    """How high each node stands, and one way: up from its start, down to its end."""
    graph = network.outgoing
    built = sg.build_hierarchy(graph)
    height = heights(built)
    start, end = far_apart(network)
    up, down = up_and_down(built, int(built.rank[start]), int(built.rank[end]))
    figure, axes = plt.subplots(figsize=(7, 6))
    roads(axes, network)
    order = np.argsort(height)
    nodes = built.node[order]
    size = 0.5 + 30 * (height[order] / height.max()) ** 1.5
    x, y = network.node_x[nodes], network.node_y[nodes]
    shown = axes.scatter(x, y, c=height[order], s=size, lw=0, cmap="viridis_r")
    figure.colorbar(shown, ax=axes, label="height: arcs from the lowest node", shrink=0.7)
    for ranks, colour, label in ((up, WARM, "up"), (down, "#f2a900", "down")):
        straight = built.node[np.array(ranks)]
        real = unpacked(built, np.array(ranks, np.int32))
        axes.plot(network.node_x[real], network.node_y[real], color=colour, lw=1.2, alpha=0.6)
        axes.plot(
            network.node_x[straight], network.node_y[straight], "o--", color=colour, ms=5, lw=1,
            label=f"{label}: {len(ranks) - 1} arcs for {len(real) - 1} of the graph",
        )  # fmt: skip
    axes.legend(loc="lower right", fontsize=8)
    return figure


def pruned(network: RoadNetwork) -> Any:  # noqa: ANN401
    """Where a candidate improves on today's times, which is all that is searched."""
    graph = network.incoming
    today = spread_nodes(network, 12)
    time_ms = sg.nearest(graph, [seeds(today)]).time_ms[0]
    candidate = int(np.argmax(np.where(time_ms < np.quantile(time_ms, 0.97), time_ms, 0)))
    change = sg.improvement(graph, time_ms, [seeds([candidate])])
    gain_min = (time_ms[change.place] - change.time_ms) / 60_000
    figure, axes = plt.subplots(figsize=(7, 6))
    roads(axes, network)
    shown = axes.scatter(
        network.node_x[change.place], network.node_y[change.place], c=gain_min, s=3, lw=0,
        cmap="YlOrRd",
    )  # fmt: skip
    figure.colorbar(shown, ax=axes, label="minutes gained", shrink=0.7)
    axes.plot(network.node_x[today], network.node_y[today], "k^", ms=6, label="facilities of today")
    axes.plot(network.node_x[candidate], network.node_y[candidate], "*", color=COLD, ms=14,
              label="candidate")  # fmt: skip
    axes.legend(loc="lower right", fontsize=8)
    share = change.place.size / time_ms.size
    axes.set_title(f"{share:.0%} of the nodes are touched", size=10)
    return figure


def roads(axes: Axes, network: RoadNetwork) -> None:
    """Draw every street, straight from junction to junction."""
    x, y = network.node_x, network.node_y
    ends = np.stack([network.street_from, network.street_to], axis=1)
    axes.add_collection(LineCollection(np.dstack([x[ends], y[ends]]), colors=GREY, linewidths=0.4))
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.autoscale()


def seeds(nodes: Sequence[int] | NDArray[np.int64]) -> sg.Seeds:
    """Facilities at nodes."""
    at = np.asarray(nodes, np.int32)
    return sg.Seeds(at, np.zeros(at.size, np.int32), np.arange(at.size, dtype=np.int32))


def spread_nodes(network: RoadNetwork, count: int) -> NDArray[np.int64]:
    """Nodes of the largest piece, spread along the curve that numbers them."""
    inside = np.flatnonzero(network.component == 0)
    return inside[np.linspace(0, inside.size - 1, 2 * count + 1).astype(int)[1::2]]


def far_apart(network: RoadNetwork) -> tuple[int, int]:
    """Nodes in two opposite corners of the largest piece."""
    inside = np.flatnonzero(network.component == 0)
    diagonal = network.node_x[inside] + network.node_y[inside]
    return int(inside[np.argmin(diagonal)]), int(inside[np.argmax(diagonal)])


def heights(built: sg.Hierarchy) -> NDArray[np.int32]:
    """Longest way up to each rank, in arcs."""
    height = np.zeros(built.node.size, np.int32)
    for rank in range(built.node.size):
        for indptr, heads in (
            (built.up_indptr, built.up_heads), (built.down_indptr, built.down_heads)
        ):  # fmt: skip
            above = heads[indptr[rank] : indptr[rank + 1]]
            np.maximum.at(height, above, height[rank] + 1)
    return height


def up_and_down(built: sg.Hierarchy, start: int, end: int) -> tuple[list[int], list[int]]:
    """Ranks of the quickest way: up to its top, and down from there."""
    ahead = climb(start, built.up_indptr, built.up_heads, built.up_weights_ms)
    back = climb(end, built.down_indptr, built.down_heads, built.down_weights_ms)
    top = min(ahead.keys() & back.keys(), key=lambda rank: ahead[rank][0] + back[rank][0])
    return trail(ahead, top)[::-1], trail(back, top)


def climb(
    start: int, indptr: NDArray[Any], heads: NDArray[Any], weights: NDArray[Any]
) -> dict[int, tuple[int, int]]:
    """Time and previous rank of every rank above a start; ranks rise along all arcs."""
    found, waiting = {start: (0, -1)}, [start]
    while waiting:
        rank = min(waiting)
        waiting.remove(rank)
        for arc in range(indptr[rank], indptr[rank + 1]):
            head, time = int(heads[arc]), found[rank][0] + int(weights[arc])
            if head not in found:
                waiting.append(head)
            if head not in found or time < found[head][0]:
                found[head] = (time, rank)
    return found


def trail(found: dict[int, tuple[int, int]], top: int) -> list[int]:
    """Ranks from the top back to the start."""
    ranks = [top]
    while found[ranks[-1]][1] >= 0:
        ranks.append(found[ranks[-1]][1])
    return ranks


if __name__ == "__main__":
    main()
