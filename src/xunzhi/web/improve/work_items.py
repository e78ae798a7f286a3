"""What waits for judges: proposals to review, and entries of contests."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from xunzhi.web.cases.models import Case
from xunzhi.web.improve import contests
from xunzhi.web.improve.models import Score
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import Access
from xunzhi.web.work.items import WorkItem

JUDGED = {"type__in": ("project", "contest"), "state__in": ("submitted", "judging"), "closed_at": None}
"""Projects that are handed in, and contests that are judged; said so that the index of open cases answers it."""


def waiting(access: Access) -> Iterator[WorkItem]:
    """The points that the person was asked for and has not given."""
    person = access.person
    if person is None:
        return
    judged = Case.objects.filter(**JUDGED, institution=person.institution).light().order_by("due_at", "pk")
    asked = [case for case in judged if person.pk in contests.judges(case, _contest(case))]
    given = set(Score.objects.filter(judge=person, contest=None).values_list("case", flat=True)) if asked else set()
    for case in asked:
        if case.type == "contest":
            left = contests.owed(case, [person.pk])
            if left:
                why = ngettext("Give points to %(n)d entry", "Give points to %(n)d entries", left) % {"n": left}
                yield _item(case, reverse("improve:contest", args=[case.pk]), why)
        elif case.pk not in given and person.pk not in contests.own(case):
            yield _item(case, reverse("improve:score", args=[case.pk]), _("Read the proposal and give your points"))


def _contest(case: Case) -> Case | None:
    return case if case.type == "contest" else None


def _item(case: Case, link: str, why: str) -> WorkItem:
    return WorkItem(
        key=f"points {case.pk}",
        title=f"{case.number} {case.title}",
        link=link,
        why=why,
        kind=in_language(case.form.label),
        due=case.due_at,
        since=case.entered_state_at,
        unit=case.unit.name,
        icon="star",
    )
