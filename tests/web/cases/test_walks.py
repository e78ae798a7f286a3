"""Whatever people do with findings, in whatever order: what must always hold does."""

from __future__ import annotations

import random
from datetime import datetime, time
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xunzhi.web.cases.errors import CaseError
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.schema import changes
from xunzhi.web.cases.services import comment, edit, move, open_case

pytestmark = pytest.mark.django_db

ACTORS = ["officer", "head_a", "head_b", "vice", "nurse_a", "officer_h2"]
QUIET = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@QUIET
@given(seed=st.integers(0, 10**6))
def test_any_walk_keeps_what_must_hold(seed, people, problem, reply):
    dice = random.Random(seed)
    filled = {**reply, "recheck_way": "on_site", "recheck_finding": "已查"}
    case = open_case("finding", problem(), people.officer)
    for _ in range(dice.randint(3, 12)):
        before = case.version
        try:
            case = act(dice, case, people, filled)
        except (CaseError, PermissionDenied):
            case = Case.objects.get(pk=case.pk)
            assert case.version == before, "what was refused changed nothing"
        else:
            assert case.version in (before, before + 1)
        check(case)
    numbers = sorted(Case.objects.filter(type="finding").values_list("number", flat=True))
    assert [int(number[-4:]) for number in numbers] == list(range(1, len(numbers) + 1))


def act(dice: random.Random, case: Case, people: Any, filled: dict[str, Any]) -> Case:
    """One thing that someone might try; steps out of the state more often than impossible ones."""
    by = getattr(people, dice.choice(ACTORS))
    kind = dice.random()
    if kind < 0.1:
        comment(case, "已阅", by)
        return case
    if kind < 0.3:
        return edit(case, {"cause": f"原因{dice.random()}"}, by, case.version)
    names = list(case.form.leaving(case.state)) if kind < 0.9 else list(case.form.transitions)
    step = dice.choice(names or ["reopen"])
    asked = case.form.open_fields(case.state, step)
    values = {name: value for name, value in filled.items() if name in asked and dice.random() < 0.95}
    if "deadline" in case.form.transitions[step].asks:
        values["deadline"] = f"2026-12-{dice.randint(1, 31):02d}"
    version = case.version - (dice.random() < 0.05)
    return move(case, step, values, by, version, comment="…", signed=True)


def check(case: Case) -> None:
    """The invariants of a case with its log."""
    fresh = Case.objects.get(pk=case.pk)
    log = list(fresh.log.all())
    state, values, turn = "", {}, 1
    for version, entry in enumerate(log, start=1):
        assert entry.version == version, "one entry for each version"
        assert entry.from_state in ("", state)
        for name, (old, new) in entry.changes.items():
            assert values.get(name) == old
            values[name] = new
        values = {name: value for name, value in values.items() if value is not None}
        state = entry.to_state or state
        turn = entry.round
    assert (state, turn, len(log)) == (fresh.state, fresh.round, fresh.version)
    assert not changes(values, fresh.values)
    assert fresh.stage == fresh.form.states[state].kind
    assert (fresh.closed_at is not None) == (fresh.stage == "done")
    if fresh.stage == "done" or state == "draft":
        assert fresh.due_at is None
    elif state in ("issued", "planning", "acting"):
        day = datetime.combine(datetime.fromisoformat(fresh.values["deadline"]), time(23, 59, 59))
        assert fresh.due_at == timezone.make_aware(day)
    else:
        assert fresh.due_at is not None
