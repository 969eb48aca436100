"""Which ways of an OpenStreetMap extract a car, a walker or a cyclist may use, and how.

The rules follow the stock OSRM profiles ``car.lua``, ``foot.lua`` and ``bicycle.lua``
(v5), but for what each function says. A walker's or a cyclist's road class is a speed of
:data:`~sdaasp_geo.assumptions.CLASS_SPEED_KMH`, since limits are not theirs to keep.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from sdaasp_geo.sources import osm_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sdaasp_geo.sources.osm_tags import Direction, Tags

RoadProfile = Literal["drive", "foot", "bike"]

_MOTORWAYS = frozenset({"motorway", "motorway_link"})
_TRUNKS = frozenset({"trunk", "trunk_link"})
_STREETS = (osm_tags.ROAD_CLASSES - _MOTORWAYS - _TRUNKS) | {"road"}
_WALKED = _STREETS | {"footway", "pedestrian", "path", "track", "steps", "platform"}
_PUSHED = frozenset({"footway", "pedestrian", "platform"})
# Ways made for others, which a sign may open.
_BY_INVITATION = _TRUNKS | {"bridleway"}
_INVITED = frozenset({"yes", "designated", "permissive", "official"})
_BIKE_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys([*_STREETS, "cycleway"], "bike"),
        **dict.fromkeys(_PUSHED, "bike_pushed"),
        "steps": "bike_steps",
        "track": "bike_track",
        "path": "bike_path",
    }
)

_REFUSED_ON_FOOT = (osm_tags.REFUSED - {"foot", "pedestrian"}) | {"use_sidepath"}
_REFUSED_BY_BIKE = (osm_tags.REFUSED - {"bicycle"}) | {"use_sidepath"}
_FOOT_KEYS = ("foot", "access")
_BIKE_KEYS = ("bicycle", "vehicle", "access")

_YES = frozenset({"yes", "1", "true"})
_NO = frozenset({"no", "0", "false"})
_AGAINST = frozenset({"-1", "reverse"})
_CONTRAFLOW = frozenset({"opposite", "opposite_lane", "opposite_track"})
_CYCLEWAYS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")


class Profile(NamedTuple):
    """How one kind of traveller reads the tags of a way.

    Parameters
    ----------
    travellers
        Whom it is about, for messages; ``inhabitants`` are those who may be shut out.
    inhabitants
        The same, as those to whom a way may be closed.
    road_class
        Tags → road class, or None for ways that are not made for them.
    refusal
        Tags → the tag that closes the way, or None.
    direction
        Tags → both ways (0), along (1), against (-1), or None where the hour decides.
    limit_text
        Tags → posted limit as text, empty where none binds them.
    """

    travellers: str
    inhabitants: str
    road_class: Callable[[Tags], str | None]
    refusal: Callable[[Tags], str | None]
    direction: Callable[[Tags], Direction | None]
    limit_text: Callable[[Tags], str]


def foot_class(tags: Tags) -> str | None:
    """Return ``foot``, ``foot_steps`` or ``ferry``, or None for a way not made for walkers.

    Every street but motorways and trunk roads, footways, paths, tracks, steps, and the
    outlines of squares (``area=yes``). Cycleways, bridleways and trunk roads where
    ``foot`` invites.

    Examples
    --------
    >>> foot_class({"highway": "residential"}), foot_class({"highway": "steps"})
    ('foot', 'foot_steps')
    >>> foot_class({"highway": "cycleway"}), foot_class({"highway": "cycleway", "foot": "yes"})
    (None, 'foot')
    """
    highway = tags.get("highway", "")
    if highway in _WALKED:
        return "foot_steps" if highway == "steps" else "foot"
    if tags.get("foot") in _INVITED and (highway in _BY_INVITATION or highway == "cycleway"):
        return "foot"
    return "ferry" if tags.get("route") == "ferry" else None


def foot_refusal(tags: Tags) -> str | None:
    """Return the tag that closes a way to walkers, or None.

    ``foot`` decides, else ``access``, else ``motorroad=yes``.

    Examples
    --------
    >>> foot_refusal({"access": "private", "foot": "yes"}) is None
    True
    >>> foot_refusal({"foot": "use_sidepath"}), foot_refusal({"motorroad": "yes"})
    ('foot=use_sidepath', 'motorroad=yes')
    """
    return _refusal(tags, _FOOT_KEYS, _REFUSED_ON_FOOT)


def foot_direction(tags: Tags) -> Direction:
    """Whether walkers may use a way both ways: always, but for ``oneway:foot``.

    Examples
    --------
    >>> foot_direction({"oneway": "yes"}), foot_direction({"oneway:foot": "yes"})
    (0, 1)
    """
    said = tags.get("oneway:foot", "")
    return -1 if said in _AGAINST else int(said in _YES)  # type: ignore[return-value]


def bike_class(tags: Tags) -> str | None:
    """Return the class of a way for a cyclist, or None for a way not made for one.

    ``bike`` on streets and cycleways, ``bike_path``, ``bike_track``; ``bike_pushed`` on
    footways and pedestrian streets unless ``bicycle`` invites, and wherever it says
    ``dismount``; ``bike_steps``; ``ferry``. Motorways are none, trunk roads and
    bridleways only by invitation.

    Examples
    --------
    >>> bike_class({"highway": "footway"}), bike_class({"highway": "footway", "bicycle": "yes"})
    ('bike_pushed', 'bike')
    >>> bike_class({"highway": "trunk"}) is None
    True
    """
    highway, said = tags.get("highway", ""), tags.get("bicycle", "")
    found = _BIKE_CLASSES.get(highway)
    invited = said in _INVITED
    if (found == "bike_pushed" or highway in _BY_INVITATION) and invited:
        return "bike"
    if found is None:
        return "ferry" if tags.get("route") == "ferry" else None
    return "bike_pushed" if said == "dismount" and found != "bike_steps" else found


def bike_refusal(tags: Tags) -> str | None:
    """Return the tag that closes a way to cyclists, or None.

    ``bicycle`` decides, else ``vehicle``, else ``access``, else ``motorroad=yes``. Nobody
    pushes a bicycle along a way that is closed to it.

    Examples
    --------
    >>> bike_refusal({"vehicle": "no"}), bike_refusal({"vehicle": "no", "bicycle": "yes"})
    ('vehicle=no', None)
    """
    return _refusal(tags, _BIKE_KEYS, _REFUSED_BY_BIKE)


def bike_direction(tags: Tags) -> Direction:
    """Whether a cyclist may ride a way both ways (0), only along (1) or against (-1) it.

    ``oneway:bicycle`` decides; else a contraflow (``cycleway=opposite`` and its kin, or
    ``cycleway:left:oneway=-1`` or ``no``) opens a one-way street; else ``oneway`` or a
    roundabout closes one direction. Nobody pushes a bicycle against the traffic, as in
    OSRM.

    Examples
    --------
    >>> bike_direction({"oneway": "yes"}), bike_direction({"oneway": "yes", "cycleway": "opposite"})
    (1, 0)
    >>> bike_direction({"oneway": "-1", "oneway:bicycle": "no"})
    0
    """
    for key in ("oneway:bicycle", "oneway"):
        said = tags.get(key, "")
        if said in _NO or (key == "oneway" and _has_contraflow(tags)):
            return 0
        if said in _AGAINST:
            return -1
        if said in _YES:
            return 1
    return 1 if osm_tags.is_roundabout(tags) else 0


def _has_contraflow(tags: Tags) -> bool:
    if any(tags.get(key) in _CONTRAFLOW for key in _CYCLEWAYS):
        return True
    # The track is told on one side, the direction in which it is ridden beside it.
    return any(tags.get(f"{key}:oneway") in (_NO | _AGAINST) for key in _CYCLEWAYS[1:])


def _refusal(tags: Tags, keys: tuple[str, ...], refused: frozenset[str]) -> str | None:
    for key in keys:
        if key in tags:
            if {value.strip() for value in tags[key].split(";")} <= refused:
                return f"{key}={tags[key]}"
            break
    # What is open to all traffic is still a road for motors.
    if tags.get("motorroad") == "yes" and keys[0] not in tags:
        return "motorroad=yes"
    return None


def _no_limit(tags: Tags) -> str:  # noqa: ARG001 (a limit binds cars)
    return ""


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "drive": Profile(
            "cars",
            "inhabitants' cars",
            osm_tags.road_class,
            osm_tags.refusal,
            osm_tags.direction,
            osm_tags.limit_text,
        ),
        "foot": Profile("walkers", "walkers", foot_class, foot_refusal, foot_direction, _no_limit),
        "bike": Profile(
            "cyclists", "cyclists", bike_class, bike_refusal, bike_direction, _no_limit
        ),
    }
)
