"""A national BPE to the facilities of one département and 35 km around: seconds and memory.

No file of that size comes with the project, so one is made for each form, with the columns
of 2023 and 2.8 million rows over a made-up country of 96 square départements of 361 square
communes, and kept beside the other products. Each is read in a process of its own, for
the first time there, imports not counted. The three forms must give the
same facilities.

    python benchmarks/bench_bpe_national.py                  # 2.8 million rows
    python benchmarks/bench_bpe_national.py --rows 100000    # the same, smaller
"""

from __future__ import annotations

import argparse
import shutil
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from pyarrow import csv, parquet

import sdaasp_geo as sg
from bench_france import high_water_mb
from bench_routing import OUTPUT, store
from sdaasp_geo.sources.bpe import read_bpe
from sdaasp_geo.sources.study import StudyArea
from sdaasp_geo.tables.places import Places

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]

CRS = "EPSG:2154"
ROWS = 2_800_000
STUDIED, BUFFER_KM = "13", 35.0
FORMS = ("csv", "csv.zip", "parquet")
# The country: départements in rows of 12, communes in rows of 19, south-west corner.
_ACROSS, _SIDE = 12, 19
_WEST, _SOUTH, _DEPARTEMENT_M = 150_000.0, 6_100_000.0, 80_000.0
_COMMUNE_M = _DEPARTEMENT_M / _SIDE
_COLUMNS = 70
_CODES = ("D307", "D265", "D281", "B207", "A203", "A206", "C108", "B304", "F111", "E107")
_DEPARTEMENTS = [f"{number:02d}" for number in range(1, 97) if number != 20] + ["2A"]


def corners(departement: np.ndarray, commune: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """South-west corner of each commune, in metres."""
    x = _WEST + departement % _ACROSS * _DEPARTEMENT_M + commune % _SIDE * _COMMUNE_M
    y = _SOUTH + departement // _ACROSS * _DEPARTEMENT_M + commune // _SIDE * _COMMUNE_M
    return x, y


def study() -> StudyArea:
    """Communes of the whole country but for the far half, as a layer with a buffer has them."""
    studied = _DEPARTEMENTS.index(STUDIED)
    departement, commune = np.divmod(np.arange(len(_DEPARTEMENTS) * _SIDE**2), _SIDE**2)
    column, row = departement % _ACROSS, departement // _ACROSS
    near = (abs(column - studied % _ACROSS) <= 1) & (abs(row - studied // _ACROSS) <= 1)
    departement, commune = departement[near], commune[near]
    x, y = corners(departement, commune)
    names = np.array(_DEPARTEMENTS)[departement]
    codes = pd.Series(names) + pd.Series(commune + 1).astype(str).str.zfill(3)
    layer = gpd.GeoDataFrame(
        {"commune": codes, "name": codes, "departement": names, "population": 1000.0},
        geometry=shapely.box(x, y, x + _COMMUNE_M, y + _COMMUNE_M),
        crs=CRS,
    )
    layer["chef_lieu"] = layer.geometry.centroid
    places = Places.from_tables(layer)
    return StudyArea(places, STUDIED, places.study_area(STUDIED, BUFFER_KM))


def table(rows: int, seed: int = 0) -> pa.Table:
    """Rows of the whole country, in the order of their communes as Insee has them."""
    random = np.random.default_rng(seed)
    place = np.sort(random.integers(0, len(_DEPARTEMENTS) * _SIDE**2, rows))
    departement, commune = np.divmod(place, _SIDE**2)
    x, y = corners(departement, commune)
    names = pa.array(_DEPARTEMENTS).dictionary_encode().type
    dep = pa.DictionaryArray.from_arrays(pa.array(departement, pa.int32()), pa.array(_DEPARTEMENTS))
    assert dep.type == names
    codes = [f"{name}{number:03d}" for name in _DEPARTEMENTS for number in range(1, _SIDE**2 + 1)]
    towns = [f"Commune-Saint-{code}" for code in codes]
    kind = random.integers(0, len(_CODES), rows)
    columns: dict[str, Any] = {
        "AN": pa.array(np.full(rows, 2023)),
        "NOMRS": _chosen([f"Établissement {number}" for number in range(500)], kind * 37 % 500),
        "LIBCOM": _chosen(towns, place),
        "DEPCOM": _chosen(codes, place),
        "DEP": dep.cast(pa.string()),
        "TYPEQU": _chosen(list(_CODES), kind),
        "SIRET": pa.array(random.integers(10**13, 10**14, rows)),
        "LAMBERT_X": pa.array(np.round(x + random.random(rows) * _COMMUNE_M, 2)),
        "LAMBERT_Y": pa.array(np.round(y + random.random(rows) * _COMMUNE_M, 2)),
        "QUALITE_XY": _chosen(["B", "A", "M", "_Z"], random.integers(0, 40, rows) // 12),
        "EPSG": pa.array(np.full(rows, 2154)),
        "QUALITE_GEOLOC": pa.array(np.where(random.random(rows) < 0.03, 33, 11)),
    }
    # The other columns of 2023 (telephone, capacities, zonings), of which most rows tell few.
    for number in range(_COLUMNS - len(columns)):
        text = "1" if number < 8 else ""
        columns[f"AUTRE_{number}"] = pa.array(np.full(rows, text))
    return pa.table(columns)


def _chosen(words: list[str], which: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(which, pa.int32()), pa.array(words)).cast(
        pa.string()
    )


def files(folder: Path, rows: int) -> list[Path]:
    """One file of each form; made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"bpe-{rows}.{form}" for form in FORMS]
    if all(path.exists() for path in paths):
        return paths
    plain, archive, columns = paths
    made = table(rows)
    parquet.write_table(made, columns)
    csv.write_csv(made, plain, csv.WriteOptions(delimiter=";", quoting_style="none"))
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.write(plain, "BPE23.csv")
    return paths


def measure(path: Path) -> Row:
    """Run in a new process: seconds, peak memory, and what was read."""
    area, basket = study(), sg.load_basket("sdaasp-29")
    before = high_water_mb()
    begin, worked = time.perf_counter(), time.process_time()
    reading = read_bpe(path, study=area, basket=basket)
    seconds, worked = time.perf_counter() - begin, time.process_time() - worked
    return {
        "task": "read_bpe",
        "size": path.name.partition(".")[2],
        "backend": "sdaasp_geo",
        "file_MB": round(path.stat().st_size / 1e6),
        "rows": reading.rows_read,
        "kept": len(reading.table),
        "elsewhere": int(reading.unused.query("reason.str.startswith('outside')")["rows"].sum()),
        "seconds": round(seconds, 1),
        "cpu_seconds": round(worked, 1),
        "before_MB": round(before),
        "peak_MB": round(high_water_mb()),
    }


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--remove", action="store_true", help="remove the files made, afterwards")
    options = parser.parse_args()
    folder = OUTPUT.parent / "bpe"
    found = []
    for path in files(folder, options.rows):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            found.append(pool.submit(measure, path).result())
    shown = pd.DataFrame(found)
    print(shown.to_string(index=False))
    assert len(set(shown["kept"])) == 1
    assert (shown["rows"] == options.rows).all()
    store(found, OUTPUT)
    if options.remove:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
