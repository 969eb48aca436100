"""Draws docs/images/architecture.svg: the packages, in the layers that the imports obey.

Run it from the root of the project: ``python docs/draw_architecture.py``. The layers are
those of the contract in pyproject.toml; what each package does is said here.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
# What each package does, and the colour of its kind.
ABOUT = {
    "cli": ("commands, help, languages", "out"),
    "pipeline": ("from a territory file to a folder of outputs", "out"),
    "example": ("the fictional territory", "out"),
    "report": ("maps, pages, workbook, layers", "out"),
    "scenarios": ("simulate, choose sites, compare, judge", "compute"),
    "diagnostic": ("the finished tables, and the land under them", "compute"),
    "indicators": ("means, remoteness, zones, shares", "compute"),
    "access": ("snapping, minutes, isochrones, grids", "compute"),
    "routing": ("exact searches on arrays", "compute"),
    "cluster": ("work over machines", "compute"),
    "network": ("roads as arrays", "compute"),
    "sources": ("raw files to checked tables", "in"),
    "territory": ("the territory file", "in"),
    "tables": ("schemas, gate, places, codes of any year", "base"),
    "basket": ("services, gammes, codes", "base"),
    "errors": ("faults, all at once", "base"),
    "assumptions": ("every choice, frozen", "base"),
    "showing": ("cards of results", "base"),
}
FILL = {"out": "#fde7d9", "compute": "#f4d9ec", "in": "#dcd9f4", "base": "#ececec"}
KINDS = {
    "out": "writes for people",
    "compute": "computes on tables and arrays: reads no file",
    "in": "opens raw files",
    "base": "shared words",
}
WIDTH, ROW, GAP, LEFT = 860, 46, 10, 40


def layers() -> list[list[str]]:
    """Return the layers of the contract, the highest first."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = config["tool"]["importlinter"]["contracts"]
    contract = next(item for item in contracts if item["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def picture() -> str:
    """Return the drawing."""
    rows = layers()
    height = len(rows) * (ROW + GAP) + 74
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
            'aria-labelledby="t" font-family="DejaVu Sans, Verdana, sans-serif" font-size="13">'
        ),
        '<title id="t">Packages in layers: each may import from those below it</title>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for number, names in enumerate(rows):
        y = 12 + number * (ROW + GAP)
        box = (WIDTH - LEFT - 12 - GAP * (len(names) - 1)) / len(names)
        for place, name in enumerate(names):
            parts += _box(LEFT + place * (box + GAP), y, box, name)
    bottom = 12 + len(rows) * (ROW + GAP) - GAP
    parts += [
        f'<path d="M18 12V{bottom}" stroke="#555" stroke-width="1.5"/>',
        f'<path d="M12 {bottom - 9}l6 9 6-9" fill="none" stroke="#555" stroke-width="1.5"/>',
        (
            f'<text transform="translate(32 {bottom - 250}) rotate(-90)" fill="#444" font-size="12">'
            "may import from below, never from above</text>"
        ),
    ]
    for place, (kind, label) in enumerate(KINDS.items()):
        x, y = LEFT + (place % 2) * 410, bottom + 16 + (place // 2) * 24
        parts.append(
            f'<rect x="{x}" y="{y}" width="16" height="16" fill="{FILL[kind]}" stroke="#999"/>'
            f'<text x="{x + 24}" y="{y + 13}" fill="#222">{label}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(x: float, y: float, width: float, name: str) -> list[str]:
    about, kind = ABOUT[name]
    middle = x + width / 2
    narrow = width < 300
    lines = _halves(about) if narrow and len(about) > 28 else [about]
    shift = 8 if len(lines) > 1 else 0
    return [
        (
            f'<rect x="{x:g}" y="{y}" width="{width:g}" height="{ROW}" rx="4" '
            f'fill="{FILL[kind]}" stroke="#999"/>'
        ),
        (
            f'<text x="{middle:g}" y="{y + 19 - shift / 2:g}" text-anchor="middle" '
            f'font-weight="bold" fill="#222">{name}</text>'
        ),
        *(
            f'<text x="{middle:g}" y="{y + 36 - shift + 12 * line:g}" text-anchor="middle" '
            f'font-size="11" fill="#444">{escape(text)}</text>'
            for line, text in enumerate(lines)
        ),
    ]


def _halves(text: str) -> list[str]:
    words = text.split()
    half = next(n for n in range(len(words)) if len(" ".join(words[: n + 1])) >= len(text) / 2)
    return [" ".join(words[: half + 1]), " ".join(words[half + 1 :])]


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
