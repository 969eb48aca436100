"""The map of zones: contiguous communes far from a gamme, or from the whole basket."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely
from matplotlib.collections import LineCollection, PathCollection

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import COMMUNE_WIDTH, draw_outlines
from sdaasp_geo.report.french import count, minutes, threshold
from sdaasp_geo.report.labels import Box, Placer, place_towns
from sdaasp_geo.report.legend import Panel, Symbol
from sdaasp_geo.report.shapes import outlines, polygon_path
from sdaasp_geo.report.sheets import open_sheet, outline_symbols
from sdaasp_geo.report.words import BASKET, territory_words
from sdaasp_geo.report.zonelist import BASKET_LAYER, LAYERS, REMOTE_LAYER, ordered_zones, zone_mark

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Sheet
    from sdaasp_geo.report.shapes import Backdrop

_FILL = style.RAMP[1]
_EDGE = style.RAMP[4]
_BADGE_PT = 9.0
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


def draw_zones(diagnostic: Diagnostic, backdrop: Backdrop) -> Sheet:
    """Draw the zones of both layers, numbered, with their inhabitants in the side panel."""
    subtitle = (
        f"{territory_words(diagnostic)} – communes contiguës éloignées d'une gamme, "
        "ou dont le temps moyen au panier dépasse le seuil"
    )
    sheet = open_sheet(diagnostic, "Zones d'éloignement", style.printable(subtitle), backdrop)
    zones = numbered_zones(diagnostic.zones)
    _draw_layers(sheet.axes, backdrop, diagnostic.zones)
    draw_outlines(sheet.axes, backdrop)
    placer = Placer(sheet.axes)
    _draw_marks(placer, zones)
    place_towns(placer, backdrop.towns)
    panel = Panel(sheet, sheet.top + 0.08)
    _write_list(panel, diagnostic, zones)
    panel.rule()
    panel.symbols(outline_symbols(backdrop))
    panel.scale()
    return sheet


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


def _draw_layers(axes: Axes, backdrop: Backdrop, zones: gpd.GeoDataFrame) -> None:
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
    remote = zones.geometry[zones["layer"] == REMOTE_LAYER]
    basket = zones.geometry[zones["layer"] == BASKET_LAYER]
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


def _draw_marks(placer: Placer, zones: list[Numbered]) -> None:
    half = _BADGE_PT * 0.75
    for zone in zones:
        point = shapely.point_on_surface(zone.shape)
        spot = placer.spot(point.x, point.y)
        own = Box(spot[0] - half, spot[1] - half, spot[0] + half, spot[1] + half)
        if any(own.touches(other) for other in placer.taken):
            moved = placer.room(spot, (2 * half, 2 * half), half)
            if moved is None:
                continue
            own = moved
        placer.taken.append(own)
        _mark(placer, zone, own)


def _mark(placer: Placer, zone: Numbered, box: Box) -> None:
    width, height = placer.size_pt
    remote = zone.layer == REMOTE_LAYER
    placer.axes.text(
        (box.left + box.right) / 2 / width,
        (box.bottom + box.top) / 2 / height,
        zone.mark,
        transform=placer.axes.transAxes,
        size=_BADGE_PT,
        family=style.FONT,
        weight="bold",
        ha="center",
        va="center_baseline",
        color=style.INK if remote else style.PAPER,
        zorder=10,
        bbox={
            "boxstyle": "circle,pad=0.25" if remote else "square,pad=0.3",
            "facecolor": style.PAPER if remote else _EDGE,
            "edgecolor": style.INK if remote else style.PAPER,
            "linewidth": 0.8,
        },
    )


def _write_list(panel: Panel, diagnostic: Diagnostic, zones: list[Numbered]) -> None:
    limit = diagnostic.thresholds_min.get(BASKET)
    above = f"panier au-delà de {threshold(limit)}" if limit is not None else "panier"
    for layer, symbol, none in (
        (REMOTE_LAYER, Symbol("éloignées d'au moins une gamme", _FILL), "Aucune zone."),
        (BASKET_LAYER, Symbol(above, style.PAPER, hatch="//////", edge=_EDGE), "Aucune zone."),
    ):
        panel.symbols([symbol])
        panel.gap(0.05)
        every = int((diagnostic.zones["layer"] == layer).sum())
        listed = [zone for zone in zones if zone.layer == layer]
        for zone in listed:
            panel.line(f"{zone.mark}.  {zone.name}", style.SMALL_PT, style.INK)
            panel.line(zone.facts, style.SMALL_PT, style.SOFT_INK, indent=_INDENT_IN)
            panel.gap(0.02)
        if every > len(listed):
            rest = count(every - len(listed), "autre zone", "autres zones")
            panel.lines(f"et {rest}.", style.SMALL_PT, style.SOFT_INK)
        if not every:
            panel.lines(none, style.SMALL_PT, style.SOFT_INK)
        panel.gap(0.12)
