"""What people are told about cases. Texts leave the site: of confidential cases they name the number only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from xunzhi.standards import Label
from xunzhi.standards.roles import Secrecy
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.parties import people
from xunzhi.web.org.models import Person
from xunzhi.web.work.services import tell

MOVED = Label(
    zh="{type} {number} 转入“{state}”：{title}",
    en="{type} {number} is now “{state}”: {title}",
)
MENTIONED = Label(zh="{by} 在 {type} {number} 中提到了您：{title}", en="{by} mentioned you in {type} {number}: {title}")


def tell_of_step(case: Case, entry: LogEntry, by: Any) -> None:
    """Tell those whom the transition names, in their words; then those who follow the case."""
    step = case.form.transitions[entry.transition]
    for tells in step.tells:
        _tell(case, people(case, tells.to), tells.text, f"v{entry.version}", "task", by, entry.comment)
    followers = Person.objects.filter(followed_cases__case=case)
    _tell(case, followers, MOVED, f"v{entry.version}", "followed", by, entry.comment)


def tell_mentioned(case: Case, mentioned: Iterable[Person], comment: int, by: Any) -> None:
    """Tell people that a comment names them."""
    _tell(case, mentioned, MENTIONED, f"comment {comment}", "mention", by)


def _tell(
    case: Case, persons: Iterable[Person], text: Label, occasion: str, kind: str, by: Any, comment: str = ""
) -> None:
    actor = getattr(by, "person_id", None)
    others = [person for person in persons if person.pk != actor]
    if others:
        zh, en = worded(case, text, by, comment)
        tell(others, zh, en, case.get_absolute_url(), f"case {case.pk} {occasion}", kind)


def worded(case: Case, text: Label, by: Any = None, comment: str = "") -> tuple[str, str]:
    """A text about a case in Chinese and English."""
    return _filled(case, text.zh, "zh", by, comment), _filled(case, text.en, "en", by, comment)


def _filled(case: Case, text: str, language: str, by: Any, comment: str) -> str:
    discreet = Secrecy(case.secrecy).rank > Secrecy.INTERNAL.rank
    label = case.form.label(language)
    due = timezone.localtime(case.due_at).strftime("%Y-%m-%d") if case.due_at else "—"
    words = {
        "type": label,
        "number": case.number,
        "title": label if discreet else case.title,
        "unit": case.unit.name_en or case.unit.name if language == "en" else case.unit.name,
        "due": due,
        "by": str(by) if by else "循质",
        "state": case.form.states[case.state].label(language),
        "comment": "…" if discreet else comment,
        "round": str(case.round),
    }
    return text.format_map(words)
