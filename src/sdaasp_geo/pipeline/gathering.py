"""Collects the faults of every file of a run, so that they are raised once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.tables.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Gathering:
    """Faults of the files that are wrong, readings of those that are right."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.readings: list[Reading[Any]] = []

    def attempt(self, read: Callable[[], T]) -> T | None:
        """Call a reader; None, with its faults kept, if the file is wrong."""
        try:
            result = read()
        except InputError as error:
            self.faults += error.faults
            return None
        if isinstance(result, Reading):
            self.readings.append(result)
        return result

    def close(self) -> None:
        """Raise every fault gathered.

        Raises
        ------
        InputError
            If there is any.
        """
        if self.faults:
            raise InputError(self.faults)
