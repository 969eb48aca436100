"""The page itself: template, scripts and data in one file that asks for nothing else."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sdaasp_geo.errors import OutputError
from sdaasp_geo.report import style
from sdaasp_geo.report.french import is_missing
from sdaasp_geo.report.observatory.content import content, scenario_names
from sdaasp_geo.report.observatory.extra import check_page_extra
from sdaasp_geo.report.observatory.packing import script_json
from sdaasp_geo.report.observatory.sentences import lead_sentences, scenario_sentences
from sdaasp_geo.report.sentences import key_figures, threshold_sentence
from sdaasp_geo.report.travel import travel_limits
from sdaasp_geo.report.words import (
    assumptions_rows,
    missing_service_sentence,
    same_commune_sentence,
    territory_words,
    version_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains

_FOLDER = "observatory"
# In the order they build on each other; one function holds them all.
_SCRIPTS = (
    *("french", "later", "data", "means", "state", "figures"),
    *("map", "legend", "card", "curve", "table", "search", "controls", "main"),
)


def write_page(diagnostic: Diagnostic, path: str | Path, *, gains: Sequence[Gains] = ()) -> Path:
    """Write the observatory of a diagnostic: one HTML file to explore, in French.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    path
        The file (``observatoire.html``); its folder is made if need be. It appears whole
        or not at all.
    gains
        Scenarios tried on that diagnostic, each with a before and an after on the page,
        under the name of its scenario.

    Returns
    -------
    Path
        `path`. The same diagnostic and gains give the same bytes.

    Raises
    ------
    MissingExtraError
        If plotly is not installed (``pip install 'sdaasp-geo[page]'``).
    ValueError
        If a scenario was tried on another diagnostic.
    OutputError
        If the file cannot be written.
    """
    path = Path(path)
    text = render(diagnostic, gains)
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(text.encode("utf-8", "replace"))
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        message = f"{path}: the page could not be written: {error}"
        raise OutputError(message) from error
    return path


def render(diagnostic: Diagnostic, gains: Sequence[Gains] = ()) -> str:
    """Return the page as text; every piece of data in it is escaped."""
    check_page_extra()
    _check_same(diagnostic, gains)
    environment = Environment(
        loader=PackageLoader("sdaasp_geo.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script, plotly = _script(), _plotly()
    words = _words(diagnostic, gains)
    return environment.get_template(f"{_FOLDER}/page.html.j2").render(
        words,
        policy=_policy(script, plotly),
        styles=Markup(_asset("page.css")),  # noqa: S704 (the library's own)
        script=Markup(script),  # noqa: S704
        plotly=Markup(plotly),  # noqa: S704
        # `<`, `>` and `&` are escaped as JSON does, which no markup can leave.
        data=Markup(script_json(content(diagnostic, gains))),  # noqa: S704
    )


def _check_same(diagnostic: Diagnostic, gains: Sequence[Gains]) -> None:
    for gain in gains:
        before = gain.before
        if before is not diagnostic and not (
            before.basket == diagnostic.basket
            and before.communes["commune"].equals(diagnostic.communes["commune"])
            and before.times.equals(diagnostic.times)
        ):
            message = (
                f"gains: expected scenarios tried on {diagnostic!r}, found "
                f"{gain.scenario.name!r}, tried on {before!r}"
            )
            raise ValueError(message)


def _words(diagnostic: Diagnostic, gains: Sequence[Gains]) -> dict[str, Any]:
    names = scenario_names(gains)
    return {
        "territory": territory_words(diagnostic),
        "fictional": diagnostic.fictional,
        "basket": diagnostic.basket,
        "departements": sorted(set(diagnostic.communes["departement"].astype(str))),
        "epci": sorted(
            zip(
                diagnostic.epci["name"].astype(str),
                diagnostic.epci["epci"].astype(str),
                strict=True,
            )
        ),
        "without_epci": bool(diagnostic.communes["epci"].isna().any()),
        "scenarios": [
            {"name": name, "sentences": scenario_sentences(gain)}
            for name, gain in zip(names, gains, strict=True)
        ],
        "sites": len(diagnostic.sites),
        "figures": key_figures(diagnostic),
        "lead": lead_sentences(diagnostic),
        "thresholds": threshold_sentence(diagnostic),
        "inputs": [
            {
                "name": str(item.get("path", "")),
                "vintage": "" if is_missing(item.get("vintage")) else str(item["vintage"]),
                "sha256": str(item.get("sha256", "")),
            }
            for item in diagnostic.provenance.get("inputs", [])
        ],
        "assumptions": assumptions_rows(diagnostic.assumptions, diagnostic.profile),
        "travel_limits": travel_limits(diagnostic),
        "same_commune": same_commune_sentence(diagnostic.assumptions, diagnostic.profile),
        "missing_service": missing_service_sentence(diagnostic.assumptions),
        "version": version_words(diagnostic),
        "ramp": style.RAMP,
    }


def _asset(name: str) -> str:
    folder = resources.files("sdaasp_geo.report") / "templates" / _FOLDER
    return (folder / name).read_text("utf-8")


def _script() -> str:
    parts = "\n".join(_asset(f"{name}.js") for name in _SCRIPTS)
    return f'(function () {{\n"use strict";\n{parts}\n}}());'


def _plotly() -> str:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 (an extra, and slow to import)

    # It must not end the element that holds it.
    text: str = get_plotlyjs()
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--").strip()


def _policy(*scripts: str) -> str:
    """Content policy: these scripts and no other, and nothing from anywhere else."""
    digests = (hashlib.sha256(script.encode("utf-8")).digest() for script in scripts)
    allowed = " ".join(f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
