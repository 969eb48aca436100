"""A built network on disk, and the key that says what it was built from."""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from sdaasp_geo.errors import StoredNetworkError
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
# Zip members carry a date; a fixed one keeps the bytes the same.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def write_fields(path: str | Path, fields: Mapping[str, Any]) -> None:
    """Write the fields of a network as an uncompressed ``.npz``.

    The file is written under a temporary name beside its own and then renamed, so that
    an interrupted run leaves no half of a network.
    """
    path = Path(path)
    arrays = _flat(fields)
    label = {"format": _FORMAT, "version": FORMAT_VERSION, "sha256": _digest(arrays)}
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with zipfile.ZipFile(part, "x") as archive:
            for member, array in {"label": np.array(json.dumps(label)), **arrays}.items():
                with archive.open(zipfile.ZipInfo(f"{member}.npy", _ZIP_DATE), "w") as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_fields(path: str | Path) -> dict[str, Any]:
    """Read the fields that :func:`write_fields` wrote.

    Raises
    ------
    StoredNetworkError
        If the file is missing, damaged, of another version, or no stored network.
    """
    path = Path(path)
    if not path.is_file():
        raise _refusal(path, "no such file", "a wrong path, or a cache that was emptied")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            label = json.loads(str(archive["label"]))
            _check_label(path, label)
            arrays = {name: archive[name] for name in archive.files if name != "label"}
    except StoredNetworkError:
        raise
    except Exception as error:  # (a damaged archive fails in a dozen ways)
        cause = "an interrupted copy, a damaged disk, or another kind of file"
        raise _refusal(path, f"a file that cannot be read ({error})", cause) from error
    if label["sha256"] != _digest(arrays):
        raise _refusal(path, "contents that differ from their checksum", "a damaged file")
    return _nested(arrays)


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


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _check_label(path: Path, label: Mapping[str, object]) -> None:
    if label["format"] != _FORMAT:
        raise _refusal(path, f"a file of '{label['format']}'", "another kind of file")
    if label["version"] != FORMAT_VERSION:
        found = f"version {label['version']} where this library reads {FORMAT_VERSION}"
        raise _refusal(path, found, "a network built by another version; build it anew")


def _refusal(path: Path, found: str, cause: str) -> StoredNetworkError:
    message = f"{path}: expected a stored road network, found {found}. Likely cause: {cause}"
    return StoredNetworkError(message)
