"""What a target of fuzzing is, and what must hold of every reading."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    """A reader, the ending of its files, and some of them.

    The forms of files get all inputs; what readers make of the cells, which takes ten times
    as long, a twentieth.
    """

    ending: str
    seeds: tuple[bytes, ...]
    read: Callable[[Path], object]
    share: float = 0.05


def conserved(read, pieces=None):
    """Wrap a reader: every row of the file must be in the table, a reject or unused.

    `pieces` counts the rows of the file in a table that has several for one.
    """

    def checked(path):
        reading = read(path)
        kept = len(reading.table) if pieces is None else pieces(reading.table)
        assert reading.rows_kept == kept, (reading.rows_read, reading.rows_kept, kept)
        rejected = list(reading.rejects["row"])
        assert len(set(rejected)) == len(rejected), rejected
        return reading

    return checked


def lines(*texts, encoding="utf-8"):
    return ("\n".join(texts) + "\n").encode(encoding)


def both_ends(payload):
    return payload, payload.replace(b"\n", b"\r\n")
