"""Two hospitals with results, for the tests of pages that show them (fixtures `results_home` and `results`).

H1 has seven departments, 45 discharges each a month from 2023-01 to 2025-02. Two to four die each month, but one in
three of cardiology (0301) in the last month. All of cardiology lie on its ward 0301W1 with heart attacks, the only
diagnoses that are coded, and are doctor_a's; those of surgery (0401) are doctor_b's. Department 0901 discharges three
a month: too few for any comparison. H2 is small.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from xunzhi.lake import Lake
from xunzhi.measures import measure
from xunzhi.standards.local import installed
from xunzhi.web import installation
from xunzhi.web.monitor import prepare

PACK = Path(__file__).parent / "pack"
MONTHS = [f"{2023 + m // 12}-{m % 12 + 1:02d}" for m in range(26)]
NEWEST = MONTHS[-1]
DEPARTMENTS = {
    "0301": "心血管内科", "0401": "普通外科", "0501": "神经内科", "0502": "骨科",
    "0503": "儿科", "0504": "妇科", "0505": "呼吸科", "0901": "康复科",
}  # fmt: skip
SMALL, EACH, FEW = "0901", 45, 3
DOCTORS = {("H1", "0301"): "S008", ("H1", "0401"): "S010"}
PATIENT = "患者秘密"


def _died(department: str, month: str, number: int) -> bool:
    if (department, month) == ("0301", NEWEST):
        return number % 3 == 0
    return number < 2 + (7 * MONTHS.index(month) + int(department)) % 3


def _stays(institution: str, department: str, each: int) -> Iterator[tuple[object, ...]]:
    for month in MONTHS:
        for number in range(each):
            discharged = datetime.fromisoformat(f"{month}-{1 + number % 28:02d} 10:00:00")
            stay = 3 + (number + len(department)) % 6
            stay_id = f"{institution}-{month}-{department}-{number}"
            yield (
                institution, f"E-{stay_id}", f"P-{stay_id}",
                f"{PATIENT}{number}", discharged - timedelta(days=stay), discharged, department,
                "0301W1" if department == "0301" else None, DOCTORS.get((institution, department)), stay,
                "5" if _died(department, month, number) else "1",
            )  # fmt: skip


COLUMNS = (
    "institution", "encounter_id", "patient_id", "name", "admission_time", "discharge_time", "department", "ward",
    "attending_doctor", "length_of_stay", "discharge_way",
)  # fmt: skip


def encounters(rows: list[tuple[object, ...]]) -> pa.Table:
    """Rows of COLUMNS as facts."""
    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    times = ("admission_time", "discharge_time")
    return pa.table(
        {name: pa.array(v, pa.timestamp("us")) if name in times else pa.array(v) for name, v in columns.items()}
    )


def fill(lake: Lake) -> None:
    """Put the facts of both hospitals into a lake."""
    stays = [_stays("H1", code, FEW if code == SMALL else EACH) for code in DEPARTMENTS]
    encounter = encounters([row for found in (*stays, _stays("H2", "0301", FEW)) for row in found])
    named = [("H1", code, name) for code, name in DEPARTMENTS.items()]
    named += [("H1", "0301W1", "心内一病区"), ("H2", "0301", "内科")]
    institutions, codes, names = zip(*named, strict=True)
    hearts = [row[1] for row in _stays("H1", "0301", EACH)]
    diagnosis = {
        "institution": ["H1"] * len(hearts), "encounter_id": hearts, "kind": ["principal"] * len(hearts),
        "sequence": [1] * len(hearts), "icd10": ["I21.900"] * len(hearts),
    }  # fmt: skip
    with lake.write("test") as transaction:
        transaction.upsert("diagnosis", pa.table(diagnosis))
        transaction.upsert("department", pa.table({"institution": institutions, "department": codes, "name": names}))
        transaction.upsert("encounter", encounter)


@pytest.fixture(scope="session")
def results_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with results, prepared for pages; not to be changed."""
    folder = tmp_path_factory.mktemp("monitored")
    lake = Lake(folder, installed(folder, str(PACK)))
    fill(lake)
    measure(lake, folder)
    prepare.prepare(lake, folder)
    return folder


@pytest.fixture
def results(results_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let the site show the results of `results_home`."""
    monkeypatch.setenv("XUNZHI_HOME", str(results_home))
    monkeypatch.setenv("XUNZHI_PACK", str(PACK))
    installation._opened.cache_clear()
    yield results_home
    installation._opened.cache_clear()
