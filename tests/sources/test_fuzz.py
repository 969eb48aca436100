"""A few damaged files for every reader; `make fuzz` feeds many more."""

import pytest
from fuzz import falls
from fuzz_targets import TARGETS

from sdaasp_geo.errors import SdaaspError


@pytest.mark.parametrize("name", TARGETS)
def test_the_undamaged_files_are_read(tmp_path, name):
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds):
        path = tmp_path / f"{number}{target.ending}"
        path.write_bytes(seed)
        try:
            target.read(path)
        except SdaaspError as error:
            pytest.fail(f"{name}, seed {number}: {error}")


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files_are_read_or_refused(name):
    # Readers of cells take ten times as long as forms: a few of each here, many elsewhere.
    inputs = 6 if TARGETS[name].share == 1.0 else 2
    counts, fallen = falls(name, inputs, seed=1)
    assert not fallen
    assert sum(counts.values()) == inputs
