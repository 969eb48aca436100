"""Maps and curves in axes of the caller's; sites, scenarios, isochrones, the sheet of services."""

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
import toy_diagnostic
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from page_reader import plain
from shapely import Point

import worlds
from scenarios import toy_scenarios as toy_row
from sdaasp_geo.access.reach import reach_times
from sdaasp_geo.report import style
from sdaasp_geo.report.curves import Curve, distribution_curves, plot_distribution
from sdaasp_geo.report.gainplots import plot_gain, plot_siting
from sdaasp_geo.report.images import pixels
from sdaasp_geo.report.isochronemap import plot_isochrones
from sdaasp_geo.report.plots import (
    plot_gamme,
    plot_minutes,
    plot_remoteness,
    plot_service,
    plot_sites,
    plot_zones,
)
from sdaasp_geo.report.smallmultiples import plot_services_sheet
from sdaasp_geo.scenarios.model import Closing, Opening, Scenario
from sdaasp_geo.scenarios.simulate import simulate
from sdaasp_geo.scenarios.siting.choose import choose_sites

HOSTILE = "<script>alert('1')</script> \"L'été\" $x_$ $ 🚌"


def axes(size=(5.0, 4.0)):
    figure = Figure(figsize=size, dpi=80)
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def legend_of(ax):
    """Return all that the legends say, one text a line."""
    found = [ax.get_legend(), *[child for child in ax.artists if hasattr(child, "get_texts")]]
    return [plain(t.get_text().replace("\n", " ")) for box in found for t in box.get_texts()]


def rgb(colour):
    return [round(255 * part) for part in to_rgb(colour)]


def shown_at(ax, x, y):
    """Return the colour drawn at a point of a map (metres)."""
    picture = pixels(ax.get_figure(root=True))
    column, row = ax.transData.transform((x, y))
    return picture[picture.shape[0] - 1 - int(row), int(column)].tolist()


@pytest.fixture(scope="module")
def row():
    """Aa, Bé and Cé in a row, a CAF in Aa: 0, 10 and 20 min."""
    return toy_row.row()


@pytest.fixture(scope="module")
def gains(row):
    """Move the CAF from Aa to Cé: Aa loses 20 min, Cé gains 20, Bé has its 10."""
    opened = Opening(HOSTILE, services=(toy_row.CAF,), unit="01003", known_by="commune")
    closed = Closing(service=toy_row.CAF, commune="01001")
    return simulate(row, Scenario("Essai", (opened,), (closed,)))


def test_a_service_and_a_gamme_are_minutes(toy):
    for plot, item in ((plot_service, "maternite"), (plot_gamme, "superieure")):
        ax, same = axes(), axes()
        assert plot(toy, item, ax=ax) is ax
        plot_minutes(toy, item, ax=same)
        assert ax.get_title() == same.get_title()
        assert legend_of(ax) == legend_of(same)
    with pytest.raises(ValueError, match="service: expected one of boulangerie.*'superieure'"):
        plot_service(toy, "superieure")
    with pytest.raises(ValueError, match="gamme: expected one of proximite.*'maternite'"):
        plot_gamme(toy, "maternite")


def test_a_legend_says_why_a_time_is_missing(toy):
    said = legend_of(plot_service(toy, "maternite", ax=axes()))
    assert said[:6] == [
        "Moins de 5 min",
        "5 à 10 min",
        "10 à 15 min",
        "15 à 20 min",
        "20 à 30 min",
        "30 min et plus",
    ]
    assert said[6] == "Non atteint : aucun équipement sur le même réseau routier (1 commune)"
    assert "moyenne incomplète" in legend_of(plot_minutes(toy, "basket", ax=axes()))
    unknown = toy.communes.assign(
        remote_gammes=toy.communes["remote_gammes"].where(lambda n: n > 0)
    )
    asked = dataclasses.replace(toy, communes=unknown)
    assert any(
        "Non déterminé : il manque" in t for t in legend_of(plot_remoteness(asked, ax=axes()))
    )


