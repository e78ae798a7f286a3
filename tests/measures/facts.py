"""Facts for tests on the small pack: rows as dictionaries, put into a lake."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa

from xunzhi.lake import Lake
from xunzhi.standards import load_pack

PACK = load_pack(Path(__file__).parent / "pack")


def table(name: str, rows: list[dict[str, object]]) -> pa.Table:
    names = list(PACK.tables[name].columns)
    kinds = {"VARCHAR": pa.string(), "TIMESTAMP": pa.timestamp("us"), "DATE": pa.date32(), "BOOLEAN": pa.bool_()}
    kinds |= {"DECIMAL(18,2)": pa.decimal128(18, 2), "DOUBLE": pa.float64(), "BIGINT": pa.int64()}
    arrays = [pa.array([row.get(column) for row in rows], kinds[PACK.schema[name][column]]) for column in names]
    return pa.table(dict(zip(names, arrays, strict=True)))


def put(lake: Lake, **tables: list[dict[str, object]]) -> None:
    with lake.write("test") as transaction:
        for name, rows in tables.items():
            if rows:
                transaction.upsert(name, table(name, rows))


def stays(*facts: tuple[str, str, str, str, bool]) -> list[dict[str, object]]:
    return [
        {
            "institution": "H1",
            "encounter_id": f"E{index}",
            "patient_id": patient,
            "admission_time": datetime.fromisoformat(admitted),
            "discharge_time": datetime.fromisoformat(discharged),
            "department": department,
            "doctor": "张",
            "died": died,
            "cost": 100,
        }
        for index, (patient, department, admitted, discharged, died) in enumerate(facts)
    ]
