"""The first day of a hospital: nothing is there but `xunzhi init`; at the end the quality office sees its numbers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import FOREIGN, PACK, Walk, sign_in
from tests.e2e.hospital import NEWEST
from tests.e2e.visitor import Visitor
from tests.web.test_serve import Running

SECRET = "Round-the-table-26"
ADMINISTRATORS = {"system_admin": "A1", "security_admin": "A2", "audit_admin": "A3"}
ENCODINGS = {"zh": "gb18030", "en": "utf-8"}
UNITS = """机构代码,类型,单位代码,名称,上级代码
H001,科室,0304,心血管内科,H001
H001,科室,6002,质量控制科,H001
H001,病区,0304-01,心内一病区,0399
"""
"""The ward stands below a department that there isn't."""

MAPPING = """
mapping: inpatients
institution: H001
source: {type: csv, path: inpatients.csv}
let:
  people: SELECT '王静' AS name, 'S1' AS number
tables:
  encounter:
    columns:
      encounter_id: 住院号
      patient_id: 病案号
      admission_time: 入院时间
      discharge_time: 出院时间
      department: 出院科室
      discharge_way: 离院方式
  department:
    from: SELECT DISTINCT 出院科室 AS code FROM source
    columns: {department: code, name: "'心血管内科'"}
  staff:
    from: people
    columns: {staff: number, name: name, department: "'6002'"}
"""


def inpatients() -> str:
    """Twenty stays of the newest month, of which five ended in death, and one that has no admission."""
    rows = [
        f"E{day},P{day},{NEWEST}-{day:02d} 08:00,{NEWEST}-{day + 3:02d} 10:00,0304,{5 if day % 4 == 0 else 1}"
        for day in range(1, 21)
    ]
    return "\n".join(
        ["住院号,病案号,入院时间,出院时间,出院科室,离院方式", *rows, f"E99,P99,,{NEWEST}-20 10:00,0304,1", ""]
    )


@pytest.fixture
def cookies() -> dict[str, Any]:
    """Nobody has signed in to a site that isn't founded."""
    return {}


@pytest.fixture(scope="module")
def begun(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What `xunzhi init` makes, and the code it prints; with static files from elsewhere, for they take longest."""
    home = tmp_path_factory.mktemp("begun") / "home"
    command = [sys.executable, "-c", "from xunzhi.cli import main; main()", "--home", str(home), *PACK, "init"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    said = subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout
    shutil.copytree(founded / "static", home / "static")
    return home, re.findall(r"\b[A-Z2-9]{12}\b", said)[0]


@pytest.fixture
def site(begun: tuple[Path, str], tmp_path: Path) -> Iterator[Running]:
    """A site that nobody has founded yet."""
    shutil.copytree(begun[0], tmp_path / "home")
    running = Running(tmp_path / "home", options=PACK)
    try:
        running.wait()
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize(("language", "screen"), [("zh", "desktop"), ("en", "phone")], ids=["zh-desktop", "en-phone"])
def test_a_hospital_is_founded_loads_its_data_and_sees_its_numbers(
    walk: Walk, begun: tuple[Path, str], language: str, screen: str
) -> None:
    system = walk("", language, screen)
    found(system, begun[1])
    sign_in(system, "A1", SECRET)
    system.go("/setup/steps")
    system.sees("下一步：导入医院数据 | Next: Load the hospital's data")
    load(system)
    organise(system)

    security = walk("", language, screen)
    sign_in(security, "A2", SECRET)
    security.go("/accounts/several")
    security.page.locator("tbody tr").filter(has_text="S1").locator("input[type=checkbox]").first.check()
    security.press("开通账号 | Make the accounts")
    link = urlsplit(security.page.locator("#links code").inner_text()).path
    security.page.locator("#links a").click()
    security.page.select_option("[name=role]", "quality_officer")
    security.page.select_option("[name=unit]", label="第一医院")
    security.page.locator("[name=reason]").first.fill("质控科专职")
    security.press("授予 | Give the role")
    officer = walk("", language, screen)
    officer.go(link)
    officer.page.fill("[name=new]", SECRET)
    officer.page.fill("[name=again]", SECRET)
    officer.press("设置密码 | Set the password", within="body")
    sign_in(officer, "S1", SECRET)
    officer.go("/overview")
    officer.sees("住院死亡率 | Inpatient mortality")
    officer.sees("25.00")


def found(system: Visitor, code: str) -> None:
    """Whoever comes first is led to the founding, and founds with the code only."""
    system.go("/")
    system.page.wait_for_url("**/setup")
    answers = {"institution": "H001", "name": "第一医院", "name_en": "First Hospital"}
    for role, number in ADMINISTRATORS.items():
        answers |= {f"{role}_name": f"管理员{number}", f"{role}_code": number}
    for given, seen in (("AAAABBBBCCCC", "设置码不正确 | This is not the setup code"), (code, "")):
        for name, value in (answers | {"setup_code": given}).items():
            system.page.fill(f"[name={name}]", value)
        for role in ADMINISTRATORS:
            system.page.fill(f"[name={role}_password]", SECRET)
        system.press("建立 | Found")
        if seen:
            system.sees(seen)
    system.page.wait_for_url("**/sign-in**")
    system.sees("医院已建立 | The hospital was founded", within="body")


def load(system: Visitor) -> None:
    """The mapping and its file are brought, tried and loaded; what is refused is named; the measures follow."""
    encoding = ENCODINGS[system.language]
    system.go("/data")
    for name, text in (("inpatients.csv", inpatients()), ("inpatients.yaml", MAPPING)):
        content = text.encode(encoding if name.endswith("csv") else "utf-8")
        system.page.set_input_files("[name=file]", {"name": name, "mimeType": "text/plain", "buffer": content})
        system.press("上传 | Upload")
        system.sees(name)
    report = system.page.locator("#brought pre")
    system.press("试运行 | Dry run")
    expect(report).to_contain_text("试运行 / dry run")
    expect(report).to_contain_text("admission_time")
    system.page.once("dialog", lambda dialog: dialog.accept())
    system.press("导入 | Load")
    expect(report).to_contain_text("导入 / loaded")
    system.go("/jobs?kind=measures")
    expect(system.page.locator("#jobs .badge").first).to_have_text(re.compile(r"已完成|Done"))
    system.look()


def organise(system: Visitor) -> None:
    """Units come from a table, of which one row is refused; people from the data."""
    table = UNITS.encode(ENCODINGS[system.language])
    system.go("/organisation/import")
    system.page.select_option("[name=kind]", "units")
    system.page.set_input_files("[name=file]", {"name": "units.csv", "mimeType": "text/csv", "buffer": table})
    system.press("核对表格 | Check the table")
    system.sees("没有代码为 0399 的单位 | There is no unit 0399")
    system.press("确认生效 2 行 | Take over 2 rows")
    system.go("/organisation/import")
    system.press("生成人员建议 | Propose people")
    system.sees("王静")
    system.press("确认生效 1 行 | Take over 1 row")
    system.go("/setup/steps")
    system.sees("下一步：任职 | Next: Posts")
