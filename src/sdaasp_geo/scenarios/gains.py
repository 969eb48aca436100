"""What a scenario brings: finished tables, and the diagnostic after it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sdaasp_geo.diagnostic.build import rebuilt
from sdaasp_geo.showing import Explorable, card

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.model import Scenario


@dataclass(frozen=True, repr=False)
class Gains(Explorable):
    """Everything that a scenario changes, as tables; gains and losses never netted.

    A gain is the minutes before less the minutes after: above 0 where people come nearer,
    below where they get farther. Times before and after are the diagnostic's own figures;
    a gain averages over the inhabitants whose time is known before **and** after, so that
    it differs from before - after where some are newly reached or newly unreached. They
    have no gain on the means of the gamme and the basket, which bear on other services
    than before.

    Parameters
    ----------
    scenario, before
        What was tried, on what.
    communes
        One row a commune of the département, sorted by code: ``commune name epci
        population``; for each touched service, each gamme that holds one and ``basket``
        ``<item>_before_min <item>_after_min <item>_gain_min``; ``gain_min`` and
        ``loss_min``, the largest over the touched services of the mean gain, resp. loss,
        of the inhabitants (0 where there is none): what some lose is not made up for by
        what others gain, whereas ``<service>_gain_min`` is the difference of the means; ``mean_gain_over_services_min``, the mean of the gains over
        the touched services; ``inhabitants_gaining inhabitants_losing
        inhabitants_newly_reached inhabitants_newly_unreached``;
        ``remote_gammes_before remote_gammes_after`` (nullable integers), ``geometry``.
    origins
        The same by origin: ``origin commune unit population``, the minutes,
        ``gain_min loss_min mean_gain_over_services_min``, ``newly_reached
        newly_unreached`` (number of services), ``geometry``.
    services
        One row a touched service: ``service label gamme facilities_before
        facilities_after mean_before_min mean_after_min inhabitants_gaining
        mean_gain_of_gainers_min largest_gain_min inhabitants_losing
        mean_loss_of_losers_min largest_loss_min inhabitants_newly_reached
        inhabitants_newly_unreached``.
    epci
        One row an EPCI: ``epci name communes population``, minutes before, after and
        gained by touched service, gamme and basket, ``inhabitants_gaining
        mean_gain_of_gainers_min inhabitants_losing mean_loss_of_losers_min``,
        ``remote_communes_before remote_communes_after``.
    sites
        One row a place that opens, moves or is converted: as in
        :class:`~sdaasp_geo.scenarios.placing.Placed`, then ``nearest_<service>``
        (inhabitants for whom it becomes the nearest; an estimate inside a commune names
        the commune's first facility), ``inhabitants_nearest`` (for at least one service), what it brings if it opens alone
        (``inhabitants_gaining_alone mean_gain_of_gainers_alone_min
        inhabitant_minutes_alone``, these minutes added over the services; missing for a
        place that moves), ``reason`` (empty, or why no road leads there) and ``snap_m``
        (metres to its street).
    losers
        One row a pair that loses: ``origin commune name service population before_min
        after_min loss_min newly_unreached facility_before facility_after reason``, the
        largest loss first, those newly unreached (`loss_min` missing) before all.
    newly_reached
        One row a pair that had no time and gets one: ``origin commune name service
        population after_min facility_after reason_before``.
    notes
        ``subject kind note``, in French.
    summary
        As written to ``summary.json``.
    times, facilities
        Access times and facilities after the scenario.
    closed
        Facilities that vanish, with the `count` that does.
    """

    scenario: Scenario
    before: Diagnostic
    communes: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    services: pd.DataFrame
    epci: pd.DataFrame
    sites: gpd.GeoDataFrame
    losers: pd.DataFrame
    newly_reached: pd.DataFrame
    notes: pd.DataFrame
    summary: dict[str, Any]
    times: pd.DataFrame
    facilities: gpd.GeoDataFrame
    closed: gpd.GeoDataFrame

    @cached_property
    def after(self) -> Diagnostic:
        """The whole diagnostic after the scenario, made when it is first asked for."""
        return rebuilt(self.before, self.times, self.facilities)

    def __repr__(self) -> str:
        """Say what it brings in one line; the tables show themselves."""
        found = self.summary
        mean = found["mean_gain_of_gainers_min"]
        by = "" if mean is None else f" {mean:.1f} min on average"
        return (
            f"<Gains {self.scenario.name}: {found['inhabitants_gaining']:,.0f} inhabitants gain"
            f"{by}, {found['inhabitants_losing']:,.0f} lose>"
        )

    def _repr_html_(self) -> str:
        found = self.summary
        figures = {
            "habitants gagnants": found["inhabitants_gaining"],
            "gain moyen des gagnants (min)": found["mean_gain_of_gainers_min"],
            "habitants perdants": found["inhabitants_losing"],
            "gagnants en commune éloignée": found["gainers_in_remote_communes"],
            "communes sorties de l'éloignement": len(found["communes_leaving_remoteness"]),
        }
        columns = [
            *("label", "facilities_before", "facilities_after"),
            *("mean_before_min", "mean_after_min", "inhabitants_gaining", "inhabitants_losing"),
        ]
        return card(
            f"Scénario – {self.scenario.name}",
            figures,
            table=self.services[columns],
            then="communes, origins, services, sites, losers, notes… ; explore() pour la carte",
        )
