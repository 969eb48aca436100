"""Writing the example: data files, README and territory files."""

from __future__ import annotations

import json
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyogrio
import pyproj
import shapely

from sdaasp_geo.errors import OutputError
from sdaasp_geo.example.facilities import VINTAGE
from sdaasp_geo.example.osm_file import write_osm_pbf
from sdaasp_geo.example.readme import readme
from sdaasp_geo.example.territory_toml import territory_toml
from sdaasp_geo.example.world import SEED, World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import pandas as pd

TERRITORY: Final = "exemple.toml"
SQUARES_TERRITORY: Final = "exemple-carreaux.toml"
# GeoPackages tell when they were written; the same bytes need the same day.
WRITTEN_ON: Final = "2024-01-01T00:00:00.000Z"
_DESCRIBED: Final = {"DESCRIPTION": "Territoire fictif, produit par sdaasp_geo.example"}
_DATE_OPTION: Final = "OGR_CURRENT_DATE"
_WRITERS: Final = ("geopandas", "numpy", "osmium", "pandas", "pyogrio", "scipy", "shapely")


def write_example(
    folder: str | Path, *, data: str = "", cache: str = "cache", seed: int = SEED
) -> list[Path]:
    """Write the fictional territory: its territory files, and the files that they name.

    Parameters
    ----------
    folder
        Where ``exemple.toml`` (départs du chef-lieu) and ``exemple-carreaux.toml``
        (départs des carreaux de 1 km) go; made if need be. Files of the same names are
        replaced.
    data
        Folder of the data, from `folder`; beside the territory files if empty.
    cache
        Folder of the built network, from `folder`; written into the territory files.
    seed
        Another seed is another territory.

    Returns
    -------
    list of Path
        The files written, territory files first.

    Raises
    ------
    OutputError
        If a folder cannot be made or a file cannot be written.
    """
    folder = Path(folder)
    place = folder / data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place.mkdir(parents=True, exist_ok=True)
        return _write(folder, place, make_world(seed), data=data, cache=cache)
    except OSError as error:
        message = f"{folder}: expected a folder that can be written, found: {error}"
        raise OutputError(message) from error


def _write(folder: Path, place: Path, world: World, *, data: str, cache: str) -> list[Path]:
    prefix = f"{data.rstrip('/')}/" if data else ""
    texts = {
        folder / TERRITORY: territory_toml(prefix, cache=cache),
        folder / SQUARES_TERRITORY: territory_toml(prefix, cache=cache, kind="squares"),
        place / "README.md": readme(world),
        place / "versions.json": json.dumps(writer_versions(), indent=2) + "\n",
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return [*texts, *_tables(place, world), *_layers(place, world), _roads(place, world)]


def writer_versions() -> dict[str, str]:
    """Versions of the libraries that decide the bytes."""
    found = {name: version(name) for name in _WRITERS}
    found["gdal"] = str(pyogrio.__gdal_version_string__)
    found["geos"] = str(shapely.geos_version_string)
    found["proj"] = str(pyproj.proj_version_str)
    return dict(sorted(found.items()))


def _tables(place: Path, world: World) -> list[Path]:
    tables: dict[str, tuple[pd.DataFrame, str]] = {
        "passage_cog.csv": (world.passage, ";"),
        f"bpe{VINTAGE % 100}.csv": (world.bpe, ";"),
        "operateurs.csv": (world.operators, ","),
        "france_services.csv": (world.france_services, ","),
    }
    for name, (table, separator) in tables.items():
        table.to_csv(place / name, sep=separator, index=False, lineterminator="\n")
    return [place / name for name in tables]


def _layers(place: Path, world: World) -> list[Path]:
    files: dict[str, dict[str, gpd.GeoDataFrame]] = {
        "communes.gpkg": {
            "communes": world.communes,
            "chefs_lieux": world.seats,
            "arrondissements": world.arrondissements,
        },
        "carreaux_1km.gpkg": {"carreaux_1km": world.squares},
    }
    with _dated():
        for name, layers in files.items():
            path = place / name
            path.unlink(missing_ok=True)
            for layer, table in layers.items():
                pyogrio.write_dataframe(
                    table, path, layer=layer, driver="GPKG", layer_options=_DESCRIBED
                )
    return [place / name for name in files]


def _roads(place: Path, world: World) -> Path:
    path = place / "routes.osm.pbf"
    write_osm_pbf(path, world.roads)
    return path


@contextmanager
def _dated() -> Iterator[None]:
    before = pyogrio.get_gdal_config_option(_DATE_OPTION)
    pyogrio.set_gdal_config_options({_DATE_OPTION: WRITTEN_ON})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({_DATE_OPTION: before})
