"""The baskets that come with the library, beside the 29 services."""

import re

import pytest

from sdaasp_geo.basket import load_basket, shipped_baskets

READY = [
    "education",
    "france-services-operateurs",
    "mediation-numerique",
    "soins-premiers",
    "vie-courante",
]
CODE = re.compile(r"[A-G]\d{3}")

# Codes whose service another basket names otherwise, on purpose: a shop of both kinds (29
# services) or of one alone (vie courante); elsewhere a code has one service id everywhere.
SPLIT = {"B201", "B203", "B207"}


@pytest.mark.parametrize("name", READY)
def test_each_is_shipped_and_tells_its_source(name):
    assert name in shipped_baskets()
    basket = load_basket(name)
    assert basket.name == name
    assert len(basket.source) > 40
    for service in basket.services:
        assert all(CODE.fullmatch(code) for code in service.bpe)
        assert set(service.unverified) <= set(service.bpe)
    assert {service.gamme for service in basket.services} == set(basket.gamme_ids)


@pytest.mark.parametrize("name", READY)
def test_a_code_leads_to_one_service_id_in_every_basket(name):
    of_29 = load_basket("sdaasp-29").service_of_code
    own = load_basket(name).service_of_code
    differing = {code for code in own.keys() & of_29.keys() if own[code] != of_29[code]}
    assert differing <= SPLIT
    # And a service of the 29 has the same codes here, vintages included.
    for service in set(own.values()) & set(of_29.values()):
        of_service = [
            {code for code, to in codes.items() if to == service} for codes in (own, of_29)
        ]
        assert of_service[0] >= of_service[1] or not differing.isdisjoint(of_service[1])


def test_first_aid_care_is_the_five_professions_of_all_vintages():
    codes = load_basket("soins-premiers").service_of_code
    assert codes == {
        "D301": "pharmacie", "D307": "pharmacie",
        "D201": "medecin_generaliste", "D265": "medecin_generaliste",
        "D233": "masseur_kinesitherapeute", "D279": "masseur_kinesitherapeute",
        "D221": "chirurgien_dentiste", "D277": "chirurgien_dentiste",
        "D232": "infirmier", "D244": "infirmier", "D281": "infirmier",
    }  # fmt: skip


def test_schools_of_both_nomenclatures():
    basket = load_basket("education")
    assert basket.service_ids == ["ecole", "college", "lycee"]
    codes = basket.service_of_code
    assert {codes[code] for code in ("C101", "C102", "C104", "C105")} == {"ecole"}
    assert {codes[code] for code in ("C107", "C108", "C109")} == {"ecole"}
    assert codes["C201"] == "college"
    assert {codes[f"C30{last}"] for last in range(1, 6)} == {"lycee"}
    assert basket.service("ecole").unverified == ("C103",)


def test_france_services_and_the_nine_operators():
    basket = load_basket("france-services-operateurs")
    assert len(basket.services_of("operateurs")) == 9
    assert basket.service("espace_france_services").bpe == ("A116", "A127", "A128")
    # A124 is no France services: read as the desk of the Ministry of Justice, unverified.
    assert basket.service("point_justice").unverified == ("A124", "A125", "A126")


def test_what_the_publication_does_not_name_is_unverified():
    basket = load_basket("vie-courante")
    assert "n'a pas pu être confirmée" in basket.source
    named = {
        service.id for service in basket.services if not set(service.unverified) & set(service.bpe)
    }
    assert {"boulangerie", "hypermarche_ou_supermarche", "college", "lycee"} <= named
    assert not {"banque", "salle_de_sport", "police_ou_gendarmerie"} & named
    # EV charging is no fuel, and neither it nor déchèteries were counted in 2016.
    assert not {"B326", "A133"} & set(basket.service_of_code)
