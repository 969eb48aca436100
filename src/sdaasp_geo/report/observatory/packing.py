"""Columns of numbers as text, every digit kept, and text that no markup can leave."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# In a script element the first two could end it; the last two end a line of JavaScript.
_ESCAPES = {letter: f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}


def packed_floats(values: npt.ArrayLike) -> str:
    """Write numbers as the base64 of little-endian doubles; missing ones as NaN.

    Examples
    --------
    >>> packed_floats([1.0])
    'AAAAAAAA8D8='
    """
    return _text(np.asarray(values, dtype="<f8"))


def packed_integers(values: npt.ArrayLike) -> str:
    """Write integers as the base64 of little-endian words of 32 bits.

    Examples
    --------
    >>> packed_integers([1, -1])
    'AQAAAP////8='
    """
    return _text(np.asarray(values, dtype="<i4"))


def script_json(content: dict[str, Any]) -> str:
    r"""Write JSON that is harmless inside a script element, whatever names it holds.

    Raises
    ------
    ValueError
        If it holds a number that JSON has no word for.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return text


def _text(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
