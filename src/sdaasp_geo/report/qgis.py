"""Styles for QGIS: the classes, colours and French headings of the maps, on the layers written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from sdaasp_geo.report.palette import COMMUNE_EDGE, MISSING_FILL, MISSING_HATCH, PAPER, RAMP, SITE
from sdaasp_geo.report.tallies import CLASS_LABELS, CLASS_LIMITS_MIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# QGIS reads the styles of its earlier versions; this one has all that is used here.
_VERSION = "3.22.0"
_EDGE_MM, _DOT_MM = 0.12, 2.6


class Rule(NamedTuple):
    """One line of a legend.

    Parameters
    ----------
    condition
        Expression of QGIS; empty for every feature.
    label
        French.
    color
        ``#rrggbb``.
    brush
        ``solid``, or ``b_diagonal`` for hatches.
    """

    condition: str
    label: str
    color: str
    brush: str = "solid"


def minutes_style(column: str, headings: Mapping[str, str], *, missing: str) -> str:
    """Return the QML of communes coloured by a column of minutes, as the maps are.

    Parameters
    ----------
    column
        ``<item>_min``.
    headings
        French heading of each column, shown in the place of its name.
    missing
        Label of the communes without a time; they are hatched.
    """
    limits = [None, *CLASS_LIMITS_MIN, None]
    rules = [
        Rule(_between(column, least, below), label, color)
        for least, below, label, color in zip(
            limits[:-1], limits[1:], CLASS_LABELS, RAMP, strict=True
        )
    ]
    hatched = Rule(f"{_field(column)} IS NULL", missing, MISSING_HATCH, "b_diagonal")
    return _document([*rules, hatched], headings, _fill)


def sites_style(label: str, headings: Mapping[str, str]) -> str:
    """Return the QML of places as dots."""
    return _document([Rule("", label, SITE)], headings, _dot)


def _field(column: str) -> str:
    escaped = column.replace('"', '""')
    return f'"{escaped}"'


def _between(column: str, least: float | None, below: float | None) -> str:
    parts = [] if least is None else [f"{_field(column)} >= {least:g}"]
    parts += [] if below is None else [f"{_field(column)} < {below:g}"]
    return " AND ".join(parts)


def _document(rules: Sequence[Rule], headings: Mapping[str, str], draw: _Drawing) -> str:
    root = ET.Element("qgis", version=_VERSION, styleCategories="Symbology|Fields")
    renderer = ET.SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0"
    )
    tree = ET.SubElement(renderer, "rules", key="rules")
    symbols = ET.SubElement(renderer, "symbols")
    for number, rule in enumerate(rules):
        said = {"key": f"rule-{number}", "symbol": str(number), "label": rule.label}
        ET.SubElement(tree, "rule", {**said, **_filter(rule)})
        draw(symbols, number, rule)
    aliases = ET.SubElement(root, "aliases")
    for index, (field, heading) in enumerate(headings.items()):
        ET.SubElement(aliases, "alias", index=str(index), field=field, name=heading)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n{body}\n"


def _filter(rule: Rule) -> dict[str, str]:
    return {"filter": rule.condition} if rule.condition else {}


def _fill(symbols: ET.Element, number: int, rule: Rule) -> None:
    hatched = rule.brush != "solid"
    layers = [{"color": _rgba(MISSING_FILL), "style": "solid"}] if hatched else []
    layers.append({"color": _rgba(rule.color), "style": rule.brush})
    symbol = _symbol(symbols, number, "fill")
    for options in layers:
        edge = {"outline_color": _rgba(COMMUNE_EDGE), "outline_style": "solid"}
        width = {"outline_width": f"{_EDGE_MM:g}", "outline_width_unit": "MM"}
        _layer(symbol, "SimpleFill", {**options, **edge, **width})


def _dot(symbols: ET.Element, number: int, rule: Rule) -> None:
    options = {
        "name": "circle",
        "color": _rgba(rule.color),
        "size": f"{_DOT_MM:g}",
        "size_unit": "MM",
        "outline_color": _rgba(PAPER),
        "outline_style": "solid",
        "outline_width": "0.3",
        "outline_width_unit": "MM",
    }
    _layer(_symbol(symbols, number, "marker"), "SimpleMarker", options)


def _symbol(symbols: ET.Element, number: int, kind: str) -> ET.Element:
    return ET.SubElement(symbols, "symbol", type=kind, name=str(number), alpha="1")


def _layer(symbol: ET.Element, kind: str, options: Mapping[str, str]) -> None:
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "pass": "0"})
    _options(layer, options.items())


def _options(layer: ET.Element, options: Iterable[tuple[str, str]]) -> None:
    for name, value in options:
        ET.SubElement(layer, "prop", k=name, v=value)


def _rgba(color: str) -> str:
    red, green, blue = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return f"{red},{green},{blue},255"


if TYPE_CHECKING:
    from typing import Protocol

    class _Drawing(Protocol):
        def __call__(self, symbols: ET.Element, number: int, rule: Rule) -> None: ...
