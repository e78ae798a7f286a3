"""Guards and effects of transitions: named in case types, written in Python in a room's case_rules.py.

    @guard("effect_proved")
    def effect_proved(case, values, by):
        return None if … else _("why not, and what to do")

    @effect("open_review")
    def open_review(case, entry, by):
        …

A guard sees the case before the step with the values as they will be, and gives a reason to refuse, or None. An effect
runs in the transaction of the step, after it; what it raises undoes the step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

from django.conf import settings

from xunzhi.web.cases.models import Case, LogEntry

Guard = Callable[[Case, Mapping[str, Any], Any], str | None]
Effect = Callable[[Case, LogEntry, Any], None]
Rule = TypeVar("Rule", bound=Callable[..., Any])

_guards: dict[str, Guard] = {}
_effects: dict[str, Effect] = {}


def guard(name: str) -> Callable[[Guard], Guard]:
    """Declare a guard."""
    return _declare(_guards, name)


def effect(name: str) -> Callable[[Effect], Effect]:
    """Declare an effect."""
    return _declare(_effects, name)


def guards() -> Mapping[str, Guard]:
    """The guards of all rooms."""
    _load()
    return _guards


def effects() -> Mapping[str, Effect]:
    """The effects of all rooms."""
    _load()
    return _effects


def _declare(rules: dict[str, Rule], name: str) -> Callable[[Rule], Rule]:
    def keep(function: Rule) -> Rule:
        if rules.setdefault(name, function) is not function:
            raise ValueError(f"there are two rules {name!r}")
        return function

    return keep


@cache
def _load() -> None:
    for room in settings.ROOMS:
        if find_spec(f"xunzhi.web.{room}.case_rules"):
            import_module(f"xunzhi.web.{room}.case_rules")
