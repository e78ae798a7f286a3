"""Judging: points for proposals and in contests, and who stands where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean, pstdev
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from xunzhi.standards.improvement import Sheet
from xunzhi.web.audit.services import record
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.models import Case, Link
from xunzhi.web.cases.talk import link, unlink
from xunzhi.web.improve.models import Score
from xunzhi.web.improve.standards import improvement
from xunzhi.web.org.models import Person
from xunzhi.web.permissions import Access


@dataclass(frozen=True)
class Standing:
    """A project's place: mean of the judges' totals; `spread` says how far the judges are apart."""

    rank: int
    case: Case
    mean: float
    spread: float
    scores: tuple[Score, ...]


def sheet_for(contest: Case | None) -> Sheet:
    """What judges fill in."""
    return improvement().sheets["contest" if contest else "proposal"]


def judges(case: Case, contest: Case | None) -> list[int]:
    """The ids of the persons who are asked for points."""
    return list((contest.values.get("judges") if contest else case.values.get("reviewers")) or [])


def own(case: Case) -> set[int | None]:
    """The ids of the persons who belong to a project and can't judge it."""
    return {case.values.get("leader"), case.values.get("coach")}


def reads(access: Access, case: Case) -> bool:
    """Whether someone judges a project: as a reviewer of its proposal, or in a contest in which it takes part."""
    person = access.person
    if person is None:
        return False
    taken = Link.objects.filter(case=case, kind=Link.Kind.PART_OF, other__type="contest").select_related("other")
    return person.pk in judges(case, None) or any(person.pk in judges(case, link.other) for link in taken)


@transaction.atomic
def score(case: Case, contest: Case | None, points: Mapping[str, Any], comment: str, by: Any) -> Score:
    """A judge's points for a project, given anew or changed while the judging is open.

    Raises:
        PermissionDenied: if the person was not asked, or belongs to the project.
        Refused: if the judging is closed, or the project takes no part in the contest.
        Invalid: if points are missing or out of range.
    """
    person = by.access.person
    if person is None or person.pk not in judges(case, contest):
        raise PermissionDenied(_("Only the judges that were asked give points."))
    if person.pk in own(case):
        raise PermissionDenied(_("You belong to this project; others have to judge it."))
    if (contest.state != "judging") if contest else (case.state != "submitted"):
        raise Refused(_("The judging is closed."))
    if contest is not None and not takes_part(case, contest):
        raise Refused(_("This project takes no part in the contest."))
    given, errors = {}, {}
    for name, criterion in sheet_for(contest).criteria.items():
        try:
            given[name] = float(points.get(name) or "")
        except ValueError:
            errors[name] = _("is missing")
        else:
            if not 0 <= given[name] <= criterion.points:
                errors[name] = _("must lie between 0 and %(most)d") % {"most": criterion.points}
    if errors:
        raise Invalid(errors)
    kept, _new = Score.objects.update_or_create(
        case=case,
        contest=contest,
        judge=person,
        defaults={"points": given, "total": sum(given.values()), "comment": comment.strip()},
    )
    detail = {"contest": contest.number if contest else "", "total": kept.total}
    record(by, "project.score", f"case {case.number}", detail=detail, institution=case.institution)
    return kept


def _links(contest: Case) -> QuerySet[Link]:
    """A project takes part by being linked to the contest as a part of it."""
    return Link.objects.filter(other=contest, kind=Link.Kind.PART_OF, case__type="project")


def entries(contest: Case) -> list[Case]:
    """The projects that take part."""
    return [link.case for link in _links(contest).select_related("case__unit", "case__revision")]


def takes_part(project: Case, contest: Case) -> bool:
    """Whether a project is an entry of a contest."""
    return _links(contest).filter(case=project).exists()


def enter(project: Case, contest: Case, by: Any) -> None:
    """Let a project take part."""
    link(project, contest, by, Link.Kind.PART_OF)


def take_out(project: Case, contest: Case, by: Any) -> None:
    """Let it take part no longer."""
    for made in _links(contest).filter(case=project):
        unlink(made, by)


def missing_judges(case: Case, asked: Iterable[int]) -> list[Person]:
    """Reviewers of a proposal who have not given their points."""
    given = case.scores.filter(contest=None).values("judge")
    return list(Person.objects.filter(pk__in=list(asked)).exclude(pk__in=given))


def unscored(contest: Case) -> int:
    """Points that all judges still owe."""
    return owed(contest, judges(contest, contest))


def owed(contest: Case, asked: Iterable[int]) -> int:
    """Points that some judges still owe: entries × judges, less those given, less judges of their own project."""
    due = {(entry.pk, judge) for entry in entries(contest) for judge in set(asked) - own(entry)}
    given = set(contest.contest_scores.values_list("case", "judge"))
    return len(due - given)


def standings(contest: Case) -> list[Standing]:
    """The entries by the mean of their points; equal means share a place."""
    found: dict[int, list[Score]] = defaultdict(list)
    for one in contest.contest_scores.select_related("judge"):
        found[one.case_id].append(one)
    rows = []
    for entry in entries(contest):
        scores = found.get(entry.pk, [])
        totals = [one.total for one in scores]
        rows.append((entry, mean(totals) if totals else 0.0, pstdev(totals) if totals else 0.0, tuple(scores)))
    rows.sort(key=lambda row: -row[1])
    return [
        Standing(1 + sum(other[1] > average for other in rows), entry, average, spread, scores)
        for entry, average, spread, scores in rows
    ]
