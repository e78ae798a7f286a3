"""Make a whole hospital, month by month; each month stands on the seed alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

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
from xunzhi.synth.month import Hospital, Month
from xunzhi.synth.schema import canonical_tables
from xunzhi.synth.stays import first_day, label, month_number
from xunzhi.synth.world import calendar_rows, department_rows, privilege_rows, staff_rows, stream
from xunzhi.synth.write import Summary, Writer, end_of

# In this order: later ones read what earlier ones shared.
MAKERS = (surgery, critical, orders, diagnostics, records, front, census, nursing, ambulatory, safety, community)
STAYS_PER_BED = 3.3  # discharges per bed and month at the modelled occupancy and lengths of stay

Progress = Callable[[int, int], None]


def beds_for(discharges: int, months: int) -> int:
    """Beds of a hospital that discharges about so many people in so many months."""
    return max(20, round(discharges / months / STAYS_PER_BED))


def reference_tables(hospital: Hospital) -> dict[str, Rows]:
    """Tables that are one file: departments, staff, privileges, calendar, primary-care register."""
    units, staff, institution = hospital.units, hospital.staff, hospital.institution
    end: date = end_of(hospital).astype(object)
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
    if strange := set(csv) - canonical_tables().keys():
        raise ValueError(f"没有这些表 no such tables: {', '.join(sorted(strange))}")
    if hospital.scenario:
        hospital.scenario.effects(hospital.units)
    writer = Writer(hospital, out, csv, encoding)
    writer.reference(reference_tables(hospital))
    for done in range(hospital.months):
        number = month_number(hospital.start) + done
        writer.month(number, month_tables(hospital, number))
        if progress:
            progress(done + 1, hospital.months)
    return writer.finish()
