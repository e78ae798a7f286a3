"""Columns of generated tables, and how they become Arrow arrays without a Python loop over rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.standards import ColumnType, Table

DAY = np.timedelta64(86_400, "s")
NEVER = np.datetime64("NaT", "s")

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Coded:
    """A text column: `values[index]`; index -1 and empty words are null. `values`: any Arrow or Python strings."""

    index: Array
    values: Sequence[str] | Array | pa.Array

    def __getitem__(self, rows: Array) -> Coded:
        return Coded(self.index[rows], self.values)

    def keep(self, where: Array) -> Coded:
        """Null where not `where`."""
        return Coded(np.where(where, self.index, -1), self.values)

    def arrow(self) -> pa.Array:
        """A dictionary array of strings."""
        values = self.values
        words = values if isinstance(values, pa.Array) else pa.array([str(value) for value in values], pa.string())
        if len(words) == 0:
            return pa.nulls(len(self.index), pa.string())
        unique = words.dictionary_encode()  # a dictionary with repeated words would not be written the same every time
        empty = pc.index(unique.dictionary, "").as_py()
        index = np.where(self.index < 0, -1, unique.indices.to_numpy()[self.index]).astype(np.int32)
        if empty >= 0:
            index[index == empty] = -1
        return pa.DictionaryArray.from_arrays(pa.array(index, mask=index < 0), unique.dictionary)


@dataclass(frozen=True)
class Masked:
    """Values that are null where not `known`."""

    values: Array
    known: Array


Column: TypeAlias = Array | Coded | Masked | pa.Array | str | int | float | bool | None
Rows = dict[str, Column]


def serial(prefix: str, count: int, width: int = 7) -> pa.StringArray:
    """`prefix` + running number from 1, `width` digits: count strings made as one buffer."""
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    text = np.empty((count, len(head) + width), dtype=np.uint8)
    text[:, : len(head)] = head
    number = np.arange(1, count + 1, dtype=np.int64)
    for place in range(len(head) + width - 1, len(head) - 1, -1):
        text[:, place] = 48 + number % 10
        number //= 10
    offsets = np.arange(count + 1, dtype=np.int32) * text.shape[1]
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def hours(values: Array | float) -> Array:
    """Hours as timedelta64[s]."""
    return np.asarray(np.asarray(values) * 3600.0).astype(np.int64).view("m8[s]")


def minutes(values: Array | float) -> Array:
    """Minutes as timedelta64[s]."""
    return np.asarray(np.asarray(values) * 60.0).astype(np.int64).view("m8[s]")


def only(where: Array, times: Array) -> Array:
    """`times` where `where`, else never."""
    return np.where(where, times, NEVER)


def day_of(times: Array) -> Array:
    """The calendar day of times."""
    return times.astype("M8[D]")


def known(values: Array, where: Array) -> Masked:
    """Values that are null where not `where`."""
    return Masked(values, np.asarray(where, dtype=bool))


def spread(counts: Array) -> tuple[Array, Array]:
    """For `counts` children per parent: the parent of each child, and the child's place (0, 1 …) in its family."""
    parent = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(len(parent)) - np.repeat(np.cumsum(counts) - counts, counts)
    return parent, place


_ARROW = {
    ColumnType.TEXT: pa.string(),
    ColumnType.CODE: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.MONEY: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("s"),
}


def to_arrow(rows: Rows, table: Table) -> pa.Table:
    """The rows as an Arrow table with the canonical columns in order; columns not made are null.

    Raises:
        ValueError: for a column that the canonical table does not have.
    """
    if strange := rows.keys() - table.columns.keys():
        raise ValueError(f"{table.table} has no column {', '.join(sorted(strange))}")
    count = _length(rows)
    types = {name: _ARROW[column.type] for name, column in table.columns.items()}
    arrays = {name: _array(rows.get(name), kind, count) for name, kind in types.items()}
    return pa.table(arrays)


def plain(table: pa.Table) -> pa.Table:
    """The table with texts instead of dictionaries."""
    fields = [pa.field(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(fields))


def _length(rows: Mapping[str, Column]) -> int:
    for value in rows.values():
        if isinstance(value, Coded):
            return len(value.index)
        if isinstance(value, Masked):
            return len(value.values)
        if isinstance(value, np.ndarray | pa.Array):
            return len(value)
    return 0


def _array(value: Column, kind: pa.DataType, count: int) -> pa.Array:
    if value is None:
        return pa.nulls(count, kind)
    if isinstance(value, Coded):
        return value.arrow()
    if isinstance(value, Masked):
        return _numbers(value.values, kind, ~value.known)
    if isinstance(value, np.ndarray):
        return _numbers(value, kind, None)
    if isinstance(value, pa.Array):
        return value
    if isinstance(value, str):
        return Coded(np.zeros(count, np.int32), [value]).arrow()
    return _numbers(np.full(count, value), kind, None)


def _numbers(values: Array, kind: pa.DataType, mask: Array | None) -> pa.Array:
    if pa.types.is_string(kind):
        return pa.array(values.astype(object), pa.string(), mask=mask)
    if pa.types.is_date(kind):
        values = values.astype("M8[D]")
    elif pa.types.is_timestamp(kind):
        values = values.astype("M8[s]")
    elif pa.types.is_boolean(kind):
        values = values.astype(bool)
    elif pa.types.is_integer(kind) and values.dtype.kind != "i":
        values = np.nan_to_num(values).astype(np.int64)
    elif pa.types.is_floating(kind):
        return pa.array(values.astype(np.float64), kind, mask=mask, from_pandas=True)
    return pa.array(values, kind, mask=mask)
