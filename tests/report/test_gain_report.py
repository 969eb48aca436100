"""What a committee reads of scenarios: files, maps and pages, on the row of toy_scenarios."""

import copy
import csv
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_reader import plain, read_page, rows_of
from PIL import Image
from shapely import Point

from scenarios import toy_scenarios as toy
from sdaasp_geo.diagnostic.build import rebuilt
from sdaasp_geo.errors import OutputError
from sdaasp_geo.pipeline import check_write, scenario_write
from sdaasp_geo.report import comparepage, gainmaps, gainpage, gainthemes, scenariofiles
from sdaasp_geo.report.files import plain_json
from sdaasp_geo.report.gainthemes import GAIN_LABELS, NEWLY_UNREACHED, NO_CHANGE
from sdaasp_geo.scenarios.compare import compare
from sdaasp_geo.scenarios.criteria import judge_criteria
from sdaasp_geo.scenarios.criticality import criticality
from sdaasp_geo.scenarios.dashboard import dashboard
from sdaasp_geo.scenarios.model import Closing, Opening, Scenario
from sdaasp_geo.scenarios.scenario_file import read_scenario
from sdaasp_geo.scenarios.sensitivity import sensitivity
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.siting.choose import choose_sites
from sdaasp_geo.scenarios.variants import Variant

HOSTILE = "=<script>alert('1')</script> \"L'été\" $x_$ 🚌"
DOCUMENTED = {
    "scenario", "opened", "closed", "services", "inhabitants_gaining",
    "mean_gain_of_gainers_min", "inhabitants_gaining_over_min", "gainers_in_remote_communes",
    "inhabitants_losing", "communes_leaving_remoteness", "communes_entering_remoteness",
}  # fmt: skip


def desk(unit, name="Guichet"):
    return Opening(name, services=(toy.CAF,), unit=unit, known_by="commune")


def moved(name="Le guichet part"):
    """The CAF leaves Aa (1,000 people, 0 → 20 min) for Cé (500 people, 20 → 0)."""
    return Scenario(name, (desk("01003"),), (Closing(service=toy.CAF, commune="01001"),))


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page_in(folder, name):
    return read_page((folder / name).read_text("utf-8"))


def section(page, name):
    found = [part for part in page.all("section") if part.attributes["aria-labelledby"] == name]
    return plain(found[0].text)


