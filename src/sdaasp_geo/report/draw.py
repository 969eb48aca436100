"""Draws a territory in a map frame: grounds, communes by class, outlines, towns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.collections import LineCollection, PathCollection

from sdaasp_geo.report import style
from sdaasp_geo.report.shapes import unknown_land
from sdaasp_geo.report.tallies import MISSING_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.path import Path

    from sdaasp_geo.report.shapes import Backdrop

COMMUNE_WIDTH = 0.35
EPCI_WIDTH = 0.95
DEPARTEMENT_WIDTH = 1.6
_HALO = 1.1


def draw_ground(axes: Axes, backdrop: Backdrop) -> None:
    """Draw the sea, the neighbours and, under the communes, their land."""
    axes.set_facecolor(style.SEA)
    (xmin, xmax), (ymin, ymax) = axes.get_xlim(), axes.get_ylim()
    beyond = unknown_land(backdrop, (xmin, ymin, xmax, ymax))
    _fill(axes, beyond, style.NEIGHBOUR, zorder=1, edge=style.NEIGHBOUR)
    _fill(axes, backdrop.neighbours, style.NEIGHBOUR, zorder=2, edge=style.NEIGHBOUR_EDGE)
    _fill(axes, backdrop.land, style.LAND, zorder=3)


def draw_classes(
    axes: Axes,
    backdrop: Backdrop,
    ranks: npt.NDArray[np.int64],
    ramp: Sequence[str],
    *,
    width: float = COMMUNE_WIDTH,
) -> None:
    """Fill each commune with the colour of its class; hatch those without one."""
    shown = ranks[backdrop.rows]
    for rank in sorted({int(rank) for rank in shown}):
        chosen = [path for path, own in zip(backdrop.communes, shown, strict=True) if own == rank]
        missing = rank == MISSING_CLASS
        patches = PathCollection(
            chosen,
            facecolors=style.MISSING_FILL if missing else ramp[rank],
            edgecolors=style.MISSING_HATCH if missing else style.COMMUNE_EDGE,
            linewidths=width,
            hatch="//////" if missing else None,
            zorder=4,
        )
        axes.add_collection(patches, autolim=False)


def draw_thin(axes: Axes, backdrop: Backdrop, width: float) -> None:
    """Draw the communes' lines alone."""
    lines = PathCollection(
        backdrop.communes,
        facecolors="none",
        edgecolors=style.COMMUNE_EDGE,
        linewidths=width,
        zorder=4.2,
    )
    axes.add_collection(lines, autolim=False)


def draw_hatched_land(axes: Axes, backdrop: Backdrop) -> None:
    """Draw the whole territory as one without any figure."""
    patches = PathCollection(
        backdrop.land,
        facecolors=style.MISSING_FILL,
        edgecolors=style.MISSING_HATCH,
        linewidths=0.0,
        hatch="//////",
        zorder=3.5,
    )
    axes.add_collection(patches, autolim=False)


def draw_partial(axes: Axes, backdrop: Backdrop, partial: npt.NDArray[np.bool_]) -> None:
    """Hatch, over their colour, the communes whose figure leaves something out."""
    _hatch(axes, backdrop, partial, "//////", style.MISSING_HATCH)


def draw_crossed(axes: Axes, backdrop: Backdrop, chosen: npt.NDArray[np.bool_]) -> None:
    """Cross some communes, losers above all: they are told from gains without colour too."""
    _hatch(axes, backdrop, chosen, "xxx", style.INK)


def draw_outlines(axes: Axes, backdrop: Backdrop) -> None:
    """Draw EPCI and département outlines, with a light halo that shows them on dark fills."""
    draw_lines(axes, backdrop.epci, EPCI_WIDTH, zorder=5)
    draw_lines(axes, backdrop.departement, DEPARTEMENT_WIDTH, zorder=6)


def draw_lines(
    axes: Axes, lines: Sequence[npt.NDArray[np.float64]], width: float, *, zorder: float
) -> None:
    """Draw dark lines with a light halo."""
    for colour, extra in ((style.PAPER, _HALO), (style.EPCI_EDGE, 0.0)):
        collection = LineCollection(
            lines, colors=colour, linewidths=width + extra, zorder=zorder, joinstyle="round"
        )
        axes.add_collection(collection, autolim=False)


def _hatch(
    axes: Axes, backdrop: Backdrop, chosen: npt.NDArray[np.bool_], hatch: str, colour: str
) -> None:
    shown = chosen[backdrop.rows]
    paths = [path for path, own in zip(backdrop.communes, shown, strict=True) if own]
    patches = PathCollection(
        paths, facecolors="none", edgecolors=colour, linewidths=0.0, hatch=hatch, zorder=4.5
    )
    axes.add_collection(patches, autolim=False)


def _fill(axes: Axes, paths: list[Path], colour: str, *, zorder: int, edge: str = "none") -> None:
    width = 0.0 if edge == "none" else 0.9
    patches = PathCollection(
        paths, facecolors=colour, edgecolors=edge, linewidths=width, zorder=zorder
    )
    axes.add_collection(patches, autolim=False)
