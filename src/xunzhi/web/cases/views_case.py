"""Pages of one case: look at it, open one, fill it in, take a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.standards.cases import CaseType, Transition
from xunzhi.standards.forms import FormField
from xunzhi.standards.roles import Secrecy
from xunzhi.web.accounts import second_factor, signing_in
from xunzhi.web.accounts.attempts import Blocked
from xunzhi.web.accounts.directory import DirectoryError
from xunzhi.web.accounts.identity import identify as record_identity
from xunzhi.web.accounts.identity import may_identify, purpose_given, purposes
from xunzhi.web.asked import number
from xunzhi.web.cases import access as rules
from xunzhi.web.cases import detail, forms, panels, services
from xunzhi.web.cases.errors import CaseError, Conflict, Invalid
from xunzhi.web.cases.labels import is_sensitive
from xunzhi.web.cases.models import Case, Draft, Link
from xunzhi.web.cases.papers import papers
from xunzhi.web.cases.schema import browser_rules
from xunzhi.web.cases.views_list import form_or_404
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import Access, requires, signed_in
from xunzhi.web.work.rooms import offered

Values = dict[str, Any]


def case_or_404(request: HttpRequest, pk: int) -> Case:
    """A case that the visitor may know of.

    Raises:
        Http404: if there is none.
    """
    found: Case = get_object_or_404(Case.objects.light("assignee", "opened_by__person"), pk=pk)
    if not rules.may_see(access_of(request), found):
        raise Http404
    return found


def access_of(request: HttpRequest) -> Access:
    """What the visitor may do."""
    access: Access = request.access  # type: ignore[attr-defined]
    return access


# Looking


@signed_in
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """A case: what is asked next, what was filled in, what happened."""
    return render(request, "cases/case.html", _page(request, case_or_404(request, pk), masked=True))


@require_POST
@requires("patient.identify")
@transaction.atomic
def identify(request: HttpRequest, pk: int) -> HttpResponse:
    """The same page with the patient named, once; who looked and why is recorded."""
    found = case_or_404(request, pk)
    try:
        purpose = purpose_given(request)
        record_identity(request, purpose, patients(found), found.unit, secrecy=Secrecy(found.secrecy))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect(found)
    return render(request, "cases/case.html", _page(request, found, masked=False))


def patients(found: Case) -> list[str]:
    """The numbers of the patients in a case; its own number stands for one without a number."""
    told = [found.values.get(name) for name, spec in found.form.fields.items() if spec.type.value == "patient"]
    return [patient.get("patient_id") or f"case {found.number}" for patient in told if patient] or [
        f"case {found.number}"
    ]


def _page(request: HttpRequest, found: Case, *, masked: bool) -> dict[str, Any]:
    access, form = access_of(request), found.form
    log = detail.log_of(found)
    names = detail.log_names(found, log)
    shown = list(panels.panels(request, found))
    sections = detail.parts(found, names, masked=masked)
    person = access.person
    followers = dict(found.followers.order_by("pk").values_list("person", "person__name"))
    return {
        "case": found,
        "form": form,
        "masked": masked,
        "parts": sections,
        "hides": masked and any(line.masked for part in sections for line in part.lines),
        "may_identify": may_identify(request, found.unit, secrecy=Secrecy(found.secrecy)),
        "purposes": purposes(),
        "state": form.states[found.state],
        "states": _path(found, log),
        "steps": rules.steps(access, found),
        "may_edit": rules.may_edit(access, found),
        "responsible": detail.responsible(found) if found.open else [],
        "term": detail.term(found),
        "events": detail.timeline(found, log, names, masked=masked),
        "links": detail.links(access, found),
        "link_kinds": [(kind.value, kind.label) for kind in Link.Kind],
        "followers": list(followers.values()),
        "follows": person is not None and person.pk in followers,
        "participants": list(found.participants.values_list("name", flat=True)),
        "papers": papers(form),
        "files": list(found.attachments.filter(field="").values("pk", "name", "size")),
        "main_panels": [panel for panel in shown if panel.place == "main"],
        "side_panels": [panel for panel in shown if panel.place == "side"],
    }


@dataclass(frozen=True)
class Stop:
    """A state on the way of a case."""

    label: str
    here: bool
    passed: bool


def _path(found: Case, log: list[Any]) -> list[Stop]:
    """The states that a case went through, the one it is in, and, while open, those that usually follow."""
    been = {entry.to_state for entry in log if entry.kind in ("opened", "moved")}
    passed = [state for state in found.form.states if state in been and state != found.state]
    ahead = _ahead(found) if found.open else []
    names = [*(s for s in passed if s not in ahead), found.state, *ahead]
    labels = found.form.states
    return [
        Stop(in_language(labels[s].label), s == found.state, s in passed and s not in ahead)
        for s in names
        if s in labels
    ]


def _ahead(found: Case) -> list[str]:
    """The states that follow when each step is the main one of its state."""
    form, state, ahead = found.form, found.state, []
    for _step in form.states:
        steps = [step for step in form.leaving(state).values() if step.to and step.style == "primary"]
        state = next((step.to for step in steps if step.to not in ahead and step.to != found.state), "") or ""
        if not state:
            break
        ahead.append(state)
    return ahead


@signed_in
def steps(request: HttpRequest, pk: int) -> HttpResponse:
    """The steps that the visitor may take with a case: the menu of a card on the board."""
    found = case_or_404(request, pk)
    return render(request, "cases/parts/steps.html", {"case": found, "steps": rules.steps(access_of(request), found)})


# Forms


@dataclass
class Sheet:
    """A form while it is filled in: of a new case, of an open one, or of a step."""

    request: HttpRequest
    form: CaseType
    case: Case | None
    fields: Mapping[str, FormField]
    needs: tuple[str, ...] = ()

    @property
    def stored(self) -> Values:
        """What the case holds of its fields; what is sensitive is left out, for it isn't shown again."""
        values = self.case.values if self.case else {}
        return {name: value for name, value in values.items() if name in self.fields and not self.kept(name)}

    def kept(self, name: str) -> bool:
        """Whether a field holds something that stays hidden, and as it is unless something else is typed."""
        return self.case is not None and name in self.case.values and is_sensitive(self.fields[name])

    def _known(self) -> Values:
        """What the case holds of other fields, for the conditions; nothing that is sensitive."""
        values = self.case.values if self.case else {}
        others = {name: value for name, value in values.items() if name not in self.fields}
        return {name: value for name, value in others.items() if not is_sensitive(self.form.fields[name])}

    @property
    def draft(self) -> Draft | None:
        """What was typed here before and not filed."""
        return Draft.objects.filter(user=self.request.user, type=self.form.case, case=self.case).first()

    def given(self) -> Values:
        """What was sent."""
        sent = forms.posted(self.fields, self.request.POST)
        return {name: value for name, value in sent.items() if not (value is None and self.kept(name))}

    def context(self, values: Mapping[str, Any], errors: Mapping[str, str], draft: Draft | None) -> dict[str, Any]:
        """What the template needs."""
        names = forms.names_for(self.form, {name: values[name] for name in values if name in self.form.fields})
        needs = {*self.needs, *(name for name, spec in self.fields.items() if spec.required)}
        return {
            "form": self.form,
            "case": self.case,
            "parts": forms.layout(self.form, self.fields, values, names, errors, needs),
            "kept": [name for name in self.fields if self.kept(name)],
            "mistakes": forms.summary(self.form, errors),
            "rules": {name: rule for name, rule in browser_rules(self.form).items() if name in self.fields},
            "known": self._known(),
            "field_names": ",".join(self.fields),
            "draft_version": draft.saved_at.isoformat() if draft else "",
            "restored": draft if self.request.method == "GET" else None,
        }


