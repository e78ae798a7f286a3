"""What projects were worth: sums by year and department that everyone can follow to the projects behind them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.test import Client
from openpyxl import load_workbook

from tests.web.improve.pages import project
from xunzhi.web.audit.models import Entry
from xunzhi.web.cases.models import Case
from xunzhi.web.improve.models import ToolSheet

pytestmark = pytest.mark.usefixtures("english")
Browser = Callable[[str], Client]


@pytest.fixture
def concluded(world: SimpleNamespace) -> dict[str, Case]:
    """Three projects of cardiology (one in 2025) and one of surgery, with their figures."""
    first = project(world)
    surgery, cardiology = world.units.surgery, world.units.cardiology
    rows = {
        "fall": (cardiology, "closed_effective", 2026, (10, 5, 4), (42_000, 6_800), ((2, 4), (3, 3))),
        "wait": (cardiology, "closed_otherwise", 2026, (10, 5, 8), None, None),
        "old": (cardiology, "closed_effective", 2025, None, (1_000, 0), None),
        "wound": (surgery, "closed_effective", 2026, (80, 90, 90), (500, 2_500), ((1, 5),)),
    }
    found = {}
    for number, (name, (unit, state, year, target, money, scores)) in enumerate(rows.items()):
        fields = {field.attname: getattr(first, field.attname) for field in Case._meta.concrete_fields}
        fields |= {"id": None, "number": f"GJ-{number}", "title": name, "unit_id": unit.pk, "state": state}
        # the last hours of a year in London are the next one here
        closed = datetime(year - 1, 12, 31, 20, tzinfo=UTC)
        found[name] = case = Case.objects.create(**fields | {"stage": "done", "closed_at": closed})
        told = {
            "benefit_tangible": target and dict(zip(("before", "target", "after"), target, strict=True)),
            "benefit_economic": money and {"lines": [{"what": "x", "gain": money[0], "cost": money[1]}]},
            "benefit_intangible": scores
            and {"items": [{"item": f"{n}", "before": b, "after": a} for n, (b, a) in enumerate(scores)]},
        }
        for tool, values in told.items():
            if values:
                ToolSheet.objects.create(case=case, tool=tool, values=values)
    return found


def numbers(page: str, row: str) -> list[str]:
    """The numbers in a row of a table, given how it begins."""
    found = re.search(rf'<th scope="row"><a [^>]*>{row}</a></th>(.*?)</tr>', page, re.DOTALL)
    assert found is not None, row
    return re.findall(r">([^<>]*\d[^<>]*)</a>", found[1])


def test_the_year_adds_up_what_its_projects_say(signed_in: Browser, concluded: dict[str, Case]) -> None:
    page = signed_in("officer").get("/improve/benefits").content.decode()
    assert numbers(page, "2026") == ["3", "2", "2", "3", "42,500", "9,300", "33,200", "2 / 3"]
    assert numbers(page, "2025") == ["1", "1", "0", "0", "1,000", "0", "1,000", "0 / 0"]
    assert numbers(page, "心血管内科") == ["2", "1", "1", "2", "42,000", "6,800", "35,200", "1 / 2"]
    assert numbers(page, "普通外科") == ["1", "1", "1", "1", "500", "2,500", "-2,000", "1 / 1"]


def test_every_number_leads_to_as_many_projects(signed_in: Browser, concluded: dict[str, Case]) -> None:
    officer = signed_in("officer")
    page = officer.get("/improve/benefits?year=all").content.decode()
    links = re.findall(r'<a (?:class="text-reset" )?href="([^"]*unit=[^"]*)#projects">(\d+)</a>', page)
    assert len(links) > 10
    for address, count in links:
        if "kind=economic" in address:
            continue  # an amount
        answer = officer.get("/improve/benefits" + address.replace("&amp;", "&"))
        assert len(answer.context["shown"]) == int(count), address


def test_who_sees_one_department_sees_its_projects_only(signed_in: Browser, concluded: dict[str, Case]) -> None:
    page = signed_in("head_b").get("/improve/benefits").content.decode()
    assert "wound" in page
    assert "心血管内科" not in page
    assert "No project was concluded yet" in signed_in("officer_h2").get("/improve/benefits").content.decode()


def test_tables_are_exported_and_that_is_recorded(signed_in: Browser, concluded: dict[str, Case]) -> None:
    def lines(name: str, table: str) -> list[tuple[object, ...]]:
        answer = signed_in(name).get(f"/improve/benefits?year=2026&export={table}")
        return list(load_workbook(BytesIO(answer.content)).active.values)

    assert lines("officer", "departments")[1] == ("心血管内科", 2, 1, 2, 1, 42_000, 6_800, 35_200, 1, 2)
    assert [line[:3] for line in lines("officer", "years")[1:3]] == [(2025, 1, 1), (2026, 3, 2)]
    by_name = {line[1]: line for line in lines("officer", "projects")[1:] if line[1]}
    assert by_name["wait"][5:] == (40, None, None, None, None, None)
    assert [line[1] for line in lines("head_b", "projects")[1:] if line[1]] == ["wound"]
    assert Entry.objects.filter(action="export", thing="benefits 2026").count() == 3
    assert Entry.objects.filter(action="export", thing="benefits all").count() == 1
    assert signed_in("doctor_a").get("/improve/benefits?export=projects").status_code == 403


def test_odd_questions_are_answered(signed_in: Browser, concluded: dict[str, Case]) -> None:
    for query in ("year=1", "year=x&kind=y&unit=z", "year=²", "unit=99999999999999999999"):
        assert signed_in("officer").get(f"/improve/benefits?{query}").status_code == 200
