"""What is put into the page: every digit kept, the drawing closed, nothing that could run."""

import base64
import hashlib
import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import toy_diagnostic
from hypothesis import given, settings
from hypothesis import strategies as st
from page_driving import oracle, weighted

import sdaasp_geo as sg
from scenarios import toy_scenarios
from sdaasp_geo.diagnostic.model import Diagnostic
from sdaasp_geo.indicators.means import basket_means, population_mean
from sdaasp_geo.pipeline.write import write_diagnostic
from sdaasp_geo.report.observatory import extra, rows
from sdaasp_geo.report.observatory.content import content, scenario_names
from sdaasp_geo.report.observatory.drawing import draw
from sdaasp_geo.report.observatory.packing import script_json
from sdaasp_geo.report.observatory.page import render

FLOAT, WORD = "<f8", "<i4"


def unpacked(text, kind=FLOAT):
    return np.frombuffer(base64.b64decode(text), dtype=kind)


def same(left, right):
    np.testing.assert_array_equal(np.asarray(left, float), np.asarray(right, float))


@pytest.fixture(scope="module")
def row():
    """Four communes in a row, and a second CAF in the third."""
    diagnostic = toy_scenarios.row()
    desk = sg.Opening("MSAP", services=(toy_scenarios.CAF,), unit="01003")
    return diagnostic, sg.simulate(diagnostic, sg.Scenario("Un guichet", openings=(desk,)))


def test_minutes_keep_every_digit(row):
    diagnostic, gains = row
    told = content(diagnostic, [gains])
    today, after = told["sides"]
    for item in (*diagnostic.basket.service_ids, *diagnostic.basket.gamme_ids, "basket"):
        same(unpacked(today["minutes"][item]), diagnostic.communes[f"{item}_min"])
    assert set(after["minutes"]) == {"point_accueil_caf", "intermediaire", "basket"}
    for item, text in after["minutes"].items():
        same(unpacked(text), gains.communes[f"{item}_after_min"])
        same(unpacked(after["gain"][item]), gains.communes[f"{item}_gain_min"])
    # By hand: Aa 0, Bé 10, Cé 20 minutes from the CAF; with one in Cé, 0, 10 and 0.
    assert unpacked(after["gain"]["point_accueil_caf"]).tolist() == [0.0, 0.0, 20.0]


def test_nearest_places_are_named_with_their_commune(row):
    told = content(row[0], [row[1]])
    today, after = told["sides"]
    ranks = unpacked(today["nearest"]["maternite"], WORD)
    assert [told["places"][rank] for rank in ranks] == [["", "Dé", "02001"]] * 3
    ranks = unpacked(after["nearest"]["point_accueil_caf"], WORD)
    assert told["places"][ranks[2]] == ["MSAP", "Cé", "01003"]


def test_sites_of_today_and_of_the_scenario(row):
    sites = content(row[0], [row[1]])["sites"]
    assert [(site["kind"], site["side"], site["name"], site["commune"]) for site in sites] == [
        ("existing", 0, "France services Bé", "Bé"),
        ("existing", 0, "France services Dé", "Dé"),
        ("open", 1, "MSAP", "Cé"),
    ]
    assert "Point d'accueil CAF" in sites[2]["detail"]


def test_who_lacks_a_service_and_why():
    toy = toy_diagnostic.make()
    lacking = content(toy, [])["sides"][0]["lacking"]
    # The last commune's roads lead to no maternity ward; nobody offers an emergency ward.
    assert [11, 2, ["other_component"], 1200.0] in lacking
    assert sum(line[2] == ["no_facility"] for line in lacking) == 12
    assert content(toy, [])["sides"][0]["measured"] == [1, 1, 1, 0]


@pytest.mark.parametrize("edge", list(toy_diagnostic.EDGES))
def test_any_diagnostic_has_a_content(edge):
    diagnostic = toy_diagnostic.EDGES[edge]()
    told = json.loads(script_json(content(diagnostic, [])))
    assert len(told["communes"]["code"]) == len(diagnostic.communes)
    assert len(told["map"]["communes"]) == len(diagnostic.communes)


