"""Where the real inputs are: named by SDAASP_GEO_REAL_DATA, never part of the project."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


def real_data(name: str) -> Path | None:
    """Return the folder of one real data set, or None where it is absent."""
    root = Path(os.environ.get("SDAASP_GEO_REAL_DATA", "../shared/data"))
    folder = (root if root.is_absolute() else PROJECT / root) / name
    return folder if folder.is_dir() else None
