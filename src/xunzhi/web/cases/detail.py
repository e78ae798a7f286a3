"""What the page of a case shows: what is asked next, the fields, what happened, and what belongs to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.standards.cases import CaseType
from xunzhi.standards.expressions import is_empty
from xunzhi.standards.forms import FieldType, FormField
from xunzhi.web.accounts.models import User
from xunzhi.web.cases.access import visible
from xunzhi.web.cases.labels import Names, is_sensitive
from xunzhi.web.cases.models import Case, Comment, Link, LogEntry
from xunzhi.web.cases.parties import people
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person
from xunzhi.web.permissions import Access
from xunzhi.web.work.calendar import working_days

ICONS = {"opened": "plus", "moved": "arrow-right", "edited": "pencil", "attached": "paperclip", "linked": "link"}
MOST_COUNTED = timedelta(days=600)
"""How far off working days are counted: longer than the 366 that are said at most."""

WIDE = {FieldType.LONG_TEXT, FieldType.TABLE, FieldType.SCALE, FieldType.ATTACHMENT}


@dataclass(frozen=True)
class Line:
    """One field with its value. `cells` are those of a table, `files` pairs of id and name."""

    name: str
    label: str
    text: str
    spec: FormField
    heads: tuple[str, ...] = ()
    cells: tuple[tuple[str, ...], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    masked: bool = False

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width."""
        return self.spec.type in WIDE or len(self.text) > 60


@dataclass(frozen=True)
class Part:
    """A section with the fields that are filled in."""

    id: str
    label: str
    lines: list[Line]
    empty: str


def parts(case: Case, names: Names, *, masked: bool = True) -> list[Part]:
    """The sections of a case; empty fields are only named."""
    found = []
    for section in case.form.sections:
        shown = {
            name: spec for name, spec in section.fields.items() if spec.show_if is None or spec.show_if(case.values)
        }
        lines = [
            line_of(name, spec, case.values.get(name), names, masked=masked)
            for name, spec in shown.items()
            if not is_empty(case.values.get(name))
        ]
        empty = [in_language(spec.label) for name, spec in shown.items() if is_empty(case.values.get(name))]
        found.append(Part(section.id, in_language(section.label), lines, _(", ").join(empty)))
    return found


def line_of(name: str, spec: FormField, value: Any, names: Names, *, masked: bool) -> Line:
    """A field with its value."""
    hidden = masked and is_sensitive(spec)
    label, text = in_language(spec.label), names.text(spec, value, masked=masked)
    if hidden:
        return Line(name, label, text, spec, masked=True)
    if spec.type is FieldType.TABLE:
        heads = tuple(in_language(column.label) for column in spec.columns.values())
        cells = tuple(
            tuple(names.text(column, row.get(key), masked=masked) for key, column in spec.columns.items())
            for row in value
        )
        return Line(name, label, text, spec, heads, cells)
    if spec.type is FieldType.SCALE and spec.scale is not None:
        answers = value.get("answers", {})
        cells = tuple(
            (
                in_language(item.label),
                in_language(item.options[answers[key]].label),
                f"{item.options[answers[key]].points:g}",
            )
            for key, item in spec.scale.items.items()
            if answers.get(key) in item.options
        )
        return Line(name, label, text, spec, (_("Item"), _("Answer"), _("Points")), cells)
    if spec.type is FieldType.ATTACHMENT:
        return Line(name, label, text, spec, files=tuple((pk, names.files.get(pk, "?")) for pk in value))
    return Line(name, label, text, spec)


@dataclass(frozen=True)
class Term:
    """A deadline, and how far off it is in words."""

    due: datetime
    text: str
    late: bool
    soon: bool


def term(case: Case) -> Term | None:
    """The deadline of an open case."""
    if case.due_at is None or not case.open:
        return None
    now, due = timezone.localtime(), timezone.localtime(case.due_at)
    late = due < now
    first, last = (due.date(), now.date()) if late else (now.date(), due.date())
    days = min(working_days(first, min(last, first + MOST_COUNTED), case.institution), 366)
    if due.date() == now.date():
        text = _("overdue since today") if late else _("due today")
    elif late and not days:
        text = _("overdue")
    elif late:
        text = ngettext("%(days)d working day overdue", "%(days)d working days overdue", days) % {"days": days}
    else:
        text = ngettext("%(days)d working day left", "%(days)d working days left", days) % {"days": days}
    return Term(due, text, late, soon=not late and days <= 2)


@dataclass(frozen=True)
class Event:
    """Something that happened, or was said."""

    at: datetime
    who: str
    icon: str
    text: str
    comment: SafeString | str = ""
    changes: tuple[tuple[str, str, str], ...] = ()
    said: bool = False
    signed: str = ""


_WHO = ("by__person__name", "by__username")
_ENTRY = ("kind", "at", "transition", "from_state", "to_state", "comment", "changes", "signed_as", *_WHO)


def log_of(case: Case) -> list[Any]:
    """The log of a case, first to last: what its page, or paper, says of each entry."""
    return list(case.log.order_by("pk").values_list(*_ENTRY, named=True))


def timeline(case: Case, log: Iterable[Any], names: Names, *, masked: bool = True) -> list[Event]:
    """All that happened (see :func:`log_of`) and was said, first to last."""
    events = [_happened(case.form, entry, names, masked=masked) for entry in log]
    return sorted([*events, *_said(case)], key=lambda event: event.at)


