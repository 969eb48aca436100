"""The ways of an OpenStreetMap extract that a profile may use, in flat columns."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import osmium
import pandas as pd

from sdaasp_geo.errors import Fault
from sdaasp_geo.sources import osm_tags
from sdaasp_geo.sources.osm_file import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from sdaasp_geo.sources.osm_profiles import Profile
    from sdaasp_geo.tables.reading import Notes

    Ints = npt.NDArray[np.int64]
    Bools = npt.NDArray[np.bool_]

# A node absent from the file has this coordinate.
NO_COORDINATE = 2**31 - 1


class Vertices(NamedTuple):
    """Every vertex of every way kept, way after way."""

    way: Ints
    node: Ints
    x: Ints
    y: Ints

    @property
    def located(self) -> Bools:
        """Whether the file holds the node of each vertex, bool (P,)."""
        return np.asarray(self.x != NO_COORDINATE)


@dataclass
class Ways:
    """The ways of a file that a profile may use, and a count of the others."""

    profile: Profile
    seen: int = 0
    row: list[int] = field(default_factory=list)
    way_id: list[int] = field(default_factory=list)
    road_class: list[str] = field(default_factory=list)
    direction: list[int] = field(default_factory=list)
    limit: list[str] = field(default_factory=list)
    duration: list[str] = field(default_factory=list)
    vertex_count: list[int] = field(default_factory=list)
    node: array[int] = field(default_factory=lambda: array("q"))
    x: array[int] = field(default_factory=lambda: array("q"))
    y: array[int] = field(default_factory=lambda: array("q"))
    unused: list[tuple[str, str]] = field(default_factory=list)
    roundabout: list[bool] = field(default_factory=list)
    signals: dict[int, tuple[bool, bool]] = field(default_factory=dict)

    def take_all(self, objects: Iterator[osmium.osm.Way | osmium.osm.Node]) -> None:
        """Take the ways, and the lights among the nodes."""
        for each in objects:
            if isinstance(each, osmium.osm.Way):
                self.take(each)
            else:
                self.signals[each.id] = osm_tags.signal_directions(dict(each.tags))

    def take(self, way: osmium.osm.Way) -> None:
        """Keep a way, or count it among those that the profile may not use."""
        tags = dict(way.tags)
        if "highway" not in tags and tags.get("route") != "ferry":
            return  # a hiking or bus route drawn as a way: not a road of the file
        self.seen += 1
        profile = self.profile
        road_class = profile.road_class(tags)
        if road_class is None:
            self.unused.append((f"highway={tags['highway']}", f"not made for {profile.travellers}"))
        elif closed := profile.refusal(tags):
            self.unused.append((closed, f"closed to {profile.inhabitants}"))
        elif (direction := profile.direction(tags)) is None:
            self.unused.append(("oneway=reversible", "direction by the hour"))
        else:
            self._keep(way, tags, road_class, direction)

    def _keep(self, way: osmium.osm.Way, tags: dict[str, str], road_class: str, to: int) -> None:
        nodes = list(way.nodes)
        self.row.append(self.seen)
        self.way_id.append(way.id)
        self.road_class.append(road_class)
        self.direction.append(to)
        self.roundabout.append(osm_tags.is_roundabout(tags))
        self.limit.append(self.profile.limit_text(tags))
        self.duration.append(tags.get("duration", "") if road_class == "ferry" else "")
        self.vertex_count.append(len(nodes))
        self.node.extend([node.ref for node in nodes])
        self.x.extend([node.x for node in nodes])
        self.y.extend([node.y for node in nodes])

    def vertices(self) -> Vertices:
        """Return the vertices of all ways, a node named twice in a row once."""
        way = np.repeat(np.arange(len(self.row)), np.array(self.vertex_count, dtype=np.int64))
        node, x, y = (np.array(column, dtype=np.int64) for column in (self.node, self.x, self.y))
        # A node named twice in a row would pass for a junction.
        kept = np.ones(node.size, dtype=bool)
        kept[1:] = (node[1:] != node[:-1]) | (way[1:] != way[:-1])
        return Vertices(way[kept], node[kept], x[kept], y[kept])

    def faults(self, path: Path) -> list[Fault]:
        """Fault of a file in which no way is for the profile."""
        if self.row:
            return []
        whose = "a car" if self.profile.travellers == "cars" else self.profile.travellers
        found = f"none that {whose} may use among {self.seen} ways" if self.seen else "none"
        cause = f"{INTERRUPTED}, or an extract filtered for another use"
        return [Fault(str(path), "roads (ways with highway=*)", found, cause)]

    def note_unused(self, notes: Notes) -> None:
        """Count the ways that the profile may not use, by the tag that says why."""
        table = pd.DataFrame(self.unused, columns=["code", "reason"])
        for reason, rows in table.groupby("reason"):
            notes.skip(rows["code"], str(reason))
