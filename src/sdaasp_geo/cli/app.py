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

import sdaasp_geo as sg
from sdaasp_geo.cli import fetching, trying
from sdaasp_geo.cli.common import Maps, OutFolder, TerritoryFile, name_files, progress_bar
from sdaasp_geo.errors import InputError, SdaaspError
from sdaasp_geo.pipeline.outputs import whole_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdaasp_geo.cluster import DaskExecutor
    from sdaasp_geo.pipeline.inputs import Inputs

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
    name_files([folder / name for name in names])


@app.command()
def check(territory: TerritoryFile) -> None:
    """Read every input, list every fault, compute nothing."""
    with progress_bar() as progress:
        inputs = sg.check(sg.read_territory(territory), progress=progress)
    _tell(inputs)


@app.command()
def diagnose(
    territories: Annotated[list[Path], typer.Argument(help="Territory files (TOML).")],
    out: OutFolder,
    *,
    maps: Maps = True,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler that runs the territories.")
    ] = None,
) -> None:
    """Measure access to the services and write tables, maps and report.

    Of several territories, or on a cluster, each goes into a folder of its name in OUT.
    """
    with progress_bar() as progress, _where(cluster) as executor:
        if executor is None and len(territories) == 1:
            diagnostic = sg.diagnose_file(territories[0], out, progress=progress)
            files = sg.write_diagnostic(diagnostic, out, maps=maps, progress=progress)
        else:
            files = sg.diagnose_many(
                territories, out, executor=executor, maps=maps, progress=progress
            )
    name_files(files)


@app.command()
def maps(territory: TerritoryFile, out: OutFolder) -> None:
    """Draw the maps alone."""
    with progress_bar() as progress:
        diagnostic = sg.diagnose_file(territory, out, progress=progress)
        files = sg.write_maps_only(diagnostic, out, progress=progress)
    name_files(files)


app.command()(fetching.fetch)
app.command()(trying.simulate)
app.command()(trying.locate)
app.command()(trying.compare)


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
def _where(cluster: str | None) -> Iterator[DaskExecutor | None]:
    """Connect to a cluster if one is named."""
    if cluster is None:
        yield None
        return
    from sdaasp_geo.cluster import DaskExecutor  # noqa: PLC0415 (only where it is asked for)

    with DaskExecutor(cluster) as executor:
        yield executor


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
