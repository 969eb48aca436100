"""Every road of the territory, drawn on the sheet and then bent."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely
from scipy.spatial import KDTree

from sdaasp_geo.example.geography import roughen
from sdaasp_geo.example.links import CLASSES, Link, make_links
from sdaasp_geo.example.motorway import COURSE_M, draw_motorway, draw_roundabout, entry
from sdaasp_geo.example.names import street_name
from sdaasp_geo.example.settlements import ARRONDISSEMENTS
from sdaasp_geo.example.sheet import Sheet, Way, open_traps
from sdaasp_geo.example.town_grid import Town, draw_town, reach_blocks

if TYPE_CHECKING:
    from sdaasp_geo.example.geography import Floats, Geography
    from sdaasp_geo.example.settlements import Settlements

# Length of the chords that draw a road, and how far it strays, in the open and in the hills.
CHORD_M: Final = 150.0
STRAY: Final = 0.11
HILL_STRAY: Final = 0.26
# Towns are entered by a roundabout on roads of note.
ROUNDABOUT_TOWN: Final = 4_000
# Narrow roads that bear a limit; the others have none in the file.
NARROW_SIGNED_SHARE: Final = 0.6
# Arrondissements touch: beside the main road, streets join them this far to its sides.
CITY_STREETS_M: Final = (-500.0, 500.0)
CITY_GAP_M: Final = 4_300.0
LANES_PER_KM: Final = 0.55
HILL_LANES_PER_KM: Final = 0.15
LANE_M: Final = (120.0, 1_100.0)
# A motorway exit serves both sides: two roads at least 75 degrees apart.
OTHER_SIDE_COSINE: Final = 0.26
# No street comes nearer to the axis of the motorway.
NOISE_M: Final = 130.0
CITY_STREET: Final = "Boulevard des Faubourgs"
CAR_PARKS: Final = 3
FERRY_ENDS: Final = ("Le Grau-d'Orgelle", "Saintes-Graves-de-la-Mer")
FERRY_DURATION: Final = "00:12"


@dataclass(frozen=True)
class Roads:
    """Roads in EPSG:2154.

    Parameters
    ----------
    points
        Nodes (m), shape (n, 2).
    ways
        Ways over the nodes.
    towns
        Crossings of the streets around each seat, the seat first.
    """

    points: Floats
    ways: list[Way]
    towns: list[list[int]]


def make_roads(rng: np.random.Generator, land: Geography, settlements: Settlements) -> Roads:
    """Draw streets, roads, lanes, the motorway, the ferry and the car parks."""
    sheet = Sheet()
    links = make_links(land, settlements)
    towns = _towns(sheet, rng, land, settlements, links)
    lines = [_road(sheet, rng, towns, settlements, link) for link in links]
    _join_arrondissements(sheet, towns, settlements, links)
    for ring in draw_motorway(sheet):
        _join_ring(sheet, rng, towns, ring)
    for link, line in zip(links, lines, strict=True):
        _lanes(sheet, rng, line, hilly=link.wild)
    _ferry(sheet, towns, settlements)
    _car_parks(sheet, towns, settlements)
    open_traps(sheet, [street for town in towns for street in town.streets])
    return Roads(land.bend(sheet.points()), sheet.ways, [town.nodes for town in towns])


def _towns(
    sheet: Sheet,
    rng: np.random.Generator,
    land: Geography,
    settlements: Settlements,
    links: list[Link],
) -> list[Town]:
    seats = settlements.points
    gaps = np.asarray(KDTree(seats).query(seats, k=2)[0])
    rank = np.full(len(seats), CLASSES.index("tertiary"))
    for link in links:
        for seat in (link.start, link.end):
            rank[seat] = min(rank[seat], CLASSES.index(link.road_class))
    # A trunk road becomes a main street in town.
    rank = np.maximum(rank, CLASSES.index("primary"))
    ground = land.land.difference(shapely.LineString(COURSE_M).buffer(NOISE_M))
    shapely.prepare(ground)
    return [
        draw_town(
            sheet,
            rng,
            ground,
            seat,
            blocks=reach_blocks(int(settlements.population[number]), float(gaps[number, 1])),
            artery=CLASSES[int(rank[number])],
        )
        for number, seat in enumerate(seats)
    ]


def _road(
    sheet: Sheet, rng: np.random.Generator, towns: list[Town], settlements: Settlements, link: Link
) -> list[int]:
    """Draw the road between two seats; returns its nodes."""
    seats = settlements.points
    tags = _road_tags(rng, link.road_class)
    start = _way_in(sheet, towns, settlements, link.start, seats[link.end], link.road_class)
    end = _way_in(sheet, towns, settlements, link.end, seats[link.start], link.road_class)
    stray = HILL_STRAY if link.wild else STRAY
    ends = np.array([sheet.at(start), sheet.at(end)])
    line = roughen(ends, rng, share=stray, step_m=CHORD_M)
    return sheet.draw_line(start, line[1:-1], end, tags).nodes


def _join_arrondissements(
    sheet: Sheet, towns: list[Town], settlements: Settlements, links: list[Link]
) -> None:
    """Sew the city together: short streets between neighbouring arrondissements."""
    seats = settlements.points
    for link in links:
        along = seats[link.end] - seats[link.start]
        if max(link.start, link.end) >= len(ARRONDISSEMENTS) or np.hypot(*along) > CITY_GAP_M:
            continue
        across = np.array([-along[1], along[0]]) / np.hypot(*along)
        for aside_m in CITY_STREETS_M:
            meeting = seats[[link.start, link.end]].mean(axis=0) + across * aside_m
            gates = [towns[seat].gate(meeting) for seat in (link.start, link.end)]
            tags = {"highway": "tertiary", "name": CITY_STREET, "maxspeed": "50"}
            sheet.draw_line(gates[0], meeting[None, :], gates[1], tags)


def _way_in(
    sheet: Sheet,
    towns: list[Town],
    settlements: Settlements,
    seat: int,
    towards: Floats,
    road_class: str,
) -> int:
    """Return the point where a road enters a town, on a roundabout if it is of note."""
    gate = towns[seat].gate(towards)
    noted = road_class in CLASSES[:3] and settlements.population[seat] >= ROUNDABOUT_TOWN
    here = sheet.at(gate)
    away = float(np.hypot(*(towards - here)))
    if not noted or away < 1_500.0:
        return gate
    centre = here + (towards - here) / away * 180.0
    ring = draw_roundabout(sheet, centre, {"highway": road_class, "maxspeed": "50"})
    sheet.draw([gate, entry(sheet, ring, here)], {"highway": road_class, "maxspeed": "FR:urban"})
    return entry(sheet, ring, towards)


def _road_tags(rng: np.random.Generator, road_class: str) -> dict[str, str]:
    tags = {"highway": road_class}
    number = int(rng.integers(1, 99))
    if road_class == "trunk":
        return tags | {"ref": f"N {990 + number % 9}", "maxspeed": "90"}
    if road_class == "unclassified":
        tags["name"] = f"Route {street_name(rng).partition(' ')[2]}"
        return tags | ({"maxspeed": "50"} if rng.random() < NARROW_SIGNED_SHARE else {})
    tags["ref"] = f"D {number if road_class == 'primary' else number * 7 % 900 + 100}"
    draw = rng.random()
    if draw < 0.35:
        tags["maxspeed"] = "80"
    elif draw < 0.6:
        tags["maxspeed"] = "FR:rural"
    elif draw < 0.7:
        tags["source:maxspeed"] = "FR:rural"
    return tags


def _join_ring(sheet: Sheet, rng: np.random.Generator, towns: list[Town], ring: list[int]) -> None:
    """Join a roundabout of the motorway to the nearest town, and to one on another side."""
    centre = np.mean([sheet.at(node) for node in ring], axis=0)
    gates = [town.gate(centre) for town in towns]
    ways = np.array([sheet.at(gate) for gate in gates]) - centre
    away = np.hypot(ways[:, 0], ways[:, 1])
    nearest = int(np.argmin(away))
    turn = ways @ ways[nearest] / (away * away[nearest])
    other = int(np.argmin(np.where(turn < OTHER_SIDE_COSINE, away, np.inf)))
    for number in (nearest, other):
        gate = gates[number]
        start = entry(sheet, ring, sheet.at(gate))
        ends = np.array([sheet.at(start), sheet.at(gate)])
        line = roughen(ends, rng, share=STRAY, step_m=CHORD_M)
        tags = {"highway": "secondary", "ref": f"D {990 + number % 9}", "maxspeed": "80"}
        sheet.draw_line(start, line[1:-1], gate, tags)


def _lanes(sheet: Sheet, rng: np.random.Generator, road: list[int], *, hilly: bool) -> None:
    """Draw lanes to farms and hamlets, from points of a road."""
    per_chord = (HILL_LANES_PER_KM if hilly else LANES_PER_KM) * CHORD_M / 1000
    for before, node in itertools.pairwise(road[1:-1]):
        if rng.random() > per_chord:
            continue
        along = sheet.at(node) - sheet.at(before)
        across = np.array([-along[1], along[0]]) / np.hypot(*along)
        length = rng.uniform(*LANE_M)
        side = 1.0 if rng.random() < 0.5 else -1.0
        lean = along / np.hypot(*along) * rng.uniform(-0.5, 0.5)
        end = sheet.at(node) + (across * side + lean) * length
        line = roughen(np.array([sheet.at(node), end]), rng, share=0.15, step_m=CHORD_M)
        sheet.draw([node, *sheet.place(line[1:])], _lane_tags(rng))


def _lane_tags(rng: np.random.Generator) -> dict[str, str]:
    draw = rng.random()
    if draw < 0.55:
        return {"highway": "unclassified", "name": f"Chemin {street_name(rng).partition(' ')[2]}"}
    if draw < 0.7:
        return {"highway": "residential", "name": "Hameau", "maxspeed": "50"}
    if draw < 0.8:
        return {"highway": "service"}
    if draw < 0.9:
        return {"highway": "service", "access": "private"}
    # For tractors and walkers: no road of an inhabitant's car.
    return {"highway": "track"} if draw < 0.96 else {"highway": "path"}


def _ferry(sheet: Sheet, towns: list[Town], settlements: Settlements) -> None:
    """Draw the boat across the mouth of the river, from quay to quay."""
    seats = [settlements.seat(name) for name in FERRY_ENDS]
    gates = [towns[here].gate(settlements.points[there]) for here, there in (seats, seats[::-1])]
    shares = np.array([0.25, 0.5, 0.75])[:, None]
    between = sheet.at(gates[0]) * (1 - shares) + sheet.at(gates[1]) * shares
    tags = {"route": "ferry", "name": "Bac de l'Aubrelle", "duration": FERRY_DURATION}
    sheet.draw_line(gates[0], between, gates[1], tags)


def _car_parks(sheet: Sheet, towns: list[Town], settlements: Settlements) -> None:
    """Draw car parks that no way joins to the streets, as extracts often have them."""
    order = np.argsort(-settlements.population, kind="stable")[:CAR_PARKS]
    for seat in order:
        corner = towns[int(seat)].points[0] + np.array([35.0, 30.0])
        nodes = sheet.place(corner + 18.0 * np.array([(x, y) for y in range(3) for x in range(3)]))
        tags = {"highway": "service", "service": "parking_aisle"}
        for row in range(3):
            sheet.draw(nodes[3 * row : 3 * row + 3], tags)
            sheet.draw(nodes[row::3], tags)
