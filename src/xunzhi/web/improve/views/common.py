"""What the pages of improvement share."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest

from xunzhi.web.cases.access import visible
from xunzhi.web.cases.models import Case


def cases_of(request: HttpRequest, *types: str) -> QuerySet[Case]:
    """The cases of some types that the visitor may see."""
    found = visible(request.access).select_related("unit", "revision", "assignee")  # type: ignore[attr-defined]
    return found.filter(type__in=types) if types else found


def case_or_404(request: HttpRequest, pk: int, *types: str) -> Case:
    """One of them.

    Raises:
        Http404: also for cases that the visitor may not know of.
    """
    case = cases_of(request, *types).filter(pk=pk).first()
    if case is None:
        raise Http404
    return case


def refuse(text: str) -> None:
    """Say what one may not do.

    Raises:
        PermissionDenied: always.
    """
    raise PermissionDenied(text)
