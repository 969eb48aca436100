"""A built network on disk, and the key that says what it was built from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from sdaasp_geo.network.array_file import Kind, read_arrays, write_arrays
from sdaasp_geo.network.graph import SearchGraph
from sdaasp_geo.network.junctions import Halts
from sdaasp_geo.network.turns import Gates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from sdaasp_geo.assumptions import Assumptions

    Arrays = Mapping[str, npt.NDArray[Any]]

# Raised whenever the fields of a network, or how they are computed, change.
FORMAT_VERSION = 2
_FORMAT = "sdaasp_geo road network"
# Fields of several arrays; the last two are absent where junctions cost nothing.
_NESTED: Mapping[str, type[SearchGraph | Halts | Gates]] = MappingProxyType(
    {"outgoing": SearchGraph, "incoming": SearchGraph, "halts": Halts, "turn_gates": Gates}
)
_TEXTS = ("crs", "class_names")


def write_fields(path: str | Path, fields: Mapping[str, Any]) -> None:
    """Write the fields of a network as an uncompressed ``.npz``.

    The file is written under a temporary name beside its own and then renamed, so that
    an interrupted run leaves no half of a network.
    """
    write_arrays(Path(path), _kind(), _flat(fields))


def read_fields(path: str | Path) -> dict[str, Any]:
    """Read the fields that :func:`write_fields` wrote.

    Raises
    ------
    StoredNetworkError
        If the file is missing, damaged, of another version, or no stored network.
    """
    return _nested(read_arrays(Path(path), _kind()))


def network_key(
    files: Iterable[tuple[str, str]],
    assumptions: Assumptions,
    extra: Mapping[str, object] | None = None,
) -> str:
    """Name what a built network depends on, so that it can be found again.

    Parameters
    ----------
    files
        Name and SHA-256 of each file of roads, in any order.
    assumptions
        Only the choices that change a network count: `speed_kmh`,
        `posted_speed_factor`, `implicit_limit_kmh` and the costs of junctions.
    extra
        What else was chosen in reading the files (CRS, area, columns, length factors),
        as JSON can tell it.

    Returns
    -------
    str
        SHA-256 in hexadecimal. It also depends on the version of the stored format.

    Examples
    --------
    >>> from sdaasp_geo.assumptions import Assumptions
    >>> files = [("roads.gpkg", "a1"), ("local.gpkg", "b2")]
    >>> key = network_key(files, Assumptions())
    >>> key == network_key(files[::-1], Assumptions(snap_limit_m=100.0))
    True
    >>> key == network_key(files, Assumptions(posted_speed_factor=0.9))
    False
    """
    told = {
        "version": FORMAT_VERSION,
        "files": sorted([name, digest] for name, digest in files),
        "speed_kmh": dict(assumptions.speed_kmh),
        "posted_speed_factor": assumptions.posted_speed_factor,
        "implicit_limit_kmh": dict(assumptions.implicit_limit_kmh),
        "signal_cost_s": assumptions.signal_cost_s,
        "left_turn_cost_s": assumptions.left_turn_cost_s,
        "roundabout_cost_s": assumptions.roundabout_cost_s,
        "extra": dict(extra or {}),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _flat(fields: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Return the fields as named arrays: graphs part by part, texts as JSON."""
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, value in sorted(fields.items()):
        if value is None:
            continue
        if name in _NESTED:
            arrays |= {f"{name}.{part}": array for part, array in value._asdict().items()}
        else:
            arrays[name] = np.array(json.dumps(value)) if name in _TEXTS else value
    return arrays


def _nested(arrays: Arrays) -> dict[str, Any]:
    fields: dict[str, Any] = {name: value for name, value in arrays.items() if "." not in name}
    fields["crs"] = json.loads(str(arrays["crs"]))
    fields["class_names"] = tuple(json.loads(str(arrays["class_names"])))
    for name, kind in _NESTED.items():
        if any(key.startswith(f"{name}.") for key in arrays):
            fields[name] = kind(**{part: arrays[f"{name}.{part}"] for part in kind._fields})
    return fields


def _kind() -> Kind:
    return Kind(_FORMAT, FORMAT_VERSION, "road network", {})
