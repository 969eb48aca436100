"""Provenance: which files, which choices and which version made a result."""

from __future__ import annotations

import glob
import hashlib
import importlib.metadata
from typing import TYPE_CHECKING, Any, Protocol

from sdaasp_geo.sources.containers import archive_and_member

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sdaasp_geo.territory import Territory


class _Named(Protocol):
    """A section that names a file."""

    @property
    def path(self) -> str: ...


_BLOCK = 1 << 20
_SIDE_FILES = (".shx", ".dbf", ".prj", ".cpg")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file; for a shapefile or a folder, of its files, one after the other."""
    digest = hashlib.sha256()
    for part in _parts(path):
        with part.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


def version() -> str:
    """Version of the library."""
    return importlib.metadata.version("sdaasp-geo")


def input_paths(territory: Territory) -> list[str]:
    """Paths of the inputs, as the territory file names them, each once."""
    return list(dict.fromkeys(path for _, path, _ in _named_files(territory)))


def input_records(territory: Territory) -> list[dict[str, Any]]:
    """Every input file once, in the order of the territory file.

    Returns
    -------
    list of dict
        ``path`` as the territory file names it, ``sha256``, ``vintage`` (None where the
        territory file tells none) and ``role``.
    """
    records: dict[str, dict[str, Any]] = {}
    for role, path, vintage in _named_files(territory):
        known = records.get(path)
        if not archive_and_member(territory.resolve(path))[0].exists():
            continue  # its reader says so, with every other fault
        if known is None:
            records[path] = {
                "path": path,
                "sha256": sha256_of(territory.resolve(path)),
                "vintage": vintage,
                "role": role,
            }
        elif vintage is not None:
            known["vintage"] = vintage
    return list(records.values())


def provenance_of(territory: Territory, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything that a result depends on, fit for JSON and free of dates and folders."""
    basket = territory.basket
    return {
        "territory": {
            "file": territory.path.name,
            "sha256": sha256_of(territory.path),
            "text": territory.path.read_text(encoding="utf-8"),
        },
        "inputs": inputs,
        "profile": territory.profile,
        "assumptions": territory.assumptions.as_dict(),
        "thresholds_min": territory.thresholds_min,
        "buffer_km": territory.buffer_km,
        "crs": territory.crs,
        "basket": {"name": basket.name, "source": basket.source, "services": basket.service_ids},
        "version": version(),
    }


def _parts(path: Path) -> list[Path]:
    # What a member of an archive holds is told by the archive.
    path = archive_and_member(path)[0]
    if path.is_dir():
        return sorted(part for part in path.rglob("*") if part.is_file())
    if path.suffix.lower() != ".shp":
        return [path]
    beside = path.parent.glob(f"{glob.escape(path.stem)}.*")
    return [path, *sorted(side for side in beside if side.suffix.lower() in _SIDE_FILES)]


def _named_files(territory: Territory) -> Iterator[tuple[str, str, str | None]]:
    communes = territory.communes
    yield "communes", communes.path, None
    sections: dict[str, _Named | None] = {
        "chefs_lieux": communes.chefs_lieux,
        "arrondissements": communes.arrondissements,
        "passage": communes.passage,
        "movements": communes.movements,
        "populations": communes.populations,
    }
    for role, section in sections.items():
        if section is not None:
            yield role, section.path, None
    if territory.origins.path is not None:
        yield "origins", territory.origins.path, None
    if territory.times is not None:
        yield "times", territory.times.path, _text(territory.times.vintage)
    for road in territory.roads:
        yield "roads", road.path, None
    for facility in territory.facilities:
        yield "facilities", facility.path, _text(facility.vintage)
    for site in territory.sites:
        yield "sites", site.path, _text(site.vintage)
    for level in territory.levels:
        yield "levels", level.path, None


def _text(vintage: int | str | None) -> str | None:
    return None if vintage is None else str(vintage)
