"""The command that fetches the official files of a département."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import sdaasp_geo as sg
from sdaasp_geo.cli.commands import folders, toml_files
from sdaasp_geo.cli.session import Session  # noqa: TC001 (read at run time)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.sources.fetch import FetchResult

_MB = 1e6


def fetch(  # noqa: PLR0913 (each is an option of the command)
    session: Session,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", help="Folder of the files; made if need be.", autocompletion=folders
        ),
    ],
    departement: Annotated[
        str, typer.Option(metavar="CODE", help="Code of the département: 13, 2A, 974.")
    ],
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND", help="A kind of file (bpe, communes, osm …), as often as need be."
        ),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND", help="A kind beside those of a diagnostic (carreaux_200m, qpv …)."
        ),
    ] = None,
    vintage: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND=YEAR", help="KIND=YEAR where not the newest, such as bpe=2023."),
    ] = None,
    registry: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A registry of files of your own (TOML).",
            autocompletion=toml_files,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", help="Files at once.", min=1)] = 4,
) -> None:
    """Fetch the official files of a département, verified, and write a territory file.

    What came is kept: run it again to go on after a failure.
    """
    choice = sg.FetchChoice(
        only=only or None, also=also or (), vintages=_vintages(vintage or ()), registry=registry
    )
    try:
        with session.bytes_progress() as progress:
            result = sg.fetch(
                departement, folder, choice=choice, workers=workers, progress=progress
            )
    except sg.FetchError as error:
        if error.result is not None:
            _tell(session, error.result)
        raise
    _tell(session, result)


def _tell(session: Session, result: FetchResult) -> None:
    session.files += [str(file.path) for file in result.files]
    kept = [file for file in result.files if file.how == "kept"]
    session.found(
        {
            "downloaded_bytes": result.downloaded_bytes,
            "files_fetched": len(result.files) - len(kept),
            "files_kept": len(kept),
            "territory": None if result.territory is None else str(result.territory),
            "lacking": list(result.lacking),
        }
    )
    width = max((len(file.path.name) for file in result.files), default=0)
    for file in result.files:
        size = session.words("{} MB", file.size_bytes / _MB)
        about = f"{file.vintage or '':>10}  {size:>12}  {session.words(file.how):<12}"
        session.show(f"{file.path.name:<{width}}  {about}  {file.publisher}, {file.licence}")
    if result.territory is not None:
        session.files.append(str(result.territory))
        session.say("territory file: {}", str(result.territory))
        session.say("next: {}", f"sdaasp-geo doctor {result.territory}")
    elif result.lacking:
        session.say("no territory file: it would need {} too", ", ".join(result.lacking))


def _vintages(texts: Sequence[str]) -> dict[str, str]:
    vintages = {}
    for text in texts:
        kind, equals, vintage = text.partition("=")
        if not (kind and equals and vintage):
            message = f"expected KIND=YEAR such as bpe=2023, found {text!r}"
            raise typer.BadParameter(message, param_hint="--vintage")
        vintages[kind] = vintage
    return vintages