def fields_named(form: CaseType, names: frozenset[str]) -> dict[str, FormField]:
    """The fields of these names, in the order of the form."""
    return {name: spec for name, spec in form.fields.items() if name in names}


@requires("case.open")
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """Open a case. Fields may be filled in by the query string, `from` names a case to be linked."""
    form = form_or_404(kind)
    if not rules.may_open(access_of(request), form):
        raise PermissionDenied(_("You may not open “%(type)s”.") % {"type": in_language(form.label)})
    sheet = Sheet(request, form, None, fields_named(form, form.open_fields(form.initial)))
    errors: Mapping[str, str] = {}
    draft = None if form.anonymous else sheet.draft
    if request.method == "POST":
        values = sheet.given()
        try:
            made = services.open_case(kind, values, request, links=_raised_by(request))
        except Invalid as error:
            errors = error.errors
        else:
            return _opened(request, made)
    else:
        asked = _prefilled(sheet, request.GET)
        draft = None if asked else draft
        values = draft.values if draft else asked
    context = sheet.context(values, errors, draft) | {"from": request.GET.get("from", request.POST.get("from", ""))}
    return render(request, "cases/new.html", context, status=422 if errors else 200)


def _prefilled(sheet: Sheet, query: QueryDict) -> Values:
    """The values that an address gives, and those that rooms add to them (`filled_in` of their case_forms.py)."""
    named = {name: spec for name, spec in sheet.fields.items() if name in query}
    asked = {name: value for name, value in forms.posted(named, query).items() if value is not None}
    for offer in offered("case_forms", "filled_in"):
        asked = {**offer(sheet.form.case, asked), **asked}
    return asked


def _raised_by(request: HttpRequest) -> list[tuple[str, Case]]:
    pk = number(request.POST.get("from", ""))
    seen = rules.visible(access_of(request)).filter(pk=pk) if pk else Case.objects.none()
    return [("raised_by", other) for other in seen]


