"""The rows of Insee's access times that a territory wants, out of tens of millions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.codes import code_troubles, departement_of
from sdaasp_geo.sources.facilities import NO_SERVICE
from sdaasp_geo.sources.parquet import ParquetPiece, arrow_faults, parquet_pieces
from sdaasp_geo.sources.positions import UNKNOWN_CODE
from sdaasp_geo.sources.raw_tables import text_cells
from sdaasp_geo.sources.study import OUTSIDE
from sdaasp_geo.sources.text import to_counts, to_numbers
from sdaasp_geo.tables.reading import UNUSED_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Notes

    Bools = npt.NDArray[np.bool_]

_REQUIRED = ("IDSRC", "X", "Y", "DEPCOM", "TYPEEQ_ID", "POP", "DUREE")
_OPTIONAL = ("IRIS",)

# Beyond so many, faults are no longer of rows but of the file, and a list of them no help.
_MOST_REJECTS = 100_000

# Columns of numbers, and their names in the documentation of the file.
_NUMBERS = {"X": "X", "Y": "Y", "POP": "pop", "DUREE": "duree"}
_IRIS_LENGTH = 9

_COLUMNS = ["origin", "unit", "x", "y", "population", "time_min", "code", "service"]


class WantedRows(NamedTuple):
    """What is kept of a file.

    Parameters
    ----------
    frame
        Indexed by row of the file: ``origin unit x y population time_min code service``
        (`service` is a number; `time_min` is missing where the file has none).
    unused
        Rows that nobody asked for (``source code rows reason``).
    rows_read
        Data rows of the whole file.
    """

    frame: pd.DataFrame
    unused: pd.DataFrame
    rows_read: int


def wanted_rows(
    path: Path,
    notes: Notes,
    *,
    codes: Mapping[str, int],
    places: Places,
    departement: str,
) -> WantedRows:
    """Read the rows of a département and of some types, a group of rows at a time.

    Parameters
    ----------
    path
        The parquet file.
    notes
        Receives the rows that are rejected.
    codes
        Type of facility → number of its service.
    places
        Resolve commune codes; a code of a commune that changed département is of the
        one it is in today.
    departement
        The one wanted.

    Raises
    ------
    InputError
        If the file cannot be read as such, or more than 100,000 rows have faults.
    """
    sifter = _Sifter(notes, codes, places, departement)
    kept, rows_read = [], 0
    for piece in parquet_pieces(path, required=_REQUIRED, optional=_OPTIONAL):
        with arrow_faults(path.name):
            kept.append(sifter.sift(piece))
        rows_read += len(piece.rows)
    return WantedRows(pd.concat(kept), sifter.unused_lines(), rows_read)


@dataclass
class _Sifter:
    """What is wanted; and, while a file is read, what was not and how many rows had faults."""

    notes: Notes
    codes: Mapping[str, int]
    places: Places
    departement: str
    faults: int = field(default=0)
    unused: Counter[tuple[str, str]] = field(default_factory=Counter)

    def sift(self, piece: ParquetPiece) -> pd.DataFrame:
        """Return the rows wanted of a piece, and note the others."""
        frame = self._of_departement(piece, self._of_services(piece))
        if frame.empty:
            empty = frame.reindex(columns=_COLUMNS)
            numbers = dict.fromkeys(_COLUMNS[2:6], "float64")
            return empty.astype(dict.fromkeys(_COLUMNS, "str") | numbers | {"service": "int64"})
        return self._usable(_cells(piece, frame))[_COLUMNS]

    def unused_lines(self) -> pd.DataFrame:
        """Return the rows that nobody asked for, counted, as a reading tells them."""
        lines = [
            (self.notes.source, code, rows, reason)
            for (code, reason), rows in sorted(self.unused.items())
        ]
        table = pd.DataFrame(lines, columns=UNUSED_COLUMNS)
        return table.astype({"source": "str", "code": "str", "rows": "int64", "reason": "str"})

    def _of_services(self, piece: ParquetPiece) -> pd.DataFrame:
        place, code = _coded(piece.column("TYPEEQ_ID"))
        service = code.map(dict(self.codes)).fillna(-1).to_numpy("int64")
        lacking = code.isna().to_numpy()
        self._skip(place, code, (service < 0) & ~lacking, NO_SERVICE)
        # Most rows of a file are of other types: no frame is made of them.
        rows = np.flatnonzero((service >= 0)[place] | lacking[place])
        chosen = place[rows]
        frame = pd.DataFrame(
            {"code": code.to_numpy()[chosen], "service": service[chosen]}, index=piece.rows[rows]
        )
        frame = frame.astype({"code": "str"})
        return self._keep(frame, frame["code"].isna(), "typeeq_id", "no type of facility")

    def _of_departement(self, piece: ParquetPiece, frame: pd.DataFrame) -> pd.DataFrame:
        """Find the unit of each commune code; codes are few, so they are judged once each."""
        place, code = _coded(piece.column("DEPCOM").take(_taken(piece, frame.index)))
        unit = self.places.unit_of(code)
        home = unit.map(self.places.units["departement"]).astype("str")
        home = home.fillna(departement_of(code))
        trouble = code_troubles(code).where(unit.isna())
        foreign = (trouble.isna() & (home != self.departement)).to_numpy()
        self._skip(place, home, foreign, OUTSIDE)
        trouble = trouble.mask(trouble.isna() & unit.isna(), UNKNOWN_CODE)
        inside = ~foreign[place]
        chosen = place[inside]
        told = {"depcom": code, "unit": unit, "trouble": trouble}
        columns = {name: values.to_numpy()[chosen] for name, values in told.items()}
        frame = frame[inside].assign(**columns).astype(dict.fromkeys(told, "str"))
        for reason in frame["trouble"].dropna().unique():
            frame = self._keep(frame, frame["trouble"] == reason, "depcom", str(reason))
        return frame

    def _skip(
        self, place: npt.NDArray[np.int64], names: pd.Series, unwanted: Bools, reason: str
    ) -> None:
        rows = np.bincount(place, minlength=len(names))
        for number in np.flatnonzero(unwanted & (rows > 0)):
            self.unused[str(names.iloc[number]), reason] += int(rows[number])

    def _usable(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Reject what cannot be an origin or a time."""
        frame = self._keep(frame, frame["idSrc"].isna(), "idSrc", "no identifier of a square")
        for axis in ("X", "Y"):
            wrong = ~np.isfinite(frame[axis.lower()])
            frame = self._keep(frame, wrong, axis, "a coordinate that is not a number")
        people = np.isfinite(frame["population"]) & (frame["population"] >= 0)
        reason = "expected a number of inhabitants, 0 or more"
        frame = self._keep(frame, ~people, "pop", reason)
        time = frame["time_min"]
        good = frame["duree"].isna() | (np.isfinite(time) & (time >= 0))
        frame = self._keep(frame, ~good, "duree", "expected minutes, 0 or more")
        return frame.assign(origin=_origin(frame))

    def _keep(
        self, frame: pd.DataFrame, wrong: pd.Series | Bools, column: str, reason: str
    ) -> pd.DataFrame:
        kept = self.notes.keep(frame, wrong, column, reason)
        self.faults += len(frame) - len(kept)
        if self.faults > _MOST_REJECTS:
            expected = f"at most {_MOST_REJECTS:,} rows with a fault"
            cause = "another file, or another vintage"
            fault = Fault(self.notes.source, expected, reason, cause, column=column)
            raise InputError([fault])
        return kept