def test_inputs_are_untouched(frozen_toy):
    content(frozen_toy, [])


def corners(text):
    """Corners of a path of M, l, h and v steps, ring by ring."""
    rings = []
    for ring in text.split("z")[:-1]:
        start, *steps = re.findall(r"([Mlhv])(-?\d+)[ ]?(-?\d+)?", ring)
        x, y = int(start[1]), int(start[2])
        points = [(x, y)]
        for letter, first, second in steps:
            x += int(first) if letter in "lh" else 0
            y += int(second) if letter == "l" else int(first) if letter == "v" else 0
            points.append((x, y))
        rings.append(points)
    return rings


def test_squares_are_drawn_where_they_are():
    toy = toy_diagnostic.make()
    drawing = draw(toy)
    frame = drawing.frame
    side = toy_diagnostic.SIDE / frame.unit_m
    for path, box, spot in zip(drawing.communes, drawing.boxes, drawing.spots, strict=True):
        (ring,) = corners(path)
        area = shapely.Polygon(ring).area
        assert area == pytest.approx(side**2, rel=2e-3)
        assert box[0] < spot[0] < box[2]
        assert box[1] < spot[1] < box[3]
    # The first is at the bottom left, and y runs downwards.
    assert drawing.boxes[0][0] < drawing.boxes[3][0]
    assert drawing.boxes[0][1] > drawing.boxes[8][1]
    (outline,) = corners(drawing.outline)
    assert shapely.Polygon(outline).area == pytest.approx(12 * side**2, rel=2e-3)


def test_neighbours_keep_one_border():
    """What two communes share is drawn from the same points, so that no gap opens."""
    rng = np.random.default_rng(0)
    wavy = np.column_stack([np.full(400, 5000.0), np.linspace(0, 10_000, 400)])
    wavy[1:-1, 0] += rng.normal(0, 4, 398)
    left = shapely.Polygon([(0, 0), *wavy, (0, 10_000)])
    right = shapely.Polygon([(10_000, 0), (10_000, 10_000), *wavy[::-1]])
    frame = toy_diagnostic.communes(2, 1)
    frame = frame.set_geometry(gpd.GeoSeries([left, right], crs=toy_diagnostic.CRS))
    chefs = gpd.GeoSeries(frame.representative_point(), crs=toy_diagnostic.CRS)
    drawing = draw(toy_diagnostic.make(frame.assign(chef_lieu=chefs)))
    one, two = (set(corners(path)[0]) for path in drawing.communes)
    assert 2 < len(one & two) < 300
    assert len(one | two) - len(one & two) == 4


def test_communes_without_a_polygon():
    frame = toy_diagnostic.communes()
    shapes = frame.geometry.to_numpy().copy()
    shapes[0] = None
    shapes[1] = shapely.Polygon()
    chefs = frame["chef_lieu"].to_numpy().copy()
    chefs[1] = None
    frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=frame.crs))
    frame["chef_lieu"] = gpd.GeoSeries(chefs, crs=frame.crs)
    whole = toy_diagnostic.make()
    communes = whole.communes.set_geometry(frame.geometry)
    communes["chef_lieu"] = frame["chef_lieu"]
    told = content(Diagnostic(**{**vars(whole), "communes": communes}), [])["map"]
    assert told["communes"][:2] == ["", ""]
    assert told["spots"][0] is not None
    assert told["spots"][1] is None
    assert told["boxes"][1] is None


