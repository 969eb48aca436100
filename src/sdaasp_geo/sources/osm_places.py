"""Places of an OpenStreetMap extract that carry some key: points, outlines, relations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import shapely
from pyproj import Transformer

from sdaasp_geo.sources.osm_file import pbf
from sdaasp_geo.tables.crs import GEOGRAPHIC_CRS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy.typing as npt

    Shapes = npt.NDArray[np.object_]

# A closed way needs three corners and its beginning again.
_LEAST_RING = 4


class Place(NamedTuple):
    """One object that is wanted.

    Parameters
    ----------
    row
        Its number among the objects that carry a key: nodes, then ways, then relations.
    kind, number
        ``node``, ``way`` or ``relation``, and its OpenStreetMap id.
    tags
        All of them.
    outlines
        Nodes of its course, or of each outer way of a multipolygon; a node names itself.
    """

    row: int
    kind: str
    number: int
    tags: dict[str, str]
    outlines: list[list[int]]

    @property
    def name(self) -> str:
        """Id that is one in the whole of OpenStreetMap."""
        return f"{self.kind}/{self.number}"


@dataclass
class PlacesFound:
    """What one file holds.

    Parameters
    ----------
    seen
        Objects that carry one of the keys.
    places
        Those that are wanted.
    others
        Row and tags of those that are not.
    lonlat
        Longitude and latitude of the nodes that the places need, by id.
    """

    seen: int = 0
    places: list[Place] = field(default_factory=list)
    others: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    lonlat: dict[int, tuple[float, float]] = field(default_factory=dict)


def find_places(
    path: Path, keys: Iterable[str], wanted: Callable[[Mapping[str, str]], bool]
) -> PlacesFound:
    """Read the objects that carry one of some keys.

    Only what is wanted is held in memory, with the nodes that it needs: the file is read
    five times at most, and no table of all its nodes is made.

    Raises
    ------
    RuntimeError, ValueError, IndexError or OverflowError
        If osmium cannot read the file.
    """
    found = PlacesFound()
    with_keys = osmium.filter.KeyFilter(*sorted(set(keys)))
    for node in _objects(path, osmium.osm.NODE, with_keys):
        outlines = [[node.id]]
        if _take(found, "node", node, outlines, wanted) and node.location.valid():
            found.lonlat[node.id] = (node.lon, node.lat)
    for way in _objects(path, osmium.osm.WAY, with_keys):
        _take(found, "way", way, [[node.ref for node in way.nodes]], wanted)
    members: dict[int, list[int]] = {}
    for relation in _objects(path, osmium.osm.RELATION, with_keys):
        if _take(found, "relation", relation, [], wanted):
            members[len(found.places) - 1] = _outer_ways(relation)
    _add_outlines(path, found, members)
    _add_coordinates(path, found)
    return found


def shapes_of(found: PlacesFound, crs: str) -> Shapes:
    """Return the shape of each place in a projected CRS; None where the file holds none of it.

    A closed way is a polygon, another one a line; a multipolygon is the area that its
    outer ways enclose, or those of them that are there where they enclose none.
    """
    transform = Transformer.from_crs(GEOGRAPHIC_CRS, crs, always_xy=True)
    numbers = list(found.lonlat)
    lonlat = np.array(list(found.lonlat.values()), dtype=np.float64).reshape(-1, 2)
    x, y = transform.transform(lonlat[:, 0], lonlat[:, 1])
    xy = dict(zip(numbers, zip(x.tolist(), y.tolist(), strict=True), strict=True))
    shapes = np.full(len(found.places), None, dtype=object)
    for index, place in enumerate(found.places):
        shapes[index] = _shape(place, xy)
    return shapes


def _objects(
    path: Path, kind: osmium.osm.osm_entity_bits, only: osmium.BaseFilter
) -> Iterator[Any]:
    """Iterate over the objects of one kind that pass a filter, each of them valid for a moment."""
    yield from osmium.FileProcessor(pbf(path), kind).with_filter(only)


def _take(
    found: PlacesFound,
    kind: str,
    thing: Any,  # noqa: ANN401 (osmium's objects share no type that tells)
    outlines: list[list[int]],
    wanted: Callable[[Mapping[str, str]], bool],
) -> bool:
    found.seen += 1
    tags = dict(thing.tags)
    if not wanted(tags):
        found.others.append((found.seen, tags))
        return False
    found.places.append(Place(found.seen, kind, thing.id, tags, outlines))
    return True


def _outer_ways(relation: osmium.osm.Relation) -> list[int]:
    if relation.tags.get("type") != "multipolygon":
        return []
    # Old multipolygons leave the role of their outer ways out.
    return [m.ref for m in relation.members if m.type == "w" and m.role in {"outer", ""}]


def _add_outlines(path: Path, found: PlacesFound, members: dict[int, list[int]]) -> None:
    needed = {number for ways in members.values() for number in ways}
    if not needed:
        return
    only = osmium.filter.IdFilter(sorted(needed))
    courses = {
        way.id: [node.ref for node in way.nodes] for way in _objects(path, osmium.osm.WAY, only)
    }
    for index, ways in members.items():
        found.places[index].outlines.extend(courses[number] for number in ways if number in courses)


def _add_coordinates(path: Path, found: PlacesFound) -> None:
    needed = {node for place in found.places for course in place.outlines for node in course}
    needed -= set(found.lonlat)
    if needed:
        only = osmium.filter.IdFilter(sorted(needed))
        for node in _objects(path, osmium.osm.NODE, only):
            if not node.location.valid():
                continue
            found.lonlat[node.id] = (node.lon, node.lat)


def _shape(place: Place, xy: Mapping[int, tuple[float, float]]) -> shapely.Geometry | None:
    courses = [[xy[node] for node in course if node in xy] for course in place.outlines]
    courses = [course for course in courses if course]
    if not courses:
        return None
    lines = [shapely.LineString(course) for course in courses if len(course) > 1]
    if not lines:
        return shapely.Point(courses[0][0])
    if place.kind == "way":
        (course,) = courses
        closed = len(course) >= _LEAST_RING and course[0] == course[-1]
        return shapely.Polygon(course) if closed else lines[0]
    rings = shapely.union_all(shapely.get_parts(shapely.polygonize(lines)))
    return shapely.union_all(lines) if rings.is_empty else rings
