"""The land that a facility file is read for, and what its rows say of where they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import shapely

from sdaasp_geo.assumptions import Assumptions

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from sdaasp_geo.tables.places import Places

    Floats = npt.NDArray[np.float64]
    Bools = npt.NDArray[np.bool_]

PlaceBy = Literal["position", "commune"]

OUTSIDE = "outside the study area"


@dataclass(frozen=True)
class StudyArea:
    """What is known of the land that a facility file is read for.

    Parameters
    ----------
    places
        Communes and arrondissements known; their CRS is that of every answer.
    departement
        The département studied, all of whose communes are in `places`: an unknown code
        there is a fault of the row, while one elsewhere may just lie too far away.
    area
        Polygon (CRS of `places`) outside which nothing is asked for; None for no limit.
    assumptions
        `far_from_commune_m` is what is used of them.
    """

    places: Places
    departement: str | None = None
    area: shapely.Geometry | None = None
    assumptions: Assumptions = field(default_factory=Assumptions)

    @property
    def crs(self) -> str:
        """CRS of the places, as text."""
        return str(self.places.units.crs)

    def holds(self, x: Floats, y: Floats) -> Bools:
        """Whether points lie in the area; a missing point does not."""
        if self.area is None:
            return np.asarray(np.isfinite(x) & np.isfinite(y))
        return np.asarray(shapely.contains_xy(self.area, x, y), dtype=bool)


class ClaimNames(NamedTuple):
    """Names in the file of the commune and of the two coordinates, for messages."""

    commune: str
    across: str = "longitude"
    up: str = "latitude"

    @property
    def position(self) -> str:
        """Both coordinates."""
        return f"{self.across}, {self.up}"


def claims_frame(frame: pd.DataFrame, names: ClaimNames, *, crs: pd.Series | str) -> pd.DataFrame:
    """Return what the rows of a file say of where they are.

    Parameters
    ----------
    frame
        Rows as text, indexed by file row.
    names
        Columns of the commune code and of the coordinates; one that `frame` lacks is
        all missing.
    crs
        What the coordinates are in, one for all or by row.

    Returns
    -------
    DataFrame
        ``code across up crs quality``, index kept; `quality` is ``exact`` and may be
        set to ``approximate`` or ``commune`` where the file says so.
    """
    claims = frame.reindex(columns=list(names)).set_axis(["code", "across", "up"], axis=1)
    claims = claims.astype("str")
    claims["code"] = claims["code"].str.upper()
    return claims.assign(crs=crs, quality="exact")
