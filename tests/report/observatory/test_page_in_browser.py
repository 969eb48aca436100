"""The page in a real browser: each function clicked through, values against the tables."""

import io

import numpy as np
import pandas as pd
import pytest
from page_driving import (
    CLOSING,
    DESKTOP,
    OPENING,
    PHONE,
    close,
    filled,
    fragment,
    oracle,
    plain,
)

from sdaasp_geo.report import french, gainthemes, tallies

SERVICE = "maternite"


def test_it_opens_on_the_basket_with_its_key_figures(example, example_page):
    diagnostic, _ = example
    page = example_page.open(fresh=True)
    means = diagnostic.summary["mean_min"]
    head = page.text("header")
    assert f"{diagnostic.name} (99)" in head
    assert f"{means['basket']:.1f} min".replace(".", ",") in head
    assert "TERRITOIRE FICTIF" in page.text("body")
    assert page.values() == filled(diagnostic.communes["basket_min"])
    above = diagnostic.communes["basket_min"] > diagnostic.thresholds_min["basket"]
    people = int(diagnostic.communes.loc[above, "population"].sum())
    said = page.text("#summary")
    assert f"{above.sum()} communes, où vivent {people:,} habitants".replace(
        ",", " ", 2
    ) in said.replace(",", " ")


def test_every_figure_is_that_of_the_tables(example, example_page):
    """What the browser averages is what the library averages, today and after."""
    diagnostic, gains = example
    page = example_page.open()
    basket = diagnostic.basket
    themes = {f"service.{item}": item for item in basket.service_ids}
    themes |= {f"gamme.{item}": item for item in basket.gamme_ids} | {"panier": "basket"}
    found = page.ask("themes => themes.map(t => [0, 1, 2].map(s => observatoire.computed(t, s)"
                     ".map(v => Number.isNaN(v) ? null : v)))", list(themes))  # fmt: skip
    afters = [diagnostic, *(gain.after for gain in gains)]
    for own, item in zip(found, themes.values(), strict=True):
        for side, after in zip(own, afters, strict=True):
            close(side, after.communes[f"{item}_min"])


def test_map_legend_and_table_follow_the_theme(example, example_page):
    diagnostic, _ = example
    page = example_page.open()
    page.page.select_option("#theme", "gamme.superieure")
    times = diagnostic.communes["superieure_min"]
    ranks = tallies.minute_classes(times)
    lines = tallies.tally(diagnostic, ranks, list(tallies.CLASS_LABELS), "Non atteint")
    legend = page.all_texts("#legend-rows tr")
    assert legend == [
        plain(f"{line.label} {line.communes} {french.number(line.population)}") for line in lines
    ]
    fills = page.ask(
        "[...document.querySelectorAll('.communes [data-commune]')].map(s => s.style.fill)"
    )
    by_class = {rank: {fills[i] for i in np.flatnonzero(ranks == rank)} for rank in set(ranks)}
    assert all(len(own) <= 2 for own in by_class.values())
    assert len({min(own) for own in by_class.values()}) == len(by_class)
    first = page.text("#table-rows tr:first-child")
    farthest = diagnostic.communes.loc[times.idxmax()]
    assert first.startswith(farthest["name"])
    assert plain(french.minutes(times.max())) in first
    assert page.state()["theme"] == "gamme.superieure"
    page.ask(
        "told => new Promise(done => { const look = () =>"
        " location.hash.includes(told) ? done() : setTimeout(look, 20); look(); })",
        "theme=gamme.superieure",
    )


def test_the_threshold_recolours_and_recounts(example, example_page):
    diagnostic, _ = example
    page = example_page.open(fragment(theme="service.pharmacie"))
    times, people = diagnostic.communes["pharmacie_min"], diagnostic.communes["population"]
    slider = page.page.locator("#threshold")
    slider.focus()
    assert page.state()["threshold"] is None
    # A service is far where its gamme is: above 6 min here.
    assert page.page.input_value("#threshold-number") == "6"
    slider.fill("7")
    slider.press("ArrowRight")
    assert page.state()["threshold"] == 7.5
    above = times > 7.5
    legend = page.all_texts("#legend-rows tr")
    told = [(times <= 7.5, "7,5 min ou moins"), (above, "Plus de 7,5 min")]
    assert legend == [
        plain(f"{words} {which.sum()} {french.number(people[which].sum())}")
        for which, words in told
    ]
    assert (
        f"{above.sum()} communes, où vivent {plain(french.number(people[above].sum()))}"
        in page.text("#summary")
    )
    colours = page.ask(
        "[...document.querySelectorAll('.communes [data-commune]')].map(s => s.style.fill)"
    )
    assert len({colours[i] for i in np.flatnonzero(above)}) == 1
    assert len(set(colours)) == 2
    page.page.uncheck("#coloured")
    assert page.count("#legend-rows tr") == 6
    page.page.fill("#threshold-number", "20")
    page.page.press("#threshold-number", "Tab")
    assert page.state()["threshold"] == 20
    assert f"{(times > 20).sum()} commune" in page.text("#summary")


