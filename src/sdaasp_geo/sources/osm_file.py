"""An OpenStreetMap extract as a file: whether it is one, and of which day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import osmium

from sdaasp_geo.errors import Fault

if TYPE_CHECKING:
    from pathlib import Path

EXTRACT = "an OpenStreetMap extract (.osm.pbf)"
INTERRUPTED = "an interrupted download"

# What osmium raises on a file that is cut short, damaged or of another kind; the second on
# texts that are no UTF-8.
DAMAGE = (RuntimeError, ValueError, IndexError, OverflowError)

_DAY_LENGTH = len("2024-01-31")
# The moment of the data, as Geofabrik and osmium write it; the second is of older tools.
_MOMENTS = ("osmosis_replication_timestamp", "timestamp")


def pbf(path: Path) -> osmium.io.File:
    """Name a file for osmium: its format is said, not guessed, so that any name will do."""
    return osmium.io.File(str(path), "pbf")


def extract_faults(path: Path) -> list[Fault]:
    """Return the fault of a file that is missing or empty."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        return [Fault(str(path), EXTRACT, found, "a wrong path, or a download not done yet")]
    if path.stat().st_size == 0:
        return [Fault(str(path), EXTRACT, "an empty file", INTERRUPTED)]
    return []


def unreadable(path: Path, error: Exception) -> Fault:
    """Return the fault of a file that osmium cannot read to its end."""
    cause = f"{INTERRUPTED}, or another kind of file under this name"
    return Fault(str(path), "a whole OpenStreetMap extract (.osm.pbf)", str(error), cause)


def day_of(path: Path) -> str | None:
    """Return the day up to which an extract was kept current, ``2024-01-31``.

    None where its header does not tell.

    Raises
    ------
    RuntimeError, ValueError, IndexError or OverflowError
        If osmium cannot read the file (`DAMAGE`).
    """
    with osmium.io.Reader(pbf(path), osmium.osm.NOTHING) as reader:
        header = reader.header()
    moments = [header.get(name, "") for name in _MOMENTS]
    return next((moment[:_DAY_LENGTH] for moment in moments if moment), None)
