"""Every benchmark in one run: searches beside the peers, PBF beside osmnx, the main job."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Run them one after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="S,M", help="sizes of the synthetic graphs")
    sizes = parser.parse_args().sizes
    for title, script, options in (
        ("Searches", "bench_routing.py", ["--sizes", sizes]),
        ("PBF to network", "bench_pbf.py", []),
        ("Choosing sites", "bench_siting.py", ["--large"]),
        ("Every facility's criticality", "bench_criticality.py", []),
        ("The main job on the example", "bench_example.py", []),
    ):
        print(f"\n## {title}\n", flush=True)
        subprocess.run([sys.executable, str(HERE / script), *options], check=True)


if __name__ == "__main__":
    main()