def _who(row: Any) -> str:
    return row.by__person__name or row.by__username or ""


def _happened(form: CaseType, entry: Any, names: Names, *, masked: bool) -> Event:
    who = _who(entry) or _("The program")
    step = form.transitions.get(entry.transition)
    state = form.states.get(entry.to_state)
    match entry.kind:
        case LogEntry.Kind.OPENED:
            who = _("Anonymous") if form.anonymous else who
            text = _("opened it")
        case LogEntry.Kind.MOVED:
            label = in_language(step.label) if step else entry.transition
            moved = state is not None and entry.from_state != entry.to_state
            text = f"{label} → {in_language(state.label)}" if moved and state else label
        case LogEntry.Kind.EDITED:
            text = _("filled in")
        case LogEntry.Kind.ATTACHED:
            text = _("added the file %(name)s") % {"name": entry.comment}
        case LogEntry.Kind.LINKED:
            text = _("linked %(number)s") % {"number": entry.comment}
        case _:
            text = _("reminded %(names)s") % {"names": entry.comment}
    own = entry.kind in (LogEntry.Kind.ATTACHED, LogEntry.Kind.LINKED, LogEntry.Kind.REMINDED)
    changes = () if entry.kind == LogEntry.Kind.OPENED else tuple(_changes(form, entry.changes, names, masked=masked))
    return Event(
        entry.at,
        who,
        ICONS.get(entry.kind, "bell"),
        text,
        "" if own else entry.comment,
        changes,
        signed=entry.signed_as,
    )


def _changes(
    form: CaseType, changes: Mapping[str, Any], names: Names, *, masked: bool
) -> Iterator[tuple[str, str, str]]:
    for name, (before, after) in changes.items():
        spec = form.fields.get(name)
        if spec is not None:
            texts = (names.text(spec, value, masked=masked) for value in (before, after))
            yield in_language(spec.label), *(text if len(text) <= 200 else text[:200] + "…" for text in texts)  # type: ignore[misc]


_MENTION = re.compile(r"@([\w.+-]+)")


def _said(case: Case) -> Iterator[Event]:
    """The comments, with the people whom they mention by name."""
    said = list(case.comments.order_by("pk").values_list("pk", "at", "text", *_WHO, named=True))
    marked = [comment.pk for comment in said if "@" in comment.text]
    named: dict[int, dict[str, str]] = {}
    mentions = Comment.mentions.through.objects.filter(comment__in=marked)
    for pk, name, *codes in mentions.values_list("comment", "person__name", "person__code", "person__user__username"):
        named.setdefault(pk, {}).update({code: name for code in codes if code})
    for comment in said:
        text = _marked(comment.text, named.get(comment.pk, {}))
        yield Event(comment.at, _who(comment) or _("Anonymous"), "message", "", text, said=True)


def _marked(text: str, names: Mapping[str, str]) -> SafeString:
    """A comment with the people it mentions by name."""

    def person(found: re.Match[str]) -> str:
        name = names.get(found[1])
        return format_html('<span class="mention">@{}</span>', name) if name else found[0]

    return mark_safe(_MENTION.sub(person, escape(text)))  # noqa: S308  escaped before names are marked


@dataclass(frozen=True)
class Linked:
    """Another case, and how it has to do with this one."""

    pk: int
    made: int
    label: str
    other: Case
    state: str
    ours: bool


def links(access: Access, case: Case) -> list[Linked]:
    """The linked cases that the reader may see, in both directions."""
    made = list(Link.objects.filter(Q(case=case) | Q(other=case)))
    if not made:
        return []
    ids = {link.other_id if link.case_id == case.pk else link.case_id for link in made}
    others = {other.pk: other for other in visible(access).filter(pk__in=ids).light()}
    back = {
        Link.Kind.RELATED: _("related to"),
        Link.Kind.RAISED_BY: _("raised"),
        Link.Kind.PART_OF: _("consists of"),
        Link.Kind.DUPLICATE: _("has the duplicate"),
        Link.Kind.FOLLOWS: _("followed by"),
    }
    found = []
    for link in made:
        ours = link.case_id == case.pk
        other = others.get(link.other_id if ours else link.case_id)
        if other is not None:
            label = link.get_kind_display() if ours else back[Link.Kind(link.kind)]
            state = in_language(other.form.states[other.state].label)
            found.append(Linked(other.pk, link.pk, str(label), other, state, ours))
    return found


def responsible(case: Case) -> list[Person]:
    """Who has to take the next step."""
    return people(case, case.form.states[case.state].responsible)


def mentionable(case: Case, text: str) -> list[Person]:
    """People one may want to mention in a case, those of its units first."""
    accounts = User.objects.filter(is_active=True).values("person")
    found = Person.objects.filter(institution=case.institution, pk__in=accounts, until=None).select_related("unit")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(code__icontains=text) | Q(user__username__icontains=text))
    near = {case.unit_id, *case.participations.values_list("unit", flat=True)}
    return sorted(found[:50], key=lambda person: (person.unit_id not in near, person.name))[:8]


def log_names(case: Case, log: Iterable[Any]) -> Names:
    """The names behind values of a case, now and in its log."""
    sides = [
        {name: pair[side] for name, pair in entry.changes.items() if name in case.form.fields}
        for entry in log
        if entry.kind != LogEntry.Kind.OPENED
        for side in (0, 1)
    ]
    return Names.of((case.form, values) for values in (case.values, *sides))
