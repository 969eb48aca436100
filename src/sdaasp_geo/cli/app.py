"""The command line: arguments, progress and exit codes.

0: done. 1: the inputs are wrong, every fault is listed and nothing is written. 2: wrong
usage. 130: interrupted; earlier outputs are as they were.
"""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

import sdaasp_geo as sg
from sdaasp_geo.errors import InputError, SdaaspError
from sdaasp_geo.pipeline.outputs import whole_folder
from sdaasp_geo.pipeline.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sdaasp_geo.pipeline.inputs import Inputs
    from sdaasp_geo.pipeline.progress import Progress

INPUT_FAULT = 1
INTERRUPTED = 130
_GC_THRESHOLD = 100_000
# An example is input: no diagnostic may take it for its earlier outputs.
_EXAMPLE_MANIFEST = ".sdaasp-geo-example"

app = typer.Typer(
    name="sdaasp-geo",
    help="How long each inhabitant needs to reach the services of daily life, and who is left out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

TerritoryFile = Annotated[Path, typer.Argument(help="A territory file (TOML).")]
OutFolder = Annotated[
    Path, typer.Option("--out", help="Folder of the outputs; earlier ones are replaced.")
]


@app.callback()
def _commands() -> None:
    """Keep every command a sub-command, however few there are."""


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="Folder to write; made if need be.")],
) -> None:
    """Write the example territory (a fictional département) into a folder."""
    with whole_folder(folder, manifest=_EXAMPLE_MANIFEST) as staging:
        names = [path.relative_to(staging) for path in sg.write_example(staging)]
    _name_files([folder / name for name in names])


@app.command()
def check(territory: TerritoryFile) -> None:
    """Read every input, list every fault, compute nothing."""
    with _progress() as progress:
        inputs = sg.check(sg.read_territory(territory), progress=progress)
    _tell(inputs)


@app.command()
def diagnose(
    territory: TerritoryFile,
    out: OutFolder,
    *,
    maps: Annotated[bool, typer.Option(help="Draw the maps and the report.")] = True,
) -> None:
    """Measure access to the services and write tables, maps and report."""
    with _progress() as progress:
        diagnostic = sg.diagnose_file(territory, out, progress=progress)
        files = sg.write_diagnostic(diagnostic, out, maps=maps, progress=progress)
    _name_files(files)


@app.command()
def maps(territory: TerritoryFile, out: OutFolder) -> None:
    """Draw the maps alone."""
    with _progress() as progress:
        diagnostic = sg.diagnose_file(territory, out, progress=progress)
        files = sg.write_maps_only(diagnostic, out, progress=progress)
    _name_files(files)


def main() -> None:
    """Run the command line and exit with its code."""
    # Importing makes many objects that stay: looking through them for cycles again and
    # again takes a tenth of a short command's time.
    gc.set_threshold(_GC_THRESHOLD)
    try:
        app()
    except InputError as error:
        typer.echo(str(error), err=True)
        sys.exit(INPUT_FAULT)
    except SdaaspError as error:
        typer.echo(f"sdaasp-geo: {error}", err=True)
        sys.exit(INPUT_FAULT)
    except KeyboardInterrupt:
        typer.echo("sdaasp-geo: interrupted; earlier outputs are as they were", err=True)
        sys.exit(INTERRUPTED)


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show where the work is on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield silent
        return
    columns = (TextColumn("{task.description:<28}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("…", total=None)

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what or "…")

        yield show


def _name_files(files: Sequence[Path]) -> None:
    for path in files:
        typer.echo(str(path))
    typer.echo(f"{len(files)} files written")


def _tell(inputs: Inputs) -> None:
    rows = int(inputs.unused["rows"].sum())
    pieces = inputs.network.component_nodes.size
    typer.echo(f"{len(inputs.records)} files read, no fault")
    typer.echo(
        f"{len(inputs.communes)} communes, {len(inputs.origins)} origins, "
        f"{len(inputs.facilities)} facilities, {len(inputs.sites)} sites"
    )
    typer.echo(f"{inputs.network.node_x.size} junctions of road in {pieces} pieces")
    typer.echo(
        f"{len(inputs.rejects)} rows rejected, {len(inputs.flags)} doubtful, "
        f"{rows} that no service asks for"
    )


if __name__ == "__main__":
    main()
