"""What a hurried analyst asks of a scenario, on one row of communes: refused, or said."""

import dataclasses

import geopandas as gpd
import pytest
import shapely
import toy_scenarios

from sdaasp_geo.errors import InputError
from sdaasp_geo.scenarios.model import Closing, Conversion, Opening, Scenario
from sdaasp_geo.scenarios.simulate import simulate


@pytest.fixture(scope="module")
def diagnostic():
    return toy_scenarios.row()


def first(diagnostic):
    return diagnostic.land.facilities.iloc[0]


@pytest.mark.parametrize("count", [0, -3])
def test_closing_none_or_fewer_is_refused(diagnostic, count):
    closing = Closing(facility=first(diagnostic)["facility"], count=count)
    with pytest.raises(InputError, match="from 1 to"):
        simulate(diagnostic, Scenario("x", closings=(closing,)))


def test_an_outline_and_an_unknown_system_are_refused(diagnostic):
    service = first(diagnostic)["service"]
    outline = Opening("A", services=(service,), point=shapely.box(0, 0, 1, 1))
    with pytest.raises(InputError, match=r"a point, found Polygon.*representative_point"):
        simulate(diagnostic, Scenario("x", (outline,)))
    lost = Opening("A", services=(service,), point=shapely.Point(0, 0), crs="EPSG:foo")
    with pytest.raises(InputError, match="EPSG:foo"):
        simulate(diagnostic, Scenario("x", (lost,)))


def with_site(diagnostic):
    """The diagnostic with one listed site, in the commune of the first facility."""
    home = first(diagnostic)
    sites = gpd.GeoDataFrame(
        {
            "site": ["S1"],
            "name": ["Maison"],
            "format": ["Fixe"],
            "operators": [None],
            "commune": [home["commune"]],
            "unit": [home["unit"]],
            "known_by": ["commune"],
            "position_quality": ["commune"],
            "source": ["liste.csv"],
            "vintage": ["2024"],
        },
        geometry=[diagnostic.land.places.units["chef_lieu"][home["unit"]]],
        crs=diagnostic.land.facilities.crs,
    )
    return dataclasses.replace(diagnostic, sites=sites), home


def test_opening_where_a_site_is_listed_is_said(diagnostic):
    listed, home = with_site(diagnostic)
    opening = Opening("Encore", services=(home["service"],), unit=home["unit"])
    notes = simulate(listed, Scenario("x", (opening,))).notes
    assert "site_there" in set(notes["kind"])
    assert "site_there" not in set(simulate(diagnostic, Scenario("x", (opening,))).notes["kind"])


def test_a_site_is_converted_once_and_not_closed(diagnostic):
    listed, _ = with_site(diagnostic)
    once = Conversion("S1", "france_services_2020")
    with pytest.raises(InputError, match="converted twice"):
        simulate(listed, Scenario("x", conversions=(once, once)))
    with pytest.raises(InputError, match="closed as well"):
        simulate(listed, Scenario("x", conversions=(once,), closings=(Closing(site="S1"),)))
