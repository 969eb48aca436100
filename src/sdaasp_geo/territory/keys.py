"""From pydantic's errors to faults that name the key as the file writes it."""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel

from sdaasp_geo.errors import Fault
from sdaasp_geo.territory.checks import unknown_key
from sdaasp_geo.territory.sections import TerritoryToml

if TYPE_CHECKING:
    from pathlib import Path


def key_fault(item: Any, path: Path) -> Fault:  # noqa: ANN401 (pydantic's own mapping)
    """Turn one of pydantic's errors into a fault."""
    location = [part for part in item["loc"] if isinstance(part, str | int)]
    key = _key(location)
    if item["type"] == "extra_forbidden":
        return unknown_key(path, key, str(location[-1]), _known_keys(location[:-1]))
    if item["type"] == "missing":
        return Fault(str(path), "this key", "no such key", column=key)
    expected = item["msg"].removeprefix("Input should be ")
    return Fault(str(path), expected, repr(item["input"]), column=key)


def _key(location: list[str | int]) -> str:
    text = ""
    for part in location:
        # People count [[facilities]] from one.
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _known_keys(location: list[str | int]) -> list[str]:
    model: type[BaseModel] = TerritoryToml
    for part in location:
        if isinstance(part, str):
            model = _section_of(model.model_fields[part].annotation)
    return list(model.model_fields)


def _section_of(annotation: Any) -> type[BaseModel]:  # noqa: ANN401 (a type expression)
    if get_origin(annotation) in {list, Union, UnionType}:
        return next(_section_of(item) for item in get_args(annotation) if item is not type(None))
    assert isinstance(annotation, type)  # noqa: S101 (narrows for the type checker)
    assert issubclass(annotation, BaseModel)  # noqa: S101
    return annotation
