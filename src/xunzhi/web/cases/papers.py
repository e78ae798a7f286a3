"""The papers of a case type, such as notice and reply (prints.yaml): a title, an opening, some fields, signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from django.utils import timezone

from xunzhi.standards.cases import CaseType
from xunzhi.standards.prints import Block, Paper, load_prints
from xunzhi.web.cases import detail
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.printing import Entry, Section, Sheet, Signature, blank_sheet, entry_of
from xunzhi.web.installation import in_language, pack

ROOM_TO_WRITE = "\n\n\n"


def papers(form: CaseType) -> Mapping[str, Paper]:
    """The papers into which cases of a type can be printed, by name."""
    return _prints(pack().fingerprint).get(form.print_template, {})


@lru_cache(maxsize=1)
def _prints(_fingerprint: str) -> Mapping[str, Mapping[str, Paper]]:
    return load_prints(pack())


def paper_sheet(case: Case, paper: Paper, printer: str, account: str, *, masked: bool = True) -> Sheet:
    """A case on one of its papers; `masked` hides who patients are."""
    names = detail.log_names(case, detail.log_of(case))
    return blank_sheet(
        case,
        printer,
        account,
        title=in_language(paper.label),
        opening=in_language(paper.opening).format_map(_words(case)) if paper.opening else "",
        sections=tuple(_sections(case, paper, names, masked=masked)),
        signatures=tuple(_signatures(case, paper)),
    )


def _words(case: Case) -> dict[str, object]:
    def day(moment: object) -> str:
        return timezone.localtime(moment).strftime("%Y-%m-%d") if moment else "—"  # type: ignore[arg-type]

    return {
        "number": case.number, "title": case.title, "unit": case.unit, "institution": case.institution,
        "due": case.values.get("deadline") or day(case.due_at), "opened": day(case.opened_at), "round": case.round,
        "state": in_language(case.form.states[case.state].label),
    }  # fmt: skip


def _sections(case: Case, paper: Paper, names: detail.Names, *, masked: bool) -> Iterator[Section]:
    for block in paper.sections:
        if lines := tuple(_lines(case, block, names, masked=masked)):
            yield Section(in_language(block.label), lines)


def _lines(case: Case, block: Block, names: detail.Names, *, masked: bool) -> Iterator[Entry]:
    """The fields of a block; a case keeps the form it was filed with, which may lack one of them."""
    for name in block.fields:
        spec, value = case.form.fields.get(name), case.values.get(name)
        if spec is None or (spec.show_if is not None and not spec.show_if(case.values)):
            continue
        if value not in (None, "", [], {}):
            yield entry_of(detail.line_of(name, spec, value, names, masked=masked))
        elif block.blank:
            wide = spec.type in detail.WIDE
            yield Entry(in_language(spec.label), ROOM_TO_WRITE if wide else "", wide=wide)


def _signatures(case: Case, paper: Paper) -> Iterator[Signature]:
    """The lines to sign on; filled in where the step was signed in the program in this round."""
    log = case.log.filter(kind=LogEntry.Kind.MOVED, round=case.round).exclude(signed_as="").order_by("pk")
    signed = {entry.transition: entry for entry in log}
    for line in paper.signatures:
        entry = signed.get(line.step or "")
        when = timezone.localtime(entry.at).strftime("%Y-%m-%d") if entry else ""
        yield Signature(in_language(line.label), entry.signed_as if entry else "", when)
