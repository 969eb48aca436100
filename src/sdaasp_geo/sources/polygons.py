"""What the readers of polygons share: text and numbers of the layer, and its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import as_text
from sdaasp_geo.sources.layers import crs_faults, geometry_troubles, stray_faults, strays_of
from sdaasp_geo.sources.text import to_counts
from sdaasp_geo.tables.gate import schema_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import geopandas as gpd
    import pandera.pandas as pa


def typed(raw: gpd.GeoDataFrame, columns: list[str]) -> gpd.GeoDataFrame:
    """Copy a layer with text in every column but a float `population`."""
    texts = {name: as_text(raw[name]) for name in columns}
    if "population" in texts:
        texts["population"] = to_counts(texts["population"])
    if "commune" in texts:
        texts["commune"] = texts["commune"].str.upper()
    return raw[["geometry"]].assign(**texts)


def population_faults(
    raw: gpd.GeoDataFrame, frame: gpd.GeoDataFrame, file: str, names: Mapping[str, str]
) -> list[Fault]:
    """Return the faults of populations that are no finite number, shown as the file has them."""
    text = as_text(raw["population"])
    wrong = text.notna() & ~np.isfinite(frame["population"])
    return [
        Fault(
            file,
            "a number of inhabitants, 0 or more",
            repr(value),
            "text, a space or a unit in a column of numbers",
            row=row,
            column=names["population"],
        )
        for row, value in _by_row(text[wrong])
    ]


def polygon_faults(frame: gpd.GeoDataFrame, crs: str, file: str) -> list[Fault]:
    """Return the faults of geometry and CRS of a layer of polygons."""
    trouble = geometry_troubles(frame, "Polygon", "MultiPolygon")
    shapes = frame.geometry.to_numpy()
    invalid = trouble.isna() & ~shapely.is_valid(shapes)
    rules = pd.Series(shapely.is_valid_reason(shapes), index=frame.index, dtype="str")
    trouble = trouble.mask(invalid, "an invalid geometry (" + rules + ")").dropna()
    cause = "an export that went wrong; mend it in a GIS (nothing is repaired silently)"
    faults = [
        Fault(file, "a valid polygon", str(found), cause, row=row, column="geometry")
        for row, found in _by_row(trouble)
    ]
    sound = frame.drop(index=trouble.index)
    whole = crs_faults(sound, crs=crs, file=file)
    if not whole:
        whole = stray_faults(sound, strays_of(sound, crs=crs), crs=crs, file=file)
    return faults + whole


def overlap_faults(frame: gpd.GeoDataFrame, file: str, column: str) -> list[Fault]:
    """Return the faults of communes that lie in another one: their people would count twice.

    Parameters
    ----------
    frame
        `commune` and sound polygons, indexed by row.
    file, column
        Names of the file and of its column of codes, for messages.
    """
    shapes, codes = frame.geometry.to_numpy(), frame["commune"].to_numpy()
    tree = shapely.STRtree(shapes)
    inner, outer = tree.query(shapely.point_on_surface(shapes), predicate="within")
    # Two of one code are told of as such; where two lie in each other, the smaller is named.
    area = shapely.area(shapes)
    wrong = (codes[inner] != codes[outer]) & (
        (area[inner] < area[outer]) | ((area[inner] == area[outer]) & (inner > outer))
    )
    cause = (
        "arrondissements, which have a section of their own (communes.arrondissements), or "
        "communes déléguées beside their commune"
    )
    rows = frame.index.to_numpy("int64")[inner[wrong]].tolist()
    return [
        Fault(file, "communes beside each other", f"{one} inside {other}", cause, row, column)
        for row, one, other in zip(rows, codes[inner[wrong]], codes[outer[wrong]], strict=True)
    ]


def _by_row(values: pd.Series) -> Iterator[tuple[int, object]]:
    yield from zip(values.index.to_numpy("int64").tolist(), values, strict=True)


def row_faults(
    frame: gpd.GeoDataFrame,
    schema: pa.DataFrameSchema,
    file: str,
    names: Mapping[str, str],
    *,
    skip: Sequence[str] = (),
) -> list[Fault]:
    """Return the faults that a schema finds; geometry has its own, fuller checks."""
    attributes = schema.remove_columns([*skip, "geometry"])
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    return schema_faults(plain, attributes, file=file, file_columns=names)


def raise_unique(faults: list[Fault]) -> None:
    """Raise the faults, one for each row and column, in the order of the file."""
    first: dict[tuple[int, str, str], Fault] = {}
    for number, fault in enumerate(faults):
        place = (fault.row or 0, fault.column or "", str(number) if fault.row is None else "")
        first.setdefault(place, fault)
    if first:
        raise InputError([first[place] for place in sorted(first)])
