"""What scenarios start from: the measured times of a diagnostic, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdaasp_geo.assumptions import missing_cap_min
from sdaasp_geo.diagnostic.model import land_of
from sdaasp_geo.indicators.means import (
    measured_services,
    population_mean,
    wide_basket_means,
    wide_gamme_means,
    wide_times,
)
from sdaasp_geo.indicators.remoteness import remoteness

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from sdaasp_geo.diagnostic.model import Diagnostic, Land
    from sdaasp_geo.scenarios.tally import Tally

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class Ground:
    """A diagnostic with its times spread out, read once for many scenarios.

    Parameters
    ----------
    diagnostic, land
        What was measured, and on what.
    minutes
        One row an origin, one column a service; missing where unreached.
    measured
        Services that have a facility somewhere.
    """

    diagnostic: Diagnostic
    land: Land
    minutes: pd.DataFrame
    measured: tuple[str, ...]

    @classmethod
    def of(cls, diagnostic: Diagnostic) -> Ground:
        """Spread the times of a diagnostic out.

        Raises
        ------
        ValueError
            If it has no land.
        """
        land = land_of(diagnostic)
        measured = tuple(measured_services(diagnostic.times))
        return cls(diagnostic, land, spread(diagnostic.times, diagnostic), measured)

    @cached_property
    def origins(self) -> pd.DataFrame:
        """The origins without their points, indexed by their names."""
        columns = ["origin", "commune", "unit", "known_by", "population"]
        plain = pd.DataFrame({name: self.diagnostic.origins[name] for name in columns})
        return plain.set_index("origin", drop=False)

    @cached_property
    def people(self) -> Floats:
        """Inhabitants of each origin."""
        return np.asarray(self.origins["population"], dtype=np.float64)

    @cached_property
    def unit(self) -> npt.NDArray[np.object_]:
        """Unit of each origin."""
        return np.asarray(self.origins["unit"], dtype=object)

    @cached_property
    def by_its_commune(self) -> Bools:
        """Whether each origin is known by its commune alone."""
        return np.asarray(self.origins["known_by"] == "commune", dtype=bool)

    @cached_property
    def area_km2(self) -> Floats:
        """Inhabited area of the unit of each origin."""
        return np.asarray(self.diagnostic.origins["unit_area_km2"], dtype=np.float64)

    @cached_property
    def counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Facilities of each unit and service: all, and those known by their commune alone."""
        facilities = self.land.facilities
        count = facilities["count"].to_numpy()
        alike = np.where(facilities["known_by"] == "commune", count, 0)
        table = pd.DataFrame(
            {
                "unit": facilities["unit"].to_numpy(dtype=object),
                "service": facilities["service"].to_numpy(dtype=object),
                "all": count,
                "alike": alike,
            }
        )
        total = table.groupby(["unit", "service"]).sum()
        pairs = zip(total["all"].tolist(), total["alike"].tolist(), strict=True)
        return dict(zip(total.index.tolist(), pairs, strict=True))

    @cached_property
    def in_remote_commune(self) -> Bools:
        """Whether each origin lies in a commune remote from a gamme before the scenario."""
        communes = self.diagnostic.communes
        remote = communes["commune"][(communes["remote_gammes"].fillna(0) > 0).to_numpy()]
        return np.asarray(self.origins["commune"].isin(remote))

    def times_of(self, services: Sequence[str]) -> Floats:
        """Minutes of each origin to some services, (origins, services)."""
        return np.asarray(self.minutes[list(services)], dtype=np.float64)

    def changed(self, services: Sequence[str], times_min: Floats) -> pd.DataFrame:
        """Return the spread times with those of some services replaced."""
        after = self.minutes.copy()
        for number, service in enumerate(services):
            after[service] = times_min[:, number]
        return after

    def figures(self, minutes: pd.DataFrame, measured: Collection[str]) -> pd.DataFrame:
        """Means of gammes and basket of each origin, as the diagnostic makes them."""
        rules, basket = self.diagnostic.assumptions, self.diagnostic.basket
        figures = wide_gamme_means(minutes, measured, basket, missing=rules.missing_service)
        figures["basket_min"] = wide_basket_means(
            minutes, measured, basket, how=rules.basket_mean, missing=rules.missing_service
        )
        return figures

    def by_commune(self, values: pd.DataFrame) -> pd.DataFrame:
        """Means of origins' figures over each commune, weighted by inhabitants."""
        return population_mean(values, self.origins["population"], by=self.origins["commune"])

    def blurred(self, services: Sequence[str], tally: Tally, measured: Collection[str]) -> Bools:
        """Whether the means of each gamme bear on other services than before.

        Parameters
        ----------
        services, tally
            Services that change, and the times to them before and after.
        measured
            Services that have a facility somewhere after the change.

        Returns
        -------
        ndarray of bool
            (origins, gammes).
        """
        basket = self.diagnostic.basket
        # A cap stands for what is not reached, so that only what vanishes blurs.
        capped = missing_cap_min(self.diagnostic.assumptions.missing_service) is not None
        pairs = tally.newly_reached | tally.newly_unreached
        blurred = np.zeros((len(self.people), len(basket.gamme_ids)), dtype=bool)
        for number, service in enumerate(services):
            gamme = basket.gamme_ids.index(basket.service(service).gamme)
            if (service in measured) != (service in self.measured):
                blurred[:, gamme] = True
            elif not capped:
                blurred[:, gamme] |= pairs[:, number]
        return blurred

    def unlike(self, communes: Ints, remote: pd.DataFrame, blurred: Bools) -> Bools:
        """Whether a commune is told remote otherwise than before by a gamme that is blurred.

        Parameters
        ----------
        communes
            Rows of the communes of the diagnostic.
        remote
            As :meth:`remoteness` tells them, one row each.
        blurred
            Whether the gammes of somebody who lives there are, (communes, gammes).
        """
        columns = [f"remote_{gamme}" for gamme in self.diagnostic.basket.gamme_ids]
        before = self.diagnostic.communes[columns].iloc[communes]
        was, now = (
            part[columns].astype("Int64").fillna(-1).to_numpy(dtype=np.int64)
            for part in (before, remote)
        )
        return np.asarray(((was != now) & blurred).any(axis=1))

    def overall(self, values: pd.DataFrame) -> pd.Series:
        """Means of origins' figures over everybody; missing where nothing is known."""
        return population_mean(values, self.origins["population"]).iloc[0]

    def remoteness(self, means: pd.DataFrame) -> pd.DataFrame:
        """Tell which communes are remote from their means, as the diagnostic does."""
        basket = self.diagnostic.basket
        thresholds = {g: self.diagnostic.thresholds_min[g] for g in basket.gamme_ids}
        columns = [*(f"{gamme}_min" for gamme in basket.gamme_ids), "basket_min"]
        # A cap fills the means of what is not reached, so that they can be judged.
        capped = missing_cap_min(self.diagnostic.assumptions.missing_service) is not None
        return remoteness(means[columns] if capped else means, thresholds)


def spread(times: pd.DataFrame, diagnostic: Diagnostic) -> pd.DataFrame:
    """Spread access times out as :func:`wide_times`, at once where the table is regular."""
    origins, services = diagnostic.origins["origin"], diagnostic.basket.service_ids
    shape = (len(origins), len(services))
    regular = len(times) == shape[0] * shape[1] and bool(
        (times["service"].to_numpy(dtype=object) == np.tile(services, shape[0])).all()
        and (times["origin"].to_numpy(dtype=object) == np.repeat(origins, shape[1])).all()
    )
    if not regular:
        return wide_times(times).reindex(index=pd.Index(origins, name="origin"), columns=services)
    minutes = times["time_min"].to_numpy(dtype=np.float64).reshape(shape)
    index = pd.Index(origins, name="origin")
    return pd.DataFrame(minutes, index=index, columns=pd.Index(services, name="service"))
