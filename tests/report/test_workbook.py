"""The workbook, read back as a spreadsheet would."""

import openpyxl
import pytest
import toy_diagnostic

from scenarios import toy_scenarios
from sdaasp_geo.report.workbook import sheets
from sdaasp_geo.report.workbook.columns import column_for
from sdaasp_geo.report.workbook.writing import write_workbook
from sdaasp_geo.scenarios.model import Closing, Opening, Scenario
from sdaasp_geo.scenarios.simulate import simulate

TABS = ["lisez-moi", "synthèse", "communes", "services", "gammes", "EPCI", "scénarios", "rejets"]
FORMULAS = ("=1+1", "+33 4", "-2", "@cmd", "\tx", "http://exemple.fr", "{=A1}")


def opened(diagnostic, tmp_path, gains=()):
    return openpyxl.load_workbook(write_workbook(diagnostic, tmp_path / "d.xlsx", gains=gains))


def column(page, heading):
    place = next(cell.column for cell in page[1] if cell.value == heading)
    return [page.cell(row, place).value for row in range(2, page.max_row + 1)]


@pytest.fixture(scope="module")
def moved():
    opening = Opening("Guichet", services=(toy_scenarios.CAF,), unit="01003", known_by="commune")
    closing = Closing(service=toy_scenarios.CAF, commune="01001")
    return simulate(toy_scenarios.row(), Scenario("Le guichet part", (opening,), (closing,)))


def test_tabs_and_figures_are_those_of_the_tables(frozen_toy, tmp_path):
    book = opened(frozen_toy, tmp_path)
    assert book.sheetnames == TABS
    communes = frozen_toy.communes
    page = book["communes"]
    assert column(page, "Nom") == communes["name"].tolist()
    assert column(page, "Habitants") == communes["population"].tolist()
    minutes = column(page, "Maternité (min)")
    known = communes["maternite_min"].notna()
    assert [value is not None for value in minutes] == known.tolist()
    assert [value for value in minutes if value is not None] == communes["maternite_min"][
        known
    ].tolist()
    assert set(column(page, "Éloignée, gamme proximité")) == {"oui", "non"}
    assert column(book["services"], "Libellé") == frozen_toy.services["label"].tolist()
    assert column(book["gammes"], "Seuil (min)")[:2] == [5.0, 25.0]
    assert len(column(book["rejets"], "Motif")) == len(frozen_toy.rejects) + len(frozen_toy.flags)


def test_headings_are_frozen_filtered_and_explained(toy, tmp_path):
    page = opened(toy, tmp_path)["communes"]
    assert page.freeze_panes == "C2"
    assert page.auto_filter.ref == f"A1:{page.cell(13, page.max_column).coordinate}"
    notes = {cell.value: cell.comment.text for cell in page[1]}
    assert all("des fichiers de données" in note for note in notes.values())
    assert "« pharmacie_min »" in notes["Pharmacie d'officine (min)"]
    formats = {cell.value: page.cell(2, cell.column).number_format for cell in page[1]}
    assert formats["Habitants"] == "#,##0"
    assert formats["Panier (min)"] == "0.0"


def test_the_first_sheet_names_the_others_the_sources_and_the_choices(toy, tmp_path):
    lines = dict(opened(toy, tmp_path)["lisez-moi"].iter_rows(max_col=2, values_only=True))
    assert set(TABS[1:]) <= set(lines)
    assert "seuil" in lines["Éloignement"]
    assert lines["Service non atteint"]
    assert lines["scénarios"] == "aucun scénario n'a été essayé"


def test_scenarios_have_their_sheets(moved, tmp_path):
    book = opened(moved.before, tmp_path, [moved])
    assert [name for name in book.sheetnames if name.startswith("scénarios")] == [
        *("scénarios", "scénarios services", "scénarios communes"),
    ]
    line = book["scénarios"]
    assert column(line, "Scénario") == ["Le guichet part"]
    assert column(line, "Habitants gagnants") == [moved.summary["inhabitants_gaining"]]
    assert column(line, "Habitants perdants") == [moved.summary["inhabitants_losing"]]
    services = book["scénarios services"]
    assert column(services, "Temps moyen après (min)") == moved.services["mean_after_min"].tolist()
    touched = column(book["scénarios communes"], "Code commune")
    assert touched == ["01001", "01003"]


def test_scenarios_of_another_diagnostic_are_refused(moved, tmp_path):
    with pytest.raises(ValueError, match="expected scenarios tried on 'Jouet' as given"):
        write_workbook(toy_diagnostic.make(), tmp_path / "d.xlsx", gains=[moved])
    assert not list(tmp_path.iterdir())


def test_text_is_never_a_formula_nor_a_link(tmp_path):
    frame = toy_diagnostic.communes()
    frame["name"] = [*FORMULAS, *frame["name"][len(FORMULAS) :]]
    page = opened(toy_diagnostic.make(frame), tmp_path)["communes"]
    cells = [page.cell(row, 2) for row in range(2, 2 + len(FORMULAS))]
    assert [cell.value for cell in cells] == list(FORMULAS)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell for cell in cells if cell.hyperlink]


def test_whatever_a_diagnostic_holds_can_be_written_and_read(edge, tmp_path):
    book = opened(edge, tmp_path)
    assert book.sheetnames == TABS
    assert book["communes"].max_row == len(edge.communes) + 1


@pytest.mark.parametrize("name", ["\x00\x07bip", "a" * 40_000, "\ud800", "🚌 l'été"])
def test_text_that_the_format_cannot_hold_is_told_apart(name, tmp_path):
    frame = toy_diagnostic.communes()
    frame["name"] = pd_object([name, *frame["name"][1:]])
    told = opened(toy_diagnostic.make(frame), tmp_path)["communes"]["B2"].value
    assert len(told) <= 32_767
    assert told.rstrip("…")[:1] == ("?" if name == "\ud800" else told[:1])
    if name.startswith("🚌"):
        assert told == name


def pd_object(values):
    return toy_diagnostic.pd.Series(values, dtype=object)


def test_same_bytes(toy, tmp_path):
    first = write_workbook(toy, tmp_path / "a.xlsx").read_bytes()
    assert write_workbook(toy, tmp_path / "b.xlsx").read_bytes() == first


def test_what_does_not_fit_a_sheet_is_said(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 5)
    book = opened(toy, tmp_path)
    assert book["communes"].max_row == 6
    lines = dict(book["lisez-moi"].iter_rows(max_col=2, values_only=True))
    assert lines["communes"].endswith("7 lignes de plus dans le fichier CSV")


def test_half_a_workbook_is_never_left(toy, tmp_path, monkeypatch):
    path = write_workbook(toy, tmp_path / "d.xlsx")
    before = path.read_bytes()
    monkeypatch.setattr(sheets, "column_for", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_workbook(toy, path)
    assert [item.name for item in tmp_path.iterdir()] == ["d.xlsx"]
    assert path.read_bytes() == before


def test_wrong_names(toy, tmp_path):
    with pytest.raises(ValueError, match=r"expected a file \.xlsx, found 'd\.csv'"):
        write_workbook(toy, tmp_path / "d.csv")
    with pytest.raises(KeyError, match="strange"):
        column_for("strange_min", toy.basket)
