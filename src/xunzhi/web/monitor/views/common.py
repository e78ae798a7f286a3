"""What the pages of results have in common: the model behind them, whose results, of which period, from when."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from xunzhi.measures import HOSPITAL, kind_of
from xunzhi.reports.source import DEPARTMENT
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.held import KINDS
from xunzhi.web.monitor.overview import SIGNALS, Filters, Overview
from xunzhi.web.monitor.readmodel import Age, Model, Shown, age, current
from xunzhi.web.monitor.rows import table_rows
from xunzhi.web.monitor.scope import chosen_institution, institutions, names, visible
from xunzhi.web.monitor.words import language, say
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import requires

if TYPE_CHECKING:
    from xunzhi.web.permissions import Access

View = Callable[..., HttpResponse]


class Results:
    """The results that a page shows, as its query string asks for them."""

    def __init__(self, request: HttpRequest, model: Model, permission: str):
        self.request, self.model = request, model
        self.access: Access = request.access  # type: ignore[attr-defined]
        self.known = model.readings.institutions()
        self.institution = chosen_institution(request, permission, self.known)
        self.permission = permission

    @cached_property
    def age(self) -> Age:
        """From when the numbers are."""
        return age(self.model)

    @property
    def computed(self) -> str:
        """When the numbers were computed, in the hospital's time."""
        return date_format(timezone.localtime(datetime.fromisoformat(self.age.finished)), "Y-m-d H:i")

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """The kinds of periods, with their names."""
        return [("month", _("Month")), ("quarter", _("Quarter")), ("year", _("Year"))]

    @cached_property
    def kind(self) -> str:
        """month, quarter or year."""
        given, period = self.request.GET.get("kind", ""), self.request.GET.get("period", "")
        if given in KINDS:
            return given
        return kind_of(period) if period in self.model.readings.periods(kind_of(period)) else "month"

    @cached_property
    def period(self) -> str:
        """The period asked for if there is one of that name and kind, else the newest of the kind."""
        given = self.request.GET.get("period", "")
        fits = given in self.model.readings.periods(self.kind)
        return given if fits else self.model.newest_of(self.kind)

    @property
    def source(self) -> Shown:
        """The results of the period."""
        return self.model.period(self.institution, self.period)

    @property
    def periods(self) -> list[tuple[str, str]]:
        """The periods of the kind, the newest first, with their names."""
        return [(name, say().period(name)) for name in reversed(self.model.readings.periods(self.kind))]

    @property
    def period_name(self) -> str:
        """The period as people write it."""
        return say().period(self.period)

    @cached_property
    def institution_names(self) -> dict[str, str]:
        """Code → name of the institutions that the visitor may choose from."""
        allowed = institutions(self.access, self.permission, self.known) or [self.institution]
        units = Unit.objects.filter(kind=Unit.Kind.INSTITUTION, institution__in=allowed)
        named = dict(units.values_list("institution", "name"))
        return {code: named.get(code, code) for code in allowed}

    @property
    def institution_name(self) -> str:
        """The name of the institution."""
        return self.institution_names.get(self.institution, self.institution)

    def part(self, template: str, context: Callable[[], Mapping[str, Any]], *depends: Hashable) -> SafeString:
        """A part of the page as HTML, kept for whoever asks the same of the same results.

        `depends` is all that `context` reads besides the results and what the query string asks of them: what the
        visitor may see, rows of the database. The template doesn't see who asks.
        """
        asked = self.request.path, self.request.GET.urlencode(), language(), self.institution, self.kind, self.period
        key = template, *asked, *self.institution_names.items(), self.age, *depends
        return self.model.kept.get(key, lambda: self._rendered(template, context()))

    def _rendered(self, template: str, context: Mapping[str, Any]) -> SafeString:
        return render_to_string(template, {**context, "results": self, "request": self.request})

    def has_unit(self, stratum: str, code: str) -> bool:
        """Whether a unit of a stratum has any results."""
        found = self.model.readings.slice(self.institution, stratum, "month")
        return found is not None and code in found.units

    def strata(self, indicator: str) -> list[str]:
        """The strata that an indicator has results for."""
        found = self.model.readings.strata(self.institution)
        slices = {stratum: self.model.readings.slice(self.institution, stratum, "month") for stratum in found}
        order = [HOSPITAL, *self.model.pack.manifest.strata]
        return [stratum for stratum in order if (held := slices.get(stratum)) and indicator in held.places]


def on_results(permission: str) -> Callable[[View], View]:
    """Mark a view as open to those with a permission, and give it the results that its page shows.

    Before the first results the page says what to do instead.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            model = current()
            if model is None:
                return render(request, "monitor/empty.html", {"title": _("No results yet")})
            return view(request, Results(request, model, permission), *args, **kwargs)

        return requires(permission)(opened)

    return mark


def class_choices() -> list[tuple[str, str]]:
    """Donabedian's classes."""
    return [("structure", _("Structure")), ("process", _("Process")), ("outcome", _("Outcome"))]


def signal_choices() -> list[tuple[str, str]]:
    """What an indicator may say for itself (overview.SIGNALS)."""
    words = _("Got worse"), _("Got better"), _("Misses target"), _("Meets target"), _("Provisional"), _("No value")
    return list(zip(SIGNALS, words, strict=True))


def departments_of(results: Results) -> list[tuple[str, str]]:
    """Code and name of the departments with results in the period that the visitor may see."""
    named = names(results.model, results.institution, DEPARTMENT)
    codes = results.source.units
    allowed = visible(results.access, "department.view", results.institution, DEPARTMENT, codes)
    return [(code, named.get(code, code)) for code in codes if code in allowed]


def grid_context(results: Results, found: Overview, filters: Filters) -> dict[str, object]:
    """What monitor/parts/grid.html and its filters need."""
    areas, beside = found.areas(filters), bool(found.unit)
    return {
        "results": results,
        "overview": found,
        "areas": [(code, name, table_rows(lines, beside)) for code, name, lines in areas],
        "count": sum(len(lines) for *_rest, lines in areas),
        "filters": filters,
        "area_choices": [(code, in_language(label)) for code, label in results.model.pack.manifest.areas.items()],
        "class_choices": class_choices(),
        "signal_choices": signal_choices(),
        "legend": found.whole.legend,
        "notes": found.whole.notes,
        "beside": beside,
    }
