"""Maps of a diagnostic: minutes to a service, a gamme or the basket; remoteness; zones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from matplotlib.patches import Patch

from sdaasp_geo.report import style
from sdaasp_geo.report.draw import draw_classes, draw_ground, draw_outlines, draw_partial
from sdaasp_geo.report.drawings import WORKERS, write_drawings
from sdaasp_geo.report.labels import Placer, place_towns
from sdaasp_geo.report.layout import Sheet, frame_axes
from sdaasp_geo.report.shapes import Backdrop, make_backdrop
from sdaasp_geo.report.sheets import draw_theme
from sdaasp_geo.report.tallies import MISSING_CLASS
from sdaasp_geo.report.themes import Theme, minutes_theme, remoteness_theme
from sdaasp_geo.report.words import BASKET
from sdaasp_geo.report.zonemap import draw_zones

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

    from sdaasp_geo.diagnostic.model import Diagnostic


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
    """
    return _plot(diagnostic, minutes_theme(diagnostic, column, title=title), ax)


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
    return _plot(diagnostic, remoteness_theme(diagnostic), ax)


def write_maps(
    diagnostic: Diagnostic,
    folder: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    workers: int = WORKERS,
) -> list[Path]:
    """Write every map as an A4 PNG at 150 dots an inch.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    folder
        The maps go into ``maps/`` in it, which is made if it does not exist.
    progress
        Called with (done, total, file name) after each map.
    workers
        Threads that compress pictures while the next is drawn.

    Returns
    -------
    list of Path
        ``gamme-<id>.png``, ``panier.png``, ``eloignement.png``, ``zones.png`` and
        ``service-<id>.png``, in this order. The same diagnostic gives the same bytes.
    """
    drawings = _drawings(diagnostic, make_backdrop(diagnostic))
    return write_drawings(drawings, folder / "maps", progress=progress, workers=workers)


def _drawings(diagnostic: Diagnostic, backdrop: Backdrop) -> dict[str, Callable[[], Sheet]]:
    basket = diagnostic.basket

    def minutes(column: str) -> Callable[[], Sheet]:
        return lambda: draw_theme(diagnostic, minutes_theme(diagnostic, column), backdrop)

    return {
        **{f"gamme-{gamme}.png": minutes(gamme) for gamme in basket.gamme_ids},
        "panier.png": minutes(BASKET),
        "eloignement.png": lambda: draw_theme(
            diagnostic, remoteness_theme(diagnostic), backdrop, with_sites=True
        ),
        "zones.png": partial(draw_zones, diagnostic, backdrop),
        **{f"service-{service}.png": minutes(service) for service in basket.service_ids},
    }


def _plot(diagnostic: Diagnostic, theme: Theme, ax: Axes | None) -> Axes:
    backdrop = make_backdrop(diagnostic)
    if ax is None:
        with style.settings():
            return draw_theme(diagnostic, theme, backdrop).axes
    box = ax.get_window_extent()
    frame_axes(ax, backdrop.extent, float(box.width / box.height))
    draw_ground(ax, backdrop)
    draw_classes(ax, backdrop, theme.ranks, theme.ramp)
    draw_partial(ax, backdrop, theme.partial)
    draw_outlines(ax, backdrop)
    place_towns(Placer(ax), backdrop.towns)
    ax.set_title(theme.title, fontsize=style.SUBTITLE_PT, fontweight="bold", parse_math=False)
    _legend_under(ax, theme)
    return ax


def _legend_under(ax: Axes, theme: Theme) -> None:
    patches = []
    for row in theme.rows:
        missing = row.rank == MISSING_CLASS
        patch = Patch(
            facecolor=style.MISSING_FILL if missing else theme.ramp[row.rank],
            edgecolor=style.MISSING_HATCH if missing else style.COMMUNE_EDGE,
            hatch="//////" if missing else None,
            label=row.label,
            linewidth=0.5,
        )
        patches.append(patch)
    ax.legend(
        handles=patches,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.02),
        ncols=3,
        frameon=False,
        fontsize=style.SMALL_PT,
    )
