"""The list of cases of one type: which ones, in which order, with which columns, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from xunzhi.standards.cases import CaseType
from xunzhi.standards.forms import FieldType, FormField
from xunzhi.web.cases.access import visible
from xunzhi.web.cases.labels import Names, is_sensitive
from xunzhi.web.cases.models import SECRECIES, Case, CaseTypeRevision
from xunzhi.web.cases.pairs import holding
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import Access

MOST = 1000
"""Beyond so many cases a list isn't counted nor turned: filters find them sooner."""

PAGE = 50

LABELS = {
    "number": gettext_lazy("Number"),
    "title": pgettext_lazy("of a case", "Title"),
    "state": gettext_lazy("State"),
    "unit": gettext_lazy("Unit"),
    "opened_by": gettext_lazy("Opened by"),
    "assignee": gettext_lazy("Assigned to"),
    "opened_at": gettext_lazy("Opened"),
    "entered_state_at": gettext_lazy("In this state since"),
    "due_at": gettext_lazy("Due"),
    "closed_at": gettext_lazy("Closed"),
    "round": gettext_lazy("Round"),
    "secrecy": gettext_lazy("Secrecy"),
    "institution": gettext_lazy("Institution"),
}
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
    """A state with the number of its cases; `text` may say "1000+"."""

    state: str
    label: str
    text: str
    here: bool


class Listing:
    """The cases of a type that someone may see, as the query string of a page asks."""

    def __init__(self, access: Access, form: CaseType, query: QueryDict):
        self.access, self.form, self.query = access, form, query

    @property
    def state(self) -> str:
        """The state shown; "" all that are not done, "all" every one."""
        asked = self.query.get("state", "")
        return asked if asked in self.form.states or asked == "all" else ""

    @property
    def sort(self) -> str:
        """The column by which it is sorted; "-" in front: from the last to the first."""
        asked = self.query.get("sort", "")
        return asked if asked.lstrip("-") in SORTED_BY else "-opened_at"

    @cached_property
    def base(self) -> QuerySet[Case]:
        """All cases that fit the filters, in any state."""
        found = visible(self.access).filter(type=self.form.case)
        for condition in self._conditions():
            found = found.filter(condition)
        return found

    @cached_property
    def cases(self) -> QuerySet[Case]:
        """The cases of the list, sorted; without columns that aren't shown."""
        return self.ordered(self.base.filter(self._of_state()))

    def ordered(self, cases: QuerySet[Case]) -> QuerySet[Case]:
        """Cases in the order asked for."""
        column = SORTED_BY[self.sort.lstrip("-")]
        by = F(column).desc(nulls_last=True) if self.sort.startswith("-") else F(column).asc(nulls_last=True)
        if column == "opened_at":  # never empty: the plain form is what the index holds
            by = F(column).desc() if self.sort.startswith("-") else F(column).asc()
        return cases.order_by(by, "-pk" if self.sort.startswith("-") else "pk")

    def _of_state(self) -> Q:
        match self.state:
            case "all":
                return Q()
            case "":
                return Q(state__in=self.open_states)
            case state:
                return Q(state=state)

    @property
    def open_states(self) -> list[str]:
        """The states in which something remains to be done."""
        return [name for name, state in self.form.states.items() if state.kind != "done"]

    def page(self, number: Any) -> Any:
        """One page of the list, with the columns that it needs."""
        return _Pages(self.narrowed(self.cases), PAGE).get_page(number)

    def narrowed(self, cases: QuerySet[Case], columns: Iterable[str] = ()) -> QuerySet[Case]:
        """Cases with what some columns (those of the list) and links need, and no more."""
        wanted = set(columns or self.form.listing.columns)
        only = {"type", "number", "title", "state", "stage", "version", "due_at", "secrecy", "revision_id"}
        only |= {column for column in wanted if column in LABELS} - {"opened_by", "unit", "assignee"}
        if any(column.startswith("field.") for column in wanted):
            only.add("values")
        related = [column for column in ("unit", "assignee", "opened_by__person") if column.split("__")[0] in wanted]
        only |= {f"{path}__name" for path in related} | ({"opened_by__username"} if "opened_by" in wanted else set())
        return cases.select_related(*related).only(*only) if related else cases.only(*only)

    @cached_property
    def tabs(self) -> list[Tab]:
        """All open ones, each state, and every case; only open ones are counted, for done ones grow for ever."""
        counted = self.base.filter(state__in=self.open_states).order_by().values_list("state")
        counts = dict(counted.annotate(count=Count("pk")))
        tabs = [Tab("", _("Open"), str(sum(counts.values())), self.state == "")]
        for name, state in self.form.states.items():
            text = str(counts.get(name, 0)) if name in self.open_states else ""
            tabs.append(Tab(name, in_language(state.label), text, self.state == name))
        return [*tabs, Tab("all", _("All"), "", self.state == "all")]

    # Filters

    def _conditions(self) -> Iterator[Q]:
        for word in self.text.split():
            yield holding(word)
        if unit := self.unit:
            yield Q(unit__in=list(Unit.objects.filter(path__startswith=unit.path).values_list("pk", flat=True)))
        yield from self._about_people()
        yield from self._about_time()
        for choice in self.chosen:
            has = f"values__{choice.name}__icontains" if choice.many else f"values__{choice.name}"
            yield Q(**{has: f'"{choice.value}"' if choice.many else choice.value})

    def _about_people(self) -> Iterator[Q]:
        person = self.access.person
        match self.query.get("assignee", ""):
            case "me":
                yield Q(assignee=person) if person else Q(pk__in=[])
            case "none":
                yield Q(assignee=None)
            case asked if asked.isdecimal():
                yield Q(assignee=int(asked))
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
        asked = self.query.get("unit", "")
        return Unit.objects.filter(pk=int(asked)).first() if asked.isdecimal() else None

    def day(self, parameter: str) -> date | None:
        """A day that the query names."""
        try:
            return parse_date(self.query.get(parameter, ""))
        except ValueError:
            return None

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

    @property
    def chips(self) -> list[Chip]:
        """The filters in force, in words."""
        return [replace(chip, without=self._without(chip.parameter)) for chip in self._chips()]

    def _without(self, parameter: str) -> str:
        """The query string without one filter."""
        query = self.query.copy()
        for name in (parameter, "page"):
            query.pop(name, None)
        return query.urlencode()

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
        if asked.isdecimal():
            return str(Person.objects.filter(pk=int(asked)).first() or "?")
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
    def options(self) -> list[tuple[str, str]]:
        """Values with labels."""
        return [(value, in_language(label)) for value, label in self.spec.options.items()]


