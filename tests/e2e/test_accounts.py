"""Accounts: someone new is imported, invited, sets up a second factor; a lock is released; the audit log has it all."""

from __future__ import annotations

import time
from io import BytesIO
from urllib.parse import urlsplit

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Walk, sign_in
from tests.e2e.visitor import Visitor
from xunzhi.web.accounts import totp

FIRST, SECOND = "Wash-hands-always-1", "Wash-hands-always-2"
NAME = "欧阳新"


def a_table(kind: str, number: str) -> bytes:
    """Two people: one of a ward that there is, one of a ward that there isn't."""
    rows = [
        ["机构代码", "工号", "姓名", "所在单位代码"],
        ["H001", number, NAME, "0304"],
        ["H001", "N9", "无处", "0999"],
    ]
    if kind == "csv":
        return "\n".join(",".join(row) for row in rows).encode("gb18030")
    book, out = openpyxl.Workbook(), BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(out)
    return out.getvalue()


def type_in(visitor: Visitor, button: str, **values: str) -> None:
    """Fill in a plain form and send it."""
    for name, value in values.items():
        visitor.page.locator(f"[name={name}]").first.fill(value)
    visitor.press(button, within="main, body")


@pytest.mark.parametrize(
    ("language", "screen", "kind"), [("zh", "desktop", "csv"), ("en", "phone", "xlsx")], ids=["zh-desktop", "en-phone"]
)
def test_someone_new_is_imported_and_invited_and_sets_up_a_second_factor(
    walk: Walk, language: str, screen: str, kind: str
) -> None:
    number = f"N-{language}"
    system = walk("system", language, screen)
    system.go("/organisation/import")
    system.page.select_option("[name=kind]", "people")
    system.page.set_input_files(
        "[name=file]", {"name": f"人员.{kind}", "mimeType": "", "buffer": a_table(kind, number)}
    )
    system.press("核对表格 | Check the table")
    system.sees("没有代码为 0999 的单位 | There is no unit 0999")
    system.press("确认生效 1 行 | Take over 1 row")
    system.sees("表格内容已生效 | The table was taken over")

    security = walk("security", language, screen)
    security.go("/accounts/new")
    security.page.select_option("[name=person]", label=f"{number} {NAME} · 心血管内科")
    security.press("开通账号 | Make the account")
    link = urlsplit(security.page.locator("#links code").inner_text()).path
    security.page.locator("#links a").click()
    security.page.select_option("[name=role]", "clinician")
    security.page.select_option("[name=unit]", label="　　心血管内科")
    type_in(security, "授予 | Give the role", reason="新入职")

    person = walk("", language, screen)
    person.go(link)
    type_in(person, "设置密码 | Set the password", new="12345", again="12345")
    refused = person.words("至少 10 个字符 | At least 10 characters")
    expect(person.page.get_by_role("alert").filter(has_text=refused)).to_be_visible()
    type_in(person, "设置密码 | Set the password", new=FIRST, again=FIRST)
    sign_in(person, number, FIRST)
    person.go("/account/password")
    type_in(person, "修改密码 | Change password", old=SECOND, new=SECOND, again=SECOND)
    person.sees("原密码不正确 | That is not your password")
    type_in(person, "修改密码 | Change password", old=FIRST, new=SECOND, again=SECOND)
    person.sees("密码已修改 | Your password is changed")

    person.go("/account/second-factor")
    secret = person.page.locator("code.user-select-all").inner_text().replace(" ", "")
    now = int(time.time()) // totp.STEP
    type_in(person, "启用 | Set up", code=totp.code_at(secret, now))
    recovery = person.page.locator("#codes").inner_text().split()
    person.press("我已保存 | I have kept them")

    again = walk("", language, screen)
    sign_in(again, number, SECOND)
    type_in(again, "继续 | Continue", code=totp.code_at(secret, now))
    again.sees("验证码不正确或已被使用 | it was used already", within="body")
    type_in(again, "继续 | Continue", code=recovery[0])
    again.sees("我的工作 | My work", within="h1")

    auditor = walk("audit", language, screen)
    auditor.go(f"/audit?name={number}")
    auditor.sees("启用双因素认证 | Second factor set up")
    auditor.go(f"/audit?thing=account {number}")
    auditor.sees("修改密码 | Password changed")


def test_a_locked_account_is_released_by_the_security_administrator(walk: Walk) -> None:
    doctor = walk("", "en", "phone")
    doctor.faults.expected.add(429)
    for _attempt in range(5):
        sign_in(doctor, "doctor2", "Not-the-password-1")
        doctor.sees("Account or password is wrong", within="body")
    sign_in(doctor, "doctor2")
    doctor.sees("Locked after too many failures", within="body")

    security = walk("security")
    security.go("/accounts/?state=locked")
    security.page.locator("main tbody a").first.click()
    security.press("解锁")
    sign_in(doctor, "doctor2")
    doctor.sees("My work", within="h1")

    auditor = walk("audit")
    auditor.go("/audit?thing=account doctor2")
    auditor.sees("账号锁定")
    auditor.sees("解除锁定")
