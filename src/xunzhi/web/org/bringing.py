"""Pages that bring tables into the organisation: upload, look at what would happen, take over."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.web.installation import lake
from xunzhi.web.org import files, from_lake, importing
from xunzhi.web.org.forms import UploadForm
from xunzhi.web.org.models import Import
from xunzhi.web.org.views import complaint
from xunzhi.web.permissions import Access, requires
from xunzhi.web.sheets import spreadsheet, workbook

PAGE = 100


def _institutions(access: Access) -> frozenset[str] | None:
    """The institutions that a person maintains; None for all."""
    if any(reach.scope == "everything" for reach in access.reaches("org.manage")):
        return None
    return frozenset(access.units("org.manage").order_by().values_list("institution", flat=True).distinct())


@requires("org.manage")
def imports(request: HttpRequest) -> HttpResponse:
    """Bring a table, and see those that were brought."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload, kind = form.cleaned_data["file"], form.cleaned_data["kind"]
        try:
            rows = files.read(kind, upload.name, upload.read(files.MOST_BYTES + 1))
        except ValidationError as error:
            form.add_error("file", error)
        else:
            return _proposed(request, kind, upload.name, rows, form.cleaned_data["on"])
    page = Paginator(Import.objects.defer("rows"), 20).get_page(request.GET.get("page"))
    listed = [(one, importing.counts(one)) for one in page]
    return render(
        request, "org/imports.html", {"form": form, "page": page, "listed": listed, "kinds": Import.Kind.choices}
    )


def _proposed(request: HttpRequest, kind: str, name: str, rows: list[files.Row], on: date) -> HttpResponse:
    by = request.user.get_username()
    brought = importing.propose(kind, name, rows, on, by, _institutions(request.access))
    return redirect("org:import", brought.pk)


@requires("org.manage")
@require_POST
def sync(request: HttpRequest, kind: str) -> HttpResponse:
    """Propose what the facts know of departments or staff."""
    tables = {Import.Kind.UNITS: from_lake.units, Import.Kind.PEOPLE: from_lake.people}
    if kind not in tables:
        raise Http404
    known = set(request.access.units("org.manage").order_by().values_list("institution", flat=True).distinct())
    rows = tables[Import.Kind(kind)](lake(), known)
    if not rows:
        messages.warning(request, _("The facts hold nothing of these institutions; load the hospital's data first."))
        return redirect("org:imports")
    return _proposed(request, kind, _("from the hospital's data"), rows, timezone.localdate())


@requires("org.manage")
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty table to fill in."""
    if kind not in files.COLUMNS:
        raise Http404
    return spreadsheet(files.template(kind, request.LANGUAGE_CODE == "en"), f"{kind}-template")


def _brought(request: HttpRequest, pk: int) -> Import:
    """A table that this person brought, or may take over since he maintains everything."""
    found = get_object_or_404(Import, pk=pk)
    if _institutions(request.access) is not None and found.by != request.user.get_username():
        raise Http404
    return found


@requires("org.manage")
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """What became, or would become, of each row."""
    brought = _brought(request, pk)
    status = request.GET.get("status", "")
    lines = [line for line in brought.lines if status in ("", line["status"])]
    counts = importing.counts(brought)
    context = {
        "brought": brought,
        "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
        "counts": counts,
        "status": status,
        "useful": sum(counts[name] for name in (importing.NEW, importing.CHANGED, importing.CLOSED)),
    }
    return render(request, "org/import.html", context)


@requires("org.manage")
@require_POST
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the rows over; those that were refused stay for download."""
    brought = _brought(request, pk)
    try:
        importing.apply(brought, request, _institutions(request.access))
    except ValidationError as error:
        messages.error(request, complaint(error))
    else:
        messages.success(request, _("The table was taken over."))
    return redirect("org:import", brought.pk)


@requires("org.manage")
def rejected(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that were refused, with the reason, to mend and bring again."""
    brought = _brought(request, pk)
    reasons = {line["line"]: line["text"] for line in brought.lines if line["status"] == importing.REJECTED}
    columns = files.COLUMNS[brought.kind]
    english = request.LANGUAGE_CODE == "en"
    headings = [column.en if english else column.zh for column in columns]
    headings += [_("line"), _("why it was refused")]
    rows = [
        [*(row["cells"].get(column.name, "") for column in columns), row["line"], reasons[row["line"]]]
        for row in brought.rows
        if row["line"] in reasons
    ]
    return spreadsheet(workbook(headings, rows, brought.get_kind_display()), f"rejected-{brought.pk}")
