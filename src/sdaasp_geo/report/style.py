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

from sdaasp_geo.report.palette import (
    COMMUNE_EDGE,
    EPCI_EDGE,
    FICTIONAL,
    INK,
    LAND,
    MISSING_FILL,
    MISSING_HATCH,
    NEIGHBOUR,
    NEIGHBOUR_EDGE,
    NOT_REMOTE,
    PAPER,
    RAMP,
    RULE,
    SEA,
    SITE,
    SOFT_INK,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

# The colours are asked for here by everything that draws.
__all__ = [
    "COMMUNE_EDGE",
    "EPCI_EDGE",
    "FICTIONAL",
    "INK",
    "LAND",
    "MISSING_FILL",
    "MISSING_HATCH",
    "NEIGHBOUR",
    "NEIGHBOUR_EDGE",
    "NOT_REMOTE",
    "PAPER",
    "RAMP",
    "RULE",
    "SEA",
    "SITE",
    "SOFT_INK",
    "printable",
    "remoteness_ramp",
    "settings",
]

DPI = 150
FONT = "DejaVu Sans"  # matplotlib ships it, so the bytes do not hang on the machine's fonts

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
        "pdf.fonttype": 42,  # letters that can be searched and copied
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