def test_the_reader_composes_a_basket(example, example_page):
    diagnostic, gains = example
    page = example_page.open()
    page.page.click("#composer summary")
    assert page.page.locator("#tick-none").is_visible()
    page.page.click("#tick-none")
    assert page.state()["basket"] == {}
    assert "Aucun habitant" in page.text("#summary")
    chosen = {"pharmacie": 3.0, "maternite": 1.0, "point_accueil_caf": 0.5}
    for service, weight in chosen.items():
        line = page.page.locator(f"[data-service={service}]")
        line.locator("[type=checkbox]").check()
        line.locator("[type=number]").fill(str(weight))
    assert page.state()["basket"] == chosen
    assert page.text("#map-title") == "Votre panier"
    expected = oracle(diagnostic, chosen, "exclude_and_count")
    close(page.values(), expected)
    page.page.check("[name=view][value=apres]", force=True)
    close(page.values(), oracle(gains[0].after, chosen, "exclude_and_count"))
    page.page.check("[name=view][value=ecart]", force=True)
    close(page.values(), expected - oracle(gains[0].after, chosen, "exclude_and_count"))
    # A weight that is none leaves its service out, and is shown as wrong.
    wrong = page.page.locator("[data-service=maternite] [type=number]")
    wrong.fill("0")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert set(page.state()["basket"]) == {"pharmacie", "point_accueil_caf"}
    # The link carries the basket.
    link = page.page.input_value("#link")
    page.open(link[link.index("#") :], fresh=True)
    assert page.state()["basket"] == {"pharmacie": 3, "point_accueil_caf": 0.5}


def test_a_click_opens_the_card(example, example_page):
    diagnostic, _ = example
    page = example_page.open(fragment(theme="panier"))
    far = diagnostic.remote_communes.iloc[0]
    rank = int(diagnostic.communes.index[diagnostic.communes["commune"] == far["commune"]][0])
    shape = page.page.locator(f".communes [data-commune='{rank}']")
    shape.hover()
    assert page.text("#readout").startswith(
        f"{far['name']} : {plain(french.minutes(far['basket_min']))}"
    )
    shape.click()
    card = page.text("#card")
    assert page.text("#card-name") == far["name"]
    assert f"{far['population']:.0f} habitants" in card
    for service in diagnostic.basket.services:
        assert plain(f"{service.label} {french.minutes(far[f'{service.id}_min'])}") in card
    for gamme in diagnostic.basket.gammes:
        assert plain(french.minutes(far[f"{gamme.id}_min"])) in card
        assert f"Éloignée de la gamme {gamme.label.lower()}" in card
    place = diagnostic.communes["basket_min"].rank(method="min")[rank]
    assert f"{place:.0f}e rang sur {diagnostic.communes['basket_min'].notna().sum()}" in card
    land = diagnostic.land.facilities
    nearest = land[
        (land["facility"] == far["pharmacie_facility"]) & (land["service"] == "pharmacie")
    ]
    code = nearest["commune"].iloc[0]
    assert land_name(diagnostic, code) in page.text("#card-services")
    page.page.click("#card-close")
    assert page.page.locator("#card-full").is_hidden()


def land_name(diagnostic, code):
    return str(diagnostic.land.places.units["name"][code])


def test_search_finds_by_name_without_accents_and_by_keyboard(example, example_page):
    diagnostic, _ = example
    page = example_page.open()
    name = "Sainte-Vérandole-de-Dorgne"
    page.page.focus("#search")
    page.page.keyboard.type("ste verandole")
    assert page.count("#found li") >= 2
    assert page.page.get_attribute("#search", "aria-expanded") == "true"
    page.page.keyboard.press("ArrowDown")
    active = page.page.get_attribute("#search", "aria-activedescendant")
    assert page.page.get_attribute(f"#{active}", "aria-selected") == "true"
    page.page.fill("#search", "dorgne")
    page.page.keyboard.press("Escape")
    assert page.page.locator("#found").is_hidden()
    page.page.fill("#search", name)
    page.page.keyboard.press("Enter")
    assert page.text("#card-name") == name
    code = diagnostic.communes.set_index("name").loc[name, "commune"]
    assert page.state()["commune"] == code
    page.page.fill("#search", "Xyz")
    assert page.text("#found-none") == "Aucune commune de ce nom."


