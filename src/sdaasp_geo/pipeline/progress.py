"""How the steps tell where they are, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Called with the steps done, the steps in all, and what comes next."""


def silent(done: int, total: int, what: str) -> None:
    """Say nothing: the default, and the way in a pipe."""
    del done, total, what