def test_a_layout_leaves_room_for_the_reason(toy):
    figure = Figure(figsize=(5, 5), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    ax = plot_service(toy, "maternite", ax=figure.add_subplot())
    pixels(figure)
    (below,) = (box for box in ax.artists if hasattr(box, "get_texts"))
    assert below.get_window_extent().y0 >= 0


def test_zones_in_axes(toy):
    ax = axes()
    assert plot_zones(toy, ax=ax) is ax
    assert legend_of(ax) == ["éloignées d'au moins une gamme", "panier au-delà de 15 min"]
    assert {"1", "A"} <= {text.get_text() for text in ax.texts}


def test_sites_have_their_names_without_what_all_share(toy):
    points = toy.communes["chef_lieu"].iloc[[0, 6]]
    sites = gpd.GeoDataFrame(
        {"name": ["France Services de Bourg 1", "MSAP $Sept$"]},
        geometry=points.to_numpy(),
        crs=points.crs,
    )
    ax = axes()
    assert plot_sites(toy, sites, column="boulangerie", ax=ax) is ax
    assert {"Bourg 1", "$Sept$"} <= {text.get_text() for text in ax.texts}
    assert "site" in legend_of(ax)
    assert plain(ax.get_title()) == "Boulangerie : temps d'accès en voiture"
    many = gpd.GeoDataFrame(
        {"name": [f"Site n{n}" for n in range(12)]},
        geometry=toy.communes["chef_lieu"].to_numpy(),
        crs=points.crs,
    )
    crowded = plot_sites(toy, many, ax=axes())
    assert not any(text.get_text().startswith("Site") for text in crowded.texts)
    with pytest.raises(ValueError, match="sites: expected the CRS of the diagnostic, found EPSG:4"):
        plot_sites(toy, sites.to_crs(4326))


def test_losers_are_red_and_crossed_and_gainers_blue(row, gains):
    ax = axes()
    assert plot_gain(gains, toy_row.CAF, ax=ax) is ax
    said = legend_of(ax)
    assert "Perte > 10 min" in said
    assert "Gain > 10 min" in said
    assert "commune qui perd, en moyenne" in said
    assert HOSTILE not in ax.get_title()
    low = row.communes.geometry.bounds["miny"].min() + 1_000
    red, _, blue = shown_at(ax, row.communes["chef_lieu"].iloc[2].x + 3_000, low)
    assert blue > red
    crosses = [c for c in ax.collections if c.get_hatch() == "xxx"]
    assert [len(c.get_paths()) for c in crosses] == [1]
    assert plot_gain(gains, ax=axes()).get_title() == "Qui gagne, qui perd"
    with pytest.raises(ValueError, match="item: expected one of .*point_accueil_caf, found 'gare'"):
        plot_gain(gains, "gare")


def test_the_best_sites(row):
    points = row.communes.set_geometry("chef_lieu", crs=row.communes.crs)
    places = gpd.GeoDataFrame(
        {"site": points["commune"], "name": "Mairie " + points["name"]}, geometry=points.geometry
    )
    result = choose_sites(row, places, services=[toy_row.CAF], count=1)
    ax = axes()
    assert plot_siting(row, result, ax=ax) is ax
    assert {"site choisi", "autre candidat"} <= set(legend_of(ax))
    assert result.sites["name"].iloc[0] in {text.get_text() for text in ax.texts}


def test_isochrones_follow_the_road(row):
    """A kilometre is a minute: the site at x = 5 km has its 10 min at x = 15 km."""
    site = gpd.GeoDataFrame(
        {"name": ["Site"]}, geometry=[Point(5 * worlds.KM, 5 * worlds.KM)], crs=row.communes.crs
    )
    ax = axes((8, 4))
    assert plot_isochrones(row, site, ax=ax) is ax
    y = 5 * worlds.KM - 300  # beside the road and the names, 0.3 min from it
    for x_km, rank in ((7.5, 0), (12.5, 1), (17.5, 2), (22.5, 3)):
        assert shown_at(ax, x_km * worlds.KM, y) == rgb(style.RAMP[rank]), x_km
    land = row.land
    times = reach_times(land.network, site, row.origins, row.assumptions)["time_min"]
    assert times.tolist() == [0.0, 10.0, 20.0]
    said = [plain(t.get_text()) for t in plot_isochrones(row, site).get_figure().texts]
    # 1,000 and 500 of 2,000 inhabitants are within 10 min; 500 at 20, which is within too.
    assert "100 %" in said
    assert "1 site dans la zone d'étude." in said
    with pytest.raises(ValueError, match="sites: expected one site at least"):
        plot_isochrones(row, site.iloc[:0])
    with pytest.raises(ValueError, match="expected a diagnostic with its land"):
        plot_isochrones(dataclasses.replace(row, land=None), site)


def test_the_curve_counts_all_inhabitants(toy):
    """Maternity: 10 min for 1,500 of 7,800, 20 for 1,800, more for the rest but the last 1,200."""
    (curve,) = distribution_curves(toy, ["maternite"])
    shares = [curve.within(limit) for limit in (9.9, 10.0, 19.9, 20.0, 1e9)]
    expected = [0.0, 1500 / 7800, 1500 / 7800, 3300 / 7800, 6600 / 7800]
    assert shares == pytest.approx(expected)
    curves = distribution_curves(toy)
    assert [c.threshold_min for c in curves] == [5.0, 25.0, None]
    for column, found in zip(("proximite", "superieure", "basket"), curves, strict=True):
        line = toy.gammes.set_index("gamme").loc[column]
        for limit in toy_diagnostic.WITHIN:
            assert found.within(limit) == pytest.approx(line[f"within_{limit}_min"]), column
    assert Curve("", np.array([]), np.array([])).within(5.0) == 0.0


def test_the_curve_is_drawn_in_axes(toy):
    ax = axes()
    assert plot_distribution(toy, ["maternite", "urgences"], ax=ax) is ax
    assert legend_of(ax) == ["Maternité", "Urgences"]
    x, y = ax.lines[0].get_data()
    assert y[np.searchsorted(x, 10.0, side="right") - 1] == pytest.approx(100 * 1500 / 7800)
    assert ax.get_aspect() == "auto"
    pixels_of = plot_distribution(toy).get_figure().texts
    assert "Part des habitants selon leur temps d'accès" in [t.get_text() for t in pixels_of]
    with pytest.raises(ValueError, match="columns: expected 1 to 6 items, found 0"):
        plot_distribution(toy, [])
    with pytest.raises(ValueError, match="found 'piscine'"):
        plot_distribution(toy, ["piscine"])


def test_the_sheet_has_a_map_of_each_service(toy):
    ax = axes((9, 6))
    assert plot_services_sheet(toy, ax=ax) is ax
    assert len(ax.child_axes) == 4
    for inner, service in zip(ax.child_axes, toy.basket.service_ids, strict=True):
        spot = toy.communes["chef_lieu"].iloc[0]
        time = toy.communes[f"{service}_min"].iloc[0]
        if np.isfinite(time):
            rank = sum(time >= limit for limit in (5, 10, 15, 20, 30))
            assert shown_at(inner, spot.x, spot.y) == rgb(style.RAMP[rank]), service
    said = [plain(text.get_text()) for text in ax.texts]
    # 2, 3, 4 and 5 min for 1,500, 1,800, 2,100 and 2,400 people.
    assert said[:2] == ["Proximité : 3,7 min", "Boulangerie"]
    assert "Supérieure : non atteint" in said
    assert any(text.startswith("Non atteint : aucun équipement joignable") for text in said)
    with pytest.raises(ValueError, match="columns: expected some of boulangerie"):
        plot_services_sheet(toy, [])


def test_hostile_names_are_but_names(toy):
    hostile = dataclasses.replace(
        toy,
        name=HOSTILE,
        communes=toy.communes.assign(name=HOSTILE),
        sites=toy.sites.assign(name=HOSTILE),
    )
    for plot in (plot_zones, plot_sites, plot_distribution, plot_services_sheet):
        pixels(plot(hostile, ax=axes((3, 3))).get_figure(root=True))


def test_inputs_are_untouched(frozen_toy):
    plot_sites(frozen_toy, ax=axes())
    plot_distribution(frozen_toy, ax=axes())
    plot_zones(frozen_toy, ax=axes())
