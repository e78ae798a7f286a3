"""From what moved to what somebody has to do: one signal for one cause, never lost, never doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client, RequestFactory
from django.utils import timezone, translation

from xunzhi.measures import signals as measured
from xunzhi.standards import load_pack
from xunzhi.web.cases.models import Case
from xunzhi.web.permissions import Access
from xunzhi.web.signals import inbox, services
from xunzhi.web.signals.causes import causes
from xunzhi.web.signals.inbox import bring_in
from xunzhi.web.signals.models import Signal

PACK = load_pack()
RATE = next(i for i in PACK.indicators.values() if i.kind == "proportion" and i.direction == "lower")
OTHER = next(
    i for i in PACK.indicators.values()
    if i.kind == "proportion" and i.revisions[-1].numerator != RATE.revisions[-1].numerator
)  # fmt: skip


def moved(
    unit: str = "", indicator: str = RATE.id, kind: str = "concern", q: float = 0.01, month: str = "2026-09"
) -> measured.Signal:
    """A chart that moved; without a unit, the hospital's."""
    return measured.Signal(
        indicator=indicator, institution="H1", stratum="department" if unit else "hospital", unit=unit, month=month,
        kind=kind, rules=("outside",), value=9.0, centre=4.0, change=5.0, sigmas=3.4, p=0.0004, q=q, numerator=9,
        denominator=100, provisional=False, owner=PACK.indicators[indicator].owner,
    )  # fmt: skip


def scan(*signals: measured.Signal) -> measured.Scan:
    return measured.Scan(signals, 400, 1.2)


@pytest.fixture
def by(people: SimpleNamespace) -> SimpleNamespace:
    """The request of a quality officer."""
    request = RequestFactory().post("/")
    request.user = people.officer
    request.access = Access(people.officer)
    return request


def test_the_hospital_and_its_departments_are_one_cause() -> None:
    found = causes([moved("0301", q=0.001), moved(), moved("0401")], PACK.indicators)
    assert len(found) == 1
    assert found[0].strongest.unit == ""
    assert len(found[0].signals) == 3


def test_departments_by_themselves_and_other_sides_are_causes_of_their_own() -> None:
    assert len(causes([moved("0301"), moved("0401")], PACK.indicators)) == 2
    assert len(causes([moved(kind="concern"), moved(kind="improvement")], PACK.indicators)) == 2
    assert len(causes([moved(), moved(indicator=OTHER.id)], PACK.indicators)) == 2


def test_a_scan_brought_in_twice_changes_nothing(people: SimpleNamespace) -> None:
    for expected in (2, 0):
        assert len(bring_in(scan(moved("0301"), moved("0401")), "H1", "2026-09").new) == expected
    assert Signal.objects.count() == 2
    assert set(Signal.objects.values_list("months", flat=True)) == {1}


def test_the_next_month_is_added_to_the_same_signal(people: SimpleNamespace) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-09")
    bring_in(scan(moved("0301", month="2026-10")), "H1", "2026-10")
    signal = Signal.objects.get()
    assert (signal.first_month, signal.last_month, signal.months) == ("2026-09", "2026-10", 2)


def test_only_so_many_causes_ask_at_once_but_none_is_dropped(
    people: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "BUDGET", 1)
    bring_in(scan(moved("0301", q=0.04), moved("0401", q=0.001)), "H1", "2026-09")
    assert list(Signal.objects.values_list("code", "urgent")) == [("0401", True), ("0301", False)]


def test_what_is_explained_asks_again_when_it_comes_back(by: SimpleNamespace) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-09")
    signal = Signal.objects.get()
    with pytest.raises(services.SignalError):
        services.explain(signal, by, signal.version, "  ")
    services.explain(signal, by, signal.version, "9 月收治群体伤")
    bring_in(scan(moved("0301")), "H1", "2026-09")  # the same month again says nothing new
    signal.refresh_from_db()
    assert signal.state == Signal.State.EXPLAINED
    bring_in(scan(moved("0301", month="2026-10")), "H1", "2026-10")
    signal.refresh_from_db()
    assert signal.state == Signal.State.NEW
    assert signal.notes.count() == 3


