"""Facilities from the tags of an OpenStreetMap extract: contributed data, as mapped."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from sdaasp_geo.basket.tag_conditions import EXAMPLE, tag_condition
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.facilities import NO_SERVICE, facilities_table, vintage_text
from sdaasp_geo.sources.names import nearest
from sdaasp_geo.sources.osm_file import DAMAGE, day_of, extract_faults, unreadable
from sdaasp_geo.sources.osm_places import find_places, shapes_of
from sdaasp_geo.sources.positions import UNKNOWN_COMMUNE, place, unit_near
from sdaasp_geo.sources.study import OUTSIDE, ClaimNames, claims_frame
from sdaasp_geo.tables.reading import Notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd
    import numpy.typing as npt

    from sdaasp_geo.basket import Basket
    from sdaasp_geo.basket.tag_conditions import TagCondition
    from sdaasp_geo.sources.osm_places import Place
    from sdaasp_geo.sources.study import StudyArea
    from sdaasp_geo.tables.reading import Reading

    Shapes = npt.NDArray[np.object_]
    Rules = list[tuple[TagCondition, str]]

_NAMES = ClaimNames("commune", "x", "y")
_DETAIL = ("node", "way", "relation")
_LIFE_KEYS = ("disused", "abandoned", "demolished", "razed")
_CLOSED_HOURS = frozenset({"off", "closed"})
# A point drawn beside the building of the same thing, by hand.
_SAME_PLACE_M = 10.0

CLOSED = "closed for good"
NO_PLACE = "no node of it in the file, or a relation that is no multipolygon"


def read_osm_facilities(
    path: str | Path,
    *,
    study: StudyArea,
    basket: Basket,
    services: Mapping[str, str] = MappingProxyType({}),
    vintage: int | str | None = None,
) -> Reading[gpd.GeoDataFrame]:
    """Read the facilities that an OpenStreetMap extract maps.

    Parameters
    ----------
    path
        A ``.osm.pbf`` file with its nodes.
    study
        The land that facilities are wanted on.
    basket
        Its services say by which tags they are known (``osm``), see
        :func:`~sdaasp_geo.basket.tag_conditions.tag_condition`.
    services
        Condition on tags → service id, in the place of the basket's own conditions for
        the services named.
    vintage
        Of the file; its header's day (``2024-01-31``) if None.

    Returns
    -------
    Reading
        Table `FACILITIES` in the CRS of the study area, with `name`; `facility` is
        ``node/12``, ``way/34`` or ``relation/56``. A row of the file is a node, way or
        relation that has one of the keys that the conditions begin with (``amenity``,
        ``shop`` …), nodes first; one that offers two services is two rows of the table.
        A building stands at the centre of its outline, in the commune that holds it.
        What no condition fits is in `unused`, counted by tag, as is what is closed for
        good (``disused=yes``, ``opening_hours=off``) or outside the area. Relations that
        are no multipolygons, and outlines without any node in the file, are rejected. A
        point within 10 m of a building, or a building of a relation, of the same service
        and name, or without one, is flagged: the two may be one place, mapped twice.

    Raises
    ------
    InputError
        If the file is missing, empty, cut short or no PBF, if `services` names an unknown
        service or is no condition, or if no service has a condition.

    Notes
    -----
    OpenStreetMap has no commune codes: the position alone tells. How complete it is
    differs by service and place, which no reader can see.
    """
    path = Path(path)
    rules = _rules(path, basket, services)
    notes = Notes(path.name)
    try:
        found = find_places(
            path, {rule.main[0] for rule, _ in rules}, lambda t: bool(_of(t, rules))
        )
        dated = vintage_text(vintage if vintage is not None else day_of(path))
    except DAMAGE as error:
        raise InputError([unreadable(path, error)]) from error
    _skip(notes, [(tags, NO_SERVICE) for _, tags in found.others], rules)
    shapes = shapes_of(found, study.crs)
    kept = _usable(found.places, shapes, notes, rules)
    places, shapes = [found.places[index] for index in kept], shapes[kept]
    offered = [_of(one.tags, rules) for one in places]
    placed = _placed(places, shapes, study, notes, rules)
    here = [index for index, one in enumerate(places) if one.row in placed.index]
    _flag_twice([places[i] for i in here], shapes[here], [offered[i] for i in here], notes)
    told = _told([places[i] for i in here], [offered[i] for i in here])
    rows = told.join(placed)
    table = facilities_table(rows, source=path.name, vintage=dated, crs=study.places.crs)
    return notes.close(table, found.seen)


def _rules(path: Path, basket: Basket, services: Mapping[str, str]) -> Rules:
    faults = extract_faults(path)
    own = [
        (text, service.id)
        for service in basket.services
        if service.id not in services.values()
        for text in service.osm
    ]
    rules = []
    for text, service in [*own, *services.items()]:
        if service not in basket.service_ids:
            near = nearest(service, basket.service_ids)
            expected = "a service of the basket" + (f" (did you mean {near!r}?)" if near else "")
            faults.append(Fault(path.name, expected, repr(service), column=f"services.{text}"))
        try:
            rules.append((tag_condition(text), service))
        except ValueError:
            expected = f"a condition on tags such as {EXAMPLE!r}"
            faults.append(Fault(path.name, expected, repr(text), column="services"))
    if not rules and not faults:
        expected = f"a condition on tags for some service of {basket.name!r}"
        cause = "a basket without `osm`; name the tags in `services`"
        faults.append(Fault(path.name, expected, "none", cause, column="services"))
    if faults:
        raise InputError(faults)
    return rules


def _of(tags: Mapping[str, str], rules: Rules) -> tuple[str, ...]:
    """Return the services of a place, each once."""
    return tuple(dict.fromkeys(service for rule, service in rules if rule.holds(tags)))


def _main_tag(tags: Mapping[str, str], rules: Rules) -> str:
    keys = dict.fromkeys(rule.main[0] for rule, _ in rules)
    return next((f"{key}={tags[key]}" for key in keys if key in tags), "")


def _skip(notes: Notes, lines: Sequence[tuple[Mapping[str, str], str]], rules: Rules) -> None:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for tags, reason in lines:
        by_reason[reason].append(_main_tag(tags, rules))
    for reason, codes in sorted(by_reason.items()):
        notes.skip(pd.Series(codes, dtype="str"), reason)


def _usable(places: list[Place], shapes: Shapes, notes: Notes, rules: Rules) -> list[int]:
    """Leave out what is closed for good, and what stands nowhere."""
    kept, closed, lost = [], [], []
    for index, one in enumerate(places):
        if _is_closed(one.tags):
            closed.append((one.tags, CLOSED))
        elif shapes[index] is None:
            lost.append(one)
        else:
            kept.append(index)
    _skip(notes, closed, rules)
    if lost:
        rows = pd.Index([one.row for one in lost])
        notes.reject(rows, "nodes", [one.name for one in lost], NO_PLACE)
    return kept


def _is_closed(tags: Mapping[str, str]) -> bool:
    hours = tags.get("opening_hours", "").strip().casefold()
    return hours in _CLOSED_HOURS or any(tags.get(key) == "yes" for key in _LIFE_KEYS)


def _placed(
    places: list[Place], shapes: Shapes, study: StudyArea, notes: Notes, rules: Rules
) -> pd.DataFrame:
    """Find the commune of each place by its position, and leave out those of elsewhere."""
    rows = pd.Index([one.row for one in places], dtype="int64")
    points = shapely.centroid(shapes)
    x, y = shapely.get_x(points), shapely.get_y(points)
    limit_m = study.assumptions.far_from_commune_m
    unit = unit_near(points, study.places, limit_m).set_axis(rows)
    nowhere = unit.isna().to_numpy()
    inside = study.holds(x, y) if study.area is not None else np.zeros(len(rows), dtype=bool)
    told = [
        (one.tags, UNKNOWN_COMMUNE if held else OUTSIDE)
        for one, lost, held in zip(places, nowhere, inside, strict=True)
        if lost
    ]
    _skip(notes, told, rules)
    frame = pd.DataFrame(
        {"commune": unit, "x": [f"{value:.3f}" for value in x], "y": [f"{v:.3f}" for v in y]},
        index=rows,
    )
    claims = claims_frame(frame[~nowhere], _NAMES, crs=study.crs)
    return place(claims, study, notes, names=_NAMES)


def _told(places: list[Place], offered: list[tuple[str, ...]]) -> pd.DataFrame:
    """One row for each service of each place, indexed by row of the file."""
    lines = [
        (one.row, one.name, one.tags.get("name"), service)
        for one, services in zip(places, offered, strict=True)
        for service in services
    ]
    table = pd.DataFrame(lines, columns=["row", "facility", "name", "service"])
    return table.astype({"name": "str"}).set_index("row").assign(count=1)


def _flag_twice(
    places: list[Place], shapes: Shapes, offered: list[tuple[str, ...]], notes: Notes
) -> None:
    """Flag the point beside a building, and the building of a relation, of the same service."""
    if not places:
        return
    tree = shapely.STRtree(shapes)
    ones, others = tree.query(shapes, predicate="dwithin", distance=_SAME_PLACE_M)
    twin: dict[int, int] = {}
    for one, other in zip(ones.tolist(), others.tolist(), strict=True):
        if _may_be_one(places[one], places[other]) and set(offered[one]) & set(offered[other]):
            twin.setdefault(one, other)
    if twin:
        rows = pd.Index([places[one].row for one in twin])
        reasons = [f"maybe the same place as {places[other].name}" for other in twin.values()]
        notes.flag(rows, "name", [places[one].name for one in twin], reasons)


def _may_be_one(one: Place, other: Place) -> bool:
    """Whether two neighbours may be one: drawn in two manners, and not of two names."""
    names = [each.tags.get("name", "").strip().casefold() for each in (one, other)]
    # The place that is drawn in less detail is the one to name: a point, then a way.
    finer = _DETAIL.index(one.kind) < _DETAIL.index(other.kind)
    return finer and (names[0] == names[1] or not all(names))
