"""What travels to the workers: small payloads with every task, large arrays once.

Loaded by the executor and by the workers, only where Dask is installed.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import cloudpickle  # type: ignore[import-untyped]
import numpy as np
from distributed import WorkerPlugin, get_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Worker
    from numpy.typing import NDArray

# Smaller arrays travel with their task: asking for them would cost as much.
LEAST_SHARED_BYTES = 64 * 1024
_NAME = "sdaasp_geo-array-"
_COUNTER = "sdaasp_geo_received"


class Packed(NamedTuple):
    """A pickled object, and by their digests the large arrays that were left out of it."""

    payload: bytes
    arrays: dict[str, NDArray[Any]]


class SharedArray(WorkerPlugin):
    """An array that every worker keeps, those that come later as well.

    The scheduler hands plugins to a worker before its first task, so that a worker that
    replaces a lost one has the arrays again.
    """

    def __init__(self, digest: str, array: NDArray[Any]) -> None:
        self.name = plugin_name(digest)
        self.array = array

    def setup(self, worker: Worker) -> None:
        """Make the array read-only, for tasks share it, and count what came."""
        self.array.setflags(write=False)
        setattr(worker, _COUNTER, getattr(worker, _COUNTER, 0) + self.array.nbytes)


class _Packer(cloudpickle.Pickler):  # type: ignore[misc]
    """Leaves large arrays out and remembers them by digest."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.arrays: dict[str, NDArray[Any]] = {}

    def persistent_id(self, obj: object) -> str | None:
        """Name an array that travels apart; None for everything else."""
        if type(obj) is not np.ndarray or obj.nbytes < LEAST_SHARED_BYTES or obj.dtype.hasobject:
            return None
        name = digest_of(obj)
        self.arrays[name] = obj
        return name


class _Unpacker(pickle.Unpickler):
    """Puts the worker's own arrays back in."""

    def persistent_load(self, pid: str) -> NDArray[Any]:
        """Find an array among those of this worker."""
        return cast("SharedArray", get_worker().plugins[plugin_name(pid)]).array


def plugin_name(digest: str) -> str:
    """Name under which workers keep an array."""
    return _NAME + digest


def digest_of(array: NDArray[Any]) -> str:
    """SHA-256 of what an array holds, its type and its shape."""
    digest = hashlib.sha256(f"{array.dtype.str} {array.shape} {array.flags.fnc}".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def packed(thing: object) -> Packed:
    """Pickle anything, large arrays left out."""
    file = io.BytesIO()
    packer = _Packer(file)
    packer.dump(thing)
    return Packed(file.getvalue(), packer.arrays)


def plain(thing: object) -> bytes:
    """Pickle anything whole, what only the client's own script defines included."""
    whole: bytes = cloudpickle.dumps(thing)
    return whole


def run(function: bytes, arguments: bytes) -> object:
    """Call a packed function on the worker."""
    call: Callable[..., object] = _Unpacker(io.BytesIO(function)).load()
    args, options = pickle.loads(arguments)  # noqa: S301 (from our own client)
    return call(*args, **options)


def received(dask_worker: Worker) -> int:
    """Bytes of shared arrays that a worker has received since it started."""
    return int(getattr(dask_worker, _COUNTER, 0))
