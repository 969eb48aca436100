"""Far islands and overseas départements: each in a frame and a CRS of its own."""

import dataclasses

import far_territory
import geopandas as gpd
import numpy as np
import pytest
import shapely
import toy_diagnostic
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from shapely import Point

from sdaasp_geo.report import style
from sdaasp_geo.report.images import pixels
from sdaasp_geo.report.plots import plot_minutes, plot_sites, plot_zones
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sheets import draw_theme
from sdaasp_geo.report.smallmultiples import plot_services_sheet
from sdaasp_geo.report.themes import minutes_theme

X0, Y0 = toy_diagnostic.X0, toy_diagnostic.Y0


@pytest.fixture(scope="module")
def far():
    return far_territory.make()


@pytest.fixture(scope="module")
def backdrop(far):
    return make_backdrop(far)


@pytest.fixture(scope="module")
def bakeries(far):
    """The map of bakeries, drawn once."""
    axes = plot_minutes(far, "boulangerie")
    return axes, pixels(axes.get_figure())


def titles(axes):
    return [axes_.texts[0].get_text() for axes_ in axes.child_axes]


def test_the_mainland_keeps_its_frame(backdrop):
    assert backdrop.rows.tolist() == list(range(12))
    assert backdrop.extent == pytest.approx((X0, Y0, X0 + 40_000, Y0 + 30_000))
    # Two départements, of which one is elsewhere: one outline here.
    assert len(backdrop.departement) == 1


def test_an_overseas_departement_is_in_its_official_crs(backdrop):
    found = {inset.title: inset for inset in backdrop.insets}
    assert set(found) == {"La Réunion", "L'Île"}
    reunion = found["La Réunion"]
    assert reunion.crs.to_epsg() == 2975
    assert reunion.rows.tolist() == [far_territory.REUNION]
    assert reunion.extent == pytest.approx(far_territory.REUNION_SQUARE.bounds, abs=1.0)
    assert reunion.scale == pytest.approx(1.0, abs=1e-3)
    middle = far_territory.REUNION_SQUARE.centroid
    assert (reunion.towns[0].x, reunion.towns[0].y) == pytest.approx((middle.x, middle.y), abs=1.0)
    assert found["L'Île"].crs.to_epsg() == 2154
    assert found["L'Île"].extent == pytest.approx((X0 - 150_000, Y0, X0 - 145_000, Y0 + 4_000))


def test_an_island_nearby_stays(far):
    """30 km off a mainland whose diagonal is 50 km is too far, 10 km is not."""
    for away, frames in ((10_000.0, 1), (30_000.0, 2)):
        communes = toy_diagnostic.communes()
        shapes = communes.geometry.to_numpy().copy()
        shapes[11] = shapely.box(X0 - away - 2_000, Y0, X0 - away, Y0 + 2_000)
        moved = communes.set_geometry(shapes, crs=communes.crs)
        moved["chef_lieu"] = gpd.GeoSeries([shape.centroid for shape in shapes], crs=communes.crs)
        assert len(make_backdrop(toy_diagnostic.make(moved)).insets) == frames - 1
    assert len(make_backdrop(toy_diagnostic.make()).insets) == 0


def test_a_far_islet_of_a_commune_has_its_own_frame():
    communes = toy_diagnostic.communes()
    shapes = communes.geometry.to_numpy().copy()
    islet = shapely.box(X0 - 90_000, Y0, X0 - 89_000, Y0 + 1_000)
    shapes[0] = shapely.MultiPolygon([shapes[0], islet])
    backdrop = make_backdrop(toy_diagnostic.make(communes.set_geometry(shapes, crs=communes.crs)))
    assert backdrop.extent == pytest.approx((X0, Y0, X0 + 40_000, Y0 + 30_000))
    (inset,) = backdrop.insets
    assert inset.rows.tolist() == [0]
    assert inset.extent == pytest.approx(islet.bounds)


def test_a_territory_overseas_is_drawn_whole_in_its_own_crs():
    """All twelve squares stand in La Réunion's CRS and are of its département."""
    communes = toy_diagnostic.communes().assign(departement="974")
    for column in ("geometry", "chef_lieu"):
        moved = communes[column].translate(330_000 - X0, 7_660_000 - Y0)
        communes[column] = gpd.GeoSeries(moved.to_numpy(), crs="EPSG:2975")
    toy = toy_diagnostic.make(gpd.GeoDataFrame(communes, geometry="geometry", crs="EPSG:2975"))
    backdrop = make_backdrop(dataclasses.replace(toy, neighbours=toy.neighbours.iloc[:0]))
    assert backdrop.insets == ()
    assert backdrop.crs.to_epsg() == 2975
    assert backdrop.extent == pytest.approx((330_000, 7_660_000, 370_000, 7_690_000))


