"""What the tags of an OpenStreetMap way mean to a car, one way at a time.

The rules follow the stock OSRM car profile (``car.lua``, v5), which Insee's METRIC-OSRM
runs, but for what each function says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    Tags = Mapping[str, str]

Direction = Literal[-1, 0, 1]

ROAD_CLASSES = frozenset(
    {
        *("motorway", "motorway_link", "trunk", "trunk_link"),
        *("primary", "primary_link", "secondary", "secondary_link"),
        *("tertiary", "tertiary_link", "unclassified", "residential"),
        *("living_street", "service"),
    }
)

# From the most general to the most specific: the most specific that is there decides.
_ACCESS_KEYS = ("access", "vehicle", "motor_vehicle", "motorcar")
# A delivery van is no inhabitant: pedestrian streets open to deliveries stay closed.
REFUSED = frozenset(
    {
        *("no", "private", "delivery", "permit", "military", "emergency"),
        *("agricultural", "forestry", "psv", "bus", "taxi", "tourist_bus", "coach"),
        *("foot", "bicycle", "pedestrian", "hgv", "moped", "goods"),
    }
)
_ONEWAY_KEYS = ("oneway", "oneway:vehicle", "oneway:motor_vehicle", "oneway:motorcar")
_ALONG = frozenset({"yes", "1", "true"})
_AGAINST = frozenset({"-1", "reverse"})
_ROUNDABOUTS = frozenset({"roundabout", "circular"})
_SIDES = ("maxspeed:forward", "maxspeed:backward")
_RULE_KEYS = ("maxspeed:type", "zone:maxspeed", "source:maxspeed", "zone:traffic")
# A built-up area sets the limit of its streets, not of what has a slower rule of its own,
# nor of the motorway that crosses it.
_BEYOND_ZONE = frozenset({"motorway", "motorway_link", "living_street", "service"})
_RULE = re.compile(r"[A-Za-z]{2}:\S+")
_CLOCK = re.compile(r"(\d+):(\d{1,2})(?::(\d{1,2}))?")
_ISO_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", re.IGNORECASE)


def road_class(tags: Tags) -> str | None:
    """Return the road class of a way that is made for cars, or None.

    A ``highway`` of one of :data:`ROAD_CLASSES`, or ``ferry`` for ``route=ferry``. Roads
    under construction, tracks, ways for walkers, areas (``area=yes``) and emergency
    access are none.

    Examples
    --------
    >>> road_class({"highway": "tertiary"}), road_class({"route": "ferry"})
    ('tertiary', 'ferry')
    >>> road_class({"highway": "footway"}) is None
    True
    """
    highway = tags.get("highway", "")
    if highway in ROAD_CLASSES and tags.get("area") != "yes":
        return None if tags.get("service") == "emergency_access" else highway
    return "ferry" if tags.get("route") == "ferry" else None


def refusal(tags: Tags) -> str | None:
    """Return the tag that closes a way to an inhabitant's car, or None.

    Of ``access``, ``vehicle``, ``motor_vehicle`` and ``motorcar`` the most specific one
    decides. ``destination``, ``customers`` and ``permissive`` stay open, since every
    journey here ends at a door; ``delivery`` does not. Of several values parted by
    ``;`` one open value is enough. Conditional restrictions are not read.

    Examples
    --------
    >>> refusal({"access": "private"})
    'access=private'
    >>> refusal({"access": "no", "motor_vehicle": "destination"}) is None
    True
    """
    for key in reversed(_ACCESS_KEYS):
        if key in tags:
            values = {value.strip() for value in tags[key].split(";")}
            return f"{key}={tags[key]}" if values <= REFUSED else None
    return None


def direction(tags: Tags) -> Direction | None:
    """Whether a car may drive a way both ways (0), only along (1) or only against (-1) it.

    None for ``oneway=reversible``, whose way depends on the hour. A motorway and a
    roundabout are one-way unless they say no; a motorway link is not, as in OSRM.

    Examples
    --------
    >>> direction({"highway": "residential"}), direction({"oneway": "-1"})
    (0, -1)
    >>> direction({"junction": "roundabout"}), direction({"oneway": "reversible"})
    (1, None)
    """
    said = next((tags[key] for key in reversed(_ONEWAY_KEYS) if key in tags), "")
    if said == "reversible":
        return None
    if said in _AGAINST:
        return -1
    implied = tags.get("highway") == "motorway" or tags.get("junction") in _ROUNDABOUTS
    return 1 if said in _ALONG or (implied and said != "no") else 0


def is_roundabout(tags: Tags) -> bool:
    """Whether a way is a piece of a roundabout, or of a circle without its right of way.

    Examples
    --------
    >>> is_roundabout({"junction": "circular"}), is_roundabout({"highway": "mini_roundabout"})
    (True, False)
    """
    return tags.get("junction") in _ROUNDABOUTS


def signal_directions(tags: Tags) -> tuple[bool, bool]:
    """Whether the lights of a node are for traffic along, and against, the way it is on.

    Examples
    --------
    >>> signal_directions({"highway": "traffic_signals"})
    (True, True)
    >>> signal_directions({"traffic_signals:direction": "backward"})
    (False, True)
    """
    said = tags.get("traffic_signals:direction", "both")
    return said != "backward", said != "forward"


def limit_text(tags: Tags) -> str:
    """Return the posted limit as text, or an empty string.

    ``maxspeed``; in its absence the rule (``FR:urban``) that ``maxspeed:type``,
    ``zone:maxspeed``, ``source:maxspeed`` or ``zone:traffic`` names; the last one not for
    motorways, living streets and service ways. A one-way street has the limit of its
    direction (``maxspeed:forward``, ``maxspeed:backward``); where both directions of a
    street have their own and no limit holds for both, the lower one holds. Limits by hour
    (``maxspeed:conditional``) are not read.

    Examples
    --------
    >>> limit_text({"maxspeed": "50"}), limit_text({"source:maxspeed": "FR:rural"})
    ('50', 'FR:rural')
    >>> limit_text({"source:maxspeed": "sign"})
    ''
    >>> limit_text({"oneway": "yes", "maxspeed": "80", "maxspeed:forward": "70"})
    '70'
    """
    forward, backward = (tags.get(key, "") for key in _SIDES)
    if forward or backward:
        one_way = direction(tags)
        if one_way and (own := forward if one_way > 0 else backward):
            return own
    if text := tags.get("maxspeed", ""):
        return text
    if forward and backward:
        return f"{forward};{backward}"
    return next((tags[key] for key in _RULE_KEYS if key in tags and _is_rule(key, tags)), "")


def _is_rule(key: str, tags: Tags) -> bool:
    if key == "zone:traffic" and tags.get("highway") in _BEYOND_ZONE:
        return False
    return _RULE.fullmatch(tags[key]) is not None


def duration_min(text: str) -> float:
    """Read a ``duration``: minutes, ``HH:MM``, ``HH:MM:SS`` or ``PT1H30M``.

    Raises
    ------
    ValueError
        If the text is none of these, or is no time above 0.

    Examples
    --------
    >>> duration_min("25"), duration_min("01:30"), duration_min("0:02:30"), duration_min("PT1H")
    (25.0, 90.0, 2.5, 60.0)
    """
    text = text.strip()
    minutes = 0.0
    if match := (_CLOCK.fullmatch(text) or _ISO_DURATION.fullmatch(text)):
        hours, mins, seconds = (float(part or 0) for part in match.groups())
        minutes = 60.0 * hours + mins + seconds / 60.0
    elif re.fullmatch(r"\d+(\.\d+)?", text):
        minutes = float(text)
    if minutes <= 0:
        message = f"expected a duration such as '25', '01:30' or 'PT1H', found {text!r}"
        raise ValueError(message)
    return minutes
