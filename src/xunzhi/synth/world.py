"""What does not change from month to month: departments, wards, staff, calendar."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from zlib import crc32

import chinese_calendar
import numpy as np
import pyarrow as pa

from xunzhi.synth.catalog import cases, read
from xunzhi.synth.columns import Array, Coded, Rows, known, serial

DOCTOR, NURSE, PHARMACIST, TECHNICIAN, ADMINISTRATION = range(5)
CATEGORIES = ("doctor", "nurse", "pharmacist", "technician", "administration")
RANKS = ("senior", "deputy_senior", "intermediate", "junior", "assistant")
BEDS_PER_WARD = 45


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """An own random stream for a path of names and numbers; streams of different paths are independent."""
    words = [part if isinstance(part, int) else crc32(part.encode()) for part in path]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


@dataclass(frozen=True)
class Units:
    """Rows of the department table: departments first, then wards. Everything points at a unit by its place."""

    codes: list[str]
    names: list[str]
    kind: list[str]
    rc023: list[str]
    department: Array  # place of the department that a unit belongs to (itself for departments)
    beds: Array
    surgical: Array
    neonatal: Array
    icu: list[str]
    season: list[str]
    departments: int

    @cached_property
    def code_values(self) -> pa.Array:
        """Codes as an Arrow array, the dictionary of every department and ward column."""
        return pa.array(self.codes, pa.string())

    @cached_property
    def wards(self) -> Array:
        """Places of all wards."""
        return np.arange(self.departments, len(self.codes))

    @cached_property
    def is_icu(self) -> Array:
        """Which units are intensive care."""
        return np.array([bool(kind) for kind in self.icu])

    def of_kind(self, kind: str) -> int:
        """The first department of a kind."""
        return self.kind.index(kind)

    def named(self, name: str) -> Array:
        """Units that a scenario means: a department with its wards, or one ward, by code or name.

        Raises:
            ValueError: when there is none in a hospital of this size.
        """
        found = [place for place, pair in enumerate(zip(self.codes, self.names, strict=True)) if name in pair]
        if not found:
            there = ", ".join(self.names[: self.departments])
            raise ValueError(f"没有科室或病区 {name!r} / no such department or ward; 可用 there are: {there}")
        return np.flatnonzero(np.isin(self.department, found) | np.isin(np.arange(len(self.codes)), found))


def make_units(beds: int) -> Units:
    """Departments and wards of a hospital with so many beds."""
    data = read("departments")
    clinical = [row for row in data["clinical"] if row["from"] <= beds]
    rows = clinical + data["other"]
    total = sum(row["share"] for row in clinical)
    sizes = [max(4, round(beds * row["share"] / total)) for row in clinical] + [0] * len(data["other"])
    wards = [
        (place, number, count)
        for place, size in enumerate(sizes[: len(clinical)])
        for count in [max(1, round(size / BEDS_PER_WARD))]
        for number in range(1, count + 1)
    ]
    owner = [place for place, _, _ in wards]
    many = [count > 1 for _, _, count in wards]
    every = rows + [rows[place] for place in owner]
    split = [sizes[p] // c + (1 if n <= sizes[p] % c else 0) for p, n, c in wards]
    return Units(
        codes=[row["code"] for row in rows] + [f"{rows[p]['code']}-{n:02d}" for p, n, _ in wards],
        names=[row["name"] for row in rows]
        + [f"{rows[p]['name']}{_roman(n) if m else ''}病区" for (p, n, _), m in zip(wards, many, strict=True)],
        kind=[row.get("kind", "icu" if row.get("icu") else "clinical") for row in rows] + ["nursing"] * len(wards),
        rc023=[row["rc023"] for row in every],
        department=np.array([*range(len(rows)), *owner]),
        beds=np.array(sizes + split),
        surgical=np.array([bool(row.get("surgical")) for row in every]),
        neonatal=np.array([bool(row.get("neonatal")) for row in every]),
        icu=[row.get("icu", "") for row in every],
        season=[row.get("season", "flat") for row in every],
        departments=len(rows),
    )


def _roman(number: int) -> str:
    return "一二三四五六七八九十"[number - 1] if number <= 10 else str(number)


@dataclass(frozen=True)
class Staff:
    """All staff; rows point at them by place."""

    ids: pa.StringArray
    name: Array
    unit: Array
    category: Array
    rank: Array
    post: list[str]
    licensed: Array
    hired: Array
    left: Array

    def pick(self, rng: np.random.Generator, category: int, units: Array, rank: int = 9) -> Array:
        """For each unit one of its people of a category (of at least that rank) at random; -1 where it has none."""
        mine = np.flatnonzero((self.category == category) & (self.rank <= rank))
        ordered = mine[np.argsort(self.unit[mine], kind="stable")]
        first = np.searchsorted(self.unit[ordered], units, side="left")
        count = np.searchsorted(self.unit[ordered], units, side="right") - first
        chosen = first + (rng.random(len(units)) * count).astype(np.int64)
        return np.where(count > 0, ordered[np.minimum(chosen, len(ordered) - 1)], -1)

    def column(self, places: Array) -> Coded:
        """Places as a column of staff codes."""
        return Coded(places, self.ids)


# Doctors, nurses, pharmacists, technicians, administration per 100 beds of the hospital, by department kind
_OTHER_STAFF = {
    "emergency": (3.0, 7.0, 0, 0, 0),
    "outpatient": (6.0, 5.0, 0, 0, 1),
    "anaesthesia": (4.0, 2.4, 0, 0, 0),
    "theatre": (0, 6.0, 0, 0, 0),
    "laboratory": (0.6, 0, 0, 4.5, 0),
    "pathology": (1.2, 0, 0, 1.4, 0),
    "imaging": (2.5, 0.6, 0, 2.5, 0),
    "transfusion": (0.3, 0, 0, 0.9, 0),
    "technical": (0.5, 2.0, 0, 0.2, 0),
    "pharmacy": (0, 0, 6.0, 0, 0.4),
    "support": (0, 0.6, 0, 0.4, 1.2),
    "administration": (0.3, 0.5, 0, 0, 1.6),
    "primary_care": (1.6, 1.8, 0.3, 0.3, 0.3),
}
_POSTS = {"emergency": "emergency", "pathology": "pathologist", "transfusion": "transfusion"}


def make_staff(units: Units, beds: int, seed: int, start: date) -> Staff:
    """Doctors and nurses on wards by beds, others by the size of the hospital."""
    rng = stream(seed, "staff")
    unit: list[int] = []
    category: list[int] = []
    for place, kind in enumerate(units.kind):
        counts = _ward_staff(units, place) if kind == "nursing" else _other_staff(kind, beds)
        for each, count in enumerate(counts):
            unit += [place] * count
            category += [each] * count
    count = len(unit)
    where, what = np.array(unit), np.array(category)
    rank = rng.choice(5, size=count, p=[0.08, 0.18, 0.32, 0.36, 0.06])
    chiefs = np.unique(where * 10 + what, return_index=True)[1]
    rank[chiefs] = 0
    years = rng.gamma(3.0, 4.0, count)
    today = np.datetime64(start)
    hired = today - (years * 365).astype("m8[D]")
    left = np.where(
        rng.random(count) < 0.04, today + rng.integers(30, 900, count).astype("m8[D]"), np.datetime64("NaT")
    )
    return Staff(
        serial("S", count, 5),
        names(rng, rng.random(count) < 0.5),
        where,
        what,
        rank,
        [_post(units.kind[u], units.codes[u], c) for u, c in zip(unit, category, strict=True)],
        hired - 200,
        hired,
        left,
    )


def _ward_staff(units: Units, place: int) -> tuple[int, ...]:
    beds = int(units.beds[place])
    doctors, nurses = (0.9, 3.0) if units.is_icu[place] else (0.24, 0.46)
    return max(4, round(beds * doctors)), max(8, round(beds * nurses)), 0, 0, 0


def _other_staff(kind: str, beds: int) -> tuple[int, ...]:
    return tuple(max(2, round(per * beds / 100)) if per else 0 for per in _OTHER_STAFF.get(kind, (0, 0, 0, 0, 0)))


def _post(kind: str, code: str, category: int) -> str:
    if kind == "anaesthesia":
        return ("anaesthetist", "anaesthesia_nurse")[min(category, 1)]
    if kind == "pathology" and category == TECHNICIAN:
        return "pathology_technician"
    if code == "6003":
        return "coder" if category == NURSE else "inpatient_records"
    if code == "6004":
        return "infection_control"
    if code == "6002":
        return "quality"
    return _POSTS.get(kind, "")


def names(rng: np.random.Generator, male: Array) -> Array:
    """Chinese names (fixed-width text array), common surnames first."""
    words = read("words")
    surnames = np.array(list(words["surnames"]))
    weight = 1.0 / (np.arange(len(surnames)) + 6.0)
    count = len(male)
    family = rng.choice(surnames, size=count, p=weight / weight.sum())
    boys, girls = np.array(list(words["given_male"])), np.array(list(words["given_female"]))
    pools = [np.where(male, rng.choice(boys, count), rng.choice(girls, count)) for _ in range(2)]
    second = np.where(rng.random(count) < 0.68, pools[1], "")
    return np.char.add(np.char.add(family, pools[0]), second)


def is_working(day: date) -> tuple[bool, str]:
    """Whether a day is worked in China (make-up days count), and a mark when only weekends are known for its year."""
    try:
        working = bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5, "仅按周末推定 weekends only: official calendar of the year unknown"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        holiday = chinese_calendar.get_holiday_detail(day)[1]
    if working and day.weekday() >= 5:
        return True, "调休上班"
    return working, str(holiday or "")


def calendar_rows(start: date, end: date, institution: str) -> Rows:
    """The calendar from 31 days before `start` to 62 days after `end`."""
    first = start - timedelta(days=31)
    days = [first + timedelta(days=n) for n in range((end - first).days + 62)]
    marks = [is_working(day) for day in days]
    return {
        "institution": institution,
        "day": np.array(days, dtype="M8[D]"),
        "working": np.array([working for working, _ in marks]),
        "name": pa.array([name or None for _, name in marks], pa.string()),
    }


def department_rows(units: Units, institution: str) -> Rows:
    """The department table."""
    ward = np.arange(len(units.codes)) >= units.departments
    clinical = np.array([bool(units.beds[d]) for d in units.department])
    return {
        "institution": institution,
        "department": units.code_values,
        "name": pa.array(units.names),
        "kind": Coded(np.arange(len(units.codes)), units.kind),
        "national_code": Coded(np.arange(len(units.codes)), units.rc023),
        "parent": Coded(np.where(ward, units.department, -1), units.code_values),
        "is_ward": ward,
        "is_surgical": units.surgical,
        "is_icu": units.is_icu,
        "icu_kind": pa.array([kind or None for kind in units.icu], pa.string()),
        "is_neonatal": units.neonatal,
        "campus": "本部",
        "beds": known(units.beds, clinical),
        "valid_from": np.full(len(ward), np.datetime64("2010-01-01")),
        "valid_to": None,
    }


def staff_rows(staff: Staff, units: Units, institution: str) -> Rows:
    """The staff table; doctors carry RC044 titles."""
    doctor = staff.category == DOCTOR
    return {
        "institution": institution,
        "staff": staff.ids,
        "name": staff.name,
        "department": Coded(units.department[staff.unit], units.code_values),
        "category": Coded(staff.category, CATEGORIES),
        "doctor_title": Coded(np.where(doctor, staff.rank, -1), list("12345")),
        "rank": Coded(staff.rank, RANKS),
        "post": pa.array([post or None for post in staff.post], pa.string()),
        "licence_date": staff.licensed,
        "start_date": staff.hired,
        "hire_date": staff.hired,
        "leave_date": staff.left,
    }


_PRIVILEGES = ("surgery", "anaesthesia", "antibacterial", "controlled_drug", "transfusion")


def privilege_rows(staff: Staff, units: Units, institution: str) -> Rows:
    """What doctors may do: operations up to a level by rank, antibacterials up to a grade, and more."""
    doctors = np.flatnonzero(staff.category == DOCTOR)
    person = np.repeat(doctors, len(_PRIVILEGES))
    kind = np.tile(np.arange(len(_PRIVILEGES)), len(doctors))
    fits = np.where(kind == 0, units.surgical[staff.unit[person]], True)
    fits &= np.where(kind == 1, np.array([units.kind[u] == "anaesthesia" for u in staff.unit[person]], bool), True)
    person, kind = person[fits], kind[fits]
    rank = staff.rank[person]
    return {
        "institution": institution,
        "privilege_id": serial("PV", len(person), 6),
        "staff": staff.column(person),
        "department": Coded(units.department[staff.unit[person]], units.code_values),
        "kind": Coded(kind, _PRIVILEGES),
        "scope": None,
        "level": Coded(np.where(kind <= 1, np.clip(3 - rank, 0, 3), -1), list("1234")),
        "antibiotic_grade": Coded(np.where(kind == 2, np.clip(2 - rank, 0, 2), -1), list("123")),
        "valid_from": staff.hired[person] + 365,
        "valid_to": None,
        "basis": "医务科授权文件",
    }


def case_departments(units: Units) -> tuple[Array, Array]:
    """For each case type its department in this hospital (-1 where the hospital has none), and its share there."""
    place = {code: number for number, code in enumerate(units.codes[: units.departments])}
    table = cases()
    department = np.array([place.get(code, -1) for code in table.department])
    share = table["share"].astype(float)
    totals = np.bincount(department + 1, share, units.departments + 1)
    return department, share / totals[department + 1]
