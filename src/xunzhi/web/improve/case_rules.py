"""Guards and effects that findings, projects and contests name in the pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.standards import Label
from xunzhi.web.cases.models import Case, LogEntry
from xunzhi.web.cases.notices import worded
from xunzhi.web.cases.rules import effect, guard
from xunzhi.web.improve import contests, proofs, workspace
from xunzhi.web.improve.models import Proof
from xunzhi.web.org.models import Person
from xunzhi.web.work.services import tell

REVIEW = Label(zh="请评审改进项目 {number}：{title}", en="Please review project {number}: {title}")
JUDGE = Label(zh="请为“{title}”的参赛项目评分", en="Please give points to the entries of “{title}”")


@guard("effect_proved")
def effect_proved(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """A case that named an indicator is effective only if the chart shows it; a project has to name one."""
    proof = Proof.objects.filter(case=case).first()
    if proof is not None:
        return proofs.judge(proof).why_not
    if case.type == "project":
        return _("The project named no indicator before it began, so its effect can't be proved; close it otherwise.")
    return None


@guard("reviewed")
def reviewed(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """All reviewers that were asked have given their points."""
    missing = contests.missing_judges(case, values.get("reviewers") or [])
    if missing:
        names = _(", ").join(person.name for person in missing)
        return _("These reviewers have not given their points yet: %(names)s.") % {"names": names}
    return None if values.get("reviewers") else _("Name at least one reviewer, and wait for the points.")


@guard("steps_done")
def steps_done(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """All steps of the method are ticked."""
    left = [step.label for key, step in workspace.steps(case) if key not in workspace.done(case)]
    if not left:
        return None
    return _("%(n)d steps are not finished yet; the first is “%(first)s”.") % {
        "n": len(left), "first": workspace.said(left[0]),
    }  # fmt: skip


@guard("has_entries")
def has_entries(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """A contest has projects to judge."""
    return None if contests.entries(case) else _("Add the projects that take part first.")


@guard("all_scored")
def all_scored(case: Case, values: Mapping[str, Any], by: Any) -> str | None:
    """Every judge has scored every entry."""
    left = contests.unscored(case)
    text = ngettext("%(n)d score is still missing.", "%(n)d scores are still missing.", left)
    return text % {"n": left} if left else None


@effect("declare_effect")
def declare_effect(case: Case, entry: LogEntry, by: Any) -> None:
    """Work begins: lay down how its effect will be judged."""
    proofs.declare(case)


@effect("watch_effect")
def watch_effect(case: Case, entry: LogEntry, by: Any) -> None:
    """Closed as effective: keep an eye on it."""
    proofs.watch(case)


@effect("ask_reviewers")
def ask_reviewers(case: Case, entry: LogEntry, by: Any) -> None:
    """Lead the reviewers who have not given their points to the sheet: they may come from anywhere in the hospital."""
    link = reverse("improve:score", args=[case.pk])
    zh, en = worded(case, REVIEW, by)
    asked = contests.missing_judges(case, contests.judges(case, None))
    tell(asked, zh, en, link, f"case {case.pk} v{entry.version}", "task")


@effect("ask_judges")
def ask_judges(case: Case, entry: LogEntry, by: Any) -> None:
    """Lead the judges of a contest to its entries."""
    link = reverse("improve:contest", args=[case.pk])
    zh, en = worded(case, JUDGE, by)
    tell(
        Person.objects.filter(pk__in=contests.judges(case, case)),
        zh,
        en,
        link,
        f"case {case.pk} v{entry.version}",
        "task",
    )
