"""One browser, one example, and toy worlds; each page is loaded once for a group of checks."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

import sdaasp_geo as sg

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
DESK = ("point_accueil_caf", "point_accueil_cpam", "point_accueil_msa", "pole_emploi")
OPENING, CLOSING = "Deux guichets de plus", "Une maternité de moins"


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


class Watched:
    """A page, and whatever it should not have done."""

    def __init__(self, page, path):
        self.page, self.path = page, path
        self.trouble, self.opened = [], 0
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self._asked(request.url))

    def _note(self, kind, text):
        if kind in {"error", "warning"}:
            self.trouble.append(f"{kind}: {text}")

    def _dialog(self, dialog):
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _asked(self, url):
        if url.split("#")[0] != self.path.as_uri() and not url.startswith(("blob:", "data:")):
            self.trouble.append(f"request: {url}")

    def open(self, fragment="#theme=panier", *, fresh=False):
        """Load the file, or follow a link to a view if it is loaded already."""
        if self.opened and not fresh:
            self.opened += 1
            self.show(f"{fragment}&n={self.opened}")
            return self
        self.opened = 1
        # A fragment alone would not load the file again.
        self.page.goto("about:blank")
        self.page.goto(self.path.as_uri() + fragment)
        self.page.wait_for_selector("body[data-ready]")
        return self

    def show(self, fragment):
        """Follow a link to another view, in the page as it is."""
        self.page.evaluate(
            "hash => new Promise(done => {"
            " addEventListener('hashchange', () => setTimeout(done), { once: true });"
            " location.hash = hash; })",
            fragment,
        )

    def settle(self):
        """Wait for what follows the first picture."""
        self.page.evaluate("observatoire.settled()")
        return self

    def all_texts(self, selector):
        self.settle()
        return [plain(text) for text in self.page.locator(selector).all_inner_texts()]

    def count(self, selector):
        self.settle()
        return self.page.locator(selector).count()

    def text(self, selector):
        self.settle()
        return plain(self.page.inner_text(selector))

    def ask(self, code, argument=None):
        return self.page.evaluate(code, argument)

    def values(self):
        return self.ask("observatoire.values().map(v => Number.isNaN(v) ? null : v)")

    def state(self):
        return self.ask("observatoire.state()")


def plain(text):
    """Text with ordinary spaces, to compare by eye."""
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


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
