import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import box

from sdaasp_geo.indicators.contrast import remote_against_others
from sdaasp_geo.indicators.distribution import share_within, weighted_median
from sdaasp_geo.indicators.zones import contiguous_zones


def strip(flags, *, gap_m=0.0):
    """Six communes of 1 km in a row; `gap_m` opens a gap after the third."""
    count = len(flags)
    left = [1000.0 * i + (gap_m if i > 2 else 0.0) for i in range(count)]
    frame = gpd.GeoDataFrame(
        {
            "commune": [f"0100{i}" for i in range(count)],
            "name": [f"C{i}" for i in range(count)],
            "population": [100.0 * (i + 1) for i in range(count)],
            "basket_min": [float(i) for i in range(count)],
        },
        geometry=[box(x, 0, x + 1000, 1000) for x in left],
        crs="EPSG:2154",
    )
    return frame, pd.Series(flags)


def test_two_zones_by_hand_the_most_populated_first():
    communes, flags = strip([True, True, False, True, True, True])
    zones = contiguous_zones(communes, flags, minutes="basket_min")
    assert zones["zone"].tolist() == [1, 2]
    assert zones["communes"].tolist() == [3, 2]
    assert zones["population"].tolist() == [1500.0, 300.0]
    assert zones["name"].tolist() == ["C5, C4, C3", "C1, C0"]
    assert zones["mean_min"][1] == pytest.approx((100 * 0 + 200 * 1) / 300)
    assert zones.geometry.area.tolist() == [3e6, 2e6]


def test_slivers_touch_and_gaps_do_not():
    together, flags = strip([True] * 6, gap_m=30)
    assert len(contiguous_zones(together, flags, minutes="basket_min")) == 1
    apart, flags = strip([True] * 6, gap_m=80)
    assert len(contiguous_zones(apart, flags, minutes="basket_min")) == 2


def test_no_zone_is_an_empty_table_and_missing_flags_do_not_count():
    communes, _ = strip([True] * 3)
    flags = pd.Series([pd.NA, False, pd.NA], dtype="boolean")
    zones = contiguous_zones(communes, flags, minutes="basket_min")
    assert len(zones) == 0
    assert zones.crs == communes.crs
    assert list(zones.columns) == ["zone", "name", "communes", "population", "mean_min", "geometry"]


def test_share_counts_the_unreached_in_everybody():
    shares = share_within(pd.Series([5.0, 5.1, np.nan]), pd.Series([1, 1, 2]), (5, 30))
    assert shares.tolist() == [0.25, 0.5]


def test_weighted_median_by_hand():
    assert weighted_median(pd.Series([1.0, 2.0, 50.0]), pd.Series([2, 2, 1])) == 2.0
    assert np.isnan(weighted_median(pd.Series([np.nan]), pd.Series([3])))


def test_contrast_leaves_the_unknown_out():
    minutes = pd.DataFrame({"a": [10.0, 2.0, 99.0], "b": [3.0, 0.0, 1.0]})
    remote = pd.Series([True, False, pd.NA], dtype="boolean")
    table = remote_against_others(minutes, pd.Series([1.0, 1.0, 9.0]), remote)
    assert table.loc["a"].tolist() == [10.0, 2.0, 8.0, 5.0]
    assert np.isnan(table.loc["b", "ratio"])  # nothing is so many times zero


def test_contrast_without_any_remote_commune():
    table = remote_against_others(pd.DataFrame({"a": [1.0]}), pd.Series([1.0]), pd.Series([False]))
    assert np.isnan(table.loc["a", "remote_min"])
    assert table.loc["a", "others_min"] == 1.0
