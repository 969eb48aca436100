"""Writing roads as an OpenStreetMap extract, the same bytes every time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import osmium
from osmium.osm import mutable
from pyproj import Transformer

from sdaasp_geo.example.geography import CRS

if TYPE_CHECKING:
    from pathlib import Path

    from sdaasp_geo.example.roads import Roads

GENERATOR: Final = "sdaasp_geo example (fictional roads)"


def write_osm_pbf(path: Path, roads: Roads) -> None:
    """Write nodes, then ways, numbered from 1; no dates, no authors."""
    header = osmium.io.Header()
    header.set("generator", GENERATOR)
    header.set("sorting", "Type_then_ID")
    path.unlink(missing_ok=True)
    to_degrees = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(roads.points[:, 0], roads.points[:, 1])
    file = osmium.io.File(str(path), "pbf,add_metadata=false")
    with osmium.SimpleWriter(file, header=header) as writer:
        places = zip(lon.round(7).tolist(), lat.round(7).tolist(), strict=True)
        for number, place in enumerate(places, start=1):
            writer.add_node(mutable.Node(id=number, location=place))
        for number, way in enumerate(roads.ways, start=1):
            nodes = [node + 1 for node in way.nodes]
            writer.add_way(mutable.Way(id=number, nodes=nodes, tags=way.tags))
