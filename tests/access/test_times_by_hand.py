import numpy as np
import pandas as pd
import pytest

import worlds
from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import ACCESS_TIMES

# A road of 10 km in three stretches, and a side road at km 4.
ROAD = ([(0, 0), (4, 0)], [(4, 0), (6, 0)], [(6, 0), (10, 0)], [(4, 0), (4, 3)])


def asked(origins, facilities, services=("bread",), *, lines=ROAD, oneway=(), **choices):
    assumptions = worlds.plain(**choices)
    network = worlds.network(*lines, oneway=oneway, assumptions=assumptions)
    return nearest_times(network, origins, facilities, list(services), assumptions)


def minutes(table):
    return table["time_min"].tolist()


def test_access_legs_count_at_both_ends():
    table = asked(
        worlds.origins(("o", "u", 1, 0.5)),
        worlds.facilities(("f", "bread", "v", 9, -0.25, "position")),
    )
    assert minutes(table) == [0.5 + 8 + 0.25]
    assert table.loc[0, ["facility", "kind"]].tolist() == ["f", "routed"]
    assert pd.isna(table.loc[0, "reason"])


def test_the_same_street_needs_no_junction():
    table = asked(
        worlds.origins(("o", "u", 1, 0)), worlds.facilities(("f", "bread", "v", 3, 0, "position"))
    )
    assert minutes(table) == [2.0]


def test_against_a_one_way_street_one_goes_round():
    ring = ([(0, 0), (4, 0)], [(4, 0), (4, 4)], [(4, 4), (0, 4)], [(0, 4), (0, 0)])
    facilities = worlds.facilities(("f", "bread", "v", 1, 0, "position"))
    before = asked(worlds.origins(("o", "u", 3, 0)), facilities, lines=ring, oneway=(0, 1, 2, 3))
    assert minutes(before) == [1 + 4 + 4 + 4 + 1.0]
    after = asked(worlds.origins(("o", "u", 0.5, 0)), facilities, lines=ring, oneway=(0, 1, 2, 3))
    assert minutes(after) == [0.5]


def test_nearest_and_ties_by_id():
    table = asked(
        worlds.origins(("o", "u", 5, 0)),
        worlds.facilities(
            ("z", "bread", "v", 3, 0, "position"),
            ("a", "bread", "w", 7, 0, "position"),
            ("far", "bread", "w", 10, 0, "position"),
        ),
    )
    assert minutes(table) == [2.0]
    assert table.loc[0, "facility"] == "a"


def test_each_missing_time_has_its_reason():
    island = [(50, 50), (52, 50)]
    table = asked(
        worlds.origins(
            ("inland", "u", 1, 0),
            ("isle", "i", 51, 50),
            ("lost", "u", None, None),
            ("off", "u", 5, 30),
        ),
        worlds.facilities(
            ("f", "bread", "v", 3, 0, "position"), ("up", "ski", "v", 5, 40, "position")
        ),
        ("bread", "court", "ski"),
        lines=(*ROAD, island),
    )
    reasons = table.set_index(["origin", "service"])["reason"].unstack()
    assert reasons["bread"].to_dict() == {
        "inland": pytest.approx(np.nan, nan_ok=True),
        "isle": "other_component",
        "lost": "bad_position",
        "off": "unsnapped",
    }
    assert set(reasons["court"]) == {"no_facility"}
    # A service whose every place is far from the roads.
    assert set(reasons.loc[["inland", "isle"], "ski"]) == {"unsnapped"}
    missing = table["time_min"].isna()
    assert (table["reason"].notna() == missing).all()
    assert (table["facility"].notna() == ~missing).all()
    assert not schema_faults(table, ACCESS_TIMES, file="table")


def test_beyond_the_limit():
    origins = worlds.origins(("o", "u", 1, 0), ("p", "u", 8, 0))
    facilities = worlds.facilities(("f", "bread", "v", 9, 0, "position"))
    table = asked(origins, facilities, time_limit_min=5.0)
    assert minutes(table) == pytest.approx([np.nan, 1.0], nan_ok=True)
    assert table["reason"].tolist()[0] == "beyond_limit"