def sound(folder, name):
    """A page that is well made, needs nothing, and whose links lead somewhere."""
    text = (folder / name).read_text("utf-8")
    page = read_page(text)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert not page.all("script")
    assert len(page.all("h1")) == 1
    assert page.all("html")[0].attributes["lang"] == "fr"
    for link in page.all("a"):
        target = link.attributes["href"]
        inside = target.startswith("#") and page.by_id(target[1:]) is not None
        assert inside or (folder / target).is_file(), target
    for grid in page.all("table"):
        width = len(grid.all("thead")[0].all("th"))
        assert all(len(row) == width for row in rows_of(grid)), plain(grid.all("caption")[0].text)
    for image in page.all("img"):
        assert len(image.attributes["alt"]) > 15
    return page


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The move, written whole once, from a file."""
    folder = tmp_path_factory.mktemp("gains")
    path = folder / "scenario.toml"
    path.write_text(
        f'name = "Le guichet part"\n[[open]]\nname = "Guichet"\ncommune = "01003"\n'
        f'services = ["{toy.CAF}"]\n[[close]]\nservice = "{toy.CAF}"\ncommune = "01001"\n',
        encoding="utf-8",
    )
    gains = simulate(toy.row(), read_scenario(path))
    before = copy.deepcopy(gains.communes), copy.deepcopy(gains.summary)
    seen = []
    files = scenario_write.write_gains(
        gains, folder / "out", progress=lambda *told: seen.append(told)
    )
    assert before[0].equals(gains.communes)
    assert before[1] == gains.summary
    assert seen[-1][:2] == (1, 1)
    return gains, folder / "out", files, path


def test_every_file_is_told_and_there(written):
    _, folder, files, _ = written
    names = [path.relative_to(folder).as_posix() for path in files]
    on_disk = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {*names, ".sdaasp-geo-files"} == on_disk
    assert names[0] == "gains.parquet"
    assert names[-1] == "rapport-scenario.html"
    pictures = {name for name in names if name.startswith("maps/")}
    items = ["intermediaire", "basket", toy.CAF]
    pairs = {f"maps/avant-apres-{item}.png" for item in ["eloignement", *items]}
    assert pictures == pairs | {
        "maps/gain.png",
        "maps/gain-basket.png",
        f"maps/gain-{toy.CAF}.png",
    }
    for name in pictures:
        with Image.open(folder / name) as image:
            assert sorted(image.size) == [1240, 1753], name


def test_figures_by_hand(written):
    _, folder, _, path = written
    rows = {row["name"]: row for row in table(folder / "gains.csv")}
    assert [rows[name][f"{toy.CAF}_gain_min"] for name in ("Aa", "Bé", "Cé")] == [
        "-20.0",
        "0.0",
        "20.0",
    ]
    assert (rows["Aa"]["inhabitants_losing"], rows["Cé"]["inhabitants_gaining"]) == ("1000", "500")
    losers = table(folder / "losers.csv")
    assert [(row["name"], row["loss_min"], row["population"]) for row in losers] == [
        ("Aa", "20.0", "1000")
    ]
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert summary.keys() >= DOCUMENTED
    assert (summary["inhabitants_gaining"], summary["inhabitants_losing"]) == (500, 1000)
    told = json.loads((folder / "provenance.json").read_text("utf-8"))["scenario"]
    assert told["files"] == [
        {"path": "scenario.toml", "sha256": scenario_write.sha256_of(path)},
    ]
    frame = pd.read_parquet(folder / "gains.parquet")
    assert frame[f"{toy.CAF}_gain_min"].tolist() == [-20.0, 0.0, 20.0]
    site = table(folder / "sites.csv")[0]
    assert (site["services"], float(site["x"]), float(site["y"])) == (toy.CAF, 25000.0, 5000.0)


def test_page_says_who_gains_and_who_loses(written):
    _, folder, _, path = written
    page = sound(folder, "rapport-scenario.html")
    key = [plain(item.all("strong")[0].text) for item in page.all("ul")[0].all("li")]
    assert key == ["500", "20,0 min", *key[2:3], "1 000"]
    lost = section(page, "perdants")
    assert "1 000 habitants y perdent, 20,0 min en moyenne et jusqu'à 20,0 min" in lost
    row = rows_of(page.by_id("perdants") and losers_of(page))[0]
    assert row[0].startswith("Aa")
    assert row[-1] == "+20,0 min"
    assert scenario_write.sha256_of(path) in section(page, "methode")
    assert "Aucune route" not in section(page, "changements")


def losers_of(page):
    return next(
        t for t in page.all("table") if plain(t.all("caption")[0].text).startswith("Qui perd")
    )


def test_same_bytes_and_earlier_outputs_replaced(written, tmp_path):
    gains, folder, _, _ = written
    again = scenario_write.write_gains(gains, tmp_path / "out", maps=False)
    for path in again:
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name
    assert not (tmp_path / "out" / "maps").exists()
    scenario_write.write_gains(gains, tmp_path / "out", maps=False)


def test_nothing_is_left_of_a_write_that_fails(written, tmp_path, monkeypatch):
    gains, _, _, _ = written

    def broken(*_):
        message = "no room"
        raise OSError(message)

    monkeypatch.setattr(scenariofiles, "write_gain_tables", broken)
    with pytest.raises(OutputError, match="no room"):
        scenario_write.write_gains(gains, tmp_path / "out", maps=False)
    assert not list(tmp_path.iterdir())


def test_hostile_names_are_harmless(tmp_path, monkeypatch):
    monkeypatch.setattr(gainmaps, "items_of", lambda _: [])
    scenario = Scenario(
        HOSTILE, (desk("01003", HOSTILE), Opening(HOSTILE + "2", (toy.CAF,), Point(12_000, 5_000)))
    )
    gains = simulate(toy.row(), scenario)
    scenario_write.write_gains(gains, tmp_path / "out")
    text = (tmp_path / "out" / "rapport-scenario.html").read_text("utf-8")
    assert "<script" not in text
    page = sound(tmp_path / "out", "rapport-scenario.html")
    assert plain(page.all("h1")[0].text) == HOSTILE
    assert table(tmp_path / "out" / "sites.csv")[0]["name"] == f"'{HOSTILE}"


def test_a_last_place_that_closes_is_told_in_words_and_colours(tmp_path):
    gains = simulate(
        toy.row(), Scenario("Fin", closings=(Closing(service=toy.CAF, commune="01001"),))
    )
    assert set(gainthemes.item_classes(gains.communes, toy.CAF)) == {NEWLY_UNREACHED}
    theme = gainthemes.overall_theme(gains)
    assert set(theme.ranks) == {NEWLY_UNREACHED}
    assert theme.partial.all()
    path = gainpage.write_gain_page(gains, [], tmp_path, {})
    page = read_page(path.read_text("utf-8"))
    assert "n'est plus desservi" in section(page, "perdants")
    assert "2 000 habitants n'atteignent plus un service" in section(page, "essentiel")
    assert "ne portent pas sur les mêmes services" in section(page, "essentiel")
    # Cé was remote from the CAF and from pharmacies; nobody can tell for the CAF any more.
    assert "Éloignement non comparable pour 1 commune" in section(page, "essentiel")
    assert "mêmes services) : Cé." in section(page, "eloignement")
    basket = gainthemes.item_theme(gains, "basket")
    assert set(basket.ranks) == {-1}
    assert "Non atteint ou non comparable" in {row.label for row in basket.rows}
    assert "Le scénario n'a pas été lu dans un fichier." in section(page, "methode")


def test_a_commune_that_loses_is_never_shown_as_gaining():
    communes = pd.DataFrame(
        {
            "loss_min": [2.0, 0.0, 0.0, 0.0],
            "gain_min": [30.0, 30.0, 0.0, 0.0],
            "mean_gain_over_services_min": [14.0, 30.0, 0.0, np.nan],
            "inhabitants_newly_reached": [0.0] * 4,
            "inhabitants_newly_unreached": [0.0] * 4,
        }
    )
    labels = [
        GAIN_LABELS[rank] if rank >= 0 else "" for rank in gainthemes.overall_classes(communes)
    ]
    assert labels == ["Perte 1–3 min", "Gain > 10 min", "Inchangé", ""]


@given(st.floats(-200, 200))
@settings(deadline=None, max_examples=60)
def test_classes_are_the_same_on_both_sides_of_zero(minutes):
    up, down = gainthemes.gain_classes([minutes, -minutes])
    assert up + down == 2 * NO_CHANGE
    assert np.sign(up - NO_CHANGE) == np.sign(minutes)


def test_best_sites(tmp_path):
    diagnostic = toy.row()
    candidates = toy.sites(
        ("c-2", "Mairie de Bé", "01002", 15, 5, "position"),
        ("c-3", "Mairie de Cé <b>", "01003", 25, 5, "position"),
    )
    result = choose_sites(
        diagnostic, candidates, count=1, services=[toy.CAF], least_gain_min=6, solutions=2
    )
    before = result.sites.copy(deep=True)
    folder = tmp_path / "out"
    files = scenario_write.write_siting(diagnostic, result, folder)
    assert before.equals(result.sites)
    assert [path.name for path in files][-2:] == ["implantation.png", "rapport-implantation.html"]
    page = sound(folder, "rapport-implantation.html")
    # Bé in the middle brings Bé (10) and Cé (10) nearer: 1,000 people; Cé its own 500.
    assert "Optimum prouvé" in section(page, "essentiel")
    assert "Mairie de Bé" in section(page, "sites")
    other = section(page, "alternatives")
    assert "1 000" in other
    assert "Mairie de Cé <b>" in other
    rows = {row["name"]: row for row in table(folder / "communes.csv")}
    assert [rows[name]["gain_min"] for name in ("Aa", "Bé", "Cé")] == ["0.0", "10.0", "10.0"]
    assert rows["Bé"]["inhabitants_gaining"] == "500"


def test_impossible_sites_say_who_is_concerned(tmp_path):
    diagnostic = toy.row()
    candidates = toy.sites(("c-1", "Mairie d'Aa", "01001", 5, 5, "position"))
    result = choose_sites(
        diagnostic,
        candidates,
        count=1,
        objective="cover_everyone",
        services=[toy.CAF],
        within_min=12,
    )
    folder = tmp_path / "out"
    scenario_write.write_siting(diagnostic, result, folder)
    assert (folder / "maps" / "habitants-concernes.png").is_file()
    page = sound(folder, "rapport-implantation.html")
    assert "Impossible" in section(page, "essentiel")
    assert "Cé" in section(page, "oublies")


def vintages():
    """A pharmacy closes in Aa (its last), another service's place opens in Bé."""
    old = toy.row()
    facilities = toy.row_facilities()
    gone = facilities[facilities["facility"] != "pharmacie-1"]
    new = simulate(old, Scenario("x", (desk("01002", HOSTILE),))).facilities
    new = new[new["facility"] != "pharmacie-1"].reset_index(drop=True)
    assert len(gone) == len(new) - 1
    times = toy.nearest_times(
        old.land.network, old.origins, new, toy.BASKET.service_ids, old.assumptions
    )
    return old, rebuilt(old, times, new)


