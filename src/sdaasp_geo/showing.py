"""How results show themselves in a notebook: a title, figures, the first rows of a table."""

from __future__ import annotations

import html
import math
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_ROWS_SHOWN = 8
_THOUSANDS = "\u202f"
_MISSING = "–"


def card(
    title: str,
    figures: Mapping[str, object],
    *,
    table: pd.DataFrame | None = None,
    then: str = "",
) -> str:
    """Return a small HTML block; every text is escaped, whatever a file called it.

    Parameters
    ----------
    title
        What the object is.
    figures
        Label → value, as a French reader writes them.
    table
        Its first rows are shown, without geometry.
    then
        Names of the attributes that hold the rest.

    Examples
    --------
    >>> print(card("Essai <1>", {"habitants": 12345.0, "moyenne (min)": None}))
    <div class="sdaasp-geo"><strong>Essai &lt;1&gt;</strong><table>
    <tr><th style="text-align:left">habitants</th><td>12\u202f345</td></tr>
    <tr><th style="text-align:left">moyenne (min)</th><td>–</td></tr>
    </table></div>
    """
    rows = "".join(
        f'\n<tr><th style="text-align:left">{html.escape(label)}</th>'
        f"<td>{html.escape(_plain(value))}</td></tr>"
        for label, value in figures.items()
    )
    parts = [f"<strong>{html.escape(title)}</strong><table>{rows}\n</table>"]
    if table is not None and len(table):
        parts.append(_rows(table))
    if then:
        parts.append(f"<p><small>{html.escape(then)}</small></p>")
    return f'<div class="sdaasp-geo">{"".join(parts)}</div>'


def _rows(table: pd.DataFrame) -> str:
    plain = table.drop(columns=["geometry", "chef_lieu"], errors="ignore")
    shown = plain.head(_ROWS_SHOWN)
    text: str = shown.to_html(
        index=False, escape=True, border=0, float_format=lambda value: _plain(float(value))
    )
    left = len(plain) - len(shown)
    return text + (f"<p><small>… et {left} lignes de plus</small></p>" if left else "")


def _plain(value: object) -> str:
    """Write a value: thousands apart, one decimal where there is one, a dash where missing."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return _MISSING
    if isinstance(value, int | float):
        decimals = 0 if float(value).is_integer() else 1
        return f"{value:,.{decimals}f}".replace(",", _THOUSANDS).replace(".", ",")
    return str(value)


class Explorable:
    """Gives a result its interactive map."""

    def explore(self, item: str | None = None, **choices: Any) -> Any:  # noqa: ANN401 - a folium map
        """Return an interactive map, in the classes and colours of the drawn ones.

        Parameters
        ----------
        item
            Id of a service, a gamme or ``basket``; what concerns all services if None.
        choices
            As of :meth:`geopandas.GeoDataFrame.explore`, such as ``tiles``.

        Returns
        -------
        folium.Map
            Shown by Jupyter; background and scripts are fetched by the browser.

        Raises
        ------
        MissingExtraError
            If folium is not installed.
        ValueError
            If the result has no such item.
        """
        # What draws lies above what computes, which therefore cannot name it: whoever
        # asks for a map is the one that brings it in.
        drawing = import_module("sdaasp_geo.report.explore")
        return drawing.explore(self, item, **choices)
