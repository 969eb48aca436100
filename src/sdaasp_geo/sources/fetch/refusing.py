"""How a file that is not what it should be is refused, and what that looks like in bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    from sdaasp_geo.sources.fetch.registry import Entry

CHUNK_BYTES = 1 << 20
HTML = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)?<(?:!doctype|html|head|body)\b",
                  re.IGNORECASE | re.DOTALL)  # fmt: skip

PAGE = "an error or consent page sent in place of the file, or a moved address"
CUT = "a download cut short on the server's side"


class Readable(Protocol):
    """What bytes are read from, a piece at a time."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""


def refused(entry: Entry, expected: str, found: str, cause: str) -> InputError:
    """Return the error that refuses a file under its final name."""
    return InputError([Fault(entry.name, expected, found, cause)])


def refuse_lacking(entry: Entry, names: list[str]) -> None:
    """Refuse a file that lacks some columns.

    Raises
    ------
    InputError
        If there are any.
    """
    if names:
        expected = f"the columns {', '.join(names)}"
        cause = "another file, or a new edition whose columns have other names"
        raise refused(entry, expected, "none of that name", cause)


def shown(content: bytes) -> str:
    """Return the first bytes as a message shows them."""
    return repr(content[:40].decode("utf-8", errors="replace"))


def properties_unfound(file: Readable, names: list[str]) -> list[str]:
    """Return the names that no GeoJSON property has, in a file of any length.

    Coordinates come before the names, so that a head of the file would not do.
    """
    marks = {f'"{name}"'.encode(): name for name in names}
    left, kept = list(marks), b""
    longest = max(map(len, marks), default=1)
    while left and (chunk := file.read(CHUNK_BYTES)):
        window = kept + chunk
        left = [mark for mark in left if mark not in window]
        kept = window[-longest:]
    return [marks[mark] for mark in left]
