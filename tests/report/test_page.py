"""The report page: well-formed, self-contained, true to the tables."""

import base64
import dataclasses
import io
import itertools
import re
import shutil

import numpy as np
import pytest
import toy_diagnostic
from page_reader import plain, read_page, rows_of
from PIL import Image

from sdaasp_geo.report import embedded
from sdaasp_geo.report.page import render, write_report

LEAD_MAPS = ["gamme-proximite", "gamme-superieure", "panier", "eloignement", "zones"]
SERVICE_MAPS = [f"service-{service}" for service in toy_diagnostic.BASKET.service_ids]


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """Small pictures in the place of maps, each of its own colour and size."""
    folder = tmp_path_factory.mktemp("maps")
    paths = []
    for number, name in enumerate([*LEAD_MAPS, *SERVICE_MAPS]):
        path = folder / f"{name}.png"
        size = (40 + number, 30) if name != "zones" else (30, 60)
        Image.new("RGB", size, (20 * number, 90, 200)).save(path)
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def page(maps):
    return read_page(render(toy_diagnostic.make(), maps))


def table_of(page, caption):
    return next(t for t in page.all("table") if plain(t.all("caption")[0].text) == caption)


def test_written_where_asked_and_inputs_untouched(frozen_toy, maps, tmp_path):
    path = write_report(frozen_toy, maps, tmp_path / "new")
    assert path == tmp_path / "new" / "rapport.html"
    assert path.read_text("utf-8") == render(frozen_toy, maps)


def test_same_bytes_from_another_folder(maps, tmp_path):
    first = write_report(toy_diagnostic.make(), maps, tmp_path / "a").read_bytes()
    moved = [shutil.copy(path, tmp_path) for path in maps]
    again = write_report(toy_diagnostic.make(), [type(maps[0])(p) for p in moved], tmp_path / "b")
    assert again.read_bytes() == first
    assert str(tmp_path) not in first.decode("utf-8")
    assert str(maps[0].parent) not in first.decode("utf-8")


def test_nothing_is_fetched(page, maps):
    text = render(toy_diagnostic.make(), maps)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert "url(" not in text
    assert "@import" not in text
    assert not page.all("script")
    assert not page.all("link")
    assert all(
        img.attributes["src"].startswith("data:image/png;base64,") for img in page.all("img")
    )


def test_links_lead_somewhere(page):
    beside = {"rejects.csv", "flags.csv", "unused.csv", "provenance.json"}
    hrefs = {link.attributes["href"] for link in page.all("a")}
    assert {href for href in hrefs if not href.startswith("#")} == beside
    for href in hrefs - beside:
        assert page.by_id(href.removeprefix("#")) is not None, href


def ids(element):
    found = [element.attributes["id"]] if "id" in element.attributes else []
    return found + [i for c in element.children if not isinstance(c, str) for i in ids(c)]


def test_accessible(page):
    assert page.all("html")[0].attributes["lang"] == "fr"
    assert len(page.all("h1")) == 1
    levels = [int(tag[1]) for tag in re.findall(r"h[1-6]", " ".join(headings(page)))]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert all(len(img.attributes["alt"]) > 15 for img in page.all("img"))
    alts = [img.attributes["alt"] for img in page.all("img")]
    assert len(set(alts)) == len(alts)
    for table in page.all("table"):
        assert plain(table.all("caption")[0].text)
        assert all("scope" in head.attributes for head in table.all("th"))
    assert len(ids(page)) == len(set(ids(page)))
    for section in page.all("section"):
        assert page.by_id(section.attributes["aria-labelledby"]).tag == "h2"


def headings(element):
    found = []
    for child in element.children:
        if not isinstance(child, str):
            found += [child.tag] if re.fullmatch(r"h[1-6]", child.tag) else []
            found += headings(child)
    return found


def test_every_row_is_as_wide_as_its_head(page):
    for table in page.all("table"):
        width = len(table.all("thead")[0].all("th"))
        assert all(len(row) == width for row in rows_of(table)), table.all("caption")[0].text


def test_key_figures_by_hand(page):
    shown = [(plain(i.all("strong")[0].text), plain(i.all("span")[0].text)) for i in figures(page)]
    # Remote from proximité: 8, 10, 11, 12; from supérieure: 3, 4, 7, 8, 11 (12 cannot tell).
    assert shown[0] == ("7 800", "habitants dans 12 communes")
    assert shown[3] == (
        "7",
        "communes éloignées d'au moins une gamme, où vivent 5 500 habitants",
    )


def figures(page):
    return next(ul for ul in page.all("ul") if ul.attributes.get("class") == "key").all("li")


def test_sentences_by_hand(page):
    text = plain(page.all("main")[0].text)
    assert (
        "7 communes sont éloignées d'au moins une gamme (5 d'une seule et 2 de 2) : "
        "5 500 habitants y vivent, soit 70,5 % de la population." in text
    )
    assert "1 service n'a aucun équipement dans les données reçues : Urgences." in text
    assert "5 min pour la gamme proximité et 25 min pour la gamme supérieure" in text
    assert "jusqu'à 35 km" in text
    assert "Tous les temps sont calculés par la route." in text


