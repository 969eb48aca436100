"""The k nearest facilities, and all within a time, against one facility at a time."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_times_oracle import SERVICES, world

import worlds
from sdaasp_geo.access.internal import internal_time_min
from sdaasp_geo.access.nearest_facilities import facilities_within, k_nearest_facilities
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.network.road_network import RoadNetwork

RULES = ["routed", "zero", "internal_estimate"]
ROAD = ([(0, 0), (4, 0)], [(4, 0), (6, 0)], [(6, 0), (10, 0)])
FOUR = worlds.facilities(
    ("a", "bread", "v", 1, 0, "position"),
    ("b", "bread", "v", 9, 0.5, "position"),
    ("c", "bread", "v", 5, 0, "position"),
    ("z", "doctor", "v", 4.5, 0, "position"),
)


def every_pair(network, origins, facilities, assumptions):
    """Rows (service, time, by road, facility, kind) of each origin, one facility at a time."""
    routed = worlds.plain(**(assumptions.as_dict() | {"same_commune": "routed"}))
    rule = assumptions.same_commune
    answer = {name: [] for name in origins["origin"]}
    for f, facility in enumerate(facilities.itertuples()):
        alone = nearest_times(network, origins, facilities.iloc[[f]], [facility.service], routed)
        for origin, routed_min in zip(origins.itertuples(), alone["time_min"], strict=True):
            by_commune = "commune" in (origin.known_by, facility.known_by)
            time, kind = routed_min, "routed"
            if by_commune and origin.unit == facility.unit and rule != "routed":
                same = facilities[
                    (facilities["unit"] == origin.unit)
                    & (facilities["service"] == facility.service)
                    & ((facilities["known_by"] == "commune") | (origin.known_by == "commune"))
                ]
                count = int(same["count"].sum())
                inside = float(internal_time_min(origin.unit_area_km2, count, assumptions))
                time, kind = (0.0, "rule_zero") if rule == "zero" else (inside, rule)
            if not np.isnan(time):
                answer[origin.origin].append(
                    (facility.service, time, kind == "routed", facility.facility, kind)
                )
    return {name: sorted(rows) for name, rows in answer.items()}


def expected(pairs, keep):
    """Rows (origin, service, rank, facility, time, kind), cut by `keep(rank, time)`."""
    rows = []
    for origin, known in pairs.items():
        for service in SERVICES:
            mine = [row for row in known if row[0] == service]
            for rank, (_, time, _, facility, kind) in enumerate(mine, start=1):
                if keep(rank, time):
                    rows.append((origin, service, rank, facility, pytest.approx(time), kind))
    return rows


def rows_of(table):
    found = table[table["rank"].notna()]
    columns = ["origin", "service", "rank", "facility", "time_min", "kind"]
    return list(found[columns].itertuples(index=False, name=None))


def made(seed, rule):
    lines, oneway, origins, facilities = world(seed)
    assumptions = worlds.plain(same_commune=rule)
    network = RoadNetwork.from_roads(worlds.roads(*lines, oneway=oneway), assumptions)
    return network, origins, facilities, assumptions


class TestByHand:
    network = worlds.network(*ROAD)

    def test_ranks_names_and_minutes(self):
        origins = worlds.origins(("o", "u", 2, 0))
        table = k_nearest_facilities(
            self.network, origins, FOUR, ["bread", "doctor"], 2, worlds.plain()
        )
        assert rows_of(table) == [
            ("o", "bread", 1, "a", 1.0, "routed"),
            ("o", "bread", 2, "c", 3.0, "routed"),
            ("o", "doctor", 1, "z", 2.5, "routed"),
        ]
        assert table["reason"].isna().all()
        assert table["rank"].dtype == "Int64"

    def test_all_within(self):
        origins = worlds.origins(("o", "u", 5, 0), ("p", "u", 10, 0))
        table = facilities_within(
            self.network, origins, FOUR, ["bread", "doctor"], 4.5, worlds.plain()
        )
        assert rows_of(table) == [
            ("o", "bread", 1, "c", 0.0, "routed"),
            ("o", "bread", 2, "a", 4.0, "routed"),
            ("o", "bread", 3, "b", 4.5, "routed"),
            ("o", "doctor", 1, "z", 0.5, "routed"),
            ("p", "bread", 1, "b", 1.5, "routed"),
        ]
        last = table.iloc[-1]
        assert (last["origin"], last["service"], last["reason"]) == ("p", "doctor", "beyond_limit")
        assert table["rank"].isna().tolist() == [False] * 5 + [True]

    def test_an_origin_that_reaches_none_keeps_a_row_and_its_reason(self):
        origins = worlds.origins(("lost", "u", None, None), ("off", "u", 5, 30), ("o", "u", 5, 0))
        table = k_nearest_facilities(
            self.network, origins, FOUR, ["bread", "court"], 1, worlds.plain()
        )
        reasons = table.set_index(["origin", "service"])["reason"]
        assert reasons["lost", "bread"] == "bad_position"
        assert reasons["off", "bread"] == "unsnapped"
        assert reasons["o", "court"] == "no_facility"
        assert len(table) == 6

    def test_the_limit_of_the_assumptions_holds(self):
        origins = worlds.origins(("o", "u", 2, 0))
        strict = worlds.plain(time_limit_min=2.0)
        for table in (
            k_nearest_facilities(self.network, origins, FOUR, ["bread"], 3, strict),
            facilities_within(self.network, origins, FOUR, ["bread"], 60, strict),
        ):
            assert table["facility"].tolist() == ["a"]

    def test_inputs_are_untouched_and_row_order_does_not_matter(self):
        origins = worlds.origins(("o", "u", 2, 0), ("p", "u", 7, 0))
        before = FOUR.copy(deep=True), origins.copy(deep=True)
        asked = ["bread", "doctor"]
        table = k_nearest_facilities(self.network, origins, FOUR, asked, 2, worlds.plain())
        pd.testing.assert_frame_equal(FOUR, before[0])
        pd.testing.assert_frame_equal(origins, before[1])
        again = k_nearest_facilities(
            self.network, origins, FOUR.iloc[::-1], asked, 2, worlds.plain()
        )
        pd.testing.assert_frame_equal(table, again)

    def test_wrong_questions_are_told(self):
        origins = worlds.origins(("o", "u", 2, 0))
        with pytest.raises(ValueError, match="count: expected at least 1, found 0"):
            k_nearest_facilities(self.network, origins, FOUR, ["bread"], 0, worlds.plain())
        with pytest.raises(ValueError, match="minutes: expected a number above 0, found -2"):
            facilities_within(self.network, origins, FOUR, ["bread"], -2, worlds.plain())

    def test_no_origin_and_no_facility(self):
        nobody = worlds.origins(("o", "u", 2, 0)).iloc[:0]
        assert k_nearest_facilities(self.network, nobody, FOUR, ["bread"], 1, worlds.plain()).empty
        origins = worlds.origins(("o", "u", 2, 0))
        for table in (
            k_nearest_facilities(self.network, origins, FOUR, ["court"], 1, worlds.plain()),
            facilities_within(self.network, origins, FOUR, ["court"], 9, worlds.plain()),
        ):
            assert table["reason"].tolist() == ["no_facility"]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(RULES), st.integers(1, 4))
def test_k_nearest_equal_one_facility_at_a_time(seed, rule, count):
    network, origins, facilities, assumptions = made(seed, rule)
    if network.component_nodes.max() < 2:
        return
    table = k_nearest_facilities(network, origins, facilities, SERVICES, count, assumptions)
    pairs = every_pair(network, origins, facilities, assumptions)
    assert rows_of(table) == expected(pairs, lambda rank, _: rank <= count)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(RULES), st.floats(0.2, 6.0), st.integers(1, 6))
def test_all_within_equal_one_facility_at_a_time(seed, rule, minutes, people):
    network, origins, facilities, assumptions = made(seed, rule)
    if network.component_nodes.max() < 2:
        return
    # Few origins are searched from their side, many from the facilities'.
    origins = origins.iloc[:people]
    table = facilities_within(network, origins, facilities, SERVICES, minutes, assumptions)
    pairs = every_pair(network, origins, facilities, assumptions)
    assert rows_of(table) == expected(pairs, lambda _, time: time <= minutes)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(RULES))
def test_the_first_is_the_nearest(seed, rule):
    network, origins, facilities, assumptions = made(seed, rule)
    if network.component_nodes.max() < 2:
        return
    known = nearest_times(network, origins, facilities, SERVICES, assumptions)
    found = k_nearest_facilities(network, origins, facilities, SERVICES, 3, assumptions)
    first = found[found["rank"].fillna(1) == 1].reset_index(drop=True)
    columns = ["origin", "service", "time_min", "facility", "kind", "reason"]
    pd.testing.assert_frame_equal(first[columns], known[columns])


def test_the_executor_changes_nothing():
    network, origins, facilities, assumptions = made(11, "internal_estimate")
    k_asked = network, origins, facilities, SERVICES, 3, assumptions
    near_asked = network, origins, facilities, SERVICES, 2.0, assumptions
    with ThreadPoolExecutor(2) as executor:
        for ask, asked in ((k_nearest_facilities, k_asked), (facilities_within, near_asked)):
            pd.testing.assert_frame_equal(ask(*asked), ask(*asked, executor=executor))
