"""A page in a browser, and what its figures are compared with."""

import numpy as np
import pandas as pd

import sdaasp_geo as sg
from sdaasp_geo.indicators.means import basket_means, population_mean

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
DESK = ("point_accueil_caf", "point_accueil_cpam", "point_accueil_msa", "pole_emploi")
OPENING, CLOSING = "Deux guichets de plus", "Une maternité de moins"


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


def filled(values):
    return [None if pd.isna(value) else float(value) for value in values]


def close(found, expected):
    found = [np.nan if value is None else value for value in found]
    np.testing.assert_allclose(
        np.asarray(found, float), np.asarray(expected, float), rtol=1e-9, atol=1e-9
    )


def fragment(**told):
    return "#" + "&".join(f"{key}={value}" for key, value in told.items())


def weighted(basket, chosen):
    services = tuple(
        sg.Service(s.id, s.label, s.gamme, frequency=chosen.get(s.id, 1.0)) for s in basket.services
    )
    return sg.Basket(basket.name, basket.label, basket.source, basket.gammes, services)


def oracle(diagnostic, chosen, missing):
    """Mean of a reader's basket by commune (rank), by the library's own formulas."""
    times = diagnostic.times[diagnostic.times["service"].isin(chosen)]
    basket = weighted(diagnostic.basket, chosen)
    means = basket_means(times, basket, how="by_frequency", missing=missing)
    origins = diagnostic.origins.set_index("origin")
    found = population_mean(means.to_frame(), origins["population"], by=origins["commune"])
    codes = pd.Index(diagnostic.communes["commune"])
    found.index = codes.get_indexer(found.index)
    return found["basket_min"].sort_index()
