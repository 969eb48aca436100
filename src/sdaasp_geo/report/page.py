"""The report: one French page that needs nothing but itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from sdaasp_geo.report import style
from sdaasp_geo.report.embedded import Picture, embed
from sdaasp_geo.report.french import count, is_missing, number, percent
from sdaasp_geo.report.pagenotes import note_sections
from sdaasp_geo.report.pagetables import (
    contrast_table,
    epci_table,
    gamme_table,
    remote_table,
    service_table,
    zone_table,
)
from sdaasp_geo.report.sentences import key_figures, key_sentences, threshold_sentence
from sdaasp_geo.report.tallies import CLASS_LABELS
from sdaasp_geo.report.travel import PUBLISHED, travel_limits, travel_words
from sdaasp_geo.report.words import (
    BASKET,
    assumptions_rows,
    item_title,
    missing_service_sentence,
    same_commune_sentence,
    territory_words,
    version_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sdaasp_geo.diagnostic.model import Diagnostic

FILE_NAME = "rapport.html"
_TEMPLATE = "rapport.html.j2"
_SERVICE, _GAMME = "service-", "gamme-"
_BASKET_MAP, _REMOTE_MAP, _ZONES_MAP = "panier", "eloignement", "zones"

_ROLE_WORDS = {
    "communes": "communes",
    "chefs_lieux": "chefs-lieux",
    "arrondissements": "arrondissements",
    "passage": "passage entre codes",
    "movements": "mouvements des communes",
    "populations": "populations",
    "times": "temps publiés",
    "levels": "niveaux",
    "origins": "lieux de départ",
    "roads": "routes",
    "facilities": "équipements",
    "sites": "sites France services",
}


@dataclass(frozen=True)
class FigureView:
    """A map as the page shows it."""

    anchor: str
    caption: str
    alt: str
    picture: Picture


def write_report(diagnostic: Diagnostic, maps: Sequence[Path], folder: Path) -> Path:
    """Write the report of a diagnostic as one self-contained HTML page.

    Parameters
    ----------
    diagnostic
        Finished tables; none is changed.
    maps
        Maps to show (PNG), recognised by the names that
        :func:`~sdaasp_geo.report.maps.write_maps` gives; others come last. They are
        put into the page, in smaller size where all of them would weigh too much.
    folder
        Made if it does not exist.

    Returns
    -------
    Path
        ``rapport.html``. The same diagnostic and maps give the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    path.write_bytes(render(diagnostic, maps).encode("utf-8"))
    return path


