"""The list of cases of one type: which ones, in which order, with which columns, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from xunzhi.standards.cases import CaseType
from xunzhi.standards.forms import FieldType, FormField
from xunzhi.web.asked import day, number
from xunzhi.web.cases.access import visible
from xunzhi.web.cases.labels import is_sensitive
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.pairs import holding
from xunzhi.web.cases.rows import LABELS, Record, in_order
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import Access

MOST = 1000
"""Beyond so many cases a list isn't counted nor turned: filters find them sooner."""

PAGE = 50

DUE = {
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Due today"),
    "week": gettext_lazy("Due within 7 days"),
    "month": gettext_lazy("Due within 30 days"),
    "none": gettext_lazy("Without a deadline"),
}
SORTED_BY = {
    "number": "number",
    "title": "title",
    "state": "state",
    "unit": "unit__order",
    "assignee": "assignee__name",
    "opened_at": "opened_at",
    "entered_state_at": "entered_state_at",
    "due_at": "due_at",
    "closed_at": "closed_at",
    "round": "round",
}


@dataclass(frozen=True)
class Chip:
    """A filter in force, and the parameter that holds it."""

    parameter: str
    label: str
    without: str = ""


@dataclass(frozen=True)
class Tab:
    """A state with the number of its cases; `link` is the query string that shows them."""

    label: str
    text: str
    here: bool
    link: str


