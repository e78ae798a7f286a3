"""The demo: the organisation that the synthetic hospital's data know, with posts, committees and an account per role.

Afterwards each room may seed a history of its own: `seed()` in its `demo.py`, found by name.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import import_module
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from xunzhi.lake import Lake
from xunzhi.web.accounts.demo import PASSWORD
from xunzhi.web.accounts.models import User
from xunzhi.web.accounts.services import grant
from xunzhi.web.installation import lake
from xunzhi.web.jobs.services import enqueue
from xunzhi.web.org import from_lake, importing, services
from xunzhi.web.org.models import Person, Post, Unit

RANKS = ("主任医师", "正高", "副主任医师", "副高", "主治医师", "中级")
"""Titles by seniority; the most senior person heads a department."""

Duty = Post.Duty


def seed(say: Callable[[str, str], None]) -> None:
    """Fill an empty site with the demo; does nothing if there are units already.

    Raises:
        ValueError: if the lake holds no departments.
    """
    plan: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("demo.yaml").read_text(encoding="utf-8"))
    if Unit.objects.exists():
        say("组织已存在，略过", "there is an organisation already: left as it is")
        return
    say("组织、人员与账号", "organisation, people and accounts")
    with transaction.atomic():
        Founding(plan, lake()).run()
    for room in settings.ROOMS:
        if find_spec(f"xunzhi.web.{room}.demo"):
            module = import_module(f"xunzhi.web.{room}.demo")
            if hasattr(module, "seed"):
                say(f"示范数据：{room}", f"history of {room}")
                module.seed()
    enqueue("measures", key="measures")  # what looks for signals follows it


class Founding:
    """The organisation of the demo hospital, built step by step."""

    def __init__(self, plan: dict[str, Any], facts: Lake):
        self.plan = plan
        self.facts = facts
        self.since: date = plan["since"]
        codes = from_lake.institutions(facts)
        if not codes:
            raise ValueError(
                "数据湖里没有科室，请先导入数据 / the lake holds no departments; load data first (see script/demo)"
            )
        self.code = codes[0]

    def run(self) -> None:
        """Units and people as the data know them, then what the plan adds."""
        name = self.plan["institution"]
        self.top = services.create(
            Unit.Kind.INSTITUTION, self.code, self.code, name["name"], None, name_en=name["name_en"]
        )
        today = timezone.localdate()
        importing.run("units", from_lake.units(self.facts, {self.code}), today, keep=True)
        importing.run("people", from_lake.people(self.facts, {self.code}), today, keep=True)
        self.units = {unit.code: unit for unit in Unit.objects.all()}
        self.units[""] = self.top
        self._offices()
        self.staff: dict[int, list[Person]] = {}
        for person in sorted(Person.objects.filter(until=None), key=self._seniority):
            self.staff.setdefault(person.unit_id, []).append(person)
        self.posts: list[Post] = []
        self._heads()
        self._leaders()
        self._committees()
        Post.objects.bulk_create(self.posts)
        self._accounts()

    @staticmethod
    def _seniority(person: Person) -> tuple[int, str]:
        return (RANKS.index(person.title) if person.title in RANKS else len(RANKS), person.code)

    def _offices(self) -> None:
        for office in self.plan["offices"]:
            self.units[office["code"]] = services.create(
                Unit.Kind.OFFICE, self.code, parent=self.top, since=self.since, **office
            )
        for owner, code in self.plan["owners"].items():
            if code in self.units:
                Unit.objects.filter(pk=self.units[code].pk).update(owner_key=owner)

    def _post(self, person: Person, unit: Unit, duty: str, until: date | None = None) -> None:
        self.posts.append(Post(person=person, unit=unit, duty=duty, since=self.since, until=until))

    def _holder(self, unit: Unit, duty: str) -> Person | None:
        return next((post.person for post in self.posts if post.unit_id == unit.pk and post.duty == duty), None)

    def _heads(self) -> None:
        """The most senior doctor (else anyone) heads a department, the most senior nurse its ward."""
        for unit in list(self.units.values()):
            staff = self.staff.get(unit.pk, [])
            nurses = [person for person in staff if person.category == "护士"]
            others = [person for person in staff if person not in nurses]
            if unit.kind == Unit.Kind.OFFICE:
                others = [person for person in staff if person.category not in ("护士", "医师")] or others
            if unit.kind in (Unit.Kind.DEPARTMENT, Unit.Kind.OFFICE) and (others or nurses):
                self._post((others or nurses)[0], unit, Duty.HEAD)
            wards = list(unit.children.filter(kind=Unit.Kind.WARD))
            self.posts += [
                Post(person=nurse, unit=ward, duty=Duty.HEAD_NURSE, since=self.since)
                for ward, nurse in zip(wards, cycle(nurses), strict=False)
            ]
            if wards and others[1:] and nurses[1:]:
                self._group(unit, others, nurses)

    def _group(self, unit: Unit, doctors: list[Person], nurses: list[Person]) -> None:
        """The QC group of a clinical department: its head, a doctor and a nurse."""
        code = f"{unit.code}-QC"
        group = services.create(Unit.Kind.GROUP, self.code, code, f"{unit.name}质控小组", unit, self.since)
        self.units[code] = group
        self._post(doctors[0], group, Duty.HEAD)
        self._post(doctors[1], group, Duty.QUALITY_DOCTOR)
        self._post(nurses[1], group, Duty.QUALITY_NURSE)

    def _leaders(self) -> None:
        """President and vice-presidents: senior administrators who head nothing."""
        heading = {post.person_id for post in self.posts}
        people = [person for staff in self.staff.values() for person in staff]
        free = [one for one in people if one.category == "行政管理" and one.pk not in heading] or people
        leaders = sorted(free, key=self._seniority)[:3]
        for person, duty in zip(leaders, (Duty.PRESIDENT, Duty.VICE_PRESIDENT, Duty.VICE_PRESIDENT), strict=False):
            self._post(person, self.top, duty)

    def _committees(self) -> None:
        parent, kind = self.top, Unit.Kind.COMMITTEE
        heads = [
            post.person for post in self.posts if post.duty == Duty.HEAD and post.unit.kind == Unit.Kind.DEPARTMENT
        ]
        until = self.plan["term_ends"]
        for number, spec in enumerate(self.plan["committees"]):
            office = self.units.get(spec.pop("secretary"))
            unit = services.create(kind, self.code, parent=parent, since=self.since, order=number, **spec)
            self.units[unit.code] = unit
            chair = self._holder(self.top, Duty.PRESIDENT if kind == Unit.Kind.COMMITTEE else Duty.VICE_PRESIDENT)
            secretary = self._holder(office, Duty.HEAD) if office else None
            members = [one for one in heads[number :: len(self.plan["committees"])] if one not in (chair, secretary)]
            for person, duty in (
                (chair, Duty.CHAIR),
                (secretary, Duty.SECRETARY),
                *((one, Duty.MEMBER) for one in members),
            ):
                if person:
                    self._post(person, unit, duty, until)
            if number == 0:
                parent, kind = unit, Unit.Kind.SUBCOMMITTEE

    def _accounts(self) -> None:
        """An account for each role, all with the same password."""
        password = make_password(PASSWORD)
        taken: set[int] = set()
        for spec in self.plan["accounts"]:
            unit = self.units.get(spec["unit"])
            if unit is None:
                continue
            person = self._person_for(self.units.get(spec.get("of", spec["unit"])), spec, taken)
            if person:
                taken.add(person.pk)
            user = User.objects.create(
                username=spec["user"],
                person=person,
                password=password,
                password_set=timezone.now(),
                first_name="" if person else spec["user"],
            )
            grant(user, spec["role"], unit, since=self.since, reason="示范账号 / demo account")

    def _person_for(self, unit: Unit | None, spec: dict[str, Any], taken: set[int]) -> Person | None:
        """Who holds the post of the plan, or, if none is named, the next one in the unit who holds none."""
        if unit is None or (unit == self.top and "post" not in spec):
            return None
        if post := spec.get("post"):
            held = [one.person for one in self.posts if one.unit_id == unit.pk and one.duty == post]
            return next((person for person in held if person.pk not in taken), None)
        busy = {post.person_id for post in self.posts} | taken
        staff = [
            person for person in self.staff.get(unit.pk, []) if person.pk not in busy and person.category != "护士"
        ]
        return staff[0] if staff else None
