"""The diagnostic: a plain object of finished tables, and the land that they were measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.showing import Explorable, card

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from sdaasp_geo.assumptions import Assumptions
    from sdaasp_geo.basket import Basket
    from sdaasp_geo.network.road_network import RoadNetwork
    from sdaasp_geo.tables.levels import Levels
    from sdaasp_geo.tables.places import Places


class Choices(Protocol):
    """What tables are assembled by; a territory and a diagnostic both say it."""

    @property
    def name(self) -> str: ...  # noqa: D102 (see Diagnostic)
    @property
    def departement(self) -> str: ...  # noqa: D102
    @property
    def fictional(self) -> bool: ...  # noqa: D102
    @property
    def basket(self) -> Basket: ...  # noqa: D102
    @property
    def assumptions(self) -> Assumptions: ...  # noqa: D102
    @property
    def thresholds_min(self) -> dict[str, float]: ...  # noqa: D102


class Land(NamedTuple):
    """What the times of a diagnostic were measured on, and scenarios start from.

    Parameters
    ----------
    network
        The roads.
    places
        Communes and arrondissements by code, those of the buffer included.
    facilities
        Every facility of the basket's services (`FACILITIES` in the table schemas).
    """

    network: RoadNetwork
    places: Places
    facilities: gpd.GeoDataFrame


@dataclass(frozen=True, repr=False)
class Diagnostic(Explorable):
    """Everything that a diagnostic found, as tables.

    Parameters
    ----------
    name, departement, fictional
        The territory; a fictional one says so on every output.
    basket, assumptions, thresholds_min
        The services, the choices, and the minutes above which a commune is remote
        (by gamme id, and ``basket`` for the zones).
    communes
        One row a commune of the département, sorted by code: ``commune name departement
        epci population``, for each service ``<service>_min <service>_facility
        <service>_kind``, then ``<gamme>_min`` and ``basket_min``, ``remote_<gamme>``
        (nullable boolean) and ``remote_gammes`` (nullable integer), ``services_reached``
        (services that all inhabitants reach) of ``services_expected`` (services with a
        facility somewhere), and the same by gamme, ``<gamme>_reached`` and
        ``<gamme>_expected``; ``geometry`` (polygon) and ``chef_lieu`` (point), metric CRS.
    neighbours
        Communes around the département, for bearings on maps: ``commune name
        departement geometry``.
    origins, times
        Where people start from, and the access-times table (one row origin × service).
    services
        One row a service: ``service label gamme facilities mean_min median_min
        max_min reached_population unreached_population estimate_share`` (share of the
        reached inhabitants whose time is an estimate or a rule, not a route) and
        ``within_<t>_min`` (share of inhabitants within t = 5, 7, 10, 15, 20, 30).
    gammes
        One row a gamme and a last one ``basket``: ``gamme label services
        services_with_facility mean_min threshold_min remote_communes remote_population
        remote_share`` and ``within_<t>_min``.
    epci
        One row an EPCI: ``epci name communes population``, ``<gamme>_min``,
        ``basket_min``, ``remote_communes remote_population``.
    zones
        Contiguous zones: ``zone layer name communes population mean_min geometry``;
        `layer` is ``eloignement`` (remote from a gamme) or ``panier`` (basket above
        its threshold).
    remote_against_others
        One row a service, a gamme and the basket: ``item label level remote_min
        others_min extra_min ratio``.
    sites
        France Services and MSAP of the territory and its buffer.
    rejects, flags, unused
        Rows left out, rows kept but doubtful, rows nobody asked for.
    summary, provenance
        As written to ``summary.json`` and ``provenance.json``.
    land
        Roads, places and facilities; None for a diagnostic of tables alone, or of times
        that a file told, on which no scenario can be tried.
    levels
        What communes and origins belong to, beside EPCI; None where nothing was told. See
        :func:`~sdaasp_geo.diagnostic.by_level.by_level`.
    """

    name: str
    departement: str
    fictional: bool
    basket: Basket
    assumptions: Assumptions
    thresholds_min: dict[str, float]
    communes: gpd.GeoDataFrame
    neighbours: gpd.GeoDataFrame
    origins: gpd.GeoDataFrame
    times: pd.DataFrame
    services: pd.DataFrame
    gammes: pd.DataFrame
    epci: pd.DataFrame
    zones: gpd.GeoDataFrame
    remote_against_others: pd.DataFrame
    sites: gpd.GeoDataFrame
    rejects: pd.DataFrame
    flags: pd.DataFrame
    unused: pd.DataFrame
    summary: dict[str, Any]
    provenance: dict[str, Any]
    land: Land | None = None
    levels: Levels | None = None

    def __repr__(self) -> str:
        """Say what it is about in one line; the tables show themselves."""
        remote, people = len(self.remote_communes), self.summary["population"]
        return (
            f"<Diagnostic {self.name}: {len(self.communes)} communes, {people:,.0f} inhabitants, "
            f"{len(self.services)} services, {remote} remote communes>"
        )

    @property
    def profile(self) -> str:
        """Who travels: by car (``drive``), on foot (``foot``) or by bicycle (``bike``).

        ``published``: by car, in times that somebody else computed.
        """
        return str(self.provenance.get("profile", "drive"))

    @property
    def remote_communes(self) -> gpd.GeoDataFrame:
        """Communes remote from at least one gamme, the most remote first."""
        remote = self.communes[self.communes["remote_gammes"].fillna(0) > 0]
        return remote.sort_values(
            ["remote_gammes", "basket_min", "commune"], ascending=[False, False, True]
        )

    def _repr_html_(self) -> str:
        remote = self.summary["remote"]
        figures = {
            "communes": len(self.communes),
            "habitants": self.summary["population"],
            "services": len(self.services),
            "temps moyen au panier (min)": self.summary["mean_min"]["basket"],
            "communes éloignées": remote["communes"],
            "habitants éloignés": remote["population"],
            "lignes écartées, douteuses": f"{len(self.rejects)}, {len(self.flags)}",
        }
        fictional = " (territoire fictif)" if self.fictional else ""
        columns = ["label", "services", "mean_min", "threshold_min", "remote_communes"]
        return card(
            f"Diagnostic – {self.name}{fictional}",
            figures,
            table=self.gammes[columns],
            then="communes, services, gammes, epci, zones, times, rejects… ; explore() pour la carte",
        )


def land_of(diagnostic: Diagnostic) -> Land:
    """Return the land of a diagnostic.

    Raises
    ------
    InputError
        If it has none: no scenario can be tried on tables alone.
    """
    if diagnostic.land is None:
        cause = "times that a file tells ([times]): scenarios, grids and isochrones need roads"
        fault = Fault(diagnostic.name, "a diagnostic with its land", "one of tables alone", cause)
        raise InputError([fault])
    return diagnostic.land
