"""Fetches the official files of a département, and writes the territory file that names them."""

from __future__ import annotations

import difflib
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.fetch.obtaining import Obtaining, quiet
from sdaasp_geo.sources.fetch.patience import Patience
from sdaasp_geo.sources.fetch.record import NAME as RECORD_NAME
from sdaasp_geo.sources.fetch.record import held, read_record
from sdaasp_geo.sources.fetch.registry import Registry, filled, read_departements, read_registry
from sdaasp_geo.sources.fetch.result import FetchError, FetchResult
from sdaasp_geo.sources.fetch.territory_file import lacking, write_territory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sdaasp_geo.sources.fetch.downloading import Tell
    from sdaasp_geo.sources.fetch.record import Record
    from sdaasp_geo.sources.fetch.registry import Departement, Entry
    from sdaasp_geo.sources.fetch.result import FetchedFile

    # Bytes there, bytes in all as far as they are known, and the file that moved.
    Progress = Callable[[int, int, str], None]


def _silent(done: int, total: int, what: str) -> None:
    del done, total, what


@dataclass(frozen=True)
class FetchChoice:
    """Which files to fetch.

    Parameters
    ----------
    only
        Kinds (``bpe``, ``communes``, ``osm`` …); None for all that a diagnostic needs.
    also
        Kinds beside these (``carreaux_200m``, ``qpv`` …).
    vintages
        Kind → vintage, where not the newest: ``{"bpe": 2023}``.
    registry
        A registry of one's own, or its file; None for the library's.
    """

    only: Sequence[str] | None = None
    also: Sequence[str] = ()
    vintages: Mapping[str, int | str] = field(default_factory=dict)
    registry: Registry | str | Path | None = None


def fetch(
    departement: str,
    folder: str | Path,
    *,
    choice: FetchChoice | None = None,
    patience: Patience | None = None,
    workers: int = 4,
    progress: Progress = _silent,
) -> FetchResult:
    """Fetch the official files of a département into a folder.

    Files that an earlier run brought are kept if their hash is still the same, and halves
    are continued: nothing is downloaded twice. A file has its name only once it is whole
    and checked (size, hash, form, no trap in an archive).

    Parameters
    ----------
    departement
        Its code: ``13``, ``2A``, ``974``.
    folder
        Made if need be. Files in it that are not of the registry are left alone.
    choice
        Which files; all that a diagnostic needs if None.
    patience
        Timeouts, attempts and pauses.
    workers
        Files at once.
    progress
        Called, from any thread but never from two at once, with bytes there, bytes in
        all (of the files whose length is known) and the file that moved.

    Returns
    -------
    FetchResult
        Files with vintage, licence, bytes and hash, and the territory file, written where
        communes, roads and facilities came. ``sources.json`` in the folder says the same.

    Raises
    ------
    InputError
        If the département, a kind or a vintage is unknown, or the registry is wrong;
        nothing is then asked of any server.
    FetchError
        If some file could not be had, or is not what it should be, once all others are
        there; its `result` holds them. A further call goes on.
    OutputError
        If the folder cannot be written, or another fetch is writing into it.
    ValueError
        If `workers` is not above 0.
    """
    if workers < 1:
        message = f"expected 1 worker or more, found {workers}"
        raise ValueError(message)
    known = read_departements()
    code = _code(departement, known)
    entries = _chosen(choice or FetchChoice(), code, known)
    folder = Path(folder)
    with held(folder), quiet():
        record = read_record(folder)
        brought = _bring(entries, record, patience or Patience(), workers, progress)
        result = _finished(code, known[code], brought, record)
    if result.faults:
        raise FetchError(result.faults, result)
    return result


def _code(text: str, known: Mapping[str, Departement]) -> str:
    code = text.strip().upper()
    code = code.zfill(2) if code.isascii() and code.isdigit() else code
    if code not in known:
        names = {item.name.casefold(): key for key, item in known.items()}
        near = difflib.get_close_matches(text.strip().casefold(), names, n=1)
        hint = f" (did you mean {names[near[0]]}?)" if near else ""
        expected = f"the code of a département, such as 13, 2A or 974{hint}"
        raise InputError([Fault("fetch", expected, repr(text), column="departement")])
    return code


