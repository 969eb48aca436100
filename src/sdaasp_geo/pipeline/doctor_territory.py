"""What a territory has, what it lacks, and what to do next; its inputs are not opened."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sdaasp_geo.pipeline.doctor import Finding, cache_of, room_in
from sdaasp_geo.pipeline.provenance import input_paths
from sdaasp_geo.sources.containers import archive_and_member
from sdaasp_geo.sources.fetch import read_registry

if TYPE_CHECKING:
    from sdaasp_geo.sources.fetch import Entry
    from sdaasp_geo.territory import Territory

# Cities that municipal arrondissements divide: Paris, Lyon, Marseille.
_WITH_ARRONDISSEMENTS = ("13", "69", "75")
# Kind of file in the registry for each part of a territory file.
_KINDS = {
    "communes": "communes",
    "chefs_lieux": "chefs_lieux",
    "arrondissements": "arrondissements",
    "passage": "passage",
    "origins": "carreaux_200m",
    "osm_pbf": "osm",
    "bpe": "bpe",
    "laposte": "laposte",
    "france_services": "france_services",
}


class _Input(NamedTuple):
    part: str
    path: str
    vintage: int | str | None
    kind: str


def territory_findings(territory: Territory) -> list[Finding]:
    """Look at a territory: its files, their years, what it goes without.

    Parameters
    ----------
    territory
        From :func:`~sdaasp_geo.territory.read_territory`.

    Returns
    -------
    list of Finding
        Inputs first, then what is optional, the caches, and the next command to type.
    """
    inputs = _inputs(territory)
    files = [_file(territory, item) for item in inputs]
    older = [found for item in inputs for found in _older(territory, item)]
    found = [*files, *older, *_optional(territory), cache_of(territory.cache_dir)]
    if territory.path.parent.stat().st_dev != Path.cwd().stat().st_dev:
        found.append(room_in(territory.path.parent))
    return [*found, *_next(territory, found)]


def _inputs(territory: Territory) -> list[_Input]:
    communes = territory.communes
    found = [_Input("communes", communes.path, None, "communes")]
    for part in ("chefs_lieux", "arrondissements", "passage"):
        layer = getattr(communes, part)
        if layer is not None:
            found.append(_Input(part, layer.path, None, _KINDS[part]))
    if territory.origins.path is not None:
        found.append(_Input("origins", territory.origins.path, None, _KINDS["origins"]))
    if (times := territory.times) is not None:
        found.append(_Input("times", times.path, times.vintage, "times"))
    found += [
        _Input("roads", road.path, None, _KINDS.get(road.format, road.format))
        for road in territory.roads
    ]
    found += [
        _Input("facilities", item.path, item.vintage, _KINDS.get(item.source, item.source))
        for item in territory.facilities
    ]
    found += [
        _Input("sites", site.path, site.vintage, _KINDS.get(site.source, site.source))
        for site in territory.sites
    ]
    # Parts of a territory file that only some have.
    known = {item.path for item in found}
    found += [
        _Input("file", path, None, "") for path in input_paths(territory) if path not in known
    ]
    return found


def _file(territory: Territory, item: _Input) -> Finding:
    # A member of an archive is there as far as its archive is.
    if archive_and_member(territory.resolve(item.path))[0].exists():
        if item.vintage is None:
            return Finding("inputs", "ok", "{}: {}", (item.part, item.path))
        return Finding(
            "inputs", "ok", "{}: {}, vintage {}", (item.part, item.path, str(item.vintage))
        )
    return Finding(
        "inputs", "wrong", "{}: {} is missing", (item.part, item.path), _fetch(territory, item.kind)
    )


def _older(territory: Territory, item: _Input) -> list[Finding]:
    """Tell of a newer edition than the one named, as far as the registry knows."""
    year = str(item.vintage or "")[:4]
    newest = _newest(item.kind)
    if territory.fictional or newest is None or not year.isdigit() or int(year) >= newest:
        return []
    text = "{}: vintage {}, and there is one of {}"
    return [
        Finding(
            "inputs", "lacking", text, (item.part, year, str(newest)), _fetch(territory, item.kind)
        )
    ]


def _newest(kind: str) -> int | None:
    years = [
        int(str(entry.vintage)[:4])
        for entry in read_registry().entries
        if entry.kind == kind and str(entry.vintage or "")[:4].isdigit()
    ]
    return max(years, default=None)


def _optional(territory: Territory) -> list[Finding]:
    """Tell what the territory goes without, and what that costs."""
    communes = territory.communes
    sources: list[str] = [str(item.source) for item in territory.facilities]
    measured = territory.times is None
    lacking: list[tuple[bool, str, str]] = [
        (
            communes.chefs_lieux is None,
            "no chefs-lieux ([communes.chefs_lieux]): people start from an interior point of their commune",
            "chefs_lieux",
        ),
        (
            communes.arrondissements is None and territory.departement in _WITH_ARRONDISSEMENTS,
            "no municipal arrondissements ([communes.arrondissements]): the whole city starts from one point",
            "arrondissements",
        ),
        (
            communes.passage is None and communes.movements is None,
            "no movements of communes ([communes.movements]): rows with the code of a merged commune are rejected",
            "movements",
        ),
        (
            measured and territory.origins.kind == "chef_lieu",
            "no squares ([origins]): all inhabitants of a commune start from its chef-lieu",
            "carreaux_200m",
        ),
        (
            not territory.sites,
            "no France Services ([[sites]]): neither on the maps nor for scenarios",
            "france_services",
        ),
        (
            measured and "bpe" not in sources,
            "no facilities at their own positions (bpe)",
            "bpe",
        ),
        (
            measured and "laposte" not in sources,
            "no list of the contact points of La Poste",
            "laposte",
        ),
        (
            not measured,
            "no roads ([[roads]]): times are told, and no scenario can be tried on them",
            "osm",
        ),
    ]
    found = [
        Finding("optional", "lacking", text, (), _fetch(territory, kind))
        for absent, text, kind in lacking
        if absent
    ]
    found += _sourceless(territory, sources)
    if any(item.command for item in found):
        text = "what these commands bring is then named in the territory file (docs/territory.md)"
        found.append(Finding("optional", "lacking", text))
    return found


def _sourceless(territory: Territory, sources: list[str]) -> list[Finding]:
    """Name the services that no file of the territory can give."""
    given = {service for item in territory.facilities for service in item.services.values()}
    known_by_code = any(source.startswith("bpe") for source in sources)
    absent = [
        service.id
        for service in territory.basket.services
        if service.id not in given and not (known_by_code and service.bpe)
    ]
    if (
        territory.times is not None
        or not absent
        or not {"operators", "bpe", "bpe_counts"}.issuperset(sources)
    ):
        return []
    text = "services of the basket that no file gives: {}"
    return [Finding("optional", "lacking", text, (", ".join(absent),))]


def _fetch(territory: Territory, kind: str) -> str:
    """Return the command that brings a kind of file, where there is one."""
    code = territory.departement
    if territory.fictional or not kind:
        return ""
    if not any(_serves(entry, code) for entry in read_registry().entries if entry.kind == kind):
        return ""
    folder = shlex.quote(str(_shown(territory.path.parent)))
    return f"sdaasp-geo fetch {folder} --departement {code} --only {kind}"


def _serves(entry: Entry, code: str) -> bool:
    return entry.departements is None or code in entry.departements


def _next(territory: Territory, found: list[Finding]) -> list[Finding]:
    path = shlex.quote(str(_shown(territory.path)))
    broken = [item for item in found if item.state == "wrong"]
    if broken:
        command = next((item.command for item in broken if item.command), "")
        if territory.fictional and not command:
            command = "sdaasp-geo example exemple"
        return [Finding("next", "wrong", "first, what is missing", (), command)]
    found = [
        Finding(
            "next", "ok", "read every input and list its faults", (), f"sdaasp-geo check {path}"
        ),
        Finding(
            "next",
            "ok",
            "measure, map and report",
            (),
            f"sdaasp-geo diagnose {path} --out resultats",
        ),
    ]
    if territory.times is None:
        text = "choose places for new sites (the mairies, or --candidates FILE)"
        command = f"sdaasp-geo locate {path} --out sites --count 2 --bouquet france_services_2024"
        found.append(Finding("next", "ok", text, (), command))
    return found


def _shown(path: Path) -> Path:
    """Name a path from where the reader is, if it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
