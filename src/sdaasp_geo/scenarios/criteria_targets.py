"""How far each inhabitant is from what a criterion speaks of: one time, one place, one reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from sdaasp_geo.access.times import nearest_times
from sdaasp_geo.assumptions import missing_cap_min
from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.scenarios.bouquets import (
    load_bouquet,
    operator_of,
    operators,
    reception_levels,
    unknown,
)
from sdaasp_geo.scenarios.criteria_file import name_faults
from sdaasp_geo.tables.gate import schema_faults
from sdaasp_geo.tables.schemas import FACILITIES, SITES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Executor

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.criteria_file import Criterion

    Floats = npt.NDArray[np.float64]
    Texts = npt.NDArray[np.object_]

# A list of sites that says no more is one of France Services.
SITE_KIND = "france_services"
INCOMPLETE = "incomplete_mean"
_OPERATORS_THEMSELVES = "operateur"
_PLACE_COLUMNS = ["service", "facility", "unit", "commune", "known_by", "count", "source"]


@dataclass(frozen=True, repr=False)
class Nearest:
    """What one criterion is measured on, one entry an origin.

    Parameters
    ----------
    time_min
        Minutes; missing where there is none.
    service, place
        The service and the place that the time is of: the farthest of the services where
        the target has several; None where none is reached.
    reason
        Why there is no time; None where there is one.
    group
        Service of :attr:`Targets.places` whose places count in areas; None for a target
        of several services.
    absent
        Why nothing can be measured, in French; empty where it can.
    notes
        What should be known, in French.
    """

    time_min: Floats
    service: Texts
    place: Texts
    reason: Texts
    group: str | None = None
    absent: str = ""
    notes: tuple[str, ...] = ()


class Targets:
    """Finds the times of criteria on a diagnostic, each group of places searched once.

    Parameters
    ----------
    diagnostic
        Times of the services of its basket, and land for the others.
    criteria
        What will be asked.
    sites
        Sites beside the services; a column ``kind`` says what each one is.
    facilities
        `FACILITIES` of services outside the basket, and where known a ``name``; or None.
    executor
        Where the searches run.

    Raises
    ------
    InputError
        If a service or gamme is unknown, or a frame is not what its schema says.
    """

    def __init__(
        self,
        diagnostic: Diagnostic,
        criteria: Sequence[Criterion],
        sites: gpd.GeoDataFrame,
        facilities: gpd.GeoDataFrame | None,
        executor: Executor | None,
    ) -> None:
        self._diagnostic = diagnostic
        self._executor = executor
        self._sites = sites
        self._more = facilities
        faults = [*_frame_faults(sites, facilities, diagnostic), *self._name_faults(criteria)]
        if faults:
            raise InputError(faults)
        groups = dict.fromkeys(_group(item) for item in criteria if _group(item) is not None)
        self._groups = [group for group in groups if group is not None]
        used = [item.service for item in criteria if item.service in self._more_services]
        self._searched = list(dict.fromkeys(name for name in used if name is not None))

    def nearest(self, criterion: Criterion) -> Nearest:
        """Time, place and reason of each origin."""
        if criterion.bouquet is not None:
            bouquet = load_bouquet(criterion.bouquet)
            return self._worst(bouquet.services, bouquet.label)
        if criterion.gamme is not None or criterion.basket:
            return self._of_basket(criterion)
        if criterion.operator is not None:
            operator = operator_of(criterion.operator)
            if operator is None or operator.service is None:
                label = criterion.operator if operator is None else operator.label
                return self._absent(f"{label} : aucun service du panier n'y répond.")
            return self._single(operator.service)
        group = _group(criterion)
        return self._single(criterion.service or "" if group is None else _key(group))

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """Every place that can be named: ``service facility name commune`` and points."""
        parts = [self._site_places]
        if self._more is not None:
            parts.append(_named(self._more))
        if self._diagnostic.land is not None:
            parts.append(_named(self._diagnostic.land.facilities))
        filled = [part for part in parts if len(part)] or parts[:1]
        table = pd.concat(filled, ignore_index=True).sort_values(["service", "facility", "source"])
        # Facilities of one name: the first by source, as in the searches.
        return table.drop_duplicates(["service", "facility"], ignore_index=True)

    @cached_property
    def _site_places(self) -> gpd.GeoDataFrame:
        """Sites of each group as facilities of a service of their own."""
        parts = [self._members(group) for group in self._groups]
        empty = _named(_as_facilities(self._sites.iloc[:0], ""))
        filled = [part for part in parts if len(part)]
        return pd.concat(filled, ignore_index=True) if filled else empty

    def _members(self, group: tuple[tuple[str, ...], tuple[str, ...]]) -> gpd.GeoDataFrame:
        kinds, formats = group
        kind = site_kinds(self._sites)
        chosen = np.ones(len(kind), dtype=bool) if "any" in kinds else kind.isin(kinds).to_numpy()
        if formats:
            chosen &= self._sites["format"].isin(formats).to_numpy()
        members = _named(_as_facilities(self._sites[chosen], _key(group)))
        if _OPERATORS_THEMSELVES not in kinds or self._diagnostic.land is None:
            return members
        own = {item.service for item in operators().values() if item.service is not None}
        facilities = self._diagnostic.land.facilities
        desks = _named(facilities[facilities["service"].isin(own)]).assign(service=_key(group))
        filled = [part for part in (members, desks) if len(part)]
        return pd.concat(filled, ignore_index=True) if filled else members

    @cached_property
    def _times(self) -> dict[str, pd.DataFrame]:
        """Rows of the access times of each service and group, origins in their order."""
        tables = [self._diagnostic.times]
        wanted = [*(_key(group) for group in self._groups), *self._searched]
        if wanted:
            parts = [self._site_places]
            if self._more is not None:
                parts.append(_named(self._more))
            filled = [part for part in parts if len(part)] or parts[:1]
            fresh = nearest_times(
                land_of(self._diagnostic).network,
                self._diagnostic.origins,
                pd.concat(filled, ignore_index=True),
                wanted,
                self._diagnostic.assumptions,
                executor=self._executor,
            )
            tables.append(fresh)
        order = pd.Index(self._diagnostic.origins["origin"])
        return {
            str(service): rows.set_index("origin").reindex(order)
            for table in tables
            for service, rows in table.groupby("service", sort=False)
        }

    @cached_property
    def _measured(self) -> set[str]:
        return {
            service
            for service, rows in self._times.items()
            if not (rows["reason"] == "no_facility").all()
        }

    @cached_property
    def _more_services(self) -> set[str]:
        if self._more is None or "service" not in self._more:
            return set()
        return set(self._more["service"])

    def _single(self, service: str) -> Nearest:
        if service not in self._times:
            return self._absent(f"{service} : hors du panier, et aucun lieu n'est donné.")
        if service not in self._measured:
            return self._absent("Aucun lieu de cette sorte n'est connu.")
        rows = self._times[service]
        return Nearest(
            rows["time_min"].to_numpy(dtype=np.float64),
            np.full(len(rows), service, dtype=object),
            _texts(rows["facility"]),
            _texts(rows["reason"]),
            group=service,
        )

    def _worst(self, services: Sequence[str], label: str) -> Nearest:
        """Farthest of several services; none where one of them is not reached."""
        known = [name for name in services if name in self._measured]
        without = [name for name in services if name not in self._measured]
        if not known:
            return self._absent(f"{label} : aucun de ses services n'a de lieu connu.")
        minutes = np.column_stack([self._times[name]["time_min"] for name in known])
        # A service that is not reached is farther than any that is.
        worst = np.where(np.isnan(minutes), np.inf, minutes).argmax(axis=1)
        each = np.arange(len(worst))
        place, reason = (
            np.column_stack([_texts(self._times[name][column]) for name in known])[each, worst]
            for column in ("facility", "reason")
        )
        notes = (f"Sans lieu connu, non comptés : {', '.join(without)}.",) if without else ()
        service = np.array(known, dtype=object)[worst]
        return Nearest(minutes[each, worst], service, place, reason, notes=notes)

    def _of_basket(self, criterion: Criterion) -> Nearest:
        basket = self._diagnostic.basket
        services, column, label = basket.service_ids, "basket_min", basket.label
        if criterion.gamme is not None:
            services = basket.services_of(criterion.gamme)
            column, label = f"{criterion.gamme}_min", criterion.gamme
        worst = self._worst(list(services), label)
        if worst.absent or criterion.measure == "each":
            return worst
        mean = self._diagnostic.origins[column].to_numpy(dtype=np.float64)
        # Without a cap, a mean that leaves out what is not reached would flatter.
        capped = missing_cap_min(self._diagnostic.assumptions.missing_service) is not None
        time_min = mean if capped else np.where(np.isnan(worst.time_min), np.nan, mean)
        reason = np.full(len(mean), None, dtype=object)
        reason[np.isnan(time_min)] = INCOMPLETE
        return replace(worst, time_min=time_min, reason=reason)

    def _absent(self, why: str) -> Nearest:
        count = len(self._diagnostic.origins)
        nothing = np.full(count, None, dtype=object)
        return Nearest(np.full(count, np.nan), nothing, nothing, nothing, absent=why)

    def _name_faults(self, criteria: Sequence[Criterion]) -> list[Fault]:
        basket = self._diagnostic.basket
        services = [*basket.service_ids, *sorted(self._more_services)]
        faults = name_faults(criteria, "criteria") + [
            unknown("criteria", "service", item.service, services, column=f"{item.id}.service")
            for item in criteria
            if item.service is not None and item.service not in services and not item.outside_basket
        ]
        return faults + [
            unknown("criteria", "gamme", item.gamme, basket.gamme_ids, column=f"{item.id}.gamme")
            for item in criteria
            if item.gamme is not None and item.gamme not in basket.gamme_ids
        ]


def site_frame_faults(sites: gpd.GeoDataFrame, diagnostic: Diagnostic) -> list[Fault]:
    """Check sites: their columns, their kinds, and the CRS of the territory."""
    faults = schema_faults(sites, SITES, file="sites") + _crs_faults(sites, "sites", diagnostic)
    known = reception_levels()
    told = sites["kind"].dropna().unique() if "kind" in sites else []
    return faults + [
        unknown("sites", "kind of site", str(kind), known, column="kind")
        for kind in told
        if kind not in known
    ]


def site_kinds(sites: gpd.GeoDataFrame) -> pd.Series:
    """Kind of each site; France Services where nothing says otherwise."""
    told = sites["kind"] if "kind" in sites else pd.Series(None, index=sites.index, dtype="str")
    return told.fillna(SITE_KIND)


def _group(criterion: Criterion) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Kinds and formats of the sites of a criterion; None for one without sites."""
    if criterion.sites is not None:
        return criterion.sites, criterion.formats
    if criterion.level is not None:
        levels = reception_levels()
        kinds = tuple(kind for kind, item in levels.items() if item.level == criterion.level)
        return kinds, criterion.formats
    return None


