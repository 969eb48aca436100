"""Municipal arrondissements (Marseille, Lyon, Paris): units of their own, in a commune."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault
from sdaasp_geo.sources.layer_forms import NAME, POPULATION, known_columns, layer_fields
from sdaasp_geo.sources.layers import read_layer
from sdaasp_geo.sources.names import file_names
from sdaasp_geo.sources.polygons import (
    polygon_faults,
    population_faults,
    raise_unique,
    row_faults,
    typed,
)
from sdaasp_geo.tables.inhabitants import inhabitants_of
from sdaasp_geo.tables.reading import Notes
from sdaasp_geo.tables.schemas import ARRONDISSEMENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from sdaasp_geo.tables.inhabitants import Inhabitants
    from sdaasp_geo.tables.reading import Reading

_SPELLINGS = {
    "arrondissement": ("insee_arm", "code_insee"),
    "commune": ("insee_com", "code_insee_de_la_commune_de_rattach", "code_commune"),
    "name": NAME,
    "population": POPULATION,
}
_REQUIRED = ("arrondissement", "commune", "name", "population")


def read_arrondissements(
    path: str | Path,
    *,
    crs: str,
    columns: Mapping[str, str] | None = None,
    layer: str | None = None,
    communes: gpd.GeoDataFrame | None = None,
    inhabitants: Inhabitants | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read municipal arrondissements from a vector file.

    Parameters
    ----------
    path
        Any vector file of polygons.
    crs
        Projected CRS of the answer.
    columns
        Library's name → name in the file: ``arrondissement``, ``commune`` (the code of
        the city), ``name``, ``population``. What is not named is looked for as ADMIN
        EXPRESS spells it (INSEE_ARM, INSEE_COM, NOM, POPULATION; since 2025 code_insee,
        code_insee_de_la_commune_de_rattach, nom_officiel, population).
    layer
        Needed where the file holds several and none is called
        ``arrondissement_municipal``.
    communes
        Table of the communes; every arrondissement must then be in one of them.
    inhabitants
        Populations by code, for a layer without any.

    Returns
    -------
    Reading
        Table `ARRONDISSEMENTS` in `crs`, sorted by code.

    Raises
    ------
    InputError
        As for :func:`~sdaasp_geo.sources.communes.communes_from_frame`, and if a city
        is not among `communes`.
    """
    path = Path(path)
    layer, fields = layer_fields(path, layer, ["arrondissement_municipal"])
    known = known_columns(columns or {}, fields, _SPELLINGS)
    required = [name for name in _REQUIRED if name != "population" or inhabitants is None]
    names = file_names(path.name, known, required=required, optional=["population"])
    raw = read_layer(path, columns=names, layer=layer)
    frame = typed(raw, list(names))
    faults = population_faults(raw, frame, path.name, names) if "population" in names else []
    if "population" not in names and inhabitants is not None:
        people = inhabitants_of(frame["arrondissement"].dropna(), inhabitants)
        frame["population"] = frame["arrondissement"].map(people).astype("float64")
    faults += polygon_faults(frame, crs, path.name)
    faults += row_faults(frame, ARRONDISSEMENTS, path.name, names)
    if communes is not None:
        unknown = frame["commune"][frame["commune"].notna()]
        unknown = unknown[~unknown.isin(communes["commune"])]
        cause = "communes and arrondissements of different files or years"
        faults += [
            Fault(
                path.name,
                "a commune of the communes file",
                repr(code),
                cause,
                int(row),
                names["commune"],
            )
            for row, code in unknown.items()
        ]
    raise_unique(faults)
    table = frame.to_crs(crs)[list(ARRONDISSEMENTS.columns)]
    table = table.sort_values("arrondissement", ignore_index=True)
    return Notes(path.name).close(table, len(raw))
