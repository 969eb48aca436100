"""What the page needs beside a plain installation, asked for before anything long is done."""

from __future__ import annotations

from importlib.util import find_spec

from sdaasp_geo.errors import MissingExtraError

FILE_NAME = "observatoire.html"


def check_page_extra() -> None:
    """Refuse early where the library of the curves is not installed.

    Raises
    ------
    MissingExtraError
        If it is not; the message says what to install.
    """
    if find_spec("plotly") is None:
        message = (
            "observatoire.html: expected plotly, which draws its curves, found that it is not "
            "installed. Likely cause: a plain installation; pip install 'sdaasp-geo[page]'"
        )
        raise MissingExtraError(message)
