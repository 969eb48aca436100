"""OpenStreetMap extract to road network with times: this library against osmnx.

Usage: ``python benchmarks/bench_pbf.py [extract.osm.pbf] [--crs EPSG:2154] [--rounds 3]``

Both sides end with a network whose streets have times. osmnx cannot read PBF: it is
given an XML file that holds only the ways this library keeps, and their nodes, and the
conversion is not counted. The rounds of the two alternate, so that other work on the
machine weighs on both; medians are reported.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import osmium
import osmnx

from bench_routing import OUTPUT, store
from real_data import real_data
from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.network.road_network import RoadNetwork
from sdaasp_geo.sources.osm_pbf import read_osm_pbf
from sdaasp_geo.sources.osm_tags import direction, refusal, road_class

if TYPE_CHECKING:
    import networkx as nx

Row = dict[str, Any]


def build(pbf: Path, crs: str) -> RoadNetwork:
    """PBF to network, all steps: reading, cutting, projecting, times, pieces."""
    assumptions = Assumptions()
    return RoadNetwork.from_roads(read_osm_pbf(pbf, crs=crs).table, assumptions)


def build_with_osmnx(xml: Path, crs: str) -> nx.MultiDiGraph:
    """XML to graph by osmnx: reading, simplifying, projecting, times."""
    graph = osmnx.graph_from_xml(xml, retain_all=True)
    graph = osmnx.project_graph(graph, to_crs=crs)
    return osmnx.add_edge_travel_times(osmnx.add_edge_speeds(graph))


def write_drivable_xml(pbf: Path, xml: Path) -> None:
    """Write the ways that a car may use, and their nodes, as XML."""
    with osmium.BackReferenceWriter(str(xml), ref_src=str(pbf), overwrite=True) as writer:
        for way in osmium.FileProcessor(str(pbf), osmium.osm.WAY):
            tags = dict(way.tags)
            open_to_cars = road_class(tags) is not None and refusal(tags) is None
            if open_to_cars and direction(tags) is not None:
                writer.add(way)


def run(pbf: Path, crs: str, rounds: int) -> list[Row]:
    """Time both, in turn."""
    seconds: dict[str, list[float]] = {"sdaasp_geo": [], "osmnx": []}
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / "drivable.osm"
        write_drivable_xml(pbf, xml)
        for _ in range(rounds):
            start = time.perf_counter()
            network = build(pbf, crs)
            middle = time.perf_counter()
            graph = build_with_osmnx(xml, crs)
            seconds["sdaasp_geo"].append(middle - start)
            seconds["osmnx"].append(time.perf_counter() - middle)
    sizes = {"sdaasp_geo": network.node_x.size, "osmnx": len(graph)}
    ours = statistics.median(seconds["sdaasp_geo"])
    return [
        {
            "task": "pbf_to_network",
            "size": pbf.name,
            "backend": backend,
            "threads": 1,
            "items": 1,
            "nodes": sizes[backend],
            "rounds": rounds,
            "seconds": statistics.median(times),
            "ms_an_item": statistics.median(times) * 1000,
            "ratio": statistics.median(times) / ours,
            "equal": None,
            "peak_mb": None,
        }
        for backend, times in seconds.items()
    ]


def main(arguments: list[str] | None = None) -> list[Row]:
    """Run, print and return the rows."""
    folder = real_data("osm")
    extract = None if folder is None else folder / "andorra.osm.pbf"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pbf", nargs="?", type=Path, default=extract)
    parser.add_argument("--crs", default="EPSG:2154")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args(arguments)
    if given.pbf is None:
        parser.error("name a PBF, or set SDAASP_GEO_REAL_DATA to the folder that holds osm/")
    rows = run(given.pbf, given.crs, given.rounds)
    store(rows, OUTPUT)
    print(f"{'backend':<12} {'nodes':>8} {'seconds':>9} {'ratio':>7}")
    for row in rows:
        print(f"{row['backend']:<12} {row['nodes']:>8} {row['seconds']:>9.3f} {row['ratio']:>7.1f}")
    return rows


if __name__ == "__main__":
    main(sys.argv[1:])
