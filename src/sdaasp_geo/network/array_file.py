"""Named arrays in a file that is known by its label: what it is, its version, its checksum."""

from __future__ import annotations

import hashlib
import json
import secrets
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sdaasp_geo.errors import StoredNetworkError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    Arrays = Mapping[str, npt.NDArray[Any]]

# Zip members carry a date; a fixed one keeps the bytes the same.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
_ZIP_MAGIC = b"PK"


class Kind(NamedTuple):
    """A kind of file.

    Parameters
    ----------
    format, version
        As they stand in the label.
    noun
        What messages call it.
    told
        What else its label says of what it was made from.
    """

    format: str
    version: int
    noun: str
    told: Mapping[str, str]

    def label(self, arrays: Arrays) -> dict[str, object]:
        """Return the label of some arrays."""
        whole = {"format": self.format, "version": self.version, **self.told}
        return whole | {"sha256": digest(arrays)}

    def check(self, path: Path, label: Mapping[str, object]) -> None:
        """Refuse another kind, version or origin.

        Raises
        ------
        StoredNetworkError
            That says what was found.
        """
        if label["format"] != self.format:
            raise self.refusal(path, f"a file of '{label['format']}'", "another kind of file")
        if label["version"] != self.version:
            found = f"version {label['version']} where this library reads {self.version}"
            raise self.refusal(path, found, f"{self.noun} of another release; build it anew")
        if any(label[key] != value for key, value in self.told.items()):
            cause = "roads or speeds that have changed since; build it anew"
            raise self.refusal(path, f"the {self.noun} of another network", cause)

    def refusal(self, path: Path, found: str, cause: str) -> StoredNetworkError:
        """Return the error that says what was found instead."""
        message = f"{path}: expected a stored {self.noun}, found {found}. Likely cause: {cause}"
        return StoredNetworkError(message)


def digest(arrays: Arrays) -> str:
    """SHA-256 of arrays, their names, types and shapes, in hexadecimal."""
    whole = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        whole.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        whole.update(np.ascontiguousarray(array).data)
    return whole.hexdigest()


def write_arrays(path: Path, kind: Kind, arrays: Arrays) -> None:
    """Write arrays to an uncompressed ``.npz``; the same ones give the same bytes.

    The file is written under a temporary name beside its own and then renamed, so that
    an interrupted run leaves no half of it.
    """
    label = np.array(json.dumps(kind.label(arrays)))
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with zipfile.ZipFile(part, "x") as archive:
            for member, array in {"label": label, **arrays}.items():
                entry = zipfile.ZipInfo(f"{member}.npy", _ZIP_DATE)
                with archive.open(entry, "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_arrays(path: Path, kind: Kind) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays that :func:`write_arrays` wrote.

    Raises
    ------
    StoredNetworkError
        If the file is missing, damaged, or of another kind, version or origin.
    """
    if not path.is_file():
        cause = "a wrong path, or a cache that was emptied"
        raise kind.refusal(path, "no such file", cause)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            label = json.loads(str(archive["label"]))
            kind.check(path, label)
            arrays = {name: archive[name] for name in archive.files if name != "label"}
    except StoredNetworkError:
        raise
    except Exception as error:  # (a damaged archive fails in a dozen ways)
        cause = "an interrupted copy, a damaged disk, or another kind of file"
        raise kind.refusal(path, f"a file that cannot be read ({error})", cause) from error
    if label["sha256"] != digest(arrays):
        found = "contents that differ from their checksum"
        raise kind.refusal(path, found, "a damaged file")
    return arrays


def is_something_else(path: Path, kind: Kind) -> bool:
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
            return bool(json.loads(str(archive["label"]))["format"] != kind.format)
    except KeyError:
        # Arrays of somebody else's.
        return True
    except Exception:  # noqa: BLE001  (a damaged archive fails in a dozen ways)
        return False
