"""Commune codes as files write them, and the département that a code tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdaasp_geo.tables.schemas import COMMUNE_CODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONG_DEPARTEMENT = "97"
_EATEN_ZERO = r"^\d{4}$"

NO_CODE = "no commune code"
BAD_CODE = "not an INSEE commune code of 5 characters"
EATEN_ZERO = f"{BAD_CODE}: a leading zero eaten by a spreadsheet"


def as_text(values: pd.Series) -> pd.Series:
    """Turn a column of any type into stripped text, missing where empty; 13055.0 is '13055'.

    Examples
    --------
    >>> as_text(pd.Series([13055.0, None])).tolist()
    ['13055', nan]
    """
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        values = values.astype("Int64")
    text = values.astype("object").where(values.notna(), None)
    stripped = text.map(str, na_action="ignore").astype("str").str.strip()
    return stripped.where(stripped.ne("") & stripped.notna())


def renamed(texts: pd.Series, names: Mapping[str, str]) -> pd.Series:
    """Replace each text by its name; missing, and still a column of text, where it has none.

    Examples
    --------
    >>> renamed(pd.Series(["a", "b"]), {"a": "un"}).tolist()
    ['un', nan]
    """
    return for_each_value(texts, lambda values: values.map(dict(names)).astype("str"))


def for_each_value(texts: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Apply a function to the distinct values of a column, and spread what it gives.

    A national file has few values and many rows. What is missing stays missing.

    Examples
    --------
    >>> for_each_value(pd.Series(["a", "b", None, "a"]), lambda v: v.str.upper()).tolist()
    ['A', 'B', nan, 'A']
    """
    places, values = pd.factorize(texts)
    found = function(pd.Series(values, dtype="str")).reindex(range(len(values) + 1))
    taken = found.array.take(np.where(places < 0, len(values), places))
    return pd.Series(taken, index=texts.index, name=texts.name)


def departement_of(codes: pd.Series) -> pd.Series:
    """Département of each commune code: two characters, three overseas.

    Examples
    --------
    >>> departement_of(pd.Series(["13055", "2A004", "97411", None])).tolist()
    ['13', '2A', '974', nan]
    """
    return for_each_value(codes.astype("str"), _departement_of)


def _departement_of(text: pd.Series) -> pd.Series:
    overseas = text.str.startswith(_LONG_DEPARTEMENT).fillna(value=False)
    return text.str[:2].where(~overseas, text.str[:3])


def joined_code(departement: pd.Series, part: pd.Series) -> pd.Series:
    """Join a département and the number of a commune in it, as text.

    Examples
    --------
    >>> joined_code(pd.Series(["13", "974", "974"]), pd.Series(["4", "11", "411"])).tolist()
    ['13004', '97411', '97411']
    """
    # Overseas the département's third character is the first one of the commune's part.
    long = departement.str.len() > 2
    overlap = long & (part.str.len() > 2)
    first = departement.where(~overlap, departement.str[:2])
    padded = part.str.zfill(3).mask(long & ~overlap, part.str.zfill(2))
    return first + padded


def code_troubles(codes: pd.Series) -> pd.Series:
    """Say what is wrong with each code as text; missing where it has the right form.

    Examples
    --------
    >>> code_troubles(pd.Series(["13055", "1004", None])).tolist()[0]
    nan
    """
    text = codes.astype("str")
    troubles = pd.Series(None, index=codes.index, dtype="str")
    troubles = troubles.mask(text.isna(), NO_CODE)
    formed = text.str.match(COMMUNE_CODE).fillna(value=False)
    eaten = text.str.match(_EATEN_ZERO).fillna(value=False)
    return troubles.mask(text.notna() & ~formed, BAD_CODE).mask(eaten, EATEN_ZERO)
