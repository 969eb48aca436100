"""The page of the best sites must not contradict itself."""

import geopandas as gpd
import pytest
from page_reader import plain, read_page

from scenarios import toy_scenarios as toy
from sdaasp_geo.report.sitingpage import write_siting_page
from sdaasp_geo.scenarios.siting.choose import choose_sites

SERVED = "Avec les sites choisis, chaque habitant a un lieu pour chaque service demandé."
WITHOUT = "Sans aucun lieu pour au moins un service demandé, avec les sites choisis"


@pytest.fixture(scope="module")
def islet():
    """A commune of 80 people that no road links to a CAF, but for its own mairie."""
    return toy.random_world(1, "routed")


def mairies(diagnostic):
    communes = diagnostic.communes
    return gpd.GeoDataFrame(
        {"site": communes["commune"], "name": "Mairie de " + communes["name"]},
        geometry=communes["chef_lieu"].to_numpy(),
        crs=communes.crs,
    )


def page_text(diagnostic, folder, **asked):
    result = choose_sites(diagnostic, mairies(diagnostic), services=[toy.CAF], **asked)
    path = write_siting_page(diagnostic, result, [], folder)
    return plain(read_page(path.read_text("utf-8")).text)


@pytest.mark.parametrize("missing", ["never_served", "cap:60"])
def test_nobody_is_said_served_who_is_not(islet, tmp_path, missing):
    told = page_text(islet, tmp_path, count=2, missing=missing)
    assert f"{WITHOUT} : 80 habitants." in told
    assert "Sans lieu pour au moins un service Commune Habitants" in told
    assert "Islet 80" in told
    assert "chaque habitant a un lieu" not in told


def test_everybody_served_is_said_where_it_is_so(islet, tmp_path):
    told = page_text(islet, tmp_path, count=2, missing="never_served", objective="mean_time")
    assert SERVED in told
    assert WITHOUT not in told
    assert "des habitants n'ont de route vers aucun lieu" not in told
    # Once, among the findings.
    assert told.count("n'existe que si tous sont desservis") == 1


def test_an_arbitrary_choice_is_said_beside_its_proof(islet, tmp_path):
    asked = {"count": 1, "missing": "cap:60", "least_gain_min": 999.0}
    told = page_text(islet, tmp_path, **asked)
    assert told.count("Aucun candidat ne fait gagner 999 min à qui que ce soit") == 1
