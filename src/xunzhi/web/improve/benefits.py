"""What concluded projects were worth, by year and department: targets, money, and what people learnt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.timezone import localdate

from xunzhi.web.cases.models import Case, Cases
from xunzhi.web.improve.models import ToolSheet
from xunzhi.web.improve.tools import OUTCOMES

EFFECTIVE, OTHERWISE = "closed_effective", "closed_otherwise"
CONCLUDED = (EFFECTIVE, OTHERWISE)
TOOLS = ("benefit_tangible", "benefit_economic", "benefit_intangible")
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Benefit:
    """A concluded project. `attained`: % of the way to its target; `gain` and `cost` in yuan a year.

    `grown` of `abilities`: those in which the members' scores of themselves rose. None: nothing was filled in.
    """

    case: Case
    attained: float | None
    gain: float | None
    cost: float | None
    grown: int | None
    abilities: int | None

    @property
    def year(self) -> int:
        """The year in which it was concluded."""
        return localdate(self.case.closed_at).year

    @property
    def effective(self) -> bool:
        """Whether its effect was proved on its indicator."""
        return self.case.state == EFFECTIVE

    @property
    def reached(self) -> bool:
        """Whether it reached its target, by its own figures."""
        return self.attained is not None and self.attained >= 100

    @property
    def net(self) -> float | None:
        """Gains less costs."""
        return None if self.gain is None else self.gain - (self.cost or 0.0)

    @property
    def learnt(self) -> bool:
        """Whether its members rated themselves."""
        return self.abilities is not None


@dataclass(frozen=True)
class Total:
    """The sum of some projects."""

    projects: int
    effective: int
    measured: int
    reached: int
    gain: float
    cost: float
    grown: int
    abilities: int

    @property
    def net(self) -> float:
        """Gains less costs, in yuan a year."""
        return self.gain - self.cost


KINDS: Mapping[str, Callable[[Benefit], bool]] = {
    "effective": lambda one: one.effective,
    "measured": lambda one: one.attained is not None,
    "reached": lambda one: one.reached,
    "economic": lambda one: one.gain is not None,
    "learnt": lambda one: one.learnt,
}
"""What a number of the summary counts, and so which projects stand behind it."""


def concluded(cases: Cases) -> list[Benefit]:
    """The concluded projects among some cases, the newest first. Two queries."""
    found = list(cases.filter(type="project", state__in=CONCLUDED).light().order_by("-closed_at", "-pk"))
    filled: dict[int, dict[str, Any]] = defaultdict(dict)
    sheets = ToolSheet.objects.filter(case__in=[case.pk for case in found], tool__in=TOOLS)
    for case_id, tool, values in sheets.values_list("case", "tool", "values"):
        filled[case_id] |= OUTCOMES[tool](values).carries
    names = ("attained", "gain", "cost", "grown", "abilities")
    return [Benefit(case, *(filled[case.pk].get(name) for name in names)) for case in found]


def total(benefits: Iterable[Benefit]) -> Total:
    """The sum of some projects."""
    some = list(benefits)
    return Total(
        projects=len(some),
        effective=sum(one.effective for one in some),
        measured=sum(one.attained is not None for one in some),
        reached=sum(one.reached for one in some),
        gain=round(sum(one.gain or 0.0 for one in some), 2),
        cost=round(sum(one.cost or 0.0 for one in some), 2),
        grown=sum(one.grown or 0 for one in some),
        abilities=sum(one.abilities or 0 for one in some),
    )


def by(benefits: Iterable[Benefit], key: Callable[[Benefit], Key]) -> dict[Key, Total]:
    """The sums of groups of projects."""
    groups: dict[Key, list[Benefit]] = defaultdict(list)
    for one in benefits:
        groups[key(one)].append(one)
    return {name: total(group) for name, group in groups.items()}
