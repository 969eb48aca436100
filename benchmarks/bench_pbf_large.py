"""A regional OpenStreetMap extract to a road network: seconds and memory, reading and building.

No extract of that size comes with the project, so one is made (`synthetic_extract`) and
kept beside the other products. It is read in a process of its own, for the first time there,
imports not counted; the peaks are those of reading and of building, each on top of what
the process holds by then. `equal` says whether the network has as many streets as were
drawn.

    python benchmarks/bench_pbf_large.py --megabytes 300
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import sdaasp_geo as sg
from bench_routing import OUTPUT, store
from synthetic_extract import write_extract
from turns import high_water_mb

Row = dict[str, Any]

CRS = "EPSG:2154"


def extract(folder: Path, megabytes: float, threads: int) -> tuple[Path, Row]:
    """Return the extract of a size, and what is in it; make it where it is not there."""
    path = folder / f"bench-{megabytes:g}MB.osm.pbf"
    told = path.with_suffix(".json")
    if not (path.exists() and told.exists()):
        folder.mkdir(parents=True, exist_ok=True)
        told.unlink(missing_ok=True)
        told.write_text(json.dumps(write_extract(path, megabytes, threads)) + "\n")
    return path, json.loads(told.read_text())


def read_and_build(path: Path) -> Row:
    """Run in a new process: seconds and peak memory of reading, and of building."""
    # Named here, so that what they import is not counted.
    read, build, assumptions = sg.read_osm_pbf, sg.RoadNetwork.from_roads, sg.Assumptions()
    begin = time.perf_counter()
    roads = read(path, crs=CRS).table
    middle = time.perf_counter()
    reading_mb = round(high_water_mb())
    _forget_peak()
    network = build(roads, assumptions)
    end = time.perf_counter()
    building_mb = round(high_water_mb())
    return {
        "seconds": round(end - begin, 3),
        "peak_mb": max(reading_mb, building_mb),
        "reading_seconds": round(middle - begin, 3),
        "reading_peak_mb": reading_mb,
        "building_seconds": round(end - middle, 3),
        "building_peak_mb": building_mb,
        "nodes": network.node_x.size,
        "streets": network.street_from.size,
    }


def measure(folder: Path, megabytes: float, threads: int) -> Row:
    """Make an extract unless it is there, and read it."""
    path, told = extract(folder, megabytes, threads)
    print(json.dumps(told), flush=True)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(read_and_build, path).result()
    row = {"task": "pbf_to_network", "size": f"{megabytes:g} MB", "backend": "sdaasp_geo"}
    row |= {"threads": 1, "items": 1, "ms_an_item": found["seconds"] * 1000}
    return row | told | found | {"equal": found["streets"] == told["streets"]}


def _forget_peak() -> None:
    # The kernel's documented way to start the peak anew.
    Path("/proc/self/clear_refs").write_text("5")


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=300)
    parser.add_argument("--threads", type=int, default=2, help="that compress the extract")
    parser.add_argument("--folder", type=Path, default=OUTPUT.parent, help="keeps the extract")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    given = parser.parse_args(arguments)
    row = measure(given.folder, given.megabytes, given.threads)
    for step in ("reading", "building"):
        print(f"{step:10}{row[f'{step}_seconds']:8.2f} s{row[f'{step}_peak_mb']:8,} MB")
    print(f"{row['nodes']:,} nodes, {row['streets']:,} streets, equal: {row['equal']}")
    store([row], given.output)
    if not row["equal"]:
        message = "the streets of the network are not those that were drawn"
        raise SystemExit(message)
    print(f"written: {given.output}")


if __name__ == "__main__":
    main(sys.argv[1:])
