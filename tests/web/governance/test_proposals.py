"""Proposed baselines in plain words: what changed, since when, how large, and whether it is for the better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from django.test import Client
from django.utils import translation
from openpyxl import load_workbook

from xunzhi.measures.charts import Baseline
from xunzhi.standards.local import TargetDecision
from xunzhi.web.audit.models import Entry
from xunzhi.web.governance import decisions
from xunzhi.web.governance.proposals import Proposed

ONE = Proposed(
    indicator="inpatient_mortality_rate", institution="H1", stratum="department", unit="0301", place="心内科",
    first="2025-07", last="2026-10", chart="p", before=1.2, after=0.9, points=16,
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("zh-hans", "自 2025-07 起，水平由 1.20% 降至 0.900%（-25%），已持续 16 个月。"),
        ("en", "Since 2025-07 down from 1.20% to 0.900% (-25%), and there for 16 months."),
    ],
)
def test_a_proposal_says_what_changed_since_when_and_how_much(language: str, told: str) -> None:
    with translation.override(language):
        assert ONE.told == told


def test_of_rare_events_it_says_how_far_they_are_apart() -> None:
    rare = replace(ONE, chart="t", before=29.3, after=1.0, points=167)
    with translation.override("en"):
        assert rare.told == "Since 2025-07: 1.00 days between events instead of 29.30 days, over 167 events."


def test_fewer_deaths_are_better_and_events_closer_to_each_other_worse() -> None:
    assert ONE.better is True
    assert replace(ONE, after=2.0).better is False
    assert replace(ONE, chart="t", before=29.3, after=1.0).better is False
    assert replace(ONE, indicator="discharge_count").better is None


def test_the_size_is_a_share_whichever_way_it_went() -> None:
    assert ONE.size == pytest.approx(0.25)
    assert replace(ONE, before=0.9, after=1.2).size == pytest.approx(0.25)
    assert replace(ONE, before=0.0, after=0.0).size == 0


@pytest.mark.usefixtures("results")
def test_signed_baselines_name_their_departments(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"indicator": ONE.indicator, "stratum": "department", "unit": "0301", "from": "2025-07", "to": "2026-10",
            "author": "质控科", "reason": "新流程", "decided": "2026-11-01"}  # fmt: skip
    signed = [Baseline.model_validate({**told, "institution": institution}) for institution in ("H1", "")]
    monkeypatch.setattr(decisions, "baselines", lambda: signed)
    page = signed_in("officer").get("/governance/baselines").content.decode()
    assert page.count("<td>心血管内科</td>") == 2
    assert "<td>0301</td>" not in page
    answer = signed_in("officer").get("/governance/baselines?export=signed")
    _head, *lines = load_workbook(BytesIO(answer.content)).active.values
    assert [line[1:5] for line in lines] == [("心血管内科", "2025-07", "2026-10", "新流程")] * 2
    assert Entry.objects.filter(action="export", thing="baselines").count() == 1


@pytest.mark.django_db
def test_targets_are_taken_away_as_they_are_filtered(
    signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"from": "2026-01", "author": "质控科", "reason": "评审要求", "decided": "2025-12-20"}
    two = [
        TargetDecision.model_validate({**told, "indicator": indicator, "value": value})
        for indicator, value in (("ed_07_resus_mortality", 3.5), ("inpatient_mortality_rate", None))
    ]
    monkeypatch.setattr(
        decisions, "targets", lambda chosen, _here: [one for one in two if chosen in ("", one.indicator)]
    )
    for query, values in (("", [3.5, None]), ("&indicator=ed_07_resus_mortality", [3.5])):
        answer = signed_in("officer").get(f"/governance/targets?export=xlsx{query}")
        _head, *lines = load_workbook(BytesIO(answer.content)).active.values
        assert [line[1] for line in lines] == values
        assert {line[2:4] for line in lines} == {("2026-01", "评审要求")}