def test_table_of_gammes(page):
    first, second, basket = rows_of(table_of(page, "Temps d'accès et éloignement, par gamme"))
    # (6 + column + 2 × row) / 2 min, weighted by 100 × number: 41,000 / 7,800.
    assert first[:7] == ["Proximité", "2", "5,3", "5 min", "4", "4 100", "52,6 %"]
    assert second[:2] == ["Supérieure", "1 sur 2"]
    assert second[3:6] == ["25 min", "5", "3 300"]
    assert basket[0] == "Ensemble du panier"
    assert basket[3] == "–"


def test_remote_communes_most_remote_first(page):
    rows = rows_of(table_of(page, "Communes éloignées d'au moins une gamme"))
    toy = toy_diagnostic.make()
    assert [row[0] for row in rows] == toy.remote_communes["name"].tolist()
    eighth = next(row for row in rows if row[0] == "Bourg 8")
    assert eighth[1:7] == ["800", "proximité et supérieure", "5,5", "40,0", "17,0", eighth[6]]
    assert eighth[6] == "Maternité (40 min), Pharmacie d'officine (6 min), Boulangerie (5 min)"


def test_table_of_services(page):
    rows = {row[0]: row for row in rows_of(table_of(page, "Temps d'accès, par service"))}
    assert list(rows) == ["Boulangerie", "Pharmacie d'officine", "Maternité", "Urgences"]
    assert rows["Maternité"][4:6] == ["40,0", "1 200"]
    assert rows["Urgences"][1:8] == ["0", "–", "–", "–", "7 800", "–", "–"]


def test_bars_hold_all_inhabitants(page):
    bars = [span for span in page.all("span") if span.attributes.get("class") == "bar"]
    assert len(bars) == 3 + 3
    for bar in bars:
        widths = [float(re.search(r"([\d.]+)%", i.attributes["style"])[1]) for i in bar.all("i")]
        assert sum(widths) == pytest.approx(100, abs=0.05)
        assert bar.attributes["aria-label"]


def test_colour_of_a_time_is_that_of_its_class(page):
    table = table_of(page, "Communes éloignées d'au moins une gamme")
    row = next(r for r in table.all("tr") if "Bourg 8" in r.text)
    dots = [span.attributes["class"] for span in row.all("span")]
    assert dots == ["dot c1", "dot c5", "dot c3"]  # 5.5, 40 and 17 minutes


def test_contrast_and_epci(page):
    rows = rows_of(
        table_of(page, "Temps d'accès moyen des habitants des communes éloignées et des autres")
    )
    assert [row[0] for row in rows[:3]] == ["Proximité", "Supérieure", "Panier"]
    assert rows[-1] == ["Urgences", "–", "–", "–", "–"]
    epci = rows_of(table_of(page, "Temps d'accès et éloignement, par EPCI"))
    assert [row[:3] for row in epci] == [
        ["EPCI 200000000", "3", "1 500"],
        ["EPCI 200000001", "3", "1 800"],
        ["EPCI 200000002", "6", "4 500"],
    ]


def test_notes_are_counted_and_french(page):
    assert rows_of(table_of(page, "Lignes écartées, par fichier et par cause")) == [
        ["a.csv", "code commune inconnu", "1"]
    ]
    assert rows_of(table_of(page, "Premières lignes écartées")) == [
        ["a.csv", "5", "code", "=cmd()", "code commune inconnu"]
    ]
    assert rows_of(table_of(page, "Lignes douteuses, par fichier et par cause")) == [
        ["a.csv", "position loin de sa commune : placé à sa commune", "2"]
    ]
    assert rows_of(table_of(page, "Lignes sans emploi, par fichier et par cause")) == [
        ["b.csv", "hors de la zone d'étude", "1 234"]
    ]


def test_only_first_rows_of_long_notes(maps):
    many = toy_diagnostic.notes(
        *(("a.csv", n, "x", "v" * 200, "no identifier") for n in range(2, 5002))
    )
    page = read_page(render(toy_diagnostic.make(rejects=many), maps[:1]))
    rows = rows_of(table_of(page, "Premières lignes écartées"))
    assert [row[1] for row in rows] == [str(n) for n in range(2, 12)]
    assert len(rows[0][3]) < 70
    assert rows_of(table_of(page, "Lignes écartées, par fichier et par cause"))[0][2] == "5 000"


def test_provenance(page):
    assert rows_of(table_of(page, "Fichiers reçus")) == [
        ["a.csv", "équipements", "2024", "ab" * 32],
        ["b.gpkg", "routes", "–", "cd" * 32],
    ]


def test_territory_file_is_shown_and_escaped(maps):
    toy = toy_diagnostic.make()
    told = {"file": "t.toml", "sha256": "ef", "text": 'name = "<i>x</i>"'}
    page = read_page(render(dataclasses.replace(toy, provenance={"territory": told}), maps))
    assert page.all("pre")[0].text == 'name = "<i>x</i>"'


