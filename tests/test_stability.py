"""docs/stability.md says what is stable; the code is held to it."""

import ast
import importlib.metadata
import re
from pathlib import Path

import sdaasp_geo as sg
from sdaasp_geo.cli import session
from sdaasp_geo.errors import SdaaspError

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "stability.md").read_text("utf-8")
STUB = ROOT / "src" / "sdaasp_geo" / "__init__.pyi"


def section(title):
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title):
    """First cells of the table under a heading, without their marks."""
    cells = [line.split("|")[1].strip() for line in section(title).splitlines() if "|" in line]
    return [cell.strip("`") for cell in cells[2:]]


def test_every_public_name_is_stable_or_named_as_provisional():
    provisional = re.findall(r"`(\w+)`", section("Provisional names"))
    assert set(provisional) <= set(sg.__all__)
    assert len(provisional) < len(sg.__all__) / 4
    assert not [name for name in sg.__all__ if name.startswith("_")]
    # What is imported in the stub is public: nothing is half so.
    imported = {
        alias.asname or alias.name
        for node in ast.parse(STUB.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(sg.__all__)


def test_the_exit_codes_are_those_of_the_commands():
    codes = {int(cell) for cell in rows("Exit codes")}
    own = {session.DONE, session.INPUT_FAULT, session.WRONG_USAGE, session.INTERRUPTED}
    assert codes == own


def test_every_exception_is_named_with_its_builtin():
    named = rows("Exceptions")
    known = {name for name in sg.__all__ if name.endswith("Error")}
    assert all(issubclass(getattr(sg, name), SdaaspError) for name in known)
    assert set(named) == known
    for line in section("Exceptions").splitlines():
        cells = [cell.strip(" `") for cell in line.split("|")]
        if len(cells) > 2 and cells[1] in known:
            bases = {base.__name__ for base in getattr(sg, cells[1]).__mro__}
            assert cells[2] in bases, line


def test_what_was_to_be_removed_by_now_is_removed():
    here = tuple(map(int, importlib.metadata.version("sdaasp-geo").split(".")[:2]))
    for path in (ROOT / "src").rglob("*.py"):
        for version in re.findall(r"removed_in=\"(\d+\.\d+)", path.read_text("utf-8")):
            assert tuple(map(int, version.split("."))) > here, path
