"""Map figures as small PNG files that are the same at each run."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.figure import Figure

_COLOURS = 96
_COMPRESSION = 7
_BITS = np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
_ALL_COLOURS = 1 << 24


def pixels(figure: Figure) -> npt.NDArray[np.uint8]:
    """Draw a figure with an Agg canvas and return its pixels (rows × columns × RGB)."""
    # Only the Agg canvas has a buffer, and matplotlib leaves it untyped.
    canvas: Any = figure.canvas
    canvas.draw()
    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def png_bytes(picture: npt.NDArray[np.uint8], dpi: int) -> bytes:
    """Encode pixels as a PNG whose palette holds the most frequent colours of the picture.

    A map is flat: the fills and the paper keep their exact colours, and only some shades
    along the edges of letters and lines move a little. No date and no software name goes
    in, so the same pixels give the same bytes.

    Parameters
    ----------
    picture
        Rows × columns × RGB.
    dpi
        Dots an inch, written into the file.
    """
    codes = picture.reshape(-1, 3) @ _BITS
    found = Image.fromarray(picture).getcolors(maxcolors=codes.size) or []
    # The most frequent first, then by colour: Pillow's own order is not promised.
    ordered = sorted(found, key=lambda item: (-item[0], item[1]))
    every = np.array([colour for _, colour in ordered], dtype=np.int32)
    palette = every[:_COLOURS]
    nearest = ((every[:, None, :] - palette[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)
    entry = np.zeros(_ALL_COLOURS, dtype=np.uint8)
    entry[every.astype(np.uint32) @ _BITS] = nearest
    image = Image.fromarray(entry[codes].reshape(picture.shape[:2]))
    image.putpalette(palette.astype(np.uint8).tobytes())
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=_COMPRESSION, dpi=(dpi, dpi))
    return stream.getvalue()