def test_the_epci_filter_counts_its_own_communes(example, example_page):
    diagnostic, _ = example
    page = example_page.open(fragment(theme="gamme.superieure"))
    box = page.ask("document.querySelector('#map svg').getAttribute('viewBox')")
    epci = diagnostic.epci.sort_values("communes").iloc[0]
    page.page.select_option("#epci", str(epci["epci"]))
    inside = diagnostic.communes["epci"] == epci["epci"]
    assert page.count("#table-rows tr") == inside.sum()
    counted = page.all_texts("#legend-rows tr td:nth-child(2)")
    assert sum(int(text) for text in counted) == inside.sum()
    assert page.count(".communes .out") == (~inside).sum()
    assert page.ask("document.querySelector('#map svg').getAttribute('viewBox')") != box
    close([page.ask("observatoire.mean()")], [epci["superieure_min"]])
    assert str(epci["name"]) in page.text("#map-title")


def test_before_and_after_of_each_scenario(example, example_page):
    diagnostic, gains = example
    page = example_page.open(fragment(theme="service.point_accueil_caf"))
    assert page.count("#map .mark.open:not(.absent)") == 0
    page.page.check("[name=view][value=apres]", force=True)
    after = gains[0].after.communes["point_accueil_caf_min"]
    assert page.values() == filled(after)
    assert page.count("#map .mark.open:not(.absent)") == 2
    assert "habitants gagnent du temps" in page.text("[data-scenario='1']:not([hidden])")
    page.page.check("[name=view][value=ecart]", force=True)
    assert page.values() == filled(gains[0].communes["point_accueil_caf_gain_min"])
    theme = gainthemes.item_theme(gains[0], "point_accueil_caf")
    lines = [f"{row.label} {row.communes} {french.number(row.population)}" for row in theme.rows]
    legend = page.all_texts("#legend-rows tr")
    assert [plain(text) for text in legend] == [plain(line) for line in lines]
    gaining = gains[0].communes["point_accueil_caf_gain_min"] > 0
    assert f"{gaining.sum()} communes, où vivent" in page.text("#summary")
    page.page.select_option("#scenario", "2")
    page.page.select_option("#theme", f"service.{SERVICE}")
    assert page.values() == filled(gains[1].communes[f"{SERVICE}_gain_min"])
    assert page.count("#map .mark.close:not(.absent)") == 1
    assert CLOSING in page.text("#map-title")
    page.page.uncheck("#show-scenario")
    page.page.uncheck("#show-existing")
    assert page.count("#map .mark:not(.absent)") == 0
    page.page.check("[name=view][value=avant]", force=True)
    assert page.values() == filled(diagnostic.communes[f"{SERVICE}_min"])


def test_what_a_card_says_of_a_scenario(example, example_page):
    diagnostic, gains = example
    far = diagnostic.remote_communes.iloc[0]
    page = example_page.open(
        fragment(theme="panier", vue="apres", scenario=OPENING, commune=far["commune"])
    )
    line = gains[0].communes.set_index("commune").loc[far["commune"]]
    told = [line["point_accueil_caf_before_min"], line["point_accueil_caf_after_min"]]
    row = page.page.locator("#card-services tr", has_text="Point d'accueil CAF").inner_text()
    told.append(line["point_accueil_caf_gain_min"])
    words = [french.number(value, decimals=1) for value in told]
    words[2] = f"+{words[2]}"
    assert plain(f"Point d'accueil CAF {' '.join(words)} Guichet de {far['name']}") in plain(row)
    assert f"{line['inhabitants_gaining']:.0f} habitants de la commune y gagnent" in page.text(
        "#card"
    )


def test_the_curve_and_its_table(example, example_page):
    diagnostic, gains = example
    page = example_page.open(fragment(theme="panier", vue="apres", scenario=CLOSING), fresh=True)
    page.ask("document.getElementById('curve-section').scrollIntoView()")
    page.page.wait_for_selector("#curve .main-svg")
    limits = [5, 7, 10, 15, 20, 30]
    for side, after in ((0, diagnostic), (1, gains[1].after)):
        line = after.gammes.set_index("gamme").loc["basket"]
        shares = [plain(french.percent(line[f"within_{t}_min"])) for t in limits]
        cells = page.all_texts(f"#within-rows td:nth-child({side + 2})")
        assert [plain(cell) for cell in cells] == shares
    drawn = page.ask(
        "document.getElementById('curve').data.map(t => [t.name, t.x.indexOf(15), t.y[t.x.indexOf(15)]])"
    )
    assert [own[0] for own in drawn] == ["Avant", "Après"]
    share = diagnostic.gammes.set_index("gamme").loc["basket", "within_15_min"]
    assert drawn[0][2] == pytest.approx(100 * share)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_moves_when_the_curve_comes(opened, example_file, size):
    """A button that moves between a press and its release takes no click."""
    top = "document.getElementById('download').getBoundingClientRect().top + scrollY"
    with opened(example_file, size=size) as page:
        page.settle()
        assert page.count("#curve .main-svg") == 0
        before = page.ask(top)
        page.ask("document.getElementById('curve-section').scrollIntoView()")
        page.page.wait_for_selector("#curve .main-svg")
        assert page.settle().ask(top) == before
        assert page.page.is_hidden("#curve-wait")