class TestSameCommune:
    """One commune `u` at km 1 with its own bread, another bread at km 3 in `v`."""

    origins = worlds.origins(("u", "u", 1, 0), known_by="commune")
    facilities = worlds.facilities(
        ("own", "bread", "u", 1, 0, "commune", 4), ("other", "bread", "v", 3, 0, "commune")
    )

    def test_zero(self):
        table = asked(self.origins, self.facilities, same_commune="zero")
        assert table.loc[0, ["time_min", "facility", "kind"]].tolist() == [0.0, "own", "rule_zero"]

    def test_estimate(self):
        # 4 km² for 4 facilities: half of a spacing of 1 km.
        table = asked(self.origins, self.facilities, same_commune="internal_estimate")
        found = table.loc[0, ["time_min", "facility", "kind"]].tolist()
        assert found == [0.5, "own", "internal_estimate"]

    def test_a_nearer_place_elsewhere_beats_the_estimate(self):
        wide = self.origins.assign(unit_area_km2=100.0)  # half spacing: 2.5 km
        table = asked(wide, self.facilities, same_commune="internal_estimate")
        assert table.loc[0, ["time_min", "facility", "kind"]].tolist() == [2.0, "other", "routed"]

    def test_routed_speaks_of_no_rule(self):
        table = asked(self.origins, self.facilities, same_commune="routed")
        assert table.loc[0, ["time_min", "facility", "kind"]].tolist() == [0.0, "own", "routed"]

    def test_between_two_positions_everything_is_routed(self):
        origins = worlds.origins(("o", "u", 1, 0))
        facilities = worlds.facilities(("f", "bread", "u", 2, 0, "position"))
        for rule in ("zero", "internal_estimate", "routed"):
            table = asked(origins, facilities, same_commune=rule)
            assert table.loc[0, ["time_min", "kind"]].tolist() == [1.0, "routed"]

    def test_an_exact_origin_and_a_place_known_by_its_commune(self):
        origins = worlds.origins(("o", "u", 2, 0))
        table = asked(origins, self.facilities, same_commune="internal_estimate")
        assert table.loc[0, ["time_min", "kind"]].tolist() == [0.5, "internal_estimate"]

    def test_an_exact_place_of_the_commune_is_routed_for_an_exact_origin(self):
        origins = worlds.origins(("o", "u", 2, 0))
        mixed = worlds.facilities(
            ("own", "bread", "u", 1, 0, "commune"), ("exact", "bread", "u", 2.25, 0, "position")
        )
        table = asked(origins, mixed, same_commune="internal_estimate")
        assert table.loc[0, ["time_min", "facility"]].tolist() == [0.25, "exact"]

    def test_the_rule_needs_no_road(self):
        lost = worlds.origins(("u", "u", None, None), known_by="commune")
        table = asked(lost, self.facilities, same_commune="zero")
        assert minutes(table) == [0.0]

    def test_the_area_is_asked_for(self):
        bare = self.origins.drop(columns="unit_area_km2")
        with pytest.raises(ValueError, match="expected unit_area_km2 above 0 on every row"):
            asked(bare, self.facilities, same_commune="internal_estimate")


def test_inputs_are_untouched_and_row_order_does_not_matter():
    origins = worlds.origins(("o", "u", 5, 0), ("p", "u", 0, 0))
    facilities = worlds.facilities(
        ("z", "bread", "v", 3, 0, "position"), ("a", "bread", "w", 7, 0, "position")
    )
    before = facilities.copy(deep=True), origins.copy(deep=True)
    table = asked(origins, facilities)
    pd.testing.assert_frame_equal(facilities, before[0])
    pd.testing.assert_frame_equal(origins, before[1])
    pd.testing.assert_frame_equal(table, asked(origins, facilities.iloc[::-1]))


def test_no_facility_at_all():
    table = asked(worlds.origins(("o", "u", 5, 0)), worlds.facilities().astype({"count": int}))
    assert table["reason"].tolist() == ["no_facility"]
