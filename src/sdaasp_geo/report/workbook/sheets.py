"""The sheets of the workbook: which table each shows, column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.french import is_missing
from sdaasp_geo.report.reasons import french_note
from sdaasp_geo.report.travel import travel_words
from sdaasp_geo.report.words import BASKET, gamme_label
from sdaasp_geo.report.workbook.columns import Column, column_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sdaasp_geo.diagnostic.model import Diagnostic
    from sdaasp_geo.scenarios.gains import Gains

# A spreadsheet holds 1,048,576 rows, one of them the heading; a sheet of more than this
# helps nobody, and the CSV file has them all.
MOST_ROWS = 100_000


@dataclass(frozen=True)
class Sheet:
    """One sheet: a table under French headings.

    Parameters
    ----------
    title
        Name of the tab.
    about
        What the sheet holds, for the first sheet to say.
    columns
        In their order.
    table
        At least these columns.
    left_out
        Rows that the table had beyond `MOST_ROWS`.
    """

    title: str
    about: str
    columns: tuple[Column, ...]
    table: pd.DataFrame
    left_out: int = 0


def table_sheets(diagnostic: Diagnostic, gains: Sequence[Gains]) -> list[Sheet]:
    """Return the sheets that hold tables, in the order of their tabs."""
    return [
        _communes(diagnostic),
        _sheet(
            diagnostic,
            "services",
            "une ligne par service du panier",
            pd.DataFrame(diagnostic.services).assign(gamme=_gammes(diagnostic)),
        ),
        _sheet(
            diagnostic,
            "gammes",
            "une ligne par gamme de services, puis l'ensemble du panier",
            pd.DataFrame(diagnostic.gammes),
        ),
        _sheet(
            diagnostic,
            "EPCI",
            "une ligne par intercommunalité ; moyennes de ses habitants du territoire",
            pd.DataFrame(diagnostic.epci).rename(columns={"name": "epci_name"}),
        ),
        *_scenario_sheets(diagnostic, gains),
        _left_out(diagnostic),
    ]


def _sheet(diagnostic: Diagnostic, title: str, about: str, table: pd.DataFrame) -> Sheet:
    columns = tuple(column_for(str(name), diagnostic.basket) for name in table.columns)
    shown = table.head(MOST_ROWS).reset_index(drop=True)
    return Sheet(title, about, columns, shown, len(table) - len(shown))


def _gammes(diagnostic: Diagnostic) -> pd.Series:
    return diagnostic.services["gamme"].map(lambda gamme: gamme_label(diagnostic, str(gamme)))


def _communes(diagnostic: Diagnostic) -> Sheet:
    basket = diagnostic.basket
    names = dict(zip(diagnostic.epci["epci"], diagnostic.epci["name"], strict=True))
    table = pd.DataFrame(diagnostic.communes).assign(
        epci_name=diagnostic.communes["epci"].map(names)
    )
    columns = [
        *("commune", "name", "departement", "epci", "epci_name", "population"),
        *("services_reached", "services_expected", "remote_gammes"),
        *(f"remote_{gamme}" for gamme in basket.gamme_ids),
        f"{BASKET}_min",
        *(f"{gamme}_min" for gamme in basket.gamme_ids),
        *(f"{service}_min" for service in basket.service_ids),
    ]
    # A territory without a column of what was reached has none to show.
    present = [name for name in columns if name in table]
    return _sheet(
        diagnostic,
        "communes",
        f"une ligne par commune ; temps moyens de ses habitants, en {travel_words(diagnostic).minutes_of}",
        table[present],
    )


def _left_out(diagnostic: Diagnostic) -> Sheet:
    both = [
        pd.DataFrame(table).assign(what=what)
        for table, what in (
            (diagnostic.rejects, "écartée"),
            (diagnostic.flags, "gardée, douteuse"),
        )
    ]
    table = pd.concat(both, ignore_index=True)
    told = table["reason"].map(lambda reason: french_note(str(reason)), na_action="ignore")
    columns = ["what", "source", "row", "column", "value", "reason"]
    about = "lignes des fichiers écartées du calcul, ou gardées mais douteuses, et pourquoi"
    return _sheet(diagnostic, "rejets", about, table.assign(reason=told).reindex(columns=columns))


_PLAIN = ("opened", "closed", "moved", "converted", "inhabitants_gaining",
          "mean_gain_of_gainers_min", "gainers_in_remote_communes", "inhabitants_losing",
          "inhabitants_newly_reached", "inhabitants_newly_unreached")  # fmt: skip


def _scenario_sheets(diagnostic: Diagnostic, gains: Sequence[Gains]) -> list[Sheet]:
    """One line a scenario; then services and communes, where there is a scenario."""
    lines = [_scenario_line(found) for found in gains]
    columns = ["scenario", *_PLAIN, "leaving_remoteness", "entering_remoteness"]
    about = "une ligne par scénario essayé" if gains else "aucun scénario n'a été essayé"
    first = _sheet(diagnostic, "scénarios", about, pd.DataFrame(lines, columns=columns))
    if not gains:
        return [first]
    services = pd.concat(
        [
            found.services.assign(scenario=found.scenario.name, gamme=_labels(diagnostic, found))
            for found in gains
        ],
        ignore_index=True,
    )
    communes = pd.concat(
        [pd.DataFrame(found.communes).assign(scenario=found.scenario.name) for found in gains],
        ignore_index=True,
    )
    # Communes where nothing happens would hide the others.
    touched = communes[_PEOPLE_TOUCHED].sum(axis=1) > 0
    return [
        first,
        _sheet(
            diagnostic,
            "scénarios services",
            "une ligne par scénario et service touché",
            services[_front(services.columns)],
        ),
        _sheet(
            diagnostic,
            "scénarios communes",
            "une ligne par scénario et commune où au moins un habitant gagne ou perd",
            communes.loc[touched, _COMMUNE_GAINS],
        ),
    ]


_PEOPLE_TOUCHED = ["inhabitants_gaining", "inhabitants_losing", "inhabitants_newly_reached",
                   "inhabitants_newly_unreached"]  # fmt: skip
_COMMUNE_GAINS = ["scenario", "commune", "name", "epci", "population", "gain_min", "loss_min",
                  *_PEOPLE_TOUCHED, "remote_gammes_before", "remote_gammes_after"]  # fmt: skip


def _front(names: pd.Index) -> list[str]:
    return ["scenario", *(str(name) for name in names if name != "scenario")]


def _labels(diagnostic: Diagnostic, gains: Gains) -> pd.Series:
    return gains.services["gamme"].map(lambda gamme: gamme_label(diagnostic, str(gamme)))


def _scenario_line(gains: Gains) -> dict[str, object]:
    summary = gains.summary
    plain = {name: None if is_missing(summary[name]) else summary[name] for name in _PLAIN}
    return {
        "scenario": gains.scenario.name,
        **plain,
        "leaving_remoteness": len(summary["communes_leaving_remoteness"]),
        "entering_remoteness": len(summary["communes_entering_remoteness"]),
    }
