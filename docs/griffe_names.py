"""Types of parameters that share a line of a docstring (``openings, closings``).

Griffe gives all of them the type of the first; here each has its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from collections.abc import Iterator

TOGETHER = re.compile(r"^\w+(?:, \w+)+$", re.MULTILINE)


class OwnTypes(griffe.Extension):
    """Looks up the type of each parameter where several are described together."""

    def on_package(self, *, pkg: griffe.Module, **_: object) -> None:
        """Parse the docstrings concerned, once, with the types of their names."""
        for thing in _documented(pkg):
            docstring = thing.docstring
            if docstring is None or not TOGETHER.search(docstring.value):
                continue
            options = {"warn_missing_types": False, "warn_unknown_params": False}
            sections = docstring.parse("numpy", **options)
            for section in sections:
                if section.kind is griffe.DocstringSectionKind.parameters:
                    for told in section.value:
                        told.annotation = _type_of(thing, told.name) or told.annotation
            # A cached property, which the pages read.
            docstring.__dict__["parsed"] = sections


def _documented(thing: griffe.Module | griffe.Class) -> Iterator[griffe.Object]:
    for member in thing.members.values():
        if isinstance(member, griffe.Function | griffe.Class):
            yield member
        if isinstance(member, griffe.Module | griffe.Class):
            yield from _documented(member)


def _type_of(thing: griffe.Object, name: str) -> Any:  # noqa: ANN401 (griffe's expressions)
    if isinstance(thing, griffe.Function) and name in thing.parameters:
        return thing.parameters[name].annotation
    member = thing.members.get(name)
    return member.annotation if isinstance(member, griffe.Attribute) else None
