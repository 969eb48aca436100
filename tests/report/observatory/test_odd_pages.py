"""The page against odd territories: rules, missing values, hostile names; and its accessibility."""

import json

import numpy as np
import pytest
import toy_diagnostic
from page_driving import DESKTOP, PHONE, close, fragment, oracle

import sdaasp_geo as sg
from scenarios import toy_scenarios
from sdaasp_geo.report.observatory import rows


@pytest.mark.parametrize(
    ("missing", "together"),
    [
        ("exclude_and_count", False),
        ("exclude_and_count", True),
        ("propagate", True),
        ("cap:45", False),
    ],
)
def test_the_rule_for_missing_services_is_the_same(
    opened, tmp_path, monkeypatch, missing, together
):
    if together:
        monkeypatch.setattr(rows, "MOST_ROWS", 1)
    diagnostic = toy_scenarios.random_world(
        11, missing_service=missing, basket_mean="by_gamme", known_by="position"
    )
    chosen = {toy_scenarios.PHARMACY: 2.0, toy_scenarios.HOSPITAL: 0.75}
    with opened(sg.write_page(diagnostic, tmp_path / "o.html")) as page:
        basket = ",".join(f"{name}:{weight}" for name, weight in chosen.items())
        page.show(fragment(theme="compose", panier=basket))
        close(page.values(), oracle(diagnostic, chosen, missing))
        for item in (*diagnostic.basket.gamme_ids, "basket"):
            theme = "panier" if item == "basket" else f"gamme.{item}"
            found = page.ask(
                "t => observatoire.computed(t, 0).map(v => Number.isNaN(v) ? null : v)", theme
            )
            close(found, diagnostic.communes[f"{item}_min"])
        page.show(fragment(theme="panier"))
        mean = diagnostic.summary["mean_min"]["basket"]
        found = page.ask("(m => Number.isNaN(m) ? null : m)(observatoire.mean())")
        close([found], [np.nan if mean is None else mean])


def test_missing_values_say_why(opened, tmp_path):
    frame = toy_diagnostic.communes()
    frame.loc[0, ["boulangerie_min", "pharmacie_min", "maternite_min"]] = np.nan
    toy = toy_diagnostic.make(frame)
    with opened(sg.write_page(toy, tmp_path / "o.html")) as page:
        page.show(fragment(theme="service.maternite", commune="99012"))
        reason = "aucun équipement sur le même réseau routier"
        assert f"non atteint ({reason})" in page.text("#table-rows tr:last-child")
        assert f"Non atteint : {reason} (2 communes)." in page.text("#legend-missing")
        assert f"non atteint : {reason}" in page.text("#card-services")
        assert "non atteint : aucun équipement trouvé" in page.text("#card-services")
        assert "2 communes (1 300 habitants) ne sont pas atteintes." in page.text("#summary")
        fill = page.ask("document.querySelector('[data-commune=\"11\"]').style.fill")
        assert fill.startswith("url(")
        page.show(fragment(theme="eloignement"))
        assert "non déterminé" in page.text("#table-rows tr:last-child")
        remote = int((toy.communes["remote_gammes"].fillna(0) > 0).sum())
        assert page.text("#summary").startswith(f"{remote} communes, où vivent")


def test_two_departements_are_filtered(opened, tmp_path):
    frame = toy_diagnostic.communes()
    frame.loc[8:, "departement"] = "98"
    with opened(sg.write_page(toy_diagnostic.make(frame), tmp_path / "o.html")) as page:
        page.page.select_option("#departement", "98")
        assert page.count("#table-rows tr") == 4
        assert "département 98" in page.text("#map-title")
        assert page.text("#table-head th:nth-child(2)").startswith("Dép.")


EVIL = ["<script>alert(1)</script>", "</script><script>alert(2)</script>", '"><img src=x onerror=alert(3)>',
        "L'Été \"à\" l'eau 🏔️", "=1+1", "<!--", "{{ 7 * 7 }}", "\u202eabc"]  # fmt: skip


def test_hostile_names_are_harmless(opened, tmp_path):
    frame = toy_diagnostic.communes()
    frame["name"] = [EVIL[n % len(EVIL)] for n in range(len(frame))]
    toy = toy_diagnostic.make(frame, name=EVIL[1])
    toy.sites["name"] = EVIL[2]
    toy.epci["name"] = EVIL[0]
    toy.provenance["inputs"][0]["path"] = EVIL[0]
    with opened(sg.write_page(toy, tmp_path / "o.html")) as page:
        assert page.ask("document.scripts.length") == 3
        assert page.count("img") == 0
        assert page.text("h1") == f"{EVIL[1]} (99)"
        for rank, name in enumerate(EVIL[:4]):
            page.show(fragment(theme="panier", commune=f"99{rank + 1:03d}"))
            assert page.text("#card-name") == name
        page.page.fill("#search", "script")
        assert "alert(1)" in page.text("#found")
        with page.page.expect_download() as download:
            page.page.click("#download")
        text = download.value.path().read_text("utf-8-sig")
        assert "'=1+1" in text
        assert '"L\'Été ""à"" l\'eau 🏔️"' in text
        page.ask("document.getElementById('curve-section').scrollIntoView()")
        page.page.wait_for_selector("#curve .main-svg")
        assert page.ask("document.querySelectorAll('main script, main img').length") == 0


def test_axe_finds_nothing(opened, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = {"runOnly": levels, "resultTypes": ["violations"]}
    # Three communes: each element is there, and few are alike.
    diagnostic = toy_scenarios.row()
    desk = sg.Opening("MSAP", services=(toy_scenarios.CAF,), unit="01003")
    gains = [sg.simulate(diagnostic, sg.Scenario("Un guichet", openings=(desk,)))]
    file = sg.write_page(diagnostic, tmp_path / "o.html", gains=gains)
    everything = {"vue": "ecart", "scenario": "Un guichet", "commune": "01003", "couleurs": "seuil"}
    views = [fragment(theme="eloignement"), fragment(theme="compose", **everything)]
    for size in (DESKTOP, PHONE):
        with opened(file, size=size) as page:
            for view in views:
                page.show(view)
                page.ask("document.querySelectorAll('details').forEach(d => { d.open = true; })")
                page.settle()
                found = axe.run(page.page, options=options).response["violations"]
                told = [(own["id"], [node["html"] for node in own["nodes"]][:3]) for own in found]
                assert told == [], json.dumps(told, indent=1)
                page.ask("document.getElementById('curve-section').scrollIntoView()")
