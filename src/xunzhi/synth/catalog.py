"""The data files of the synthetic hospital as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from xunzhi.synth.columns import Array

FOLDER = Path(__file__).parent / "data"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read(name: str) -> Any:
    """A data file by name, without its ending."""
    return yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), LOADER)  # noqa: S506  a safe loader, the fast one


def _column(rows: list[list[Any]], names: list[str], name: str) -> Array:
    return np.array([row[names.index(name)] for row in rows])


@dataclass(frozen=True)
class Columns:
    """A small table of a data file; `columns[name]` is an array."""

    arrays: dict[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.arrays[name]

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))


def columns(rows: list[list[Any]], names: list[str]) -> Columns:
    """Rows of a data file, turned into named arrays."""
    return Columns({name: _column(rows, names, name) for name in names})


@cache
def drugs() -> Columns:
    """All drugs."""
    data = read("drugs")
    return columns(data["rows"], data["columns"])


@cache
def operations() -> Columns:
    """All operations and procedures."""
    data = read("operations")
    return columns(data["rows"], data["columns"])


@dataclass(frozen=True)
class Cases:
    """Case types of all departments: one row each, and the probability of each operation (cases × operations)."""

    table: Columns
    department: Array
    operation: Array

    def __getitem__(self, name: str) -> Array:
        return self.table[name]


@cache
def cases() -> Cases:
    """All case types, in the order of the file."""
    data = read("cases")
    names: list[str] = data["columns"]
    rows = [row for group in data["departments"].values() for row in group]
    codes = {code: place for place, code in enumerate(operations()["code"])}
    odds = np.zeros((len(rows), len(codes)))
    for place, row in enumerate(rows):
        for code, probability in row[names.index("ops")].items():
            odds[place, codes[code]] = probability
    plain = [name for name in names if name not in ("ops", "age")]
    arrays = {name: _column(rows, names, name) for name in plain}
    ages = np.array([row[names.index("age")] for row in rows], dtype=float)
    arrays |= {"age_mean": ages[:, 0], "age_sd": ages[:, 1]}
    department = np.array([code for code, group in data["departments"].items() for _ in group])
    return Cases(Columns(arrays), department, odds)
