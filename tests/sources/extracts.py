"""Small OpenStreetMap extracts on the toy land of `lands`: nodes by their km east and north."""

import lands
import osmium
from osmium.osm.mutable import Node, Relation, Way


def write_extract(path, nodes=(), ways=(), relations=(), moment=None):
    """Write an extract.

    `nodes` are (id, (east, north) in km, tags), `ways` (id, node ids, tags), `relations`
    (id, members as (type, id, role), tags).
    """
    header = osmium.io.Header()
    if moment:
        header.set("osmosis_replication_timestamp", moment)
    with osmium.SimpleWriter(str(path), header=header, overwrite=True) as writer:
        for number, place, tags in nodes:
            writer.add_node(Node(id=number, location=lands.lonlat(*place), tags=tags))
        for number, refs, tags in ways:
            writer.add_way(Way(id=number, nodes=refs, tags=tags))
        for number, members, tags in relations:
            writer.add_relation(Relation(id=number, members=members, tags=tags))
    return path


def square(first, east, north, side_km=0.1):
    """Four corners as nodes from `first` on, and the ring of their ids."""
    corners = [(0, 0), (side_km, 0), (side_km, side_km), (0, side_km)]
    nodes = [
        (first + number, (east + dx, north + dy), {}) for number, (dx, dy) in enumerate(corners)
    ]
    return nodes, [first, first + 1, first + 2, first + 3, first]
