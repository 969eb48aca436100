"""The main job: from a territory to its diagnostic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdaasp_geo.access.internal import inhabited_area_km2
from sdaasp_geo.diagnostic.build import Measured, Notices, assembled
from sdaasp_geo.diagnostic.model import Diagnostic, Land
from sdaasp_geo.pipeline.cache import kept_times
from sdaasp_geo.pipeline.inputs import Inputs, read_inputs
from sdaasp_geo.pipeline.progress import Progress, silent
from sdaasp_geo.pipeline.provenance import provenance_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from sdaasp_geo.territory import Territory


def check(territory: Territory, *, progress: Progress = silent) -> Inputs:
    """Read every input of a territory and compute nothing.

    Raises
    ------
    InputError
        With every fault of every file.
    """
    return read_inputs(territory, progress=progress)


def diagnose(territory: Territory, *, progress: Progress = silent) -> Diagnostic:
    """Measure the access of a territory's inhabitants to the services of its basket.

    Parameters
    ----------
    territory
        From :func:`~sdaasp_geo.territory.read_territory`.
    progress
        Called with (done, total, what) as the work goes on.

    Returns
    -------
    Diagnostic
        A plain object of tables; same inputs, same figures.

    Raises
    ------
    InputError
        With every fault of every input file; nothing is computed then.
    """
    inputs = read_inputs(territory, progress=progress)
    hashes = {record["path"]: record["sha256"] for record in inputs.records}
    origins = _with_area(inputs, territory)
    if inputs.times is not None:
        return _diagnostic(territory, inputs, origins, inputs.times)
    progress(0, 1, "temps d'accès")
    times = kept_times(territory, hashes, lambda: _times(territory, inputs, origins))
    progress(1, 1, "")
    return _diagnostic(territory, inputs, origins, times)


def diagnose_inputs(territory: Territory, inputs: Inputs) -> Diagnostic:
    """Diagnose inputs at hand, under any assumptions but those of the roads.

    Nothing is taken from the cache or kept in it: nobody knows where the inputs come from.

    Parameters
    ----------
    territory
        The choices. Speeds act on the network, which `inputs` holds already built.
    inputs
        From :func:`~sdaasp_geo.pipeline.inputs.read_inputs`, changed or not.
    """
    origins = _with_area(inputs, territory)
    return _diagnostic(territory, inputs, origins, _times(territory, inputs, origins))


def _times(territory: Territory, inputs: Inputs, origins: gpd.GeoDataFrame) -> pd.DataFrame:
    if inputs.times is not None:
        return inputs.times
    assert inputs.network is not None  # noqa: S101 (a territory has roads, or times are told)
    # The compiled searches take a while to load, and stored times need none.
    from sdaasp_geo.access.times import nearest_times

    return nearest_times(
        inputs.network,
        origins,
        inputs.facilities,
        territory.basket.service_ids,
        territory.assumptions,
    )


def _with_area(inputs: Inputs, territory: Territory) -> gpd.GeoDataFrame:
    area = inhabited_area_km2(
        inputs.places.units, territory.assumptions, squares_km2=inputs.squares_km2
    )
    return inputs.origins.assign(unit_area_km2=inputs.origins["unit"].map(area))


def _diagnostic(
    territory: Territory, inputs: Inputs, origins: gpd.GeoDataFrame, times: pd.DataFrame
) -> Diagnostic:
    network = inputs.network
    return assembled(
        territory,
        None if network is None else Land(network, inputs.places, inputs.facilities),
        Measured(inputs.communes, origins, times, inputs.sites, inputs.levels),
        Notices(inputs.rejects, inputs.flags, inputs.unused),
        provenance_of(territory, inputs.records),
    )
