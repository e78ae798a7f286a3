"""The main pages for everyone: WCAG 2.1 AA as far as axe can tell, in light and dark; charts as words and values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Walk, database
from tests.e2e.visitor import Visitor
from tests.web.test_serve import Running

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}
ASK = """async (rules) => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]})).violations.flatMap(
  (found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))"""

WORK = (
    "/", "/signals", "/cases/finding", "/cases/finding/board", "/cases/{finding}", "/cases/finding/new",
    "/improve/projects/{proved}", "/improve/projects/{proved}/tools/pareto", "/improve/cases/{proved}/effect",
    "/governance", "/guide",
)  # fmt: skip
RESULTS = ("/overview", "/indicators/inpatient_mortality_rate", "/units/department/0304", "/wall")


def look_closely(visitor: Visitor, path: str) -> list[str]:
    """What axe finds on a page, in light and dark."""
    page = visitor.page
    visitor.go(path)
    charts = page.locator("figure.chart")
    assert charts.count() or not path.endswith(("effect", "rate", "pareto")), f"{path}: no chart"
    for number in range(charts.count()):
        expect(charts.nth(number).locator("svg.marks")).to_be_visible()
        assert charts.nth(number).get_attribute("aria-label"), f"{path}: a chart without words"
    beside = page.locator(":is(.card-body, .card):has(> figure.chart):has(> .chart-data table)")
    assert beside.locator("> figure.chart").count() == charts.count(), f"{path}: a chart without its values"
    page.evaluate(f"{AXE.read_text(encoding='utf-8')};0")
    found: list[Any] = page.evaluate(ASK, EVERYTHING)
    if path != "/wall":  # which is always dark
        page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
        found += page.evaluate(ASK, CONTRAST)
    return [f"{path}: {one}" for one in found]


@pytest.mark.parametrize(
    ("user", "paths"),
    [
        ("", ("/sign-in",)),
        ("quality", WORK),
        ("president", RESULTS),
        ("system", ("/organisation",)),
        ("audit", ("/audit",)),
    ],
    ids=["everyone", "quality", "president", "system", "audit"],
)
def test_a_page_can_be_read_by_everyone(walk: Walk, site: Running, user: str, paths: tuple[str, ...]) -> None:
    ((finding,),) = database(site.home, "SELECT min(id) FROM cases_case WHERE type = 'finding' AND state = 'planning'")
    ((proved,),) = database(site.home, "SELECT min(case_id) FROM improve_proof WHERE in_place <> ''")
    visitor = walk(user, bypass_csp=True, reduced_motion="reduce", color_scheme="light")
    found = [one for path in paths for one in look_closely(visitor, path.format(finding=finding, proved=proved))]
    assert not found, "\n".join(found)
