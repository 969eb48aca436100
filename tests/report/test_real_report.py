"""Tables, some maps and the page of the real Bouches-du-Rhône, and of the toy territory."""

from pathlib import Path

import pandas as pd
import pytest
from page_reader import plain, read_page, rows_of

import sdaasp_geo as sg
from real_data import real_data
from sdaasp_geo.report.files import write_tables
from sdaasp_geo.report.images import pixels, png_bytes
from sdaasp_geo.report.maps import plot_remoteness

DATA = real_data("bouches-du-rhone") or Path("absent")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA.is_dir(), reason="no real data: bouches-du-rhone"),
]


@pytest.fixture(scope="module")
def diagnostic():
    return sg.diagnose(sg.read_territory(DATA / "territory.toml"))


@pytest.fixture(scope="module")
def page(diagnostic, tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    remoteness = folder / "eloignement.png"
    figure = plot_remoteness(diagnostic).get_figure()
    remoteness.write_bytes(png_bytes(pixels(figure), 150))
    path = sg.write_report(diagnostic, [remoteness], folder)
    return read_page(path.read_text("utf-8"))


def test_figures_of_the_page_are_those_of_the_tables(diagnostic, page):
    text = plain(page.text)
    assert "2 024 162 habitants dans 119 communes" in text
    tables = {plain(t.all("caption")[0].text): rows_of(t) for t in page.all("table")}
    remote = tables["Communes éloignées d'au moins une gamme"]
    assert [row[0] for row in remote] == diagnostic.remote_communes["name"].tolist()
    services = tables["Temps d'accès, par service"]
    assert [row[0] for row in services] == diagnostic.services["label"].tolist()
    means = [None if row[2] == "–" else float(row[2].replace(",", ".")) for row in services]
    expected = diagnostic.services["mean_min"].to_numpy()
    assert pd.Series(means, dtype=float).to_numpy() == pytest.approx(
        expected, abs=0.051, nan_ok=True
    )
    flags = tables["Lignes douteuses, par fichier et par cause"]
    assert sum(int(row[2]) for row in flags) == len(diagnostic.flags) == 94


def test_no_english_is_left_in_the_notes(page):
    causes = [
        row[-2] if row[-1].replace(" ", "").isdigit() else row[-1]
        for table in page.all("table")
        if plain(table.all("caption")[0].text).startswith(("Lignes", "Premières lignes"))
        for row in rows_of(table)
    ]
    assert causes
    assert not [cause for cause in causes if "the " in cause or " its " in cause]


def test_communes_file(diagnostic, tmp_path):
    write_tables(diagnostic, tmp_path)
    table = pd.read_csv(tmp_path / "communes.csv", dtype={"commune": "str", "epci": "str"})
    assert len(table) == 119
    assert table["population"].sum() == 2_024_162
    assert len(table.columns) == 5 + 29 * 3 + 4 + 4
    exact = pd.read_parquet(tmp_path / "communes.parquet")
    assert table["basket_min"].to_numpy() == pytest.approx(
        exact["basket_min"].to_numpy(), abs=0.005001
    )