def test_two_vintages(tmp_path):
    old, new = vintages()
    comparison = compare(old, new)
    folder = tmp_path / "out"
    files = scenario_write.write_comparison(new, comparison, folder, old=old)
    assert [path.name for path in files][-1] == "rapport-comparaison.html"
    assert (folder / "maps" / "changements.png").is_file()
    page = sound(folder, "rapport-comparaison.html")
    last = section(page, "derniers")
    assert "Aa" in last
    assert "Pharmacie" in last
    assert "Fermetures (4)" in section(page, "changements")
    assert "30,0 min" in section(page, "alertes")
    told = json.loads((folder / "provenance.json").read_text("utf-8"))
    assert told["old"] == plain_json(old.provenance)
    rows = table(folder / "lost_last.csv")
    assert [(row["name"], row["service"]) for row in rows] == [("Aa", toy.PHARMACY)]
    assert "<script" not in (folder / "rapport-comparaison.html").read_text("utf-8")


def test_two_vintages_without_a_change(tmp_path):
    diagnostic = toy.row()
    path = comparepage.write_comparison_page(
        diagnostic, compare(diagnostic, diagnostic), [], tmp_path
    )
    page = read_page(path.read_text("utf-8"))
    assert "Aucun changement ne dépasse les seuils" in section(page, "alertes")
    assert "Aucune commune n'a perdu" in section(page, "derniers")
    assert "Aucun changement ne touche" in section(page, "effets")


