"""An executor whose tasks run on a Dask cluster."""

from __future__ import annotations

import importlib
import threading
from collections import Counter, OrderedDict, deque
from concurrent.futures import Executor, Future
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, ParamSpec, TypeVar

from sdaasp_geo.errors import ClusterError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType

    from distributed import Client

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

# Dask says so of payloads above ten megabytes: here they are meant, and rare.
_NO_WARNING = {"distributed.admin.large-graph-warning-threshold": "1TB"}


class Sent(NamedTuple):
    """What an executor has sent so far.

    Parameters
    ----------
    tasks
        Number of tasks.
    task_bytes
        Bytes of their payloads, all together.
    shared_bytes
        Bytes of the arrays that went apart from the tasks, once to each worker.
    """

    tasks: int
    task_bytes: int
    shared_bytes: int


class DaskExecutor(Executor):
    """Runs tasks on a Dask cluster, wherever this library takes an executor.

    The large arrays of a function, such as the network that a search holds, are sent once
    to each worker and kept there, known by their contents; tasks carry the rest. A worker
    that is lost costs time: its tasks run again elsewhere, and the one that replaces it
    is given the arrays before its first task.

    Parameters
    ----------
    cluster
        Address of a scheduler, such as ``"tcp://192.0.2.1:8786"``, or a
        ``distributed.Client``, which is left open.
    ahead
        Tasks submitted before their turn, for each thread of the cluster: what the
        results that nobody has taken yet may fill.
    shared_bytes
        Arrays kept on each worker; those used least recently are let go beyond it.
    timeout_s
        How long to wait for the scheduler and the first worker.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    ClusterError
        If the scheduler does not answer or has no worker.

    Notes
    -----
    This library has to be installed on the workers, in the same version. Bound their
    memory with ``dask worker --memory-limit``: a worker beyond it is started anew. Shared
    arrays are read-only for the tasks.
    """

    def __init__(
        self,
        cluster: str | Client,
        *,
        ahead: int = 2,
        shared_bytes: int = 2**32,
        timeout_s: float = 30.0,
    ) -> None:
        distributed = _distributed()
        self._quiet = importlib.import_module("dask").config.set
        self._own = isinstance(cluster, str)
        # Dask's methods have no types, or types that leave out what they return here.
        self._client: Any = _connected(distributed, cluster, timeout_s)
        self._inner: Executor = distributed.Client.get_executor(self._client, pure=False)
        self._ahead = ahead
        self._limit_bytes = shared_bytes
        self._lock = threading.RLock()
        self._shared: OrderedDict[str, int] = OrderedDict()
        self._in_use: Counter[str] = Counter()
        self._sent = Sent(0, 0, 0)
        self._open = True

    @property
    def sent(self) -> Sent:
        """What has been sent so far."""
        return self._sent

    def received(self) -> dict[str, int]:
        """Bytes of shared arrays that each worker has received, by its address."""
        shipping = _shipping()
        found: dict[str, int] = self._client.run(shipping.received)
        return found

    def submit(
        self,
        fn: Callable[_Arguments, _Result],
        /,
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> Future[_Result]:
        """Run ``fn(*args, **kwargs)`` on a worker; large arrays of `fn` are shared."""
        function, names = self._ship(fn)
        future: Future[_Result] = self._start(function, (args, kwargs))
        future.add_done_callback(lambda _: self._release(names))
        return future

    def map(
        self,
        fn: Callable[..., _Result],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[_Result]:
        """Run `fn` on every set of arguments; results in their order.

        A few tasks for each thread of the cluster are submitted at once, and one more
        for each result that is taken, so that results do not pile up.

        Parameters
        ----------
        fn
            What to run; its large arrays are shared.
        *iterables
            Its arguments.
        timeout
            Seconds after which a missing result raises ``TimeoutError``.
        chunksize
            Not used: a task is sent for each set of arguments.
        """
        del chunksize
        function, names = self._ship(fn)
        jobs = zip(*iterables, strict=False)
        wanted = self._ahead * max(1, sum(self._client.nthreads().values()))
        more = (self._start(function, (job, {})) for job in jobs)
        pending = deque(islice(more, wanted))
        end = None if timeout is None else monotonic() + timeout
        return self._results(pending, more, names, end)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 (the signature of Executor)
        """Let the workers forget the arrays; close the client if it is the executor's own."""
        if not self._open:
            return
        self._open = False
        self._inner.shutdown(wait=wait and not cancel_futures)
        with self._lock:
            for name in list(self._shared) if self._client.status == "running" else []:
                self._forget(name)
        if self._own:
            self._client.close()

    def _results(
        self,
        pending: deque[Future[Any]],
        more: Iterator[Future[Any]],
        names: list[str],
        end: float | None,
    ) -> Iterator[Any]:
        try:
            while pending:
                result = pending.popleft().result(None if end is None else end - monotonic())
                pending.extend(islice(more, 1))
                yield result
        finally:
            for future in pending:
                future.cancel()
            self._release(names)

    def _ship(self, function: Callable[..., Any]) -> tuple[bytes, list[str]]:
        """Pack a function, and see to it that every worker has its arrays."""
        if not self._open:
            message = "cannot schedule new futures after shutdown"
            raise RuntimeError(message)
        shipping = _shipping()
        payload, arrays = shipping.packed(function)
        with self._lock:
            self._in_use.update(list(arrays))
            for name, array in arrays.items():
                if name not in self._shared:
                    self._client.register_plugin(shipping.SharedArray(name, array))
                    self._shared[name] = array.nbytes
                    more = self._sent.shared_bytes + array.nbytes
                    self._sent = self._sent._replace(shared_bytes=more)
                self._shared.move_to_end(name)
            self._make_room()
        return payload, list(arrays)

    def _release(self, names: list[str]) -> None:
        with self._lock:
            self._in_use.subtract(names)

    def _make_room(self) -> None:
        """Let go of the arrays used least recently, unless tasks still want them."""
        for name in list(self._shared):
            if sum(self._shared.values()) <= self._limit_bytes:
                return
            if self._in_use[name] <= 0:
                self._forget(name)

    def _forget(self, name: str) -> None:
        self._client.unregister_worker_plugin(_shipping().plugin_name(name))
        del self._shared[name]

    def _start(self, function: bytes, arguments: tuple[Any, ...]) -> Future[Any]:
        shipping = _shipping()
        payload = shipping.plain(arguments)
        with self._lock:
            tasks, task_bytes, shared_bytes = self._sent
            task_bytes += len(function) + len(payload)
            self._sent = Sent(tasks + 1, task_bytes, shared_bytes)
            with self._quiet(_NO_WARNING):
                inner = self._inner.submit(shipping.run, function, payload)
        return _explained(inner)


def _explained(inner: Future[Any]) -> Future[Any]:
    """Give the outcome of a future, the loss of worker after worker in words."""
    outer: Future[Any] = Future()

    def hand_on(done: Future[Any]) -> None:
        if done.cancelled():
            outer.cancel()
            outer.set_running_or_notify_cancel()
        elif (error := done.exception()) is not None:
            outer.set_exception(_in_words(error))
        elif not outer.cancelled():
            outer.set_result(done.result())

    def give_up(ended: Future[Any]) -> None:
        if ended.cancelled():
            inner.cancel()

    inner.add_done_callback(hand_on)
    outer.add_done_callback(give_up)
    return outer


def _in_words(error: BaseException) -> BaseException:
    if type(error).__name__ != "KilledWorker":
        return error
    message = (
        f"expected a worker to finish its task, found that worker after worker was lost ({error}). "
        "Likely cause: tasks that need more memory than the workers' --memory-limit"
    )
    explained = ClusterError(message)
    explained.__cause__ = error
    return explained


def _connected(distributed: ModuleType, cluster: str | Client, timeout_s: float) -> Client:
    if not isinstance(cluster, str):
        return cluster
    try:
        client = distributed.Client(cluster, timeout=timeout_s, set_as_default=False)
    except (OSError, ValueError) as error:
        message = (
            f"{cluster}: expected the address of a Dask scheduler, found no answer ({error}). "
            "Likely cause: a wrong address, or 'dask scheduler' is not running there"
        )
        raise ClusterError(message) from error
    try:
        client.wait_for_workers(1, timeout=timeout_s)
    except TimeoutError as error:
        client.close()
        message = (
            f"{cluster}: expected a worker at least, found none. Likely cause: "
            f"'dask worker {cluster}' is not running anywhere"
        )
        raise ClusterError(message) from error
    connected: Client = client
    return connected


def _distributed() -> ModuleType:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        message = "a Dask cluster needs dask.distributed: pip install 'sdaasp-geo[cluster]'"
        raise MissingExtraError(message) from error


def _shipping() -> ModuleType:
    return importlib.import_module("sdaasp_geo.cluster.shipping")
