"""BPE detail files of any form, a piece at a time, and which of their rows to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from sdaasp_geo.sources.bpe_vintage import years_of, years_together
from sdaasp_geo.sources.codes import departement_of
from sdaasp_geo.sources.coordinates import locate
from sdaasp_geo.sources.dbf import dbf_member, read_dbf
from sdaasp_geo.sources.parquet import read_parquet
from sdaasp_geo.sources.positions import is_foreign
from sdaasp_geo.sources.text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sdaasp_geo.sources.study import StudyArea
    from sdaasp_geo.sources.text import TextTable
    from sdaasp_geo.tables.reading import Notes


def read_pieces(
    path: Path, notes: Notes, *, required: Sequence[str], optional: Sequence[str]
) -> Iterator[TextTable]:
    """Read a file by the reader of its form; a text table comes in one piece."""
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        yield from read_parquet(path, required=required, optional=optional)
    elif suffix == ".dbf" or (suffix == ".zip" and path.is_file() and dbf_member(path)):
        yield from read_dbf(path, notes, required=required, optional=optional)
    else:
        yield read_text(path, notes, required=required, optional=optional)


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
    claims_of: Callable[[pd.DataFrame], pd.DataFrame],
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
    claims_of
        Makes the claims of the rows of a piece.
    """
    kept, outside, years = [], [], []
    rows_read = 0
    for piece in pieces:
        frame = piece.frame
        elsewhere = _elsewhere(frame, study, claims_of)
        kept.append(frame[~elsewhere])
        outside.append(departement_of(frame.loc[elsewhere, "DEPCOM"].str.upper()))
        years.append(years_of(frame, "AN"))
        rows_read += piece.rows_read
    return Sifted(pd.concat(kept), pd.concat(outside), years_together(years), rows_read)


def _elsewhere(
    frame: pd.DataFrame, study: StudyArea, claims_of: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.Series:
    elsewhere = is_foreign(frame["DEPCOM"].str.upper(), study.places)
    # Without a limit nothing tells whether a place of elsewhere was wanted.
    if study.area is not None and elsewhere.any():
        claims = claims_of(frame[elsewhere])
        found = locate(claims["across"], claims["up"], claims["crs"], target=study.crs)
        elsewhere[elsewhere] = ~study.holds(found.x, found.y)
    return elsewhere
