"""How long to wait for a server, and how often to ask it again."""

from __future__ import annotations

import email.utils
import time
from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Patience:
    """How downloads wait.

    Parameters
    ----------
    attempts
        Failures in a row, without one byte more, after which a file is given up; a
        download that goes on after each drop is never given up for its drops.
    connect_s, read_s
        Seconds without an answer, and without a byte, that count as a failure.
    first_wait_s
        Pause after the first failure; it doubles with each further one.
    longest_wait_s
        No pause is longer, whatever the server asks.
    chunk_bytes
        What is read at once.

    Raises
    ------
    ValueError
        If a number is not above 0 (pauses may be 0).

    Examples
    --------
    >>> Patience().pause_s(1), Patience().pause_s(3), Patience().pause_s(3, "7")
    (1.0, 4.0, 7.0)
    """

    attempts: int = 6
    connect_s: float = 15.0
    read_s: float = 60.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    chunk_bytes: int = MEBIBYTE

    def __post_init__(self) -> None:
        positive = (self.attempts, self.connect_s, self.read_s, self.chunk_bytes)
        if min(positive) <= 0 or min(self.first_wait_s, self.longest_wait_s) < 0:
            message = f"expected attempts, times and sizes above 0, found {self}"
            raise ValueError(message)

    def pause_s(self, failures: int, retry_after: str | None = None) -> float:
        """Seconds to wait after some failures in a row.

        Parameters
        ----------
        failures
            In a row, at least 1.
        retry_after
            What the server asks: seconds, or a date, as HTTP writes either.
        """
        asked = _seconds(retry_after)
        wait = self.first_wait_s * 2.0 ** (failures - 1) if asked is None else asked
        return min(wait, self.longest_wait_s)


def _seconds(retry_after: str | None) -> float | None:
    text = (retry_after or "").strip()
    # Not str.isdigit: it takes '²' for a number.
    if text and all(letter in "0123456789" for letter in text):
        return float(text)
    try:
        until = email.utils.parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    return max(0.0, until - time.time())