def _coded(values: Any) -> tuple[npt.NDArray[np.int64], pd.Series]:  # noqa: ANN401 (pyarrow is untyped)
    """Few texts in many rows: the number of each row's, and the texts in capitals.

    The last of them, which is missing, is that of the rows without any.
    """
    encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
    count = len(encoded.dictionary)
    texts = text_cells(encoded.dictionary, pd.RangeIndex(count)).str.upper()
    place = encoded.indices.cast(pa.int64()).fill_null(count).to_numpy(zero_copy_only=False)
    return place, texts.reindex(range(count + 1))


def _taken(piece: ParquetPiece, rows: pd.Index) -> Any:  # noqa: ANN401 (pyarrow is untyped)
    return pa.array(rows.to_numpy("int64") - piece.rows.start)


def _cells(piece: ParquetPiece, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the square, its position and inhabitants, and the time; as read, and as numbers."""
    rows, index = _taken(piece, frame.index), frame.index
    raw = {name: _raw(piece.column(name).take(rows), index) for name in _NUMBERS}
    texts = {
        name: text_cells(piece.column(name).take(rows), index)
        for name in ("IDSRC", "IRIS")
        if name in piece.names
    }
    return frame.assign(
        **{_NUMBERS[name]: raw[name] for name in _NUMBERS},
        x=_numbers(raw["X"]),
        y=_numbers(raw["Y"]),
        population=_numbers(raw["POP"], to_counts),
        time_min=_numbers(raw["DUREE"]),
        idSrc=texts["IDSRC"],
        iris=texts.get("IRIS", pd.Series(None, index=index, dtype="str")),
    )


def _raw(values: Any, index: pd.Index) -> pd.Series:  # noqa: ANN401 (pyarrow is untyped)
    """Numbers as float64; what the file stores as text, as text."""
    kind = values.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = pc.cast(values, pa.float64(), safe=False)
        return pd.Series(numbers.to_numpy(zero_copy_only=False), index=index, dtype="float64")
    return text_cells(values, index)


def _numbers(raw: pd.Series, of_text: Callable[[pd.Series], pd.Series] = to_numbers) -> pd.Series:
    return raw if pd.api.types.is_float_dtype(raw) else of_text(raw)


def _origin(frame: pd.DataFrame) -> pd.Series:
    """Identify the part of a square that is in one commune and IRIS."""
    iris = frame["iris"]
    # The code of an IRIS begins with that of its commune; of a commune without any it may
    # lack, or be short.
    whole = iris.str.len().ge(_IRIS_LENGTH).fillna(value=False).astype(bool)
    short = frame["depcom"] + ("-" + iris).fillna("")
    return frame["idSrc"] + "-" + iris.where(whole, short)