def test_what_was_dealt_with_is_closed_after_three_quiet_months_and_a_new_one_opens_later(by: SimpleNamespace) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-06")
    signal = Signal.objects.get()
    services.acknowledge(signal, by, signal.version)
    bring_in(scan(), "H1", "2026-08")
    signal.refresh_from_db()
    assert signal.open
    assert bring_in(scan(), "H1", "2026-09").closed == 1
    assert len(bring_in(scan(moved("0301", month="2026-10")), "H1", "2026-10").new) == 1


def test_a_new_signal_is_never_closed_by_itself(people: SimpleNamespace) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-01")
    bring_in(scan(), "H1", "2026-09")
    assert Signal.objects.get().state == Signal.State.NEW


def test_a_snoozed_signal_asks_again_on_its_day(by: SimpleNamespace) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-09")
    signal = Signal.objects.get()
    with pytest.raises(services.SignalError):
        services.snooze(signal, by, signal.version, timezone.localdate(), "等待复核")
    services.snooze(signal, by, signal.version, timezone.localdate() + timedelta(days=7), "等待复核")
    bring_in(scan(), "H1", "2026-09")
    assert Signal.objects.get().state == Signal.State.SNOOZED
    Signal.objects.update(snoozed_until=timezone.localdate())
    bring_in(scan(), "H1", "2026-09")
    assert Signal.objects.get().state == Signal.State.NEW


def test_of_two_who_decide_at_once_one_succeeds(by: SimpleNamespace) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-09")
    seen = Signal.objects.get()
    services.acknowledge(seen, by, seen.version)
    with pytest.raises(services.SignalError, match="已有人先处理"):
        services.explain(seen, by, 1, "again")


@pytest.mark.parametrize("made", ["finding", "project"])
def test_one_click_makes_a_case_with_the_figures(by: SimpleNamespace, units: SimpleNamespace, made: str) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-09")
    signal = Signal.objects.get()
    case = services.send(signal, by, signal.version, made, units.cardiology)
    assert (case.type, case.unit, case.values["indicator"], case.values["baseline"]) == (
        made,
        units.cardiology,
        RATE.id,
        4,
    )
    signal.refresh_from_db()
    assert (signal.state, signal.case) == (Signal.State.SENT, case)
    bring_in(scan(), "H1", "2027-06")  # quiet for long, but the case is still open
    signal.refresh_from_db()
    assert signal.open
    assert Case.objects.count() == 1


def test_no_case_is_made_of_a_signal_whose_indicator_was_withdrawn(
    by: SimpleNamespace, units: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-09")
    Signal.objects.update(indicator="withdrawn_meanwhile")
    officer, address = signed_in("officer"), f"/signals/{Signal.objects.get().pk}"
    with translation.override("en"):
        page = officer.get(address).content.decode()
        assert "no longer in the standards" in page
        assert 'value="finding"' not in page
        sent = {"do": "finding", "version": "1", "department": units.cardiology.pk}
        assert "no longer in the standards" in officer.post(f"{address}/handle", sent, follow=True).content.decode()
    assert not Case.objects.exists()


def test_the_inbox_is_searched_as_the_overview_is(people: SimpleNamespace, signed_in: Callable[[str], Client]) -> None:
    bring_in(scan(moved("0301")), "H1", "2026-09")
    for text, found in ((RATE.revisions[-1].source.document, 1), (RATE.label.zh, 1), ("no such thing", 0)):
        assert signed_in("officer").get("/signals", {"q": text}).context["page"].paginator.count == found, text


def test_a_head_sees_the_signals_of_his_department_only(people: SimpleNamespace) -> None:
    bring_in(scan(moved("0301"), moved("0401"), moved(indicator=OTHER.id)), "H1", "2026-09")
    assert {signal.code for signal in services.visible(Access(people.head_a))} == {"0301"}
    assert services.visible(Access(people.officer)).count() == 3
    assert not services.visible(Access(people.officer_h2)).exists()
    assert not services.may_handle(Access(people.head_a), Signal.objects.get(code="0301"))
