"""Propose the organisation that the facts know: departments, wards and staff of the lake as tables to take over."""

from __future__ import annotations

from typing import Any

from xunzhi.lake import Lake
from xunzhi.measures import DuckEngine
from xunzhi.web.org.files import Row
from xunzhi.web.org.models import Unit


def institutions(lake: Lake) -> list[str]:
    """The institutions that the facts know."""
    return [str(row["institution"]) for row in _rows(lake, "department", "SELECT DISTINCT institution", "institution")]


def units(lake: Lake, known: set[str]) -> list[Row]:
    """Departments and wards of the institutions that are `known` to the site, as rows of a table of units."""
    columns = "SELECT institution, department, name, kind, parent, is_ward, valid_from, valid_to"
    rows = _rows(lake, "department", columns, "institution, department")
    found = [row for row in rows if row["institution"] in known and row["kind"] != "institution"]
    return [
        Row(
            line,
            {
                "institution": row["institution"],
                "kind": _kind(row),
                "code": row["department"],
                "name": row["name"],
                "parent": row["parent"] or "",
                "since": _day(row["valid_from"]),
                "until": _day(row["valid_to"]),
            },
        )
        for line, row in enumerate(found, start=1)
    ]


def people(lake: Lake, known: set[str]) -> list[Row]:
    """The staff of the institutions that are `known` to the site, as rows of a table of people."""
    columns = "SELECT institution, staff, name, department, category, doctor_title, rank, hire_date, leave_date"
    rows = [row for row in _rows(lake, "staff", columns, "institution, staff") if row["institution"] in known]
    codes = lake.pack.codes

    def called(code_list: str, code: str | None) -> str:
        known_code = codes[code_list].codes.get(code) if code else None
        return known_code.label.zh if known_code else code or ""

    return [
        Row(
            line,
            {
                "institution": row["institution"],
                "code": row["staff"],
                "name": row["name"] or row["staff"],
                "unit": row["department"] or "",
                "title": called("RC044", row["doctor_title"]) or called("STAFF_RANK", row["rank"]),
                "category": called("STAFF_CATEGORY", row["category"]),
                "since": _day(row["hire_date"]),
                "until": _day(row["leave_date"]),
            },
        )
        for line, row in enumerate(rows, start=1)
    ]


def _rows(lake: Lake, table: str, select: str, order: str) -> list[dict[str, Any]]:
    snapshot = lake.snapshot()
    if not snapshot.rows(table):
        return []
    with DuckEngine.on(snapshot) as engine:
        found: list[dict[str, Any]] = engine.query(
            f"{select} FROM ({snapshot.view_sql(table)}) ORDER BY {order}"
        ).to_pylist()
    return found


def _kind(row: dict[str, Any]) -> str:
    if row["is_ward"]:
        return Unit.Kind.WARD
    return Unit.Kind.OFFICE if row["kind"] == "administration" else Unit.Kind.DEPARTMENT


def _day(value: Any) -> str:
    return value.isoformat() if value else ""
