"""From a number to its cases, and from a case to the rows of the data that it came from.

A case is addressed by a pseudonym of its key: addresses hold no number of a patient or a stay, and open only what the
list of cases itself would show.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from xunzhi.measures import DuckEngine, Mask, Wanted, cases
from xunzhi.measures.drill import aggregate_of, identifying
from xunzhi.standards import Column, Grain, Indicator, Pack
from xunzhi.standards.grains import GrainColumn
from xunzhi.standards.tables import Sensitivity
from xunzhi.web.configuration import home
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.readmodel import Model

LIMIT = 500
"""Cases on a page; the number itself says how many there are."""

ROWS = 200
"""Rows of a table shown for one case."""


@dataclass(frozen=True)
class Case:
    """A case as a page shows it: its pseudonym, and its cells as text."""

    token: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """The rows of a canonical table that belong to a case."""

    table: str
    label: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Name and value of each column of the first row."""
        return list(zip(self.heads, self.rows[0], strict=True))


class Drill:
    """The cases behind a part of an indicator, for one institution or one unit of it, in a period.

    Raises:
        ValueError: for an indicator that is a ratio of two others, or a stratum that its grain has not.
    """

    def __init__(self, model: Model, indicator: Indicator, wanted: Wanted):
        self.model, self.indicator, self.wanted = model, indicator, wanted

    @property
    def pack(self) -> Pack:
        """The standards in use."""
        return self.model.pack

    @cached_property
    def grain(self) -> Grain:
        """What one case is."""
        return self.pack.grains[aggregate_of(self.indicator, self.wanted).grain]

    @contextmanager
    def _engine(self) -> Iterator[DuckEngine]:
        snapshot = self.model.lake.snapshot(self.model.state.lake_version)
        with DuckEngine.on(snapshot, spill=home() / "spill") as engine:
            if self.wanted.institution is not None:
                engine.limit([self.wanted.institution])
            yield engine

    @cached_property
    def _plain(self) -> pa.Table:
        with self._engine() as engine:
            return cases(engine, self.pack, self.indicator, self.wanted, None)

    @cached_property
    def mask(self) -> Mask:
        """The pseudonyms of this installation."""
        return Mask.of(home())

    @property
    def patients(self) -> list[str]:
        """The patients of the cases."""
        column = self.grain.patient
        known = self._plain[column].to_pylist() if column in self._plain.column_names else []
        return [str(value) for value in known if value is not None]

    def patients_of(self, token: str) -> list[str]:
        """The patient of one case."""
        known = (
            zip(self._tokens(), self._plain[self.grain.patient].to_pylist(), strict=True) if self.grain.patient else ()
        )
        return [str(patient) for found, patient in known if found == token and patient is not None]

    def heads(self) -> list[str]:
        """The names of the columns, in the reader's language."""
        return [self._label(name) for name in self._plain.column_names]

    def listed(self, identified: bool = False) -> list[Case]:
        """The cases; who the patients are is masked unless `identified`."""
        shown = self._plain if identified else self.mask.table(self._plain, identifying(self.pack, self.grain))
        columns = [self._texts(name, shown[name].to_pylist()) for name in shown.column_names]
        return [Case(token, cells) for token, cells in zip(self._tokens(), zip(*columns, strict=True), strict=True)]

    def _tokens(self) -> list[str]:
        keys = (self._plain[name].to_pylist() for name in ("institution", *self.grain.key))
        return [str(self.mask.text("\x1f".join(map(str, key)))) for key in zip(*keys, strict=True)]

    def _label(self, name: str) -> str:
        if name in self.grain.columns:
            return in_language(self.grain.columns[name].label)
        for table in (self.grain.base, *self.grain.links):
            if name in self.pack.tables[table].columns:
                return in_language(self.pack.tables[table].columns[name].label)
        strata = self.pack.manifest.strata
        return next(
            (in_language(strata[key].label) for key, column in self.grain.strata.items() if column == name), name
        )

    def _texts(self, name: str, values: list[Any]) -> list[str]:
        """Values as people read them: codes by their labels."""
        column = self.grain.columns.get(name) or self.pack.tables[self.grain.base].columns.get(name)
        return _as_text(self.pack, column, values)

    def rows_of(self, token: str, identified: bool = False) -> list[Origin] | None:
        """The rows that a case came from: of its base table and of those linked to it; None without such a case."""
        tokens = self._tokens()
        if token not in tokens:
            return None
        at = tokens.index(token)
        case = {name: self._plain[name][at].as_py() for name in self._plain.column_names}
        key = {
            name: case[name]
            for name in ("institution", *self.grain.key)
            if name in self.pack.tables[self.grain.base].columns
        }
        with self._engine() as engine:
            base = self._select(engine, self.grain.base, key)
            first = {**case, **(base.slice(0, 1).to_pylist() or [{}])[0]}
            found = [(self.grain.base, base)]
            for table, link in self.grain.links.items():
                columns = self.pack.tables[table].columns
                by = {name: first[name] for name in link.by if name in columns and first.get(name) is not None}
                if by and table != self.grain.base:
                    found.append((table, self._select(engine, table, {"institution": case["institution"]}, by)))
        return [self._origin(table, rows, identified) for table, rows in found if rows.num_rows]

    @staticmethod
    def _select(engine: DuckEngine, table: str, key: dict[str, Any], by: dict[str, Any] | None = None) -> pa.Table:
        """Rows with all values of `key`, and with any of `by`."""
        same = [f'"{name}" = {_literal(value)}' for name, value in key.items() if value is not None]
        either = [f'"{name}" = {_literal(value)}' for name, value in (by or {}).items()]
        conditions = " AND ".join([*same, f"({' OR '.join(either)})"] if either else same)
        return engine.query(f'SELECT * FROM "{table}" WHERE {conditions} LIMIT {ROWS}')

    def _origin(self, table: str, rows: pa.Table, identified: bool) -> Origin:
        spec = self.pack.tables[table].columns
        filled = [name for name in rows.column_names if name in spec and rows[name].null_count < rows.num_rows]
        rows = rows.select(filled)
        if not identified:
            secret = {
                name for name in filled if spec[name].sensitivity in (Sensitivity.IDENTIFYING, Sensitivity.PERSONAL)
            }
            rows = self.mask.table(rows, secret)
        columns = [_as_text(self.pack, spec[name], rows[name].to_pylist()) for name in filled]
        heads = tuple(in_language(spec[name].label) for name in filled)
        return Origin(table, in_language(self.pack.tables[table].label), heads, tuple(zip(*columns, strict=True)))


def _as_text(pack: Pack, column: Column | GrainColumn | None, values: list[Any]) -> list[str]:
    codes = pack.codes[column.codes].codes if column and column.codes in pack.codes else {}
    return [_text(value, codes) for value in values]


def _text(value: Any, codes: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓" if value else "–"
    text = str(value)
    if text in codes:
        return in_language(codes[text].label)
    return text.removesuffix(" 00:00:00") if hasattr(value, "year") else text


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
