"""Indicators and their results."""

from __future__ import annotations

from typing import Any, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Router, Schema

from xunzhi.measures import HOSPITAL
from xunzhi.web.api.common import FAULTS, Name, Pages, Text, Token, access_of, need, paged
from xunzhi.web.installation import pack
from xunzhi.web.monitor.scope import permission_of, require_unit
from xunzhi.web.monitor.services import series

router = Router(auth=Token("results:read"), tags=["results"])


class IndicatorOut(Schema):
    """An indicator: what its numbers mean."""

    id: str
    label: Name
    area: Name
    unit: str


class IndicatorPage(Schema):
    """A page of indicators, by their order in the pack."""

    items: list[IndicatorOut]
    count: int
    page: int
    size: int


class ResultOut(Schema):
    """The result of a period; `status` keeps apart a value, a period without cases, and one that was not collected."""

    period: str
    numerator: float | None
    denominator: float | None
    value: float | None
    lower: float | None
    upper: float | None
    provisional: bool
    broken: bool
    status: str
    revision: str
    lake_version: int


class Series(Schema):
    """The results of one indicator in one place, by period."""

    indicator: str
    institution: str
    stratum: str
    unit: str
    results: list[ResultOut]


@router.get("/indicators", summary=_("Indicators"), response={200: IndicatorPage, **FAULTS})
def indicators(request: HttpRequest, paging: Pages, area: Text = "") -> Any:
    """The indicators of the pack, of one area if it is given."""
    need(access_of(request), "indicator.view")
    found = [indicator for indicator in pack().indicators.values() if area in ("", indicator.area)]
    return paged(found, paging, _indicator)


def _indicator(indicator: Any) -> dict[str, Any]:
    area = pack().manifest.areas[indicator.area]
    label = Name.of(indicator.label)
    return {"id": indicator.id, "label": label, "area": Name.of(area), "unit": indicator.unit}


@router.get("/results", summary=_("Results of an indicator by period"), response={200: Series, **FAULTS})
def results(
    request: HttpRequest,
    indicator: Text,
    institution: Text,
    stratum: Text = HOSPITAL,
    unit: Text = "",
    kind: Literal["month", "quarter", "year"] = "month",
) -> Any:
    """The results of an indicator for the whole institution, or for one unit (code) of a stratum."""
    access = access_of(request)
    need(access, "indicator.view")
    if indicator not in pack().indicators or stratum not in {HOSPITAL, *pack().manifest.strata}:
        raise Http404
    whole = stratum == HOSPITAL
    if not whole and not unit:
        raise Http404
    require_unit(access, "indicator.view" if whole else permission_of(stratum), institution, stratum, unit)
    rows = series(indicator, institution, stratum, "" if whole else unit, kind).to_pylist()
    rows.sort(key=lambda row: row["period"])
    return {"indicator": indicator, "institution": institution, "stratum": stratum, "unit": unit, "results": rows}
