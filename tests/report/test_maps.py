"""The maps: what they colour, what they say, and that no text is cut or covered."""

import io
import itertools
from collections import Counter

import matplotlib as mpl
import numpy as np
import pytest
import shapely
import toy_diagnostic
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from page_reader import plain
from PIL import Image

from sdaasp_geo.report import style
from sdaasp_geo.report.images import pixels, png_bytes
from sdaasp_geo.report.maps import plot_minutes, plot_remoteness, write_maps
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sheets import draw_theme
from sdaasp_geo.report.tallies import missing_reasons
from sdaasp_geo.report.themes import minutes_theme, remoteness_theme
from sdaasp_geo.report.zonemap import draw_zones

NAMES = [
    "gamme-proximite.png",
    "gamme-superieure.png",
    "panier.png",
    "eloignement.png",
    "zones.png",
    "service-boulangerie.png",
    "service-pharmacie.png",
    "service-maternite.png",
    "service-urgences.png",
]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    told = []
    toy = toy_diagnostic.make()
    folder = tmp_path_factory.mktemp("maps") / "new"
    return write_maps(toy, folder, progress=lambda *x: told.append(x)), told


def texts_of(figure):
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]


def colour_at(axes, picture, point):
    """Return the colour most often drawn around a point of the map, which a name may cover."""
    found = Counter()
    for east, north in itertools.product((-3_600, -2_500, 2_500, 3_600), repeat=2):
        x, y = axes.transData.transform((point.x + east, point.y + north))
        found[tuple(int(v) for v in picture[picture.shape[0] - 1 - int(y), int(x)])] += 1
    return found.most_common(1)[0][0]


def rgb(colour):
    return tuple(round(255 * part) for part in to_rgb(colour))


def test_files_in_order_and_told(written):
    paths, told = written
    assert [path.name for path in paths] == NAMES
    assert {path.parent.name for path in paths} == {"maps"}
    assert told == [(n, len(NAMES), name) for n, name in enumerate(NAMES, start=1)]


def test_files_are_a4_at_150_dots_an_inch(written):
    for path in written[0]:
        with Image.open(path) as image:
            assert sorted(image.size) == [1240, 1753]
            assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
            assert set(image.info) == {"dpi"}


