"""Daily work in the list of findings: search, views, bulk steps, board, keyboard, drafts, mentions, export."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Walk

NEW = "/cases/finding/new"


@pytest.mark.parametrize(("language", "screen"), [("zh", "desktop"), ("en", "phone")])
def test_a_list_is_searched_kept_as_a_view_and_exported(walk: Walk, language: str, screen: str) -> None:
    officer = walk("quality", language, screen)
    page = officer.page
    officer.go("/cases/finding")
    page.locator("[name=q]").last.fill("值处置超")  # a part of words, without spaces around it
    page.locator("[name=q]").last.press("Enter")
    officer.sees("危急值处置超时")
    officer.sees_not("抗菌药物治疗前送检率低")
    page.locator("[data-bs-toggle=dropdown]:has(~ .case-views)").click()
    view = f"标识-{language}"
    page.fill("#view-name", view)
    page.locator(".case-views").get_by_role("button", name=officer.words("保存 | Save"), exact=True).click()
    officer.go("/cases/finding")
    officer.sees("抗菌药物治疗前送检率低")
    page.locator("[data-bs-toggle=dropdown]:has(~ .case-views)").click()
    page.get_by_role("link", name=view).click()
    officer.sees_not("抗菌药物治疗前送检率低")

    page.locator("[data-bs-target='#export']").click()
    dialog = page.locator("#export.show")
    dialog.locator("[name=purpose]").select_option("quality_review")
    with page.expect_download() as download:
        dialog.locator("button.btn-primary").click()
    sheet = openpyxl.load_workbook(BytesIO(Path(download.value.path()).read_bytes())).worksheets[0]
    said = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    assert "危急值处置超时" in said
    assert "抗菌药物治疗前送检率低" not in said


def test_several_are_followed_at_once_and_the_keyboard_leads_through_them(walk: Walk) -> None:
    officer = walk("quality2")
    page = officer.page
    officer.go("/cases/finding?state=all")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-bulk] [data-count]")).to_have_text("2")
    page.select_option("[data-bulk-do]", "follow")
    page.locator("[data-bulk] button.btn-primary").click()
    officer.go("/cases/finding")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.locator("#search").blur()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/cases/\d+$"))
    first = page.url
    expect(page.locator("[data-neighbours]")).to_be_visible()
    page.keyboard.press("n")
    expect(page).not_to_have_url(first)
    officer.go("/cases/finding/board")
    officer.sees("待签收 | Issued")


def test_a_draft_outlives_its_tab_and_a_mention_reaches_its_person(walk: Walk) -> None:
    officer = walk("quality2")
    officer.go(NEW)
    officer.fill(subject="病区走廊堆放杂物")
    officer.sees("草稿已保存 | Draft saved")
    officer.page.close()
    again = walk("quality2")
    again.go(NEW)
    expect(again.page.locator("[data-field=subject] input")).to_have_value("病区走廊堆放杂物")

    again.go("/cases/2")
    again.page.locator("#comment-text").press_sequentially("请科室看一下 @head ")
    again.press("发表意见 | Send the comment")
    again.sees("请科室看一下", within="#history")
    head = walk("head")
    head.go("/notifications")
    head.sees("中提到了您")
