"""Interactive maps for notebooks, in the classes and colours of the drawn ones."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.diagnostic.model import Diagnostic
from sdaasp_geo.errors import MissingExtraError
from sdaasp_geo.report.gainthemes import (
    GAIN_LABELS,
    gain_ramp,
    item_classes,
    overall_classes,
)
from sdaasp_geo.report.palette import MISSING_FILL, RAMP, SITE
from sdaasp_geo.report.tallies import CLASS_LABELS, MISSING_CLASS, minute_classes
from sdaasp_geo.report.words import BASKET, columns_of, item_title
from sdaasp_geo.scenarios.comparison import Comparison
from sdaasp_geo.scenarios.gains import Gains
from sdaasp_geo.scenarios.siting.result import SitingResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import folium
    import numpy.typing as npt

_MISSING = "Aucun temps connu"
_NEEDED = ("folium", "mapclassify")


def explore(
    result: object,
    item: str | None = None,
    **choices: Any,  # noqa: ANN401 - geopandas' own
) -> folium.Map:
    """Return the interactive map of a result; see its method ``explore``.

    Raises
    ------
    MissingExtraError
        If folium or mapclassify is not installed.
    TypeError
        If the result has no map.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        message = (
            f"explore: expected {' and '.join(missing)}, which the interactive map is made with, "
            "found nothing installed of that name. Likely cause: a plain installation; "
            "pip install 'sdaasp-geo[page]'"
        )
        raise MissingExtraError(message)
    draw = _MAPS.get(type(result))
    if draw is None:
        message = f"expected a diagnostic or a result of a scenario, found {type(result).__name__}"
        raise TypeError(message)
    return draw(result, item, choices)


def _of_diagnostic(result: Diagnostic, item: str | None, choices: dict[str, Any]) -> folium.Map:
    column = BASKET if item is None else item
    title = item_title(result, column)  # refuses what is none
    communes = result.communes
    shown = pd.DataFrame(communes[["name", "commune", "population", f"{column}_min"]])
    ranks = minute_classes(communes[f"{column}_min"])
    frame = _classed(shown.round(1), communes, ranks, CLASS_LABELS)
    return _with_points(_map(frame, title, CLASS_LABELS, RAMP, choices), result.sites)


def _of_gains(result: Gains, item: str | None, choices: dict[str, Any]) -> folium.Map:
    communes = result.communes
    items = [name for name in columns_of(result.before) if f"{name}_gain_min" in communes]
    if item is not None and item not in items:
        message = f"item: expected one of {', '.join(items)}, found {item!r}"
        raise ValueError(message)
    names = ["gain_min", "loss_min"] if item is None else _sides(item)
    ranks = overall_classes(communes) if item is None else item_classes(communes, item)
    shown = pd.DataFrame(communes[["name", "commune", "population", *names]])
    frame = _classed(shown.round(1), communes, ranks, GAIN_LABELS)
    title = "Gain ou perte" if item is None else item_title(result.before, item)
    return _with_points(_map(frame, title, GAIN_LABELS, gain_ramp(), choices), result.sites)


def _of_siting(result: SitingResult, item: str | None, choices: dict[str, Any]) -> folium.Map:
    _refuse_item(item)
    candidates = result.candidates
    known = [name for name in _OF_SITES if name in candidates]
    frame = candidates[[*known, "geometry"]].assign(
        Candidat=np.where(candidates["chosen"], "choisi", "non choisi")
    )
    return _map(frame, "Candidat", ("choisi", "non choisi"), (SITE, "#b5b2ac"), choices)


def _of_comparison(result: Comparison, item: str | None, choices: dict[str, Any]) -> folium.Map:
    _refuse_item(item)
    effects = result.changes[result.changes["change"] != "kept"]
    effects = effects[effects.geometry.notna() & ~effects.geometry.is_empty]
    known = [name for name in _OF_CHANGES if name in effects]
    frame = effects[[*known, "geometry"]]
    kinds = sorted(frame["change"].unique())
    shades = [_KINDS.get(kind, MISSING_FILL) for kind in kinds]
    return _map(frame, "change", kinds, shades, choices)


_MAPS: dict[type, Callable[..., folium.Map]] = {
    Diagnostic: _of_diagnostic,
    Gains: _of_gains,
    SitingResult: _of_siting,
    Comparison: _of_comparison,
}
_OF_SITES = ("name", "commune", "inhabitants_gaining_alone", "inhabitants_within_alone")
_OF_CHANGES = ("change", "service_old", "service_new", "commune_old", "commune_new", "count")
_KINDS = {"opened": "#2166ac", "closed": "#b2182b", "moved": "#e08214", "recoded": "#8a8a8a"}


def _sides(item: str) -> list[str]:
    return [f"{item}_{side}_min" for side in ("before", "after", "gain")]


def _refuse_item(item: str | None) -> None:
    if item is not None:
        message = f"item: expected none for a map of places, found {item!r}"
        raise ValueError(message)


def _classed(
    shown: pd.DataFrame,
    communes: gpd.GeoDataFrame,
    ranks: npt.NDArray[np.int64],
    labels: Sequence[str],
) -> gpd.GeoDataFrame:
    """Communes with the words of their class, to the outlines of the maps."""
    words = np.array([*labels, _MISSING], dtype=object)[np.where(ranks == MISSING_CLASS, -1, ranks)]
    return gpd.GeoDataFrame(shown.assign(classe=words), geometry=communes.geometry)


def _map(
    frame: gpd.GeoDataFrame,
    title: str,
    labels: Sequence[str],
    colours: Sequence[str],
    choices: dict[str, Any],
) -> folium.Map:
    """Colour the classes that occur; folium escapes what the tooltips say."""
    column = next(name for name in ("classe", "Candidat", "change") if name in frame)
    colour_of = {**dict(zip(labels, colours, strict=True)), _MISSING: MISSING_FILL}
    present = [label for label in colour_of if (frame[column] == label).any()]
    if not present:
        message = "expected something to show on the map, found an empty table"
        raise ValueError(message)
    defaults: dict[str, Any] = {
        "tiles": "OpenStreetMap",
        "legend_kwds": {"caption": title},
        "style_kwds": {"fillOpacity": 0.75, "weight": 0.5, "color": "#6b6660"},
        "name": title,
    }
    drawn: folium.Map = frame.explore(
        column=column,
        categorical=True,
        categories=present,
        cmap=[colour_of[label] for label in present],
        **{**defaults, **choices},
    )
    return drawn


def _with_points(background: folium.Map, sites: gpd.GeoDataFrame) -> folium.Map:
    placed = sites[sites.geometry.notna() & ~sites.geometry.is_empty] if len(sites) else sites
    if len(placed):
        names = [name for name in ("name", "commune", "format") if name in placed]
        placed[[*names, "geometry"]].explore(
            m=background, color=SITE, marker_kwds={"radius": 5}, name="Sites", tooltip=names
        )
    return background
