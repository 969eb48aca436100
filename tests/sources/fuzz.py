"""Damaged files into every reader of a text format: none may crash, or lose a row in silence.

    python tests/sources/fuzz.py                        # 100,000 inputs a form, 5,000 a reader
    python tests/sources/fuzz.py --inputs 2000 --targets table,territory --seed 7

What falls is written to the folder told, and the exit code is 1. Allowed are the exceptions
of the library; a warning is not.
"""

import argparse
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

# The tests' own folders, as pytest has them on its path.
sys.path[:0] = [str(Path(__file__).parents[1])]

from fuzz_mutation import mutated  # noqa: E402
from fuzz_targets import TARGETS  # noqa: E402

from sdaasp_geo.errors import SdaaspError  # noqa: E402

# Falls of one kind are one fault: a few examples do.
_MOST_FALLS = 5


def falls(name, inputs, seed, keep=None):
    """Feed a target; return how many inputs were read, refused, and what fell."""
    target = TARGETS[name]
    random = Random(f"{name}-{seed}")  # noqa: S311 (repeatable, not secret)
    others = tuple(item for known in TARGETS.values() for item in known.seeds)
    counts, fallen = {"read": 0, "refused": 0}, []
    with tempfile.TemporaryDirectory(prefix="sdaasp-geo-fuzz-") as folder:
        path = Path(folder) / f"input{target.ending}"
        for number in range(inputs):
            data = mutated(random.choice(target.seeds), others, random)
            path.write_bytes(data)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    target.read(path)
                counts["read"] += 1
            except SdaaspError:
                counts["refused"] += 1
            except Exception as error:  # noqa: BLE001 (whatever else there is, is what is sought)
                fallen.append((number, data, error))
                if keep is not None:
                    keep.mkdir(parents=True, exist_ok=True)
                    (keep / f"{name.replace(' ', '-')}-{number}{target.ending}").write_bytes(data)
                if len(fallen) >= _MOST_FALLS:
                    break
    return counts, fallen


def _run(arguments):
    name, inputs, seed, keep = arguments
    begin = time.process_time()
    counts, fallen = falls(name, inputs, seed, keep)
    return (
        name,
        counts,
        [(number, repr(error)) for number, _, error in fallen],
        time.process_time() - begin,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--inputs",
        type=int,
        default=100_000,
        help="for each form of file; a reader gets a twentieth",
    )
    parser.add_argument("--targets", default=",".join(TARGETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("data/processed/fuzz"))
    given = parser.parse_args()
    jobs = [
        (name, max(int(given.inputs * TARGETS[name].share), 1), given.seed, given.keep)
        for name in given.targets.split(",")
    ]
    worst = 0
    with ProcessPoolExecutor(given.processes) as pool:
        for name, counts, fallen, seconds in pool.map(_run, jobs):
            told = ", ".join(f"{count} {what}" for what, count in counts.items())
            lines = [f"{name}: {told}, {len(fallen)} fallen, {seconds:.0f} s of CPU"]
            lines += [f"  {number}: {error[:300]}" for number, error in fallen]
            sys.stdout.write("\n".join([*lines, ""]))
            sys.stdout.flush()
            worst = max(worst, len(fallen))
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
