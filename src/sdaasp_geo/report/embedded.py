"""Maps as they are put into a page: whole where they weigh little, smaller where not."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from sdaasp_geo.report.images import png_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Of the PNG files, before base64 adds a third: the page stays under 8 MB.
BUDGET_BYTES = 5_500_000
_LEAST_SCALE = 0.4
# Fewer pixels compress less well, so the size is set a little under the target.
_MARGIN = 0.85
_DPI = 110


@dataclass(frozen=True)
class Picture:
    """A PNG as a data address, with its size in pixels."""

    source: str
    width: int
    height: int


def embed(paths: Sequence[Path], *, budget_bytes: int = BUDGET_BYTES) -> list[Picture]:
    """Make data addresses of PNG files, all reduced alike if they exceed a budget."""
    files = [path.read_bytes() for path in paths]
    total = sum(len(content) for content in files)
    if total > budget_bytes:
        scale = max(_LEAST_SCALE, math.sqrt(budget_bytes / total) * _MARGIN)
        files = [_smaller(content, scale) for content in files]
    return [_picture(content) for content in files]


def _smaller(content: bytes, scale: float) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        small = image.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    return png_bytes(np.asarray(small), _DPI)


def _picture(content: bytes) -> Picture:
    with Image.open(io.BytesIO(content)) as image:
        width, height = image.size
    text = base64.b64encode(content).decode("ascii")
    return Picture(f"data:image/png;base64,{text}", width, height)
