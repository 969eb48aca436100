"""Every benchmark in one run: searches beside the peers, PBF beside osmnx, the main job.

`--sizes` names the synthetic graphs (XS, S, M, L) and, as one more size, FRANCE: the whole
country, and a regional extract of 300 MB. All rows go to ``data/processed/bench.json``.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FRANCE = "FRANCE"


def jobs(sizes: list[str]) -> list[tuple[str, str, list[str]]]:
    """Title, script and options of what is to be run."""
    graphs = ",".join(size for size in sizes if size != FRANCE)
    first = [("Searches", "bench_routing.py", ["--sizes", graphs])] if graphs else []
    if FRANCE in sizes:
        first += [
            ("France at full size", "bench_france.py", []),
            ("A regional extract", "bench_pbf_large.py", []),
        ]
    return [
        *first,
        ("PBF to network", "bench_pbf.py", []),
        ("Choosing sites", "bench_siting.py", ["--large"]),
        ("Every facility's criticality", "bench_criticality.py", []),
        ("The main job on the example", "bench_example.py", []),
    ]


def main() -> None:
    """Run them one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="S,M", help="of XS, S, M, L and FRANCE; default S,M")
    for title, script, options in jobs(parser.parse_args().sizes.split(",")):
        print(f"\n## {title}\n", flush=True)
        subprocess.run([sys.executable, str(HERE / script), *options], check=True)


if __name__ == "__main__":
    main()
