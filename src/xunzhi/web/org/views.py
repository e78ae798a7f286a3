"""Pages that show the organisation: tree, unit, people; of today or of an earlier day."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.web.asked import day, number
from xunzhi.web.audit.services import record
from xunzhi.web.org import files, services
from xunzhi.web.org.forms import PostForm
from xunzhi.web.org.models import Person, Post, Unit
from xunzhi.web.org.services import Node, in_force
from xunzhi.web.permissions import requires
from xunzhi.web.sheets import spreadsheet, workbook

PAGE = 50
LEADING = (
    Post.Duty.PRESIDENT,
    Post.Duty.CHAIR,
    Post.Duty.HEAD,
    Post.Duty.HEAD_NURSE,
)
"""Posts that the tree names beside a unit."""

ICONS = {
    Unit.Kind.INSTITUTION: "building-hospital",
    Unit.Kind.COMMITTEE: "users",
    Unit.Kind.SUBCOMMITTEE: "users",
    Unit.Kind.OFFICE: "building",
    Unit.Kind.DEPARTMENT: "stethoscope",
    Unit.Kind.WARD: "home",
    Unit.Kind.GROUP: "recycle",
}


def asked_day(request: HttpRequest) -> date | None:
    """The day that a page is asked for with ?on=; None is today."""
    on = day(request.GET.get("on", ""))
    return None if on == timezone.localdate() else on


@requires("org.view")
def tree(request: HttpRequest) -> HttpResponse:
    """The organisation as a tree that can be folded and searched."""
    on, text = asked_day(request), request.GET.get("q", "").strip()
    tops = _visible(request, on)
    matching = {node.unit.pk for top in tops for node in top.walk() if _matches(node, text)} if text else set()
    if text:
        tops = [kept for top in tops if (kept := _pruned(top, matching))]
    counts = dict(services.staff(on).order_by().values_list("place").annotate(n=Count("pk")))
    context = {
        "tops": tops,
        "on": on,
        "text": text,
        "found": len(matching),
        "icons": ICONS,
        "leaders": _leaders(on),
        "counts": counts,
        "units": sum(1 for top in tops for _node in top.walk()),
        "may_manage": request.access.may_somewhere("org.manage"),
    }
    return render(request, "org/tree.html", context)


def _visible(request: HttpRequest, on: date | None) -> list[Node]:
    """The trees of the institutions that a person may see."""
    mine = set(request.access.units("org.view").order_by().values_list("institution", flat=True).distinct())
    return [node for node in services.tree(on) if node.unit.institution in mine]


def _matches(node: Node, text: str) -> bool:
    return text.lower() in f"{node.name} {node.name_en} {node.unit.code}".lower()


def _pruned(node: Node, matching: set[int]) -> Node | None:
    """The node with what leads to a match."""
    node.children = [kept for child in node.children if (kept := _pruned(child, matching))]
    return node if node.children or node.unit.pk in matching else None


def _leaders(on: date | None) -> dict[int, list[Post]]:
    posts = Post.objects.filter(in_force(on), duty__in=LEADING).select_related("person")
    found: dict[int, list[Post]] = {}
    for post in posts:
        found.setdefault(post.unit_id, []).append(post)
    return found


@requires("org.view")
def export(request: HttpRequest) -> HttpResponse:
    """The organisation of a day as an Excel file."""
    on = asked_day(request)
    leaders = _leaders(on)
    names = {node.unit.pk: node for top in _visible(request, on) for node in top.walk()}
    headings = [_("Institution"), _("Kind"), _("Code"), _("Name"), _("English name"), _("Belongs to"), _("Head")]
    headings += [_("Since"), _("Until")]
    rows = [
        [
            node.unit.institution,
            node.unit.get_kind_display(),
            node.unit.code,
            "　" * node.depth + node.name,
            node.name_en,
            names[node.parent_id].name if node.parent_id in names else "",
            ", ".join(post.person.name for post in leaders.get(node.unit.pk, [])),
            node.unit.since,
            node.unit.until or "",
        ]
        for node in names.values()
    ]
    record(request, "export", f"organisation of {on or timezone.localdate()}", detail={"rows": len(rows)})
    return spreadsheet(workbook(headings, rows, _("Organisation")), f"organisation-{on or timezone.localdate()}")


def unit_for_view(request: HttpRequest, pk: int, permission: str = "org.view") -> Unit:
    """A unit that a person may know of, and for which the permission holds.

    Raises:
        Http404: if the person may not know of it.
        PermissionDenied: if he may, but not do this.
    """
    unit = get_object_or_404(Unit.objects.select_related("parent"), request.access.within("org.view", field=""), pk=pk)
    request.access.require(permission, unit)
    return unit


@requires("org.view")
def unit(request: HttpRequest, pk: int) -> HttpResponse:
    """A unit: posts, people, what lies below, its history."""
    found, on = unit_for_view(request, pk), asked_day(request)
    state = services.unit_at(found, on)
    above = [int(one) for one in found.path.strip("/").split("/")][:-1]
    posts = list(Post.objects.filter(unit=found).select_related("person").order_by("duty", "since"))
    day = on or timezone.localdate()
    current = [post for post in posts if post.since <= day and (post.until is None or post.until >= day)]
    people = services.staff(on).filter(place=found.pk)
    below = [node for top in _visible(request, on) for node in top.walk() if node.parent_id == found.pk]
    may_manage = request.access.may("org.manage", found)
    context = {
        "unit": found,
        "state": state,
        "on": on,
        "crumbs": sorted(Unit.objects.filter(pk__in=above), key=lambda one: above.index(one.pk)),
        "posts": sorted(current, key=lambda post: list(Post.Duty.values).index(post.duty)),
        "past": [post for post in posts if post not in current],
        "people": people[:PAGE],
        "people_count": people.count(),
        "below": below,
        "icons": ICONS,
        "states": found.states.select_related("parent").order_by("-since"),
        "may_manage": may_manage,
        "form": PostForm(unit=found) if may_manage else None,
        "monitored": found.kind in (Unit.Kind.DEPARTMENT, Unit.Kind.WARD)
        and request.access.may("department.view", found),
    }
    return render(request, "org/unit.html", context)


def _people(request: HttpRequest) -> QuerySet[Person]:
    """The people of the list, by its filters."""
    text, below = request.GET.get("q", "").strip(), number(request.GET.get("unit", ""))
    found = services.staff(asked_day(request)).filter(request.access.within("org.view", field="unit"))
    if text:
        found = found.filter(Q(name__icontains=text) | Q(code__icontains=text) | Q(title__icontains=text))
    if below and (unit := Unit.objects.filter(pk=below).first()):
        found = found.filter(place__in=Unit.objects.filter(path__startswith=unit.path))
    if category := request.GET.get("category", ""):
        found = found.filter(category=category)
    return found.select_related("unit").order_by("institution", "code")


@requires("org.view")
def people(request: HttpRequest) -> HttpResponse:
    """Everyone who works here."""
    found = _people(request)
    mine = request.access.within("org.view", field="unit")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    day = asked_day(request)
    page.object_list = services.as_of(page.object_list, day)
    posts: dict[int, list[Post]] = {}
    shown = [person.pk for person in page]
    for post in Post.objects.filter(in_force(day), person__in=shown).select_related("unit"):
        posts.setdefault(post.person_id, []).append(post)
    context: dict[str, Any] = {
        "page": page,
        "posts": posts,
        "units": request.access.units("org.view").order_by("path"),
        "categories": Person.objects.filter(mine)
        .exclude(category="")
        .order_by("category")
        .values_list("category", flat=True)
        .distinct(),
        "chosen_unit": request.GET.get("unit", ""),
        "chosen_category": request.GET.get("category", ""),
        "text": request.GET.get("q", ""),
        "may_manage": request.access.may_somewhere("org.manage"),
    }
    return render(request, "org/people.html", context)


@requires("org.view")
def people_export(request: HttpRequest) -> HttpResponse:
    """The people of the list as an Excel file that can be imported again."""
    columns = files.COLUMNS["people"]
    rows = [
        [person.unit.code if column.name == "unit" else getattr(person, column.name) or "" for column in columns]
        for person in services.as_of(_people(request), asked_day(request))
    ]
    english = request.LANGUAGE_CODE == "en"
    record(request, "export", "people of the organisation", detail={"rows": len(rows)})
    headings = [column.en if english else column.zh for column in columns]
    return spreadsheet(workbook(headings, rows, _("People")), f"people-{timezone.localdate()}")


@requires("org.view")
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Someone: what is known of him, and the posts he holds and held."""
    mine = request.access.within("org.view", field="unit")
    found = get_object_or_404(Person.objects.select_related("unit"), mine, pk=pk)
    context = {
        "person": found,
        "posts": found.posts.select_related("unit").order_by("-since"),
        "placements": found.placements.select_related("unit").order_by("-since"),
        "today": timezone.localdate(),
        "may_manage": request.access.may("org.manage", found.unit),
        "results": request.access.may("person.view", person=found),
    }
    return render(request, "org/person.html", context)


def complaint(error: ValidationError) -> str:
    """What a refusal says."""
    return " ".join(error.messages)
