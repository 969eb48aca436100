"""Bouquets: what France Services and MSAP offer, by year, as data."""

from __future__ import annotations

import difflib
import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.tables.folding import folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.resources.abc import Traversable

_PREFIX, _SUFFIX = "bouquet-", ".toml"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Operator(_Data):
    """One operator whose desk a site may host.

    Parameters
    ----------
    id, label
        Stable identifier and French name.
    service
        Service of the basket ``sdaasp-29`` that its desk stands for; None for none.
    unverified
        Whether that equivalence is this library's own reading.
    note
        What should be known of it.
    """

    id: str
    label: str
    service: str | None = None
    unverified: bool = False
    note: str = ""


class _BouquetToml(_Data):
    name: str
    label: str
    year: int
    source: str
    unverified: bool = False
    operators: list[str] = Field(min_length=1)
    own: list[Operator] = Field(default_factory=list)


class ReceptionLevel(_Data):
    """Kinds of sites that receive people at one level (1 lowest, 3 the operators themselves)."""

    level: int = Field(ge=1, le=3)
    label: str
    kinds: tuple[str, ...]
    unverified: bool = False


class _LevelsToml(_Data):
    source: str
    levels: list[ReceptionLevel]

    @model_validator(mode="after")
    def _each_kind_once(self) -> Self:
        kinds = [kind for level in self.levels for kind in level.kinds]
        if len(kinds) != len(set(kinds)):
            message = "each kind of site at one level"
            raise ValueError(message)
        return self


@dataclass(frozen=True)
class Bouquet:
    """What one kind of site offers in one year.

    Parameters
    ----------
    name, label, year
        Stable name, French name, and the year that it holds for.
    source
        Where the list comes from.
    unverified
        Whether no publication of that year confirmed the list.
    operators
        Its operators, in the order of the source.

    Examples
    --------
    >>> load_bouquet("msap_13").services
    ('point_accueil_msa', 'point_accueil_caf', 'point_accueil_cpam', 'point_accueil_carsat', 'pole_emploi')
    """

    name: str
    label: str
    year: int
    source: str
    unverified: bool
    operators: tuple[Operator, ...]

    @property
    def services(self) -> tuple[str, ...]:
        """Services of ``sdaasp-29`` that it stands for, in the order of its operators."""
        return tuple(item.service for item in self.operators if item.service is not None)


def shipped_bouquets() -> list[str]:
    """Names of the bouquets that come with the library.

    Examples
    --------
    >>> "france_services_2020" in shipped_bouquets()
    True
    """
    names = (item.name for item in _data().iterdir())
    return sorted(
        name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        for name in names
        if name.startswith(_PREFIX) and name.endswith(_SUFFIX)
    )


def operators() -> dict[str, Operator]:
    """Operators that the library knows, by id.

    Examples
    --------
    >>> operators()["caf"].service
    'point_accueil_caf'
    """
    return {item.id: item for item in _shipped_operators()}


@functools.cache
def _shipped_operators() -> tuple[Operator, ...]:
    # Every site of a list asks for its operators by name.
    raw = tomllib.loads((_data() / "operators.toml").read_text("utf-8"))
    return tuple(Operator.model_validate(item) for item in raw["operators"])


def operator_of(name: str, known: Mapping[str, Operator] | None = None) -> Operator | None:
    """Return the operator of a name: its id or label, whatever their case and accents.

    Parameters
    ----------
    name
        As people and lists of sites write it.
    known
        Operators by id; those of the library if None.

    Examples
    --------
    >>> operator_of("Pôle-Emploi").id, operator_of("CAF").id, operator_of("Assurance Maladie").id
    ('pole_emploi', 'caf', 'cpam')
    """
    among = operators() if known is None else known
    # An id goes before a label that looks like another's id.
    labels = {folded(item.label): item for item in among.values()}
    return (labels | {folded(key): item for key, item in among.items()}).get(folded(name))


def load_bouquet(name: str | Path) -> Bouquet:
    """Load a shipped bouquet by its name, or one's own from a TOML file.

    Parameters
    ----------
    name
        A name of :func:`shipped_bouquets`, or the path of a TOML file: ``name label
        year source operators``, and ``[[own]]`` for operators that the library does not
        know (``id label service``).

    Raises
    ------
    InputError
        If there is no such bouquet, or the file has an unknown key or operator; all
        faults at once, with the nearest good name.
    """
    if isinstance(name, Path) or str(name).endswith(_SUFFIX):
        path = Path(name)
        if not path.is_file():
            raise InputError([Fault(str(name), "a bouquet file", "no such file")])
        try:
            return _parse(path.read_text(encoding="utf-8-sig"), str(name))
        except UnicodeDecodeError as error:
            raise InputError([Fault(str(name), "text in UTF-8", str(error))]) from error
    if name not in shipped_bouquets():
        raise InputError([unknown("bouquet", "bouquet", str(name), shipped_bouquets())])
    file = f"{_PREFIX}{name}{_SUFFIX}"
    return _parse((_data() / file).read_text("utf-8"), file)


def reception_levels() -> dict[str, ReceptionLevel]:
    """Level of reception of each kind of site (mairie, MSAP, operator …).

    Examples
    --------
    >>> reception_levels()["msap"].level, reception_levels()["mairie"].level
    (2, 1)
    """
    raw = tomllib.loads((_data() / "reception-levels.toml").read_text("utf-8"))
    levels = _LevelsToml.model_validate(raw).levels
    return {kind: level for level in levels for kind in level.kinds}


def unknown(
    file: str, what: str, name: str, known: Iterable[str], *, column: str | None = None
) -> Fault:
    """Refuse a name, with the nearest good one, or all of them if none is near."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    near = near or [known_name for known_name in names if name and known_name.startswith(name)]
    expected = f"a known {what}" + (f" (did you mean {near[0]!r}?)" if near else "")
    if not near:
        expected += f": {', '.join(names)}"
    return Fault(file, expected, repr(name), "a typing mistake", column=column)


def _data() -> Traversable:
    return resources.files("sdaasp_geo.scenarios") / "data"


def _parse(text: str, file: str) -> Bouquet:
    try:
        raw = _BouquetToml.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise InputError([Fault(file, "TOML", str(error), "a quote or bracket")]) from error
    except ValidationError as error:
        raise InputError([_fault(item, file) for item in error.errors()]) from error
    known: Mapping[str, Operator] = operators() | {item.id: item for item in raw.own}
    found = {name: operator_of(name, known) for name in raw.operators}
    lost = [name for name, operator in found.items() if operator is None]
    if lost:
        raise InputError(
            [unknown(file, "operator", name, known, column="operators") for name in lost]
        )
    hosted = [item for name in raw.operators if (item := found[name]) is not None]
    ids = [item.id for item in hosted]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        named = ", ".join(twice)
        raise InputError([Fault(file, "each operator once", named, column="operators")])
    return Bouquet(
        raw.name,
        raw.label,
        raw.year,
        raw.source,
        raw.unverified,
        tuple(hosted),
    )


def _fault(item: Any, file: str) -> Fault:  # noqa: ANN401 (pydantic's own mapping)
    column = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return unknown(file, "key", column, _BouquetToml.model_fields, column=column)
    if item["type"] == "missing":
        return Fault(file, "this key", "no such key", column=column)
    expected = item["msg"].removeprefix("Input should be ")
    return Fault(file, expected, repr(item["input"]), column=column)
