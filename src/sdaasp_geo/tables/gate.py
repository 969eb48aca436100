"""The gate: a frame against its schema, every failure as a fault of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from pandera.errors import SchemaErrors

from sdaasp_geo.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandera.pandas as pa


def expect(check: pa.Check, expected: str, cause: str = "") -> pa.Check:
    """Name what a check expects and the likely cause of its failure."""
    check.error = expected
    check.description = cause
    return check


def schema_faults(
    frame: pd.DataFrame,
    schema: pa.DataFrameSchema,
    *,
    file: str,
    file_columns: Mapping[str, str] | None = None,
) -> list[Fault]:
    """Check a frame and return every fault.

    Parameters
    ----------
    frame
        Rows in the library's columns, indexed by their row in the file.
    schema
        One of :mod:`sdaasp_geo.tables.schemas`.
    file
        The file as the reader of the message knows it.
    file_columns
        Names of the columns in the file, where they differ from the library's.

    Returns
    -------
    list of Fault
        Empty if the frame is what the schema says.
    """
    names = dict(file_columns or {})
    try:
        schema.validate(pd.DataFrame(frame), lazy=True)
    except SchemaErrors as errors:
        causes = _causes(schema)
        cases = errors.failure_cases.to_dict("records")
        return [_fault(case, file, names, causes) for case in cases]
    return []


def _causes(schema: pa.DataFrameSchema) -> dict[str, str]:
    checks = [check for column in schema.columns.values() for check in column.checks]
    return {str(check.error): check.description or "" for check in checks}


def _fault(
    case: dict[Any, Any], file: str, names: Mapping[str, str], causes: Mapping[str, str]
) -> Fault:
    column = None if pd.isna(case["column"]) else str(case["column"])
    index = case["index"]
    check = str(case["check"])
    expected = {
        "not_nullable": "a value",
        "field_uniqueness": "each value once",
        "column_in_dataframe": "this column",
    }.get(check, check)
    cause = "a duplicated row" if check == "field_uniqueness" else causes.get(check, "")
    if check == "column_in_dataframe":
        column = str(case["failure_case"])
    found = "nothing" if check == "not_nullable" else repr(case["failure_case"])
    return Fault(
        file=file,
        expected=expected,
        found="no such column" if check == "column_in_dataframe" else found,
        cause=cause,
        row=None if index is None or pd.isna(index) else int(index),
        column=names.get(column, column) if column else None,
    )
