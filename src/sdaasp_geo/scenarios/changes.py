"""What a scenario changes: sites opened, places closed, moved or converted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from shapely import Point

KnownBy = Literal["commune", "position"]


@dataclass(frozen=True)
class Spot:
    """Where something stands: a point, a commune, or both.

    Parameters
    ----------
    point
        Point in `crs`; None where the commune alone is known.
    unit
        Code of the commune or arrondissement, of any year; None where the point alone
        is known.
    known_by
        ``commune`` puts it at the chef-lieu of its commune, whatever the point.
    crs
        System of the point; that of the territory if None.
    """

    point: Point | None = None
    unit: str | None = None
    known_by: KnownBy = "position"
    crs: str | None = None


@dataclass(frozen=True)
class Stop:
    """One stop of an itinerant site.

    Parameters
    ----------
    spot
        Where it stops.
    days_per_month
        How many days of a month it stands there; None if nobody says.
    name
        Of the stop; that of the commune if None.
    """

    spot: Spot
    days_per_month: float | None = None
    name: str | None = None


@dataclass(frozen=True)
class Opening:
    """A site that opens and offers several services at one place, or on a round of stops.

    Parameters
    ----------
    name
        As results and maps write it.
    services
        Ids of the services of the basket that it offers. Those of `bouquet` and of
        `operators` come on top.
    point, unit, known_by, crs
        Where it stands, as in :class:`Spot`.
    bouquet
        Name of a bouquet (see :func:`~sdaasp_geo.scenarios.bouquets.load_bouquet`).
    operators
        Ids of operators, each standing for a service of the basket or for none.
    format
        Fixed, itinerant …, as the list of sites writes it.
    stops
        Of an itinerant site; the place of the site itself then counts for nothing.
    hours_per_week
        Opening hours; None if nobody says.
    site
        Identifier; the name if None.
    where
        How a message names it (``open[2]``, ``row 4``).
    """

    name: str
    services: tuple[str, ...] = ()
    point: Point | None = None
    unit: str | None = None
    known_by: KnownBy = "position"
    crs: str | None = None
    bouquet: str | None = None
    operators: tuple[str, ...] = ()
    format: str | None = None
    stops: tuple[Stop, ...] = ()
    hours_per_week: float | None = None
    site: str | None = None
    where: str = field(default="", compare=False, repr=False)

    @property
    def spots(self) -> tuple[Stop, ...]:
        """The places where it offers its services: its stops, or its own as the only one."""
        own = Spot(self.point, self.unit, self.known_by, self.crs)
        return self.stops or (Stop(own),)


@dataclass(frozen=True)
class Closing:
    """What closes: one facility, the facilities of a service in a commune, or a site.

    Parameters
    ----------
    facility
        Identifier of a facility, all its services or `service` alone.
    service, commune
        All facilities of the service in the commune (or arrondissement).
    site
        Identifier or name of a site: the facilities at its place.
    count
        How many of the facilities that a commune counts; all if None.
    where
        How a message names it.
    """

    facility: str | None = None
    service: str | None = None
    commune: str | None = None
    site: str | None = None
    count: int | None = None
    where: str = field(default="", compare=False, repr=False)

    def __str__(self) -> str:
        """Name what closes as a person would."""
        if self.site is not None:
            return f"site {self.site}"
        if self.facility is not None:
            return self.facility if self.service is None else f"{self.facility} ({self.service})"
        return f"{self.service} in {self.commune}"


@dataclass(frozen=True)
class Move:
    """Facilities that go from one place to another and keep their services and number.

    Parameters
    ----------
    what
        The facilities that move.
    to
        Where they go.
    where
        How a message names it.
    """

    what: Closing
    to: Spot
    where: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Conversion:
    """An existing site that takes a new bouquet (MSAP to France Services).

    It keeps the services that it offers, and offers those of the new bouquet besides.

    Parameters
    ----------
    site
        Identifier or name of a site of the diagnostic.
    bouquet
        Name of the new bouquet.
    former
        Name of the bouquet that it has: the services of that one are not counted as
        opened. None if only the facilities at its place tell what it offers.
    where
        How a message names it.
    """

    site: str
    bouquet: str
    former: str | None = None
    where: str = field(default="", compare=False, repr=False)
