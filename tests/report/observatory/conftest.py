"""One browser, one example, and toy worlds; each page is loaded once for a group of checks."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from page_driving import BROWSERS, CLOSING, DESK, DESKTOP, OPENING, Watched

import sdaasp_geo as sg


@pytest.fixture(scope="session")
def browser():
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)}")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def opened(browser):
    """Open a file in a page of its own, and fail if it did what a page must not."""

    @contextmanager
    def open_page(path, *, size=DESKTOP, fragment="#theme=panier"):
        page = browser.new_page(viewport=size, accept_downloads=True)
        watched = Watched(page, Path(path).absolute())
        try:
            yield watched.open(fragment)
            assert watched.trouble == []
        finally:
            page.close()

    return open_page


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """The example territory, two desks more where it is most remote, a maternity ward less."""
    folder = tmp_path_factory.mktemp("example")
    sg.write_example(folder)
    diagnostic = sg.diagnose(sg.read_territory(folder / "exemple.toml"))
    far = diagnostic.remote_communes.head(2)
    desks = tuple(
        sg.Opening(f"Guichet de {name}", services=DESK, unit=unit)
        for name, unit in zip(far["name"], far["commune"], strict=True)
    )
    facilities = diagnostic.land.facilities
    ward = facilities.loc[facilities["service"] == "maternite", "facility"].iloc[0]
    scenarios = (
        sg.Scenario(OPENING, openings=desks),
        sg.Scenario(CLOSING, closings=(sg.Closing(facility=ward),)),
    )
    return diagnostic, [sg.simulate(diagnostic, scenario) for scenario in scenarios]


@pytest.fixture(scope="session")
def example_file(example, tmp_path_factory):
    diagnostic, gains = example
    return sg.write_page(diagnostic, tmp_path_factory.mktemp("page") / "o.html", gains=gains)


@pytest.fixture(scope="session")
def example_page(opened, example_file):
    """The example's page, shared: each test says by the fragment what it wants to see."""
    with opened(example_file) as watched:
        yield watched
