"""The watch on first services: last ones lost, communes without any, alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from sdaasp_geo.indicators.zones import contiguous_zones

if TYPE_CHECKING:
    from sdaasp_geo.basket import Basket
    from sdaasp_geo.diagnostic.model import Diagnostic


@dataclass(frozen=True)
class Thresholds:
    """When a change is an alert.

    Parameters
    ----------
    lost_min
        Minutes that the inhabitants of a commune lose on average, at least.
    inhabitants
        Inhabitants who lose, at least.
    services
        First services; those of the first gamme of the basket if None.
    """

    lost_min: float = 5.0
    inhabitants: float = 100.0
    services: tuple[str, ...] | None = None

    def first_services(self, basket: Basket) -> list[str]:
        """Ids of the first services that the basket has."""
        if self.services is None:
            return basket.services_of(basket.gamme_ids[0])
        return [name for name in basket.service_ids if name in self.services]


THRESHOLDS = Thresholds()


def lost_last(communes: pd.DataFrame) -> pd.DataFrame:
    """Communes that lost their last facility of a service.

    Parameters
    ----------
    communes
        One row a commune and service, see
        :class:`~sdaasp_geo.scenarios.compare.Comparison`.

    Returns
    -------
    DataFrame
        ``commune name population service old_number new_number paper_min new_min
        change_min inhabitants_losing inhabitants_newly_unreached``, the most populated
        first.
    """
    gone = communes[(communes["old_number"] > 0) & (communes["new_number"] == 0)]
    columns = ["commune", "name", "population", "service", "old_number", "new_number"]
    columns += ["paper_min", "new_min", "change_min"]
    columns += ["inhabitants_losing", "inhabitants_newly_unreached"]
    order = ["population", "commune", "service"]
    return gone[columns].sort_values(order, ascending=[False, True, True], ignore_index=True)


def alerts(communes: pd.DataFrame, lost: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """Gather what is over the thresholds.

    Parameters
    ----------
    communes, lost
        Of a comparison.
    thresholds
        When a change is an alert.

    Returns
    -------
    DataFrame
        ``kind commune name service change_min inhabitants_losing``: `kind` is
        ``unreached`` (inhabitants who have no way left), ``minutes`` (mean loss of the
        commune and inhabitants both at least the thresholds) or ``last`` (the commune
        lost its last facility, and at least so many inhabitants lose by it). A commune
        and service may appear under several.
    """
    enough = communes["inhabitants_losing"] >= thresholds.inhabitants
    cut = communes["inhabitants_newly_unreached"] >= thresholds.inhabitants
    far = enough & (communes["change_min"] >= thresholds.lost_min)
    parts = {
        "unreached": communes[cut],
        "minutes": communes[far],
        "last": lost[lost["inhabitants_losing"] >= thresholds.inhabitants],
    }
    columns = ["commune", "name", "service", "change_min", "inhabitants_losing"]
    table = pd.concat([part[columns].assign(kind=kind) for kind, part in parts.items()])
    order = ["inhabitants_losing", "commune", "service", "kind"]
    table = table.sort_values(order, ascending=[False, True, True, True], ignore_index=True)
    return table[["kind", *columns]]


def zones_without(
    diagnostic: Diagnostic, communes: pd.DataFrame, services: list[str]
) -> gpd.GeoDataFrame:
    """Contiguous communes without any facility of a set of services.

    Parameters
    ----------
    diagnostic
        With the outlines of the communes.
    communes
        One row a commune and service, with ``old_number`` and ``new_number``.
    services
        The services, usually the first ones.

    Returns
    -------
    GeoDataFrame
        ``vintage`` (``old`` or ``new``) ``zone name communes population mean_min
        geometry``; ``mean_min`` is the present mean time to the basket, and ``members``
        the codes of the communes, ``;`` between.
    """
    wanted = communes[communes["service"].isin(services)]
    land = diagnostic.communes[diagnostic.communes["commune"].isin(communes["commune"])]
    parts = []
    for vintage in ("old", "new"):
        number = wanted.groupby("commune")[f"{vintage}_number"].sum()
        without = land["commune"].map(number) == 0
        zones = contiguous_zones(land, without, minutes="basket_min")
        zones.insert(0, "vintage", vintage)
        parts.append(zones.assign(members=_members(zones, land[without])))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=land.crs)


def _members(zones: gpd.GeoDataFrame, communes: gpd.GeoDataFrame) -> list[str]:
    inside = communes.geometry.representative_point()
    return [
        ";".join(sorted(communes.loc[inside.within(zone), "commune"])) for zone in zones.geometry
    ]
