"""Columns: many values of one type, one for each row of a batch, over NumPy.

NumPy is optional and imported with the first batch. A column of arguments is taken apart into the packed bytes of its
fields, and a column of results is put together from such bytes; the values of a column never become Python objects on
the way, where its type allows that.
"""

from .argument_columns import Column, Constant, column_of, length_of, plain_rows, rows_of
from .fixed_rows import FixedRows
from .plans import Plan, Usual, plan_of
from .result_columns import ResultColumn, result_column, type_of

__all__ = [
    "Column",
    "Constant",
    "FixedRows",
    "Plan",
    "ResultColumn",
    "Usual",
    "column_of",
    "length_of",
    "plain_rows",
    "plan_of",
    "result_column",
    "rows_of",
    "type_of",
]  # fmt: skip
