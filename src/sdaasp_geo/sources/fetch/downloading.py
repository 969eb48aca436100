"""One download: continued where it stopped, asked again where that can help, never guessed."""

from __future__ import annotations

import contextlib
import email.utils
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import requests

    from sdaasp_geo.sources.fetch.patience import Patience
    from sdaasp_geo.sources.fetch.registry import Entry

    # Bytes there, bytes in all or None.
    Tell = Callable[[int, int | None], None]

_OK, _PARTIAL, _RANGE_REFUSED = 200, 206, 416
# These pass: a busy server, a gateway that restarts. Everything else from 400 on stays.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_CAUSES = {
    401: "the file is not public any more",
    403: "the server refuses this network or this program: fetch the file with a browser",
    404: "the publisher has moved or withdrawn the file: look for its new address, and name it "
    "in a registry of your own",
    410: "the publisher has withdrawn the file",
    429: "too many requests: try again later, with fewer workers",
}
_UNREACHED = "no network, a proxy that is not set (HTTPS_PROXY), or a server that is down"
_CHANGED = ("HTTP 416", "a file that changed since")
_OTHER_RANGE = ("another range than the one asked for", "a server at fault, or a file that changed")
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "sdaasp-geo"}


class Came(NamedTuple):
    """A download that is whole, not yet checked.

    Parameters
    ----------
    path
        The ``.part`` file.
    size
        Bytes that the server announced, or None.
    modified
        Day that the server last changed the file (ISO), or None.
    resumed
        Whether some of it came in an earlier connection.
    """

    path: Path
    size: int | None
    modified: str | None
    resumed: bool


class StoppedError(Exception):
    """The fetch is being stopped; what came so far stays in the ``.part`` file."""


class _PassingError(Exception):
    """A failure that asking again may cure."""

    def __init__(self, found: str, cause: str, retry_after: str | None = None) -> None:
        super().__init__(found)
        self.found = found
        self.cause = cause
        self.retry_after = retry_after


@dataclass(frozen=True)
class _Notes:
    """What must be known of a part to continue it."""

    url: str
    validator: str | None = None
    total: int | None = None
    modified: str | None = None


class Part:
    """The bytes of a file that came so far, and whose they are.

    Parameters
    ----------
    target
        Where the whole file will be; the part lies beside it.
    entry
        The file wanted: a part of another address is not continued.

    Attributes
    ----------
    notes
        Whose the bytes are.
    continued
        Whether they came in several pieces, or in an earlier run.
    """

    def __init__(self, target: Path, entry: Entry) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._notes_path = target.with_name(f"{target.name}.part.json")
        self._entry = entry
        self.notes = self._read()
        self.continued = self.size > 0

    @property
    def size(self) -> int:
        """Bytes there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, as far as the server told a length."""
        return self.notes.total is not None and self.size == self.notes.total

    @property
    def start(self) -> int:
        """Where to go on: 0 where nobody could tell that the file is still the same."""
        # A hash of the publisher's would tell, at the end.
        known = self.notes.validator is not None or self._entry.sha256 is not None
        return self.size if known else 0

    def begin(self, notes: _Notes) -> None:
        """Forget the bytes, and note whose the next ones are."""
        self.path.write_bytes(b"")
        self.notes = notes
        self.continued = False
        self._notes_path.write_text(json.dumps(asdict(notes)), "utf-8")

    def drop(self) -> None:
        """Remove the part and its notes."""
        self.path.unlink(missing_ok=True)
        self._notes_path.unlink(missing_ok=True)
        self.notes = _Notes(self._entry.url)
        self.continued = False

    def _read(self) -> _Notes:
        with contextlib.suppress(OSError, ValueError, TypeError):
            notes = _Notes(**json.loads(self._notes_path.read_text("utf-8")))
            if notes.url == self._entry.url:
                return notes
        return _Notes(self._entry.url)


def download(
    entry: Entry, part: Part, *, patience: Patience, stop: threading.Event, tell: Tell
) -> Came:
    """Bring a file, or the rest of it, into its part.

    Parameters
    ----------
    entry
        The file, its address filled.
    part
        Where the bytes go; what it holds already is continued if the server says that
        the file is the same (Range with If-Range), and begun anew otherwise.
    patience
        How long to wait, how often to ask again.
    stop
        Ends the download at the next bytes.
    tell
        Called with the bytes there and in all.

    Raises
    ------
    InputError
        If the server refuses for good (404 and the like), or failed too often in a row
        without one byte more. The bytes that came stay.
    StoppedError
        If `stop` was set.
    """
    failures, farthest = 0, part.size
    while not part.whole:
        try:
            _attempt(entry, part, patience, stop, tell)
            break
        except _PassingError as trouble:
            # A line that drops now and then gets there in the end.
            failures = 1 if part.size > farthest else failures + 1
            farthest = max(farthest, part.size)
            if failures >= patience.attempts:
                expected = f"the file at {entry.url}, within {failures} attempts"
                fault = Fault(entry.name, expected, trouble.found, trouble.cause)
                raise InputError([fault]) from trouble
            if stop.wait(patience.pause_s(failures, trouble.retry_after)):
                raise StoppedError from trouble
    return Came(part.path, part.notes.total, part.notes.modified, part.continued)


