"""Names of columns: those a reader asks for against those a file has."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sdaasp_geo.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_LISTED = 40
_SHORTEST = 3


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that looks most like another, whatever their case.

    Examples
    --------
    >>> nearest("code_inse", ["nom", "CODE_INSEE"])
    'CODE_INSEE'
    >>> nearest("latitude", ["lon", "lat"])
    'lat'
    """
    by_lower = {item.lower(): item for item in known}
    asked = name.lower()
    found = difflib.get_close_matches(asked, by_lower, n=1, cutoff=0.6)
    # A shortened name (lat) looks too unlike the whole one for the measure above.
    found += [
        low
        for low in by_lower
        if min(len(low), len(asked)) >= _SHORTEST
        and (asked.startswith(low) or low.startswith(asked))
    ]
    return by_lower[found[0]] if found else None


def listing(names: Sequence[str], what: str = "columns") -> str:
    """Name what is there, shortened where a file has very many."""
    if not names:
        return f"no {what}"
    more = f" … ({len(names)} in all)" if len(names) > _LISTED else ""
    return f"the {what} {', '.join(names[:_LISTED])}{more}"


def missing_column(file: str, name: str, present: Sequence[str]) -> Fault:
    """Return the fault of a column that a file does not have."""
    near = nearest(name, present)
    cause = f"the column is called {near!r} here" if near else "another file, or another vintage"
    return Fault(file, "this column", listing(present), cause, column=name)


def file_names(
    file: str,
    columns: Mapping[str, str],
    *,
    required: Sequence[str],
    optional: Sequence[str] = (),
) -> dict[str, str]:
    """Return the file's name of each column that a reader uses.

    A required column that the mapping does not name is looked for under the library's
    own name.

    Parameters
    ----------
    file
        The file as the reader of the message knows it.
    columns
        Library's name → name in the file, as in a territory file.
    required, optional
        Names that the reader knows.

    Raises
    ------
    InputError
        If the mapping has a key that the reader does not know.
    """
    known = [*required, *optional]
    faults = [_unknown_key(file, key, known) for key in columns if key not in known]
    if faults:
        raise InputError(faults)
    names = {name: name for name in required} | dict(columns)
    return {name: names[name] for name in known if name in names}


def _unknown_key(file: str, key: str, known: Sequence[str]) -> Fault:
    near = nearest(key, known)
    expected = f"one of {', '.join(known)}" + (f" (did you mean {near!r}?)" if near else "")
    return Fault(file, expected, repr(key), "a typing mistake", column=f"columns.{key}")
