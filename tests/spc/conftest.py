"""Reference results of the field's packages, read in place."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "oracle: compares with numbers of an independent package or a textbook")


class Table:
    """A CSV file by columns."""

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8", newline="") as lines:
            self.rows = list(csv.DictReader(lines))

    def text(self, name: str) -> npt.NDArray[np.str_]:
        return np.array([row[name] for row in self.rows])

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        return np.array([float(row[name]) if row[name] not in {"", "NA"} else np.nan for row in self.rows])

    def flags(self, name: str) -> npt.NDArray[np.bool_]:
        return self.text(name) == "TRUE"


@pytest.fixture(scope="session")
def reference(shared_data: Path) -> Path:
    return shared_data / "spc_reference"


@pytest.fixture(scope="session")
def table(reference: Path) -> Callable[[str], Table]:
    return lambda name: Table(reference / name)


@pytest.fixture(scope="session")
def expected(reference: Path) -> Callable[[str], Any]:
    return lambda name: json.loads((reference / "expected" / name).read_text(encoding="utf-8"))
