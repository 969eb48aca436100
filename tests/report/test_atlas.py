"""The atlas by EPCI: pages whose figures are known by hand, and the whole set of files.

An EPCI is a column of the toy, the last two columns together: 200000000 holds communes 1,
5 and 9 (100, 500 and 900 people), 200000002 communes 3, 7, 11, 4, 8 and 12.
"""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import toy_diagnostic
from page_reader import plain
from PIL import Image

from sdaasp_geo.pipeline.write import write_maps_only
from sdaasp_geo.report import style
from sdaasp_geo.report.atlas import atlas_book, atlas_drawings, draw_index, plot_epci
from sdaasp_geo.report.atlaspages import atlas_pages
from sdaasp_geo.report.drawings import write_book, write_drawings, write_hand
from sdaasp_geo.report.maps import basic_drawings, write_map_set
from sdaasp_geo.report.shapes import make_backdrop
from sdaasp_geo.report.sheets import sheet_texts
from sdaasp_geo.report.themes import minutes_theme

HOSTILE = "<script>alert('1')</script> $x_$ $ 🚌"


@pytest.fixture(scope="module")
def pages(toy):
    return {page.code: page for page in atlas_pages(toy)}


@pytest.fixture(scope="module")
def backdrop(toy):
    return make_backdrop(toy)


def said(axes):
    return [plain(text.get_text()) for text in axes.get_figure().texts]


def test_one_page_an_epci_in_the_order_of_names(toy, pages, backdrop):
    assert list(pages) == ["200000000", "200000001", "200000002"]
    names = [f"atlas/epci-{code}.png" for code in pages]
    assert list(atlas_drawings(toy, backdrop)) == names
    assert len(atlas_book(toy, backdrop)) == 4


def test_figures_by_hand(pages):
    page = pages["200000000"]
    assert np.flatnonzero(page.inside).tolist() == [0, 4, 8]
    assert [plain(fact) for fact in page.facts] == [
        "3 communes, 1 500 habitants.",
        "En commune éloignée : 0 habitant (0 %).",
    ]
    # Bakery 2 min; pharmacy 4, 6 and 8 for 100, 500 and 900 people: (400+3000+7200)/1500 = 7.07.
    assert page.gammes[0][:2] == ("Proximité", "4,5")
    assert page.gammes[1][:2] == ("Supérieure", "10,0")
    assert page.figure.replace("\u00a0", " ") == "6,4 min"
    assert page.remote == []
    # The whole: pharmacy (4·1000 + 6·2600 + 8·4200) / 7800 = 6.82 min.
    assert page.worst == [("Pharmacie d'officine", "7,1", "6,8")]
    assert [(row.communes, row.population) for row in page.classes[:3]] == [
        (0, 0),
        (3, 1500),
        (0, 0),
    ]


def test_what_is_far_comes_first(pages):
    page = pages["200000002"]
    names = [name for name, _ in page.remote]
    # Two gammes (proximité above 5 min, supérieure above 25) before one, then the basket:
    # (5 + 4 + 40) / 3 = 16.3 min in commune 4, the nearest maternity ward out of 12's mean.
    assert names == [f"Bourg {n}" for n in (8, 11, 4, 7, 3, 12)]
    assert plain(dict(page.remote)["Bourg 8"]) == "2 gammes, 17,0 min"
    services = [row[0] for row in page.worst]
    assert services[0] == "Maternité"
    assert "Urgences" not in services  # nobody anywhere has one: no EPCI is behind


def test_a_service_that_an_epci_alone_does_not_reach_is_the_worst():
    frame = toy_diagnostic.communes()
    frame.loc[frame["epci"] == "200000000", "pharmacie_min"] = np.nan
    page = atlas_pages(toy_diagnostic.make(frame))[0]
    assert page.worst[0][:2] == ("Pharmacie d'officine", "non atteint")


def test_a_page_shows_all_of_it(toy):
    axes = plot_epci(toy, "200000000")
    words = said(axes)
    for text in ("200000000", "6,4 min", "Aucune commune éloignée.", "Pharmacie d'officine"):
        assert text in words
    # The square of column 0, framed whole: 10 km of 40, and the communes beside it.
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert left < toy_diagnostic.X0 < toy_diagnostic.X0 + 10_000 < right
    assert low < toy_diagnostic.Y0 < toy_diagnostic.Y0 + 30_000 < high
    assert {t.get_text() for t in axes.texts} == {"Bourg 1", "Bourg 5", "Bourg 9"}
    with pytest.raises(ValueError, match="epci: expected one of 200000000.*found '1'"):
        plot_epci(toy, "1")


