"""Dirty values at a set rate, each one noted, so that quarantine and checks can be scored."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from xunzhi.standards import ColumnType, Table

NOTES = pa.schema([(name, pa.string()) for name in ("table", "key", "column", "what", "month")])
_TIMES = (ColumnType.DATE, ColumnType.DATETIME)
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")

Change = Callable[[pa.Array], pa.Array]


class Dirt:
    """Spoils tables of one month. `rate`: share of rows that get one fault."""

    def __init__(self, rate: float, rng: np.random.Generator, month: str):
        self.rate, self.rng, self.month = rate, rng, month
        self.notes: list[dict[str, list[str]]] = []

    def spoil(self, rows: pa.Table, table: Table) -> pa.Table:
        """The rows with some of them spoilt; what was done is kept in `notes`."""
        count = self.rng.binomial(rows.num_rows, self.rate)
        if count == 0:
            return rows
        chosen = self.rng.permutation(rows.num_rows)[:count]
        kinds = self._kinds(table)
        shares = np.array_split(chosen, len(kinds))
        for (column, what, change), places in zip(kinds, shares, strict=True):
            if column in table.key:
                continue
            rows = self._change(rows, table, (column, what, change), np.sort(places))
        return self._duplicate(rows, table, shares[-1])

    def _kinds(self, table: Table) -> list[tuple[str, str, Change]]:
        """The faults that this table can have, in random order of columns; the last share are duplicates."""
        specs = table.columns
        found: list[tuple[str, str, Change]] = []
        for what, fits, change in (
            ("missing", lambda c: specs[c].required, _missing),
            ("impossible date", lambda c: specs[c].type in _TIMES, _impossible),
            ("unknown code", lambda c: specs[c].codes is not None, _unknown),
            ("unit slip", lambda c: specs[c].type in (ColumnType.MONEY, ColumnType.NUMBER), _slip),
            ("full-width digits", lambda c: specs[c].type is ColumnType.TEXT and c.endswith("_id"), _full_width),
        ):
            fitting = [name for name in specs if name not in table.key and fits(name)]
            if fitting:
                found.append((str(self.rng.choice(fitting)), what, change))
        return [*found, (table.key[-1], "duplicate", _missing)]

    def _change(self, rows: pa.Table, table: Table, fault: tuple[str, str, Change], places: np.ndarray) -> pa.Table:
        name, what, change = fault
        column = _plain(rows[name])
        mask = np.zeros(rows.num_rows, bool)
        mask[places] = True
        mask &= column.is_valid().to_numpy(zero_copy_only=False)
        places = np.flatnonzero(mask)
        if len(places) == 0:
            return rows
        spoilt = pc.replace_with_mask(column, pa.array(mask), change(column.take(pa.array(places))))
        self._note(rows, table, places, name, what)
        return rows.set_column(rows.schema.get_field_index(name), name, spoilt)

    def _duplicate(self, rows: pa.Table, table: Table, places: np.ndarray) -> pa.Table:
        if len(places) == 0:
            return rows
        self._note(rows, table, places, "", "duplicate")
        return rows.take(pa.array(np.sort(np.concatenate([np.arange(rows.num_rows), places]))))

    def _note(self, rows: pa.Table, table: Table, places: np.ndarray, column: str, what: str) -> None:
        picked = rows.select(list(table.key)).take(pa.array(places)).to_pylist()
        keys = ["|".join(str(value) for value in row.values()) for row in picked]
        many = len(keys)
        self.notes.append(
            {
                "table": [table.table] * many,
                "key": keys,
                "column": [column] * many,
                "what": [what] * many,
                "month": [self.month] * many,
            }
        )

    def report(self) -> pa.Table:
        """All that was spoilt."""
        return pa.table(
            {name: list(chain.from_iterable(note[name] for note in self.notes)) for name in NOTES.names}, schema=NOTES
        )


def _plain(column: pa.ChunkedArray) -> pa.Array:
    array = column.combine_chunks()
    return array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array


def _missing(values: pa.Array) -> pa.Array:
    return pa.nulls(len(values), values.type)


def _impossible(values: pa.Array) -> pa.Array:
    """The year 1900 or 2099."""
    far = np.where(np.arange(len(values)) % 2 == 0, np.datetime64("1900-01-01"), np.datetime64("2099-12-31"))
    return pa.array(far.astype("M8[s]") if pa.types.is_timestamp(values.type) else far, values.type)


def _unknown(values: pa.Array) -> pa.Array:
    return pa.array(["??"] * len(values), pa.string())


def _slip(values: pa.Array) -> pa.Array:
    return pc.multiply(values, 1000.0)


def _full_width(values: pa.Array) -> pa.Array:
    return pa.array([value.as_py().translate(_FULL_WIDTH) for value in values], pa.string())