def render(diagnostic: Diagnostic, maps: Sequence[Path]) -> str:
    """Return the page as text; every piece of data in it is escaped."""
    environment = Environment(
        loader=PackageLoader("sdaasp_geo.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE).render(_content(diagnostic, maps))


def _content(diagnostic: Diagnostic, maps: Sequence[Path]) -> dict[str, Any]:
    figures = _figures(diagnostic, maps)

    def shown(*names: str) -> list[FigureView]:
        return [figures[name] for name in names if name in figures]

    lead = [f"{_GAMME}{gamme}" for gamme in diagnostic.basket.gamme_ids] + [_BASKET_MAP]
    services = [f"{_SERVICE}{service}" for service in diagnostic.basket.service_ids]
    known = {*lead, *services, _REMOTE_MAP, _ZONES_MAP}
    return {
        "territory": territory_words(diagnostic),
        "basket": diagnostic.basket,
        "fictional": diagnostic.fictional,
        "figures": key_figures(diagnostic),
        "sentences": key_sentences(diagnostic),
        "thresholds": threshold_sentence(diagnostic),
        "ramp": style.RAMP,
        "classes": CLASS_LABELS,
        "gammes": gamme_table(diagnostic),
        "gamme_maps": shown(*lead),
        "remote": remote_table(diagnostic),
        "remote_maps": shown(_REMOTE_MAP),
        "undetermined": _undetermined(diagnostic),
        "zones": zone_table(diagnostic),
        "zone_maps": shown(_ZONES_MAP),
        "epci": epci_table(diagnostic),
        "without_epci": _without_epci(diagnostic),
        "contrast": contrast_table(diagnostic),
        "services": service_table(
            diagnostic,
            lambda service: f"#carte-{_SERVICE}{service}" if _SERVICE + service in figures else "",
        ),
        "service_maps": shown(*services, *(name for name in figures if name not in known)),
        "notes": note_sections(diagnostic),
        **_origin_of_figures(diagnostic),
    }


def _origin_of_figures(diagnostic: Diagnostic) -> dict[str, Any]:
    provenance = diagnostic.provenance
    choices = diagnostic.assumptions
    return {
        "inputs": [
            {
                "name": str(item.get("path", "")),
                "role": _ROLE_WORDS.get(str(item.get("role")), ""),
                "vintage": "" if is_missing(item.get("vintage")) else str(item["vintage"]),
                "sha256": str(item.get("sha256", "")),
            }
            for item in provenance.get("inputs", [])
        ],
        "territory_file": provenance.get("territory", {}),
        "basket_source": diagnostic.basket.source,
        "buffer": _kilometres(provenance.get("buffer_km")),
        "assumptions": assumptions_rows(choices, diagnostic.profile),
        "travel": travel_words(diagnostic),
        "travel_limits": travel_limits(diagnostic),
        "same_commune": same_commune_sentence(choices, diagnostic.profile),
        "missing_service": missing_service_sentence(choices),
        "estimates": _estimates(diagnostic),
        "version": version_words(diagnostic),
    }


def _figures(diagnostic: Diagnostic, maps: Sequence[Path]) -> dict[str, FigureView]:
    pictures = embed(maps)
    views = {}
    for path, picture in zip(maps, pictures, strict=True):
        caption, alt = _map_words(diagnostic, path.stem)
        views[path.stem] = FigureView(f"carte-{path.stem}", caption, alt, picture)
    return views


def _map_words(diagnostic: Diagnostic, name: str) -> tuple[str, str]:
    if name == _REMOTE_MAP:
        caption = "Nombre de gammes dont chaque commune est éloignée"
        return (
            caption,
            f"Carte du nombre de gammes dont chaque commune de {diagnostic.name} est éloignée",
        )
    if name == _ZONES_MAP:
        caption = "Zones de communes contiguës éloignées"
        return caption, f"Carte des zones de communes contiguës éloignées de {diagnostic.name}"
    column = BASKET if name == _BASKET_MAP else name.removeprefix(_GAMME).removeprefix(_SERVICE)
    if f"{column}_min" not in diagnostic.communes:
        return name, f"Carte {name}"
    title = item_title(diagnostic, column)
    how = travel_words(diagnostic).how
    return title, f"Carte du temps d'accès {how} par commune : {title}"


def _undetermined(diagnostic: Diagnostic) -> list[str]:
    communes = diagnostic.communes
    return [str(name) for name in communes.loc[communes["remote_gammes"].isna(), "name"]]


def _without_epci(diagnostic: Diagnostic) -> str:
    lacking = int(diagnostic.communes["epci"].isna().sum())
    return count(lacking, "commune") if lacking else ""


def _kilometres(value: float | None) -> str:
    return "" if is_missing(value) else number(value)


def _estimates(diagnostic: Diagnostic) -> str:
    """Say for which services most inhabitants' time is an estimate or a rule."""
    if diagnostic.profile == PUBLISHED:
        return "Tous les temps sont ceux que l'Insee publie : aucun n'est calculé ici."
    shares = diagnostic.services["estimate_share"].dropna()
    mostly = int((shares > 0.5).sum())
    if not (shares > 0).any():
        return "Tous les temps sont calculés par la route."
    return (
        "Une partie des temps n'est pas calculée par la route, mais estimée ou fixée par une "
        f"règle. C'est le cas pour plus de {percent(0.5)} des habitants desservis pour "
        f"{count(mostly, 'service')} sur {number(len(diagnostic.services))} ; la colonne « Part "
        "estimée » du tableau des services le dit service par service."
    )
