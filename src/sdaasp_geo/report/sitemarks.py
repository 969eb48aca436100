"""Sites on a map: opened, converted, closed or chosen, each with its name or number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.patheffects import withStroke

from sdaasp_geo.report import style
from sdaasp_geo.report.gaintables import NAMED_AT_MOST
from sdaasp_geo.report.labels import Box
from sdaasp_geo.report.layout import PT_PER_INCH, shorten, text_width_in
from sdaasp_geo.report.legend import Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd

    from sdaasp_geo.report.labels import Placer

_WIDEST_SHARE = 0.32
_KIND_WORDS = re.compile(
    r"^(?:(?:maison\s+)?france\s+services?|msap|maison\s+de\s+services\s+au\s+public)"
    r"(?:\s+(?:de\s+la|de|du|des)\s+|\s+d'|\s*[:–-]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
_PAD_PT = 1.5
_SIZE_PT = 7.8
_MARK_PT = 9.0


@dataclass(frozen=True)
class Kind:
    """How one kind of site is drawn, and what the key calls it."""

    label: str
    marker: str
    colour: str
    size_pt: float = _MARK_PT

    @property
    def symbol(self) -> Symbol:
        """Its line in the key."""
        return Symbol(self.label, self.colour, marker=self.marker)


OPENED = Kind("site qui ouvre", "D", style.SITE)
MOVED = Kind("équipement qui déménage", "s", style.SITE)
CONVERTED = Kind("site converti", "o", style.SITE)
CLOSED = Kind("équipement qui ferme", "X", style.FICTIONAL)
CHOSEN = Kind("site choisi", "D", style.SITE)
TODAY = Kind("France services ou MSAP", "D", style.SITE, 4.6)
GIVEN = Kind("site", "D", style.FICTIONAL, 6.0)
EXISTING = Kind("France services ou MSAP existante", "D", style.PAPER, 5.0)
CANDIDATE = Kind("autre candidat", "o", style.SOFT_INK, 3.0)


@dataclass(frozen=True)
class Mark:
    """One site: where, what kind, and what is written beside it (empty for nothing)."""

    x: float
    y: float
    kind: Kind
    text: str = ""


def marks_of(sites: gpd.GeoDataFrame, kinds: Sequence[Kind], texts: Sequence[str]) -> list[Mark]:
    """Make marks of the sites that have a place."""
    found = []
    for point, kind, text in zip(sites.geometry, kinds, texts, strict=True):
        if point is not None and not point.is_empty:
            found.append(Mark(float(point.x), float(point.y), kind, text))
    return found


def names_or_numbers(names: Sequence[str]) -> list[str]:
    """Names where they are few, else the numbers that tables give them.

    Examples
    --------
    >>> names_or_numbers(["Arles", "Aix"])
    ['Arles', 'Aix']
    """
    if len(names) <= NAMED_AT_MOST:
        return [style.printable(name) for name in names]
    return [str(number) for number in range(1, len(names) + 1)]


def short_names(names: Iterable[object]) -> list[str]:
    """Names of sites without what they are and without what all end with.

    Examples
    --------
    >>> short_names(["France services Arles (13)", "MSAP de Salon (13)", "Aix (13)"])
    ['Arles', 'Salon', 'Aix']
    """
    found = [_KIND_WORDS.sub("", style.printable(name)).split() for name in names]
    while len(found) > 1 and all(len(words) > 1 for words in found):
        if len({words[-1] for words in found}) > 1:
            break
        found = [words[:-1] for words in found]
    return [" ".join(words) for words in found]


def draw_marks(placer: Placer, marks: Iterable[Mark]) -> list[Symbol]:
    """Draw sites within the frame, then their texts where there is room; return the key."""
    (xmin, xmax), (ymin, ymax) = placer.axes.get_xlim(), placer.axes.get_ylim()
    inside = [mark for mark in marks if xmin <= mark.x <= xmax and ymin <= mark.y <= ymax]
    for mark in inside:
        kind = mark.kind
        edge = style.INK if kind.colour == style.PAPER else style.PAPER
        placer.axes.plot(
            mark.x,
            mark.y,
            kind.marker,
            ms=kind.size_pt,
            mfc=kind.colour,
            mec=edge,
            mew=0.9,
            zorder=8.5 + kind.size_pt / 100,
        )
        if mark.text:
            half, (x, y) = kind.size_pt / 2, placer.spot(mark.x, mark.y)
            placer.taken.append(Box(x - half, y - half, x + half, y + half))
        else:
            placer.spare(mark.x, mark.y, kind.size_pt / 2)
    for mark in inside:
        if mark.text:
            _write(placer, mark)
    return [kind.symbol for kind in dict.fromkeys(mark.kind for mark in inside)]


def _write(placer: Placer, mark: Mark) -> None:
    width, height = placer.size_pt
    widest = width * _WIDEST_SHARE / PT_PER_INCH
    text = shorten(mark.text, widest, _SIZE_PT, bold=True)
    wide = text_width_in(text, _SIZE_PT, bold=True) * PT_PER_INCH + 2 * _PAD_PT
    spot = placer.spot(mark.x, mark.y)
    box = placer.room(spot, (wide, _SIZE_PT + 2 * _PAD_PT), mark.kind.size_pt / 2 + 0.5)
    if box is None:
        return
    placer.taken.append(box)
    placer.axes.text(
        (box.left + box.right) / 2 / width,
        (box.bottom + box.top) / 2 / height,
        text,
        transform=placer.axes.transAxes,
        size=_SIZE_PT,
        weight="bold",
        family=style.FONT,
        color=mark.kind.colour if mark.kind.colour != style.PAPER else style.INK,
        ha="center",
        va="center_baseline",
        parse_math=False,
        zorder=10,
        path_effects=[withStroke(linewidth=2.6, foreground=style.PAPER)],
    )
