"""A hierarchy on disk beside its network, for as long as that does not change."""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sdaasp_geo.errors import StoredNetworkError
from sdaasp_geo.routing.hierarchy import Hierarchy, build_hierarchy, read_only

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from sdaasp_geo.network.graph import SearchGraph

    Progress = Callable[[int, int, str], None]

# Raised whenever the fields of a hierarchy, or how they are computed, change.
FORMAT_VERSION = 1
_FORMAT = "sdaasp_geo contraction hierarchy"
# Zip members carry a date; a fixed one keeps the bytes the same.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_ZIP_MAGIC = b"PK"


def graph_key(graph: SearchGraph) -> str:
    """Name the graph that a hierarchy was built from: SHA-256 of its arrays, in hexadecimal.

    The same for offsets of 32 and of 64 bits.

    Examples
    --------
    >>> from sdaasp_geo.network.graph import SearchGraph
    >>> row = SearchGraph(*(np.array(part, np.int32) for part in ([0, 1, 1], [1], [5])))
    >>> graph_key(row) == graph_key(row._replace(indptr=row.indptr.astype(np.int64)))
    True
    >>> graph_key(row) == graph_key(row._replace(weights_ms=row.weights_ms + 1))
    False
    """
    return _digest({name: np.asarray(part, np.int64) for name, part in graph._asdict().items()})


def save_hierarchy(path: str | Path, hierarchy: Hierarchy, graph: SearchGraph) -> None:
    """Write a hierarchy to a file, whole or not at all; the same one gives the same bytes.

    Parameters
    ----------
    path
        An uncompressed ``.npz``; one that is there is replaced.
    hierarchy
        What to write.
    graph
        What it was built from, that the file may be known by it.
    """
    path = Path(path)
    arrays = hierarchy._asdict()
    told = {"format": _FORMAT, "version": FORMAT_VERSION, "graph": graph_key(graph)}
    label = json.dumps({**told, "sha256": _digest(arrays)})
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with zipfile.ZipFile(part, "x") as archive:
            for member, array in {"label": np.array(label), **arrays}.items():
                entry = zipfile.ZipInfo(f"{member}.npy", _ZIP_DATE)
                with archive.open(entry, "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load_hierarchy(path: str | Path, graph: SearchGraph) -> Hierarchy:
    """Read the hierarchy of a graph that :func:`save_hierarchy` wrote.

    Raises
    ------
    StoredNetworkError
        If the file is missing, damaged, of another version or another graph, or no
        stored hierarchy.
    """
    path = Path(path)
    if not path.is_file():
        raise _refusal(path, "no such file", "a wrong path, or a cache that was emptied")
    label, arrays = _contents(path)
    _check_label(path, label, graph)
    if label["sha256"] != _digest(arrays):
        raise _refusal(path, "contents that differ from their checksum", "a damaged file")
    return read_only(Hierarchy(**arrays))


def hierarchy_for(
    graph: SearchGraph,
    path: str | Path,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Hierarchy:
    """Load the hierarchy of a graph, or build it and keep it.

    Parameters
    ----------
    graph, executor, progress
        As in :func:`~sdaasp_geo.routing.hierarchy.build_hierarchy`.
    path
        Where it is kept. A hierarchy of another graph or version, and one that is
        damaged, is replaced; a file of another kind is not.

    Raises
    ------
    NetworkError
        As in ``build_hierarchy``.
    StoredNetworkError
        If the file at `path` is not a stored hierarchy.
    """
    path = Path(path)
    try:
        return load_hierarchy(path, graph)
    except StoredNetworkError:
        if _is_something_else(path):
            raise
    hierarchy = build_hierarchy(graph, executor=executor, progress=progress)
    save_hierarchy(path, hierarchy, graph)
    return hierarchy


def _contents(path: Path) -> tuple[Mapping[str, Any], dict[str, NDArray[Any]]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            label = json.loads(str(archive["label"]))
            names = [name for name in archive.files if name != "label"]
            if label["format"] == _FORMAT:
                return label, {name: archive[name] for name in names}
            return label, {}
    except Exception as error:  # (a damaged archive fails in a dozen ways)
        cause = "an interrupted copy, a damaged disk, or another kind of file"
        raise _refusal(path, f"a file that cannot be read ({error})", cause) from error


def _check_label(path: Path, label: Mapping[str, object], graph: SearchGraph) -> None:
    if label["format"] != _FORMAT:
        raise _refusal(path, f"a file of '{label['format']}'", "another kind of file")
    if label["version"] != FORMAT_VERSION:
        found = f"version {label['version']} where this library reads {FORMAT_VERSION}"
        raise _refusal(path, found, "a hierarchy built by another version; build it anew")
    if label["graph"] != graph_key(graph):
        cause = "roads or speeds that have changed since; build it anew"
        raise _refusal(path, "the hierarchy of another network", cause)


def _is_something_else(path: Path) -> bool:
    """Whether a file that cannot be used should be left alone: it may be precious."""
    if not path.exists():
        return False
    if not path.is_file():
        return True
    with path.open("rb") as file:
        beginning = file.read(len(_ZIP_MAGIC))
    if beginning not in (_ZIP_MAGIC, b""):
        return True
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return bool(json.loads(str(archive["label"]))["format"] != _FORMAT)
    except KeyError:
        # Arrays of somebody else's.
        return True
    except Exception:  # noqa: BLE001  (a damaged archive fails in a dozen ways)
        return False


def _digest(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _refusal(path: Path, found: str, cause: str) -> StoredNetworkError:
    message = f"{path}: expected a stored hierarchy, found {found}. Likely cause: {cause}"
    return StoredNetworkError(message)
