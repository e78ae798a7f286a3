"""The first page of a new site, and what is to be done until it works: each step can be left and resumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xunzhi.web import founding
from xunzhi.web.accounts import passwords
from xunzhi.web.accounts.models import User
from xunzhi.web.accounts.services import grant
from xunzhi.web.audit.services import record
from xunzhi.web.installation import lake
from xunzhi.web.jobs.services import standing
from xunzhi.web.org import services
from xunzhi.web.org.forms import Dressed
from xunzhi.web.org.models import Person, Post, Unit
from xunzhi.web.permissions import public, requires

ADMINISTRATORS = {
    "system_admin": gettext_lazy("System administrator"),
    "security_admin": gettext_lazy("Security administrator"),
    "audit_admin": gettext_lazy("Audit administrator"),
}
"""Three different people: who keeps the system running, who grants roles, who watches the two."""


class SetupForm(Dressed):
    """The institution and its first administrators."""

    setup_code = forms.CharField(label=gettext_lazy("Setup code"), help_text=gettext_lazy("printed by xunzhi init"))
    institution = forms.CharField(
        label=gettext_lazy("Code of the hospital"),
        max_length=40,
        help_text=gettext_lazy("as in the column institution of the hospital's data"),
    )
    name = forms.CharField(label=gettext_lazy("Name of the hospital"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=120, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for role, label in ADMINISTRATORS.items():
            self.fields[f"{role}_name"] = forms.CharField(label=gettext_lazy("Name"), max_length=60)
            self.fields[f"{role}_code"] = forms.CharField(label=gettext_lazy("Staff number"), max_length=40)
            self.fields[f"{role}_password"] = forms.CharField(
                label=gettext_lazy("Password"), widget=forms.PasswordInput({"autocomplete": "new-password"})
            )
            for part in ("name", "code", "password"):
                self.fields[f"{role}_{part}"].widget.attrs |= {"class": "form-control", "aria-label": label}

    def groups(self) -> list[tuple[str | Promise, list[forms.BoundField]]]:
        """The fields of each administrator."""
        parts = ("name", "code", "password")
        return [(label, [self[f"{role}_{part}"] for part in parts]) for role, label in ADMINISTRATORS.items()]

    def plain(self) -> list[forms.BoundField]:
        """The fields of the institution."""
        return [self[name] for name in ("setup_code", "institution", "name", "name_en")]

    def clean_setup_code(self) -> str:
        """Only who ran `xunzhi init` knows it."""
        if not founding.is_code(self.cleaned_data["setup_code"]):
            raise ValidationError(_("This is not the setup code. Run xunzhi init on the server to see it."))
        return str(self.cleaned_data["setup_code"])

    def clean(self) -> dict[str, Any]:
        """Three people, three good passwords."""
        found: dict[str, Any] = super().clean() or {}
        codes = [found.get(f"{role}_code") for role in ADMINISTRATORS]
        if all(codes) and len(set(codes)) < len(codes):
            raise ValidationError(_("The three administrators must be three different people."))
        for role in ADMINISTRATORS:
            password = found.get(f"{role}_password")
            try:
                if password:
                    validate_password(password, User(username=found.get(f"{role}_code", "")))
            except ValidationError as error:
                self.add_error(f"{role}_password", error)
        return found


@public
def setup(request: HttpRequest) -> HttpResponse:
    """Found the hospital; once there is an account this page is gone."""
    if User.objects.exists():
        return redirect("accounts:login")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not _found(request, form.cleaned_data):
            return redirect("accounts:login")
        messages.success(
            request, _("The hospital was founded. Sign in as system administrator: what is next is listed.")
        )
        return redirect("org:steps")
    return render(request, "org/setup.html", {"form": form})


@transaction.atomic
def _found(request: HttpRequest, told: dict[str, Any]) -> bool:
    """Make institution and administrators; False if somebody else used the code meanwhile: nothing is made then."""
    code = told["institution"]
    top = Unit.objects.filter(kind=Unit.Kind.INSTITUTION, institution=code).first() or services.create(
        Unit.Kind.INSTITUTION, code, code, told["name"], None, name_en=told["name_en"]
    )
    for role in ADMINISTRATORS:
        name, number = told[f"{role}_name"], told[f"{role}_code"]
        person = Person.objects.create(institution=code, code=number, name=name, unit=top)
        user = User(username=number, person=person)
        user.set_unusable_password()
        user.save()
        passwords.change(user, told[f"{role}_password"], None, "account.found")
        grant(user, role, top, reason="xunzhi init")
    record(request, "org.found", f"institution {code}", detail={"name": told["name"]}, institution=code)
    mine = founding.use_up_code()
    transaction.set_rollback(not mine)
    return mine


@dataclass(frozen=True)
class Step:
    """Something to be done before the site works for everyone."""

    label: str
    meaning: str
    done: bool
    address: str
    said: str = ""


def steps_of() -> list[Step]:
    """The steps, as far as they are done."""
    units = Unit.objects.exclude(kind=Unit.Kind.INSTITUTION).count()
    people, posts = Person.objects.count(), Post.objects.count()
    others = User.objects.count() - len(ADMINISTRATORS)
    version, measured = lake().version(), standing("measures")
    return [
        Step(
            _("Load the hospital's data"),
            _("Upload a mapping, look at the dry run, load."),
            version > 0,
            reverse("jobs:data"),
            _("version %(n)d") % {"n": version} if version else "",
        ),
        Step(
            _("Departments, wards, offices, committees"),
            _("Take them over from the data, or import a table."),
            units > 0,
            reverse("org:imports"),
            str(units),
        ),
        Step(
            _("People"),
            _("From the data or a table."),
            people > len(ADMINISTRATORS),
            reverse("org:imports"),
            str(people),
        ),
        Step(
            _("Posts: heads, head nurses, committees, QC members"),
            _("Reminders and escalation go to those who hold them."),
            posts > 0,
            reverse("org:imports"),
            str(posts),
        ),
        Step(
            _("Accounts and roles"),
            _("The security administrator creates accounts and grants roles."),
            others > 0,
            reverse("org:people"),
            str(max(others, 0)),
        ),
        Step(
            _("Compute the indicators for the first time"),
            _("Runs in the background; pages open as soon as it is done."),
            measured.done is not None,
            reverse("jobs:index"),
        ),
    ]


@requires("org.manage")
def steps(request: HttpRequest) -> HttpResponse:
    """What is done and what is next."""
    found = steps_of()
    following = next((step for step in found if not step.done), None)
    return render(request, "org/steps.html", {"steps": found, "next": following, "standing": standing("measures")})