class _Pages(Paginator):  # type: ignore[type-arg]
    """Pages that stop counting at :data:`MOST`."""

    @cached_property
    def count(self) -> int:
        return min(self.object_list.order_by()[: MOST + 1].count(), MOST)


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.max))


# Cells


@dataclass(frozen=True)
class Cell:
    """What stands in a column of a row."""

    column: str
    text: str
    value: Any = None


@dataclass(frozen=True)
class Row:
    """A case as a row or card."""

    case: Case
    state: str
    cells: list[Cell]

    @property
    def overdue(self) -> bool:
        """Whether its deadline has passed."""
        return self.case.open and self.case.due_at is not None and self.case.due_at < timezone.now()


def label_of(form: CaseType, column: str) -> str:
    """The heading of a column."""
    if column.startswith("field."):
        return in_language(form.fields[column.removeprefix("field.")].label)
    return str(LABELS[column])


def rows(cases: Iterable[Case], columns: Iterable[str], names: Names | None = None) -> list[Row]:
    """Cases with the texts of some columns; what is sensitive is hidden. Each case is read with its own form."""
    cases, columns = list(cases), list(columns)
    forms = forms_of(cases)
    if names is None:
        fields = any(column.startswith("field.") for column in columns)
        names = Names.of((forms[case.revision_id], case.values) for case in cases) if fields else Names()
    return [
        Row(
            case,
            in_language(forms[case.revision_id].states[case.state].label),
            [_cell(case, forms[case.revision_id], column, names) for column in columns],
        )
        for case in cases
    ]


def _cell(case: Case, form: CaseType, column: str, names: Names) -> Cell:
    if column.startswith("field."):
        name = column.removeprefix("field.")
        spec = form.fields.get(name)
        return Cell(column, names.text(spec, case.values.get(name), masked=True) if spec else "")
    match column:
        case "state":
            return Cell(column, in_language(form.states[case.state].label))
        case "secrecy":
            return Cell(column, str(dict(SECRECIES)[case.secrecy]))
        case "opened_by":
            return Cell(column, str(case.opened_by or ""))
        case _:
            value = getattr(case, column)
            return Cell(column, "" if value is None else str(value), value)


_FORMS: dict[int, CaseType] = {}


def forms_of(cases: Iterable[Case]) -> Mapping[int, CaseType]:
    """The forms with which cases were filed, by the id of the revision; revisions never change."""
    missing = {case.revision_id for case in cases} - _FORMS.keys()
    for revision in CaseTypeRevision.objects.filter(pk__in=missing) if missing else ():
        _FORMS[revision.pk] = revision.form
    return _FORMS
