"""Tables whose columns are spelled in several ways: the form is told by the header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sdaasp_geo.errors import InputError
from sdaasp_geo.sources.text import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from sdaasp_geo.tables.reading import Notes

SEPARATORS = (";", ",", "\t")


@dataclass(frozen=True)
class Form:
    """One way to spell the columns of a table.

    Parameters
    ----------
    required, optional
        Library's name → name in the file.
    """

    required: Mapping[str, str]
    optional: Mapping[str, str]


@dataclass(frozen=True)
class FormTable:
    """A table read in the first form that fits its header.

    Parameters
    ----------
    frame
        Text cells under the library's names; columns that the file lacks are not there.
    form
        The form that fitted.
    rows_read
        Data rows of the file.
    """

    frame: pd.DataFrame
    form: Form
    rows_read: int

    @property
    def names(self) -> dict[str, str]:
        """Library's name → name in the file, of the columns that there are."""
        both = {**self.form.required, **self.form.optional}
        return {ours: both[ours] for ours in map(str, self.frame.columns)}


def read_forms(path: Path, notes: Notes, forms: Sequence[Form]) -> FormTable:
    """Read a table in the first of several forms that its header has.

    Parameters
    ----------
    path
        What :func:`~sdaasp_geo.sources.text.read_text` reads.
    notes
        Receives the rows rejected while reading.
    forms
        Spellings, the most likely first.

    Raises
    ------
    InputError
        What is wrong with the file for the first form, if none fits.
    """
    first: InputError | None = None
    for form in forms:
        optional = [name for name in form.optional.values() if name not in form.required.values()]
        try:
            text = read_text(
                path,
                notes,
                required=list(form.required.values()),
                optional=optional,
                separators=SEPARATORS,
            )
        except InputError as error:
            first = first or error
            continue
        both = {**form.required, **form.optional}
        present = {ours: theirs for ours, theirs in both.items() if theirs in text.frame}
        frame = text.frame[list(present.values())].set_axis(list(present), axis=1)
        return FormTable(frame, form, text.rows_read)
    raise first or InputError([])


def in_other_case(form: Form) -> list[Form]:
    """Return a form as it is, in lower and in upper case, each once."""
    cases = [
        form,
        Form(*({k: v.lower() for k, v in part.items()} for part in (form.required, form.optional))),
        Form(*({k: v.upper() for k, v in part.items()} for part in (form.required, form.optional))),
    ]
    return [case for number, case in enumerate(cases) if case not in cases[:number]]
