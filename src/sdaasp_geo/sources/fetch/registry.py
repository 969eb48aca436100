"""The registry: which official files there are, where, and what the territory file says."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sdaasp_geo.errors import Fault, InputError

Form = Literal[
    "7z", "any", "csv", "geojson", "gpkg", "gz", "osm_pbf", "parquet", "tar", "xlsx", "zip"
]  # fmt: skip
Role = Literal[
    "arrondissements", "chefs_lieux", "communes", "facilities", "levels", "movements",
    "origins", "passage", "populations", "roads", "sites",
]  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATA = Path(__file__).parent / "data"
_SHA256 = r"^[0-9a-f]{64}$"
# A name is a plain file name: it can lead nowhere else than into the folder.
_PLAIN_NAME = r"^[A-Za-z0-9{][A-Za-z0-9._{}-]*$"
# A way down into an archive, and never up.
_INSIDE = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$"


class Entry(BaseModel):
    """One file of the registry.

    Parameters
    ----------
    kind
        What it is for, the same for all its vintages: ``bpe``, ``communes`` …
    vintage
        Year of the data; None where the address moves and the server dates the file.
    name, url
        Name in the folder and address, with the place marks of the registry file.
    publisher, licence, what
        For the summary.
    form
        How the content is checked.
    columns
        Names that a CSV's header, or a GeoJSON's properties (packed or not), must have.
    member
        Ending of the file that an archive must hold.
    unpack
        Whether that file is taken out of the archive, for readers that want it plain.
    inside
        Path in the archive that the territory file names after the archive's, where a
        reader could take several.
    size, sha256
        Bytes and hash, where the publisher fixes them.
    role, section
        Part of the territory file, and what it says there beside ``path``.
    remark
        More for the person who reads the territory file, in French.
    sole_for, also_gives
        Services that no other file is read for where this one came, and services that it
        is read for only where no such file came: each place then counts once.
    instead_of
        Kinds that the territory file does not name where this one came.
    departements, except_departements
        Codes that it serves (None for all), and codes that it does not.
    each_extract_around
        Whether it stands for one file for each OpenStreetMap extract around.
    default
        Whether it comes without being asked for by name.
    source, unverified
        Where the address was found, and whether something in the entry is a guess.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(pattern=r"^[a-z0-9_]+$")
    vintage: int | str | None = None
    name: str = Field(pattern=_PLAIN_NAME)
    url: str = Field(pattern=r"^https?://")
    publisher: str
    licence: str
    what: str
    form: Form
    columns: list[str] = Field(default_factory=list)
    member: str | None = None
    unpack: bool = False
    inside: str | None = Field(default=None, pattern=_INSIDE)
    size: int | None = Field(default=None, gt=0)
    sha256: str | None = Field(default=None, pattern=_SHA256)
    role: Role | None = None
    section: dict[str, Any] = Field(default_factory=dict)
    remark: str = ""
    sole_for: list[str] = Field(default_factory=list)
    also_gives: list[str] = Field(default_factory=list)
    instead_of: list[str] = Field(default_factory=list)
    departements: list[str] | None = None
    except_departements: list[str] = Field(default_factory=list)
    each_extract_around: bool = False
    default: bool = True
    source: str = ""
    unverified: bool = False

    def serves(self, code: str) -> bool:
        """Whether there is such a file for a département."""
        named = self.departements is None or code in self.departements
        return named and code not in self.except_departements


class Departement(BaseModel):
    """A département: its name, its OpenStreetMap extract, and those around it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    osm: str
    around: list[str]


@dataclass(frozen=True)
class Registry:
    """Files that can be fetched, the newest vintage of a kind first."""

    entries: tuple[Entry, ...]
    file: str

    @property
    def kinds(self) -> list[str]:
        """Kinds of files, in the order of the registry."""
        return list(dict.fromkeys(entry.kind for entry in self.entries))


class _RegistryToml(BaseModel):
    model_config = ConfigDict(extra="forbid")

    file: list[Entry] = Field(min_length=1)


def read_registry(path: str | Path | None = None) -> Registry:
    """Read a registry of files.

    Parameters
    ----------
    path
        A TOML file in the form of the library's own; None for that one.

    Raises
    ------
    InputError
        If it is missing, is no TOML, or an entry has an unknown key, lacks one, or has a
        value that cannot be; all faults at once.
    """
    path = _DATA / "registry.toml" if path is None else Path(path)
    try:
        parsed = _RegistryToml.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        raise InputError([_fault(path, item) for item in error.errors()]) from error
    except (OSError, ValueError) as error:
        raise InputError([Fault(path.name, "a registry of files (TOML)", str(error))]) from error
    return Registry(tuple(parsed.file), path.name)


def read_departements() -> dict[str, Departement]:
    """Départements by code, with their extracts and neighbours."""
    raw = tomllib.loads((_DATA / "departements.toml").read_text("utf-8"))
    return {code: Departement.model_validate(value) for code, value in raw.items()}


def filled(entry: Entry, code: str, known: Mapping[str, Departement]) -> list[Entry]:
    """Return an entry with the place marks of its name and address filled for a département.

    Parameters
    ----------
    entry
        Of a registry.
    code
        The département.
    known
        All of them, by code.

    Returns
    -------
    list of Entry
        One; or for ``each_extract_around`` one for each extract that the département is
        not in and one around it is.

    Examples
    --------
    >>> known = {"01": Departement(name="Ain", osm="rhone-alpes", around=["39"]),
    ...          "39": Departement(name="Jura", osm="franche-comte", around=["01"])}
    >>> entry = Entry(kind="osm", name="{osm}.pbf", url="http://a/{list}?{departement}",
    ...               publisher="", licence="", what="", form="any")
    >>> [(item.name, item.url) for item in filled(entry, "01", known)]
    [('rhone-alpes.pbf', 'http://a/%2701%27%2C%2739%27?01')]
    >>> around = entry.model_copy(update={"each_extract_around": True})
    >>> [item.name for item in filled(around, "01", known)]
    ['franche-comte.pbf']
    """
    land = known[code]
    if not entry.each_extract_around:
        return [_filled(entry, code, land, land.osm)]
    extracts = dict.fromkeys(known[other].osm for other in land.around)
    return [_filled(entry, code, land, osm) for osm in extracts if osm != land.osm]


def _filled(entry: Entry, code: str, land: Departement, osm: str) -> Entry:
    codes = [code, *land.around]
    cql = {
        "{list}": ",".join(f"'{item}'" for item in codes),
        "{likes}": " OR ".join(f"code_insee LIKE '{item}%'" for item in codes),
    }
    marks = {
        "{departement}": code,
        "{osm}": osm,
        # A percent sign of a filter would pass for an escape.
        **{mark: quote(value, safe="") for mark, value in cql.items()},
    }
    name, url = entry.name, entry.url
    for mark, value in marks.items():
        name, url = name.replace(mark, value), url.replace(mark, value)
    return entry.model_copy(update={"name": name, "url": url})


def _fault(path: Path, item: Any) -> Fault:  # noqa: ANN401 (pydantic's own mapping)
    # People count the entries from one.
    where = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in item["loc"])
    expected = item["msg"].removeprefix("Input should be ")
    return Fault(path.name, expected, repr(item["input"])[:120], column=where)
