"""Which rows of a BPE detail file to keep, a piece at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from sdaasp_geo.sources.bpe_vintage import years_of, years_together
from sdaasp_geo.sources.codes import departement_of
from sdaasp_geo.sources.coordinates import locate
from sdaasp_geo.sources.positions import is_foreign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sdaasp_geo.sources.study import StudyArea
    from sdaasp_geo.sources.text import TextTable


class Sifted(NamedTuple):
    """What is kept of a file, and what must be known of the whole of it.

    Parameters
    ----------
    frame
        The rows kept, as text, indexed by row of the file.
    outside
        Département of each row dropped.
    years
        Rows of each year (AN) in the whole file.
    rows_read
        Data rows of the whole file.
    """

    frame: pd.DataFrame
    outside: pd.Series
    years: pd.Series
    rows_read: int


def sift(
    pieces: Iterable[TextTable],
    study: StudyArea,
    positions_of: Callable[[pd.DataFrame], pd.DataFrame],
) -> Sifted:
    """Drop, piece by piece, the rows of a national file that lie wholly elsewhere.

    What is dropped is what :func:`~sdaasp_geo.sources.positions.place` would drop as
    outside the study area, whose result for the other rows does not change: rows of a
    département that the places do not know, without a position in the area.

    Parameters
    ----------
    pieces
        Of one file, at least one, with a column DEPCOM.
    study
        The land that facilities are wanted on.
    positions_of
        Tells ``across up crs`` of the rows of a piece.
    """
    kept, outside, years = [], [], []
    rows_read = 0
    for piece in pieces:
        frame = piece.frame
        elsewhere = _elsewhere(frame, study, positions_of)
        kept.append(frame[~elsewhere])
        outside.append(departement_of(frame.loc[elsewhere, "DEPCOM"].str.upper()))
        years.append(years_of(frame, "AN"))
        rows_read += piece.rows_read
    return Sifted(pd.concat(kept), pd.concat(outside), years_together(years), rows_read)


def _elsewhere(
    frame: pd.DataFrame, study: StudyArea, positions_of: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.Series:
    # A piece has few codes and many rows.
    places, codes = pd.factorize(frame["DEPCOM"])
    foreign = is_foreign(pd.Series(codes, dtype="str").str.upper(), study.places).to_numpy(bool)
    elsewhere = pd.Series(np.append(foreign, False)[places], index=frame.index)
    # Without a limit nothing tells whether a place of elsewhere was wanted.
    if study.area is not None and elsewhere.any():
        said = positions_of(frame[elsewhere])
        found = locate(said["across"], said["up"], said["crs"], target=study.crs)
        elsewhere[elsewhere] = ~study.holds(found.x, found.y)
    return elsewhere