def test_the_table_sorts_and_downloads_what_is_seen(example, example_page):
    diagnostic, _ = example
    epci = str(diagnostic.epci["epci"].iloc[0])
    page = example_page.open(fragment(theme="service.pharmacie", epci=epci))
    page.page.click("#table-head th:nth-child(3) button")
    people = diagnostic.communes.loc[diagnostic.communes["epci"] == epci]
    ordered = people.sort_values("population", ascending=False, kind="stable")["name"].tolist()
    assert page.all_texts("#table-rows th") == ordered
    assert page.page.get_attribute("#table-head th:nth-child(3)", "aria-sort") == "descending"
    page.page.focus("#table-head th:nth-child(3) button")
    page.page.keyboard.press("Enter")
    assert page.page.get_attribute("#table-head th:nth-child(3)", "aria-sort") == "ascending"
    with page.page.expect_download() as download:
        page.page.click("#download")
    raw = download.value.path().read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    table = pd.read_csv(io.BytesIO(raw), sep=";", decimal=",", dtype={"Code commune": "str"})
    assert download.value.suggested_filename.endswith(".csv")
    again = people.sort_values("population", kind="stable")
    assert table["Commune"].tolist() == page.all_texts("#table-rows th")
    by_code = table.set_index("Code commune").loc[again["commune"]]
    assert by_code["Habitants"].tolist() == again["population"].tolist()
    close(by_code.filter(like="Pharmacie").iloc[:, 0], again["pharmacie_min"].round(2))


def test_a_link_restores_the_whole_view(example, example_page):
    diagnostic, _ = example
    code = diagnostic.remote_communes["commune"].iloc[0]
    told = fragment(theme=f"service.{SERVICE}", vue="ecart", scenario=CLOSING, seuil="12.5",
                    couleurs="seuil", commune=code, tri="name:asc", sans="existants")  # fmt: skip
    page = example_page.open(told)
    state = page.state()
    assert {key: state[key] for key in ("theme", "view", "scenario", "threshold", "coloured")} == {
        "theme": f"service.{SERVICE}", "view": "ecart", "scenario": 2, "threshold": 12.5, "coloured": True,
    }  # fmt: skip
    assert (state["commune"], state["sort"], state["down"], state["hidden"]) == (
        code,
        "name",
        False,
        "existants",
    )
    page.page.select_option("#theme", "panier")
    link = page.page.input_value("#link")
    state = page.state()
    page.open(link[link.index("#") :])
    assert page.state() == state
    page.page.click("#reset")
    assert page.state()["view"] == "avant"
    page.show("#theme=service.rien&epci=1&scenario=Ailleurs&seuil=-3&commune=00000")
    assert page.text("#unknown") == (
        "Ce lien nomme ce que cette page ne connaît pas : theme « service.rien », "
        "scenario « Ailleurs », seuil « -3 », epci « 1 », commune « 00000 »."
    )
    assert page.state()["theme"] == "panier"


def test_a_link_wins_over_an_address_not_yet_written(example_page):
    """The address follows the state a little later, which must not undo a link followed."""
    page = example_page.open(fragment(theme="panier", tri="name:asc"))
    page.page.select_option("#theme", "eloignement")
    page.show(fragment(theme="gamme.superieure", seuil="25"))
    page.page.wait_for_timeout(400)
    assert page.state()["theme"] == "gamme.superieure"
    assert page.state()["sort"] == "value"
    assert page.ask("location.hash") == "#theme=gamme.superieure&seuil=25"


