"""What each table is: columns, types, keys and units, written with pandera.

Ids are strings; `_min` is minutes, `_m` metres, `_kmh` kilometres an hour. Geometry is
in the projected CRS of the territory. A missing value is missing, never a number.
"""

from __future__ import annotations

import pandera.pandas as pa

from sdaasp_geo.tables.gate import expect

COMMUNE_CODE = r"^(\d{2}|2[AB])\d{3}$"
# `published` and `not_published` are of times that somebody else computed (Insee).
KINDS = ("routed", "internal_estimate", "rule_zero", "published")
REASONS = (
    *("bad_position", "unsnapped", "no_facility", "other_component", "beyond_limit"),
    "not_published",
)
# What is known of a position: `commune` stands at the chef-lieu of its commune, whose code
# alone is known or trusted (`known_by` is then "commune"); `far_from_commune` keeps a
# position that does not agree with its commune code.
POSITION_QUALITIES = ("exact", "approximate", "commune", "far_from_commune")

_code = expect(
    pa.Check.str_matches(COMMUNE_CODE),
    "an INSEE commune code of 5 characters (01004, 2A004)",
    "a leading zero eaten by a spreadsheet, or a postcode column",
)
_population = expect(
    pa.Check.ge(0), "a number of inhabitants, 0 or more", "a sign or a missing-value code"
)

COMMUNES = pa.DataFrameSchema(
    {
        "commune": pa.Column(str, _code, unique=True),
        "name": pa.Column(str),
        "departement": pa.Column(str),
        "epci": pa.Column(str, nullable=True),
        "population": pa.Column(float, _population),
        "geometry": pa.Column(None),
        "chef_lieu": pa.Column(None),
        "chef_lieu_kind": pa.Column(str, pa.Check.isin(["given", "interior_point"])),
    },
    name="communes",
)

ARRONDISSEMENTS = pa.DataFrameSchema(
    {
        "arrondissement": pa.Column(str, _code, unique=True),
        "commune": pa.Column(str, _code),
        "name": pa.Column(str),
        "population": pa.Column(float, _population),
        "geometry": pa.Column(None),
    },
    name="arrondissements",
)

PASSAGE = pa.DataFrameSchema(
    {"old": pa.Column(str, _code, unique=True), "commune": pa.Column(str, _code)}, name="passage"
)

ORIGINS = pa.DataFrameSchema(
    {
        "origin": pa.Column(str, unique=True),
        "commune": pa.Column(str),
        "unit": pa.Column(str),
        "known_by": pa.Column(str, pa.Check.isin(["commune", "position"])),
        "population": pa.Column(float, _population),
        "geometry": pa.Column(None),
    },
    name="origins",
)

FACILITIES = pa.DataFrameSchema(
    {
        "facility": pa.Column(str),
        "service": pa.Column(str),
        "commune": pa.Column(str),
        "unit": pa.Column(str),
        "count": pa.Column("int64", pa.Check.ge(1)),
        "known_by": pa.Column(str, pa.Check.isin(["commune", "position"])),
        "position_quality": pa.Column(str, pa.Check.isin(POSITION_QUALITIES)),
        "source": pa.Column(str),
        "vintage": pa.Column(str),
        "geometry": pa.Column(None),
    },
    unique=["source", "facility", "service"],
    name="facilities",
)

SITES = pa.DataFrameSchema(
    {
        "site": pa.Column(str, unique=True),
        "name": pa.Column(str),
        "format": pa.Column(str, nullable=True),
        "operators": pa.Column(str, nullable=True),
        # Lists that tell no hours have no such column.
        "hours_per_week": pa.Column(float, pa.Check.between(0, 168), nullable=True, required=False),
        "commune": pa.Column(str),
        "unit": pa.Column(str),
        "known_by": pa.Column(str, pa.Check.isin(["commune", "position"])),
        "position_quality": pa.Column(str, pa.Check.isin(POSITION_QUALITIES)),
        "source": pa.Column(str),
        "vintage": pa.Column(str),
        "geometry": pa.Column(None),
    },
    name="sites",
)

ROADS = pa.DataFrameSchema(
    {
        "road_class": pa.Column(str),
        "posted_kmh": pa.Column(float, pa.Check.gt(0), nullable=True),
        "duration_min": pa.Column(float, pa.Check.gt(0), nullable=True),
        "oneway": pa.Column(bool),
        "length_factor": pa.Column(float, pa.Check.gt(0)),
        "geometry": pa.Column(None),
    },
    name="roads",
)

# What roads say of their junctions, where junctions cost something: columns of the same
# table, which readers add on demand. A light counts for those who meet it on the stretch
# or at its far end, not for those who leave it behind at the beginning.
ROAD_JUNCTIONS = pa.DataFrameSchema(
    {
        "signals_forward": pa.Column(float, pa.Check.ge(0), coerce=True),
        "signals_backward": pa.Column(float, pa.Check.ge(0), coerce=True),
        "roundabout": pa.Column(bool),
    },
    name="road junctions",
)

ACCESS_TIMES = pa.DataFrameSchema(
    {
        "origin": pa.Column(str),
        "service": pa.Column(str),
        "time_min": pa.Column(float, pa.Check.ge(0), nullable=True),
        "facility": pa.Column(str, nullable=True),
        "kind": pa.Column(str, pa.Check.isin(KINDS), nullable=True),
        "reason": pa.Column(str, pa.Check.isin(REASONS), nullable=True),
    },
    unique=["origin", "service"],
    name="access times",
)
