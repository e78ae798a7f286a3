"""The table of results, and how its rows are gathered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from xunzhi.measures.frames import Ints, Names, Space

NO_CASES, NOT_COLLECTED, OK = "no_cases", "not_collected", "ok"

STATUSES = (OK, NO_CASES, NOT_COLLECTED)

SCHEMA = pa.schema(
    [
        ("institution", pa.string()),
        ("period_kind", pa.string()),
        ("period", pa.string()),
        ("stratum", pa.string()),
        ("unit", pa.string()),
        ("indicator", pa.string()),
        ("revision", pa.string()),
        ("broken", pa.bool_()),
        ("numerator", pa.float64()),
        ("denominator", pa.float64()),
        ("value", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("spread", pa.float64()),
        ("provisional", pa.bool_()),
        ("status", pa.string()),
        ("lake_version", pa.int64()),
    ]
)
"""One row per institution, period, stratum, unit and indicator.

`revision` is the first day of the definition used; `broken` says that the period mixes two definitions. `denominator`
of a mean or median is its number of cases, `spread` the standard deviation of the values behind a mean. `status` keeps
apart a value, a period without cases and a period in which nothing was collected.
"""


class Rows:
    """Gathers result rows as numbers; strings are made once, for all rows together."""

    def __init__(self) -> None:
        self._names = {column: Names() for column in ("period_kind", "period", "indicator", "revision")}
        self._columns: dict[str, list[NDArray[np.generic]]] = {}

    def add(self, count: int, **columns: Any) -> None:
        """Add rows. A list is one string for all of them, or strings and each row's position among them."""
        for name, given in columns.items():
            self._columns.setdefault(name, []).append(self._codes(name, given, count) if name in self._names else given)

    def _codes(self, name: str, given: list[Any], count: int) -> Ints:
        names = self._names[name]
        if len(given) == 1:
            return np.full(count, names.code(given[0]))
        texts, positions = given
        codes: Ints = np.array([names.code(text) for text in texts], dtype=np.int64)[positions]
        return codes

    def table(self, space: Space, lake_version: int) -> pa.Table:
        """The rows gathered, as results."""
        if not self._columns:
            return SCHEMA.empty_table()
        whole = {name: np.concatenate(parts) for name, parts in self._columns.items()}
        institution, stratum, unit = space.split(whole.pop("who"))
        columns: dict[str, Any] = {"institution": institution, "stratum": stratum, "unit": unit}
        columns |= {name: names.decode(whole.pop(name)) for name, names in self._names.items()}
        statuses = pa.array(STATUSES)
        columns["status"] = pa.DictionaryArray.from_arrays(pa.array(whole.pop("status"), pa.int32()), statuses)
        columns["lake_version"] = pa.array(np.full(len(institution), lake_version))
        columns |= {name: pa.array(values, from_pandas=True) for name, values in whole.items()}
        return pa.table([columns[name].cast(SCHEMA.field(name).type) for name in SCHEMA.names], schema=SCHEMA)
