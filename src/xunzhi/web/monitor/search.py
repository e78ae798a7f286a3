"""What the search page finds here: indicators and departments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from xunzhi.reports.source import DEPARTMENT
from xunzhi.web.installation import in_language, pack
from xunzhi.web.monitor.overview import link_to, matches
from xunzhi.web.monitor.readmodel import current
from xunzhi.web.monitor.scope import names, visible
from xunzhi.web.work.items import Hit

if TYPE_CHECKING:
    from xunzhi.web.permissions import Access


def found(access: Access, text: str) -> Iterator[Hit]:
    """Indicators and departments whose names hold the text."""
    if access.may_somewhere("indicator.view"):
        areas = pack().manifest.areas
        for indicator in pack().indicators.values():
            if matches(indicator, text):
                area = in_language(areas[indicator.area])
                yield Hit(in_language(indicator.label), link_to(indicator.id), _("Indicators"), area, "chart-line")
    model = current()
    if model is None or not access.may_somewhere("department.view"):
        return
    sought = text.casefold().strip()
    for institution in model.readings.institutions():
        named = {
            code: name for code, name in names(model, institution, DEPARTMENT).items() if sought in name.casefold()
        }
        for code in sorted(visible(access, "department.view", institution, DEPARTMENT, named)):
            address = reverse("monitor:unit", args=[DEPARTMENT, code])
            yield Hit(named[code], address, _("Departments"), code, "building-hospital")
