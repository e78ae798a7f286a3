"""Pages for the hospital's data: bring a mapping, look at the dry run, load."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from xunzhi.web.audit.services import record
from xunzhi.web.installation import lake
from xunzhi.web.jobs import data
from xunzhi.web.jobs.models import Job
from xunzhi.web.jobs.services import OPEN, enqueue
from xunzhi.web.permissions import requires

ACTS = ("check", "load")


class UploadForm(forms.Form):
    """A mapping or a data file."""

    file = forms.FileField(
        label=gettext_lazy("Mapping (.yaml) or data file"), widget=forms.FileInput({"class": "form-control"})
    )


@requires("data.load")
def index(request: HttpRequest) -> HttpResponse:
    """What was brought, and what can be done with it."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            name = data.keep(form.cleaned_data["file"])
        except ValidationError as error:
            form.add_error("file", error)
        else:
            record(request, "data.upload", f"file {name}"[:200])
            messages.success(request, _("%(name)s was stored.") % {"name": name})
            return redirect("jobs:data")
    brought = data.brought()
    job = Job.objects.filter(kind__in=[f"data.{act}" for act in ACTS]).first()
    context = {
        "job": job,
        "busy": job is not None and job.state in OPEN,
        "form": form,
        "mappings": [one for one in brought if one.is_mapping],
        "files": [one for one in brought if not one.is_mapping],
        "version": lake().version(),
        "folder": data.folder(),
    }
    return render(request, "jobs/data.html", context)


@requires("data.load")
@require_POST
def act(request: HttpRequest, act: str, name: str) -> HttpResponse:
    """Try a mapping, or load what it brings."""
    try:
        data.mapping_file(name)
    except FileNotFoundError as error:
        raise Http404 from error
    if act not in ACTS:
        raise Http404
    with transaction.atomic():
        enqueue(f"data.{act}", {"name": name}, key=name, by=request.user)
        record(request, f"data.{act}", f"mapping {name}"[:200])
    messages.success(request, _("It runs in the background; what it says appears here."))
    return redirect("jobs:data")
