"""The set of maps of a diagnostic: minutes to each service and gamme, remoteness, zones."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sdaasp_geo.report.atlas import BOOK, atlas_book, atlas_drawings
from sdaasp_geo.report.curves import curve_texts, distribution_curves, draw_curves
from sdaasp_geo.report.drawings import WORKERS, write_drawings
from sdaasp_geo.report.isochronemap import isochrone_map, isochrone_texts
from sdaasp_geo.report.isochronesheet import draw_isochrones
from sdaasp_geo.report.plots import plot_minutes, plot_remoteness, site_marks, sites_theme
from sdaasp_geo.report.shapes import Backdrop, make_backdrop
from sdaasp_geo.report.sheets import draw_card, existing_marks, sheet_texts
from sdaasp_geo.report.smallmultiples import draw_services, service_panels, services_texts
from sdaasp_geo.report.themes import minutes_theme, remoteness_theme
from sdaasp_geo.report.words import BASKET
from sdaasp_geo.report.zonemap import draw_zone_map, zone_map, zone_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.drawings import Format
    from sdaasp_geo.report.layout import Sheet

__all__ = ["plot_minutes", "plot_remoteness", "write_map_set", "write_maps"]


def write_maps(
    diagnostic: Diagnostic,
    folder: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    workers: int = WORKERS,
    jobs: int = 1,
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
        Threads that compress pictures while the next is drawn, in one process.
    jobs
        Processes that draw. With more than one, a script of yours must be safe to import
        (``if __name__ == "__main__":``), as Python's multiprocessing asks.

    Returns
    -------
    list of Path
        ``gamme-<id>.png``, ``panier.png``, ``eloignement.png``, ``zones.png`` and
        ``service-<id>.png``, in this order. The same diagnostic gives the same bytes.
    """
    drawings = basic_drawings(diagnostic, make_backdrop(diagnostic))
    return write_drawings(drawings, folder / "maps", progress=progress, workers=workers, jobs=jobs)


def write_map_set(
    diagnostic: Diagnostic,
    folder: Path,
    *,
    progress: Callable[[int, int, str], None] | None = None,
    fmt: Format = "png",
    jobs: int = 1,
) -> list[Path]:
    """Write every map that a diagnostic alone can tell, the sheets and the atlas.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    folder
        The files go into ``maps/`` in it, which is made if it does not exist.
    progress
        Called with (done, total, file name) after each file.
    fmt
        ``png`` (A4 at 150 dots an inch), ``svg`` or ``pdf``.
    jobs
        Processes that draw, as in :func:`write_maps`.

    Returns
    -------
    list of Path
        Those of :func:`write_maps`, then ``services``, ``distribution``, ``sites`` (where
        there are some), ``atlas/epci-<code>`` for each EPCI, ``isochrones`` (where there
        are sites, and the diagnostic has its land), and ``atlas.pdf`` whatever the
        format. The same diagnostic gives the same bytes, with any number of jobs.
    """
    backdrop = make_backdrop(diagnostic)
    panels, curves = service_panels(diagnostic), distribution_curves(diagnostic)
    drawings: dict[str, Callable[[], Sheet]] = {
        **basic_drawings(diagnostic, backdrop),
        "services.png": partial(draw_services, services_texts(diagnostic), panels, backdrop),
        "distribution.png": partial(draw_curves, curve_texts(diagnostic), curves),
        **(_site_drawing(diagnostic, backdrop) if len(diagnostic.sites) else {}),
        **atlas_drawings(diagnostic, backdrop),
    }

    def late() -> dict[str, Callable[[], Sheet]]:
        if diagnostic.land is None or not len(diagnostic.sites):
            return {}
        found = isochrone_map(diagnostic, backdrop)
        texts = isochrone_texts(diagnostic, found)
        return {"isochrones.png": partial(draw_isochrones, texts, found, backdrop)}

    return write_drawings(
        drawings,
        folder / "maps",
        progress=progress,
        fmt=fmt,
        jobs=jobs,
        books={BOOK: atlas_book(diagnostic, backdrop)},
        late=late,
    )


def _site_drawing(diagnostic: Diagnostic, backdrop: Backdrop) -> dict[str, Callable[[], Sheet]]:
    theme = sites_theme(diagnostic, given=False)
    texts = sheet_texts(diagnostic, theme.title, theme.subtitle)
    return {"sites.png": partial(draw_card, texts, theme, backdrop, site_marks(diagnostic, None))}


def basic_drawings(diagnostic: Diagnostic, backdrop: Backdrop) -> dict[str, Callable[[], Sheet]]:
    """Return how to draw each map: light, so that other processes can be told."""
    basket = diagnostic.basket

    def minutes(column: str) -> Callable[[], Sheet]:
        theme = minutes_theme(diagnostic, column)
        return partial(
            draw_card, sheet_texts(diagnostic, theme.title, theme.subtitle), theme, backdrop
        )

    far = remoteness_theme(diagnostic)
    far_texts = sheet_texts(diagnostic, far.title, far.subtitle)
    return {
        **{f"gamme-{gamme}.png": minutes(gamme) for gamme in basket.gamme_ids},
        "panier.png": minutes(BASKET),
        "eloignement.png": partial(draw_card, far_texts, far, backdrop, existing_marks(diagnostic)),
        "zones.png": partial(draw_zone_map, zone_texts(diagnostic), zone_map(diagnostic), backdrop),
        **{f"service-{service}.png": minutes(service) for service in basket.service_ids},
    }
