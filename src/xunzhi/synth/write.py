"""Writing a generated hospital: files, dirt, feed faults, mappings and the truth."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.csv import write_csv

from xunzhi.synth.columns import Rows, to_arrow
from xunzhi.synth.dirt import Dirt
from xunzhi.synth.mapping import REFERENCE, write_mapping, write_whole
from xunzhi.synth.month import Hospital
from xunzhi.synth.scenario import LateFeed, ReportingDrop, time
from xunzhi.synth.schema import canonical_tables
from xunzhi.synth.stays import first_day, label, month_number
from xunzhi.synth.world import stream


@dataclass(frozen=True)
class Summary:
    """What was made: rows by table, and the folder."""

    folder: Path
    rows: dict[str, int]
    dirty: int


def end_of(hospital: Hospital) -> np.datetime64:
    """The day after the last day of the hospital's time."""
    return first_day(month_number(hospital.start) + hospital.months)


@dataclass
class Writer:
    """Writes one hospital to an empty folder."""

    hospital: Hospital
    out: Path
    csv: tuple[str, ...] = ()
    encoding: str = "gb18030"
    rows: Counter[str] = field(default_factory=Counter)
    notes: list[pa.Table] = field(default_factory=list)

    def reference(self, tables: Mapping[str, Rows]) -> None:
        """Tables that are one file."""
        specs = canonical_tables()
        files = [self._put(name, name, to_arrow(made, specs[name])) for name, made in tables.items()]
        self._map(REFERENCE, files)

    def month(self, number: int, tables: Iterable[tuple[str, pa.Table]]) -> None:
        """All tables of a month, after late feeds, reporting drops and dirt."""
        hospital, specs, name_of_month = self.hospital, canonical_tables(), label(number)
        dirt = Dirt(hospital.dirt, stream(hospital.seed, "dirt", number), name_of_month)
        files = []
        for name, clean in tables:
            table = _faulty_feeds(hospital, name, specs[name].month, clean, number)
            table = dirt.spoil(table, specs[name]) if hospital.dirt else table
            files.append(self._put(name, name_of_month, table))
            if name in self.csv:
                _write_csv(table, self.out / "csv" / f"{name}_{name_of_month}.csv", self.encoding)
        self.notes.append(dirt.report())
        self._map(name_of_month, files)

    def finish(self) -> Summary:
        """The mapping of everything, the notes about dirt, and the truth."""
        write_whole(self.out, self.rows, self.hospital.institution)
        dirty = pa.concat_tables(self.notes)
        _write(dirty, self.out / "dirt.parquet")
        truth = json.dumps(_truth(self.hospital, self.rows, dirty), ensure_ascii=False, indent=2)
        (self.out / "truth.json").write_text(truth, encoding="utf-8")
        return Summary(self.out, dict(self.rows), dirty.num_rows)

    def _put(self, name: str, stem: str, table: pa.Table) -> Path | None:
        """Write a table; its file, or None when it has no rows."""
        file = self.out / name / f"{stem}.parquet"
        _write(table, file)
        self.rows[name] += table.num_rows
        return file if table.num_rows else None

    def _map(self, name: str, files: Iterable[Path | None]) -> None:
        write_mapping(self.out, name, [file for file in files if file], self.hospital.institution)


def _write(table: pa.Table, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(table, file, compression="zstd", compression_level=1, use_dictionary=coded, store_schema=False)


def _write_csv(table: pa.Table, file: Path, encoding: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    buffer = pa.BufferOutputStream()
    write_csv(table, buffer)
    file.write_bytes(buffer.getvalue().to_pybytes().decode("utf-8").encode(encoding))


def _faulty_feeds(hospital: Hospital, name: str, column: str | None, table: pa.Table, number: int) -> pa.Table:
    """The table without rows that a late feed or a reporting drop holds back."""
    for place, fault in enumerate(hospital.scenario.faults if hospital.scenario else ()):
        if column is None or not isinstance(fault, LateFeed | ReportingDrop):
            continue
        when = table[column].to_numpy().astype("M8[s]")
        if isinstance(fault, LateFeed) and name in fault.tables:
            cutoff = end_of(hospital).astype("M8[s]") - np.timedelta64(round(fault.weeks * 7), "D")
            table = table.filter(pa.array(when < cutoff))
        elif isinstance(fault, ReportingDrop) and name == fault.table:
            rng = stream(hospital.seed, "drop", place, number)
            inside = (when >= time(fault.start)) & (when < time(fault.until)) & _at(hospital, fault.department, table)
            table = table.filter(pa.array(~inside | (rng.random(len(when)) < fault.keep)))
    return table


def _at(hospital: Hospital, name: str | None, table: pa.Table) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if name is None:
        return np.ones(table.num_rows, bool)
    codes = {hospital.units.codes[place] for place in hospital.units.named(name)}
    column = "ward" if "-" in name and "ward" in table.column_names else "department"
    values = table[column].to_pylist()
    return np.array([value in codes for value in values], bool)


def _truth(hospital: Hospital, rows: Counter[str], dirty: pa.Table) -> dict[str, Any]:
    return {
        "institution": hospital.institution,
        "beds": hospital.beds,
        "start": hospital.start.isoformat(),
        "months": hospital.months,
        "seed": hospital.seed,
        "detail": hospital.detail,
        "scenario": hospital.scenario.scenario if hospital.scenario else None,
        "faults": hospital.scenario.truth() if hospital.scenario else [],
        "rows": dict(rows),
        "dirt": {"rate": hospital.dirt, "values": dict(Counter(dirty["what"].to_pylist())), "details": "dirt.parquet"},
    }