def test_maps_are_where_they_belong(page, maps):
    shown = [figure.attributes["id"] for figure in page.all("figure")]
    assert shown == [f"carte-{name}" for name in [*LEAD_MAPS, *SERVICE_MAPS]]
    zones = page.by_id("carte-zones")
    assert zones.attributes["class"] == "tall"
    image = zones.all("img")[0].attributes
    assert (image["width"], image["height"]) == ("30", "60")
    content = base64.b64decode(image["src"].partition(",")[2])
    assert content == next(path for path in maps if path.stem == "zones").read_bytes()


def test_maps_that_are_not_given_are_not_named(maps):
    page = read_page(render(toy_diagnostic.make(), []))
    assert not page.all("figure")
    only = read_page(render(toy_diagnostic.make(), maps[-1:]))
    services = table_of(only, "Temps d'accès, par service")
    assert [plain(link.text) for link in services.all("a")] == ["Urgences"]


def test_an_unknown_map_comes_last(maps, tmp_path):
    extra = tmp_path / "essai.png"
    shutil.copy(maps[0], extra)
    page = read_page(render(toy_diagnostic.make(), [extra, *maps]))
    assert page.all("figure")[-1].attributes["id"] == "carte-essai"


def test_names_are_never_markup(maps):
    page = read_page(render(toy_diagnostic.EDGES["markup"](), maps))
    assert not page.all("script")
    assert not page.all("b")
    assert "<script>alert('x')</script> & $x^2$" in page.text
    assert "<b>Jouet</b> (99)" in page.all("h1")[0].text


def test_fictional_says_so(maps, page):
    assert "FICTIF" not in page.text
    fictional = read_page(render(toy_diagnostic.make(fictional=True), maps))
    assert "TERRITOIRE FICTIF" in fictional.all("body")[0].text
    assert "territoire fictif" in fictional.all("title")[0].text


def test_nobody_remote(maps):
    text = plain(read_page(render(toy_diagnostic.EDGES["nobody remote"](), maps)).text)
    assert "Aucune commune n'est éloignée d'une gamme" in text
    assert "Sans commune éloignée, il n'y a rien à comparer" in text
    assert "Aucune zone" in text


def test_undetermined_is_told(maps):
    frame = toy_diagnostic.near()
    frame.loc[4, "maternite_min"] = np.nan
    text = plain(read_page(render(toy_diagnostic.make(frame), maps)).text)
    assert "L'éloignement de 1 commune n'est pas déterminé" in text
    assert "faute d'un temps vers une partie des services : Bourg 5." in text
    people = (
        f"{int(frame.loc[4, 'population'])} habitants, dans 1 lieu de départ, n'ont aucun temps"
    )
    assert people in text.replace("\u202f", "").replace("\u00a0", " ")


def test_without_epci(maps):
    frame = toy_diagnostic.communes()
    frame.loc[0, "epci"] = None
    text = plain(read_page(render(toy_diagnostic.make(frame), maps)).text)
    assert "1 commune sans EPCI dans les données reçues" in text
    nobody = plain(read_page(render(toy_diagnostic.EDGES["no EPCI"](), maps)).text)
    assert "Aucune commune n'a d'EPCI" in nobody


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"missing_service": "cap:60"}, "compte pour 60 min dans la moyenne"),
        ({"missing_service": "propagate"}, "rend la moyenne de la commune inconnue"),
        ({"same_commune": "zero"}, "le temps est compté pour 0 min"),
        ({"same_commune": "routed"}, "toujours calculé par la route"),
        ({"time_limit_min": 90.0}, "90,0 min"),
        ({"basket_mean": "median"}, "médiane des services"),
    ],
)
def test_choices_are_told(maps, choices, told):
    toy = toy_diagnostic.make()
    assert told not in plain(read_page(render(toy, maps)).text)
    changed = dataclasses.replace(toy, assumptions=dataclasses.replace(toy.assumptions, **choices))
    assert told in plain(read_page(render(changed, maps)).text)


def test_every_edge_is_a_whole_page(edge, maps):
    text = render(edge, maps)
    page = read_page(text)
    assert len(page.all("section")) == 10
    shown = plain(page.all("body")[0].text)
    assert not re.search(r"\b(nan|NaN|NA|None|NaT|inf)\b|\{\{", shown)
    assert len(rows_of(table_of(page, "Temps d'accès, par service"))) == 4


def test_too_heavy_maps_are_reduced(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}.png"
        Image.fromarray(rng.integers(0, 255, (200, 300, 3), dtype=np.uint8)).save(path)
        paths.append(path)
    whole = embedded.embed(paths)
    assert [(picture.width, picture.height) for picture in whole] == [(300, 200)] * 2
    budget = sum(path.stat().st_size for path in paths) // 2
    small = embedded.embed(paths, budget_bytes=budget)
    sizes = [len(base64.b64decode(picture.source.partition(",")[2])) for picture in small]
    assert sum(sizes) <= budget
    for picture in small:
        image = Image.open(io.BytesIO(base64.b64decode(picture.source.partition(",")[2])))
        assert image.size == (picture.width, picture.height)
        assert picture.width / picture.height == pytest.approx(1.5, rel=0.02)
        assert picture.width < 300
    assert embedded.embed(paths, budget_bytes=budget) == small
