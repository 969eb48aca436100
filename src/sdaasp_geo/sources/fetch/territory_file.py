"""The territory file that names what was fetched."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sdaasp_geo.sources.fetch.record import whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sdaasp_geo.sources.fetch.record import Record
    from sdaasp_geo.sources.fetch.registry import Departement, Entry
    from sdaasp_geo.sources.fetch.result import FetchedFile

    Came = Sequence[tuple[Entry, FetchedFile]]

NEEDED = ("communes", "roads", "facilities")

_TABLES = {
    "communes": "[communes]",
    "chefs_lieux": "[communes.chefs_lieux]",
    "arrondissements": "[communes.arrondissements]",
    "passage": "[communes.passage]",
    "movements": "[communes.movements]",
    "populations": "[communes.populations]",
    "levels": "[[levels]]",
    "origins": "[origins]",
    "roads": "[[roads]]",
    "facilities": "[[facilities]]",
    "sites": "[[sites]]",
}
# Tables of which a territory has one.
_SINGLE = (
    "communes", "chefs_lieux", "arrondissements", "passage", "movements", "populations", "origins"
)  # fmt: skip
_DATED = ("facilities", "sites")

_HEAD = """\
# {name} ({code}) : fichiers officiels recueillis par « sdaasp-geo fetch ».
# Adresses, empreintes et licences : sources.json. Les chemins partent de ce dossier.
# Communes, équipements et routes débordent sur les départements voisins : ce qui est à
# moins de buffer_km compte.
"""
_TAIL = """\
# Aucun fichier national ne dit où sont les maisons de la solidarité de tous les départements,
# les pôles d'insertion ni les centres de dépistage : une table du département s'ajoute par
# [[facilities]] avec source = "operators", columns = { ... } et service = "...".
[basket]
name = "sdaasp-29"

# Minutes au-delà desquelles une commune est dite éloignée : À CHOISIR avec le comité. Ces
# valeurs sont un point de départ, non une norme.
[thresholds]
proximite_min = 4.0
intermediaire_min = 10.0
superieure_min = 20.0

[cache]
dir = "cache"
"""


def lacking(came: Came) -> tuple[str, ...]:
    """Parts that a territory file needs and that no file serves."""
    roles = {entry.role for entry, _ in came}
    return tuple(role for role in NEEDED if role not in roles)


def territory_text(code: str, departement: Departement, came: Came) -> str:
    """Return the territory file that names some files.

    Parameters
    ----------
    code, departement
        The département.
    came
        Entries with the files that came; those without a role are not named.

    Returns
    -------
    str
        TOML. Of files for one place (two of communes, say) the first is named.
    """
    blocks = [_HEAD.format(name=departement.name, code=code)]
    blocks.append(_lines({"name": departement.name, "departement": code, "buffer_km": 35}))
    replaced = {kind for entry, _ in came for kind in entry.instead_of}
    named = [item for item in came if item[0].kind not in replaced]
    for role, header in _TABLES.items():
        serving = [item for item in named if item[0].role == role]
        for entry, file in serving[:1] if role in _SINGLE else serving:
            section = _section(entry, file, _elsewhere(entry, named))
            blocks.append(f"{_told(entry, file, section)}{header}\n{_lines(section)}")
    return "\n".join([*blocks, _TAIL])


def write_territory(code: str, departement: Departement, came: Came, record: Record) -> Path:
    """Write the territory file, never over one that was edited.

    Returns
    -------
    Path
        ``territoire-<code>.toml``, or ``territoire-<code>.nouveau.toml`` beside a file of
        the first name that is not as the library wrote it.
    """
    text = territory_text(code, departement, came)
    path = record.folder / f"territoire-{code}.toml"
    if path.exists() and not _ours(path, record):
        path = path.with_suffix(".nouveau.toml")
    whole(path, text)
    record.written[path.name] = _hash(text.encode())
    return path


def _elsewhere(entry: Entry, came: Came) -> list[str]:
    """Services of a file that another one, which came too, is read for alone."""
    others = {name for other, _ in came if other.kind != entry.kind for name in other.sole_for}
    return [name for name in entry.also_gives if name in others]


def _section(entry: Entry, file: FetchedFile, elsewhere: list[str]) -> dict[str, Any]:
    named = file.unpacked[0] if file.unpacked else file.path
    path = named.name if entry.inside is None else f"{named.name}/{entry.inside}"
    dated = {"vintage": file.vintage} if entry.role in _DATED and file.vintage is not None else {}
    without = {"without": elsewhere} if elsewhere else {}
    # A year stays a number, the day of a moving file a text.
    return {**entry.section, "path": path, **dated, **without}


def _told(entry: Entry, file: FetchedFile, section: dict[str, Any]) -> str:
    """Comments on a section: what it is, whose, and what to know of it."""
    told = [f"{entry.what} ({file.publisher}, {file.licence})", entry.remark]
    if "without" in section:
        told.append(
            "without : services pris dans un autre fichier, pour ne compter nul lieu deux fois."
        )
    # Texts come from a registry, which is anyone's to write: never more than a line each.
    return "".join(f"# {' '.join(text.split())}\n" for text in told if text)


def _lines(values: dict[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items())


def _value(value: Any) -> str:  # noqa: ANN401 (TOML values)
    if isinstance(value, dict):
        return f"{{ {_joined(f'{json.dumps(k)} = {_value(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{_joined(map(_value, value))}]"
    # JSON's texts, numbers and truth values are TOML's too.
    return json.dumps(value, ensure_ascii=False)


def _joined(items: Iterable[str]) -> str:
    return ", ".join(items)


def _ours(path: Path, record: Record) -> bool:
    return record.written.get(path.name) == _hash(path.read_bytes())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
