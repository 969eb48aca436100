"""Tables of the page: cells of finished text, with the colour of a time's class beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdaasp_geo.report.french import BEFORE_UNIT, is_missing, number, percent
from sdaasp_geo.report.tallies import CLASS_LIMITS_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

TEXT, NUMBER, BAR = "text", "number", "bar"
_SHORT_ROWS = 12

_BAR_WORDS = (
    "5 min au plus",
    "de 5 à 10 min",
    "de 10 à 15 min",
    "de 15 à 20 min",
    "de 20 à 30 min",
    "plus de 30 min ou non atteint",
)


@dataclass(frozen=True)
class Segment:
    """A piece of a bar: class on the ramp, share (0 to 1) of the inhabitants."""

    rank: int
    share: float


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text
        What is read, bars included (for those who do not see them).
    rank
        Class whose colour is shown beside the text, None for none.
    href
        Address within the page or the folder, empty for none.
    bar
        Segments drawn instead of the text.
    """

    text: str
    rank: int | None = None
    href: str = ""
    bar: tuple[Segment, ...] = ()


@dataclass(frozen=True)
class Group:
    """Rows under a heading of their own (empty for none); the first cell names the row."""

    label: str
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Table:
    """A table of the page.

    Parameters
    ----------
    caption
        Shown above it.
    columns
        Heading and kind (``text``, ``number`` or ``bar``) of each column.
    groups
        Its rows.
    """

    caption: str
    columns: Sequence[tuple[str, str]]
    groups: Sequence[Group]

    @property
    def empty(self) -> bool:
        """Whether it has no row."""
        return not any(group.rows for group in self.groups)

    @property
    def short(self) -> bool:
        """Whether it is to be printed on one page."""
        return sum(len(group.rows) for group in self.groups) <= _SHORT_ROWS


def time_cell(value: float | None, *, href: str = "") -> Cell:
    """Minutes to one decimal, with the colour of their class."""
    if value is None or is_missing(value):
        return Cell(number(None), href=href)
    rank = sum(float(value) >= limit for limit in CLASS_LIMITS_MIN)
    return Cell(number(value, decimals=1), rank, href)


def number_cell(value: float | None, *, decimals: int = 0) -> Cell:
    """Return a number in the French manner, a dash where missing."""
    return Cell(number(value, decimals=decimals))


def bar_cell(line: pd.Series) -> Cell:
    """Return the inhabitants by class of time as a bar, from the shares of a finished row.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.Series({"mean_min": 11.0, "within_5_min": 0.2, "within_10_min": 0.5,
    ...                   "within_15_min": 0.5, "within_20_min": 0.9, "within_30_min": 1.0})
    >>> [(piece.rank, round(piece.share, 3)) for piece in bar_cell(line).bar]
    [(0, 0.2), (1, 0.3), (3, 0.4), (4, 0.1)]
    """
    shares = [line[f"within_{limit:g}_min"] for limit in CLASS_LIMITS_MIN]
    if is_missing(line["mean_min"]) or any(is_missing(share) for share in shares):
        return Cell(number(None))
    steps = [0.0, *(float(share) for share in shares), 1.0]
    pieces = [Segment(rank, steps[rank + 1] - steps[rank]) for rank in range(len(_BAR_WORDS))]
    # Sums of floats may miss a limit by their last digit: no share is smaller than that.
    shown = tuple(piece for piece in pieces if piece.share > 1e-9)
    words = [f"{_BAR_WORDS[piece.rank]}{BEFORE_UNIT}: {percent(piece.share)}" for piece in shown]
    return Cell(" ; ".join(words), bar=shown)
