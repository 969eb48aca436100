"""Every exception the library raises, and the faults that they carry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdaasp_geo.errors.translation import french, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FAULTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one input.

    Parameters
    ----------
    file
        The file as the reader of the message knows it.
    expected, found
        What should have been there and what was.
    cause
        The likely cause, or an empty string where none can be guessed.
    row
        Row of the file counted as a person counts it in a spreadsheet: the
        header is row 1, the first data row is row 2. For layers without a
        header (GeoPackage, shapefile) the first feature is row 1.
    column
        Name of the column, layer or key.
    """

    file: str
    expected: str
    found: str
    cause: str = ""
    row: int | None = None
    column: str | None = None

    @property
    def where(self) -> str:
        """File, row and column in one phrase."""
        parts = [self.file]
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column '{self.column}'")
        return ", ".join(parts)

    def __str__(self) -> str:
        """Return the whole message on one line."""
        message = f"{self.where}: expected {self.expected}, found {self.found}"
        return f"{message}. Likely cause: {self.cause}" if self.cause else message

    def in_french(self) -> str:
        """Return the whole message on one line, in French.

        Examples
        --------
        >>> Fault("bpe.csv", "a value", "nothing", row=7, column="DEPCOM").in_french()
        'bpe.csv, ligne 7, colonne « DEPCOM » : attendu une valeur, trouvé rien'
        """
        parts = [french(self.file)]
        if self.row is not None:
            parts.append(f"ligne {self.row}")
        if self.column is not None:
            parts.append(f"colonne « {self.column} »")
        return sentence(", ".join(parts), self.expected, self.found, self.cause)


class SdaaspError(Exception):
    """Base class of every exception of this library."""

    def in_french(self) -> str:
        """Return the message in French."""
        return french(str(self))


class InputError(SdaaspError, ValueError):
    """The inputs are wrong: every fault found is listed, and nothing was computed.

    Parameters
    ----------
    faults
        All faults of the file or of the run, at least one.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__(_listing(self.faults))

    def in_french(self) -> str:
        """Return every fault in French."""
        count = len(self.faults)
        told = f"{count} {'fautes' if count > 1 else 'faute'} dans les données :"
        more = f"… et {count - _FAULTS_SHOWN} autres"
        return _listed(told, [fault.in_french() for fault in self.faults], more)

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[Fault, ...]]]:
        """Travel between processes with the faults, not with the message alone."""
        return type(self), (self.faults,)


class TerritoryError(InputError):
    """The territory file itself is wrong (TOML, unknown key, threshold out of order)."""


class NetworkError(SdaaspError, ValueError):
    """A road network cannot be built from these roads, or cannot answer this question."""


class StoredNetworkError(SdaaspError, ValueError):
    """A stored network file is damaged, foreign, or of another version."""


class OutputError(SdaaspError, OSError):
    """The outputs cannot be written where they were asked for."""


class ClusterError(SdaaspError, RuntimeError):
    """The cluster cannot be reached, or its workers do not survive the work."""


class MissingExtraError(SdaaspError, ImportError):
    """Something was asked for that an optional part of the installation does."""


def _listing(faults: Sequence[Fault]) -> str:
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''} in the inputs:"
    more = f"… and {len(faults) - _FAULTS_SHOWN} more"
    return _listed(count, [str(fault) for fault in faults], more)


def _listed(count: str, faults: Sequence[str], more: str) -> str:
    lines = [f"  - {fault}" for fault in faults[:_FAULTS_SHOWN]]
    if len(faults) > _FAULTS_SHOWN:
        lines.append(f"  {more}")
    return "\n".join([count, *lines])
