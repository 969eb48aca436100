"""Colours, type sizes and the matplotlib settings of every map."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import style
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

DPI = 150
FONT = "DejaVu Sans"  # matplotlib ships it, so the bytes do not hang on the machine's fonts

# Six steps of matplotlib's magma, light (near) to dark (far): lightness falls at each
# step, so the order survives every colour blindness and a black-and-white printer.
RAMP = ("#fcf0b2", "#feb77e", "#f7705c", "#bf3a77", "#782281", "#251255")
# Remoteness counts gammes: "none" is paler than any time, the rest spread on the ramp.
NOT_REMOTE = "#f7f4ea"

PAPER = "#ffffff"
SEA = "#e3ecf2"
NEIGHBOUR = "#ededeb"
NEIGHBOUR_EDGE = "#ffffff"
LAND = "#e0dfda"
MISSING_FILL = "#f4f4f4"
MISSING_HATCH = "#8a8a8a"
COMMUNE_EDGE = "#6b6660"
EPCI_EDGE = "#1d1d1b"
INK = "#1d1d1b"
SOFT_INK = "#55524d"
RULE = "#c9c6c0"
FICTIONAL = "#a4262c"
SITE = "#0b6e75"

TITLE_PT = 18.0
SUBTITLE_PT = 9.5
PANEL_PT = 8.5
FIGURE_PT = 24.0
SMALL_PT = 7.2
FOOTER_PT = 6.4
TOWN_PT = 8.2
LEAST_TITLE_PT = 11.0

_SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": [FONT],
        "hatch.linewidth": 0.7,
        "figure.dpi": DPI,
        "savefig.dpi": DPI,
        "savefig.bbox": None,
        "text.usetex": False,
        "svg.hashsalt": "sdaasp_geo",
    }
)


def settings() -> AbstractContextManager[None]:
    """Return the settings of every map, whatever the caller's matplotlib is set to."""
    return style.context(["default", dict(_SETTINGS)])


def remoteness_ramp(gammes: int) -> list[str]:
    """Colours for "remote from n gammes", n from 0.

    Examples
    --------
    >>> remoteness_ramp(3)
    ['#f7f4ea', '#feb77e', '#be3a77', '#251255']
    """
    ramp = LinearSegmentedColormap.from_list("remoteness", list(RAMP[1:]))
    return [NOT_REMOTE, *(to_hex(ramp(step)) for step in np.linspace(0.0, 1.0, gammes))]


def printable(text: object) -> str:
    r"""Put text on one line, in characters that the font can draw.

    Examples
    --------
    >>> printable("Saint-Rémy\nde Provence"), printable("\u6751")
    ('Saint-Rémy de Provence', '?')
    """
    known = _known_letters()
    spaced = " ".join(str(text).split())
    return "".join(letter if ord(letter) in known else "?" for letter in spaced)


@cache  # opening the font takes longer than all the rest
def _known_letters() -> frozenset[int]:
    return frozenset(FT2Font(findfont(FontProperties(family=FONT))).get_charmap())
