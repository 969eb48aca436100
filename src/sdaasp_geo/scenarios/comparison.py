"""What changed between two vintages of one territory, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdaasp_geo.showing import Explorable, card

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

CHANGES = ("kept", "moved", "recoded", "opened", "closed")


@dataclass(frozen=True, repr=False)
class Comparison(Explorable):
    """What changed between two vintages of one territory.

    Times are measured on the **new** network, for the new inhabitants, with the new
    rules, whatever the facilities: of the old vintage (``old``), of the old one with new
    codes and re-measured places (``paper``), of the new one (``new``). What roads,
    inhabitants and rules did is apart, as ``other_changes``.

    Parameters
    ----------
    name
        Of the new diagnostic.
    changes
        Every facility, see :class:`~sdaasp_geo.scenarios.matching.Matches`.
    effects
        One row a change that touches access (its number in `changes` is ``change_row``)
        and a direction: ``effect`` is ``loss`` (of the facility that closed, moved away
        or took another service: what closing it alone did to the old vintage) or
        ``gain`` (of the one that came: what would be lost today without it alone), with
        ``change service facility commune count``, ``inhabitants`` touched,
        ``inhabitants_over_<1, 3, 6, 10>_min``, ``inhabitants_without`` (who have no other
        way at all, and enter no minutes), ``mean_min`` (of those touched who have one),
        ``largest_min``, ``inhabitant_min`` (summed), ``communes_touched``,
        ``most_touched_commune``. Missing where a count does not tell which facility it
        was. Effects of facilities near each other overlap, and do not add up.
    services
        One row a service: ``service label old_number new_number``, numbers ``kept moved
        recoded opened closed`` (under its new service), means over the inhabitants
        ``old_min`` (as the old diagnostic has it), ``other_changes_min``,
        ``paper_min``, ``facilities_min``, ``reach_change_min``, ``new_min``, where old +
        the four = new. `paper_min` and `facilities_min` are of those with a time before
        and after; `reach_change_min` is what remains, of those in one mean only (who lost
        or won any way at all: a remote place cut off lowers the mean, and is no gain).
        ``inhabitants_gaining inhabitants_losing`` by the facilities,
        ``inhabitants_newly_reached inhabitants_newly_unreached``.
    communes
        One row a commune and service: ``commune name population service old_number
        new_number old_min paper_min new_min change_min`` (new less paper, of those
        with a time either way), ``inhabitants_gaining inhabitants_losing
        inhabitants_newly_reached inhabitants_newly_unreached``.
    lost_last
        Communes that lost their last facility of a service (see
        :func:`~sdaasp_geo.scenarios.watch.lost_last`).
    zones
        Contiguous communes without any first service, at both vintages.
    alerts
        What is over the thresholds.
    summary, notes
        Figures fit for JSON; remarks in French.
    """

    name: str
    changes: gpd.GeoDataFrame
    effects: pd.DataFrame
    services: pd.DataFrame
    communes: pd.DataFrame
    lost_last: pd.DataFrame
    zones: gpd.GeoDataFrame
    alerts: pd.DataFrame
    summary: dict[str, Any]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Say what changed in one line."""
        numbers = self.summary["facilities"]
        told = ", ".join(f"{numbers[name]:,} {name}" for name in CHANGES)
        return f"<Comparison {self.name}: {told}, {len(self.alerts)} alerts>"

    def _repr_html_(self) -> str:
        numbers = self.summary["facilities"]
        figures = {**{name: numbers[name] for name in CHANGES}, "alerts": len(self.alerts)}
        columns = ["label", "old_number", "new_number", "old_min", "facilities_min", "new_min"]
        return card(
            f"Deux millésimes – {self.name}",
            figures,
            table=self.services[columns],
            then="changes, effects, services, communes, lost_last, alerts, notes…",
        )

    def largest_changes(self) -> pd.DataFrame:
        """Largest loss and gain of each commune over the services.

        Returns
        -------
        DataFrame
            Index ``commune``; ``loss_min gain_min losing reached unreached``, minutes of
            the commune's means and inhabitants, each the largest over the services.
        """
        change = self.communes["change_min"].astype("float64").fillna(0.0)
        parts = self.communes[["commune"]].assign(
            loss_min=change.clip(lower=0.0),
            gain_min=(-change).clip(lower=0.0),
            losing=self.communes["inhabitants_losing"],
            reached=self.communes["inhabitants_newly_reached"],
            unreached=self.communes["inhabitants_newly_unreached"],
        )
        return parts.groupby("commune").max()
