"""The map of isochrones: how long it takes to the nearest of some sites, wherever one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from sdaasp_geo.access.rasters import access_raster, grid_over
from sdaasp_geo.access.reach import reach_times
from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.report import onaxes, style
from sdaasp_geo.report.frames import mark, name_towns, open_frames
from sdaasp_geo.report.french import BEFORE_UNIT, count, minutes, percent
from sdaasp_geo.report.isochronesheet import (
    IsochroneMap,
    Surface,
    draw_isochrones,
    paint_isochrones,
)
from sdaasp_geo.report.plots import site_marks
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sheets import existing_marks, sheet_texts
from sdaasp_geo.report.tallies import CLASS_LABELS, minute_classes, tally_of
from sdaasp_geo.report.themes import Theme
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import territory_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.layout import Texts
    from sdaasp_geo.report.shapes import Backdrop

# Cells across the longer side: finer than the roads are apart, and drawn in a second.
_CELLS = 180
_FACT_MIN = 20.0
_UNREACHED = "Non atteint"
_WHY = "aucune route assez proche, ou aucun site sur le même réseau routier"
_KEY_WHY = f"Hachures{BEFORE_UNIT}: {_WHY}."


def plot_isochrones(
    diagnostic: Diagnostic, sites: gpd.GeoDataFrame | None = None, *, ax: Axes | None = None
) -> Axes:
    """Map the minutes to the nearest of some sites, from everywhere and not from communes.

    Parameters
    ----------
    diagnostic
        With its land; no table is changed.
    sites
        Points with a ``name``, in the CRS of the diagnostic; its own France Services and
        MSAP if None.
    ax
        Axes to draw in, with a legend under them; a whole A4 sheet, with the inhabitants
        of each class, if None.

    Returns
    -------
    Axes
        The axes of the map. Its classes are those of all maps of minutes.

    Raises
    ------
    ValueError
        If the diagnostic has no land, there is no site, or they are in another CRS.

    Notes
    -----
    The lines between the classes are drawn through the times of a grid of points (see
    :func:`~sdaasp_geo.access.rasters.access_raster`), each with its way to the street;
    polygons for analysis are :func:`~sdaasp_geo.access.isochrones.isochrones`. The
    inhabitants of a class are those of the origins, whose times are exact.
    """
    backdrop = make_backdrop(diagnostic)
    found = isochrone_map(diagnostic, backdrop, sites)
    with style.settings():
        if ax is None:
            return draw_isochrones(isochrone_texts(diagnostic, found), found, backdrop).axes
        frames = open_frames(ax, backdrop)
        paint_isochrones(frames, found)
        symbols = mark(frames, found.marks)
        name_towns(frames)
        onaxes.title(ax, found.theme.title)
        handles = onaxes.class_handles(found.theme)
        if found.theme.why and not any(row.rank < 0 for row in found.theme.rows):
            handles.append(onaxes.partial_handle(f"{_UNREACHED}{BEFORE_UNIT}: {_WHY}"))
        onaxes.legend(ax, [*handles, *(onaxes.symbol_handle(symbol) for symbol in symbols)])
    return ax


def isochrone_texts(diagnostic: Diagnostic, found: IsochroneMap) -> Texts:
    """Titles and small print of the map."""
    return sheet_texts(diagnostic, found.theme.title, found.theme.subtitle)


def isochrone_map(
    diagnostic: Diagnostic, backdrop: Backdrop, sites: gpd.GeoDataFrame | None = None
) -> IsochroneMap:
    """Measure the times to the nearest site, on a grid and from the origins."""
    marks = existing_marks(diagnostic) if sites is None else site_marks(diagnostic, sites)
    places = diagnostic.sites if sites is None else sites
    if not len(places):
        message = "sites: expected one site at least, found none"
        raise ValueError(message)
    points = gpd.GeoDataFrame(geometry=places.geometry.to_numpy(), crs=places.crs)
    surfaces = [_surface(diagnostic, view, points) for view in (backdrop, *backdrop.insets)]
    bare = any(
        _bare(view, surface)
        for view, surface in zip((backdrop, *backdrop.insets), surfaces, strict=True)
    )
    return IsochroneMap(_theme(diagnostic, points, bare=bare), surfaces, marks)


def _surface(diagnostic: Diagnostic, view: Backdrop, points: gpd.GeoDataFrame) -> Surface:
    land = land_of(diagnostic)
    shown = diagnostic.communes.geometry.iloc[view.rows]
    west, south, east, north = (float(edge) for edge in shown.total_bounds)
    cell_m = max(east - west, north - south) / _CELLS
    # One cell more on each side: lines run up to the outline, which cuts them.
    grid = grid_over((west - cell_m, south - cell_m, east + cell_m, north + cell_m), cell_m)
    found = access_raster(land.network, points, grid, diagnostic.assumptions)
    centres = view.moved(grid.centres(slice(0, grid.height)))
    shape = (grid.height, grid.width)
    x, y = shapely.get_x(centres).reshape(shape), shapely.get_y(centres).reshape(shape)
    return Surface(x, y, found.time_min)


def _bare(view: Backdrop, surface: Surface) -> bool:
    """Whether some land has no time."""
    nowhere = np.isnan(surface.time_min)
    points = np.column_stack([surface.x[nowhere], surface.y[nowhere]])
    return any(bool(path.contains_points(points).any()) for path in view.land)


def _theme(diagnostic: Diagnostic, points: gpd.GeoDataFrame, *, bare: bool) -> Theme:
    land, origins = land_of(diagnostic), diagnostic.origins
    times = reach_times(land.network, points, origins, diagnostic.assumptions)["time_min"]
    people = origins["population"].to_numpy(dtype=np.float64)
    ranks = minute_classes(times)
    near = float(people[times.to_numpy(dtype=np.float64) <= _FACT_MIN].sum())
    every = float(people.sum())
    rows = tally_of(people, ranks, list(CLASS_LABELS), _UNREACHED)
    missing = any(row.rank < 0 for row in rows)
    return Theme(
        title="Temps d'accès au site le plus proche",
        subtitle=style.printable(
            f"{territory_words(diagnostic)} – isochrones {travel_words(diagnostic).how_fully}"
        ),
        figure=percent(near / every) if every else "–",
        caption=f"des habitants à {minutes(_FACT_MIN, decimals=0)} au plus d'un site",
        facts=[f"{count(len(points), 'site')} dans la zone d'étude."],
        notes=[
            "Temps depuis chaque point du territoire, trajet jusqu'à la route compris.",
            *([_KEY_WHY] if bare or missing else []),
        ],
        heading="Temps d'accès",
        rows=rows,
        ranks=ranks,
        ramp=list(style.RAMP),
        partial=np.zeros(len(ranks), dtype=bool),
        why=_WHY if bare or missing else "",
    )
