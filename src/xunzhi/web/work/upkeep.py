"""For administrators: deliveries that failed, and the hospital's own working days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.audit.services import record
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import requires
from xunzhi.web.work import delivery
from xunzhi.web.work.calendar import LAST_YEAR
from xunzhi.web.work.models import CalendarDay, Delivery

PAGE = 50


@requires("job.run")
def deliveries(request: HttpRequest) -> HttpResponse:
    """What is on its way, and what could not be brought; texts are not shown, they are for their readers."""
    access = request.access  # type: ignore[attr-defined]
    state = request.GET.get("state", Delivery.State.FAILED)
    shown = Delivery.objects.filter(access.within("job.run", field="notification__person__unit"))
    if state in Delivery.State.values:
        shown = shown.filter(state=state)
    shown = shown.select_related("notification__person").order_by("-pk")
    context = {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "states": Delivery.State.choices,
        "state": state,
    }
    return render(request, "work/deliveries.html", context)


@requires("job.run")
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a failed delivery again."""
    access = request.access  # type: ignore[attr-defined]
    reached = Delivery.objects.filter(access.within("job.run", field="notification__person__unit"))
    failed = get_object_or_404(reached, pk=pk)
    with transaction.atomic():
        delivery.again(failed.pk)
        record(request, "delivery.again", f"delivery {failed.pk}")
    messages.success(request, _("It will be tried again within five minutes."))
    return redirect("work:deliveries")


class DayForm(forms.ModelForm):  # type: ignore[type-arg]
    """A day on which a hospital differs."""

    class Meta:
        """All of it."""

        model = CalendarDay
        fields = ("institution", "day", "working", "reason")
        widgets = {"day": forms.DateInput({"type": "date"})}

    def __init__(self, *args: Any, institutions: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["institution"] = forms.ChoiceField(label=_("Institution"), choices=institutions)


@requires("org.manage")
def calendar(request: HttpRequest) -> HttpResponse:
    """The days on which hospitals differ from the national calendar."""
    access = request.access  # type: ignore[attr-defined]
    reached = access.units("org.manage").filter(kind=Unit.Kind.INSTITUTION)
    institutions = list(reached.values_list("institution", "name"))
    form = DayForm(request.POST or None, institutions=institutions)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            day = form.save()
            _recorded(request, "calendar.add", day)
        return redirect("work:calendar")
    days = CalendarDay.objects.filter(institution__in=[code for code, _name in institutions]).order_by("-day")
    context = {"form": form, "page": Paginator(days, PAGE).get_page(request.GET.get("page")), "last_year": LAST_YEAR}
    return render(request, "work/calendar.html", {**context, "names": dict(institutions)})


@requires("org.manage")
@require_POST
def remove_day(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a day follow the national calendar again."""
    access = request.access  # type: ignore[attr-defined]
    institutions = access.units("org.manage").filter(kind=Unit.Kind.INSTITUTION).values("institution")
    day = get_object_or_404(CalendarDay, pk=pk, institution__in=institutions)
    with transaction.atomic():
        _recorded(request, "calendar.remove", day)
        day.delete()
    return redirect("work:calendar")


def _recorded(request: HttpRequest, action: str, day: CalendarDay) -> None:
    detail = {"working": day.working, "reason": day.reason}
    record(request, action, f"calendar {day.institution} {day.day}", detail=detail, institution=day.institution)
