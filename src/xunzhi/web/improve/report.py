"""A project as a report to read: what was proposed, and each tool as it was filled in."""

from __future__ import annotations

from dataclasses import dataclass

from xunzhi.web.cases.detail import Line, line_of
from xunzhi.web.cases.labels import Names
from xunzhi.web.cases.models import Case
from xunzhi.web.improve import workspace
from xunzhi.web.improve.standards import improvement
from xunzhi.web.improve.tools import Outcome

PROPOSED = ("method", "leader", "coach", "indicator", "baseline", "expected", "begins", "ends")


@dataclass(frozen=True)
class Section:
    """A tool in the report: what the program made of it, or else what was entered."""

    key: str
    step: str
    title: str
    outcome: Outcome
    lines: list[Line]


def proposed(case: Case) -> list[Line]:
    """What the proposal says in names and figures."""
    values = {name: case.values[name] for name in PROPOSED if case.values.get(name) not in (None, "")}
    names = Names.of([(case.form, values)])
    return [line_of(name, case.form.fields[name], value, names, masked=True) for name, value in values.items()]


def sections(case: Case) -> list[Section]:
    """The tools that were filled in, in the order of the steps."""
    filled, forms = workspace.sheets(case), improvement().tools
    used = [
        (step, name)
        for _key, step in workspace.steps(case)
        for name in step.tools
        if name in filled and filled[name].values and forms[name].shown
    ]
    outcomes = {name: workspace.outcome(case, name, filled[name].values) for _step, name in used}
    plain = [name for name, outcome in outcomes.items() if not outcome]
    names = Names.of([(forms[name], filled[name].values) for name in plain])  # type: ignore[misc]
    lines = {
        name: [
            line_of(key, spec, filled[name].values[key], names, masked=True)
            for key, spec in forms[name].fields.items()
            if filled[name].values.get(key)
        ]
        for name in plain
    }
    return [
        Section(
            name,
            workspace.said(step.label),
            workspace.said(forms[name].label),
            outcomes[name],
            lines.get(name, []),
        )
        for step, name in used
    ]
