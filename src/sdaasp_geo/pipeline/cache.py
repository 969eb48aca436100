"""What is kept between runs, and what it depends on.

A network depends on the roads and the speeds; access times on every input file and on
every choice but those that only average them. Both depend on the library's own code, so
that a new version never answers with an old one's figures.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import logging
from importlib import resources
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyarrow import ArrowException

from sdaasp_geo.network.storage import network_key
from sdaasp_geo.tables.schemas import ACCESS_TIMES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sdaasp_geo.territory import Territory

_LOG = logging.getLogger(__name__)

# Choices that average times and change none.
_AFTER_THE_TIMES = ("missing_service", "basket_mean")
_KEY_LENGTH = 32


@functools.cache
def code_digest() -> str:
    """SHA-256 of the library's own modules and data."""
    digest = hashlib.sha256()
    root = resources.files("sdaasp_geo")
    for name, content in sorted(_sources(root, "")):
        digest.update(name.encode())
        digest.update(content)
    return digest.hexdigest()


def network_path(territory: Territory, hashes: dict[str, str]) -> Path | None:
    """Return where the network of these roads is kept.

    Parameters
    ----------
    territory
        Its roads, speeds and cache folder.
    hashes
        SHA-256 of each input file, by its path in the territory file.

    Returns
    -------
    Path or None
        None without a cache folder, or where a file of roads is absent.
    """
    names = [section.path for section in territory.roads]
    if territory.cache_dir is None or not all(name in hashes for name in names):
        return None
    # The study area, outside which roads are left out, comes from the communes.
    extra = _of_the_land(territory) | {
        "communes_sha256": hashes.get(territory.communes.path, ""),
        "roads": [section.model_dump(mode="json") for section in territory.roads],
    }
    files = [(name, hashes[name]) for name in names]
    key = network_key(files, territory.assumptions, extra)
    return territory.cache_dir / f"network-{key[:_KEY_LENGTH]}.npz"


def hierarchy_path(network: Path) -> Path:
    """Return where the hierarchy of a stored network is kept.

    Examples
    --------
    >>> from pathlib import Path
    >>> hierarchy_path(Path("network-1a.npz")).name
    'network-1a.hierarchy.npz'
    """
    return network.with_suffix(".hierarchy.npz")


def kept_times(
    territory: Territory, hashes: dict[str, str], compute: Callable[[], pd.DataFrame]
) -> pd.DataFrame:
    """Return the access times from the cache, or compute them and keep them.

    A cache that cannot be read or written costs time, never the result.
    """
    if territory.cache_dir is None:
        return compute()
    path = territory.cache_dir / f"times-{_times_key(territory, hashes)[:_KEY_LENGTH]}.parquet"
    try:
        times = pd.read_parquet(path)
        if list(times.columns) == list(ACCESS_TIMES.columns):
            _LOG.info("the access times are taken from %s", path)
            return times
        message = f"columns {list(times.columns)}"
        raise ValueError(message)  # noqa: TRY301 (met just below, with the other damages)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, ArrowException) as error:
        _LOG.warning("stored times %s are not usable and are computed anew: %s", path.name, error)
    times = compute()
    _LOG.info("the access times are computed: %d pairs", len(times))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        times.to_parquet(partial, index=False)
        partial.replace(path)
    except OSError as error:
        _LOG.warning("the times could not be kept in %s: %s", path.parent, error)
    return times


def _times_key(territory: Territory, hashes: dict[str, str]) -> str:
    choices = territory.assumptions.as_dict()
    told = _of_the_land(territory) | {
        "hashes": hashes,
        "assumptions": {k: v for k, v in choices.items() if k not in _AFTER_THE_TIMES},
        "basket": [dataclasses.asdict(service) for service in territory.basket.services],
        "sections": [
            section.model_dump(mode="json")
            for section in (territory.origins, *territory.roads, *territory.facilities)
        ],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _of_the_land(territory: Territory) -> dict[str, Any]:
    return {
        "code": code_digest(),
        "crs": territory.crs,
        "buffer_km": territory.buffer_km,
        "departement": territory.departement,
        "communes": territory.communes.model_dump(mode="json"),
    }


def _sources(folder: Any, prefix: str) -> list[tuple[str, bytes]]:  # noqa: ANN401 (Traversable)
    found: list[tuple[str, bytes]] = []
    for item in folder.iterdir():
        name = f"{prefix}/{item.name}"
        if item.is_dir() and item.name != "__pycache__":
            found += _sources(item, name)
        elif item.name.endswith((".py", ".toml")):
            found.append((name, item.read_bytes()))
    return found
