"""One desk of the annuaire as it was until July 2022: an XML of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from xml.parsers import expat

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROOT, _INDEX_ROOT = "Organisme", "Commune"
_COORDINATES = ("Latitude", "Longitude")
_DAYS = {"début": "nom_jour_debut", "fin": "nom_jour_fin"}


def xml_record(content: bytes, file: str, member: str) -> dict[str, Any] | Literal["index"] | None:
    """Read one XML of the annuaire into the form of the later JSON.

    Parameters
    ----------
    content
        ``<Organisme id codeInsee pivotLocal>`` with ``Nom``, ``Adresse`` (``type``
        physique, géopostale or postale; ``Localisation`` with ``Latitude`` and
        ``Longitude``) and ``Ouverture`` (``PlageJ`` with ``PlageH``).
    file, member
        For messages.

    Returns
    -------
    dict, "index" or None
        ``id nom pivot adresse plage_ouverture``; "index" for the file of a commune
        (root ``Commune``), which lists desks and is none; None for another XML or one
        that is cut.

    Raises
    ------
    InputError
        If it declares entities: data need none, and some make a small file endless.
    """
    reader = _Reader(file, member)
    try:
        reader.parse(content)
    except InputError:
        raise
    except (expat.ExpatError, LookupError, ValueError):
        # The last two: an encoding that nobody knows, or that expat cannot read.
        return None
    if reader.root == _INDEX_ROOT:
        return "index"
    return reader.record if reader.root == _ROOT else None


class _Reader:
    """Builds the record while expat calls; no tree, no entity, nothing fetched."""

    def __init__(self, file: str, member: str) -> None:
        self._where = (file, member)
        self._path: list[str] = []
        self._text: list[str] = []
        self.root = ""
        self.record: dict[str, Any] = {}

    def parse(self, content: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.EntityDeclHandler = self._refuse
        parser.Parse(content, True)

    def _refuse(self, name: str, *_: object) -> None:
        file, member = self._where
        found = f"the entity {name!r} in {member!r}"
        cause = "an XML made to fill the memory or to read other files: do not open it"
        raise InputError([Fault(file, "data without declared entities", found, cause)])

    def _start(self, tag: str, said: Mapping[str, str]) -> None:
        self._path.append(tag)
        self._text.clear()
        depth = len(self._path)
        if depth == 1:
            self.root = tag
            pivot = {
                "type_service_local": said.get("pivotLocal"),
                "code_insee_commune": said.get("codeInsee"),
            }
            self.record = {"id": said.get("id"), "pivot": [pivot], "adresse": []}
        elif self._path[1:] == ["Adresse"]:
            self.record["adresse"].append({"type_adresse": said.get("type")})
        elif self._path[1:] == ["Ouverture", "PlageJ"]:
            days = {name: said.get(of) for of, name in _DAYS.items()}
            self.record.setdefault("plage_ouverture", []).append(days)
        elif tag == "PlageH" and self.record.get("plage_ouverture"):
            day = self.record["plage_ouverture"][-1]
            number = sum(name.startswith("valeur_heure_debut") for name in day) + 1
            day[f"valeur_heure_debut_{number}"] = said.get("début")
            day[f"valeur_heure_fin_{number}"] = said.get("fin")

    def _end(self, tag: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if self._path[1:] == ["Nom"]:
            self.record["nom"] = text
        elif self._path[1:2] == ["Adresse"] and tag in _COORDINATES and text:
            # Where one address has two points, the first is kept.
            self.record["adresse"][-1].setdefault(tag.lower(), text)
        self._path.pop()
