"""Where the next sites should go, as tables that a committee can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from sdaasp_geo.showing import Explorable, card

if TYPE_CHECKING:
    import geopandas as gpd

    from sdaasp_geo.scenarios.model import Scenario
    from sdaasp_geo.scenarios.siting.problem import SitingProblem
    from sdaasp_geo.scenarios.siting.solution import Solution


@dataclass(frozen=True, repr=False)
class SitingResult(Explorable):
    """The best sites among the candidates, and how surely they are the best.

    Parameters
    ----------
    status
        See :class:`~sdaasp_geo.scenarios.siting.solution.Solution`.
    sites
        Chosen sites, one row each: ``rank`` (1 saves the most minutes in all, 2 the most
        beside it, …), ``site name commune unit known_by locked``, ``inhabitants_served``
        (for whom it improves most on today), what is lost without it alone
        (``lost_inhabitants_gaining lost_inhabitants_within lost_mean_min
        lost_worst_min``; minutes are missing where somebody then reaches no place),
        ``geometry``. Empty where no set was found.
    alternatives
        The best sets, one row a set and site: ``solution`` (1 is the best), ``value``,
        ``bound``, ``status``, ``site name``, ``in_best`` (whether the best set has it).
    origins
        One row an origin: ``origin commune population before_min after_min gain_min``
        (the largest gain over the services, and the minutes of that service; missing
        gain where there was no way before), ``newly_reached`` (number of services),
        ``site`` (the one that improves most on today, missing where none does).
    unserved
        Inhabitants that neither an existing place nor any candidate serves:
        ``origin commune population services`` (number of services).
    without_after
        Inhabitants for whom some service still has no place once the chosen sites are
        open (of today, where none was chosen), whatever ``cap`` stands in for it; those
        of `unserved` among them. Same columns; ``services`` counts those without.
    blocking
        Inhabitants that make the question impossible: ``origin commune population
        nearest_min`` (with the best candidate). Empty where it is not.
    candidates
        Every candidate as it was placed: ``site name commune unit known_by chosen``,
        what it does alone (``inhabitants_gaining_alone inhabitants_within_alone``),
        ``geometry``.
    summary
        Plain figures, fit for JSON; inhabitants are people, whatever the weights.
    notes
        ``subject kind note``, in French.
    problem, solution
        The matrix question and its answer.
    scenario
        The chosen sites as a scenario to simulate; None where there are none.
    """

    status: str
    sites: gpd.GeoDataFrame
    alternatives: pd.DataFrame
    origins: pd.DataFrame
    unserved: pd.DataFrame
    without_after: pd.DataFrame
    blocking: pd.DataFrame
    candidates: gpd.GeoDataFrame
    summary: dict[str, Any]
    notes: pd.DataFrame
    problem: SitingProblem
    solution: Solution
    scenario: Scenario | None

    def __repr__(self) -> str:
        """Say what was found in one line; the tables show themselves."""
        names = ", ".join(self.sites["name"]) or "none"
        return f"<SitingResult {self.status}, {len(self.sites)} sites: {names}>"

    def gain_by_commune(self, communes: pd.DataFrame) -> pd.DataFrame:
        """Gain of each commune by the chosen sites, from the table of origins.

        Parameters
        ----------
        communes
            ``commune name population``, one row a commune of the département.

        Returns
        -------
        DataFrame
            ``commune name population inhabitants_gaining gain_min`` (mean of the
            inhabitants whose gain is known, over each one's service of largest gain),
            ``inhabitants_newly_reached``.
        """
        origins, people = self.origins, self.origins["population"]
        known, newly = origins["gain_min"].notna(), origins["newly_reached"] > 0
        sums = pd.DataFrame(
            {
                "commune": origins["commune"],
                "inhabitants_gaining": people.where((origins["gain_min"] > 0) | newly, 0.0),
                "inhabitants_newly_reached": people.where(newly, 0.0),
                "known": people.where(known, 0.0),
                "minutes": (people * origins["gain_min"]).where(known, 0.0),
            }
        )
        total = sums.groupby("commune").sum()
        total["gain_min"] = total["minutes"] / total["known"].where(total["known"] > 0)
        listed = pd.DataFrame(communes[["commune", "name", "population"]]).reset_index(drop=True)
        found = total.reindex(listed["commune"]).reset_index(drop=True)
        return listed.join(found[["inhabitants_gaining", "gain_min", "inhabitants_newly_reached"]])

    def _repr_html_(self) -> str:
        columns = ["rank", "name", "commune", "inhabitants_served"]
        return card(
            "Meilleurs emplacements",
            {"état": self.status, "sites choisis": len(self.sites)},
            table=self.sites[[name for name in columns if name in self.sites]],
            then="sites, alternatives, candidates, origins, notes… ; scenario pour le simuler",
        )
