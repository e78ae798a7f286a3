"""What the page of an indicator shows of improvement: the procedures in force for it, and what worked on it before."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from xunzhi.web.improve import library, procedures

SHOWN = 5
MOST_PROCEDURES = 20


def panels(request: HttpRequest, indicator: str, institution: str) -> Iterator[SafeString]:
    """The procedures in force, then the newest proved cases on this indicator; nothing where there are none."""
    yield from _procedures(request, indicator, institution)
    if not library.proved().filter(indicator=indicator, institution=institution).exists():
        return  # most indicators: what someone may see needn't be asked then
    found = library.worked(request.access, indicator=indicator)  # type: ignore[attr-defined]
    books = [library.book(proof) for proof in found.filter(institution=institution)[:SHOWN]]
    if books:
        yield render_to_string("improve/panels/worked.html", {"books": books, "indicator": indicator})


def _procedures(request: HttpRequest, indicator: str, institution: str) -> Iterator[SafeString]:
    access = request.access  # type: ignore[attr-defined]
    found = list(procedures.in_force(institution, indicator)[:MOST_PROCEDURES])
    may_add = procedures.may_add(access)
    if not found and not may_add:
        return
    own = access.person is not None and access.person.institution == institution
    context = {
        "procedures": [(one, own or access.may("case.view", one.unit)) for one in found],
        "may_add": may_add,
        "indicator": indicator,
        "now": timezone.now(),
    }
    yield render_to_string("improve/panels/procedures.html", context)
