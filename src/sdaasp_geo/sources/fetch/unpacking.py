"""Members taken out of a fetched archive, each whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from sdaasp_geo.sources.archives import archive_trouble, leads_outside, wanted_members

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["archive_trouble", "unpack", "wanted_members"]


def unpack(path: Path, folder: Path, ending: str) -> tuple[Path, ...]:
    """Take the members with one ending out of a checked archive, each whole or not at all.

    Parameters
    ----------
    path
        The archive, a zip or a packed tar, whose content was checked.
    folder
        Where they go, under their own name without folders.
    ending
        Of the names.

    Returns
    -------
    tuple of Path
        A file that is there with its size already is not written again.

    Raises
    ------
    ValueError
        If the archive is a trap after all, or two members have one name.
    """
    written: list[Path] = []
    members = _of_zip if zipfile.is_zipfile(path) else _of_tar
    with contextlib.closing(members(path, ending)) as found:
        for name, size, source in found:
            target = folder / PurePosixPath(name).name
            if target in written:
                message = f"{path.name}: expected one '{target.name}', found several"
                raise ValueError(message)
            _take_out(source, size, target)
            written.append(target)
    return tuple(written)


def _of_zip(path: Path, ending: str) -> Generator[tuple[str, int, IO[bytes]]]:
    with zipfile.ZipFile(path) as archive:
        trouble = archive_trouble(archive, ending)
        if trouble is not None:
            message = f"{path.name}: expected {trouble.expected}, found {trouble.found}"
            raise ValueError(message)
        for info in wanted_members(archive, ending):
            with archive.open(info) as source:
                yield info.filename, info.file_size, source


def _of_tar(path: Path, ending: str) -> Generator[tuple[str, int, IO[bytes]]]:
    try:
        # As a stream: a packed tar has no list of members to jump by.
        with tarfile.open(path, "r|*") as archive:
            for info in archive:
                wanted = info.isfile() and info.name.lower().endswith(ending.lower())
                if not wanted or leads_outside(info.name):
                    continue
                source = archive.extractfile(info)
                if source is not None:
                    yield info.name, info.size, source
    except (tarfile.TarError, EOFError) as error:
        message = f"{path.name}: expected a tar archive that opens, found {error}"
        raise ValueError(message) from error


def _take_out(source: IO[bytes], size: int, target: Path) -> None:
    if target.is_file() and target.stat().st_size == size:
        return
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
