"""A case on paper: title, facts, sections, signatures, history. What the writers of PDF and Word are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from xunzhi.standards.forms import FieldType
from xunzhi.web.cases import detail
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Unit


@dataclass(frozen=True)
class Entry:
    """One line of a section: a text, or a table with `head` and `rows`."""

    label: str
    text: str = ""
    wide: bool = False
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Section:
    """Some lines under a heading."""

    title: str
    lines: tuple[Entry, ...]


@dataclass(frozen=True)
class Signature:
    """A line to sign on; filled in if the step was signed in the program."""

    label: str
    signed: str = ""
    date: str = ""


@dataclass(frozen=True)
class Happened:
    """A line of the history."""

    at: str
    who: str
    what: str


@dataclass(frozen=True)
class Sheet:
    """A case as it is printed. `watermark` is "" for none."""

    language: str
    institution: str
    title: str
    subtitle: str
    number: str
    sections: tuple[Section, ...]
    signatures: tuple[Signature, ...]
    log: tuple[Happened, ...]
    watermark: str
    footer: str
    made: date
    opening: str = ""

    @property
    def texts(self) -> dict[str, str]:
        """The fixed words on the paper."""
        return {"log": _("What happened"), "date": _("Date:              ")}


def sheet(case: Case, printer: str, account: str, *, masked: bool = True) -> Sheet:
    """All of a case for the printer; `masked` hides who patients are."""
    history = detail.log_of(case)
    names = detail.log_names(case, history)
    return blank_sheet(
        case,
        printer,
        account,
        sections=(_facts(case), *_sections(case, names, masked=masked)),
        signatures=tuple(_signatures(case)),
        log=tuple(_log(case, history, names, masked=masked)),
    )


def blank_sheet(case: Case, printer: str, account: str, **content: Any) -> Sheet:
    """A sheet with what all of them bear; the watermark says who printed it, and when."""
    now = timezone.localtime()
    hospital = Unit.objects.filter(institution=case.institution, kind=Unit.Kind.INSTITUTION).first()
    printed = now.strftime("%Y-%m-%d %H:%M")
    told = {
        "language": "zh" if (get_language() or "zh").startswith("zh") else "en",
        "institution": str(hospital or ""),
        "title": in_language(case.form.label),
        "subtitle": case.title,
        "number": case.number,
        "log": (),
        "watermark": f"{printer} {account} {printed}",
        "footer": _("Printed by %(name)s (%(account)s) on %(time)s from %(hospital)s’s quality system")
        % {"name": printer, "account": account, "time": printed, "hospital": hospital or ""},
        "made": now.date(),
    }
    return Sheet(**{**told, **content})


def _facts(case: Case) -> Section:
    def day(moment: object) -> str:
        return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else "—"  # type: ignore[arg-type]

    opener = _("Anonymous") if case.form.anonymous else str(case.opened_by or _("The program"))
    lines = [
        Entry(_("State"), in_language(case.form.states[case.state].label)),
        Entry(_("Unit"), str(case.unit)),
        Entry(_("Opened by"), opener),
        Entry(_("Opened"), day(case.opened_at)),
        Entry(_("Assigned to"), str(case.assignee or "—")),
        Entry(_("Due"), day(case.due_at)),
    ]
    return Section(_("Basic facts"), tuple(lines))


def _sections(case: Case, names: detail.Names, *, masked: bool) -> Iterator[Section]:
    for part in detail.parts(case, names, masked=masked):
        if part.lines:
            yield Section(part.label, tuple(entry_of(line) for line in part.lines))


def entry_of(line: detail.Line) -> Entry:
    """A field of the case as a line on paper."""
    if line.spec.type in (FieldType.TABLE, FieldType.SCALE) and line.cells:
        text = line.text if line.spec.type is FieldType.SCALE else ""
        return Entry(line.label, text, wide=True, head=line.heads, rows=line.cells)
    return Entry(line.label, line.text, wide=line.wide)


def _signatures(case: Case) -> Iterator[Signature]:
    """A line for each step that is signed, filled in once it was, and one for who answers for the unit."""
    signed = {
        entry.transition: entry
        for entry in case.log.filter(kind=LogEntry.Kind.MOVED).exclude(signed_as="").order_by("pk")
    }
    for name, step in case.form.transitions.items():
        if not step.sign:
            continue
        entry = signed.get(name)
        when = timezone.localtime(entry.at).strftime("%Y-%m-%d") if entry else ""
        yield Signature(in_language(step.label) + "：", entry.signed_as if entry else "", when)
    yield Signature(_("Head of %(unit)s:") % {"unit": case.unit})
    yield Signature(_("Received and checked by:"))


def _log(case: Case, history: list[Any], names: detail.Names, *, masked: bool) -> Iterator[Happened]:
    for event in detail.timeline(case, history, names, masked=masked):
        if not event.said:
            what = "：".join(text for text in (event.text, str(event.comment)) if text)
            yield Happened(timezone.localtime(event.at).strftime("%Y-%m-%d %H:%M"), event.who, what)
