"""Finer points of the maps: means that leave services out, the shared small print, marks."""

import dataclasses
import io

import numpy as np
import pytest
import shapely
from PIL import Image

from sdaasp_geo.assumptions import Assumptions
from sdaasp_geo.report import style
from sdaasp_geo.report.images import pixels
from sdaasp_geo.report.labels import Placer
from sdaasp_geo.report.maps import plot_minutes, plot_remoteness, write_maps
from sdaasp_geo.report.shapes import make_backdrop, outlines, unknown_land
from sdaasp_geo.report.tallies import partial_means
from sdaasp_geo.report.themes import minutes_theme
from sdaasp_geo.report.zonemap import numbered_zones


def names_on(axes):
    return [text.get_text() for text in axes.texts]


def test_a_mean_without_an_unreached_service_is_hatched_and_told(toy):
    # Commune 12 reaches no maternity ward, which leaves the basket's mean, and nothing of
    # the gamme supérieure; nobody reaches the emergency ward that does not exist.
    assert np.flatnonzero(partial_means(toy, "basket")).tolist() == [11]
    assert not partial_means(toy, "superieure").any()
    assert not partial_means(toy, "maternite").any()
    note = minutes_theme(toy, "basket").notes[-1].replace("\u00a0", " ").replace("\u202f", " ")
    assert note.startswith("Hachures")
    assert "(1 commune, 1 200 habitants)" in note
    chef_lieu = toy.communes["chef_lieu"].iloc[11]
    axes = plot_minutes(toy, "basket")
    picture = pixels(axes.get_figure())
    x, y = axes.transData.transform((chef_lieu.x - 3_000, chef_lieu.y - 3_000)).astype(int)
    row = picture.shape[0] - 1 - y
    spot = picture[row - 8 : row + 8, x - 8 : x + 8].reshape(-1, 3)
    assert len(np.unique(spot, axis=0)) > 1


@pytest.mark.parametrize("rule", ["cap:60", "propagate"])
def test_no_mean_is_partial_under_the_other_rules(toy, rule):
    changed = dataclasses.replace(toy, assumptions=Assumptions(missing_service=rule))
    assert not partial_means(changed, "basket").any()


def test_the_shared_small_print_is_that_of_each_sheet(toy, tmp_path):
    paths = {path.name: path for path in write_maps(toy, tmp_path)}
    whole = pixels(plot_minutes(toy, "pharmacie").get_figure()).astype(int)
    with Image.open(io.BytesIO(paths["service-pharmacie.png"].read_bytes())) as image:
        written = np.asarray(image.convert("RGB")).astype(int)
    # The palette moves only some shades of edges; a missing line would be black on white.
    far = np.abs(whole - written).max(axis=2) > 90
    assert far.mean() < 1e-5
    assert (written[-150:] < 128).any()


def test_names_leave_marks_free_but_do_not_go_missing(toy):
    axes = plot_minutes(toy, "pharmacie")
    placer = Placer(axes)
    spot = placer.spot(*axes.transData.inverted().transform((600.0, 600.0)))
    free = placer.room(spot, (40.0, 10.0), 4.0)
    placer.marks.append(free)
    moved = placer.room(spot, (40.0, 10.0), 4.0)
    assert moved is not None
    assert not moved.touches(free)
    everywhere = dataclasses.replace(free, left=-1e6, bottom=-1e6, right=1e6, top=1e6)
    placer.marks.append(everywhere)
    assert placer.room(spot, (40.0, 10.0), 4.0) == free
    placer.taken.append(everywhere)
    assert placer.room(spot, (40.0, 10.0), 4.0) is None


def test_the_largest_town_is_named_though_a_site_stands_on_it(toy):
    points = toy.communes.set_geometry("chef_lieu", crs=toy.communes.crs)
    sites = points[["commune", "name", "chef_lieu"]].rename(columns={"commune": "site"})
    crowded = dataclasses.replace(toy, sites=sites)
    assert "Bourg 12" in names_on(plot_remoteness(crowded))


def test_beyond_the_known_goes_on_as_what_it_touches(toy):
    # The neighbour lies 20 km deep to the south; sea is known on the other sides.
    backdrop = make_backdrop(toy)
    xmin, ymin, xmax, ymax = backdrop.extent
    south = (xmin + 5_000, ymin - 60_000, xmax - 5_000, ymin)
    north = (xmin + 5_000, ymax, xmax - 5_000, ymax + 60_000)
    assert len(unknown_land(backdrop, south)) == 1
    assert unknown_land(backdrop, north) == []
    assert unknown_land(backdrop, (xmin, ymin, xmax, ymax)) == []


def test_nothing_is_beyond_where_no_neighbour_is_known(toy):
    alone = make_backdrop(dataclasses.replace(toy, neighbours=toy.neighbours.iloc[:0]))
    assert unknown_land(alone, (0.0, 0.0, 1.0, 1.0)) == []


def test_islets_have_no_thick_outline():
    shapes = [shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(20, 0, 21, 1)])]
    assert len(outlines(shapes)) == 2
    assert len(outlines(shapes, least_m2=5.0)) == 1


def test_zones_share_the_list(toy):
    many = toy.zones.iloc[np.zeros(30, dtype=int)].assign(
        zone=range(30), layer=["eloignement"] * 28 + ["panier"] * 2
    )
    marks = [zone.mark for zone in numbered_zones(many)]
    assert marks == [*(str(n) for n in range(1, 11)), "A", "B"]
    assert len(numbered_zones(many.assign(layer="panier"))) == 12


def test_without_facility_the_key_figure_is_no_number(toy):
    theme = minutes_theme(toy, "urgences")
    assert theme.figure == "Non atteint"
    assert theme.facts == ["Aucun équipement connu dans la zone d'étude."]


def test_settings_leave_the_caller_s_alone():
    import matplotlib as mpl  # noqa: PLC0415 - only this test looks at the settings

    before = dict(mpl.rcParams)
    with style.settings():
        assert mpl.rcParams["font.family"] == [style.FONT]
    assert dict(mpl.rcParams) == before
