"""The diagnostic as layers for QGIS: a GeoPackage that opens in its colours, a GeoParquet."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from sdaasp_geo.report.files import as_multipolygons, commune_columns, fix_dates, plain_json
from sdaasp_geo.report.qgis import minutes_style, sites_style
from sdaasp_geo.report.scenariofiles import flat
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import (
    BASKET,
    assumptions_rows,
    columns_of,
    item_title,
    sources_words,
    territory_words,
    thresholds_words,
    version_words,
)
from sdaasp_geo.report.workbook.columns import column_for

if TYPE_CHECKING:
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic

_LAYER_STYLES = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME)
"""
_MISSING = "Aucun temps connu"
_PLACES_LABEL = "France Services, MSAP et autres lieux"


def write_layers(diagnostic: Diagnostic, folder: Path) -> list[Path]:
    """Write a diagnostic for geographic information systems.

    ``carte.gpkg`` holds the layers ``communes`` (polygons, the columns of
    ``communes.csv``), ``chefs_lieux`` and ``sites`` (points), with what they are, their
    units, sources and assumptions as metadata, and the styles of the maps: QGIS opens
    the communes in the classes and colours of the basket, and offers a style for each gamme
    and service. ``communes.qml`` is that of the basket, ``carte.parquet`` the communes as
    GeoParquet with the same columns and metadata. CRS of the territory (metres).

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    folder
        An existing folder; files of the same names are replaced.

    Returns
    -------
    list of Path
        The files.
    """
    communes = diagnostic.communes[[*commune_columns(diagnostic), "geometry"]]
    about = description(diagnostic)
    headings = headings_of(diagnostic)
    package, geoparquet = folder / "carte.gpkg", folder / "carte.parquet"
    _write_package(diagnostic, communes, about, package)
    styles = {column: _style(column, headings) for column in columns_of(diagnostic)}
    _add_styles(package, diagnostic, styles, sites_style(_PLACES_LABEL, {}))
    _write_geoparquet(communes, about, geoparquet)
    qml = folder / "communes.qml"
    qml.write_bytes(styles[BASKET].encode("utf-8"))
    return [package, geoparquet, qml]


def description(diagnostic: Diagnostic) -> dict[str, str]:
    """Say in French what the figures are, their units, sources and choices."""
    fictional = (
        {"Attention": "territoire fictif, données inventées"} if diagnostic.fictional else {}
    )
    return {
        "Titre": f"Accès aux services : {territory_words(diagnostic)}",
        **fictional,
        "Unités": f"colonnes _min en {travel_words(diagnostic).minutes_of} ; population en habitants",
        "Valeurs absentes": "chiffre inconnu, jamais zéro",
        "Seuils d'éloignement": thresholds_words(diagnostic),
        "Sources": sources_words(diagnostic),
        "Calcul": version_words(diagnostic),
        **dict(assumptions_rows(diagnostic.assumptions, diagnostic.profile)),
    }


def headings_of(diagnostic: Diagnostic) -> dict[str, str]:
    """French headings of the columns that a reader looks at, by name."""
    found = {}
    for name in commune_columns(diagnostic):
        if not name.endswith(("_facility", "_kind")):
            found[name] = column_for(name, diagnostic.basket).heading
    return found


def _style(column: str, headings: dict[str, str]) -> str:
    return minutes_style(f"{column}_min", headings, missing=_MISSING)


def _write_package(
    diagnostic: Diagnostic, communes: gpd.GeoDataFrame, about: dict[str, str], path: Path
) -> None:
    path.unlink(missing_ok=True)
    outlines = communes.set_geometry(as_multipolygons(communes))
    seats = gpd.GeoDataFrame(
        pd.DataFrame(diagnostic.communes[["commune", "name", "population"]]),
        geometry=gpd.GeoSeries(diagnostic.communes["chef_lieu"], crs=communes.crs),
    )
    layers = {
        "communes": (outlines, "MultiPolygon"),
        "chefs_lieux": (seats, "Point"),
        "sites": (_sites(diagnostic), "Point"),
    }
    for layer, (frame, kind) in layers.items():
        frame.reset_index(drop=True).to_file(
            path,
            layer=layer,
            driver="GPKG",
            engine="pyogrio",
            geometry_type=kind,
            layer_metadata=about,
        )


def _sites(diagnostic: Diagnostic) -> gpd.GeoDataFrame:
    """Places with lists as text: a layer holds plain columns only."""
    sites = diagnostic.sites
    plain = flat(pd.DataFrame(sites.drop(columns="geometry")))
    return gpd.GeoDataFrame(plain, geometry=sites.geometry, crs=sites.crs)


def _add_styles(path: Path, diagnostic: Diagnostic, styles: dict[str, str], places: str) -> None:
    rows = [
        ("communes", item_title(diagnostic, column), style, column == BASKET)
        for column, style in styles.items()
    ]
    rows.append(("sites", _PLACES_LABEL, places, True))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_LAYER_STYLES)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles')"
        )
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, "
            "f_geometry_column, styleName, styleQML, useAsDefault) "
            "VALUES ('', '', ?, 'geom', ?, ?, ?)",
            rows,
        )
    fix_dates(path)


def _write_geoparquet(communes: gpd.GeoDataFrame, about: dict[str, Any], path: Path) -> None:
    communes.reset_index(drop=True).to_parquet(path, index=False)
    table = pq.read_table(path)
    told = json.dumps(plain_json(about), ensure_ascii=False).encode()
    pq.write_table(
        table.replace_schema_metadata({**table.schema.metadata, b"sdaasp_geo": told}), path
    )
