"""Remarks on measured scenarios: no gain, no road, a small network, a service new or gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from sdaasp_geo.scenarios.gaintables import Sides
    from sdaasp_geo.scenarios.ground import Ground
    from sdaasp_geo.scenarios.notes import Remarks
    from sdaasp_geo.scenarios.pairs import Reach
    from sdaasp_geo.scenarios.placing import Placed


def remark_sites(ground: Ground, reach: Reach, remarks: Remarks) -> None:
    """Say which places no road reaches, or only that of an island."""
    network, rules = ground.land.network, ground.diagnostic.assumptions
    street = reach.end.snapped.street
    origin_street = reach.start.snapped.street
    placed = origin_street >= 0
    piece = network.component[network.street_from]
    people = np.bincount(
        piece[origin_street[placed]], ground.people[placed], network.component_nodes.size
    )
    for number, site in enumerate(reach.sites.itertuples()):
        if street[number] < 0:
            note = (
                f"Aucune route à moins de {rules.snap_limit_m:g} m : personne n'y accède par la "
                "route."
            )
            remarks.add(site.name, "unsnapped", note)
            continue
        here = int(piece[street[number]])
        if people[here] < people.max():
            note = (
                f"Sur un réseau de routes à part ({network.component_nodes[here]} carrefours, "
                f"{people[here]:.0f} habitants) : île, enclave ou routes mal raccordées."
            )
            remarks.add(site.name, "other_component", note)


def remark_changes(sides: Sides, measured: Collection[str], plan: Placed, remarks: Remarks) -> None:
    """Say what the figures alone would leave unsaid."""
    ground, tally = sides.ground, sides.tally
    basket, name = ground.diagnostic.basket, plan.scenario.name
    for service in plan.services:
        label = basket.service(service).label
        if service in measured and service not in ground.measured:
            note = (
                f"« {label} » n'avait aucun équipement : il entre dans les moyennes de sa gamme "
                "et du panier, qui ne se comparent plus à celles d'avant."
            )
            remarks.add(name, "service_appears", note)
        if service in ground.measured and service not in measured:
            note = (
                f"« {label} » n'a plus aucun équipement : il sort des moyennes de sa gamme et du "
                "panier, qui ne se comparent plus à celles d'avant."
            )
            remarks.add(name, "service_vanishes", note)
    _remark_means(sides, name, remarks)
    for opening in plan.scenario.openings:
        if opening.stops:
            note = (
                "Compté comme ouvert en permanence ; voir le temps pondéré par les jours de "
                "présence (availability_times)."
            )
            remarks.add(opening.name, "always_open", note)
    # A place that offers nothing of the basket, or that no road reaches, brings nobody
    # nearer, wherever others stand.
    cut_off = {subject for subject, kind, _ in remarks.rows if kind == "unsnapped"}
    offering = {site.name for site in plan.sites.itertuples() if site.services}
    if offering - cut_off and not tally.gains.any():
        remarks.add(name, "no_gain", "Personne n'y gagne : les services sont déjà aussi proches.")


def _remark_means(sides: Sides, name: str, remarks: Remarks) -> None:
    """Say whose means bear on other services than before."""
    tally = sides.tally
    told = (tally.newly_reached | tally.newly_unreached).any(axis=1) & sides.blurred.any(axis=1)
    people = tally.people[told].sum()
    if people > 0:
        who = (
            "1 habitant atteint ou perd"
            if people == 1
            else f"{people:.0f} habitants atteignent ou perdent"
        )
        note = (
            f"{who} un service : leurs moyennes par gamme et pour le panier ne portent plus sur "
            "les mêmes services, et aucun gain n'en est tiré."
        )
        remarks.add(name, "means_not_comparable", note)
