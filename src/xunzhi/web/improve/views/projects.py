"""Projects: all of them, one at work, and its tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from xunzhi.standards.improvement import Step, Tool
from xunzhi.web.asked import number
from xunzhi.web.cases.access import may_open
from xunzhi.web.cases.errors import CaseError, Invalid
from xunzhi.web.cases.forms import Box, Part, names_for, posted
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.pairs import holding
from xunzhi.web.cases.schema import browser_rules
from xunzhi.web.cases.types import case_types
from xunzhi.web.improve import calls, proofs, tasks, workspace
from xunzhi.web.improve.models import Proof, StepDone, ToolSheet
from xunzhi.web.improve.standards import improvement, method_of
from xunzhi.web.improve.tools import Outcome
from xunzhi.web.improve.views.common import case_or_404, cases_of
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import requires

PER_PAGE = 25


@dataclass(frozen=True)
class ToolCard:
    """A tool on the page of its project."""

    key: str
    tool: Tool
    sheet: ToolSheet | None
    outcome: Outcome


@dataclass(frozen=True)
class StepCard:
    """A step on the page of its project; `next` is the first one that is not finished."""

    key: str
    step: Step
    done: StepDone | None
    tools: list[ToolCard]
    next: bool


@requires("case.view")
def projects(request: HttpRequest) -> HttpResponse:
    """Projects and circles with how far they are."""
    found = cases_of(request, "project").annotate(finished=Count("steps_done")).order_by("-opened_at")
    method, state = request.GET.get("method", ""), request.GET.get("state", "work")
    if method in improvement().methods:
        found = found.filter(values__method=method)
    if state == "work":
        found = found.filter(stage__in=(Case.Stage.OPEN, Case.Stage.WAITING))
    elif state:
        found = found.filter(state=state)
    if text := request.GET.get("q", "").strip():
        found = found.filter(holding(text))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    for case in page:
        case.steps_all = len(method_of(case).steps)
        case.share = round(case.finished / case.steps_all * 100)
        case.said_state = in_language(case.form.states[case.state].label)
    access, forms = request.access, case_types()  # type: ignore[attr-defined]
    context = {
        "page": page,
        "methods": improvement().methods,
        "method": method,
        "state": state,
        "calls": calls.running(access),
        "calls_for": may_open(access, forms[calls.CALL]),
        "proposes": may_open(access, forms["project"]),
    }
    return render(request, "improve/projects.html", context)


@requires("case.view")
def project(request: HttpRequest, pk: int) -> HttpResponse:
    """A project at work: its steps and tools, and what its indicator says."""
    case = case_or_404(request, pk, "project")
    proof = Proof.objects.filter(case=case).first()
    cards = step_cards(case)
    context = {
        "case": case,
        "method": method_of(case),
        "cards": cards,
        "finished": sum(card.done is not None for card in cards),
        "tasks": tasks.of_project(request.access, case),  # type: ignore[attr-defined]
        "call": calls.of_project(request.access, case),  # type: ignore[attr-defined]
        "judged": proofs.judge(proof) if proof else None,
        "team": case.state == workspace.WORKING and workspace.on_team(request.access, case),  # type: ignore[attr-defined]
    }
    return render(request, "improve/project.html", context)


def step_cards(case: Case) -> list[StepCard]:
    """The steps of a project with their tools as filled in."""
    done, filled, cards = workspace.done(case), workspace.sheets(case), []
    waiting = next((key for key, _step in workspace.steps(case) if key not in done), None)
    for key, step in workspace.steps(case):
        tools = [
            ToolCard(name, improvement().tools[name], filled.get(name), _outcome(case, name, filled.get(name)))
            for name in step.tools
        ]
        cards.append(StepCard(key, step, done.get(key), tools, key == waiting))
    return cards


def _outcome(case: Case, tool: str, sheet: ToolSheet | None) -> Outcome:
    return workspace.outcome(case, tool, sheet.values) if sheet else Outcome()


@requires("case.view")
def tool(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """One tool of a project: its form, and what the program makes of it."""
    case = case_or_404(request, pk, "project")
    form = improvement().tools.get(name)
    if form is None or not any(name in step.tools for _key, step in workspace.steps(case)):
        raise Http404
    sheet = workspace.sheets(case).get(name)
    values: dict[str, Any] = workspace.prefilled(case, name)
    errors: dict[str, str] = {}
    if request.method == "POST":
        values = posted(form.fields, request.POST)
        try:
            workspace.save_tool(case, name, values, request, _version(request))
        except Invalid as error:
            errors = dict(error.errors)
        except CaseError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("improve:tool", pk=case.pk, name=name)
    names = names_for(form, values)  # type: ignore[arg-type]
    boxes = [Box(key, spec, values.get(key), names, errors) for key, spec in form.fields.items()]
    context = {
        "case": case,
        "key": name,
        "following": _following(case, name),
        "tool": form,
        "sheet": sheet,
        "parts": [Part(name, workspace.said(form.label), "", boxes)],
        "rules": browser_rules(form),  # type: ignore[arg-type]
        "known": {},
        "outcome": workspace.outcome(case, name, values),
        "hands": form.tasks and sheet and tasks.may_hand_over(request.access, case, name),  # type: ignore[attr-defined]
        "mistakes": [(f"f-{field.replace('.', '-')}", field, text) for field, text in errors.items()],
        "team": case.state == workspace.WORKING and workspace.on_team(request.access, case),  # type: ignore[attr-defined]
    }
    return render(request, "improve/tool.html", context, status=422 if errors else 200)


def _following(case: Case, name: str) -> tuple[str, Tool] | None:
    """The tool that comes after one, in the order of the steps."""
    order = [one for _key, step in workspace.steps(case) for one in step.tools]
    rest = order[order.index(name) + 1 :]
    return (rest[0], improvement().tools[rest[0]]) if rest else None


def _version(request: HttpRequest) -> int:
    return number(request.POST.get("version", "")) or 0


@requires("case.view")
@require_POST
def step(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Tick a step of a project, or take the tick back."""
    case = case_or_404(request, pk, "project")
    if name not in dict(workspace.steps(case)):
        raise Http404
    try:
        if request.POST.get("reopen"):
            workspace.reopen_step(case, name, request)
        else:
            workspace.finish_step(case, name, request)
    except CaseError as error:
        messages.error(request, str(error))
    return redirect(f"/improve/projects/{case.pk}#step-{name}")


@requires("case.view")
@require_POST
def hand_over(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Open the tasks that a tool of a project calls for."""
    case = case_or_404(request, pk, "project")
    form = improvement().tools.get(name)
    if form is None or form.tasks is None or not any(name in step.tools for _key, step in workspace.steps(case)):
        raise Http404
    if not tasks.may_hand_over(request.access, case, name):  # type: ignore[attr-defined]
        raise PermissionDenied(_("Ask the head of your department or the quality office to hand this over."))
    try:
        opened = tasks.hand_over(case, name, request)
    except (CaseError, PermissionDenied) as error:
        messages.error(request, str(error))
    else:
        numbers = _(", ").join(task.number for task in opened)
        messages.success(
            request, _("Handed over: %(numbers)s. The project shows how far they are.") % {"numbers": numbers}
        )
        return redirect(f"/improve/projects/{case.pk}#tasks")
    return redirect("improve:tool", pk=case.pk, name=name)
