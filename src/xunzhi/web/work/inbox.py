"""The inbox of notifications, and how a person wants to be told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from xunzhi.web.org.models import Person
from xunzhi.web.permissions import signed_in
from xunzhi.web.work.models import Notification, Preference
from xunzhi.web.work.preferences import MAIL, available, preference, usual

PAGE = 30


def mine(request: HttpRequest) -> QuerySet[Notification]:
    """The visitor's notifications."""
    return Notification.objects.filter(person=request.user.person_id)


@signed_in
def notifications(request: HttpRequest) -> HttpResponse:
    """The inbox."""
    shown = mine(request)
    kind, unread_only = request.GET.get("kind", ""), request.GET.get("unread") == "1"
    if kind in Notification.Kind.values:
        shown = shown.filter(kind=kind)
    if unread_only:
        shown = shown.filter(read_at=None)
    context = {
        "page": Paginator(shown, PAGE).get_page(request.GET.get("page")),
        "kinds": Notification.Kind.choices,
        "kind": kind,
        "unread_only": unread_only,
        "unread": mine(request).filter(read_at=None).count(),
    }
    return render(request, "work/notifications.html", context)


@signed_in
def unread(request: HttpRequest) -> HttpResponse:
    """How many notifications are unread: the number at the bell, which every page asks for every minute."""
    count = mine(request).filter(read_at=None).count()
    badge = format_html('<span class="badge badge-pill bg-red text-red-fg ms-1">{}</span>', count) if count else ""
    return HttpResponse(badge)


@signed_in
def opened(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where a notification leads; it is read then."""
    notification = get_object_or_404(mine(request), pk=pk)
    mine(request).filter(pk=pk, read_at=None).update(read_at=timezone.now())
    local = url_has_allowed_host_and_scheme(notification.link, allowed_hosts=None)
    return redirect(notification.link if local else "work:notifications")


@signed_in
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one notification, or all, as read or as unread."""
    chosen = mine(request)
    if request.POST.get("pk"):
        chosen = get_object_or_404(chosen, pk=request.POST["pk"]) and chosen.filter(pk=request.POST["pk"])
    state = None if request.POST.get("unread") else timezone.now()
    chosen.filter(read_at__isnull=state is not None).update(read_at=state)
    back = request.POST.get("next", "")
    local = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if local else "work:notifications")


class PreferenceForm(forms.ModelForm):  # type: ignore[type-arg]
    """How a person wants to be told."""

    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Beside the inbox, write to me by"), widget=forms.CheckboxSelectMultiple, required=False
    )

    class Meta:
        """All but the person."""

        model = Preference
        fields = ("channels", "at_once", "digest", "digest_at", "quiet_from", "quiet_until")
        widgets = {
            name: forms.TimeInput({"type": "time"}, format="%H:%M")
            for name in ("digest_at", "quiet_from", "quiet_until")
        }

    def __init__(self, *args: Any, person: Person, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["channels"].choices = [  # type: ignore[attr-defined]
            (name, _("Mail to %(address)s") % {"address": person.email} if name == MAIL else name)
            for name in available(person)
        ]
        if self.instance.channels is None:
            self.initial["channels"] = usual(person)

    def clean(self) -> dict[str, Any]:
        """Quiet hours have two ends."""
        said: dict[str, Any] = super().clean() or {}
        if (said.get("quiet_from") is None) != (said.get("quiet_until") is None):
            self.add_error("quiet_until", _("Give both times, or neither."))
        return said


@signed_in
def preferences(request: HttpRequest) -> HttpResponse:
    """How I want to be told."""
    person = request.access.person  # type: ignore[attr-defined]
    if person is None:
        messages.info(request, _("Your account belongs to no person, so nobody can notify it."))
        return redirect("work:notifications")
    form = PreferenceForm(request.POST or None, instance=preference(person), person=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved."))
        return redirect("work:preferences")
    return render(request, "work/preferences.html", {"form": form})
