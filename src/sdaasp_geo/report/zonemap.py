"""The map of zones: contiguous communes far from a gamme, or from the whole basket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from matplotlib.collections import LineCollection, PathCollection

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import COMMUNE_WIDTH, draw_outlines
from sdaasp_geo.report.frames import name_towns
from sdaasp_geo.report.french import count, minutes, threshold
from sdaasp_geo.report.labels import Box, Placer
from sdaasp_geo.report.legend import Panel, Symbol
from sdaasp_geo.report.shapes import outlines, polygon_path
from sdaasp_geo.report.sheets import finish_panel, open_sheet, sheet_texts
from sdaasp_geo.report.words import BASKET, territory_words
from sdaasp_geo.report.zonelist import BASKET_LAYER, LAYERS, REMOTE_LAYER, ordered_zones, zone_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.frames import Frame
    from sdaasp_geo.report.layout import Sheet, Texts
    from sdaasp_geo.report.shapes import Backdrop

ZONES_TITLE = "Zones d'éloignement"
_FILL = style.RAMP[1]
_EDGE = style.RAMP[4]
BADGE_PT = 9.0
_INDENT_IN = 0.2
_LISTED = 12  # of both layers together


@dataclass(frozen=True)
class Numbered:
    """One zone of the map and of the list beside it."""

    mark: str
    layer: str
    name: str
    facts: str
    shape: shapely.Geometry


@dataclass(frozen=True)
class ZoneMap:
    """The map of zones, ready to draw.

    Parameters
    ----------
    zones
        Those with a number or a letter.
    every
        Zones of each layer, by its name.
    shapes
        Geometry of every zone by layer, in the CRS of the tables.
    above
        What a zone of the basket is.
    """

    zones: list[Numbered]
    every: dict[str, int]
    shapes: dict[str, npt.NDArray[np.object_]]
    above: str


def draw_zones(diagnostic: Diagnostic, backdrop: Backdrop) -> Sheet:
    """Draw the zones of both layers, numbered, with their inhabitants in the side panel."""
    return draw_zone_map(zone_texts(diagnostic), zone_map(diagnostic), backdrop)


def zone_texts(diagnostic: Diagnostic) -> Texts:
    """Titles and small print of the map of zones."""
    subtitle = (
        f"{territory_words(diagnostic)} – communes contiguës éloignées d'une gamme, "
        "ou dont le temps moyen au panier dépasse le seuil"
    )
    return sheet_texts(diagnostic, ZONES_TITLE, style.printable(subtitle))


def zone_map(diagnostic: Diagnostic) -> ZoneMap:
    """Prepare the map of zones."""
    zones = diagnostic.zones
    limit = diagnostic.thresholds_min.get(BASKET)
    layers = {layer: zones.geometry[zones["layer"] == layer] for layer in LAYERS}
    return ZoneMap(
        zones=numbered_zones(zones),
        every={layer: len(shapes) for layer, shapes in layers.items()},
        shapes={layer: np.asarray(shapes, dtype=object) for layer, shapes in layers.items()},
        above=f"panier au-delà de {threshold(limit)}" if limit is not None else "panier",
    )


def draw_zone_map(texts: Texts, found: ZoneMap, backdrop: Backdrop) -> Sheet:
    """Draw the prepared map of zones on its own sheet."""
    sheet, frames = open_sheet(texts, backdrop)
    paint_zones(frames, found)
    panel = Panel(sheet, sheet.top + 0.08)
    _write_list(panel, found)
    panel.rule()
    finish_panel(panel, [], backdrop)
    return sheet


def paint_zones(frames: Sequence[Frame], found: ZoneMap) -> None:
    """Draw zones, their marks and the towns in every frame."""
    for frame in frames:
        _draw_layers(frame, found)
        draw_outlines(frame.axes, frame.view)
        _draw_marks(frame, found.zones)
    name_towns(frames)


def zone_symbols(found: ZoneMap) -> dict[str, Symbol]:
    """Key of the two layers."""
    return {
        REMOTE_LAYER: Symbol("éloignées d'au moins une gamme", _FILL),
        BASKET_LAYER: Symbol(found.above, style.PAPER, hatch="//////", edge=_EDGE),
    }


def numbered_zones(zones: gpd.GeoDataFrame) -> list[Numbered]:
    """Return the zones that have room on the map, remote ones first, with marks and words."""
    found = []
    parts = {layer: ordered_zones(zones, layer) for layer in LAYERS}
    for layer, part in parts.items():
        # What one layer does not need of the list, the other may use.
        others = sum(len(other) for name, other in parts.items() if name != layer)
        shown = max(_LISTED // 2, _LISTED - others)
        for rank, zone in enumerate(part.head(shown).itertuples(index=False)):
            facts = (
                f"{count(zone.communes, 'commune')}, {count(zone.population, 'habitant')}, "
                f"panier à {minutes(zone.mean_min)}"
            )
            mark, name = zone_mark(layer, rank), style.printable(zone.name)
            found.append(Numbered(mark, layer, name, facts, zone.geometry))
    return found


def _draw_layers(frame: Frame, found: ZoneMap) -> None:
    axes, backdrop = frame.axes, frame.view
    axes.add_collection(
        PathCollection(
            backdrop.communes,
            facecolors=style.NOT_REMOTE,
            edgecolors=style.COMMUNE_EDGE,
            linewidths=COMMUNE_WIDTH,
            zorder=4,
        ),
        autolim=False,
    )
    remote, basket = (backdrop.moved(found.shapes[layer]) for layer in (REMOTE_LAYER, BASKET_LAYER))
    # Communes stay readable under the fill: their lines are drawn again on top of it.
    fill = PathCollection(
        [polygon_path(shape) for shape in remote], facecolors=_FILL, edgecolors="none", zorder=4.1
    )
    lines = PathCollection(
        backdrop.communes,
        facecolors="none",
        edgecolors=style.COMMUNE_EDGE,
        linewidths=COMMUNE_WIDTH,
        zorder=4.2,
    )
    hatch = PathCollection(
        [polygon_path(shape) for shape in basket],
        facecolors="none",
        edgecolors=_EDGE,
        linewidths=0.0,
        hatch="///",
        zorder=4.3,
    )
    edge = LineCollection(outlines(basket), colors=_EDGE, linewidths=2.4, zorder=6.5)
    for collection in (fill, lines, hatch, edge):
        axes.add_collection(collection, autolim=False)


def _draw_marks(frame: Frame, zones: list[Numbered]) -> None:
    placer, half = frame.placer, BADGE_PT * 0.75
    shapes = frame.view.moved(np.array([zone.shape for zone in zones], dtype=object))
    (xmin, xmax), (ymin, ymax) = placer.axes.get_xlim(), placer.axes.get_ylim()
    for zone, shape in zip(zones, shapes, strict=True):
        point = shapely.point_on_surface(shape)
        if not (xmin <= point.x <= xmax and ymin <= point.y <= ymax):
            continue  # in another frame
        spot = placer.spot(point.x, point.y)
        own = Box(spot[0] - half, spot[1] - half, spot[0] + half, spot[1] + half)
        if any(own.touches(other) for other in placer.taken):
            moved = placer.room(spot, (2 * half, 2 * half), half)
            if moved is None:
                continue
            own = moved
        placer.taken.append(own)
        draw_badge(placer, zone.mark, own, square=zone.layer != REMOTE_LAYER)


def draw_badge(placer: Placer, text: str, box: Box, *, square: bool = False) -> None:
    """Write a number in a circle, or a letter in a dark square."""
    width, height = placer.size_pt
    placer.axes.text(
        (box.left + box.right) / 2 / width,
        (box.bottom + box.top) / 2 / height,
        text,
        parse_math=False,
        transform=placer.axes.transAxes,
        size=BADGE_PT,
        family=style.FONT,
        weight="bold",
        ha="center",
        va="center_baseline",
        color=style.PAPER if square else style.INK,
        zorder=10,
        bbox={
            "boxstyle": "square,pad=0.3" if square else "circle,pad=0.25",
            "facecolor": _EDGE if square else style.PAPER,
            "edgecolor": style.PAPER if square else style.INK,
            "linewidth": 0.8,
        },
    )


def _write_list(panel: Panel, found: ZoneMap) -> None:
    for layer, symbol in zone_symbols(found).items():
        panel.symbols([symbol])
        panel.gap(0.05)
        listed = [zone for zone in found.zones if zone.layer == layer]
        for zone in listed:
            panel.line(f"{zone.mark}.  {zone.name}", style.SMALL_PT, style.INK)
            panel.line(zone.facts, style.SMALL_PT, style.SOFT_INK, indent=_INDENT_IN)
            panel.gap(0.02)
        if found.every[layer] > len(listed):
            rest = count(found.every[layer] - len(listed), "autre zone", "autres zones")
            panel.lines(f"et {rest}.", style.SMALL_PT, style.SOFT_INK)
        if not found.every[layer]:
            panel.lines("Aucune zone.", style.SMALL_PT, style.SOFT_INK)
        panel.gap(0.12)
