"""The small hospital that is walked through: the demo's departments and people, with facts whose story is known.

In the newest month cardiology (0304) loses one patient in four, and those of surgery (0401) stay six days longer: two
signals. Intensive care (2800) and surgery (0401)
clean their hands in 6 of 10 moments until 2025-06 and in 9 of 10 from 2025-07 on: an effect that can be proved.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from xunzhi.lake import Lake
from xunzhi.measures import measure, shifted
from xunzhi.standards.local import installed

PACK = Path(__file__).parent / "pack"
INSTITUTION = "H001"
FIRST, BETTER = "2024-05", "2025-07"
NEWEST = shifted(f"{date.today():%Y-%m}", -1)
PATIENT = "患者秘密"
CLINICAL = {"0304": "心血管内科", "0401": "普通外科", "2800": "重症医学科", "0303": "神经内科", "0403": "骨科"}
OTHER = {"2000": ("急诊医学科", "emergency"), "3000": ("检验科", "laboratory"), "8000": ("药学部", "pharmacy")}
OFFICES = {"6000": "医务科", "6001": "护理部", "6002": "质量控制科", "6003": "病案科", "6004": "医院感染管理科"}
SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨", "明华丽强静磊敏洋艳军"
EACH, SEEN = 40, 40
"""Discharges, and moments of hand hygiene, of a department in a month."""


def build(home: Path) -> None:
    """An installation with facts and results in an empty folder; the site is not founded yet."""
    lake = Lake(home, installed(home, str(PACK)))
    with lake.write("walked") as transaction:
        for table, rows in (
            ("department", _departments()),
            ("staff", _staff()),
            ("encounter", _encounters()),
            ("hand_hygiene", _hands()),
        ):
            transaction.upsert(table, pa.Table.from_pylist(list(rows)))
    measure(lake, home)


def _departments() -> Iterator[dict[str, object]]:
    kinds = dict.fromkeys(CLINICAL, "clinical") | {code: kind for code, (_, kind) in OTHER.items()}
    names = CLINICAL | {code: name for code, (name, _) in OTHER.items()} | OFFICES
    for code, name in names.items():
        yield _place(code, name, kinds.get(code, "administration"), None)
    for code, name in CLINICAL.items():
        yield _place(f"{code}-01", f"{name}病区", "nursing", code)


def _place(code: str, name: str, kind: str, parent: str | None) -> dict[str, object]:
    return {
        "institution": INSTITUTION, "department": code, "name": name, "kind": kind, "parent": parent,
        "is_ward": parent is not None,
    }  # fmt: skip


def _staff() -> Iterator[dict[str, object]]:
    number = 0
    for code in (*CLINICAL, *OTHER, *OFFICES):
        categories = ["administration"] * 4 if code in OFFICES else ["doctor"] * 4 + ["nurse"] * 3
        for place, category in enumerate(categories):
            number += 1
            yield {
                "institution": INSTITUTION, "staff": f"S{number:05d}", "department": code, "category": category,
                "name": SURNAMES[number % len(SURNAMES)] + GIVEN[number // len(SURNAMES)],
                "rank": ("senior", "deputy_senior", "intermediate", "junior")[min(place, 3)],
            }  # fmt: skip


def _months() -> Iterator[str]:
    month = FIRST
    while month <= NEWEST:
        yield month
        month = shifted(month, 1)


def _encounters() -> Iterator[dict[str, object]]:
    for at, month in enumerate(_months()):
        for code in CLINICAL:
            deaths = EACH // 4 if (code, month) == ("0304", NEWEST) else 1 + (7 * at + int(code)) % 2
            for number in range(EACH):
                stay = 3 + number % 6 + (6 if (code, month) == ("0401", NEWEST) else 0)
                left = datetime.fromisoformat(f"{month}-{1 + number % 28:02d} 10:00:00")
                key = f"{month}-{code}-{number:02d}"
                yield {
                    "institution": INSTITUTION, "encounter_id": f"E{key}", "patient_id": f"P{key}",
                    "name": f"{PATIENT}{number}", "sex": "12"[number % 2], "age_years": 40 + number,
                    "admission_time": left - timedelta(days=stay), "discharge_time": left,
                    "department": code, "ward": f"{code}-01", "length_of_stay": stay,
                    "discharge_way": "5" if number < deaths else "1",
                }  # fmt: skip


def _hands() -> Iterator[dict[str, object]]:
    for at, month in enumerate(_months()):
        for code in CLINICAL:
            better = code in ("2800", "0401") and month >= BETTER
            cleaned = (36 if better else 24) + (5 * at + int(code)) % 3
            for number in range(SEEN):
                yield {
                    "institution": INSTITUTION, "opportunity_id": f"{month}-{code}-{number:02d}", "department": code,
                    "observed_time": datetime.fromisoformat(f"{month}-{1 + number % 28:02d} 09:30:00"),
                    "staff_category": "nurse", "moment_1": True, "action": "rub" if number < cleaned else "missed",
                }  # fmt: skip
