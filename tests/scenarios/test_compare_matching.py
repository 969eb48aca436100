"""Matching by hand, and pairings against every possible one."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import worlds
from sdaasp_geo.scenarios.matching import match_facilities
from sdaasp_geo.scenarios.pairing import paired_by_place


def changes(old, new, **options):
    table = match_facilities(worlds.facilities(*old), worlds.facilities(*new), **options).changes
    names = ["change", "facility_old", "facility_new", "count"]
    return [tuple(None if pd.isna(v) else v for v in row) for row in table[names].to_numpy()]


def at(name, x, *, service="bread", unit="u", known_by="position", count=1):
    """Facility at so many metres along a line."""
    return (name, service, unit, x / 1000, 0.0, known_by, count)


def test_the_same_place_is_the_same_facility_whatever_its_number():
    assert changes([at("B203-2", 0)], [at("B203-7", 99)]) == [("kept", "B203-2", "B203-7", 1)]
    assert changes([at("B203-2", 0)], [at("B203-7", 101)]) == [
        ("closed", "B203-2", None, 1),
        ("opened", None, "B203-7", 1),
    ]
    assert changes([at("B203-2", 0)], [at("B203-7", 101)], tolerance_m=102.0)[0][0] == "kept"


def test_an_identifier_follows_a_move_and_a_row_number_does_not():
    assert changes([at("poste-a", 0)], [at("poste-a", 900)]) == [("moved", "poste-a", "poste-a", 1)]
    by_number = changes([at("B203-2", 0)], [at("B203-2", 900)])
    assert [row[0] for row in by_number] == ["closed", "opened"]
    assert changes([at("B203-2", 0)], [at("B203-2", 900)], ids="always")[0][0] == "moved"
    assert [r[0] for r in changes([at("poste-a", 0)], [at("poste-a", 900)], ids="never")] == [
        "closed",
        "opened",
    ]


def test_an_identifier_outweighs_a_nearer_place():
    old = [at("poste-a", 0), at("poste-b", 500)]
    new = [at("poste-a", 500), at("poste-b", 0)]
    assert [row[:3] for row in changes(old, new)] == [
        ("moved", "poste-a", "poste-a"),
        ("moved", "poste-b", "poste-b"),
    ]


def test_as_many_pairs_as_possible_rather_than_the_nearest_first():
    # 60-70 is the nearest pair, and would leave 0 and 160 alone.
    old, new = [at("o1", 0), at("o2", 70)], [at("n1", 60), at("n2", 160)]
    assert [row[:3] for row in changes(old, new)] == [("kept", "o1", "n1"), ("kept", "o2", "n2")]


def test_the_very_same_place_goes_first():
    old, new = [at("o1", 0), at("o2", 50)], [at("n1", 50), at("n2", 140)]
    assert [row[:3] for row in changes(old, new)] == [
        ("closed", "o1", None),
        ("kept", "o2", "n1"),
        ("opened", None, "n2"),
    ]


def test_another_code_at_the_same_place_is_no_opening():
    assert changes([at("D232-1", 0)], [at("D281-1", 0)]) == [("recoded", "D232-1", "D281-1", 1)]
    # Side by side, each keeps its code.
    side_by_side = changes([at("B203-1", 0), at("B201-2", 30)], [at("B201-5", 0), at("B203-6", 30)])
    assert [row[0] for row in side_by_side] == ["kept", "kept"]
    # Codes count only where the basket knows them.
    assert changes([at("D232-1", 0)], [at("D281-1", 0)], codes=["D232"])[0][0] == "kept"


def test_another_service_at_the_same_place_is_recoded_unless_the_names_differ():
    old = worlds.facilities(at("A", 0, service="bread"))
    new = worlds.facilities(at("B", 20, service="doctor"))
    found = match_facilities(old, new)
    assert found.changes["change"].tolist() == ["recoded"]
    assert (found.old_group.tolist(), found.new_group.tolist()) == ([0], [0])
    named = match_facilities(old.assign(name="Chez Paul"), new.assign(name="Dr Martin"))
    assert named.changes["change"].tolist() == ["closed", "opened"]
    same = match_facilities(old.assign(name="Chez Paul"), new.assign(name=" chez paul"))
    assert same.changes["change"].tolist() == ["recoded"]


def test_counts_are_compared_as_counts():
    old = [at("01001-B203", 0, known_by="commune", count=4)]
    new = [at("01001-B203", 0, known_by="commune", count=3)]
    assert changes(old, new) == [("closed", None, None, 1), ("kept", None, None, 3)]
    assert changes(new, old) == [("kept", None, None, 3), ("opened", None, None, 1)]
    found = match_facilities(worlds.facilities(*old), worlds.facilities(*new))
    assert (found.old_group.tolist(), found.old_taken.tolist()) == ([0], [1])
    assert found.new_group.tolist() == [-1]
    assert found.changes["unit_old"].tolist() == ["u", "u"]


def test_counts_against_positions_do_not_tell_which_one_opened():
    old = [at("01001-B203", 0, known_by="commune", count=1)]
    new = [at("B203-1", 300), at("B203-2", 900)]
    found = match_facilities(worlds.facilities(*old), worlds.facilities(*new))
    assert found.changes["change"].tolist() == ["kept", "opened"]
    assert found.changes["which_known"].tolist() == [True, False]
    gone = match_facilities(worlds.facilities(*new), worlds.facilities())
    assert gone.changes["which_known"].all()
    # Where nothing was counted too, these are numbers and truths.
    assert gone.changes[["count", "which_known"]].dtypes.astype(str).tolist() == ["int64", "bool"]


def test_what_is_not_placed_in_either_vintage_does_not_blur_the_others():
    lost = at("B203-9", 0, known_by="commune")
    found = match_facilities(
        worlds.facilities(lost, at("B203-1", 300)), worlds.facilities(lost, at("B203-2", 900))
    )
    assert found.changes["change"].tolist() == ["closed", "kept", "opened"]
    assert found.changes["which_known"].all()
    assert found.changes["facility_old"].tolist()[0] == "B203-1"


def test_counts_of_another_code_are_recoded():
    old = [at("01001-D201", 0, known_by="commune", count=2)]
    new = [at("01001-D265", 0, known_by="commune", count=2)]
    assert [row[0] for row in changes(old, new)] == ["recoded"]


def test_another_service_is_never_matched_by_place_alone_as_kept():
    found = changes([at("a", 0, unit="u")], [at("b", 500, service="doctor")])
    assert [row[0] for row in found] == ["closed", "opened"]


def test_inputs_are_untouched_and_the_order_of_rows_does_not_matter():
    old = worlds.facilities(*(at(f"o{n}", 37 * n) for n in range(9)))
    new = worlds.facilities(*(at(f"n{n}", 41 * n + 5) for n in range(9)))
    before = old.copy(deep=True), new.copy(deep=True)
    found = match_facilities(old, new).changes
    assert old.equals(before[0])
    assert new.equals(before[1])
    shuffled = match_facilities(old.iloc[::-1], new.sample(frac=1, random_state=1)).changes
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(shuffled))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_pairings_are_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    sides = [
        pd.DataFrame(
            {
                "facility": [f"{name}{n}" for n in range(size)],
                "source": "s",
                "x": rng.uniform(0, 200, size),
                "y": rng.uniform(0, 60, size),
            }
        )
        for name, size in zip("on", rng.integers(0, 5, 2), strict=True)
    ]
    old, new = sides
    tolerance = 80.0
    a, b = paired_by_place(old, new, lambda i, _: np.ones(i.size, bool), tolerance_m=tolerance)
    assert len(set(a.tolist())) == len(set(b.tolist())) == a.size
    distance = np.hypot(
        old["x"].to_numpy()[:, None] - new["x"].to_numpy(),
        old["y"].to_numpy()[:, None] - new["y"].to_numpy(),
    )
    short, long = (distance, "row") if len(old) <= len(new) else (distance.T, "column")
    best = (0, 0.0)
    for chosen in itertools.permutations(range(short.shape[1]), short.shape[0]):
        near = [short[n, m] for n, m in enumerate(chosen) if short[n, m] <= tolerance]
        best = max(best, (len(near), -sum(near)))
    found = distance[a, b]
    assert (found <= tolerance).all(), long
    assert (a.size, -found.sum()) == pytest.approx(best)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_every_facility_is_in_one_change(seed):
    rng = np.random.default_rng(seed)

    def vintage(name):
        return worlds.facilities(
            *(
                at(
                    f"{rng.choice(['D201', 'D265', 'x', name])}-{n}",
                    float(rng.uniform(0, 400)),
                    service=str(rng.choice(["bread", "doctor"])),
                    unit=str(rng.choice(["u", "v"])),
                    known_by=str(rng.choice(["commune", "position"])),
                    count=int(rng.integers(1, 4)),
                )
                for n in range(int(rng.integers(1, 7)))
            )
        )

    old, new = vintage("old"), vintage("new")
    found = match_facilities(old, new).changes
    for side, table, real in (("old", old, "opened"), ("new", new, "closed")):
        here = found[found["change"] != real]
        by_service = here.groupby(f"service_{side}")["count"].sum().to_dict()
        # A match by identifier or place is of one facility with one, or of equal numbers.
        assert by_service == table.groupby("service")["count"].sum().to_dict()
    # No two distances are equal here: one pairing is the best, from either side.
    back = match_facilities(new, old).changes
    flipped = {"closed": "opened", "opened": "closed"}
    count = found.groupby("change")["count"].sum().to_dict()
    assert back.groupby("change")["count"].sum().rename(flipped).to_dict() == count