def _chosen(choice: FetchChoice, code: str, known: Mapping[str, Departement]) -> list[Entry]:
    """Return one edition of each kind wanted, in the order of the registry."""
    given = choice.registry
    registry = given if isinstance(given, Registry) else read_registry(given)
    faults = [
        Fault(registry.file, f"one of {', '.join(registry.kinds)}", repr(kind), column="kind")
        for kind in dict.fromkeys([*(choice.only or ()), *choice.also, *choice.vintages])
        if kind not in registry.kinds
    ]
    named = {*(choice.only or ()), *choice.also}
    chosen = []
    for kind in registry.kinds:
        wanted = choice.vintages.get(kind)
        editions = [entry for entry in registry.entries if entry.kind == kind]
        serving = [entry for entry in editions if entry.serves(code)]
        right = [entry for entry in serving if wanted is None
                 or str(entry.vintage) == str(wanted)]  # fmt: skip
        asked = kind in named or (choice.only is None and kind in choice.vintages)
        if asked and not right:
            faults.append(_no_edition(registry, kind, wanted, editions, code))
        elif right and (asked or (choice.only is None and right[0].default)):
            chosen += filled(right[0], code, known)
    faults += _twice(registry, chosen, code)
    if faults:
        raise InputError(faults)
    return chosen


def _no_edition(
    registry: Registry, kind: str, wanted: int | str | None, editions: list[Entry], code: str
) -> Fault:
    vintages = ", ".join(dict.fromkeys(str(entry.vintage or "moving") for entry in editions))
    expected = f"an edition of {kind!r} for {code} (vintages: {vintages})"
    return Fault(registry.file, expected, f"none of {wanted or 'it'}", column="vintage")


def _twice(registry: Registry, chosen: list[Entry], code: str) -> list[Fault]:
    # The library's own files have their names too.
    names = [RECORD_NAME, f"territoire-{code}.toml", *(entry.name.casefold() for entry in chosen)]
    own = len(names) - len(chosen)
    return [
        Fault(registry.file, "a name of its own for each file", repr(entry.name), column="name")
        for place, entry in enumerate(chosen)
        if entry.name.casefold() in names[: place + own]
    ]


class _Meter:
    """Adds up what the threads tell, and passes it on to one listener, one at a time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._done: dict[str, int] = {}
        self._total: dict[str, int] = {}

    def teller(self, name: str) -> Tell:
        def tell(done: int, total: int | None) -> None:
            with self._lock:
                self._done[name] = done
                self._total[name] = max(done, total or 0)
                self._progress(sum(self._done.values()), sum(self._total.values()), name)

        return tell


Brought = list[tuple["Entry", "FetchedFile | InputError"]]


def _bring(
    entries: list[Entry], record: Record, patience: Patience, workers: int, progress: Progress
) -> Brought:
    """Bring all entries, several at once, noting each in the record as soon as it is there."""
    stop = threading.Event()
    obtaining = Obtaining(record.folder, dict(record.files), patience, stop)
    meter = _Meter(progress)
    outcomes: dict[str, FetchedFile | InputError] = {}
    with ThreadPoolExecutor(workers, thread_name_prefix="fetch") as pool:
        tasks = {
            pool.submit(obtaining.file, entry, meter.teller(entry.name)): entry for entry in entries
        }
        try:
            for task in as_completed(tasks):
                entry = tasks[task]
                try:
                    file = task.result()
                except InputError as error:
                    outcomes[entry.name] = error
                else:
                    outcomes[entry.name] = file
                    record.files[entry.name] = _noted(entry, file)
                    record.store()
        except BaseException:
            # An interrupt, or a listener that fails: threads end at their next bytes.
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [(entry, outcomes[entry.name]) for entry in entries]


def _finished(code: str, land: Departement, brought: Brought, record: Record) -> FetchResult:
    came = [(entry, item) for entry, item in brought if not isinstance(item, InputError)]
    faults = [fault for _, item in brought if isinstance(item, InputError) for fault in item.faults]
    missing = lacking(came)
    territory = None if missing else write_territory(code, land, came, record)
    record.store()
    files = tuple(file for _, file in came)
    return FetchResult(record.folder, files, tuple(faults), territory, missing)


def _noted(entry: Entry, file: FetchedFile) -> dict[str, Any]:
    modified = file.vintage if entry.vintage is None else None
    return {
        "kind": file.kind,
        "what": entry.what,
        "url": file.url,
        "publisher": file.publisher,
        "licence": file.licence,
        "vintage": file.vintage,
        "modified": modified,
        "bytes": file.size_bytes,
        "sha256": file.sha256,
        "unpacked": [path.name for path in file.unpacked],
        "unpacked_bytes": {path.name: path.stat().st_size for path in file.unpacked},
    }
