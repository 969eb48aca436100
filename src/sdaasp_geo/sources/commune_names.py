"""Communes that a file knows by name: the code that a name and a postcode tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from sdaasp_geo.tables.folding import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sdaasp_geo.tables.places import Places
    from sdaasp_geo.tables.reading import Notes

KNOWN_BY_NAME = "no commune code: known by the name of its commune"
_SAINT = {"st": "saint", "ste": "sainte"}
# What an address adds to the name of a city: "Marseille Cedex 20", "Lyon 3e arrondissement".
_ADDED = re.compile(r"_(?:cedex(?:_\d+)?|\d{1,2}(?:er|e|eme)?(?:_arr(?:ondissement|dt)?)?)$")
_DEPARTEMENT = 2


def codes_by_name(
    frame: pd.DataFrame,
    codes: pd.Series,
    places: Places,
    notes: Notes,
    *,
    columns: Mapping[str, str],
) -> pd.Series:
    """Fill in the commune codes of rows that have none, from the name of the commune.

    Parameters
    ----------
    frame
        ``city``, and ``postcode`` where the file has one; indexed by file row.
    codes
        Codes of the file, missing where there is none.
    places
        A name must be that of one commune in the département of the postcode, or of one
        commune at all. Case, accents, hyphens and "St" do not matter, nor do "Cedex" and
        the number of an arrondissement after it.
    notes
        Receives a flag for every row that is known by name.
    columns
        Names in the file, for messages.

    Returns
    -------
    Series
        Index of `frame`; still missing where the name tells no single commune.
    """
    lacking = codes.isna() & frame["city"].notna()
    if not lacking.any():
        return codes
    by_name: dict[tuple[str, str], set[str]] = {}
    units = places.units
    for unit, commune, name in zip(units.index, units["commune"], units["name"], strict=True):
        # Arrondissements are named 1er, 2e …: a city of that name is its own commune.
        if unit == commune:
            for where in ("", _departement(unit)):
                by_name.setdefault((where, _plain(name)), set()).add(unit)
    postcodes = frame["postcode"] if "postcode" in frame else pd.Series(None, index=frame.index)
    found = {
        row: _sole(by_name, _plain(city), postcode)
        for row, city, postcode in zip(
            frame.index[lacking], frame["city"][lacking], postcodes[lacking], strict=True
        )
    }
    told = pd.Series(found, dtype="str").dropna()
    if len(told):
        notes.flag(told.index, columns["city"], frame.loc[told.index, "city"], KNOWN_BY_NAME)
    return codes.fillna(told)


def _sole(names: Mapping[tuple[str, str], set[str]], name: str, postcode: object) -> str | None:
    start = str(postcode).strip().zfill(5)[:_DEPARTEMENT] if isinstance(postcode, str) else ""
    # Corsica's postcodes begin with 20, its communes with 2A or 2B.
    starts = ("2A", "2B") if start == "20" else (start,)
    known = {shorter for where in starts for shorter in _spoken(name) if (where, shorter) in names}
    # The longest name that is one: a commune may be called by a number.
    called = max(known, key=len, default=name)
    units = {unit for where in starts for unit in names.get((where, called), ())}
    return next(iter(units)) if len(units) == 1 else None


def _spoken(name: str) -> list[str]:
    """Return a name, and what is left of it without what an address adds."""
    shorter = [name]
    while (less := _ADDED.sub("", shorter[-1])) != shorter[-1]:
        shorter.append(less)
    return shorter


def _departement(unit: str) -> str:
    return unit[:_DEPARTEMENT]


def _plain(name: object) -> str:
    words = folded(str(name)).split("_")
    return "_".join(_SAINT.get(word, word) for word in words)
