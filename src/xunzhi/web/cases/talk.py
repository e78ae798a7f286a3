"""What people do around a case without changing it: comments, links, following, drafts, saved views."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts.models import User
from xunzhi.web.audit.services import record
from xunzhi.web.cases.access import may_see
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Case, Comment, Draft, Follower, Link, LogEntry, SavedView
from xunzhi.web.cases.notices import tell_mentioned
from xunzhi.web.cases.types import case_types
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import Access

LONGEST = 5_000
"""Characters in a comment."""

_MENTION = re.compile(r"@([\w.+-]+)")


@transaction.atomic
def comment(case: Case, text: str, by: Any, mentions: Iterable[Person] = ()) -> Comment:
    """Add a remark. Mentioned are `mentions`, and whom the text names as @account or @staff-number.

    They are told, and may see the case from then on, unless it is confidential.

    Raises:
        Invalid: if the text is empty or too long.
        Refused: if someone is mentioned who may not know of a confidential case.
        PermissionDenied: if the person may not see the case.
    """
    user = _user(by)
    if user is not None and not may_see(Access(user), case):
        raise PermissionDenied
    said = text.replace("\r\n", "\n").strip()
    if not said or len(said) > LONGEST:
        raise Invalid({"text": _("From 1 to %(most)d characters.") % {"most": LONGEST}})
    mentioned = {person.pk: person for person in (*mentions, *_named(said, case.institution))}
    if Secrecy(case.secrecy).rank > Secrecy.INTERNAL.rank:
        _refuse_strangers(case, mentioned.values())
    made = Comment.objects.create(case=case, by=user, text=said)
    made.mentions.set(mentioned.values())
    tell_mentioned(case, mentioned.values(), made.pk, user)
    record(by, "case.comment", f"case {case.number}", detail={"comment": made.pk}, institution=case.institution)
    return made


def _named(text: str, institution: str) -> Iterable[Person]:
    words = set(_MENTION.findall(text))
    if not words:
        return []
    return Person.objects.filter(Q(user__username__in=words) | Q(code__in=words, institution=institution))


def _refuse_strangers(case: Case, mentioned: Iterable[Person]) -> None:
    accounts = {user.person_id: user for user in User.objects.filter(person__in=[person.pk for person in mentioned])}
    strangers = [
        person.name
        for person in mentioned
        if person.pk not in accounts or not may_see(Access(accounts[person.pk]), case)
    ]
    if strangers:
        raise Refused(
            _("%(number)s is confidential, and %(names)s may not know of it. Take the name out.")
            % {"number": case.number, "names": "、".join(strangers)}
        )


@transaction.atomic
def link(case: Case, other: Case, by: Any, kind: str = Link.Kind.RELATED) -> Link:
    """Say that a case has to do with another one; saying it again changes nothing.

    Raises:
        Refused: if both are the same.
        PermissionDenied: if the person may not see both.
    """
    user = _user(by)
    if user is not None and not (may_see(Access(user), case) and may_see(Access(user), other)):
        raise PermissionDenied
    if case.pk == other.pk:
        raise Refused(_("A case can't be linked to itself."))
    made, new = Link.objects.get_or_create(case=case, other=other, kind=Link.Kind(kind))
    if new:
        LogEntry.objects.create(
            case=case, kind=LogEntry.Kind.LINKED, at=timezone.now(), by=user, version=case.version, round=case.round,
            comment=other.number,
        )  # fmt: skip
        detail = {"other": other.number, "kind": made.kind}
        record(by, "case.link", f"case {case.number}", detail=detail, institution=case.institution)
    return made


@transaction.atomic
def unlink(made: Link, by: Any) -> None:
    """Take a link back."""
    detail = {"other": made.other.number, "kind": made.kind}
    number, institution = made.case.number, made.case.institution
    made.delete()
    record(by, "case.unlink", f"case {number}", detail=detail, institution=institution)


def follow(case: Case, by: Any) -> None:
    """Hear of what happens to a case from now on.

    Raises:
        PermissionDenied: if the person may not see it.
        Refused: for an account without a person.
    """
    user = _user(by)
    if not may_see(Access(user), case):
        raise PermissionDenied
    if user.person is None:
        raise Refused(_("This account belongs to no person, so nothing can be sent to it."))
    Follower.objects.get_or_create(case=case, person=user.person)


def unfollow(case: Case, by: Any) -> None:
    """Hear of it no longer."""
    Follower.objects.filter(case=case, person=_user(by).person).delete()


def save_draft(type: str, values: Mapping[str, Any], by: Any, case: Case | None = None) -> Draft | None:  # noqa: A002
    """Keep what was typed, as it is, for a new case or one at hand. Of anonymous forms nothing is kept.

    Raises:
        Invalid: for fields that the form doesn't have.
    """
    form = case.form if case else case_types()[type]
    if form.anonymous:
        return None
    unknown = set(values) - set(form.fields)
    if unknown:
        raise Invalid(dict.fromkeys(unknown, _("there is no such field")))
    user = _user(by)
    draft, _new = Draft.objects.update_or_create(
        user=user, type=form.case, case=case, defaults={"values": dict(values)}
    )
    return draft


def save_view(
    name: str, query: str, by: Any, type: str = "", *, shared: bool = False, unit: Unit | None = None  # noqa: A002
) -> SavedView:  # fmt: skip
    """Keep a filter of the list under a name, shared with all or with a unit; the same name again replaces it.

    Raises:
        Invalid: without a name.
    """
    name = name.strip()[:60]
    if not name:
        raise Invalid({"name": _("is missing")})
    told = {"query": query.lstrip("?")[:1000], "shared": shared, "unit": unit}
    found, _new = SavedView.objects.update_or_create(user=_user(by), type=type, name=name, defaults=told)
    return found


def views_for(access: Access, type: str, units: Iterable[Unit]) -> QuerySet[SavedView]:  # noqa: A002
    """One's own saved views, those for all, and those for a unit in which one works or has a role (`units`)."""
    above = {int(pk) for unit in units for pk in unit.path.strip("/").split("/")}
    seen = Q(user=access.user.pk) | Q(shared=True) | Q(unit__in=above)
    names = ("unit__name", "user__username", "user__person__name")
    return SavedView.objects.filter(seen, type=type).values("pk", "name", "query", "shared", "unit", "user", *names)


def units_to_share_with(access: Access) -> QuerySet[Unit]:
    """The units in which someone works or has a role."""
    works_in = {access.person.unit_id} if access.person else set()
    return Unit.objects.filter(pk__in={held.unit_id for held in access.held} | works_in).order_by("-path")


def _user(by: Any) -> Any:
    return by.user if isinstance(by, HttpRequest) else by