def _attempt(
    entry: Entry, part: Part, patience: Patience, stop: threading.Event, tell: Tell
) -> None:
    import requests  # noqa: PLC0415 (a tenth of a second that only a fetch should pay)
    import urllib3  # noqa: PLC0415 (as above)

    timeout = (patience.connect_s, patience.read_s)
    try:
        with requests.get(
            entry.url, stream=True, timeout=timeout, headers=_asked(part)
        ) as response:
            _judge(response, entry, part)
            _prepare(response, entry, part)
            _receive(response, part, patience, stop, tell)
    except requests.exceptions.SSLError as error:
        cause = "a proxy that signs with its own certificate: name it in REQUESTS_CA_BUNDLE"
        raise _final(entry, f"no trusted connection ({_short(error)})", cause) from error
    except (
        requests.exceptions.ConnectionError,
        requests.exceptions.Timeout,
        requests.exceptions.ChunkedEncodingError,
        requests.exceptions.ContentDecodingError,
        urllib3.exceptions.HTTPError,
    ) as error:
        found = f"no answer, or a dropped one ({_short(error)})"
        raise _PassingError(found, _UNREACHED) from error
    except requests.exceptions.RequestException as error:
        raise _final(entry, _short(error), "a wrong address in the registry") from error
    except OSError as error:
        raise _final(entry, str(error), "a full disk, or a folder that is not yours") from error
    if part.notes.total is not None and part.size != part.notes.total:
        found = f"{part.size} bytes of {part.notes.total}"
        if part.size > part.notes.total:
            part.drop()
        raise _PassingError(found, "a connection that was cut")


def _asked(part: Part) -> dict[str, str]:
    headers = dict(_HEADERS)
    if part.start:
        headers["Range"] = f"bytes={part.start}-"
        if part.notes.validator is not None:
            headers["If-Range"] = part.notes.validator
    return headers


def _judge(response: requests.Response, entry: Entry, part: Part) -> None:
    """Refuse an answer that is no file."""
    status = response.status_code
    if status in {_OK, _PARTIAL}:
        if entry.url.startswith("https:") and response.url.startswith("http:"):
            raise _final(entry, f"a way there without encryption ({response.url})", "a detour")
        return
    if status == _RANGE_REFUSED and part.size:
        # The file is shorter than it was.
        part.drop()
        raise _PassingError(*_CHANGED)
    cause = _CAUSES.get(status, "a server in trouble: try again later")
    found = f"HTTP {status} {response.reason or ''}".strip()
    if status in _PASSING:
        raise _PassingError(found, cause, response.headers.get("Retry-After"))
    raise _final(entry, found, _CAUSES.get(status, "a wrong address in the registry"))


def _prepare(response: requests.Response, entry: Entry, part: Part) -> None:
    """Keep the part if the answer goes on with it, and begin anew otherwise."""
    headers = response.headers
    if response.status_code == _PARTIAL:
        begin, total = _content_range(headers.get("Content-Range", ""))
        same = total is None or part.notes.total in {None, total}
        same = same and _validator(headers) in {None, part.notes.validator}
        if part.start and begin == part.start and same:
            part.continued = True
            return
        part.drop()
        raise _PassingError(*_OTHER_RANGE)
    coded = headers.get("Content-Encoding", "identity") != "identity"
    length = headers.get("Content-Length", "")
    part.begin(
        _Notes(
            entry.url,
            # Ranges count the bytes sent, and a coded answer is not kept as it was sent.
            validator=None if coded else _validator(headers),
            total=int(length) if length.isascii() and length.isdigit() and not coded else None,
            modified=_day(headers.get("Last-Modified")),
        )
    )


def _receive(
    response: requests.Response, part: Part, patience: Patience, stop: threading.Event, tell: Tell
) -> None:
    done = part.size
    tell(done, part.notes.total)
    with part.path.open("ab") as file:
        for chunk in _pieces(response, patience.chunk_bytes):
            file.write(chunk)
            done += len(chunk)
            tell(done, part.notes.total)
            if stop.is_set():
                raise StoppedError
        file.flush()
        os.fsync(file.fileno())


def _pieces(response: requests.Response, most_bytes: int) -> Iterator[bytes]:
    """Yield bytes as they arrive: none is lost with a piece that a drop leaves unfinished."""
    if response.headers.get("Content-Encoding", "identity") != "identity":
        yield from response.iter_content(most_bytes)
        return
    while piece := response.raw.read1(most_bytes):
        yield piece


def _validator(headers: Mapping[str, str]) -> str | None:
    tag = headers.get("ETag")
    # If-Range takes no weak tag: such a file may differ byte by byte.
    if tag is not None and not tag.startswith("W/"):
        return tag
    return headers.get("Last-Modified")


def _content_range(text: str) -> tuple[int | None, int | None]:
    """Read ``bytes 5-99/100``: where it begins, and bytes in all."""
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    begin = span.partition("-")[0]
    if unit != "bytes" or not begin.isdigit():
        return None, None
    return int(begin), int(total) if total.isdigit() else None


def _day(text: str | None) -> str | None:
    try:
        return email.utils.parsedate_to_datetime(text or "").date().isoformat()
    except ValueError:
        return None


def _final(entry: Entry, found: str, cause: str) -> InputError:
    return InputError([Fault(entry.name, f"the file at {entry.url}", found, cause)])


def _short(error: Any) -> str:  # noqa: ANN401 (any exception)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:200]
