"""The ways of an OpenStreetMap extract that a profile may use, in flat columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.errors import Fault
from sdaasp_geo.sources import osm_tags
from sdaasp_geo.sources.osm_file import INTERRUPTED
from sdaasp_geo.sources.osm_opl import tags_of, vertices_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from sdaasp_geo.sources.osm_opl import Line
    from sdaasp_geo.sources.osm_profiles import Profile
    from sdaasp_geo.tables.reading import Notes

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]


class Vertices(NamedTuple):
    """Every vertex of every way kept, way after way.

    Parameters
    ----------
    way
        Its number among the ways kept, int64 (P,).
    node
        OpenStreetMap id, int64 (P,).
    lon, lat
        Degrees, float64 (P,); NaN where the file does not hold the node.
    """

    way: Ints
    node: Ints
    lon: Floats
    lat: Floats

    @property
    def located(self) -> Bools:
        """Whether the file holds the node of each vertex, bool (P,)."""
        return ~np.isnan(self.lon)


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
    unused: list[tuple[str, str]] = field(default_factory=list)
    roundabout: list[bool] = field(default_factory=list)
    signals: dict[int, tuple[bool, bool]] = field(default_factory=dict)
    _courses: list[tuple[Ints, Floats, Floats]] = field(default_factory=list)

    def take_all(self, blocks: Iterable[list[Line]]) -> None:
        """Take the ways, and the lights among the nodes."""
        for lines in blocks:
            kept = [line.nodes for line in lines if self._take(line)]
            self._courses.append(vertices_of(kept))

    def _take(self, line: Line) -> bool:
        """Keep a way, or count it among those that the profile may not use."""
        tags = tags_of(line.tags)
        if not line.is_way:
            self.signals[line.number] = osm_tags.signal_directions(tags)
            return False
        if "highway" not in tags and tags.get("route") != "ferry":
            return False  # a hiking or bus route drawn as a way: not a road of the file
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
            self._keep(line, tags, road_class, direction)
            return True
        return False

    def _keep(self, line: Line, tags: dict[str, str], road_class: str, to: int) -> None:
        self.row.append(self.seen)
        self.way_id.append(line.number)
        self.road_class.append(road_class)
        self.direction.append(to)
        self.roundabout.append(osm_tags.is_roundabout(tags))
        self.limit.append(self.profile.limit_text(tags))
        self.duration.append(tags.get("duration", "") if road_class == "ferry" else "")
        self.vertex_count.append(line.vertex_count)

    def vertices(self) -> Vertices:
        """Return the vertices of all ways, a node named twice in a row once."""
        way = np.repeat(np.arange(len(self.row)), np.array(self.vertex_count, dtype=np.int64))
        columns = zip(*(self._courses or [vertices_of([])]), strict=True)
        node, lon, lat = (np.concatenate(column) for column in columns)
        # A node named twice in a row would pass for a junction.
        kept = np.ones(node.size, dtype=bool)
        kept[1:] = (node[1:] != node[:-1]) | (way[1:] != way[:-1])
        return Vertices(way[kept], node[kept], lon[kept], lat[kept])

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
