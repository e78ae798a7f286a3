"""Who a patient is: masked in the cases behind a number, shown for a purpose, and every look in the audit log."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.conftest import Walk
from tests.e2e.hospital import NEWEST

PATIENT = f"P{NEWEST}-0304-00"
CASES = (
    f"/indicators/inpatient_mortality_rate/cases?part=numerator&kind=month&period={NEWEST}&stratum=department&unit=0304"
)


def test_patients_stay_masked_until_a_purpose_is_given_and_the_look_is_in_the_audit_log(walk: Walk) -> None:
    officer = walk("quality")
    officer.go(CASES)
    officer.sees("显示患者真实身份 | Show who the patients are").click()
    assert PATIENT not in officer.page.content()
    officer.page.select_option("[name=purpose]", "quality_review")
    officer.page.locator("main form:has([name=purpose]) button.btn-primary").click()
    expect(officer.page.locator("[role=status]").first).to_be_visible()
    officer.sees(PATIENT)

    auditor = walk("audit")
    auditor.go("/audit")
    auditor.sees("patients of department 0304")


def test_glass_is_broken_with_a_reason_and_reviewed_by_somebody_else(walk: Walk) -> None:
    surgeon = walk("surgeon")
    surgeon.go("/glass")
    surgeon.page.locator("main form [name=unit]").select_option(label="心血管内科")
    surgeon.page.locator("main form [name=reason]").fill("夜间急会诊，需查看患者既往记录")
    surgeon.page.locator("main form button.btn-danger").click()
    surgeon.look()
    reviewer = walk("security")
    reviewer.go("/glass/review")
    reviewer.sees("夜间急会诊，需查看患者既往记录")
