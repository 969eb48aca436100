import copy

import pytest
import toy_diagnostic


@pytest.fixture(scope="session")
def toy():
    return toy_diagnostic.make()


@pytest.fixture(params=list(toy_diagnostic.EDGES), scope="session")
def edge(request):
    """Every unusual diagnostic in turn."""
    return toy_diagnostic.EDGES[request.param]()


@pytest.fixture
def frozen_toy(toy):
    """A diagnostic that must come out of the test as it went in."""
    before = copy.deepcopy(toy)
    yield toy
    for name, value in vars(before).items():
        now = getattr(toy, name)
        if hasattr(value, "columns"):
            assert value.equals(now), name
            assert list(value.columns) == list(now.columns), name
        elif name != "summary":  # it holds a NaN, which equals nothing
            assert value == now, name
