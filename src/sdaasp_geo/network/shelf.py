"""What searches prepared on a network stays beside it, for whoever asks next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from pathlib import Path

# How questions to a network may be answered; the answer is the same.
Way: TypeAlias = Literal["auto", "bucket", "hierarchy"]


class Kept:
    """Things by name, what was spent on doing without them, and a lock for both."""

    def __init__(self) -> None:
        self.things: dict[str, Any] = {}
        self.spent_s = 0.0
        self.lock = RLock()

    def __reduce__(self) -> tuple[type[Kept], tuple[()]]:
        """Travel empty: another process makes its own, or finds it on disk."""
        return Kept, ()


@dataclass(frozen=True)
class Shelf:
    """Where a network's prepared searches are kept. No answer depends on it.

    Parameters
    ----------
    way
        How questions are answered: ``bucket`` (nothing prepared), ``hierarchy``, or
        whichever is quicker (``auto``).
    path
        File that keeps the hierarchy between runs; None to keep it in memory alone.
    kept
        What is in memory, shared by all shelves of one network.
    """

    way: Way = "auto"
    path: Path | None = None
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)

    def preferring(self, way: Way) -> Shelf:
        """Return the same shelf for another way.

        Raises
        ------
        ValueError
            If there is no such way.
        """
        if way not in get_args(Way):
            message = f"search: expected one of {', '.join(get_args(Way))}, found {way!r}"
            raise ValueError(message)
        return replace(self, way=way)

    def beside(self, path: Path | None) -> Shelf:
        """Return the same shelf with another file."""
        return replace(self, path=path)
