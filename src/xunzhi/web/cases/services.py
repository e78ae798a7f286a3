"""All that can be done with a case. Each is one transaction with its log, audit record and notifications.

`by` is a request, a user, or None for the program itself, which may do anything that the case type allows at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.standards.cases import CaseType, Transition
from xunzhi.standards.expressions import is_empty
from xunzhi.standards.forms import FieldType
from xunzhi.standards.roles import Secrecy
from xunzhi.web.audit.services import record
from xunzhi.web.cases.access import may_edit, may_move, may_open, may_see
from xunzhi.web.cases.deadlines import due_after
from xunzhi.web.cases.errors import CaseError, Conflict, Invalid, Refused
from xunzhi.web.cases.files import attach, claim, upload
from xunzhi.web.cases.labels import Names, chosen_text, search_text, title_of
from xunzhi.web.cases.models import Case, CaseTypeRevision, Draft, Link, LogEntry, Participation
from xunzhi.web.cases.notices import tell_of_step
from xunzhi.web.cases.numbers import next_number
from xunzhi.web.cases.receipts import new_receipt
from xunzhi.web.cases.rules import effects, guards
from xunzhi.web.cases.schema import Values, as_list, changes, cleaned
from xunzhi.web.cases.talk import comment, follow, link, save_draft, save_view, unfollow
from xunzhi.web.cases.types import case_types
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import Access

__all__ = [
    "CaseError",
    "Conflict",
    "Invalid",
    "Refused",
    "attach",
    "comment",
    "edit",
    "follow",
    "link",
    "move",
    "open_case",
    "raise_secrecy",
    "save_draft",
    "save_view",
    "unfollow",
    "upload",
]

Links = Iterable[tuple[str, Case]]


@transaction.atomic
def open_case(
    type: str,  # noqa: A002  the word that people use
    values: Mapping[str, Any],
    by: Any,
    unit: Unit | None = None,
    links: Links = (),
    secrecy: Secrecy | None = None,
) -> Case:
    """File a new case in the first state of its type.

    It belongs to the unit that the form names; if the type leaves that open, to `unit`, else to the opener's unit.
    `links` are pairs (kind of link, other case). Of a type with anonymous openers nothing about `by` is kept; the
    case comes back with `case.secret`, shown to the opener once, by which he finds it again.

    Raises:
        Invalid: with every mistake in the values, by field.
        PermissionDenied: if the opener may not open such a case for that unit.
    """
    form = case_types()[type]
    user = _user(by)
    checked = cleaned(form, values, {}, form.open_fields(form.initial))
    owner = _unit(form, checked, unit, user)
    if user is not None and not may_open(Access(user), form, owner):
        raise PermissionDenied(_("You may not open “%(type)s” for %(unit)s.") % {
            "type": in_language(form.label), "unit": owner.name
        })  # fmt: skip
    known = None if form.anonymous else user
    now = timezone.now()
    names = Names.of([(form, checked)])
    number = next_number(form.number, owner.institution, type, timezone.localdate(now))
    title = title_of(form, checked, names)
    case = Case(
        type=type,
        revision=_revision(form),
        institution=owner.institution,
        number=number,
        title=title,
        state=form.initial,
        stage=form.states[form.initial].kind,
        values=checked,
        unit=owner,
        opened_by=known,
        assignee=_assignee(form, checked),
        secrecy=_secrecy(form, checked, secrecy or form.secrecy).value,
        opened_at=now,
        entered_state_at=now,
        text=search_text(form, number, title, checked, names),
        chosen=chosen_text(form, checked),
    )
    if form.anonymous:
        case.secret, case.receipt = new_receipt()  # type: ignore[attr-defined]
    case.save(force_insert=True)
    _note(case, LogEntry.Kind.OPENED, known, now, to_state=case.state, changes=changes({}, checked))
    claim(case, checked, user)
    _share(case, checked)
    for kind, other in links:
        Link.objects.get_or_create(case=case, other=other, kind=kind)
    if known is not None:
        Draft.objects.filter(user=known, type=type, case=None).delete()
    _record(by, case, "case.open", {"unit": owner.code})
    return case


@transaction.atomic
def move(
    case: Case,
    transition: str,
    values: Mapping[str, Any] | None,
    by: Any,
    version: int,
    comment: str = "",
    signed: bool = False,
) -> Case:
    """Take a step with a case. `version` is the one that the person saw; of many who try at once, one succeeds.

    `signed` says that the person has just confirmed who he is, which steps with a signature ask for. Returns the case
    as it is afterwards.

    Raises:
        Conflict: if someone changed the case since; says who, when, and what it is now.
        Invalid: if values are wrong or missing (a missing comment is the field `comment`).
        Refused: if the step can't be taken in this state, or a rule forbids it.
        PermissionDenied: if the person may not take the step.
    """
    user = _user(by)
    case = _seen(case, version)
    form, step = case.form, case.form.transitions.get(transition)
    if step is None or case.state not in step.start:
        raise Refused(_("“%(step)s” can't be done while %(number)s is “%(state)s”.") % {
            "step": in_language(step.label) if step else transition,
            "number": case.number,
            "state": in_language(form.states[case.state].label),
        })  # fmt: skip
    if user is not None and not (may_move(Access(user), case, transition) and may_see(Access(user), case)):
        raise PermissionDenied(_("“%(step)s” is for others to do.") % {"step": in_language(step.label)})
    if step.sign and user is not None and not signed:
        raise Refused(_("Confirm who you are to sign “%(step)s”.") % {"step": in_language(step.label)})
    now = timezone.now()
    checked = _checked(case, transition, step, values or {}, comment, _signatures(case, step, user, now))
    _guard(case, step, checked, user)
    before, was = case.values, case.state
    case.round += step.round
    case.state = step.to or was
    case.due_at = due_after(case, step, checked, now)
    if step.to is not None:
        case.entered_state_at = now
        case.stage = form.states[case.state].kind
        case.closed_at = now if case.stage == Case.Stage.DONE else None
    _write(case, checked, version)
    entry = _note(
        case, LogEntry.Kind.MOVED, user, now, transition=transition, from_state=was, to_state=case.state,
        comment=comment.strip(), changes=changes(before, checked), signed_as=_signer(user) if step.sign else "",
    )  # fmt: skip
    claim(case, checked, user)
    for name in step.effects:
        effects()[name](case, entry, user)
    tell_of_step(case, entry, user)
    if user is not None:
        Draft.objects.filter(user=user, case=case).delete()
    _record(by, case, "case.move", {"step": transition, "from": was, "to": case.state})
    return case


@transaction.atomic
def edit(case: Case, values: Mapping[str, Any], by: Any, version: int) -> Case:
    """Change what was filled in, without a step; only fields that are open in the state. Returns the case afterwards.

    Raises:
        Conflict, Invalid, PermissionDenied: as :func:`move`.
    """
    user = _user(by)
    case = _seen(case, version)
    if user is not None and not (may_edit(Access(user), case) and may_see(Access(user), case)):
        raise PermissionDenied(_("You may not change %(number)s now.") % {"number": case.number})
    checked = cleaned(case.form, values, case.values, case.form.open_fields(case.state))
    before = case.values
    _write(case, checked, version)
    _note(case, LogEntry.Kind.EDITED, user, timezone.now(), changes=changes(before, checked))
    claim(case, checked, user)
    if user is not None:
        Draft.objects.filter(user=user, case=case).delete()
    _record(by, case, "case.edit", {"fields": sorted(changes(before, checked))})
    return case


@transaction.atomic
def raise_secrecy(case: Case, to: Secrecy, by: Any, version: int) -> Case:
    """Make a case more secret; it never becomes less so. Returns the case afterwards.

    Raises:
        Conflict, PermissionDenied: as :func:`move`.
        Refused: if the case is as secret already.
    """
    user = _user(by)
    case = _seen(case, version)
    if user is not None and not Access(user).may("case.work", case.unit, secrecy=Secrecy(case.secrecy)):
        raise PermissionDenied(_("You may not change %(number)s now.") % {"number": case.number})
    if to.rank <= Secrecy(case.secrecy).rank:
        raise Refused(_("Secrecy can only be raised."))
    before, case.secrecy = case.secrecy, to.value
    _write(case, case.values, version)
    _note(case, LogEntry.Kind.EDITED, user, timezone.now(), comment=f"{before} → {to.value}")
    _record(by, case, "case.secrecy", {"from": before, "to": to.value})
    return case


def _user(by: Any) -> Any:
    return by.user if isinstance(by, HttpRequest) else by


def _record(by: Any, case: Case, action: str, detail: Mapping[str, Any]) -> None:
    """The audit record; last in each transaction, since recording waits for others. Anonymous openers stay so."""
    actor = None if case.form.anonymous and action == "case.open" else by
    record(actor, action, f"case {case.number}", detail={"type": case.type, **detail}, institution=case.institution)


def _revision(form: CaseType) -> CaseTypeRevision:
    found, _new = CaseTypeRevision.objects.get_or_create(
        type=form.case, fingerprint=form.fingerprint, defaults={"spec": form.spec}
    )
    return found


def _unit(form: CaseType, values: Values, unit: Unit | None, user: Any) -> Unit:
    """The unit that a case belongs to.

    Raises:
        Invalid: if neither the form nor the opener names one.
    """
    named = values.get(form.unit) if form.unit else None
    if named is not None:
        return Unit.objects.get(pk=as_list(named)[0])
    person = getattr(user, "person", None)
    owner = unit or (person.unit if person else None)
    if owner is None:
        raise Invalid({form.unit or "unit": _("is missing")})
    return owner


def _assignee(form: CaseType, values: Values) -> Person | None:
    named = values.get(form.assignee) if form.assignee else None
    return Person.objects.get(pk=as_list(named)[0]) if named is not None else None


def _secrecy(form: CaseType, values: Values, least: Secrecy) -> Secrecy:
    """The secrecy that the values ask for, but never less than `least` and what the type says."""
    levels = [form.secrecy, least, *(rule.to for rule in form.raises if rule.when(values))]
    return max(levels, key=lambda level: level.rank)


def _share(case: Case, values: Values) -> None:
    """Bring the units that take part in line with the values."""
    wanted = {pk for name in case.form.participants for pk in as_list(values.get(name))} - {case.unit_id}
    there = set(case.participations.values_list("unit", flat=True))
    if there - wanted:
        case.participations.filter(unit__in=there - wanted).delete()
    Participation.objects.bulk_create([Participation(case=case, unit_id=pk) for pk in sorted(wanted - there)])


def _seen(case: Case, version: int) -> Case:
    """The case as it is now.

    Raises:
        Conflict: if that isn't what the person saw.
    """
    fresh = Case.objects.select_related("revision", "unit", "opened_by__person", "assignee").get(pk=case.pk)
    if fresh.version != version:
        raise _conflict(fresh)
    return fresh


def _conflict(case: Case) -> Conflict:
    case.refresh_from_db(fields=["state", "version"])
    last = case.log.filter(version__gt=0).select_related("by__person").order_by("-version", "-pk").first()
    state = in_language(case.form.states[case.state].label)
    who = str(last.by) if last and last.by else ""
    return Conflict(case.number, who, last.at if last else case.entered_state_at, state)


def _checked(
    case: Case, transition: str, step: Transition, values: Mapping[str, Any], comment: str, signatures: Values
) -> Values:
    """The values after a step.

    Raises:
        Invalid: with every mistake, a missing comment among them.
        Refused: if the condition of the step doesn't hold for them.
    """
    errors: dict[str, str] = {}
    checked: Values = {}
    stored = {**case.values, **signatures}
    try:
        checked = cleaned(case.form, values, stored, case.form.open_fields(case.state, transition), step.needs)
    except Invalid as error:
        errors = error.errors
    if step.comment == "required" and is_empty(comment.strip()):
        errors["comment"] = _("Say why.")
    if errors:
        raise Invalid(errors)
    if step.when is not None and not step.when(checked):
        raise Refused(_("“%(step)s” can't be done with what was filled in.") % {"step": in_language(step.label)})
    return checked


def _guard(case: Case, step: Transition, values: Values, user: Any) -> None:
    reasons = [guards()[name](case, values, user) for name in step.guards]
    if found := [reason for reason in reasons if reason]:
        raise Refused("\n".join(found))


def _signatures(case: Case, step: Transition, user: Any, now: datetime) -> Values:
    """The fields for signatures that a step asks for, filled in."""
    if user is None:
        return {}
    at = timezone.make_naive(now).isoformat(timespec="minutes")
    return {
        name: {"user": user.pk, "name": _signer(user), "at": at}
        for name in (*step.needs, *step.asks)
        if case.form.fields[name].type is FieldType.SIGNATURE
    }


def _signer(user: Any) -> str:
    if user is None:
        return ""
    person = user.person
    return f"{person.name} {person.title}".strip() if person else str(user)


def _write(case: Case, values: Values, version: int) -> None:
    """Store a changed case, if nobody else did since `version` (compare and swap).

    Raises:
        Conflict: if somebody did.
        Invalid: if the case would pass to another institution, whose numbers it doesn't have.
    """
    form = case.form
    names = Names.of([(form, values)])
    owner = _unit(form, values, case.unit, None)
    if owner.institution != case.institution:
        raise Invalid({form.unit or "unit": _("A case can't pass to another institution; open a new one there.")})
    case.values, case.unit, case.assignee = values, owner, _assignee(form, values)
    case.title = title_of(form, values, names)
    case.text = search_text(form, case.number, case.title, values, names)
    case.chosen = chosen_text(form, values)
    case.secrecy = _secrecy(form, values, Secrecy(case.secrecy)).value
    case.version = version + 1
    columns = (
        "values", "unit", "assignee", "title", "text", "chosen", "secrecy", "state", "stage", "round", "due_at",
        "entered_state_at", "closed_at", "version",
    )  # fmt: skip
    won = Case.objects.filter(pk=case.pk, version=version).update(**{name: getattr(case, name) for name in columns})
    if won != 1:
        raise _conflict(case)
    _share(case, values)


def _note(case: Case, kind: str, user: Any, at: datetime, **facts: Any) -> LogEntry:
    return LogEntry.objects.create(
        case=case, kind=kind, at=at, by=user, version=case.version, round=case.round, due_at=case.due_at, **facts
    )
