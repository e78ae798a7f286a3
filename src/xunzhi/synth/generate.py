"""Make a whole hospital, month by month; each month stands on the seed alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.csv import write_csv

from xunzhi.synth import (
    ambulatory,
    census,
    community,
    critical,
    diagnostics,
    front,
    nursing,
    orders,
    records,
    safety,
    surgery,
)
from xunzhi.synth.columns import Rows, plain, to_arrow
from xunzhi.synth.dirt import Dirt
from xunzhi.synth.mapping import write_mappings
from xunzhi.synth.month import Hospital, Month
from xunzhi.synth.scenario import LateFeed, ReportingDrop, time
from xunzhi.synth.schema import canonical_tables
from xunzhi.synth.stays import first_day, label, month_number
from xunzhi.synth.world import calendar_rows, department_rows, privilege_rows, staff_rows, stream

# In this order: later ones read what earlier ones shared.
MAKERS = (surgery, critical, orders, diagnostics, records, front, census, nursing, ambulatory, safety, community)
CLEAN = frozenset({"department", "staff", "calendar", "privilege"})
STAYS_PER_BED = 3.45  # discharges per bed and month at the modelled occupancy and lengths of stay

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Summary:
    """What was made: rows by table, and the folder."""

    folder: Path
    rows: dict[str, int]
    dirty: int


def beds_for(discharges: int, months: int) -> int:
    """Beds of a hospital that discharges about so many people in so many months."""
    return max(20, round(discharges / months / STAYS_PER_BED))


def last_day(hospital: Hospital) -> np.datetime64:
    """The day after the last day of the hospital's time."""
    return first_day(month_number(hospital.start) + hospital.months)


def reference_tables(hospital: Hospital) -> dict[str, Rows]:
    """Tables that are one file: departments, staff, privileges, calendar, primary-care register."""
    units, staff, institution = hospital.units, hospital.staff, hospital.institution
    end: date = last_day(hospital).astype(object)
    return {
        "department": department_rows(units, institution),
        "staff": staff_rows(staff, units, institution),
        "privilege": privilege_rows(staff, units, institution),
        "calendar": calendar_rows(hospital.start, end, institution),
        "phc_patient": community.register(hospital),
        "patient_merge": _merges(hospital),
    }


def _merges(hospital: Hospital) -> Rows:
    """A few people had two numbers and keep the new one."""
    rng = stream(hospital.seed, "merge")
    first = month_number(hospital.start)
    count = 3 * hospital.months
    month = first + rng.integers(0, hospital.months, count)
    when = np.array([first_day(int(number)) for number in month]) + rng.integers(0, 27, count)
    order = np.arange(count)
    return {
        "institution": hospital.institution,
        "old_patient_id": pa.array(
            [f"P{label(int(m)).replace('-', '')}9{n:05d}" for m, n in zip(month, order, strict=True)]
        ),
        "new_patient_id": pa.array(
            [f"P{label(int(m)).replace('-', '')}{n:06d}" for m, n in zip(month, order, strict=True)]
        ),
        "merged_time": when.astype("M8[s]") + np.timedelta64(10, "h"),
        "reason": "重复建档合并",
    }


def month_tables(hospital: Hospital, number: int) -> Iterator[tuple[str, pa.Table]]:
    """All tables of one month number (year × 12 + month - 1), clean, without the scenario's feed faults."""
    month, tables = Month(hospital, number), canonical_tables()
    made: dict[str, list[pa.Table]] = {}
    for maker in MAKERS:
        for name, rows in maker.make(month).items():
            made.setdefault(name, []).append(to_arrow(rows, tables[name]))
    for name, parts in made.items():
        yield name, parts[0] if len(parts) == 1 else pa.concat_tables([plain(part) for part in parts])


def generate(
    hospital: Hospital,
    out: Path,
    *,
    progress: Progress | None = None,
    csv: tuple[str, ...] = (),
    encoding: str = "gb18030",
) -> Summary:
    """Write the hospital to `out`: Parquet by table and month, mappings, truth.json, dirt.parquet.

    Tables named in `csv` are written as CSV too (`csv/table_month.csv`, in `encoding`).

    Raises:
        ValueError: when a scenario names a department that a hospital of this size does not have.
        FileExistsError: when `out` holds something already.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} 不是空目录 is not empty; 请换一个目录或先清空 name another folder or empty it")
    tables = canonical_tables()
    if strange := set(csv) - tables.keys():
        raise ValueError(f"没有这些表 no such tables: {', '.join(sorted(strange))}")
    if hospital.scenario:
        hospital.scenario.effects(hospital.units)
    rows: dict[str, int] = {}
    for name, made in reference_tables(hospital).items():
        rows[name] = _write(to_arrow(made, tables[name]), out / name / f"{name}.parquet")
    notes: list[pa.Table] = []
    first = month_number(hospital.start)
    for done in range(hospital.months):
        number = first + done
        dirt = Dirt(hospital.dirt, stream(hospital.seed, "dirt", number), label(number))
        for name, table in month_tables(hospital, number):
            kept = _faulty_feeds(hospital, name, tables[name].month, table, number)
            spoilt = dirt.spoil(kept, tables[name]) if hospital.dirt else kept
            rows[name] = rows.get(name, 0) + _write(spoilt, out / name / f"{label(number)}.parquet")
            if name in csv:
                _write_csv(spoilt, out / "csv" / f"{name}_{label(number)}.csv", encoding)
        notes.append(dirt.report())
        if progress:
            progress(done + 1, hospital.months)
    dirty = pa.concat_tables(notes)
    _write(dirty, out / "dirt.parquet")
    write_mappings(out, rows, hospital.institution)
    (out / "truth.json").write_text(
        json.dumps(_truth(hospital, rows, dirty), ensure_ascii=False, indent=2), encoding="utf-8"
    )
    return Summary(out, rows, dirty.num_rows)


def _write(table: pa.Table, file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    coded = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(table, file, compression="zstd", compression_level=1, use_dictionary=coded, store_schema=False)
    return int(table.num_rows)


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
            cutoff = last_day(hospital).astype("M8[s]") - np.timedelta64(round(fault.weeks * 7), "D")
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


def _truth(hospital: Hospital, rows: dict[str, int], dirty: pa.Table) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for what in dirty["what"].to_pylist():
        kinds[what] = kinds.get(what, 0) + 1
    return {
        "institution": hospital.institution,
        "beds": hospital.beds,
        "start": hospital.start.isoformat(),
        "months": hospital.months,
        "seed": hospital.seed,
        "detail": hospital.detail,
        "scenario": hospital.scenario.scenario if hospital.scenario else None,
        "faults": hospital.scenario.truth() if hospital.scenario else [],
        "rows": rows,
        "dirt": {"rate": hospital.dirt, "values": kinds, "details": "dirt.parquet"},
    }
