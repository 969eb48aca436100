"""A page made of sections: what the pages of scenarios share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from sdaasp_geo.report import style
from sdaasp_geo.report.cells import Cell
from sdaasp_geo.report.embedded import Picture, embed
from sdaasp_geo.report.french import is_missing
from sdaasp_geo.report.tallies import CLASS_LABELS
from sdaasp_geo.report.travel import travel_limits
from sdaasp_geo.report.words import (
    assumptions_rows,
    missing_service_sentence,
    same_commune_sentence,
    territory_words,
    version_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.report.cells import Table
    from sdaasp_geo.report.sentences import KeyFigure

_TEMPLATE = "dossier.html.j2"


@dataclass(frozen=True)
class Map:
    """A map as the page shows it."""

    anchor: str
    caption: str
    alt: str
    picture: Picture


@dataclass(frozen=True)
class LightCell(Cell):
    """A cell with a traffic light (``good``, ``middle``, ``bad``, ``unknown``), told in words too."""

    light: str = "unknown"


@dataclass(frozen=True)
class Block:
    """A piece of a section, in this order: heading, texts, list, table, maps, pairs.

    Parameters
    ----------
    heading
        Empty for none.
    texts, items
        Paragraphs, and the points of a list.
    table
        Left out where it has no row.
    legend
        Whether the colours of times stand under the table.
    maps, small
        Maps, and whether they are shown small beside each other.
    pairs
        Labels and values.
    file
        Where the whole table is, beside the page; empty for none.
    """

    heading: str = ""
    texts: Sequence[str] = ()
    items: Sequence[str] = ()
    table: Table | None = None
    legend: bool = False
    maps: Sequence[Map] = ()
    small: bool = False
    pairs: Sequence[tuple[str, str]] = ()
    file: str = ""


@dataclass(frozen=True)
class Section:
    """A section with its place in the page's contents."""

    anchor: str
    short: str
    title: str
    blocks: Sequence[Block]
    figures: Sequence[KeyFigure] = ()


@dataclass(frozen=True)
class Page:
    """A whole page."""

    title: str
    over: str
    under: str
    territory: str
    fictional: bool
    version: str
    sections: Sequence[Section] = field(default_factory=tuple)


def page_of(
    diagnostic: Diagnostic, title: str, over: str, under: str, sections: Sequence[Section]
) -> Page:
    """Make a page on a diagnostic's territory."""
    return Page(
        title=title,
        over=f"{over} – {territory_words(diagnostic)}",
        under=under,
        territory=territory_words(diagnostic),
        fictional=diagnostic.fictional,
        version=version_words(diagnostic),
        sections=sections,
    )


def write_page(page: Page, path: Path) -> Path:
    """Write a page that needs nothing but itself; every piece of data in it is escaped."""
    environment = Environment(
        loader=PackageLoader("sdaasp_geo.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(_TEMPLATE).render(
        page=page, ramp=style.RAMP, classes=CLASS_LABELS
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path


def embedded_maps(paths: Sequence[Path], words: Callable[[str], tuple[str, str]]) -> dict[str, Map]:
    """Embed maps, by the stem of their file; `words` gives the caption and the text in its place."""
    found = {}
    for path, picture in zip(paths, embed(paths), strict=True):
        caption, alt = words(path.stem)
        found[path.stem] = Map(f"carte-{path.stem}", caption, alt, picture)
    return found


def method_section(
    diagnostic: Diagnostic, texts: Sequence[str], limits: Sequence[str], provenance: Sequence[str]
) -> Section:
    """Say how it was computed: own texts first, then the choices of the diagnostic."""
    choices = diagnostic.assumptions
    files = [
        (str(item.get("path", "")), _file_words(item))
        for item in diagnostic.provenance.get("inputs", [])
    ]
    common = [
        f"{same_commune_sentence(choices, diagnostic.profile)} {missing_service_sentence(choices)}"
    ]
    return Section(
        "methode",
        "Méthode et limites",
        "Comment c'est calculé",
        [
            Block(texts=[*texts, *common]),
            Block(
                "Ce que ces chiffres ne disent pas",
                items=[*limits, travel_limits(diagnostic), *_LIMITS],
            ),
            Block(
                "Les hypothèses de ce calcul", pairs=assumptions_rows(choices, diagnostic.profile)
            ),
            Block("Les fichiers reçus", texts=provenance, pairs=files),
        ],
    )


_LIMITS = (
    (
        "L'équipement le plus proche n'est pas toujours celui que l'on choisit ; ni les horaires, "
        "ni les effectifs ne sont comptés dans ces temps."
    ),
    "Une moyenne par commune cache ses hameaux.",
)


def _file_words(item: dict[str, object]) -> str:
    vintage = item.get("vintage")
    told = "" if vintage is None or is_missing(vintage) else f"millésime {vintage}, "
    return f"{told}SHA-256 {item.get('sha256', '')}"
