"""Who is meant by the parties of a case type: roles, relations to the case, fields with persons or units."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import connection
from django.utils import timezone

from xunzhi.standards.forms import FieldType
from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts.services import everyone_with_role, people_with_role
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.schema import as_list
from xunzhi.web.org.models import Person, Post, Unit
from xunzhi.web.org.services import heads, in_force
from xunzhi.web.permissions import Access, roles

HEADS = (Post.Duty.HEAD, Post.Duty.DEPUTY_HEAD, Post.Duty.HEAD_NURSE, Post.Duty.PRESIDENT, Post.Duty.CHAIR)
"""Duties that answer for a unit and all below it."""


def people(case: Case, parties: Iterable[str]) -> list[Person]:
    """Everyone who is meant by some parties, each once. Meant for few: `everyone` gives nobody."""
    found: dict[int, Person] = {}
    for party in parties:
        found |= {person.pk: person for person in _party(case, party)}
    return list(found.values())


def is_party(access: Access, case: Case, party: str) -> bool:
    """Whether someone is meant by a party. A role counts where it reaches the unit, up to the secrecy of the case."""
    if party == "everyone":
        return bool(access.user.is_authenticated)
    if party == "opener":
        return case.opened_by_id is not None and case.opened_by_id == access.user.pk
    if party == "responsible":
        return any(is_party(access, case, one) for one in case.form.states[case.state].responsible)
    if party in roles().roles:
        return access.holds(party, case.unit) and access.may("case.work", case.unit, secrecy=Secrecy(case.secrecy))
    person = access.person
    return person is not None and any(one.pk == person.pk for one in _party(case, party))


_LASTING = ("field:", "unit_", "participant_heads")
"""Parties that stay who they are while neither the case nor its unit changes."""


def _party(case: Case, party: str) -> Iterable[Person]:
    """The people of a party; asked for once as long as the case is the same, for its page asks for many steps."""
    if not party.startswith(_LASTING):
        return _looked_up(case, party)
    known = case.__dict__.setdefault("known_parties", {})
    key = party, case.version, case.unit_id
    if key not in known:
        known[key] = list(_looked_up(case, party))
    return known[key]  # type: ignore[no-any-return]


def _looked_up(case: Case, party: str) -> Iterable[Person]:
    if party in roles().roles:
        return people_with_role(party, case.unit)
    if party.startswith("all:"):
        return everyone_with_role(party.removeprefix("all:"), case.institution)
    if party.startswith("field:"):
        return _named(case, party.removeprefix("field:"))
    found = _RELATIONS.get(party)
    return found(case) if found else []


_RELATIONS: dict[str, Callable[[Case], Iterable[Person]]] = {
    "opener": lambda case: [case.opened_by.person] if case.opened_by and case.opened_by.person else [],
    "assignee": lambda case: [case.assignee] if case.assignee else [],
    "responsible": lambda case: people(case, case.form.states[case.state].responsible),
    "unit_head": lambda case: heads(case.unit),
    "unit_head_nurse": lambda case: holders(case.unit, [Post.Duty.HEAD_NURSE]),
    "unit_quality": lambda case: holders(case.unit, [Post.Duty.QUALITY_DOCTOR, Post.Duty.QUALITY_NURSE]),
    "participant_heads": lambda case: [head for unit in case.participants.all() for head in heads(unit)],
    "followers": lambda case: Person.objects.filter(followed_cases__case=case),
}


def _named(case: Case, name: str) -> Iterable[Person]:
    ids = as_list(case.values.get(name))
    if case.form.fields[name].type is FieldType.PERSON:
        return Person.objects.filter(pk__in=ids)
    return [head for unit in Unit.objects.filter(pk__in=ids) for head in heads(unit)]


def holders(unit: Unit, duties: list[str]) -> list[Person]:
    """Those who have one of some duties in a unit, else in the nearest unit above it."""
    above = [int(pk) for pk in unit.path.strip("/").split("/")]
    posts = list(Post.objects.filter(in_force(), unit__in=above, duty__in=duties).select_related("person"))
    for pk in reversed(above):
        if found := [post.person for post in posts if post.unit_id == pk]:
            return found
    return []


_HEADED = f"""
SELECT unit.path FROM org_post AS post JOIN org_unit AS unit ON unit.id = post.unit_id
WHERE post.person_id = %s AND post.since <= %s AND (post.until IS NULL OR post.until >= %s)
    AND post.duty IN ({", ".join("%s" for _ in HEADS)})
ORDER BY post.id
"""


def headed(person: Person) -> list[str]:
    """The paths of the units that a person answers for today; in plain SQL, as all pages of cases ask for them."""
    today = connection.ops.adapt_datefield_value(timezone.localdate())
    with connection.cursor() as cursor:
        cursor.execute(_HEADED, [person.pk, today, today, *HEADS])
        return [path for (path,) in cursor.fetchall()]