def test_criteria_and_dashboard(tmp_path):
    diagnostic = toy.row()
    judgement = judge_criteria(diagnostic, "charente")
    board = dashboard(diagnostic, "charente", criteria=judgement)
    folder = tmp_path / "out"
    check_write.write_criteria(diagnostic, judgement, folder, dashboard=board)
    page = sound(folder, "rapport-criteres.html")
    criteria = section(page, "criteres")
    # Everybody is 20 min or nearer to the CAF; no CPAM in this basket.
    assert "satisfait" in criteria
    assert "non mesurable" in criteria
    lights = [span.attributes["class"] for span in page.all("span")]
    assert {"light good", "light unknown"} <= {c for c in lights if c.startswith("light")}
    assert "sans donnée" in section(page, "tableau-de-bord")
    assert "20" in section(page, "tableau-de-bord")
    assert (folder / "dashboard.csv").is_file()
    with pytest.raises(ValueError, match="found neither"):
        check_write.write_criteria(diagnostic, None, tmp_path / "none")


def test_fragile_facilities(tmp_path):
    diagnostic = toy.row()
    folder = tmp_path / "out"
    found = criticality(diagnostic)
    check_write.write_criticality(diagnostic, found, folder)
    page = sound(folder, "rapport-fragilite.html")
    first = rows_of(page.all("table")[0])[0]
    # The only CAF and the only hospital leave all 2,000 people without any.
    assert first[3] == first[4] == "2 000"
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert summary["facilities_that_leave_somebody_without"] == 2


def test_answers_under_other_choices(tmp_path):
    diagnostic = toy.row()
    result = sensitivity(diagnostic, variants=[Variant("seuils +20 min", threshold_shift_min=20.0)])
    folder = tmp_path / "out"
    check_write.write_sensitivity(diagnostic, result, folder)
    page = sound(folder, "rapport-sensibilite.html")
    assert "seuils +20 min" in section(page, "communes")
    assert "Communes éloignées" in section(page, "chiffres")
    assert (folder / "maps" / "sensibilite.png").is_file()