class Listing:
    """The cases of a type that someone may see, as the query string of a page asks."""

    def __init__(self, access: Access, form: CaseType, query: QueryDict):
        self.access, self.form, self.query = access, form, query

    @cached_property
    def state(self) -> str:
        """The state shown; "" all that are not done, "all" every one."""
        asked = self.query.get("state", "")
        return asked if asked in self.form.states or asked == "all" else ""

    @cached_property
    def sort(self) -> str:
        """The column by which it is sorted; "-" in front: from the last to the first."""
        asked = self.query.get("sort", "")
        return asked if asked.lstrip("-") in SORTED_BY else "-opened_at"

    @cached_property
    def base(self) -> QuerySet[Case]:
        """All cases that fit the filters, in any state."""
        return visible(self.access, self.form.case).filter(*self._conditions())

    @property
    def cases(self) -> QuerySet[Case]:
        """The cases of the list, sorted."""
        column, last_first = SORTED_BY[self.sort.lstrip("-")], self.sort.startswith("-")
        by = F(column).desc(nulls_last=True) if last_first else F(column).asc(nulls_last=True)
        if column == "opened_at":  # never empty: the plain form is what the index holds
            by = F(column).desc() if last_first else F(column).asc()
        return self.base.filter(self._of_state()).order_by(by, "-pk" if last_first else "pk")

    def _of_state(self) -> Q:
        match self.state:
            case "all":
                return Q()
            case "":
                return self.is_open
            case state:
                return Q(state=state, closed_at=None) if state in self.open_states else Q(state=state)

    @property
    def is_open(self) -> Q:
        """The condition on cases in which something remains to be done; an index holds these alone."""
        return Q(state__in=self.open_states, closed_at=None)

    @property
    def open_states(self) -> list[str]:
        """The states in which something remains to be done."""
        return [name for name, state in self.form.states.items() if state.kind != "done"]

    @cached_property
    def found(self) -> list[tuple[int, str]]:
        """Id and state of the cases of the list, up to :data:`MOST`; all else about it is told by these."""
        return list(self.cases.values_list("pk", "state")[:MOST])

    def page(self, number: Any) -> tuple[Page, list[Record]]:  # type: ignore[type-arg]
        """One page of the list, and what its columns need of its cases."""
        page = Paginator([pk for pk, _state in self.found], PAGE).get_page(number)
        return page, in_order(page.object_list, self.form.listing.columns)

    @cached_property
    def tabs(self) -> list[Tab]:
        """All open ones, each state, and every case; only open ones are counted, for done ones grow for ever."""
        whole = not self.state and len(self.found) < MOST
        counts = Counter(state for _pk, state in self.found) if whole else self.open_counts()
        told = {"": (_("Open"), str(sum(counts.values())))}
        for name, state in self.form.states.items():
            told[name] = (in_language(state.label), str(counts.get(name, 0)) if name in self.open_states else "")
        told["all"] = (_("All"), "")
        return [Tab(*words, name == self.state, self.link(state=name)) for name, words in told.items()]

    def open_counts(self) -> dict[str, int]:
        """How many open cases fit the filters, by state; the index alone tells it."""
        open_ones = self.base.filter(self.is_open).order_by()
        return dict(open_ones.values_list("state").annotate(count=Count("pk")))

    def link(self, **changes: str) -> str:
        """The query string of this page with some parameters changed, from its first page on; "" removes one."""
        changed = {name: [value] if value else [] for name, value in {"page": "", **changes}.items()}
        return urlencode(dict(self.query.lists()) | changed, doseq=True)

    # Filters

    def _conditions(self) -> Iterator[Q]:
        for word in self.text.split():
            yield holding(word)
        if unit := self.unit:
            yield Q(unit__in=list(Unit.objects.filter(path__startswith=unit.path).values_list("pk", flat=True)))
        yield from self._about_people()
        yield from self._about_time()
        for choice in self.chosen:
            yield choice.condition

    def _about_people(self) -> Iterator[Q]:
        person = self.access.person
        match self.query.get("assignee", ""):
            case "me":
                yield Q(assignee=person) if person else Q(pk__in=[])
            case "none":
                yield Q(assignee=None)
            case asked if (pk := number(asked)) is not None:
                yield Q(assignee=pk)
        match self.query.get("mine", ""):
            case "followed":
                yield Q(followers__person=person) if person else Q(pk__in=[])
            case "opened":
                yield Q(opened_by=self.access.user.pk)

    def _about_time(self) -> Iterator[Q]:
        now, today = timezone.now(), timezone.localdate()
        until = {"today": 0, "week": 7, "month": 30}
        match self.due:
            case "overdue":
                yield Q(due_at__lt=now) & ~Q(stage=Case.Stage.DONE)
            case "none":
                yield Q(due_at=None)
            case asked if asked in until:
                yield Q(due_at__gte=now, due_at__lte=_end_of(today + timedelta(days=until[asked])))
        if first := self.day("opened_from"):
            yield Q(opened_at__gte=_start_of(first))
        if last := self.day("opened_to"):
            yield Q(opened_at__lte=_end_of(last))

    @property
    def text(self) -> str:
        """What is searched for."""
        return self.query.get("q", "").strip()

    @property
    def due(self) -> str:
        """Which deadlines."""
        asked = self.query.get("due", "")
        return asked if asked in DUE else ""

    @cached_property
    def unit(self) -> Unit | None:
        """The unit whose cases, and those of units below it, are asked for."""
        pk = number(self.query.get("unit", ""))
        return Unit.objects.filter(pk=pk).first() if pk else None

    def day(self, parameter: str) -> date | None:
        """A day that the query names."""
        return day(self.query.get(parameter, ""))

    @cached_property
    def choices(self) -> list[Choice]:
        """The choice fields of the form, those of `listing.filters` first."""
        first = [name.removeprefix("field.") for name in self.form.listing.filters]
        names = dict.fromkeys((*first, *self.form.fields))
        found = [(name, self.form.fields[name]) for name in names if name in self.form.fields]
        return [
            Choice(name, spec, self.query.get(f"f.{name}", ""), name in first)
            for name, spec in found
            if spec.type in (FieldType.CHOICE, FieldType.MULTI_CHOICE) and not is_sensitive(spec)
        ]

    @property
    def chosen(self) -> list[Choice]:
        """The choice fields by which is filtered."""
        return [one for one in self.choices if one.value in one.spec.options]

    @cached_property
    def chips(self) -> list[Chip]:
        """The filters in force, in words."""
        return [replace(chip, without=self.link(**{chip.parameter: ""})) for chip in self._chips()]

    def _chips(self) -> Iterator[Chip]:
        if self.text:
            yield Chip("q", f"“{self.text}”")
        if self.unit:
            yield Chip("unit", str(self.unit))
        if self.due:
            yield Chip("due", str(DUE[self.due]))
        if label := self._assignee_label():
            yield Chip("assignee", f"{LABELS['assignee']}: {label}")
        mine = {"followed": _("Followed by me"), "opened": _("Opened by me")}
        if (asked := self.query.get("mine", "")) in mine:
            yield Chip("mine", mine[asked])
        for parameter, text in (("opened_from", _("Opened from %(day)s")), ("opened_to", _("Opened until %(day)s"))):
            if day := self.day(parameter):
                yield Chip(parameter, text % {"day": day.isoformat()})
        for one in self.chosen:
            yield Chip(f"f.{one.name}", f"{in_language(one.spec.label)}: {in_language(one.spec.options[one.value])}")

    def _assignee_label(self) -> str:
        asked = self.query.get("assignee", "")
        if (pk := number(asked)) is not None:
            return str(Person.objects.filter(pk=pk).first() or "?")
        return {"me": _("me"), "none": _("nobody")}.get(asked, "")


@dataclass(frozen=True)
class Choice:
    """A choice field by which the list can be filtered; `first`: one that the case type names for it."""

    name: str
    spec: FormField
    value: str
    first: bool

    @property
    def many(self) -> bool:
        """Whether a case can have several of its values."""
        return self.spec.type is FieldType.MULTI_CHOICE

    @property
    def condition(self) -> Q:
        """The condition that this was chosen."""
        if self.many:
            return Q(**{f"values__{self.name}__icontains": f'"{self.value}"'})
        return Q(GreaterThan(StrIndex("chosen", Value(f"\n{self.name}={self.value}\n")), 0))

    @property
    def options(self) -> list[tuple[str, str]]:
        """Values with labels."""
        return [(value, in_language(label)) for value, label in self.spec.options.items()]


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))
