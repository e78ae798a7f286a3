"""Results held for pages: sorted files mapped into memory, from which one indicator or one month is a slice."""

from __future__ import annotations

import copy
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xunzhi.lake import Lake
from xunzhi.measures import HOSPITAL, Readings, kind_of
from xunzhi.measures.results import SCHEMA
from xunzhi.measures.store import State

ORDER = "indicator, unit, period"
KINDS = "month", "quarter", "year"


def file_of(folder: Path, *names: str, kind: str) -> Path:
    """The file of an institution, a stratum …; names may hold any letters."""
    return folder / f"{'.'.join(quote(name, safe='') for name in names)}.{kind}"


def write_slice(readings: Readings, file: Path, institution: str, stratum: str, kind: str) -> None:
    """Write the results of a stratum in periods of one kind, sorted by indicator, unit and period."""
    table = readings.series(institution, stratum, kind).combine_chunks()
    for index, field in enumerate(SCHEMA):
        if pa.types.is_string(field.type):
            table = table.set_column(index, field.name, pc.dictionary_encode(table[field.name]))
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


class Slice:
    """The results of a stratum in periods of one kind, mapped into memory."""

    def __init__(self, file: Path):
        with pa.memory_map(str(file)) as source:
            self.table: pa.Table = pa.ipc.open_file(source).read_all()

    @cached_property
    def places(self) -> dict[str, tuple[int, int]]:
        """Where the rows of each indicator begin and how many there are."""
        codes, names = self._codes("indicator")
        begin = np.flatnonzero(np.diff(codes, prepend=-1) != 0)
        length = np.diff(begin, append=len(codes))
        return {names[codes[at]]: (int(at), int(n)) for at, n in zip(begin, length, strict=True)}

    @cached_property
    def units(self) -> frozenset[str]:
        """The units that have results."""
        return frozenset(self._codes("unit")[1])

    def of_indicators(self, names: Collection[str]) -> pa.Table:
        """The rows of some indicators."""
        found = [self.table.slice(*self.places[name]) for name in names if name in self.places]
        return pa.concat_tables(found) if found else self.table.slice(0, 0)

    def units_with(self, indicator: str) -> set[str]:
        """The units that have results of an indicator."""
        return set(self.of_indicators([indicator])["unit"].unique().to_pylist())

    def of_unit(self, unit: str) -> pa.Table:
        """The rows of one unit."""
        codes, names = self._codes("unit")
        wanted = names.index(unit) if unit in names else -2
        return self.table.take(pa.array(np.flatnonzero(codes == wanted)))

    def _codes(self, column: str) -> tuple[NDArray[np.int64], list[str]]:
        parts = self.table[column].combine_chunks()
        encoded = parts if isinstance(parts, pa.DictionaryArray) else pa.concat_arrays(parts.chunks)
        return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


class Held(Readings):
    """Readings that answer from slices and from what was noted when these were written; never from the store.

    `unit` keeps the rows of one unit alone wherever units are read.
    """

    def __init__(self, lake: Lake, home: Path, folder: Path, state: State, noted: dict[str, Any]):
        super().__init__(lake, home)
        self.folder, self.state, self.noted = folder, state, noted
        self.unit: str | None = None
        self._slices: dict[tuple[str, str, str], Slice | None] = {}

    def of_unit(self, unit: str) -> Held:
        """The same results, of one unit alone."""
        only = copy.copy(self)
        only.unit = unit
        return only

    def slice(self, institution: str, stratum: str, kind: str) -> Slice | None:
        """The results of a stratum in periods of one kind; None where there are none."""
        key = institution, stratum, kind
        if key not in self._slices:
            file = file_of(self.folder, *key, kind="arrow")
            self._slices[key] = Slice(file) if file.is_file() else None
        return self._slices[key]

    def institutions(self) -> list[str]:
        """The institutions that have results."""
        return list(self.noted["institutions"])

    def strata(self, institution: str) -> list[str]:
        """The strata that an institution has results for."""
        return list(self.noted["institutions"].get(institution, ()))

    def periods(self, kind: str = "month") -> list[str]:
        """The periods that have results and have begun by the newest month, in order."""
        return list(self.noted["periods"][kind])

    def newest(self) -> str:
        """The newest month that most indicators have reached."""
        return str(self.noted["newest"])

    def unit_names(self, stratum: str) -> dict[tuple[str, str], str]:
        """(Institution, unit) → name, as the facts' reference tables say it."""
        return {(row[0], row[1]): row[2] for row in self.noted["names"].get(stratum, ())}

    def series(
        self,
        institution: str,
        stratum: str = HOSPITAL,
        kind: str = "month",
        indicators: Collection[str] | None = None,
    ) -> pa.Table:
        """All results of a stratum in an institution (or of some indicators), by indicator, unit and period."""
        found = self.slice(institution, stratum, kind)
        if found is None:
            return SCHEMA.empty_table()
        if self.unit is not None and stratum != HOSPITAL:
            table = found.of_unit(self.unit)
            if indicators is not None:
                table = table.filter(pc.is_in(table["indicator"], pa.array(list(indicators), pa.string())))
        else:
            table = found.table if indicators is None else found.of_indicators(indicators)
        return table.cast(SCHEMA)

    def compared(self, institution: str, period: str, stratum: str = HOSPITAL) -> pa.Table:
        """The results of one period with those of the period before and the year before."""
        found = self.slice(institution, stratum, kind_of(period))
        table = SCHEMA.empty_table() if found is None else found.table
        if found is not None and self.unit is not None and stratum != HOSPITAL:
            table = found.of_unit(self.unit)
        only = copy.copy(self)
        only.__dict__["connection"] = duckdb.connect(config={"threads": 1})
        only.connection.register("result", table)
        try:
            return super(Held, only).compared(institution, period, stratum)
        finally:
            only.connection.close()
