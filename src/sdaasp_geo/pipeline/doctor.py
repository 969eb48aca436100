"""What is installed, what a territory lacks, and what to do next; nothing is computed."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "lacking", "wrong"]

_PACKAGE = "sdaasp-geo"
_GIB = 1 << 30
_MIB = 1 << 20
# Room for a large département, by judgement: the example's run took 0.6 GiB of memory, and
# a national BPE alone takes over 1 GiB to read and 0.3 GiB of disk.
_LEAST_MEMORY_GIB = 2.0
_LEAST_DISK_GIB = 1.0
_MEMINFO = Path("/proc/meminfo")

# What the optional parts are for; those of the library's developers are not named.
EXTRAS = {
    "osm": "graphs of osmnx and networkx, read and written",
    "page": "the observatory, one page to look at in a browser",
    "cluster": "several territories on a Dask cluster",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    topic
        What it is about: ``installation``, ``machine``, ``inputs`` …
    state
        ``ok``; ``lacking``, where one can go on without; ``wrong``, where one cannot.
    text, values
        The sentence in English with ``{}`` for each value.
    command
        What to type about it; empty where there is nothing to type.
    """

    topic: str
    state: State
    text: str
    values: tuple[object, ...] = ()
    command: str = ""


def installation() -> list[Finding]:
    """Look at versions, optional parts, the compiler's cache and the machine."""
    version = importlib.metadata.version(_PACKAGE)
    found = [
        Finding("installation", "ok", "sdaasp-geo {}, Python {}, {}", _versions(version)),
        *_parts(),
        *_extras(),
        _compiled(),
    ]
    return [*found, *_machine()]


def _versions(version: str) -> tuple[object, ...]:
    return version, platform.python_version(), platform.platform(terse=True)


def _required() -> dict[str, list[str]]:
    """Return the names of the packages required, by extra; those of all under ''."""
    required: dict[str, list[str]] = {}
    for line in importlib.metadata.requires(_PACKAGE) or ():
        name = re.split(r"[\s\[<>=!~;(]", line, maxsplit=1)[0]
        extra = re.search(r"extra == ['\"]([^'\"]+)", line)
        required.setdefault(extra[1] if extra else "", []).append(name)
    return required


def _absent(names: list[str]) -> list[str]:
    absent = []
    for name in names:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
    return absent


def _parts() -> list[Finding]:
    names = _required().get("", [])
    absent = _absent(names)
    if absent:
        text, command = "packages that are missing: {}", f"pip install --upgrade {_PACKAGE}"
        return [Finding("installation", "wrong", text, (", ".join(absent),), command)]
    shown = ("geopandas", "numba", "numpy", "pandas", "shapely")
    told = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in shown)
    return [
        Finding("installation", "ok", "{} packages required, all there ({} …)", (len(names), told))
    ]


def _extras() -> list[Finding]:
    required = _required()
    found = []
    for name, purpose in EXTRAS.items():
        if name not in required:
            continue
        absent = _absent(required[name])
        if absent:
            command = f"pip install '{_PACKAGE}[{name}]'"
            found.append(Finding("extras", "lacking", "{}: not installed", (purpose,), command))
        else:
            found.append(Finding("extras", "ok", purpose))
    return found


def _compiled() -> Finding:
    """Look where numba keeps what it compiles: without, each run compiles anew."""
    folder = _numba_folder()
    if folder is None:
        command = "export NUMBA_CACHE_DIR=~/.cache/numba"
        text = "no folder where compiled searches can be kept: each run compiles them anew"
        return Finding("caches", "lacking", text, (), command)
    return Finding(
        "caches", "ok", "compiled searches in {}: {} MB", (str(folder), _size_mib(folder))
    )


def _numba_folder() -> Path | None:
    """Return the first folder that numba can write to, in its own order."""
    own = os.environ.get("NUMBA_CACHE_DIR")
    beside = Path(__file__).parents[1] / "routing" / "__pycache__"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "numba"
    for folder in [Path(own)] if own else [beside, home]:
        if _can_write(folder):
            return folder
    return None


def _can_write(folder: Path) -> bool:
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir():
        return False
    try:
        # What the system promises of a folder is not always kept: a full or shared disk.
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _size_mib(folder: Path) -> int:
    if not folder.is_dir():
        return 0
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / _MIB)


def _machine() -> list[Finding]:
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    found = [Finding("machine", "ok", "{} cores", (cores,))]
    memory = _memory_gib()
    if memory is not None:
        enough = memory[1] >= _LEAST_MEMORY_GIB
        text = (
            "{} GB of memory, {} free"
            if enough
            else "{} GB of memory, {} free: little for a département"
        )
        found.append(Finding("machine", "ok" if enough else "lacking", text, memory))
    return [*found, room_in(Path.cwd())]


def _memory_gib() -> tuple[float, float] | None:
    if not _MEMINFO.is_file():
        return None
    lines = dict(line.split(":", 1) for line in _MEMINFO.read_text("ascii").splitlines())
    total, free = (
        int(lines[name].split()[0]) * 1024 / _GIB for name in ("MemTotal", "MemAvailable")
    )
    return round(total, 1), round(free, 1)


def room_in(folder: Path) -> Finding:
    """Look at the room on the disk of a folder."""
    free = shutil.disk_usage(folder).free / _GIB
    if free < _LEAST_DISK_GIB:
        text = "{} GB of disk free in {}: little for the files of a département"
        return Finding("machine", "lacking", text, (round(free, 1), str(folder)))
    return Finding("machine", "ok", "{} GB of disk free in {}", (round(free, 1), str(folder)))


def cache_of(folder: Path | None) -> Finding:
    """Look at the folder where networks and times are kept."""
    if folder is None:
        text = "no [cache] in the territory file: each run builds the network anew"
        return Finding("caches", "lacking", text)
    if not _can_write(folder):
        return Finding("caches", "wrong", "the cache {} cannot be written", (str(folder),))
    return Finding(
        "caches", "ok", "networks and times in {}: {} MB", (str(folder), _size_mib(folder))
    )