weights = st.dictionaries(
    st.sampled_from(toy_scenarios.BASKET.service_ids), st.floats(0.1, 9), min_size=1
)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    missing=st.sampled_from(["exclude_and_count", "propagate", "cap:60"]),
    chosen=weights,
)
def test_rows_give_the_means_of_the_communes(seed, missing, chosen):
    """Rows put together give what the places of departure give one by one."""
    diagnostic = toy_scenarios.random_world(seed, missing_service=missing, known_by="position")
    expected = oracle(diagnostic, chosen, missing)
    for most in (10_000, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rows, "MOST_ROWS", most)
            told, (minutes,) = rows.departure_rows(
                diagnostic, [(diagnostic.times, diagnostic.basket.service_ids)]
            )
        assert told["exact"] == int(most > 1)
        found = mean_of_rows(diagnostic, told, minutes, chosen, missing)
        own = expected[expected.index.isin(found.index)]
        np.testing.assert_allclose(found, own, rtol=1e-12, atol=1e-12)


def mean_of_rows(diagnostic, told, packed, chosen, missing):
    """Mean of a reader's basket by commune (rank), from the rows that the page has."""
    minutes = pd.DataFrame({name: unpacked(text) for name, text in packed.items()})
    commune = pd.Series(unpacked(told["commune"], WORD), name="commune")
    times = minutes.rename_axis("origin").reset_index()
    times = times.melt("origin", var_name="service", value_name="time_min")
    lost = diagnostic.times.loc[diagnostic.times["reason"] == "no_facility", "service"].unique()
    times["reason"] = np.where(times["service"].isin(lost), "no_facility", None)
    basket = weighted(diagnostic.basket, chosen)
    times = times[times["service"].isin(chosen)]
    own = basket_means(times, basket, how="by_frequency", missing=missing)
    weight = pd.Series(unpacked(told["weight"]))
    return population_mean(own.to_frame(), weight, by=commune)["basket_min"]


def test_the_page_allows_its_own_scripts_and_no_other():
    text = render(toy_diagnostic.make())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    policy = policy.replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    allowed = set(re.findall(r"'sha256-([^']*)'", policy))
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", text, flags=re.DOTALL)
    kinds = [kind.strip() for kind, _ in scripts]
    assert kinds == ['type="application/json" id="data"', 'type="text/plain" id="plotly"', ""]
    digests = {
        base64.b64encode(hashlib.sha256(own.encode()).digest()).decode() for _, own in scripts[1:]
    }
    assert digests == allowed
    assert not re.search(r'(?:src|href)="(?!#)', text[: text.index('id="plotly"')])


def test_the_same_input_gives_the_same_bytes(row, tmp_path):
    first = sg.write_page(row[0], tmp_path / "a.html", gains=[row[1]])
    second = sg.write_page(row[0], tmp_path / "b" / "b.html", gains=[row[1]])
    assert first.read_bytes() == second.read_bytes()
    assert 4.8e6 < first.stat().st_size < 7e6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b"]


def test_scenarios_of_one_name_are_told_apart(row):
    gains = row[1]
    assert scenario_names([gains, gains, gains]) == [
        "Un guichet",
        "Un guichet (2)",
        "Un guichet (3)",
    ]


def test_a_scenario_of_another_diagnostic_is_refused(row):
    with pytest.raises(
        ValueError, match=r"gains: expected scenarios tried on .*Jouet.*'Un guichet'"
    ):
        sg.write_page(toy_diagnostic.make(), "nowhere.html", gains=[row[1]])


def test_without_plotly_nothing_is_written(monkeypatch, tmp_path):
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    toy = toy_diagnostic.make()
    with pytest.raises(sg.MissingExtraError, match=r"pip install 'sdaasp-geo\[page\]'"):
        sg.write_page(toy, tmp_path / "o.html")
    with pytest.raises(sg.MissingExtraError, match="plotly"):
        write_diagnostic(toy, tmp_path / "out", maps=False, page=True)
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(sg.OutputError, match="could not be written"):
        sg.write_page(toy_diagnostic.make(), tmp_path / "file" / "o.html")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_scenarios_are_written_with_their_page(row, tmp_path):
    files = sg.write_gains(row[1], tmp_path / "out", maps=False, page=True)
    page = tmp_path / "out" / "observatoire.html"
    assert page in files
    assert "Un guichet" in page.read_text("utf-8")
    files = sg.write_gains(row[1], tmp_path / "out", maps=False)
    assert not page.exists()
