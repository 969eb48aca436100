"""Maps of a diagnostic in axes: minutes, remoteness, zones, sites, isochrones.

Each is a small function that draws in the axes given (``ax=``), or in a figure of its
own, and returns the axes, as geopandas' ``plot`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.report import onaxes, style
from sdaasp_geo.report.frames import mark, name_towns, open_frames, paint
from sdaasp_geo.report.gaintables import NAMED_AT_MOST
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sheets import draw_card, sheet_texts
from sdaasp_geo.report.sitemarks import EXISTING, GIVEN, TODAY, marks_of, short_names
from sdaasp_geo.report.themes import Theme, minutes_theme, remoteness_theme
from sdaasp_geo.report.zonemap import draw_zones, paint_zones, zone_map, zone_symbols, zone_texts

TODAY_TITLE = "France services, MSAP et communes éloignées"

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.sitemarks import Mark


def plot_minutes(
    diagnostic: Diagnostic,
    column: str,
    *,
    ax: Axes | None = None,
    title: str | None = None,
) -> Axes:
    """Map the minutes to a service, a gamme or the basket, commune by commune.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    column
        Id of a service, of a gamme, or ``basket``.
    ax
        Axes to draw in, with a legend under them; a whole A4 sheet if None.
    title
        In the place of the usual title.

    Returns
    -------
    Axes
        The axes of the map; ``.figure`` is the sheet.

    Raises
    ------
    ValueError
        If `column` is no service, gamme or ``basket``.

    Notes
    -----
    All maps of minutes have the same six classes, so that two maps compare. Communes
    without a time are hatched, and the legend says why.
    """
    return draw_on(diagnostic, minutes_theme(diagnostic, column, title=title), ax)


def plot_service(diagnostic: Diagnostic, service: str, *, ax: Axes | None = None) -> Axes:
    """Map the minutes to the nearest place of a service.

    Parameters
    ----------
    diagnostic, ax
        As :func:`plot_minutes`.
    service
        Id of a service of the basket.

    Returns
    -------
    Axes
        The axes of the map.

    Raises
    ------
    ValueError
        If the basket has no such service.
    """
    _check("service", service, diagnostic.basket.service_ids)
    return plot_minutes(diagnostic, service, ax=ax)


def plot_gamme(diagnostic: Diagnostic, gamme: str, *, ax: Axes | None = None) -> Axes:
    """Map the mean minutes to the services of a gamme.

    Parameters
    ----------
    diagnostic, ax
        As :func:`plot_minutes`.
    gamme
        Id of a gamme of the basket.

    Returns
    -------
    Axes
        The axes of the map.

    Raises
    ------
    ValueError
        If the basket has no such gamme.
    """
    _check("gamme", gamme, diagnostic.basket.gamme_ids)
    return plot_minutes(diagnostic, gamme, ax=ax)


def plot_remoteness(diagnostic: Diagnostic, *, ax: Axes | None = None) -> Axes:
    """Map the number of gammes that each commune is remote from.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    ax
        Axes to draw in, with a legend under them; a whole A4 sheet if None.

    Returns
    -------
    Axes
        The axes of the map; ``.figure`` is the sheet.
    """
    return draw_on(diagnostic, remoteness_theme(diagnostic), ax)


def plot_zones(diagnostic: Diagnostic, *, ax: Axes | None = None) -> Axes:
    """Map the contiguous communes that are remote, or far from the whole basket.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    ax
        Axes to draw in, with a legend under them; a whole A4 sheet, with the list of
        the zones, if None.

    Returns
    -------
    Axes
        The axes of the map; numbers and letters are those of the sheet's list.
    """
    backdrop = make_backdrop(diagnostic)
    with style.settings():
        if ax is None:
            return draw_zones(diagnostic, backdrop).axes
        found = zone_map(diagnostic)
        paint_zones(open_frames(ax, backdrop), found)
        onaxes.title(ax, zone_texts(diagnostic).title)
        onaxes.legend(ax, [onaxes.symbol_handle(key) for key in zone_symbols(found).values()])
    return ax


def plot_sites(
    diagnostic: Diagnostic,
    sites: gpd.GeoDataFrame | None = None,
    *,
    column: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Map sites, with their names, over remoteness or over minutes.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    sites
        Points with a ``name``, in the CRS of the diagnostic; its own France Services and
        MSAP if None. Others are drawn beside those.
    column
        Service, gamme or ``basket`` whose minutes are under them; remoteness if None.
    ax
        Axes to draw in, with a legend under them; a whole A4 sheet if None.

    Returns
    -------
    Axes
        The axes of the map.

    Raises
    ------
    ValueError
        If `column` is no service, gamme or ``basket``, or the sites are in another CRS.
    """
    if column is None:
        theme = sites_theme(diagnostic, given=sites is not None)
    else:
        theme = minutes_theme(diagnostic, column)
    # A sheet has room for many names, axes of the caller's for a few.
    most = None if ax is None else NAMED_AT_MOST
    return draw_on(diagnostic, theme, ax, site_marks(diagnostic, sites, most=most))


def sites_theme(diagnostic: Diagnostic, *, given: bool) -> Theme:
    """Return remoteness under sites, those of today or given ones."""
    title = "Sites et communes éloignées" if given else TODAY_TITLE
    return remoteness_theme(diagnostic, title=title)


def site_marks(
    diagnostic: Diagnostic, sites: gpd.GeoDataFrame | None, *, most: int | None = None
) -> list[Mark]:
    """Return existing sites with their names; or given ones, existing ones without.

    No site is named where there are more than `most`.
    """
    shown = diagnostic.sites if sites is None else sites
    if shown.crs != diagnostic.communes.crs:
        message = f"sites: expected the CRS of the diagnostic, found {shown.crs}"
        raise ValueError(message)
    named = most is None or len(shown) <= most
    texts = short_names(shown["name"]) if named else [""] * len(shown)
    if sites is None:
        return marks_of(shown, [TODAY] * len(shown), texts)
    existing = diagnostic.sites
    return [
        *marks_of(sites, [GIVEN] * len(sites), texts),
        *marks_of(existing, [EXISTING] * len(existing), [""] * len(existing)),
    ]


def draw_on(
    diagnostic: Diagnostic,
    theme: Theme,
    ax: Axes | None,
    marks: Sequence[Mark] = (),
    *,
    crossed: str = "",
) -> Axes:
    """Draw a theme on a sheet of its own, or in axes with a legend under them."""
    backdrop = make_backdrop(diagnostic)
    with style.settings():
        if ax is None:
            texts = sheet_texts(diagnostic, theme.title, theme.subtitle)
            return draw_card(texts, theme, backdrop, marks, crossed=crossed).axes
        frames = open_frames(ax, backdrop)
        paint(frames, theme, crossed=bool(crossed))
        symbols = mark(frames, marks)
        name_towns(frames)
        handles = onaxes.class_handles(theme)
        if theme.partial.any():
            hatched = (crossed, "xxxxxx") if crossed else ()
            handles.append(onaxes.partial_handle(*hatched))
        onaxes.title(ax, theme.title)
        onaxes.legend(ax, [*handles, *(onaxes.symbol_handle(symbol) for symbol in symbols)])
    return ax


def _check(what: str, found: str, known: Sequence[str]) -> None:
    if found not in known:
        message = f"{what}: expected one of {', '.join(known)}, found {found!r}"
        raise ValueError(message)