def test_each_frame_has_the_colours_of_its_communes(far, backdrop, bakeries):
    axes, picture = bakeries
    assert titles(axes) == ["La Réunion", "L'Île"]
    for inner, view in zip(axes.child_axes, backdrop.insets, strict=True):
        west, south, _, north = view.extent
        x, y = inner.transData.transform((west + (north - south) / 8, (south + north) / 2))
        shown = picture[picture.shape[0] - 1 - int(y), int(x)]
        expected = [round(255 * part) for part in to_rgb(style.RAMP[0])]
        assert shown.tolist() == expected, view.title


def test_insets_cover_nothing_and_say_their_scale(backdrop, bakeries):
    axes, _ = bakeries
    low = axes.transData.transform((X0, Y0))[1]
    for inner, view in zip(axes.child_axes, backdrop.insets, strict=True):
        assert inner.get_window_extent().y1 <= low
        bar = next(line for line in inner.lines if len(line.get_xdata()) == 2)
        length_km = float(np.ptp(bar.get_xdata())) / view.scale / 1000
        assert f"{length_km:g}\u00a0km" in [text.get_text() for text in inner.texts]
        (xmin, xmax), (ymin, ymax) = inner.get_xlim(), inner.get_ylim()
        assert xmin <= view.extent[0] < view.extent[2] <= xmax
        assert ymin <= view.extent[1] < view.extent[3] <= ymax


def test_a_site_overseas_is_in_its_inset(far):
    home = far.communes["chef_lieu"].iloc[far_territory.REUNION]
    sites = gpd.GeoDataFrame({"name": ["Ici"]}, geometry=[Point(home)], crs=far.communes.crs)
    axes = plot_sites(dataclasses.replace(far, sites=far.sites.iloc[:0]), sites)
    inner = axes.child_axes[0]
    spots = [(line.get_xdata()[0], line.get_ydata()[0]) for line in inner.lines]
    middle = far_territory.REUNION_SQUARE.centroid
    assert any(np.allclose(spot, (middle.x, middle.y), atol=2.0) for spot in spots)
    assert "Ici" in [text.get_text() for text in inner.texts]
    assert "Ici" not in [text.get_text() for text in axes.texts]


def test_the_other_maps_have_the_insets_too(far):
    zones, services = Figure(figsize=(6, 3)).subplots(1, 2)
    assert titles(plot_zones(far, ax=zones)) == ["La Réunion", "L'Île"]
    small = plot_services_sheet(far, ["boulangerie"], ax=services).child_axes[0]
    assert len(small.child_axes) == 2


@pytest.mark.parametrize("crs", ["EPSG:2154", "EPSG:3857"])
def test_the_scale_bar_is_one_of_ground(crs):
    """Web Mercator shows more metres than there are: 1 / cos(latitude) for each."""
    toy = toy_diagnostic.make()
    communes = toy.communes.assign(chef_lieu=toy.communes["chef_lieu"].to_crs(crs)).to_crs(crs)
    moved = dataclasses.replace(
        toy,
        communes=communes,
        neighbours=toy.neighbours.to_crs(crs),
        zones=toy.zones.to_crs(crs),
    )
    backdrop = make_backdrop(moved)
    middle = toy.communes.union_all().centroid
    latitude = gpd.GeoSeries([middle], crs=toy.communes.crs).to_crs(4326).iloc[0].y
    expected = 1.0 if crs == "EPSG:2154" else 1 / np.cos(np.radians(latitude))
    assert backdrop.scale == pytest.approx(expected, rel=4e-3)
    with style.settings():
        sheet = draw_theme(moved, minutes_theme(moved, "boulangerie"), backdrop)
    halves = [p for p in sheet.figure.findobj(Rectangle) if p.get_linewidth() == 0.7]
    bar_in = sum(patch.get_width() for patch in halves)
    told = [t.get_text() for t in sheet.figure.texts if t.get_text().endswith("\u00a0km")]
    length_m = 1000 * float(told[0].split("\u00a0")[0])
    left, right = sheet.axes.get_xlim()
    width_in = sheet.axes.get_position().width * sheet.figure.get_figwidth()
    assert length_m * expected / (right - left) * width_in == pytest.approx(bar_in, rel=5e-3)


def test_inputs_are_untouched(far):
    before = far.communes.copy(deep=True)
    make_backdrop(far)
    assert before.equals(far.communes)
    assert far.communes.crs.to_epsg() == 2154