def _key(group: tuple[tuple[str, ...], tuple[str, ...]]) -> str:
    kinds, formats = group
    return "sites:" + "+".join(kinds) + (f" ({', '.join(formats)})" if formats else "")


def _as_facilities(sites: gpd.GeoDataFrame, service: str) -> gpd.GeoDataFrame:
    told = sites[["site", "name", "unit", "commune", "known_by", "source", "geometry"]]
    return told.rename(columns={"site": "facility"}).assign(service=service, count=1)


def _named(facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Columns that searches and tables ask for; a place without a name has none."""
    table = facilities[[*_PLACE_COLUMNS, "geometry"]]
    none = pd.Series(None, index=facilities.index, dtype="str")
    name = facilities.get("name", none)
    return gpd.GeoDataFrame(table.assign(name=name.astype("str")), crs=facilities.crs)


def _texts(column: pd.Series) -> Texts:
    plain = column.astype(object)
    return np.asarray(plain.where(plain.notna(), None), dtype=object)


def _frame_faults(
    sites: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame | None, diagnostic: Diagnostic
) -> list[Fault]:
    faults = site_frame_faults(sites, diagnostic)
    if facilities is None:
        return faults
    faults += schema_faults(facilities, FACILITIES, file="facilities")
    faults += _crs_faults(facilities, "facilities", diagnostic)
    services = facilities["service"].unique() if "service" in facilities else []
    expected = "services outside the basket (those of the basket are in the diagnostic)"
    return faults + [
        Fault("facilities", expected, repr(service), column="service")
        for service in services
        if service in diagnostic.basket.service_ids
    ]


def _crs_faults(frame: gpd.GeoDataFrame, file: str, diagnostic: Diagnostic) -> list[Fault]:
    wanted = diagnostic.origins.crs
    if frame.crs == wanted:
        return []
    cause = "coordinates of another system: see to_crs"
    return [Fault(file, f"the CRS of the territory ({wanted})", str(frame.crs), cause)]
