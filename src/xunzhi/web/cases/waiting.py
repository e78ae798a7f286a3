"""What waits for whom, as one condition on cases: a page of work asks the database, not case by case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from xunzhi.standards.cases import CaseType
from xunzhi.web.cases.deadlines import HORIZON
from xunzhi.web.cases.models import CaseTypeRevision, Participation
from xunzhi.web.cases.types import known
from xunzhi.web.org.models import Person, Post, Unit
from xunzhi.web.org.services import ANSWERS, in_force
from xunzhi.web.permissions import Access

NOBODY = Q(pk__in=[])


def waits_for(access: Access) -> Q:
    """The condition on cases for whose next step someone is responsible."""
    forms = list(known(CaseTypeRevision.objects))
    answered = Answered(access.person)
    condition = NOBODY
    for party, states in _responsible(forms).items():
        part = _condition(access, answered, party)
        if part is not None:
            places = NOBODY
            for case_type, names in states.items():
                places |= Q(type=case_type, state__in=names)
            condition |= places & part  # in this order: what is quickly told comes first
    return condition & Q(closed_at=None) & ~_resting(forms)


def _resting(forms: Iterable[CaseType]) -> Q:
    """Cases that ask nothing of anyone yet: their deadline is further away than any reminder."""
    far = Q(due_at__gt=timezone.now() + HORIZON)
    resting = [Q(type=form.case, state=name) for form in forms for name, state in form.states.items() if state.rests]
    return far & reduce(or_, resting, NOBODY)


def _responsible(forms: Iterable[CaseType]) -> dict[str, dict[str, set[str]]]:
    """Party → type → states for which it is responsible, in any form that cases were filed with."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for form in forms:
        for name, state in form.states.items():
            for party in state.responsible if state.kind != "done" else ():
                found[party][form.case].add(name)
    return found


def _condition(access: Access, answered: Answered, party: str) -> Q | None:
    """The condition that someone is meant by a party; None if he never is. The same as parties.is_party."""
    if party in _RELATIONS:
        return _RELATIONS[party](access, answered)
    if party.startswith("field:"):
        return _named(access, answered, party.removeprefix("field:"))
    held = [one.path for one in access.held if one.name == party]
    if not held:
        return None
    condition = NOBODY
    for path in held:
        condition |= Q(unit__path__startswith=path)
    return condition & access.within("case.work", secrecy="secrecy")


def _named(access: Access, answered: Answered, name: str) -> Q:
    """That a field of the form names the person, or a unit that he answers for."""
    condition = NOBODY
    ids = {access.person.pk} if access.person else set()
    for pk in ids | answered.units("head"):
        condition |= Q(**{f"values__{name}": pk})
    return condition


def _own(field: str) -> Callable[[Access, Answered], Q | None]:
    return lambda access, _: Q(**{field: access.person.pk}) if access.person else None


def _answers(which: str) -> Callable[[Access, Answered], Q | None]:
    def condition(_: Access, answered: Answered) -> Q | None:
        units = answered.units(which)
        return Q(unit__in=units) if units else None

    return condition


def _takes_part(_: Access, answered: Answered) -> Q | None:
    units = answered.units("head")
    return Q(pk__in=Participation.objects.filter(unit__in=units).values("case")) if units else None


_RELATIONS: dict[str, Callable[[Access, Answered], Q | None]] = {
    "opener": lambda access, _: Q(opened_by=access.user.pk),
    "assignee": _own("assignee"),
    "unit_head": _answers("head"),
    "unit_head_nurse": _answers("head_nurse"),
    "unit_quality": _answers("quality"),
    "participant_heads": _takes_part,
    "everyone": lambda access, _: ~NOBODY,
}


class Answered:
    """The units that a person answers for: those that have nobody nearer (as org.services.heads and parties.holders).

    Two queries, and none for a person without posts.
    """

    DUTIES = {
        "head_nurse": (Post.Duty.HEAD_NURSE,),
        "quality": (Post.Duty.QUALITY_DOCTOR, Post.Duty.QUALITY_NURSE),
    }

    def __init__(self, person: Person | None):
        own = Post.objects.filter(in_force(), person=person) if person else Post.objects.none()
        self.person = person
        self.paths = list(own.values_list("unit__path", flat=True))
        self._found: dict[str, set[int]] = {}
        if self.paths:
            self._look()

    def units(self, which: str) -> set[int]:
        """Ids of units for which the person is `head`, `head_nurse` or `quality`."""
        return self._found.get(which, set())

    def _look(self) -> None:
        below = NOBODY
        for path in self.paths:
            below |= Q(path__startswith=path)
        units = list(Unit.objects.filter(below).only("pk", "path", "kind"))
        above = {pk for unit in units for pk in _ids(unit.path)}
        posts: dict[int, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        rows = Post.objects.filter(in_force(), unit__in=above).values_list("unit", "duty", "person")
        for unit_id, duty, person_id in rows:
            posts[unit_id][duty].add(person_id)
        kinds = dict(Unit.objects.filter(pk__in=above).values_list("pk", "kind"))
        for unit in units:
            for which in ("head", *self.DUTIES):
                if self.person and self.person.pk in self._nearest(unit, which, posts, kinds):
                    self._found.setdefault(which, set()).add(unit.pk)

    def _nearest(
        self, unit: Unit, which: str, posts: dict[int, dict[str, set[int]]], kinds: dict[int, str]
    ) -> Collection[int]:
        for pk in reversed(_ids(unit.path)):
            if which == "head":
                found = next((posts[pk][duty] for duty in ANSWERS[Unit.Kind(kinds[pk])] if posts[pk][duty]), set())
            else:
                found = {one for duty in self.DUTIES[which] for one in posts[pk][duty]}
            if found:
                return found
        return ()


def _ids(path: str) -> list[int]:
    return [int(pk) for pk in path.strip("/").split("/")]


def owed_by(paths: Iterable[str]) -> Q:
    """The condition on open cases of some units and all below them."""
    condition = NOBODY
    for path in paths:
        condition |= Q(unit__path__startswith=path)
    return condition & Q(closed_at=None, stage="open")
