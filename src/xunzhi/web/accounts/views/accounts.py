"""Accounts and roles, as the security administrator keeps them."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST

from xunzhi.web.accounts import administration, attempts, listing, second_factor, services, tokens
from xunzhi.web.accounts.forms import AccountForm, GrantForm
from xunzhi.web.accounts.models import RoleGrant, User
from xunzhi.web.asked import number
from xunzhi.web.audit.services import record
from xunzhi.web.configuration import configuration
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person
from xunzhi.web.permissions import requires, roles
from xunzhi.web.sheets import spreadsheet, workbook

PAGE = 50
MOST_AT_ONCE = 200


def _user(request: HttpRequest, pk: int) -> User:
    """An account that the visitor may maintain; 404 for others."""
    return get_object_or_404(listing.visible(request.access).select_related("person__unit"), pk=pk)  # type: ignore[attr-defined]


def _problem(request: HttpRequest, error: ValidationError) -> None:
    messages.error(request, " ".join(error.messages))


@requires("account.manage")
def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts, filtered by the query string."""
    found = listing.filtered(listing.visible(request.access), request.GET)  # type: ignore[attr-defined]
    page = Paginator(listing.shown(found), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "accounts/list.html",
        {
            "page": page,
            "rows": listing.rows(page.object_list),
            "states": listing.STATES,
            "roles": {name: in_language(role.label) for name, role in roles().roles.items()},
            "units": request.access.units("account.manage").order_by("path"),  # type: ignore[attr-defined]
            "waiting": administration.without_account().filter(_staff(request)).count(),
        },
    )


def _staff(request: HttpRequest) -> object:
    return request.access.within("account.manage")  # type: ignore[attr-defined]


@requires("account.manage")
def export(request: HttpRequest) -> HttpResponse:
    """The list as an Excel file."""
    found = listing.shown(listing.filtered(listing.visible(request.access), request.GET))  # type: ignore[attr-defined]
    lines = [
        [
            row.user.username,
            str(row.user),
            row.user.person.code if row.user.person else "",
            str(row.user.person.unit) if row.user.person else "",
            "; ".join(row.roles),
            row.said,
            _("yes") if row.second_factor else _("no"),
            row.last,
        ]
        for row in listing.rows(found)
    ]
    head = [
        _("Account"), pgettext("person", "Name"), _("Staff number"), pgettext("organisation", "Unit"), _("Roles"),
        _("State"), _("Second factor"), _("Last signed in"),
    ]  # fmt: skip
    record(request, "export", "accounts", detail={"rows": len(lines), "filter": request.GET.urlencode()})
    file = workbook(head, lines, _("Accounts"), f"{request.user} {timezone.localtime():%Y-%m-%d %H:%M}")
    return spreadsheet(file, "accounts")


