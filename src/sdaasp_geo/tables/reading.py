"""What a reader returns: the checked table, and every row that is not in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import pandas as pd

from sdaasp_geo.showing import card

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt

FrameT = TypeVar("FrameT", bound=pd.DataFrame)

# A note about a whole file is of no row.
WHOLE_FILE = 0
NOTE_COLUMNS = ["source", "row", "column", "value", "reason"]
UNUSED_COLUMNS = ["source", "code", "rows", "reason"]


@dataclass(frozen=True)
class Reading(Generic[FrameT]):
    """One raw file, read and checked.

    Every input row is in exactly one of `table`, `rejects` and `unused`:
    ``rows_read == rows_kept + len(rejects) + unused["rows"].sum()``.

    Parameters
    ----------
    table
        The rows that passed, in the library's columns and CRS.
    rejects
        Rows left out because something is wrong with them, one line each
        (``source row column value reason``).
    flags
        Rows that were kept although something about them is doubtful, same columns.
    unused
        Rows that nothing is wrong with and nobody asked for (a code of no service, a
        place outside the study area), counted by code (``source code rows reason``).
    rows_read
        Data rows of the file.
    """

    table: FrameT
    rejects: pd.DataFrame
    flags: pd.DataFrame
    unused: pd.DataFrame
    rows_read: int

    @property
    def rows_kept(self) -> int:
        """Data rows of the file that are in the table."""
        return self.rows_read - len(self.rejects) - int(self.unused["rows"].sum())

    def _repr_html_(self) -> str:
        figures = {
            "lignes lues": self.rows_read,
            "gardées": self.rows_kept,
            "écartées (rejects)": len(self.rejects),
            "douteuses (flags)": len(self.flags),
            "non demandées (unused)": int(self.unused["rows"].sum()),
        }
        return card("Fichier lu", figures, table=pd.DataFrame(self.table))


@dataclass
class Notes:
    """Collects, while one file is read, what happens to the rows outside the table.

    Parameters
    ----------
    source
        The file as the reader of the rejects table knows it.
    """

    source: str
    _rejects: list[pd.DataFrame] = field(default_factory=list)
    _flags: list[pd.DataFrame] = field(default_factory=list)
    _unused: list[pd.DataFrame] = field(default_factory=list)

    def reject(
        self, rows: pd.Index, column: str, values: Iterable[object], reason: str | Sequence[str]
    ) -> None:
        """Note rows of the file (numbered as in :class:`~sdaasp_geo.errors.Fault`) left out.

        The reason is one for all rows, or one for each.
        """
        self._rejects.append(self._lines(rows, column, values, reason))

    def flag(
        self, rows: pd.Index, column: str, values: Iterable[object], reason: str | Sequence[str]
    ) -> None:
        """Note rows that are kept but doubtful."""
        self._flags.append(self._lines(rows, column, values, reason))

    def skip(self, codes: pd.Series, reason: str) -> None:
        """Count rows that nobody asked for, by the code that says why."""
        counts = codes.astype("string").fillna("").value_counts().sort_index()
        lines = pd.DataFrame({"code": counts.index.astype(str), "rows": counts.to_numpy("int64")})
        lines["source"], lines["reason"] = self.source, reason
        self._unused.append(lines[UNUSED_COLUMNS])

    def keep(
        self,
        frame: FrameT,
        wrong: npt.NDArray[np.bool_] | pd.Series,
        column: str,
        reason: str,
    ) -> FrameT:
        """Reject the rows marked wrong (frame indexed by file row) and return the others."""
        mask = pd.Series(wrong, index=frame.index).astype(bool)
        if mask.any():
            values = frame.loc[mask, column] if column in frame else [""] * int(mask.sum())
            self.reject(frame.index[mask], column, values, reason)
        return frame.loc[~mask]

    def close(self, table: FrameT, rows_read: int) -> Reading[FrameT]:
        """Make the reading."""
        return Reading(
            table=table,
            rejects=_stacked(self._rejects, NOTE_COLUMNS),
            flags=_stacked(self._flags, NOTE_COLUMNS),
            unused=_stacked(self._unused, UNUSED_COLUMNS),
            rows_read=rows_read,
        )

    def _lines(
        self, rows: pd.Index, column: str, values: Iterable[object], reason: str | Sequence[str]
    ) -> pd.DataFrame:
        lines = pd.DataFrame({"row": rows.to_numpy("int64"), "value": [str(v) for v in values]})
        lines["source"], lines["column"], lines["reason"] = self.source, column, reason
        return lines[NOTE_COLUMNS]


def empty_notes() -> pd.DataFrame:
    """Return a rejects (or flags) table without rows."""
    return _stacked([], NOTE_COLUMNS)


def stack_notes(notes: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One rejects (or flags) table from several, by source and row."""
    stacked = _stacked(list(notes), NOTE_COLUMNS)
    return stacked.sort_values(["source", "row", "column", "reason"], ignore_index=True)


def stack_unused(unused: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One table of unused rows from several."""
    return _stacked(list(unused), UNUSED_COLUMNS)


def _stacked(parts: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame:
    filled = [part for part in parts if len(part)]
    if not filled:
        empty = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
        number = "rows" if "rows" in columns else "row"
        return empty.astype({number: "int64"})
    return pd.concat(filled, ignore_index=True)
