"""A scenario: a name and the changes that are tried together."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import TYPE_CHECKING

from sdaasp_geo.scenarios.changes import Closing, Conversion, Move, Opening, Spot, Stop
from sdaasp_geo.scenarios.frames import closings_of, openings_of
from sdaasp_geo.showing import card

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd
    import pandas as pd

__all__ = ["Closing", "Conversion", "Move", "Opening", "Scenario", "Spot", "Stop"]


@dataclass(frozen=True)
class Scenario:
    """What opens, closes, moves and is converted, tried together.

    A scenario knows no territory: places, services and facilities are looked up when
    it is tried on a diagnostic (:func:`~sdaasp_geo.scenarios.placing.placed`).

    Parameters
    ----------
    name
        As results write it.
    openings, closings, moves, conversions
        The changes, one by one.
    source
        The file that it was read from, for messages.
    opened
        Sites to open, as a frame with points in any CRS: ``name`` (or ``site``), and,
        where known, ``site format operators commune unit known_by services bouquet
        hours_per_week`` (see `SITES` in the table schemas). `services` and `operators`
        are lists, or text parted by ``;`` or ``,``.
    closed
        Facilities to close: identifiers, or a frame with ``facility``, ``service`` and
        ``commune``, or ``site``.
    services, bouquet
        What a site of `opened` offers whose own row does not say.

    Raises
    ------
    InputError
        If a frame has no name, nothing that says what a site offers, or no place for
        it; all faults at once.

    Examples
    --------
    >>> from shapely import Point
    >>> desk = Opening("MSAP", services=("point_accueil_caf",), unit="13096")
    >>> Scenario("Un guichet", openings=(desk,)).openings[0].unit
    '13096'
    """

    name: str
    openings: tuple[Opening, ...] = ()
    closings: tuple[Closing, ...] = ()
    moves: tuple[Move, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    source: str | None = field(default=None, compare=False)
    opened: InitVar[gpd.GeoDataFrame | None] = field(default=None, kw_only=True)
    closed: InitVar[pd.DataFrame | Sequence[str] | None] = field(default=None, kw_only=True)
    services: InitVar[Sequence[str]] = field(default=(), kw_only=True)
    bouquet: InitVar[str | None] = field(default=None, kw_only=True)

    def __post_init__(
        self,
        opened: gpd.GeoDataFrame | None,
        closed: pd.DataFrame | Sequence[str] | None,
        services: Sequence[str],
        bouquet: str | None,
    ) -> None:
        """Add the rows of the frames to the changes."""
        if opened is not None:
            more = openings_of(opened, services=services, bouquet=bouquet, source=self.file)
            object.__setattr__(self, "openings", (*self.openings, *more))
        if closed is not None:
            fewer = closings_of(closed, source=self.file)
            object.__setattr__(self, "closings", (*self.closings, *fewer))

    @property
    def file(self) -> str:
        """What messages call it: its file, or its name."""
        return self.source or self.name

    def _repr_html_(self) -> str:
        figures = {
            "ouvertures": len(self.openings),
            "fermetures": len(self.closings),
            "déménagements": len(self.moves),
            "conversions": len(self.conversions),
        }
        return card(f"Scénario – {self.name}", figures)