def test_a_long_list_is_counted_and_hostile_names_are_but_names():
    frame = toy_diagnostic.communes(40, 3).assign(name=HOSTILE, epci="200000009")
    frame["maternite_min"] = 50.0
    toy = toy_diagnostic.make(frame, name=HOSTILE)
    words = said(plot_epci(toy, "200000009"))
    assert "120 communes éloignées" in words
    listed = sum("gamme" in text and "min" in text and len(text) < 20 for text in words)
    assert f"et {120 - listed} autres." in words
    assert not any(text.startswith("$\\") for text in words)


def test_the_index_numbers_the_pages(toy, pages, backdrop):
    theme = minutes_theme(toy, "basket")
    with style.settings():
        sheet = draw_index(sheet_texts(toy, "Atlas", ""), theme, backdrop, list(pages.values()))
    assert {"2", "3", "4"} <= {text.get_text() for text in sheet.axes.texts}
    assert "4.  200000002" in [text.get_text() for text in sheet.figure.texts]


def test_a_book_has_its_pages_and_the_same_bytes(toy, backdrop, tmp_path):
    book = atlas_book(toy, backdrop)[1:3]
    assert write_book("a.pdf", book, tmp_path) == ["a.pdf"]
    write_book("b.pdf", book, tmp_path)
    content = (tmp_path / "a.pdf").read_bytes()
    assert content == (tmp_path / "b.pdf").read_bytes()
    assert re.search(rb"/Count (\d+)", content)[1] == b"2"
    assert b"CreationDate" not in content


def test_vectors_have_the_same_bytes_and_no_date(toy, backdrop, tmp_path):
    drawings = {"panier.png": basic_drawings(toy, backdrop)["panier.png"]}
    (path,) = write_drawings(drawings, tmp_path, fmt="svg")
    assert path.name == "panier.svg"
    first = path.read_bytes()
    assert first.startswith(b"<?xml")
    assert b"dc:date" not in first
    write_drawings(drawings, tmp_path, fmt="svg")
    assert path.read_bytes() == first


def test_processes_write_what_one_does(toy, backdrop, tmp_path):
    """What is sent to another process comes back as the same bytes, in the same order."""
    every = {**basic_drawings(toy, backdrop), **atlas_drawings(toy, backdrop)}
    some = {name: every[name] for name in ("zones.png", "atlas/epci-200000001.png")}
    told = []
    apart = write_drawings(
        some, tmp_path / "apart", jobs=2, progress=lambda *words: told.append(words)
    )
    here = write_drawings(some, tmp_path / "here")
    assert apart == [tmp_path / "apart" / name for name in some]
    assert told == [(1, 2, "zones.png"), (2, 2, "epci-200000001.png")]
    for one, other in zip(apart, here, strict=True):
        assert one.read_bytes() == other.read_bytes()
        with Image.open(one) as image:
            assert sorted(image.size) == [1240, 1753]
    sent = pickle.loads(pickle.dumps(atlas_book(toy, backdrop)))  # noqa: S301 - our own bytes
    assert len(sent) == 4


def fail():
    """Stand for a map that cannot be drawn."""
    message = "cette carte ne se dessine pas"
    raise RuntimeError(message)


def test_nothing_is_written_where_a_map_fails(toy, tmp_path, monkeypatch):
    def failing(*_args, **_options):
        write_hand({"a.png": fail}, tmp_path, "png")

    monkeypatch.setattr("sdaasp_geo.report.maps.write_drawings", failing)
    with pytest.raises(RuntimeError, match="ne se dessine pas"):
        write_maps_only(toy, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_set_is_told_before_it_is_drawn(toy, tmp_path, monkeypatch):
    asked = {}

    def keep(drawings, target, **options):
        asked.update(options, drawings=drawings, target=target)
        return []

    monkeypatch.setattr("sdaasp_geo.report.maps.write_drawings", keep)
    write_map_set(toy, tmp_path, fmt="svg", jobs=3)
    names = [Path(name).stem for name in asked["drawings"]]
    assert names[:5] == ["gamme-proximite", "gamme-superieure", "panier", "eloignement", "zones"]
    assert names[-6:] == [
        "services",
        "distribution",
        "sites",
        "epci-200000000",
        "epci-200000001",
        "epci-200000002",
    ]
    assert (asked["fmt"], asked["jobs"], asked["target"]) == ("svg", 3, tmp_path / "maps")
    assert list(asked["books"]) == ["atlas.pdf"]
    assert asked["late"]() == {}  # this diagnostic has no roads to search
    pickle.dumps(asked["drawings"])


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"fmt": "gif"}, "fmt: expected one of png, svg, pdf, found 'gif'"),
        ({"jobs": 0}, "jobs: expected 1 or more, found 0"),
    ],
)
def test_wrong_options_are_named(tmp_path, options, fault):
    with pytest.raises(ValueError, match=fault):
        write_drawings({}, tmp_path / "new", **options)


def test_inputs_are_untouched(frozen_toy):
    atlas_pages(frozen_toy)
    basic_drawings(frozen_toy, make_backdrop(frozen_toy))
