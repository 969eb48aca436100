"""Our times against published ones: figures worked out by hand, then numpy as an oracle."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdaasp_geo.indicators.insee_comparison import compare_with_insee

ORIGINS = pd.DataFrame(
    {
        "origin": ["a", "b", "c", "d"],
        "commune": ["13001", "13001", "13002", "13003"],
        "population": [30.0, 10.0, 20.0, 0.0],
    }
)


def table(service="poste", **minutes):
    """An access-times table of one service."""
    return pd.DataFrame(
        {
            "origin": pd.Series(list(minutes), dtype="str"),
            "service": service,
            "time_min": [np.nan if value is None else float(value) for value in minutes.values()],
        }
    )


def left_out(found):
    return {(line.service, line.reason): line.pairs for line in found.left_out.itertuples()}


def test_communes_by_hand():
    ours = table(a=4, b=8, c=10, d=1)
    published = table(a=5, b=5, c=7, d=1)
    found = compare_with_insee(ours, published, ORIGINS)
    # 13001: (30·4 + 10·8)/40 = 5 against 5; 13002: 10 against 7; nobody lives in 13003.
    assert found.pairs["ours_min"].tolist() == [5.0, 10.0]
    assert found.pairs["published_min"].tolist() == [5.0, 7.0]
    assert found.pairs["population"].tolist() == [40.0, 20.0]
    line = found.by_service.loc["poste"]
    assert line.to_dict() == pytest.approx(
        {
            "pairs": 2,
            "population": 60.0,
            "ours_min": (40 * 5 + 20 * 10) / 60,
            "published_min": (40 * 5 + 20 * 7) / 60,
            "bias_min": (40 * 0 + 20 * 3) / 60,
            "mean_absolute_error_min": 1.0,
            "correlation": 1.0,
        }
    )
    assert found.by_commune["bias_min"].to_dict() == {"13001": 0.0, "13002": 3.0}
    assert found.by_commune["correlation"].isna().all()
    assert left_out(found) == {("poste", "no_inhabitant"): 1}
    pd.testing.assert_series_equal(found.overall.loc["all"], line, check_names=False)


def test_origins_by_hand():
    ours = table(a=4, b=8, c=10)
    published = table(a=5, b=5, c=7)
    found = compare_with_insee(ours, published, ORIGINS, level="origin")
    line = found.by_service.loc["poste"]
    assert line["bias_min"] == pytest.approx((-30 + 30 + 60) / 60)
    assert line["mean_absolute_error_min"] == pytest.approx((30 + 30 + 60) / 60)
    assert found.by_commune.loc["13001", "mean_absolute_error_min"] == pytest.approx(60 / 40)
    # -1 in the one commune of two origins: ours rises where the published one does not.
    assert np.isnan(found.by_commune.loc["13001", "correlation"])
    opposite = compare_with_insee(ours, table(a=9, b=1), ORIGINS, level="origin")
    assert opposite.by_commune.loc["13001", "correlation"] == -1.0


def test_every_pair_that_is_not_compared_is_counted():
    ours = pd.concat([table(a=4, b=None, c=None, d=2), table("gare", a=1)])
    published = pd.concat([table(a=None, b=5, c=None, d=3), table("port", a=1, b=2)])
    found = compare_with_insee(ours, published, ORIGINS, level="origin")
    assert len(found.pairs) == 0
    assert left_out(found) == {
        ("poste", "no_published_time"): 1,
        ("poste", "no_time_of_ours"): 1,
        ("poste", "no_time_at_all"): 1,
        ("poste", "no_inhabitant"): 1,
        ("gare", "not_published"): 1,
        ("port", "not_ours"): 2,
    }
    people = found.left_out.set_index(["service", "reason"])["population"]
    assert people["port", "not_ours"] == 40.0
    assert found.by_service.empty
    assert found.overall.empty


def test_chefs_lieux_against_squares():
    squares = pd.DataFrame(
        {
            "origin": ["s1", "s2", "s3"],
            "commune": ["13001", "13001", "13009"],
            "population": [1.0, 3.0, 5.0],
        }
    )
    chefs = pd.DataFrame(
        {"origin": ["13001", "13002"], "commune": ["13001", "13002"], "population": [44.0, 20.0]}
    )
    ours = table(**{"13001": 6, "13002": 9})
    published = table(s1=8, s2=4, s3=2)
    found = compare_with_insee(ours, published, chefs, squares)
    # (1·8 + 3·4)/4 = 5, and our inhabitants weigh.
    assert found.pairs[["place", "ours_min", "published_min"]].to_numpy().tolist() == [
        ["13001", 6.0, 5.0]
    ]
    assert found.by_service.loc["poste", ["population", "bias_min"]].tolist() == [44.0, 1.0]
    assert left_out(found) == {("poste", "not_published"): 1, ("poste", "not_ours"): 1}
    assert found.left_out["population"].sum() == 20.0 + 5.0


def test_services_stand_in_the_order_of_our_table():
    services = ["urgences", "poste", "gare"]
    ours = pd.concat([table(name, a=1, c=2) for name in services])
    published = pd.concat([table(name, a=1, c=2) for name in reversed(services)])
    found = compare_with_insee(ours, published, ORIGINS)
    assert found.by_service.index.tolist() == services
    assert found.by_commune.index.tolist() == ["13001", "13002"]
    assert found.by_commune["pairs"].tolist() == [3, 3]


def test_tables_that_do_not_fit_are_refused():
    good = table(a=1)
    with pytest.raises(ValueError, match="times: expected the origins given with it, found 'z'"):
        compare_with_insee(table(z=1), good, ORIGINS)
    with pytest.raises(ValueError, match="published: expected the origins"):
        compare_with_insee(good, good, ORIGINS, ORIGINS[1:])
    with pytest.raises(ValueError, match="published: expected each origin"):
        compare_with_insee(good, pd.concat([good, good]), ORIGINS)


@st.composite
def worlds(draw):
    count = draw(st.integers(1, 8))
    minutes = st.one_of(st.none(), st.floats(0, 60).map(lambda value: round(value, 2)))
    origins = pd.DataFrame(
        {
            "origin": [f"o{number}" for number in range(count)],
            "commune": draw(st.lists(st.sampled_from("ABC"), min_size=count, max_size=count)),
            "population": draw(
                st.lists(st.sampled_from([0.0, 1.0, 7.5]), min_size=count, max_size=count)
            ),
        }
    )
    sides = []
    for _ in range(2):
        drawn = [
            table(service, **{f"o{n}": draw(minutes) for n in range(count) if draw(st.booleans())})
            for service in ("poste", "gare")
        ]
        sides.append(pd.concat(drawn, ignore_index=True))
    return origins, *sides


@settings(max_examples=40, deadline=None)
@given(world=worlds(), level=st.sampled_from(["commune", "origin"]))
def test_against_numpy_and_nothing_is_lost(world, level):
    origins, ours, published = world
    before = [frame.copy(deep=True) for frame in world]
    found = compare_with_insee(ours, published, origins, level=level)
    for frame, copy in zip(world, before, strict=True):
        pd.testing.assert_frame_equal(frame, copy)
    commune = dict(zip(origins["origin"], origins["commune"], strict=True))
    place = commune if level == "commune" else {name: name for name in commune}
    keys = [
        {
            (place[origin], service)
            for origin, service in zip(side["origin"], side["service"], strict=True)
        }
        for side in (ours, published)
    ]
    assert len(found.pairs) + found.left_out["pairs"].sum() == len(keys[0] | keys[1])
    for service, line in found.by_service.iterrows():
        pairs = found.pairs[found.pairs["service"] == service]
        weight = pairs["population"].to_numpy()
        difference = (pairs["ours_min"] - pairs["published_min"]).to_numpy()
        assert line["bias_min"] == pytest.approx((weight * difference).sum() / weight.sum())
        assert abs(line["bias_min"]) <= line["mean_absolute_error_min"] + 1e-9
        if np.isfinite(line["correlation"]):
            matrix = np.cov(pairs["ours_min"], pairs["published_min"], aweights=weight, ddof=0)
            expected = matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1])
            assert line["correlation"] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(world=worlds())
def test_a_table_agrees_with_itself(world):
    origins, ours, _ = world
    found = compare_with_insee(ours, ours, origins)
    assert (found.pairs["difference_min"] == 0).all()
    assert (found.by_service["mean_absolute_error_min"] == 0).all()
    assert set(found.left_out["reason"]) <= {"no_time_at_all", "no_inhabitant"}
