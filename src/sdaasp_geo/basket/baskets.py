"""A basket is data: a TOML of gammes and services, shipped or written by the analyst."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from sdaasp_geo.basket.tag_conditions import EXAMPLE, tag_condition
from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.showing import card

_SUFFIX = ".toml"
_ID = re.compile(r"[a-z0-9_]+")
# The name of the whole among the gammes, in tables and files.
_WHOLE = "basket"


@dataclass(frozen=True, slots=True)
class Gamme:
    """A range of services by how often people need them (proximité, …)."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service of daily life.

    Parameters
    ----------
    id, label
        Stable identifier and French name.
    gamme
        Id of its gamme.
    bpe
        Codes of the BPE, all vintages together.
    unverified
        Those of the codes that no published list confirmed.
    frequency
        Weight of the service in a mean by frequency of use, if known.
    osm
        Conditions on OpenStreetMap tags, see
        :func:`~sdaasp_geo.basket.tag_conditions.tag_condition`.
    annuaire
        Kinds of desk of the annuaire de l'administration, of all editions.
    finess
        Categories of FINESS.
    """

    id: str
    label: str
    gamme: str
    bpe: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    frequency: float | None = None
    osm: tuple[str, ...] = ()
    annuaire: tuple[str, ...] = ()
    finess: tuple[str, ...] = ()


@dataclass(frozen=True)
class Basket:
    """An ordered set of services, each in one gamme.

    Examples
    --------
    >>> basket = load_basket("sdaasp-29")
    >>> len(basket.services), [gamme.id for gamme in basket.gammes]
    (29, ['proximite', 'intermediaire', 'superieure'])
    >>> basket.service_of_code["D307"]
    'pharmacie'
    """

    name: str
    label: str
    source: str
    gammes: tuple[Gamme, ...]
    services: tuple[Service, ...]
    service_of_code: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the codes."""
        codes = {code: service.id for service in self.services for code in service.bpe}
        object.__setattr__(self, "service_of_code", codes)

    @property
    def service_ids(self) -> list[str]:
        """Ids of the services, in the order of the basket."""
        return [service.id for service in self.services]

    @property
    def gamme_ids(self) -> list[str]:
        """Ids of the gammes, in the order of the basket."""
        return [gamme.id for gamme in self.gammes]

    def services_of(self, gamme: str) -> list[str]:
        """Ids of the services of one gamme, in the order of the basket."""
        return [service.id for service in self.services if service.gamme == gamme]

    def service(self, service_id: str) -> Service:
        """Return one service by its id; KeyError if the basket has none of that name."""
        for service in self.services:
            if service.id == service_id:
                return service
        raise KeyError(service_id)

    def _repr_html_(self) -> str:
        figures = {
            gamme.label: ", ".join(self.service(name).label for name in self.services_of(gamme.id))
            for gamme in self.gammes
        }
        return card(f"{self.label} ({len(self.services)} services)", figures)


def shipped_baskets() -> list[str]:
    """Names of the baskets that come with the library.

    Examples
    --------
    >>> "sdaasp-29" in shipped_baskets()
    True
    """
    folder = resources.files("sdaasp_geo.basket") / "data"
    return sorted(
        item.name.removesuffix(_SUFFIX) for item in folder.iterdir() if item.name.endswith(_SUFFIX)
    )


def load_basket(name: str | Path) -> Basket:
    """Load a shipped basket by its name, or one's own from a TOML file.

    Parameters
    ----------
    name
        A name of :func:`shipped_baskets`, or the path of a TOML file in the same form.

    Raises
    ------
    InputError
        If there is no such basket, or the file names an unknown gamme, repeats a
        service, or gives one code to two services; all faults at once.
    """
    if isinstance(name, Path) or str(name).endswith(_SUFFIX):
        path = Path(name)
        if not path.is_file():
            raise InputError([Fault(str(name), "a basket file", "no such file")])
        try:
            return _parse(path.read_text(encoding="utf-8-sig"), str(name))
        except UnicodeDecodeError as error:
            raise InputError([Fault(str(name), "text in UTF-8", str(error))]) from error
    if name not in shipped_baskets():
        known = ", ".join(shipped_baskets())
        raise InputError([Fault("basket", f"one of {known}, or a .toml file", repr(name))])
    text = (resources.files("sdaasp_geo.basket") / "data" / f"{name}{_SUFFIX}").read_text("utf-8")
    return _parse(text, f"{name}{_SUFFIX}")


