"""One file of the registry: kept, continued or brought, and checked before it has its name."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sdaasp_geo.errors import Fault, InputError
from sdaasp_geo.sources.fetch.checking import check_content
from sdaasp_geo.sources.fetch.downloading import Part, StoppedError, download
from sdaasp_geo.sources.fetch.result import FetchedFile
from sdaasp_geo.sources.fetch.unpacking import unpack

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sdaasp_geo.sources.fetch.downloading import Came, Tell
    from sdaasp_geo.sources.fetch.patience import Patience
    from sdaasp_geo.sources.fetch.registry import Entry


@dataclass(frozen=True)
class Obtaining:
    """How files are brought into one folder.

    Parameters
    ----------
    folder
        The folder.
    known
        File name → what the record of earlier fetches says of it.
    patience
        How long to wait for a server.
    stop
        Ends all downloads.
    """

    folder: Path
    known: Mapping[str, Mapping[str, Any]]
    patience: Patience
    stop: threading.Event

    def file(self, entry: Entry, tell: Tell) -> FetchedFile:
        """Return a file that is whole and checked, bringing what is missing of it.

        Parameters
        ----------
        entry
            The file, its marks filled.
        tell
            Called with bytes there and in all.

        Raises
        ------
        InputError
            If it cannot be had, or is not what the entry says; nothing of it then has
            its name, and bytes are kept only where they can be continued.
        """
        try:
            return self._file(entry, tell)
        except OSError as error:
            fault = Fault(entry.name, f"room for it in {self.folder}", str(error))
            raise InputError([fault]) from error

    def _file(self, entry: Entry, tell: Tell) -> FetchedFile:
        target = self.folder / entry.name
        kept = self._kept(target, entry)
        if kept is not None:
            tell(kept.size_bytes, kept.size_bytes)
            return self._unpacked(kept, entry)
        came, digest = self._checked(target, entry, tell)
        size = came.path.stat().st_size
        _name(came.path, target, entry, digest)
        Part(target, entry).drop()
        how = "resumed" if came.resumed else "downloaded"
        file = _fetched(entry, target, came.modified, size, digest)
        return self._unpacked(replace(file, how=how), entry)

    def _kept(self, target: Path, entry: Entry) -> FetchedFile | None:
        """Return the file of an earlier run if it is as it was, and put another one aside."""
        if not target.is_file():
            return None
        noted = self.known.get(entry.name, {})
        digest = _hash(target)
        same = noted.get("url") == entry.url and noted.get("sha256") == digest
        right = entry.sha256 in {None, digest}
        if right and (same or (not noted and _sound(target, entry))):
            modified = noted.get("modified")
            size = target.stat().st_size
            return replace(_fetched(entry, target, modified, size, digest), how="kept")
        # Edited, damaged, or of another address: it may be somebody's work.
        target.rename(_free(target))
        return None

    def _checked(self, target: Path, entry: Entry, tell: Tell) -> tuple[Came, str]:
        part = Part(target, entry)
        came = self._download(entry, part, tell)
        if came.resumed:
            # Two halves may be of two editions: then once more, in one piece.
            with contextlib.suppress(InputError):
                return came, _verified(came, entry)
            part.drop()
            came = self._download(entry, part, tell)
        try:
            return came, _verified(came, entry)
        except InputError:
            part.drop()
            raise

    def _download(self, entry: Entry, part: Part, tell: Tell) -> Came:
        try:
            return download(entry, part, patience=self.patience, stop=self.stop, tell=tell)
        except (InputError, StoppedError):
            # Bytes that nobody could continue are of no use.
            if not part.start:
                part.drop()
            raise

    def _unpacked(self, file: FetchedFile, entry: Entry) -> FetchedFile:
        if not entry.unpack or entry.member is None:
            return file
        there = self._unpacked_before(entry) if file.how == "kept" else ()
        if there:
            return replace(file, unpacked=there)
        try:
            return replace(file, unpacked=unpack(file.path, self.folder, entry.member))
        except (ValueError, OSError) as error:
            fault = Fault(entry.name, f"one '{entry.member}' to unpack", str(error))
            raise InputError([fault]) from error

    def _unpacked_before(self, entry: Entry) -> tuple[Path, ...]:
        """Files that an earlier run took out, if they are as they were: opening takes long."""
        noted = self.known.get(entry.name, {}).get("unpacked_bytes")
        sizes = noted if isinstance(noted, dict) else {}
        paths = {self.folder / str(name): size for name, size in sizes.items()}
        same = all(path.is_file() and path.stat().st_size == size for path, size in paths.items())
        return tuple(paths) if same else ()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep pooch's own log out of the user's terminal."""
    import pooch  # noqa: PLC0415 (a fifth of a second that only a fetch should pay)

    logger = pooch.get_logger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _name(part: Path, target: Path, entry: Entry, digest: str) -> None:
    """Give a checked part its name; pooch moves it if its hash is still the one checked."""
    import pooch  # noqa: PLC0415 (as above)

    def hand_over(url: str, output_file: str, pooch: object) -> None:
        del url, pooch
        part.replace(output_file)

    pooch.retrieve(
        entry.url,
        known_hash=f"sha256:{digest}",
        fname=target.name,
        path=str(target.parent),
        downloader=hand_over,
    )


def _hash(path: Path) -> str:
    import pooch  # noqa: PLC0415 (as above)

    return str(pooch.file_hash(str(path), alg="sha256"))


def _verified(came: Came, entry: Entry) -> str:
    """Return the hash of a download that is what its entry says, and refuse any other."""
    check_content(came.path, entry, size=came.size)
    digest = _hash(came.path)
    if entry.sha256 in {None, digest}:
        return digest
    cause = "a file changed on its way or by its publisher: take the new hash from him"
    fault = Fault(entry.name, f"sha256 {entry.sha256}, as the registry says", digest, cause)
    raise InputError([fault])


def _sound(path: Path, entry: Entry) -> bool:
    try:
        check_content(path, entry)
    except InputError:
        return False
    return True


def _free(target: Path) -> Path:
    """Return a name beside it that nothing has."""
    number = 1
    while (path := target.with_name(f"{target.name}.old-{number}")).exists():
        number += 1
    return path


def _fetched(entry: Entry, path: Path, modified: str | None, size: int, digest: str) -> FetchedFile:
    return FetchedFile(
        kind=entry.kind,
        path=path,
        url=entry.url,
        vintage=modified if entry.vintage is None else entry.vintage,
        licence=entry.licence,
        publisher=entry.publisher,
        size_bytes=size,
        sha256=digest,
    )
