"""One action on many cases: each is taken by itself, and what didn't work is said case by case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from xunzhi.standards.cases import CaseType, Transition
from xunzhi.web.cases import services
from xunzhi.web.cases.errors import CaseError, Invalid
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.schema import told
from xunzhi.web.installation import in_language

MOST = 200
"""Cases in one go."""


@dataclass(frozen=True)
class Outcome:
    """What became of one case."""

    case: Case
    done: bool
    text: str


Action = Callable[[Case, int], str]
"""Does something with a case that was seen in a version; says what."""


def steps_for_many(form: CaseType, states: Iterable[str]) -> dict[str, Transition]:
    """The steps out of some states that ask for nothing but a comment."""
    wanted = set(states)
    return {
        name: step
        for name, step in form.transitions.items()
        if step.by and not step.sign and not step.asks and wanted & set(step.start)
    }


def run(cases: Iterable[Case], versions: dict[int, int], action: Action) -> list[Outcome]:
    """Take an action on each case, in a transaction of its own."""
    return [_one(case, versions.get(case.pk, case.version), action) for case in cases]


def _one(case: Case, version: int, action: Action) -> Outcome:
    try:
        return Outcome(case, True, action(case, version))
    except Invalid as error:
        return Outcome(case, False, told(case.form, error.errors))
    except CaseError as error:
        return Outcome(case, False, str(error))
    except PermissionDenied as error:
        return Outcome(case, False, str(error) or _("You may not do this."))


def moving(request: HttpRequest, step: str, comment: str) -> Action:
    """Take a step."""

    def act(case: Case, version: int) -> str:
        moved = services.move(case, step, {}, request, version, comment)
        return in_language(moved.form.states[moved.state].label)

    return act


def assigning(request: HttpRequest, field: str, person: int, name: str) -> Action:
    """Fill in the field that says whom a case is assigned to."""

    def act(case: Case, version: int) -> str:
        services.edit(case, {field: person}, request, version)
        return _("assigned to %(name)s") % {"name": name}

    return act


def following(request: HttpRequest) -> Action:
    """Follow."""

    def act(case: Case, version: int) -> str:
        services.follow(case, request)
        return _("followed")

    return act
