import pytest

from sdaasp_geo.basket import load_basket
from sdaasp_geo.errors import InputError


def test_the_29_services_of_the_schema():
    basket = load_basket("sdaasp-29")
    assert [len(basket.services_of(gamme)) for gamme in basket.gamme_ids] == [8, 8, 13]
    assert len(set(basket.service_ids)) == 29


def test_codes_of_several_vintages_lead_to_one_service():
    codes = load_basket("sdaasp-29").service_of_code
    assert {codes[code] for code in ("D301", "D307")} == {"pharmacie"}
    assert {codes[code] for code in ("B201", "B203", "B207")} == {"boulangerie_ou_superette"}
    assert {codes[code] for code in ("A110", "A111", "A112", "A115", "A122")} == {"pole_emploi"}
    # EV charging is no fuel, a gynécologue no sage-femme, a centre social no maison.
    assert not {"B326", "D276", "D506", "A124", "A133"} & set(codes)


def test_unverified_codes_are_marked():
    assert load_basket("sdaasp-29").service("orthophoniste").unverified == ("D282", "D283")


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="expected one of .*sdaasp-29.*found 'sdaasp29'"):
        load_basket("sdaasp29")


def test_a_basket_of_ones_own_tells_all_its_faults(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        """
name = "own"
gammes = [{ id = "g", label = "G" }]
services = [
  { id = "a", label = "A", gamme = "g", bpe = ["X1"] },
  { id = "a", label = "A", gamme = "h", bpe = ["X1"] },
]
""",
        encoding="utf-8",
    )
    with pytest.raises(InputError) as caught:
        load_basket(path)
    text = str(caught.value)
    assert "'a' twice" in text
    assert "a gamme among g, found 'h'" in text
    assert "X1 in 'a' and 'a'" in text


@pytest.mark.parametrize(
    "text", ["name = ", "name = 'x'", "name='x'\ngammes=[{ida=1}]\nservices=[]"]
)
def test_not_a_basket(tmp_path, text):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="expected a basket in TOML"):
        load_basket(path)
    with pytest.raises(InputError, match="no such file"):
        load_basket(tmp_path / "absent.toml")


@pytest.mark.parametrize(
    ("gammes", "services", "message"),
    [
        ("[{ id = 'g', label = 'G' }]", "[]", "expected at least one service"),
        (
            "[{ id = 'basket', label = 'G' }]",
            "[{ id = 'a', label = 'A', gamme = 'basket' }]",
            "basket",
        ),
        (
            "[{ id = 'g', label = 'G' }]",
            "[{ id = 'g', label = 'A', gamme = 'g' }]",
            "each, and not",
        ),
        ("[{ id = 'g', label = 'G' }]", "[{ id = '../a', label = 'A', gamme = 'g' }]", "a-z, 0-9"),
        (
            "[{ id = 'g', label = 'G' }]",
            "[{ id = 'a', label = 'A', gamme = 'g', bpe = 'D301' }]",
            "expected a list of codes, found 'D301'",
        ),
        (
            "[{ id = 'g', label = 'G' }]",
            "[{ id = 'a', label = 'A', gamme = 'g', frequency = -1.0 }]",
            "a frequency of 0 or more for 'a'",
        ),
    ],
)
def test_ids_and_codes_that_no_table_or_file_could_bear(tmp_path, gammes, services, message):
    path = tmp_path / "own.toml"
    path.write_text(f"name = 'own'\ngammes = {gammes}\nservices = {services}\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_basket(path)