def test_the_map_zooms_and_is_dragged(example_page):
    page = example_page.open()

    def box():
        return [
            int(part)
            for part in page.ask(
                "document.querySelector('#map svg').getAttribute('viewBox')"
            ).split()
        ]

    whole = box()
    assert page.page.is_disabled("#zoom-out")
    page.page.click("#zoom-in")
    page.page.click("#zoom-in")
    near = box()
    assert near[2] == pytest.approx(0.36 * whole[2], rel=0.01)
    middle = page.page.locator("#map").bounding_box()
    x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x - 60, y - 40, steps=3)
    page.page.mouse.up()
    moved = box()
    assert moved[0] > near[0]
    assert moved[1] > near[1]
    assert page.state()["commune"] == ""
    page.page.click("#zoom-all")
    assert box() == whole


def test_sources_assumptions_and_limits_are_one_click_away(example, example_page):
    diagnostic, _ = example
    page = example_page.open()
    page.page.click("nav >> text=Sources, hypothèses et limites")
    assert page.page.locator("#methode").get_attribute("open") is not None
    told = page.text("#methode")
    for item in diagnostic.provenance["inputs"]:
        assert item["path"] in told
        assert item["sha256"] in told
    assert "2023" in told
    assert "hors embouteillages" in told
    assert "km/h" in told
    assert page.page.evaluate("document.activeElement.closest('#methode') !== null")


def test_every_function_is_reached_without_a_mouse(example, example_page):
    """From the table: a commune by its button; from the controls: each by the tab key."""
    page = example_page.open()
    page.page.focus("#table-rows tr:nth-child(2) button")
    name = page.text("#table-rows tr:nth-child(2) button")
    page.page.keyboard.press("Enter")
    assert page.text("#card-name") == name
    assert page.ask("document.activeElement.id") == "card-name"
    page.ask("document.getElementById('composer').open = false")
    reached = set()
    page.page.focus("#theme")
    for _ in range(40):
        reached.add(page.ask("document.activeElement.id || document.activeElement.name"))
        page.page.keyboard.press("Tab")
    wanted = {"theme", "scenario", "view", "threshold", "threshold-number", "coloured", "search",
              "epci", "show-existing", "show-scenario", "link", "copy", "reset", "print",
              "zoom-in", "zoom-all", "card-close"}  # fmt: skip
    assert wanted <= reached
    page.page.focus("[name=view]:checked")
    page.page.keyboard.press("ArrowRight")
    assert page.state()["view"] == "apres"


def test_numbers_are_written_as_in_the_reports(example_page):
    page = example_page.open()
    values = [0.0, 0.25, 0.75, 2.5, 3.5, -0.04, -1.25, 1234567.891, 0.05, 12.35, 2.675, -0.5]
    found = page.ask("vs => vs.map(v => [0, 1, 2].map(d => observatoire.number(v, d)))", values)
    for value, own in zip(values, found, strict=True):
        assert own == [french.number(value, decimals=places) for places in (0, 1, 2)], value
    shares = [0.0, 1.0, 0.9997, 0.0003, 0.125, 0.005]
    assert page.ask("vs => vs.map(observatoire.percent)", shares) == [
        french.percent(s) for s in shares
    ]


def test_it_fits_a_phone(opened, example_file):
    with opened(
        example_file,
        size=PHONE,
        fragment=fragment(theme="panier", vue="apres", scenario=OPENING, commune="99015"),
    ) as page:
        for extra in ("document.querySelectorAll('details').forEach(d => { d.open = true; })", "0"):
            page.ask(extra)
            assert page.ask("document.documentElement.scrollWidth") == PHONE["width"]
        size = page.page.locator("#map").bounding_box()
        assert size["width"] > 300
        small = page.ask("[...document.querySelectorAll('button, select, input')].filter(e => e.offsetParent)"
                         ".map(e => [e.id || e.textContent, e.getBoundingClientRect().height]).filter(([, h]) => h && h < 17)")  # fmt: skip
        assert small == []


def test_it_prints_on_a4(opened, example_file, tmp_path):
    with opened(example_file, fragment=fragment(theme="panier", commune="99015")) as page:
        page.page.emulate_media(media="print")
        for hidden in ("#controls", "nav", ".zoom", "#download"):
            assert page.page.locator(hidden).first.is_hidden()
        for seen in ("h1", "#map svg", "#legend-rows", "#card-full", "#table-rows"):
            assert page.page.locator(seen).first.is_visible()
        pdf = tmp_path / "o.pdf"
        page.page.pdf(path=str(pdf), prefer_css_page_size=True, print_background=True)
        raw = pdf.read_bytes()
        assert b"/MediaBox [0 0 594" in raw or b"/MediaBox [0 0 595" in raw
        assert 3 <= raw.count(b"/Type /Page\n") + raw.count(b"/Type /Page ") <= 14
        # Paper had the curve and the limits, and the screen is as it was.
        assert page.count("#curve .main-svg") > 0
        assert page.page.locator("#methode").get_attribute("open") is None
