"""Rows left out, doubtful or unused: counts by file and reason, and the first of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.report.cells import NUMBER, TEXT, Cell, Group, Table, number_cell
from sdaasp_geo.report.french import MISSING, is_missing
from sdaasp_geo.report.reasons import french_note

if TYPE_CHECKING:
    from sdaasp_geo.diagnostic.model import Diagnostic

_FIRST_ROWS = 10
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class NoteSection:
    """One of the three kinds of notes.

    Parameters
    ----------
    title, text
        Heading, and what the rows are.
    file
        Where all of them are, beside the page.
    total
        Rows in it.
    counts, first
        By file and reason; the first rows (None for rows that are only counted).
    """

    title: str
    text: str
    file: str
    total: int
    counts: Table
    first: Table | None


def note_sections(diagnostic: Diagnostic) -> list[NoteSection]:
    """Rejects, flags and unused rows."""
    rejects, flags, unused = diagnostic.rejects, diagnostic.flags, diagnostic.unused
    return [
        NoteSection(
            "Lignes écartées",
            "Des lignes fautives, qui n'entrent dans aucun calcul.",
            "rejects.csv",
            len(rejects),
            _counts("Lignes écartées, par fichier et par cause", rejects, None),
            _first("Premières lignes écartées", rejects),
        ),
        NoteSection(
            "Lignes douteuses",
            "Des lignes gardées, mais dont une valeur étonne ou a été remplacée.",
            "flags.csv",
            len(flags),
            _counts("Lignes douteuses, par fichier et par cause", flags, None),
            _first("Premières lignes douteuses", flags),
        ),
        NoteSection(
            "Lignes sans emploi",
            "Des lignes sans défaut dont le diagnostic n'a pas besoin.",
            "unused.csv",
            int(unused["rows"].sum()),
            _counts("Lignes sans emploi, par fichier et par cause", unused, "rows"),
            None,
        ),
    ]


def _counts(caption: str, notes: pd.DataFrame, weight: str | None) -> Table:
    lines = pd.DataFrame(
        {
            "source": [_text(value) for value in notes["source"]],
            "reason": [french_note(str(value), general=True) for value in notes["reason"]],
            "rows": notes[weight].to_numpy() if weight else 1,
        },
    )
    totals = lines.groupby(["source", "reason"])["rows"].sum().reset_index()
    totals = totals.sort_values(["source", "rows", "reason"], ascending=[True, False, True])
    every = zip(totals["source"], totals["reason"], totals["rows"], strict=True)
    rows = [
        [Cell(str(source)), Cell(str(reason)), number_cell(rows)] for source, reason, rows in every
    ]
    columns = [("Fichier", TEXT), ("Cause", TEXT), ("Lignes", NUMBER)]
    return Table(caption, columns, [Group("", rows)])


def _first(caption: str, notes: pd.DataFrame) -> Table:
    rows = [
        [
            Cell(_text(line.source)),
            # A row is a place in a file, not a quantity: no space between thousands.
            # A note of row 0 is about the whole file.
            Cell(str(line.row) if line.row else MISSING),
            Cell(_text(line.column)),
            Cell(_short(_text(line.value))),
            Cell(french_note(str(line.reason))),
        ]
        for line in notes.head(_FIRST_ROWS).itertuples(index=False)
    ]
    columns = [
        ("Fichier", TEXT),
        ("Ligne", NUMBER),
        ("Colonne", TEXT),
        ("Valeur", TEXT),
        ("Cause", TEXT),
    ]
    return Table(caption, columns, [Group("", rows)])


def _text(value: object) -> str:
    return MISSING if is_missing(value) or value == "" else str(value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
