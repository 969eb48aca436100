"""Wall time and peak memory of the whole command on the example, imports included."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[1]
ROUNDS = 3


class Run(NamedTuple):
    """One run of the command."""

    seconds: float
    peak_mb: float


def diagnose(territory: Path, out: Path, *options: str) -> Run:
    """Run ``sdaasp-geo diagnose`` in a process of its own."""
    command = [sys.executable, "-m", "sdaasp_geo.cli", "diagnose", str(territory)]
    start = time.perf_counter()
    pid = os.posix_spawn(
        sys.executable,
        [*command, "--out", str(out), *options],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(pid, 0)
    if status:
        message = f"the command ended with {status}"
        raise RuntimeError(message)
    return Run(time.perf_counter() - start, usage.ru_maxrss / 1024)


def measure() -> list[tuple[str, Run]]:
    """Cold (no cache, maps and report), then warm with maps, then warm tables alone."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        shutil.copytree(PROJECT / "territories", base / "territories")
        shutil.copytree(PROJECT / "data" / "raw" / "exemple", base / "data" / "raw" / "exemple")
        territory = base / "territories" / "exemple.toml"
        rows = [("cold, maps and report", diagnose(territory, base / "out"))]
        for name, options in (
            ("warm, maps and report", ()),
            ("warm, tables alone", ("--no-maps",)),
        ):
            runs = [diagnose(territory, base / "out", *options) for _ in range(ROUNDS)]
            median = statistics.median(run.seconds for run in runs)
            rows.append((name, Run(median, max(run.peak_mb for run in runs))))
    return rows


def main() -> None:
    """Print the table."""
    print("| run | seconds | peak MB |\n|---|---|---|")
    for name, run in measure():
        print(f"| {name} | {run.seconds:.1f} | {run.peak_mb:.0f} |")


if __name__ == "__main__":
    main()