def _parse(text: str, file: str) -> Basket:
    try:
        raw = tomllib.loads(text)
        _refuse_other_types(raw)
        basket = Basket(
            name=raw["name"],
            label=raw.get("label", raw["name"]),
            source=raw.get("source", ""),
            gammes=tuple(Gamme(**item) for item in raw["gammes"]),
            services=tuple(_service(item) for item in raw["services"]),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError) as error:
        fault = Fault(
            file,
            "a basket in TOML: name, [[gammes]] (id, label), [[services]] (id, label, gamme, bpe)",
            f"{type(error).__name__}: {error}",
        )
        raise InputError([fault]) from error
    if faults := _faults(basket, file):
        raise InputError(faults)
    return basket


def _refuse_other_types(raw: dict[str, Any]) -> None:
    told: list[tuple[str, Any]] = [
        (key, raw[key]) for key in ("name", "label", "source") if key in raw
    ]
    for table, keys in (("gammes", ("id", "label")), ("services", ("id", "label", "gamme"))):
        told += [
            (f"{table}.{key}", item[key]) for item in raw[table] for key in keys if key in item
        ]
    for key, value in told:
        if not isinstance(value, str):
            message = f"{key}: expected a text, found {value!r}"
            raise TypeError(message)
    for item in raw["services"]:
        frequency = item.get("frequency", 0.0)
        if isinstance(frequency, bool) or not isinstance(frequency, int | float):
            message = f"frequency: expected a number, found {frequency!r}"
            raise TypeError(message)


def _service(item: dict[str, Any]) -> Service:
    lists: dict[str, Any] = {
        key: _codes(item[key], key) for key in ("bpe", "unverified") if key in item
    }
    # Written as their publishers write them, not in capitals.
    lists |= {key: _texts(item[key], key) for key in ("osm", "annuaire", "finess") if key in item}
    return Service(**{**item, **lists})


def _codes(value: object, key: str) -> tuple[str, ...]:
    return tuple(code.upper() for code in _texts(value, key))


def _texts(value: object, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        message = f"{key}: expected a list of codes, found {value!r}"
        raise TypeError(message)
    return tuple(value)


def _faults(basket: Basket, file: str) -> list[Fault]:
    faults = _name_faults(basket, file)
    if not basket.services:
        faults.append(Fault(file, "at least one service", "none", column="services"))
    seen_services: set[str] = set()
    owner: dict[tuple[str, str], str] = {}
    for service in basket.services:
        if service.id in seen_services:
            faults.append(Fault(file, "each service once", f"{service.id!r} twice"))
        seen_services.add(service.id)
        if service.gamme not in basket.gamme_ids:
            known = ", ".join(basket.gamme_ids)
            faults.append(Fault(file, f"a gamme among {known}", repr(service.gamme)))
        if not (service.frequency is None or 0 <= service.frequency < float("inf")):
            expected = f"a frequency of 0 or more for {service.id!r}"
            faults.append(Fault(file, expected, repr(service.frequency)))
        faults += _condition_faults(service, file)
        for key, code in _keyed_codes(service):
            if (key, code) in owner:
                found = f"{code} in {owner[key, code]!r} and {service.id!r}"
                faults.append(Fault(file, "each code in one service", found))
            owner[key, code] = service.id
    return faults


def _keyed_codes(service: Service) -> list[tuple[str, str]]:
    """Codes of all nomenclatures, with the name of theirs: 124 may mean something in each."""
    keys = ("bpe", "annuaire", "finess")
    return [(key, code) for key in keys for code in getattr(service, key)]


def _condition_faults(service: Service, file: str) -> list[Fault]:
    faults = []
    for text in service.osm:
        try:
            tag_condition(text)
        except ValueError:
            expected = f"a condition on tags such as {EXAMPLE!r}"
            faults.append(Fault(file, expected, repr(text), column=f"{service.id}.osm"))
    return faults


def _name_faults(basket: Basket, file: str) -> list[Fault]:
    """Ids become columns and file names: plain, and each of one thing alone."""
    ids = [*basket.gamme_ids, *dict.fromkeys(basket.service_ids)]
    faults = [
        Fault(file, "an id of a-z, 0-9 and _", repr(name), "a label in the place of an id")
        for name in ids
        if not _ID.fullmatch(str(name))
    ]
    taken = {name for name in ids if ids.count(name) > 1 or name == _WHOLE}
    return faults + [
        Fault(file, f"ids of one gamme or service each, and not {_WHOLE!r}", repr(name))
        for name in sorted(taken)
    ]