def _opened(request: HttpRequest, made: Case) -> HttpResponse:
    """Go to the new case; an anonymous opener gets the secret by which he comes back."""
    if made.form.anonymous:
        return render(request, "cases/receipt.html", {"case": made, "form": made.form})
    messages.success(request, _("%(number)s is filed.") % {"number": made.number})
    return redirect(made)


@signed_in
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Fill in what is open in the state of the case, without taking a step."""
    found = case_or_404(request, pk)
    if not rules.may_edit(access_of(request), found):
        raise PermissionDenied(_("There is nothing for you to fill in now."))
    sheet = Sheet(request, found.form, found, fields_named(found.form, found.form.open_fields(found.state)))
    errors: Mapping[str, str] = {}
    problem: CaseError | None = None
    draft = sheet.draft
    values = {**sheet.stored, **(draft.values if draft else {})}
    if request.method == "POST":
        values = sheet.given()
        try:
            services.edit(found, values, request, _version(request))
        except Invalid as error:
            errors = error.errors
        except CaseError as error:
            problem = error
        else:
            messages.success(request, _("Saved."))
            return redirect(found)
    context = sheet.context(values, errors, draft) | _seen(request, found, problem)
    return render(request, "cases/edit.html", context, status=_status(errors, problem))


@signed_in
def move(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take a step: the page asks for exactly what the step needs."""
    found = case_or_404(request, pk)
    transition = found.form.transitions.get(step)
    if transition is None:
        raise Http404
    if not rules.may_move(access_of(request), found, step):
        raise PermissionDenied(_("“%(step)s” is for others to do.") % {"step": in_language(transition.label)})
    sheet = Sheet(request, found.form, found, _asked(found, transition), transition.needs)
    errors: dict[str, str] = {}
    problem: CaseError | None = None
    draft = sheet.draft
    values = {
        **sheet.stored,
        **{name: value for name, value in (draft.values if draft else {}).items() if name in sheet.fields},
    }
    if request.method == "POST":
        values = sheet.given()
        errors = _unsigned(request, transition)
        try:
            if not errors:
                said = request.POST.get("comment", "")
                services.move(found, step, values, request, _version(request), said, signed=transition.sign)
                messages.success(request, _said(found, transition))
                return redirect(found)
        except Invalid as error:
            errors = dict(error.errors)
        except CaseError as error:
            problem = error
    context = sheet.context(values, errors, draft) | _seen(request, found, problem)
    context |= {"step": transition, "name": step, "comment": request.POST.get("comment", ""), "errors": errors}
    context["by_code"] = signing_in.signs_by_code(request)
    context["possible"] = step in rules.steps(access_of(request), context["fresh"])
    context["fresh_state"] = in_language(found.form.states[context["fresh"].state].label)
    template = "cases/parts/dialog.html" if "dialog" in request.GET else "cases/move.html"
    return render(request, template, context, status=_status(errors, problem))


def _asked(found: Case, transition: Transition) -> dict[str, FormField]:
    """The fields of a step: what it needs and asks for, and what these depend on while it is open."""
    asked = {*transition.needs, *transition.asks}
    may = found.form.open_fields(found.state) | set(transition.asks) | set(transition.needs)
    return {name: spec for name, spec in found.form.fields.items() if name in asked and name in may}


def _unsigned(request: HttpRequest, transition: Transition) -> dict[str, str]:
    """Someone who signs says again who he is; wrong passwords and codes are counted as at the door."""
    if not transition.sign:
        return {}
    by_code = signing_in.signs_by_code(request)
    if by_code and not second_factor.has_one(access_of(request).user):
        return {
            "password": _("Single sign-on leaves no password to sign with. Set up a second factor under My account.")
        }
    try:
        if signing_in.confirms(request, request.POST.get("password", "")):
            return {}
    except Blocked as blocked:
        return {"password": str(blocked)}
    except DirectoryError:
        return {"password": _("The hospital's directory doesn't answer. Try again in a while.")}
    if by_code:
        return {"password": _("The code is not right, or was used already; nothing was signed.")}
    return {"password": _("The password is not right; nothing was signed.")}


def _said(found: Case, transition: Transition) -> str:
    return _("%(number)s: %(step)s – done.") % {"number": found.number, "step": in_language(transition.label)}


def _version(request: HttpRequest) -> int:
    return number(request.POST.get("version", "")) or 0


def _seen(request: HttpRequest, found: Case, problem: CaseError | None) -> dict[str, Any]:
    """The case as it is now, for a form that is shown (again): what was typed is tried on that version next."""
    fresh = case_or_404(request, found.pk) if isinstance(problem, Conflict) else found
    return {"problem": problem, "conflict": isinstance(problem, Conflict), "fresh": fresh, "version": fresh.version}


def _status(errors: Mapping[str, str], problem: CaseError | None) -> int:
    if isinstance(problem, Conflict):
        return 409
    return 422 if errors or problem else 200
