"""A motorway with two carriageways, its interchanges, and roundabouts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.example.geography import Floats
    from sdaasp_geo.example.sheet import Sheet

NAME: Final = "A 990"
# West to east on the sheet (m): inland of the city, never through a town.
COURSE_M: Final = (
    (4_200.0, 38_500.0),
    (14_500.0, 35_200.0),
    (27_500.0, 35_600.0),
    (39_500.0, 34_000.0),
    (48_500.0, 32_300.0),
    (58_500.0, 32_600.0),
    (67_000.0, 33_800.0),
    (79_500.0, 29_500.0),
    (89_000.0, 26_500.0),
)
# Where one may enter or leave between the two ends, as shares of the course.
INTERCHANGES: Final = (0.2, 0.42, 0.535, 0.65, 0.76)
HALF_GAP_M: Final = 14.0
STEP_M: Final = 160.0
RAMP_M: Final = 480.0
SIDE_M: Final = 260.0
ROUNDABOUT_M: Final = 32.0
ROUNDABOUT_NODES: Final = 12

_CARRIAGEWAY: Final = {"highway": "motorway", "ref": NAME, "maxspeed": "130", "oneway": "yes"}
_RAMP: Final = {"highway": "motorway_link", "oneway": "yes", "maxspeed": "70"}


def draw_roundabout(sheet: Sheet, centre: Floats, tags: Mapping[str, str]) -> list[int]:
    """Draw a ring that is driven anticlockwise; its points from the east on."""
    angle = 2 * np.pi * np.arange(ROUNDABOUT_NODES) / ROUNDABOUT_NODES
    ring = centre + ROUNDABOUT_M * np.column_stack([np.cos(angle), np.sin(angle)])
    nodes = sheet.place(ring)
    sheet.draw([*nodes, nodes[0]], {**tags, "junction": "roundabout"})
    return nodes


def entry(sheet: Sheet, ring: list[int], towards: Floats) -> int:
    """Return the point of a roundabout nearest to a place."""
    away = [float(np.hypot(*(sheet.at(node) - towards))) for node in ring]
    return ring[int(np.argmin(away))]


def draw_motorway(sheet: Sheet) -> list[list[int]]:
    """Draw the motorway and return its roundabouts, which roads must still reach."""
    course = shapely.LineString(COURSE_M)
    places = [share * course.length for share in INTERCHANGES]
    ends = [_interchange(sheet, course, at, sign) for at, sign in ((0.0, 0), (course.length, 0))]
    rings = [_interchange(sheet, course, at, -1) for at in places]
    # Cars keep right: eastward south of the axis, westward north of it.
    for side in (-1, 1):
        _carriageway(sheet, course, side, ends, list(zip(places, rings, strict=True)))
    return [*rings, *ends]


def _interchange(sheet: Sheet, course: shapely.LineString, at_m: float, side: int) -> list[int]:
    centre = _beside(course, at_m, side * SIDE_M)
    return draw_roundabout(sheet, centre, {"highway": "primary", "maxspeed": "50"})


def _carriageway(
    sheet: Sheet,
    course: shapely.LineString,
    side: int,
    ends: list[list[int]],
    exits: list[tuple[float, list[int]]],
) -> None:
    steps = np.arange(2 * STEP_M, course.length - 1.5 * STEP_M, STEP_M)
    points = np.array([_beside(course, float(at), side * HALF_GAP_M) for at in steps])
    nodes = sheet.place(points)
    ahead = -side  # +1 eastward
    sheet_order = nodes if ahead > 0 else nodes[::-1]
    first, last = (ends[0], ends[1]) if ahead > 0 else (ends[1], ends[0])
    start = entry(sheet, first, sheet.at(sheet_order[0]))
    stop = entry(sheet, last, sheet.at(sheet_order[-1]))
    sheet.draw([start, *sheet_order, stop], _CARRIAGEWAY)
    for at_m, ring in exits:
        leave = nodes[int(np.argmin(np.abs(steps - (at_m - ahead * RAMP_M))))]
        join = nodes[int(np.argmin(np.abs(steps - (at_m + ahead * RAMP_M))))]
        _ramp(sheet, leave, entry(sheet, ring, sheet.at(leave)))
        _ramp(sheet, entry(sheet, ring, sheet.at(join)), join)


def _ramp(sheet: Sheet, start: int, end: int) -> None:
    shares = np.linspace(0.0, 1.0, 7)[1:-1, None]
    between = sheet.at(start) * (1 - shares) + sheet.at(end) * shares
    sheet.draw_line(start, between, end, _RAMP)


def _beside(course: shapely.LineString, at_m: float, left_m: float) -> Floats:
    """Return the point at a distance along the course, and so far to its left."""
    here = course.interpolate(at_m)
    back, ahead = (course.interpolate(max(at_m + step, 0.0)) for step in (-300.0, 300.0))
    along = np.array([ahead.x - back.x, ahead.y - back.y])
    along /= np.hypot(*along)
    return np.array([here.x, here.y]) + left_m * np.array([-along[1], along[0]])
