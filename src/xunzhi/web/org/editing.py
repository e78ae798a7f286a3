"""Pages that change the organisation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.audit.services import record
from xunzhi.web.org import services
from xunzhi.web.org.forms import CloseForm, PersonForm, PostForm, UnitForm
from xunzhi.web.org.models import Person, Post, Unit
from xunzhi.web.org.services import in_force
from xunzhi.web.org.views import complaint, unit_for_view
from xunzhi.web.permissions import requires

HISTORY = ("name", "name_en", "parent")
"""What a unit keeps a history of."""


@requires("org.manage")
def unit_new(request: HttpRequest) -> HttpResponse:
    """Found a unit."""
    parents = request.access.units("org.manage").filter(in_force()).order_by("path")
    initial = {"parent": request.GET.get("parent"), "kind": request.GET.get("kind", Unit.Kind.DEPARTMENT)}
    form = UnitForm(request.POST or None, parents=parents, initial=initial)
    if request.method == "POST" and form.is_valid():
        told = dict(form.cleaned_data)
        parent, since = told["parent"], told.pop("on")
        try:
            with transaction.atomic():
                unit = services.create(institution=parent.institution, since=since, **told)
                record(
                    request,
                    "org.create",
                    f"unit {unit.institution} {unit.kind} {unit.code}",
                    detail={"name": unit.name},
                )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s was founded.") % {"name": unit.name})
            return redirect("org:unit", unit.pk)
    return render(request, "org/edit.html", {"form": form, "heading": _("New unit"), "back": "org:tree"})


@requires("org.manage")
def unit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a unit, or let it belong elsewhere, from a day on; or close it."""
    unit = unit_for_view(request, pk, "org.manage")
    parents = request.access.units("org.manage").filter(in_force()).exclude(path__startswith=unit.path).order_by("path")
    initial = {name: getattr(unit, name) for name in (*HISTORY, "owner_key", "order")}
    form = UnitForm(request.POST or None, parents=parents, unit=unit, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _edit(request, unit, dict(form.cleaned_data))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("org:unit", unit.pk)
    context = {"form": form, "heading": unit.name, "unit": unit, "close": CloseForm() if unit.parent_id else None}
    return render(request, "org/edit.html", context)


@transaction.atomic
def _edit(request: HttpRequest, unit: Unit, told: dict[str, Any]) -> None:
    on = told.pop("on")
    changed = {name: value for name, value in told.items() if getattr(unit, name) != value}
    plain = {name: value for name, value in changed.items() if name not in HISTORY}
    if plain:
        Unit.objects.filter(pk=unit.pk).update(**plain)
    if history := {name: value for name, value in changed.items() if name in HISTORY}:
        services.change(unit, on, **history)
    if changed:
        detail = {name: str(value) for name, value in changed.items()} | {"on": str(on)}
        record(request, "org.change", f"unit {unit.institution} {unit.kind} {unit.code}", detail=detail)


@requires("org.manage")
@require_POST
def unit_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a day be the last of a unit."""
    unit = unit_for_view(request, pk, "org.manage")
    form = CloseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the last day."))
        return redirect("org:unit_edit", unit.pk)
    until = form.cleaned_data["until"]
    try:
        with transaction.atomic():
            services.close(unit, until)
            record(
                request, "org.close", f"unit {unit.institution} {unit.kind} {unit.code}", detail={"until": str(until)}
            )
    except ValidationError as error:
        messages.error(request, complaint(error))
        return redirect("org:unit_edit", unit.pk)
    messages.success(request, _("%(name)s closes after %(day)s.") % {"name": unit.name, "day": until})
    return redirect("org:unit", unit.pk)


@requires("org.manage")
@require_POST
def post_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Give someone a post in a unit."""
    unit = unit_for_view(request, pk, "org.manage")
    form = PostForm(request.POST, unit=unit)
    if not form.is_valid():
        messages.error(request, " ".join(text for texts in form.errors.values() for text in texts))
        return redirect("org:unit", unit.pk)
    with transaction.atomic():
        post = form.save()
        record(request, "org.post", f"unit {unit.institution} {unit.kind} {unit.code}", detail={"post": str(post)})
    messages.success(request, _("%(post)s was added.") % {"post": post})
    return redirect("org:unit", unit.pk)


@requires("org.manage")
@require_POST
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let today be the last day of a post."""
    mine = request.access.within("org.view", field="unit")
    post = get_object_or_404(Post.objects.select_related("unit", "person"), mine, pk=pk)
    request.access.require("org.manage", post.unit)
    with transaction.atomic():
        post.until = timezone.localdate()
        post.since = min(post.since, post.until)
        post.save(update_fields=["since", "until"])
        unit = post.unit
        record(request, "org.post_end", f"unit {unit.institution} {unit.kind} {unit.code}", detail={"post": str(post)})
    messages.success(request, _("%(post)s ends today.") % {"post": post})
    return redirect("org:unit", post.unit_id)


@requires("org.manage")
def person_new(request: HttpRequest) -> HttpResponse:
    """Someone begins to work here."""
    return _person(request, Person(), _("New person"))


@requires("org.manage")
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is known of someone."""
    mine = request.access.within("org.view", field="unit")
    person = get_object_or_404(Person.objects.select_related("unit"), mine, pk=pk)
    request.access.require("org.manage", person.unit)
    return _person(request, person, person.name)


def _person(request: HttpRequest, person: Person, heading: str) -> HttpResponse:
    units = request.access.units("org.manage").filter(in_force()).order_by("path")
    initial = {"unit": request.GET.get("unit")} if not person.pk else {}
    form = PersonForm(request.POST or None, instance=person, units=units, initial=initial)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            saved = form.save(commit=False)
            if saved.pk and "unit" in form.changed_data:
                services.transfer(saved, saved.unit, form.cleaned_data["on"])
            saved.institution = saved.unit.institution
            saved.save()
            if saved.until:
                services.end_posts(saved, saved.until)
            record(
                request,
                "org.person",
                f"person {saved.institution} {saved.code}",
                detail={"changed": sorted(form.changed_data)},
            )
        messages.success(request, _("Saved."))
        return redirect("org:person", saved.pk)
    return render(request, "org/edit.html", {"form": form, "heading": heading, "back": "org:people"})