@requires("account.manage")
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: state, roles, sessions, and what can be done."""
    user = _user(request, pk)
    return _account_page(request, user, GrantForm(request.access.units("role.grant").order_by("path")))  # type: ignore[attr-defined]


def _account_page(request: HttpRequest, user: User, form: GrantForm, status: int = 200) -> HttpResponse:
    known = roles().roles
    grants = user.grants.select_related("unit", "given_by__person").order_by("until", "-since")
    today = timezone.localdate()
    locked = attempts.locked_keys()
    return render(
        request,
        "accounts/account.html",
        {
            "account": user,
            "state": listing.state_of(user, locked),
            "said": listing.STATES[listing.state_of(user, locked)],
            "grants": [
                {"grant": grant, "role": known.get(grant.role), "over": bool(grant.until and grant.until < today)}
                for grant in grants
            ],
            "form": form,
            "factor": second_factor.has_one(user),
            "sessions": user.sessions.all(),
            "tokens": tokens.in_use(user.tokens.all()),
            "oneself": user.pk == request.user.pk,
        },
        status=status,
    )


@requires("account.manage")
def new(request: HttpRequest) -> HttpResponse:
    """An account for one person."""
    people = administration.without_account().filter(_staff(request))
    form = AccountForm(people, request.POST or None, initial={"person": request.GET.get("person")})
    if request.method == "POST" and form.is_valid():
        try:
            user = administration.create(form.cleaned_data["person"], request, form.cleaned_data["username"])
            text = administration.reset(user, request, _("new account"))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _links(request, {user: text})
    return render(request, "accounts/new.html", {"form": form})


@requires("account.manage")
def several(request: HttpRequest) -> HttpResponse:
    """Accounts for many people at once, chosen from the organisation."""
    people = administration.without_account().filter(_staff(request))
    if request.method == "POST":
        return _create_several(request, list(people.filter(pk__in=_chosen(request))[:MOST_AT_ONCE]))
    if unit := number(request.GET.get("unit", "")):
        people = people.filter(unit__path__contains=f"/{unit}/")
    if text := request.GET.get("q", "").strip():
        people = people.filter(name__icontains=text) | people.filter(code__icontains=text)
    page = Paginator(people.order_by("unit__path", "code"), MOST_AT_ONCE).get_page(request.GET.get("page"))
    plain = {name: in_language(role.label) for name, role in roles().roles.items() if role.duty is None}
    units = request.access.units("account.manage").order_by("path")  # type: ignore[attr-defined]
    return render(request, "accounts/several.html", {"page": page, "units": units, "roles": plain})


def _chosen(request: HttpRequest) -> list[int]:
    return [pk for text in request.POST.getlist("person") if (pk := number(text)) is not None]


def _create_several(request: HttpRequest, people: list[Person]) -> HttpResponse:
    """Make the accounts, give each the role that was chosen for the unit of its person, and show the links."""
    if not people:
        messages.error(request, _("Choose at least one person."))
        return redirect("accounts:several")
    role = request.POST.get("role", "")
    try:
        with transaction.atomic():
            made = administration.create_for(people, request)
            for user in made if role else []:
                unit = user.person.unit  # type: ignore[union-attr]
                request.access.require("role.grant", unit)  # type: ignore[attr-defined]
                services.grant(user, role, unit, request, reason=_("new account"))
    except ValidationError as error:
        _problem(request, error)
        return redirect("accounts:several")
    return _links(request, made)


def _links(request: HttpRequest, texts: dict[User, str]) -> HttpResponse:
    """The one-time links, shown this once."""
    site = configuration().site.url.rstrip("/")
    links = [(user, site + reverse("accounts:invitation", args=[text])) for user, text in texts.items()]
    return render(request, "accounts/links.html", {"links": links, "hours": configuration().accounts.invitation_hours})


@requires("account.manage")
@require_POST
def act(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Reset, disable, enable or unlock an account, or end its sessions."""
    user, reason = _user(request, pk), request.POST.get("reason", "").strip()
    if what != "reset" and what not in ACTS:
        raise Http404
    if what in ("reset", "disable", "enable") and not reason:
        messages.error(request, _("Give a reason; it is recorded."))
        return redirect("accounts:account", pk=pk)
    try:
        if what == "reset":
            return _links(request, {user: administration.reset(user, request, reason, "lost_phone" in request.POST)})
        ACTS[what](request, user, reason)
    except ValidationError as error:
        _problem(request, error)
    else:
        messages.success(request, _("Done, and recorded."))
    return redirect("accounts:account", pk=pk)


def _end_sessions(request: HttpRequest, user: User, _reason: str) -> None:
    for session in user.sessions.select_related("user"):
        administration.end_session(session, request)


def _revoke_tokens(request: HttpRequest, user: User, _reason: str) -> None:
    for token in tokens.in_use(user.tokens.select_related("user")):
        tokens.revoke(token, request)


ACTS: dict[str, Callable[[HttpRequest, User, str], None]] = {
    "disable": lambda request, user, reason: administration.disable(user, request, reason),
    "enable": lambda request, user, reason: administration.enable(user, request, reason),
    "unlock": lambda request, user, _reason: attempts.unlock(user, request),
    "sign-out": _end_sessions,
    "tokens": _revoke_tokens,
}


@requires("role.grant")
@require_POST
def grant(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role."""
    user = _user(request, pk)
    form = GrantForm(request.access.units("role.grant").order_by("path"), request.POST)  # type: ignore[attr-defined]
    if form.is_valid():
        said = form.cleaned_data
        try:
            services.grant(user, said["role"], said["unit"], request, said["since"], said["until"], said["reason"])
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The role is given."))
            return redirect("accounts:account", pk=pk)
    return _account_page(request, user, form, status=422)


@requires("role.grant")
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a role back."""
    given = get_object_or_404(
        RoleGrant.objects.filter(request.access.within("role.grant")).select_related("user", "unit"),  # type: ignore[attr-defined]
        pk=pk,
    )
    try:
        services.revoke(given, request, request.POST.get("reason", ""))
    except ValidationError as error:
        _problem(request, error)
    else:
        messages.success(request, _("The role is taken back."))
    return redirect("accounts:account", pk=given.user_id)
