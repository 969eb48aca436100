"""Members taken out of a fetched archive, each whole or not at all."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from sdaasp_geo.sources.archives import archive_trouble, wanted_members

__all__ = ["archive_trouble", "unpack", "wanted_members"]


def unpack(path: Path, folder: Path, ending: str) -> tuple[Path, ...]:
    """Take the members with one ending out of a checked archive, each whole or not at all.

    Parameters
    ----------
    path
        The archive, which :func:`archive_trouble` finds no fault with.
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
    with zipfile.ZipFile(path) as archive:
        trouble = archive_trouble(archive, ending)
        if trouble is not None:
            message = f"{path.name}: expected {trouble.expected}, found {trouble.found}"
            raise ValueError(message)
        for info in wanted_members(archive, ending):
            target = folder / PurePosixPath(info.filename).name
            if target in written:
                message = f"{path.name}: expected one '{target.name}', found several"
                raise ValueError(message)
            _take_out(archive, info, target)
            written.append(target)
    return tuple(written)


def _take_out(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    if target.is_file() and target.stat().st_size == info.file_size:
        return
    part = target.with_name(f".{target.name}.part")
    try:
        with archive.open(info) as source, part.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
