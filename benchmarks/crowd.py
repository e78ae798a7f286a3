"""A hospital's site with years behind it, for the benchmarks of pages: python -m benchmarks.crowd HOME CASES ENTRIES.

HOME holds facts and measures already. The demo of the site is founded on them, all waiting jobs are done, then findings
are walked through every state by the services that the pages call, and copied with their history, each in words of its
own, over three years. The audit log is written by the log's own service, a thousand entries at a time.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter as Tally
from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta
from functools import cache
from itertools import cycle, islice
from typing import Any
from unittest import mock

import django
from django.db import connection, transaction
from django.utils import timezone

YEARS = timedelta(days=3 * 365)
TEMPLATES = 200
BATCH = 1000
OPEN_SHARE = 25
"""One case in so many is still open."""

PLACES = (
    "抢救车 治疗室 手术间 麻醉恢复室 急诊抢救室 换药室 配液间 护士站 医生办公室 病案室 血液净化室 产房 导管室 检验窗口"
)
THINGS = (
    "药品近效期未更换 手术安全核查缺签名 危急值处置超时 约束带使用无医嘱 交接记录缺时间 输血前评估缺失 手卫生依从性低 "
    "病历书写超时 术前讨论记录不完整 跌倒风险评估漏评 抗菌药物送检率低 管路标识不清 冰箱温度未登记 会诊未按时完成 "
    "高警示药品未分区 腕带信息不符 标本采集不合格 知情同意缺签名 压力性损伤上报延迟 锐器盒超量"
)
TELLING = "抽查近一月记录 现场查看 夜查房时发现 家属反映后核实 信息系统提示 科室自查 院级督查 与上次检查相比仍有"
CAUSES = "无核对流程 模板未设必填项 人员轮转未培训 系统未拦截 职责不清 设备老化 夜班人力不足 纸质单据无时间栏 口头交接"


def main(cases: int, entries: int) -> None:
    """Fill the site of this installation."""
    django.setup()
    from xunzhi.web.cases.deadlines import take_steps  # noqa: PLC0415  Django must be set up first
    from xunzhi.web.jobs.worker import work  # noqa: PLC0415

    while work("crowd"):
        pass
    said = random.Random(7)  # noqa: S311  the same site each time
    with transaction.atomic():
        walked = list(_walked(said))
    _copied(walked, cases - len(walked), said)
    _recorded(entries, said)
    take_steps()
    while work("crowd"):
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _words(said: random.Random) -> dict[str, str]:
    """What a finding says, in words of its own."""
    subject = f"{said.choice(PLACES.split())}{said.choice(THINGS.split())}"
    facts = [
        f"{said.choice(TELLING.split())}{said.choice(PLACES.split())}{said.choice(THINGS.split())}{n}处"
        for n in said.sample(range(1, 90), 6)
    ]
    return {"subject": subject, "problem": "，".join(facts) + "。"}


def _walked(said: random.Random) -> Iterator[object]:
    """Findings that the services opened and moved, one after the other, as far as each of them goes."""
    from xunzhi.web.accounts.models import User  # noqa: PLC0415
    from xunzhi.web.cases.services import comment, move, open_case  # noqa: PLC0415
    from xunzhi.web.org.models import Person, Unit  # noqa: PLC0415

    officer = User.objects.get(username="quality")
    departments = list(Unit.objects.filter(kind=Unit.Kind.DEPARTMENT, until=None))
    owner = Person.objects.filter(until=None)[0]
    today = timezone.localdate()
    ways = cycle([(), ("issue",), ("issue", "acknowledge"), ("issue", "acknowledge", "plan", "answer")])
    ways = cycle([*islice(ways, 4), *[("issue", "acknowledge", "plan", "answer", "pass")] * 4])
    for way in islice(ways, TEMPLATES):
        values = {
            **_words(said), "severity": said.choice(("general", "more_serious", "serious")), "source": "inspection",
            "found_time": f"{today}T09:30", "department": said.choice(departments).pk,
            "deadline": f"{today + timedelta(days=14)}",
            "collaborators": [said.choice(departments).pk],
        }  # fmt: skip
        case = open_case("finding", values, officer)
        measure = {"what": "改为密封管理", "owner": owner.pk, "by": f"{today}", "strength": "strong", "done": True}
        reply = {
            "cause": said.choice(CAUSES.split()),
            "measures": [measure],
            "done_evidence": "抽查均符合",
        }
        seen = {"recheck_way": "on_site", "recheck_finding": "已落实"}
        for step in way:
            filled = {"plan": reply, "answer": reply, "pass": seen}.get(step, {})
            case = move(case, step, filled, None, case.version)
        comment(case, f"请{said.choice(PLACES.split())}一并自查", officer)
        yield case


def _copied(walked: list, wanted: int, said: random.Random) -> None:
    """Copies of walked findings with their log, comments and parties; one in OPEN_SHARE is open."""
    from xunzhi.web.cases.models import Case, Counter  # noqa: PLC0415

    walked = [Case.objects.select_related("revision", "unit").get(pk=case.pk) for case in walked]
    still = [case for case in walked if case.open]
    closed = [case for case in walked if not case.open]
    last: Tally[str] = Tally()
    begun = timezone.now() - YEARS
    for first in range(0, wanted, BATCH):
        numbers = range(first, min(first + BATCH, wanted))
        of = [said.choice(closed if number % OPEN_SHARE else still) for number in numbers]
        at = [begun + YEARS * (number / wanted) for number in numbers]
        with transaction.atomic():
            _copy(of, at, last, said)
    for month, number in last.items():
        series = {"institution": walked[0].institution, "type": "finding", "period": month}
        found, _ = Counter.objects.get_or_create(**series)
        Counter.objects.filter(pk=found.pk).update(last=found.last + number)


def _copy(walked: list, times: list[datetime], last: Tally[str], said: random.Random) -> None:
    from xunzhi.web.cases.labels import Names, search_text, title_of  # noqa: PLC0415
    from xunzhi.web.cases.models import Case, Comment, LogEntry, Participation  # noqa: PLC0415

    names = Names.of((case.form, case.values) for case in walked)
    made = []
    for case, at in zip(walked, times, strict=True):
        new, moved = copy(case), at - case.opened_at
        month = f"{timezone.localtime(at):%Y%m}"
        last[month] += 1
        new.pk, new.number = None, f"ZG-{month}-B{last[month]:05d}"
        new.values = case.values | _words(said)
        new.title = title_of(case.form, new.values, names)
        new.text = search_text(case.form, new.number, new.title, new.values, names)
        new.opened_at, new.entered_state_at = at, case.entered_state_at + moved
        new.due_at = case.due_at and case.due_at + moved + timedelta(days=said.randrange(40))
        new.closed_at = case.closed_at and case.closed_at + moved + timedelta(days=10)
        made.append(new)
    Case.objects.bulk_create(made)
    for model in (LogEntry, Comment, Participation):
        rows = [_of(row, new) for case, new in zip(walked, made, strict=True) for row in _rows(model, case.pk)]
        model.objects.bulk_create(rows)


@cache
def _rows(model: Any, case: int) -> list[Any]:
    return list(model.objects.filter(case=case))


def _of(row: object, case: object) -> object:
    """A row as one of another case."""
    new = copy(row)
    new.pk, new.case = None, case
    new._state.adding = True  # noqa: SLF001  how Django says that a row is new
    return new


def _recorded(wanted: int, said: random.Random) -> None:
    """Entries of the audit log, at times of three years: the clock of the log is turned back meanwhile."""
    from xunzhi.web.accounts.models import User  # noqa: PLC0415
    from xunzhi.web.audit import services  # noqa: PLC0415

    users = list(User.objects.select_related("person"))
    ways = ["case.move"] * 5 + ["case.open", "case.comment", "patient.identify", "sign.in", "export"]
    begun = timezone.now() - YEARS
    for first in range(0, wanted, 10 * BATCH):
        with transaction.atomic():
            for start in range(first, min(first + 10 * BATCH, wanted), BATCH):
                acts = [
                    services.Act(
                        said.choice(ways), f"case ZG-{said.randrange(100_000):06d}", detail={"step": "issue"},
                        institution="H1",
                    )
                    for _ in range(min(BATCH, wanted - start))
                ]  # fmt: skip
                with mock.patch.object(services, "timezone", mock.Mock(now=lambda: begun + YEARS * (start / wanted))):  # noqa: B023
                    services.record_all(said.choice(users), acts)


def build(home: str, cases: int, entries: int) -> None:
    """Found the demo of the site on the facts in `home`, and fill it; in processes of their own."""
    xunzhi = [sys.executable, "-c", "from xunzhi.cli import main; main()", "--home", home]
    subprocess.run([*xunzhi, "init", "--demo"], check=True)
    subprocess.run([sys.executable, "-m", "benchmarks.crowd", home, str(cases), str(entries)], check=True)


if __name__ == "__main__":
    import os

    os.environ |= {"XUNZHI_HOME": sys.argv[1], "DJANGO_SETTINGS_MODULE": "xunzhi.web.settings"}
    main(int(sys.argv[2]), int(sys.argv[3]))
