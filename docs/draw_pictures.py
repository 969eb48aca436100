"""Draws the pictures of the example: a map, a gain map and, with a browser, the observatory.

Run it from the root of the project: ``python docs/draw_pictures.py``.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl
from PIL import Image

import sdaasp_geo as sg

IMAGES = Path(__file__).with_name("images")
COLOURS = 128
WIDE, HIGH = 1280, 900


def kept(picture: Image.Image, name: str) -> None:
    """Write a picture with few colours, which maps do not miss."""
    small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(IMAGES / name, optimize=True)


def drawn(axes: mpl.axes.Axes, name: str) -> None:
    """Write a figure."""
    stream = io.BytesIO()
    axes.figure.savefig(stream, dpi=110)
    kept(Image.open(stream), name)


def photographed(page: Path, name: str) -> None:
    """Open a page in Debian's Chromium and keep what it shows."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 (no need of it for maps)

    browser_path = shutil.which("chromium")
    if browser_path is None:
        sys.stderr.write(f"no chromium: {name} stays as it is\n")
        return
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDE, "height": HIGH})
        tab.goto(page.as_uri())
        tab.wait_for_timeout(3_000)
        kept(Image.open(io.BytesIO(tab.screenshot())), name)
        browser.close()


def main() -> None:
    """Draw them all."""
    mpl.use("agg")
    diagnostic = sg.diagnose(sg.read_territory("territories/exemple.toml"))
    gains = sg.simulate(diagnostic, sg.read_scenario("territories/exemple-scenario.toml"))
    drawn(sg.plot_gamme(diagnostic, "superieure"), "gamme-superieure.png")
    drawn(sg.plot_gain(gains), "gains.png")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "observatoire.html"
        sg.write_page(diagnostic, page, gains=[gains])
        photographed(page, "observatoire.png")


if __name__ == "__main__":
    main()
