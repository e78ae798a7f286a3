"""The benefits of concluded projects: years, the departments of one, and the projects behind each number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.web.asked import number
from xunzhi.web.audit.services import record
from xunzhi.web.cases.access import visible
from xunzhi.web.improve.benefits import KINDS, Benefit, Total, by, concluded, total
from xunzhi.web.permissions import refusal, requires
from xunzhi.web.sheets import spreadsheet, workbook

ALL = "all"
Line = list[Any]


@requires("case.view")
def benefits(request: HttpRequest) -> HttpResponse:
    """The summary, or one of its tables as an Excel file (`?export=years|departments|projects`)."""
    access: Any = request.access  # type: ignore[attr-defined]
    cases, export = visible(access), request.GET.get("export", "")
    if export:
        if not access.may_somewhere("case.export"):
            raise PermissionDenied(refusal("case.export"))
        cases = cases.filter(access.within("case.export", secrecy="secrecy"))
    found = concluded(cases)
    years = by(found, lambda one: one.year)
    year = _year(request.GET.get("year", ""), years)
    of_year = [one for one in found if year in (ALL, str(one.year))]
    unit, kind = request.GET.get("unit", ""), request.GET.get("kind", "")
    shown = [one for one in of_year if unit in ("", str(one.case.unit_id)) and KINDS.get(kind, bool)(one)]
    departments = by(of_year, lambda one: one.case.unit)
    rows = sorted(departments.items(), key=lambda item: (-item[1].net, -item[1].projects, item[0].order, item[0].pk))
    if export:
        tables = {
            "years": lambda: _sums_of(_("Year"), sorted(years.items())),
            "departments": lambda: _sums_of(_("Department"), [(unit.name, one) for unit, one in rows]),
            "projects": lambda: _projects(shown),
        }
        return _file(request, year, tables.get(export, tables["departments"])(), export)
    context = {
        "years": sorted(years.items(), reverse=True),
        "year": year,
        "all": ALL,
        "rows": rows,
        "total": total(of_year),
        "shown": shown,
        "unit": next((one for one, _sum in rows if str(one.pk) == unit), None),
        "kind": kind if kind in KINDS else "",
        "may_export": access.may_somewhere("case.export"),
    }
    return render(request, "improve/benefits.html", context)


def _year(asked: str, years: dict[int, Total]) -> str:
    """The year asked for; else the newest with projects, or this one."""
    if asked == ALL or number(asked) in years:
        return asked
    return str(max(years, default=timezone.localdate().year))


@transaction.atomic
def _file(request: HttpRequest, year: str, table: tuple[Line, Iterator[Line]], which: str) -> HttpResponse:
    now = timezone.localtime()
    note = _("Exported by %(user)s on %(time)s.") % {"user": request.user, "time": now.strftime("%Y-%m-%d %H:%M")}
    year = "" if which == "years" or year == ALL else year
    title = _("Benefits of projects %(year)s") % {"year": year}
    record(request, "export", f"benefits {year or ALL}", detail={"table": which, "filters": request.GET.urlencode()})
    return spreadsheet(workbook(*table, title, note), f"benefits-{year or ALL}-{now:%Y%m%d-%H%M}")


def _sums() -> Line:
    return [
        _("Gains (CNY a year)"),
        _("Costs (CNY)"),
        _("Net benefit (CNY)"),
        _("Abilities that grew"),
        _("Abilities rated"),
    ]


def _sums_of(first: str, sums: Iterable[tuple[Any, Total]]) -> tuple[Line, Iterator[Line]]:
    """What was added up of each department or year."""
    head = [
        first, _("Projects concluded"), _("Effect proved"), _("With a target"), _("Target reached"), *_sums(),
    ]  # fmt: skip
    lines = (
        [
            name, one.projects, one.effective, one.measured, one.reached, one.gain, one.cost, one.net, one.grown,
            one.abilities,
        ]
        for name, one in sums
    )  # fmt: skip
    return head, lines


def _projects(shown: list[Benefit]) -> tuple[Line, Iterator[Line]]:
    head = [
        _("Number"), _("Project"), _("Department"), _("Concluded on"), _("Effect proved"),
        _("Attainment of the target in per cent"), *_sums(),
    ]  # fmt: skip
    lines = (
        [
            one.case.number, one.case.title, one.case.unit.name, timezone.localdate(one.case.closed_at),
            _("Yes") if one.effective else _("No"), one.attained, one.gain, one.cost, one.net, one.grown, one.abilities,
        ]
        for one in shown
    )  # fmt: skip
    return head, lines
