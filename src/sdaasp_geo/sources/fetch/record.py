"""What a folder holds of earlier fetches: each file's address, hash and licence."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdaasp_geo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "sources.json"
_LOCK = ".sources.lock"


@dataclass(frozen=True)
class Record:
    """The record of a folder, kept beside the files.

    Parameters
    ----------
    folder
        The folder.
    files
        File name → what is known of it.
    written
        Name of a file that the library wrote (the territory file) → its hash then.
    """

    folder: Path
    files: dict[str, dict[str, Any]]
    written: dict[str, str]

    def store(self) -> None:
        """Write the record, whole or not at all."""
        content = {"files": self.files, "written": self.written}
        text = json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True)
        whole(self.folder / NAME, text + "\n")


def read_record(folder: Path) -> Record:
    """Read the record of a folder; a missing or damaged one says that nothing is known."""
    files: dict[str, dict[str, Any]] = {}
    written: dict[str, str] = {}
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        raw = json.loads((folder / NAME).read_text("utf-8"))
        files = {str(name): dict(item) for name, item in raw["files"].items()}
        written = {str(name): str(item) for name, item in raw["written"].items()}
    return Record(folder, files, written)


def whole(path: Path, text: str) -> None:
    """Write a text file so that nobody ever finds half of it."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make a folder and hold it, so that two fetches never write into it at once.

    Raises
    ------
    OutputError
        If it cannot be made or written, or another fetch holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        message = f"{folder}: expected a folder that can be written, found: {error}"
        raise OutputError(message) from error
    try:
        if os.name == "posix":
            _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    fcntl = importlib.import_module("fcntl")  # not there on every system
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        message = f"{folder}: expected a folder of its own, found another fetch writing into it"
        raise OutputError(message) from error