def test_same_bytes(written, frozen_toy, tmp_path):
    again = write_maps(frozen_toy, tmp_path, workers=1)
    for first, second in zip(written[0], again, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name


@pytest.mark.parametrize("column", ["boulangerie", "maternite", "proximite", "basket"])
def test_each_commune_has_the_colour_of_its_time(toy, column):
    axes = plot_minutes(toy, column)
    picture = pixels(axes.get_figure())
    for line in toy.communes.itertuples():
        time = getattr(line, f"{column}_min")
        if np.isnan(time):
            continue
        limits = (5, 10, 15, 20, 30)
        expected = style.RAMP[sum(time >= limit for limit in limits)]
        assert colour_at(axes, picture, line.chef_lieu) == rgb(expected), line.name


def test_each_commune_has_the_colour_of_its_gammes(toy):
    axes = plot_remoteness(toy)
    picture = pixels(axes.get_figure())
    ramp = style.remoteness_ramp(2)
    for line in toy.communes.itertuples():
        assert colour_at(axes, picture, line.chef_lieu) == rgb(ramp[line.remote_gammes])


def test_the_caller_s_axes_and_title_are_used(toy):
    figure = Figure(figsize=(6, 6))
    FigureCanvasAgg(figure)
    ax = figure.add_subplot()
    assert plot_minutes(toy, "maternite", ax=ax, title="Mon $titre$") is ax
    assert ax.get_title() == "Mon $titre$"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[0] == "Moins de 5 min"
    assert labels[-1] == "30 min et plus"
    # The missing class has a line of its own below them, for its reason.
    (below,) = (box for box in ax.artists if hasattr(box, "get_texts"))
    assert below.get_texts()[0].get_text().startswith("Non atteint")
    other = figure.add_subplot()
    assert plot_remoteness(toy, ax=other) is other
    pixels(figure)


def test_an_unknown_column_is_named(toy):
    with pytest.raises(ValueError, match="expected one of boulangerie.*basket, found 'piscine'"):
        plot_minutes(toy, "piscine")


def test_legend_by_hand(toy):
    rows = minutes_theme(toy, "maternite").rows
    # 10 min: 1, 5, 9; 20 min: 2, 6, 10; 30 and 40 min: 3, 7, 11, 4, 8; none: 12.
    assert [(row.communes, row.population) for row in rows] == [
        (0, 0),
        (0, 0),
        (3, 1500),
        (0, 0),
        (3, 1800),
        (5, 3300),
        (1, 1200),
    ]
    assert rows[-1].label == "Non atteint"
    assert rows[-1].share == pytest.approx(1200 / 7800)
    counts = [(row.label, row.communes) for row in remoteness_theme(toy).rows]
    assert counts == [("Aucune gamme", 5), ("1 gamme", 5), ("2 gammes", 2)]


def test_reasons_are_counted_by_commune(toy):
    assert missing_reasons(toy, "maternite") == [("aucun équipement sur le même réseau routier", 1)]
    assert missing_reasons(toy, "urgences") == [("aucun équipement trouvé", 12)]
    assert missing_reasons(toy, "boulangerie") == []
    assert any("(12" in note for note in minutes_theme(toy, "urgences").notes)


def test_the_basket_s_own_threshold_is_counted(toy):
    # (5 + 4 + 40) / 3 min in commune 4 and (5 + 6 + 40) / 3 in 8: above 15. Commune 12 has
    # no maternity ward to count; seven communes are remote from a gamme.
    told = plain(" ".join(minutes_theme(toy, "basket").facts))
    assert "Au-delà du seuil de 15 min : 2 communes, 1 200 habitants." in told
    told = plain(" ".join(minutes_theme(toy, "proximite").facts))
    assert "Au-delà du seuil de 5 min : 4 communes, 4 100 habitants." in told


def sheets(diagnostic):
    backdrop = make_backdrop(diagnostic)
    with style.settings():
        for column in ("maternite", "basket"):
            yield draw_theme(diagnostic, minutes_theme(diagnostic, column), backdrop).figure
        theme = remoteness_theme(diagnostic)
        yield draw_theme(diagnostic, theme, backdrop, with_sites=True).figure
        yield draw_zones(diagnostic, backdrop).figure


def test_no_text_is_cut_or_covered(edge):
    for figure in sheets(edge):
        page = figure.bbox
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
        assert len(boxes) > 10
        for text, box in boxes:
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= page.x1, text
            assert box.y1 <= page.y1, text
        for (one, a), (other, b) in itertools.combinations(boxes, 2):
            across = min(a.x1, b.x1) - max(a.x0, b.x0)
            up = min(a.y1, b.y1) - max(a.y0, b.y0)
            # Line boxes hold room above the letters; a pixel or two of it may be shared.
            assert across <= 1 or up <= 3, (one, other)


@pytest.mark.parametrize(
    "name", ["nobody remote", "nobody reached", "one commune", "strange letters", "nothing around"]
)
def test_unusual_maps_are_drawn(name):
    """Nothing warns (a letter that the font lacks, a hatch without area), nothing is blank."""
    for figure in itertools.islice(sheets(toy_diagnostic.EDGES[name]()), 0, None, 3):
        codes = pixels(figure).astype(np.int64) @ (65_536, 256, 1)
        assert len(np.unique(codes)) > 20


def test_fictional_says_so():
    said = [
        t.get_text()
        for t in texts_of(plot_remoteness(toy_diagnostic.make(fictional=True)).get_figure())
    ]
    assert "TERRITOIRE FICTIF" in said
    real = [t.get_text() for t in texts_of(plot_remoteness(toy_diagnostic.make()).get_figure())]
    assert not any("FICTIF" in text or "fictif" in text for text in real)


def test_small_print_names_sources_and_assumptions(toy):
    said = " ".join(t.get_text() for t in texts_of(plot_minutes(toy, "pharmacie").get_figure()))
    for words in ("a.csv (2024)", "b.gpkg", "25 km/h", "sdaasp_geo 0.0.0", "communes", "habitants"):
        assert words in said.replace("\u00a0", " "), words


def test_a_tall_territory_has_a_tall_sheet():
    tall = toy_diagnostic.make(toy_diagnostic.communes(1, 8))
    wide = toy_diagnostic.make(toy_diagnostic.communes(8, 1))
    for toy, is_tall in ((tall, True), (wide, False)):
        width, height = plot_remoteness(toy).get_figure().get_size_inches()
        assert (height > width) == is_tall


def test_the_caller_s_settings_do_not_count(toy):
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        changed = pixels(plot_minutes(toy, "pharmacie").get_figure())
    assert np.array_equal(changed, pixels(plot_minutes(toy, "pharmacie").get_figure()))


def test_ramp_darkens_step_by_step():
    def lightness(colour):
        return float(np.dot(to_rgb(colour), (0.2126, 0.7152, 0.0722)))

    for ramp in (style.RAMP, style.remoteness_ramp(3)):
        steps = [lightness(colour) for colour in ramp]
        assert all(a - b > 0.04 for a, b in itertools.pairwise(steps))


def test_backdrop(frozen_toy):
    backdrop = make_backdrop(frozen_toy)
    assert len(backdrop.communes) == 12
    assert backdrop.extent == tuple(frozen_toy.communes.total_bounds)
    outline = shapely.linearrings(backdrop.departement[0])
    assert shapely.area(shapely.polygons(outline)) == pytest.approx(1.2e9)
    assert len(backdrop.epci) == 3
    assert backdrop.towns[0].name == "Bourg 12"


def test_png_keeps_flat_colours_exactly():
    picture = np.zeros((50, 60, 3), dtype=np.uint8)
    picture[:, 30:] = (247, 112, 92)
    picture[10:20] = (251, 246, 240)
    content = png_bytes(picture, 150)
    with Image.open(io.BytesIO(content)) as image:
        assert np.array_equal(np.asarray(image.convert("RGB")), picture)
    assert png_bytes(picture, 150) == content
