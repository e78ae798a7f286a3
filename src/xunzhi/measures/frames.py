"""Cubes as numpy columns, rolled up to months, quarters and years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from xunzhi.measures.cube import HOSPITAL, Cube
from xunzhi.measures.periods import months_in, period_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Names:
    """Numbers for strings, the same for every cube of a run."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._codes: dict[str, int] = {}

    def code(self, text: str) -> int:
        """The number of a string."""
        if text not in self._codes:
            self._codes[text] = len(self.texts)
            self.texts.append(text)
        return self._codes[text]

    def decode(self, codes: Ints) -> pa.DictionaryArray:
        """The strings of numbers."""
        return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(self.texts, pa.string()))

    def encode(self, column: pa.ChunkedArray) -> Ints:
        """Numbers for a column of strings."""
        encoded = _encoded(column)
        codes = np.array([self.code(text) for text in encoded.dictionary.to_pylist()], dtype=np.int64)
        indices = encoded.indices.to_numpy(zero_copy_only=False)
        return codes[indices] if len(codes) else np.empty(0, dtype=np.int64)


def _encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    return whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()


@dataclass(frozen=True)
class Space:
    """Who and when: strings as numbers, so that a key of four strings is one integer."""

    institutions: Names
    strata: Names
    units: Names
    months: tuple[str, ...]

    WIDTHS: ClassVar = (10, 8, 28, 16)  # bits of institution, stratum, unit, period
    PERIOD: ClassVar = (1 << 16) - 1  # the part of a key that is the period

    def keys(self, table: pa.Table) -> tuple[Ints, Ints]:
        """Who (institution, stratum, unit) as one number, and the position of the month, for each row of a cube."""
        who = self.institutions.encode(table["institution"])
        who = (who << self.WIDTHS[1]) | self.strata.encode(table["stratum"])
        who = (who << self.WIDTHS[2]) | self.units.encode(table["unit"])
        position = {month: index for index, month in enumerate(self.months)}
        encoded = _encoded(table["month"])
        places = np.array([position[month] for month in encoded.dictionary.to_pylist()], dtype=np.int64)
        indices = encoded.indices.to_numpy(zero_copy_only=False)
        return who, places[indices] if len(places) else np.empty(0, dtype=np.int64)

    def split(self, who: Ints) -> tuple[pa.DictionaryArray, pa.DictionaryArray, pa.DictionaryArray]:
        """Institution, stratum and unit of each key, as strings."""
        unit = who & ((1 << self.WIDTHS[2]) - 1)
        stratum = self.strata.decode(self.stratum(who))
        return self.institutions.decode(self.institution(who)), stratum, self.units.decode(unit)

    def institution(self, who: Ints) -> Ints:
        """The institution's number in each key."""
        return who >> (self.WIDTHS[2] + self.WIDTHS[1])

    def stratum(self, who: Ints) -> Ints:
        """The stratum's number in each key."""
        return (who >> self.WIDTHS[2]) & ((1 << self.WIDTHS[1]) - 1)

    def is_hospital(self, who: Ints) -> NDArray[np.bool_]:
        """Which keys stand for a whole institution."""
        found: NDArray[np.bool_] = self.stratum(who) == self.strata.code(HOSPITAL)
        return found

    @classmethod
    def of(cls, months: Iterable[str]) -> Space:
        """The space of some months."""
        return cls(Names(), Names(), Names(), tuple(sorted(months)))

    def periods(self, kind: str) -> Periods:
        """The periods of a kind that the months lie in."""
        of_month = [period_of(month, kind) for month in self.months]
        names = tuple(sorted(set(of_month)))
        return Periods(kind, names, np.array([names.index(name) for name in of_month], dtype=np.int64))


@dataclass(frozen=True)
class Periods:
    """Periods in order, and for each month of the space the position of its period among them."""

    kind: str
    names: tuple[str, ...]
    of_month: Ints

    def first_month(self, position: int) -> str:
        """The first calendar month of a period."""
        return months_in(self.names[position])[0]

    def last_month(self, position: int) -> str:
        """The last calendar month of a period, whether it has facts or not."""
        return months_in(self.names[position])[1]


class Frame:
    """One cube in a space: its keys and its cells as float columns."""

    def __init__(self, space: Space, cube: Cube):
        self.space = space
        self.sums = cube.sums
        self.who, self.month = space.keys(cube.sums)
        self.hospital = space.is_hospital(self.who)
        self._values = cube.values
        self._cells: dict[str, Floats] = {}

    def cell(self, name: str) -> Floats:
        """A cell that adds up, for each row of the cube."""
        if name not in self._cells:
            self._cells[name] = self.sums[name].cast(pa.float64()).to_numpy()
        return self._cells[name]

    def values(self, cell: str) -> tuple[Ints, Ints, Floats, Ints, list[str | None]]:
        """A cell kept as values: who, month, value, number of rows, item; one entry per value."""
        table = self._values.filter(pc.equal(self._values["cell"], cell))
        who, month = self.space.keys(table)
        items: list[str | None] = table["item"].to_pylist() if table["value"].null_count else []
        return who, month, table["value"].to_numpy(), table["n"].to_numpy(), items


@dataclass(frozen=True)
class Rolled:
    """Sums by who and period (see :meth:`Space.split` and `Space.PERIOD`), keys in ascending order."""

    key: Ints
    columns: tuple[Floats, ...]


def roll_up(who: Ints, period: Ints, columns: Sequence[Floats]) -> Rolled:
    """Add up columns over rows of the same who and period."""
    key = (who << Space.WIDTHS[3]) | period
    unique, inverse = np.unique(key, return_inverse=True)
    totals = tuple(np.bincount(inverse, weights=column, minlength=len(unique)).astype(float) for column in columns)
    return Rolled(unique, totals)


def lookup(wanted: Ints, keys: Ints, values: Floats, missing: float) -> Floats:
    """The value at each wanted key; `keys` ascend."""
    if not len(keys):
        return np.full(len(wanted), missing)
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], missing)


def quantile(group: Ints, groups: int, value: Floats, n: Ints, q: float) -> Floats:
    """Quantile of each group from values and their numbers of rows, interpolated between neighbours (type 7 of
    Hyndman & Fan 1996, what SQL calls quantile_cont); NaN for an empty group.
    """
    order = np.lexsort((value, group))
    group, value, n = group[order], value[order], n[order]
    total = np.bincount(group, weights=n, minlength=groups).astype(np.int64)
    before = np.concatenate([[0], np.cumsum(total)[:-1]])
    ends = np.cumsum(n)
    rank = q * np.maximum(total - 1, 0)
    low = np.floor(rank).astype(np.int64)
    at_low = np.searchsorted(ends, before + low, side="right")
    at_high = np.searchsorted(ends, before + np.minimum(low + 1, np.maximum(total - 1, 0)), side="right")
    last = len(value) - 1
    if last < 0:
        return np.full(groups, np.nan)
    lower, upper = value[np.minimum(at_low, last)], value[np.minimum(at_high, last)]
    return np.where(total > 0, lower + (upper - lower) * (rank - low), np.nan)
