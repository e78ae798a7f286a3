"""The catalogue: every indicator of the standards in use, with where it comes from and how far that was checked."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from xunzhi.reports.model import Cell, Column, TableBlock
from xunzhi.reports.overview import target_text
from xunzhi.standards import Indicator
from xunzhi.web.installation import in_language
from xunzhi.web.monitor.downloads import workbook
from xunzhi.web.monitor.overview import matches
from xunzhi.web.monitor.views.common import Results, class_choices, on_results
from xunzhi.web.monitor.words import language, say

VERIFIED = "formula", "numerator", "name", "none"
ON_A_PAGE = 100


@on_results("indicator.view")
def catalogue(request: HttpRequest, results: Results) -> HttpResponse:
    """Indicators by area, owner, class, how far they were checked, or text."""
    given = {name: request.GET.get(name, "") for name in ("area", "owner", "class", "verified", "q")}
    if request.GET.get("export") == "xlsx":
        return workbook(request, results, _table(results, _found(results, given)), title=_("Indicators"))
    template = "monitor/parts/catalogue.html"  # the same for all institutions and periods
    body = results.model.kept.get(
        (template, language(), request.GET.urlencode()),
        lambda: render_to_string(template, {**_listed(results, given), "request": request}),
    )
    return render(request, "monitor/catalogue.html", {"results": results, "body": body})


def _found(results: Results, given: dict[str, str]) -> list[Indicator]:
    return [item for item in results.model.pack.indicators.values() if _fits(item, given)]


def _listed(results: Results, given: dict[str, str]) -> dict[str, object]:
    """A page of the indicators found, and the filters."""
    manifest = results.model.pack.manifest
    page = Paginator(_found(results, given), ON_A_PAGE).get_page(results.request.GET.get("page"))
    classes = dict(class_choices())
    rows = [
        {
            "indicator": item,
            "area": manifest.areas[item.area],
            "owner": manifest.owners[item.owner],
            "class": classes[item.donabedian],
            "target": target_text(item, say()),
            "citation": item.revisions[-1].source,
            "verified": say()(f"verified.{item.revisions[-1].source.verified}"),
        }
        for item in page
    ]
    return {
        "page": page,
        "rows": rows,
        "given": given,
        "chosen_class": given["class"],
        "filtered": any(given.values()),
        "area_choices": [(code, in_language(label)) for code, label in manifest.areas.items()],
        "owner_choices": [(code, in_language(label)) for code, label in manifest.owners.items()],
        "class_choices": class_choices(),
        "verified_choices": [(code, say()(f"verified.{code}")) for code in VERIFIED],
    }


def _fits(item: Indicator, given: dict[str, str]) -> bool:
    return (
        given["area"] in ("", item.area)
        and given["owner"] in ("", item.owner)
        and given["class"] in ("", item.donabedian)
        and given["verified"] in ("", item.revisions[-1].source.verified)
        and matches(item, given["q"])
    )


def _table(results: Results, found: list[Indicator]) -> TableBlock:
    heads = (
        _("Code"),
        _("Indicator"),
        _("Area"),
        _("Class"),
        _("Unit"),
        _("Target"),
        _("Owner"),
        _("Source"),
        _("Checked"),
    )
    manifest, classes = results.model.pack.manifest, dict(class_choices())
    rows = tuple(
        (
            Cell(item.id),
            Cell(in_language(item.label)),
            Cell(in_language(manifest.areas[item.area])),
            Cell(classes[item.donabedian]),
            Cell(say().unit(item.unit)),
            Cell(target_text(item, say())),
            Cell(in_language(manifest.owners[item.owner])),
            Cell(_cited(item)),
            Cell(say()(f"verified.{item.revisions[-1].source.verified}")),
        )
        for item in found
    )
    return TableBlock("catalogue", "", tuple(Column(head) for head in heads), rows)


def _cited(item: Indicator) -> str:
    source = item.revisions[-1].source
    return " ".join(text for text in (source.document, source.edition, source.item) if text)
