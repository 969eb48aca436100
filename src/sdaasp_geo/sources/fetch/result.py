"""What came of a fetch, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdaasp_geo.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sdaasp_geo.errors import Fault

_HEADER = ("file", "vintage", "bytes", "sha256", "licence", "publisher", "how")


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """One file in the folder, checked.

    Parameters
    ----------
    kind, path, url
        What it is for, where it is, where it came from.
    vintage
        Of the data; the day the server last changed the file where the address moves;
        None where neither is known.
    licence, publisher
        Of the data.
    size_bytes, sha256
        Of the file as it came.
    unpacked
        Files taken out of the archive.
    how
        ``downloaded``, ``resumed`` (some of it came in an earlier run or before a drop)
        or ``kept`` (an earlier run had it whole).
    """

    kind: str
    path: Path
    url: str
    vintage: int | str | None
    licence: str
    publisher: str
    size_bytes: int
    sha256: str
    unpacked: tuple[Path, ...] = ()
    how: str = "downloaded"


@dataclass(frozen=True, slots=True)
class FetchResult:
    """What a fetch brought.

    Parameters
    ----------
    folder
        Where everything is.
    files
        Files that came, in the order of the registry.
    faults
        One for each file that did not, with the cause.
    territory
        The territory file, or None where the files that came do not make one.
    lacking
        What a territory file would have needed beside them.
    """

    folder: Path
    files: tuple[FetchedFile, ...]
    faults: tuple[Fault, ...] = ()
    territory: Path | None = None
    lacking: tuple[str, ...] = ()

    @property
    def downloaded_bytes(self) -> int:
        """Bytes of the files that this run brought or completed."""
        return sum(file.size_bytes for file in self.files if file.how != "kept")

    def summary(self) -> str:
        """Say what came, of which vintage, under which licence, and what did not."""
        rows = [_HEADER, *(_row(file) for file in self.files)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADER))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        lines += [f"not fetched: {fault}" for fault in self.faults]
        if self.territory is not None:
            lines.append(f"territory file: {self.territory}")
        elif self.lacking:
            lines.append(f"no territory file: it would need {', '.join(self.lacking)} too")
        return "\n".join(lines)


class FetchError(InputError):
    """Some files could not be fetched; those that came are kept, checked.

    Parameters
    ----------
    faults
        One for each file that did not come.
    result
        What came all the same; None once the error has travelled between processes.
    """

    def __init__(self, faults: Iterable[Fault], result: FetchResult | None = None) -> None:
        self.result = result
        super().__init__(faults)


def _row(file: FetchedFile) -> tuple[str, ...]:
    vintage = "" if file.vintage is None else str(file.vintage)
    size = str(file.size_bytes)
    return file.path.name, vintage, size, file.sha256, file.licence, file.publisher, file.how
