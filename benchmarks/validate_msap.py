"""The new MSAP of the Bouches-du-Rhône: computed beside published, and the best ten sites.

Used by ``validate.py``; ``docs/validation.md`` explains the gaps.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

import sdaasp_geo as sg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains

BOUQUET = "msap_13"
SITES = 10
# The directory of 2016 tells one counter of the MSA and one of the Carsat in the whole
# département: whatever opens gains half an hour on them.
WELL_TOLD = ("point_accueil_caf", "point_accueil_cpam", "pole_emploi")
OBJECTIVES = ("inhabitants_gaining", "mean_time")


def opened_msap(diagnostic: Diagnostic, published: dict[str, Any]) -> Gains:
    """Open the sites that the schéma names, each where the code of its commune stands."""
    openings = tuple(
        sg.Opening(site["nom"], unit=site["code_insee"], bouquet=BOUQUET)
        for site in published["simulation_msap"]["sites"]
    )
    return sg.simulate(diagnostic, sg.Scenario("MSAP du schéma", openings))


def figures(gains: Gains, published: dict[str, Any]) -> Iterator[tuple[str, float, float | None]]:
    """Yield name, published and computed of every figure that the schéma gives.

    Its gain of an inhabitant is not defined: that of the service that gains most is
    beside the mean over the five services.
    """
    told, found = published["simulation_msap"], gains.summary
    over = found["inhabitants_gaining_over_min"]
    people = gains.origins["population"]
    mean_gain = gains.origins["mean_gain_over_services_min"]
    gaining = mean_gain > 0
    average = float((people * mean_gain)[gaining].sum() / people[gaining].sum())
    yield "habitants gagnants", told["habitants_gagnants"], found["inhabitants_gaining"]
    minutes = found["mean_gain_of_gainers_min"]
    yield "gain moyen, service qui gagne le plus (min)", told["gain_moyen_min"], minutes
    yield "gain moyen, moyenne des services (min)", told["gain_moyen_min"], average
    for least in (6, 10):
        name = f"habitants gagnant plus de {least} min"
        wanted = told[f"habitants_gain_plus_{least}_min"]
        yield name, wanted, over[str(least)]
        yield f"{name}, moyenne des services", wanted, float(people[mean_gain > least].sum())
    well_told = [f"{service}_gain_min" for service in WELL_TOLD]
    gain = gains.origins[well_told].max(axis=1)
    name = "CAF, CPAM et Pôle emploi seuls"
    yield f"habitants gagnants, {name}", told["habitants_gagnants"], float(people[gain > 0].sum())
    average = float((people * gain)[gain > 0].sum() / people[gain > 0].sum())
    yield f"gain moyen (min), {name}", told["gain_moyen_min"], average
    for least in (6, 10):
        wanted = told[f"habitants_gain_plus_{least}_min"]
        yield (
            f"habitants gagnant plus de {least} min, {name}",
            wanted,
            float(people[gain > least].sum()),
        )
    remote = told["habitants_communes_eloignees_gagnants"]
    yield "habitants de communes éloignées gagnants", remote, found["gainers_in_remote_communes"]


def best_sites(
    diagnostic: Diagnostic, published: dict[str, Any]
) -> Iterator[tuple[str, sg.SitingResult, list[str]]]:
    """Yield, by what is asked, the best ten of the 119 mairies and those the schéma has too."""
    communes = diagnostic.communes
    mairies = gpd.GeoDataFrame(
        {
            "site": communes["commune"],
            "name": communes["name"],
            "commune": communes["commune"],
            "known_by": "commune",
        },
        geometry=communes["chef_lieu"],
        crs=communes.crs,
    )
    places = diagnostic.land.places
    told = pd.Series([site["code_insee"] for site in published["simulation_msap"]["sites"]])
    chosen_by_committee = set(places.commune_of(places.unit_of(told)))
    offers: dict[str, dict[str, Any]] = {
        "cinq opérateurs": {"bouquet": BOUQUET},
        "CAF, CPAM et Pôle emploi": {"services": WELL_TOLD},
    }
    for (name, offer), objective in itertools.product(offers.items(), OBJECTIVES):
        result = sg.choose_sites(
            diagnostic,
            mairies,
            count=SITES,
            objective=objective,
            missing="never_served",
            **offer,
        )
        shared = [mairie for code, mairie in zip(result.sites["site"], result.sites["name"], strict=True)
                  if code in chosen_by_committee]  # fmt: skip
        yield f"{objective}, {name}", result, shared
