"""A hospital with nine departments and three years of discharges, in which what moved is known."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from xunzhi.lake import Lake
from xunzhi.measures import Readings, measure
from xunzhi.reports import Profile, Source, build
from xunzhi.reports.model import Bulletin
from xunzhi.standards import load_pack

PACK = load_pack(Path(__file__).parent / "pack")
MONTHS = [f"{2023 + (6 + m) // 12}-{(6 + m) % 12 + 1:02d}" for m in range(36)]
"""2023-07 to 2026-06."""

SCRIPT, FORMULA, MARKUP = "<script>alert(1)</script>", '=HYPERLINK("http://x")', '#image("x") $y$ *z* @ref \\ [a] `b`'
NAMES = ["心内科", "普外科", SCRIPT, FORMULA, MARKUP, "儿科", "妇产科", "骨科"]
SMALL = "D9"
PROFILE = Profile(institutions={"H1": "循质医院 & <b>分院</b>"}, compare=("mortality",))


def stays() -> Iterator[tuple[object, ...]]:
    """Discharges by department and month.

    Mortality is 5 % but 20 % in D8; in 2026-05 it doubles everywhere. Readmission falls from 40 % to 20 % in 2025-10.
    D9 has two discharges a month. A never event happens once in five months. June 2026 is known to the 10th only.
    """
    for place, month in enumerate(MONTHS):
        for department in range(1, 10):
            n = 2 if department == 9 else 60
            deaths = (12 if department == 8 else 3) * (2 if month == "2026-05" else 1) + (place + department) % 2
            returns = n * (20 if month >= "2025-10" else 40) // 100 + (place * department) % 3
            for i in range(n):
                day = 1 + i % (10 if month == MONTHS[-1] else 28)
                time = datetime.fromisoformat(f"{month}-{day:02d} 10:00:00")
                died = department != 9 and i < deaths
                never = department == 1 and i == 5 and place % 5 == 0
                yield f"{month}-{department}-{i}", time, f"D{department}", died, i < returns, never, 5 + (i + place) % 8


def fill(lake: Lake) -> None:
    """Put the hospital's facts into a lake."""
    ids, times, departments, died, returned, never, days = zip(*stays(), strict=True)
    with lake.write("test") as transaction:
        names = {f"D{n}": name for n, name in enumerate(NAMES, 1)}
        codes = [*names, SMALL]
        transaction.upsert(
            "department",
            pa.table({"institution": ["H1"] * 9, "department": codes, "name": [*names.values(), "小科\x07室"]}),
        )
        transaction.upsert(
            "stay",
            pa.table(
                {
                    "institution": ["H1"] * len(ids),
                    "stay_id": ids,
                    "discharge_time": pa.array(times, pa.timestamp("us")),
                    "department": departments,
                    "died": died,
                    "returned": returned,
                    "never_event": never,
                    "days": days,
                }
            ),
        )


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with results; not to be changed."""
    folder = tmp_path_factory.mktemp("hospital")
    lake = Lake(folder, PACK)
    fill(lake)
    measure(lake, folder)
    return folder


def read(folder: Path, period: str) -> Source:
    """The results of a period."""
    return Source(Readings(Lake(folder, PACK), folder), "H1", period, profile=PROFILE)


@pytest.fixture(scope="session")
def source_of(home: Path) -> Callable[[str], Source]:
    """The results of a period of the shared installation."""
    return partial(read, home)


@pytest.fixture
def own_home(tmp_path: Path, home: Path) -> Callable[[str], Source]:
    """The results of a period of an installation that the test may change."""
    shutil.copytree(home, tmp_path / "own")
    return partial(read, tmp_path / "own")


@pytest.fixture(scope="session")
def source(source_of: Callable[[str], Source]) -> Source:
    """The month in which mortality doubled."""
    return source_of("2026-05")


@pytest.fixture(scope="session")
def hospital(source: Source) -> Bulletin:
    """The hospital's bulletin in Chinese."""
    return build(source, "zh")


@pytest.fixture(scope="session")
def english(source: Source) -> Bulletin:
    """The hospital's bulletin in English."""
    return build(source, "en")


@pytest.fixture(scope="session")
def department(source: Source) -> Bulletin:
    """The bulletin of the department with most deaths."""
    return build(source, "zh", "D8")
