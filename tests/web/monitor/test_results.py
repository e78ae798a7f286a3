"""The pages of results say what the stored results say, of the right hospital, period and unit, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from django.test import Client
from openpyxl import load_workbook

from tests.web.monitor.hospital import DEPARTMENTS, NEWEST, PACK, PATIENT, SMALL
from xunzhi.lake import Lake
from xunzhi.measures import Readings
from xunzhi.reports import Source
from xunzhi.reports.messages import Messages
from xunzhi.reports.overview import grid_row
from xunzhi.reports.quantities import shown
from xunzhi.standards.local import FOLDER, put_in_force
from xunzhi.web.audit.models import Entry
from xunzhi.web.installation import pack
from xunzhi.web.monitor.readmodel import current

MORTALITY = "inpatient_mortality_rate"
Browser = Callable[[str], Client]


@pytest.fixture
def readings(results: Path) -> Readings:
    """The stored results, read by the kernel itself."""
    return Readings(Lake(results, pack()), results)


def _source(readings: Readings, period: str) -> Source:
    return Source(readings, "H1", period)


@pytest.mark.parametrize("period", [NEWEST, "2024-06", "2024Q4", "2024"])
def test_the_overview_shows_the_stored_results_of_the_period(
    signed_in: Browser, readings: Readings, period: str
) -> None:
    kind = "year" if len(period) == 4 else "quarter" if "Q" in period else "month"
    page = signed_in("officer").get("/overview", {"kind": kind, "period": period})
    stored = {row["indicator"]: row for row in readings.compared("H1", period).to_pylist()}
    lines = page.context["overview"].lines
    assert {line.indicator.id for line in lines} == set(pack().indicators)
    for line in lines:
        expected = stored.get(line.indicator.id, {})
        assert line.row.value.value == expected.get("value")
        assert line.row.previous.value == expected.get("previous")
        assert line.row.year_before.value == expected.get("year_before")


def test_verdicts_of_the_newest_month_are_those_of_the_bulletin(signed_in: Browser, readings: Readings) -> None:
    page = signed_in("officer").get("/units/department/0301")
    source = _source(readings, NEWEST)
    for line in page.context["overview"].lines:
        row = grid_row(source, line.indicator, "0301", Messages("en"))
        assert (line.row.variation, line.row.assurance, line.row.spark) == (row.variation, row.assurance, row.spark)


def test_what_got_worse_stands_first(signed_in: Browser, results: Path) -> None:
    page = signed_in("head_a").get("/units/department/0301")
    first = page.context["overview"].first
    assert [line.indicator.id for line in first] == [MORTALITY]
    assert page.context["overview"].counts["concern"] == 1
    assert "33.33" in page.content.decode()


def test_an_earlier_month_is_shown_as_it_was(signed_in: Browser, results: Path) -> None:
    page = signed_in("head_a").get("/units/department/0301", {"period": "2024-11"})
    assert not page.context["overview"].first


def test_filters_leave_only_what_was_asked_for(signed_in: Browser, results: Path) -> None:
    browser = signed_in("officer")
    text = browser.get("/overview", {"q": "mortality"}).content.decode()
    assert "/indicators/inpatient_mortality_rate" in text
    assert "/indicators/alos" not in text
    missing = browser.get("/overview", {"signal": "missing"}).context["areas"]
    assert [len(rows) for *_, rows in missing] == [1]
    assert "No indicator fits" in browser.get("/overview", {"q": "no such thing"}).content.decode()


def test_the_chart_and_its_table_hold_the_stored_values(signed_in: Browser, readings: Readings) -> None:
    page = signed_in("officer").get(f"/indicators/{MORTALITY}")
    stored = [row for row in readings.series("H1").to_pylist() if row["indicator"] == MORTALITY]
    drawn = page.context["chart"].spec["data"]["values"]
    assert [point["value"] for point in drawn] == pytest.approx([row["value"] for row in stored])
    table = page.context["values"]["table"]
    assert [row[1].value for row in table.rows] == [row["value"] for row in reversed(stored)]
    assert page.context["chart"].text in page.content.decode()


def test_departments_too_small_are_not_ranked(signed_in: Browser, readings: Readings) -> None:
    page = signed_in("officer").get(f"/indicators/{MORTALITY}")
    ranked = {row.code: row for row in page.context["ranked"]}
    assert set(ranked) == set(DEPARTMENTS)
    assert ranked[SMALL].rank is None
    assert ranked["0301"].rank == len(DEPARTMENTS) - 1
    stored = {
        row["unit"]: row
        for row in readings.compared("H1", NEWEST, "department").to_pylist()
        if row["indicator"] == MORTALITY
    }
    assert {code: row.number for code, row in ranked.items()} == {code: stored[code]["value"] for code in DEPARTMENTS}
    assert ranked["0301"].interval == f"{shown(stored['0301']['lower'], 2)}–{shown(stored['0301']['upper'], 2)}"


def test_the_heat_table_hides_what_is_too_small(signed_in: Browser, results: Path) -> None:
    table = signed_in("officer").get("/departments", {"area": "hospital"}).context["heat"]
    place = [item.id for item in table.indicators].index(MORTALITY)
    small, cardiology = table.cells[SMALL][place], table.cells["0301"][place]
    assert (small.text, small.value, small.small) == ("·", None, True)
    assert (cardiology.text, cardiology.kind) == ("33.33", "concern")


def test_someone_else_sees_other_departments_without_their_names(signed_in: Browser, results: Path) -> None:
    page = signed_in("head_b").get(f"/indicators/{MORTALITY}")
    named = {row.name for row in page.context["ranked"]}
    assert named == {DEPARTMENTS["0401"], "another unit"}
    for part in (page.context["funnel"].spec, page.context["funnel"].table):
        assert DEPARTMENTS["0301"] not in str(part)
    assert DEPARTMENTS["0301"] not in page.content.decode()
    assert list(dict(signed_in("head_b").get("/overview").context["departments"])) == ["0401"]


def test_a_head_sees_his_doctors_and_no_others(signed_in: Browser, results: Path) -> None:
    page = signed_in("head_b").get(f"/indicators/{MORTALITY}", {"stratum": "doctor"})
    assert {row.code for row in page.context["ranked"]} == {"S010"}
    assert signed_in("head_b").get(f"/indicators/{MORTALITY}", {"stratum": "doctor", "unit": "S008"}).status_code == 404
    assert signed_in("doctor_a").get("/people").headers["Location"] == "/people/S008"
    assert signed_in("doctor_a").get("/people/S008").context["parts"]


def test_cases_are_masked_and_lead_to_their_rows(signed_in: Browser, results: Path) -> None:
    browser, where = signed_in("head_a"), {"stratum": "department", "unit": "0301"}
    page = browser.get(f"/indicators/{MORTALITY}/cases", where)
    assert len(page.context["cases"]) == 15
    text = page.content.decode()
    assert "P-H1" not in text
    assert "E-H1" not in text
    link = re.search(r'href="(/indicators/[^"]+/cases/[^"]+)"', text)
    rows = browser.get(link[1].replace("&amp;", "&"))
    assert rows.status_code == 200
    assert rows.context["origins"][0].table == "encounter"
    assert PATIENT not in rows.content.decode()
    assert "P-H1" not in rows.content.decode()


def test_a_purpose_shows_who_the_patients_are_and_is_recorded(signed_in: Browser, results: Path) -> None:
    browser = signed_in("head_a")
    address = f"/indicators/{MORTALITY}/cases?stratum=department&unit=0301"
    refused = browser.post(address, {"purpose": ""})
    assert "P-H1" not in refused.content.decode()
    assert not Entry.objects.filter(action="patient.identify").exists()
    purpose = next(iter(refused.context["purposes"]))
    shown_page = browser.post(address, {"purpose": purpose, "purpose_remark": "review"})
    assert "P-H1" in shown_page.content.decode()
    assert Entry.objects.filter(action="patient.identify").count() == 1


HEARTS = {"stratum": "disease", "unit": "I00-I99"}


def test_a_chapter_of_diseases_has_its_chart_and_its_cases(signed_in: Browser, readings: Readings) -> None:
    browser = signed_in("officer")
    browser.cookies["django_language"] = "zh-hans"
    page = browser.get(f"/indicators/{MORTALITY}", HEARTS)
    assert page.context["place"].name == "循环系统疾病"
    assert ("disease", "疾病大类") in re.findall(r'<option value="(\w+)"[^>]*>([^<]+)', page.content.decode())
    (cardiology,) = (
        row["value"]
        for row in readings.series("H1", "department", indicators=[MORTALITY]).to_pylist()
        if (row["unit"], row["period"]) == ("0301", NEWEST)
    )
    (hearts,) = (
        row["value"]
        for row in readings.series("H1", "disease", indicators=[MORTALITY]).to_pylist()
        if (row["unit"], row["period"]) == ("I00-I99", NEWEST)
    )
    assert hearts == cardiology > 0
    assert len(browser.get(f"/indicators/{MORTALITY}/cases", HEARTS).context["cases"]) == 15
    browser.cookies["django_language"] = "en"
    assert browser.get(f"/indicators/{MORTALITY}", HEARTS).context["place"].name == "Circulatory system"


@pytest.mark.parametrize("who", ["head_a", "doctor_a"])
def test_diseases_of_a_hospital_are_seen_by_those_who_see_the_hospital(
    signed_in: Browser, results: Path, who: str
) -> None:
    for address in (f"/indicators/{MORTALITY}", f"/indicators/{MORTALITY}/cases"):
        assert signed_in(who).get(address, HEARTS).status_code in (403, 404)
        assert (
            signed_in("officer_h2").get(address, HEARTS | {"institution": "H1"}).context["results"].institution == "H2"
        )


def test_another_hospital_sees_its_own_results_only(signed_in: Browser, results: Path) -> None:
    page = signed_in("officer_h2").get("/overview", {"institution": "H1"})
    assert page.context["results"].institution == "H2"
    assert signed_in("officer_h2").get("/units/department/0401").status_code == 404
    assert signed_in("officer_h2").get("/people/S008").status_code == 404


def test_before_the_first_results_pages_say_what_to_do(signed_in: Browser) -> None:
    assert current() is None
    for address in ("/overview", "/wall", "/departments", "/indicators", f"/indicators/{MORTALITY}"):
        page = signed_in("officer").get(address)
        assert "Load the hospital" in page.content.decode()


def test_a_withdrawn_indicator_is_on_no_page_though_old_results_hold_it(signed_in: Browser, own: Path) -> None:
    before = current()
    kept = sorted(set(pack().indicators) - {MORTALITY})
    told = {"pack": "local", "version": "1", "label": {"zh": "本院", "en": "Ours"}, "extends": str(PACK), "keeps": kept,
            "areas": {}, "owners": {}, "strata": {}}  # fmt: skip
    (own / FOLDER / "ours").mkdir(parents=True)
    (own / FOLDER / "ours" / "pack.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    put_in_force(own, "ours")
    assert MORTALITY not in pack().indicators
    model, browser = current(), signed_in("officer")
    assert model.folder == before.folder
    assert MORTALITY in {signal.indicator for signal in before.scan("H1").signals}
    assert MORTALITY not in {signal.indicator for signal in model.scan("H1").signals}
    assert model.block(MORTALITY, "H1", "ward") is None
    for address in ("/overview", "/wall", "/departments", "/units/department/0301", "/people/S008", "/indicators",
                    "/indicators/alos", "/signals", "/governance/baselines"):  # fmt: skip
        page = browser.get(address)
        assert page.status_code == 200, address
        assert f"/indicators/{MORTALITY}" not in page.content.decode(), address
    assert browser.get(f"/indicators/{MORTALITY}").status_code == 404


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "png", "svg", "ranking"])
def test_exports_are_files_and_recorded(signed_in: Browser, results: Path, suffix: str) -> None:
    page = signed_in("officer").get(f"/indicators/{MORTALITY}", {"export": suffix})
    begins = {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "ranking": b"PK", "png": b"\x89PNG", "svg": b"<svg"}[suffix]
    assert page.content.startswith(begins)
    assert Entry.objects.filter(action="export").count() == 1


@pytest.mark.parametrize("address", ["/overview", "/departments", "/indicators"])
def test_lists_are_exported_as_excel(signed_in: Browser, results: Path, address: str) -> None:
    assert signed_in("officer").get(address, {"export": "xlsx"}).content.startswith(b"PK")


@pytest.mark.parametrize(("language", "unit"), [("zh-hans", "天"), ("en", "days")])
def test_the_catalogue_is_exported_in_the_language_of_the_reader(
    signed_in: Browser, results: Path, language: str, unit: str
) -> None:
    browser = signed_in("officer")
    browser.cookies["django_language"] = language
    file = browser.get("/indicators", {"export": "xlsx"}).content
    rows = load_workbook(BytesIO(file)).active.iter_rows(values_only=True)
    assert next(row[4] for row in rows if row[0] == "alos") == unit


def test_the_years_beside_each_other_hold_the_stored_values(signed_in: Browser, readings: Readings) -> None:
    table = signed_in("officer").get(f"/indicators/{MORTALITY}").context["year_table"]
    stored = {row["period"]: row["value"] for row in readings.series("H1", indicators=[MORTALITY]).to_pylist()}
    assert [column.label for column in table.columns[1:]] == ["2023", "2024", "2025"]
    for month, *cells in table.rows:
        assert [cell.value for cell in cells] == [stored.get(f"{year}-{month.text}") for year in (2023, 2024, 2025)]


@pytest.mark.parametrize(
    "address",
    ["/overview", "/wall", "/departments", "/units/department/0301", "/units/ward/0301W1", "/people", "/people/S008",
     "/indicators", f"/indicators/{MORTALITY}", f"/indicators/{MORTALITY}?stratum=doctor",
     f"/indicators/{MORTALITY}?kind=year", f"/indicators/{MORTALITY}/cases"],
)  # fmt: skip
def test_pages_ask_the_database_a_fixed_number_of_questions(
    signed_in: Browser, results: Path, django_assert_max_num_queries: Callable[..., object], address: str
) -> None:
    browser = signed_in("officer")
    with django_assert_max_num_queries(12):
        assert browser.get(address).status_code == 200


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_speak_one_language(signed_in: Browser, results: Path, language: str) -> None:
    browser = signed_in("officer")
    browser.cookies["django_language"] = language
    text = browser.get("/overview").content.decode()
    assert ("质量总览" in text) == (language == "zh-hans")
    assert ("Quality overview" in text) == (language == "en")
