"""From a proposal to a published definition: checked like every standard, tried first, never by its author alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.test import Client, RequestFactory
from django.utils import translation

from tests.web.monitor.hospital import PACK
from xunzhi.standards import load_pack
from xunzhi.standards.local import version_in_force
from xunzhi.web import installation
from xunzhi.web.cases.errors import Refused
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import edit, move, open_case
from xunzhi.web.configuration import home
from xunzhi.web.governance import decisions, trials
from xunzhi.web.governance.changes import ChangeError, change_of, definition, in_force, plain, tried_pack
from xunzhi.web.governance.indicator_panels import panels
from xunzhi.web.governance.publishing import publish
from xunzhi.web.installation import pack
from xunzhi.web.permissions import Access

NAME = "inpatient_mortality_rate"
WRONG = "{grain: no_such_grain, count: all}"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A hospital that begins without standards of its own, and speaks English."""
    monkeypatch.setenv("XUNZHI_HOME", str(tmp_path))
    monkeypatch.setenv("XUNZHI_PACK", str(PACK))
    with translation.override("en"):
        yield
    installation._opened.cache_clear()


@pytest.fixture
def published(django_capture_on_commit_callbacks: Any) -> Callable[[Case], None]:
    """Publish the change of a case as a transaction does that is committed."""

    def run(case: Case) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            publish(case)

    return run


def request_of(user: Any) -> Any:
    request = RequestFactory().post("/")
    request.user, request.access = user, Access(user)
    return request


def proposed(people: SimpleNamespace, **values: Any) -> Case:
    told = {
        "subject": "修订住院死亡率", "kind": "revise", "indicator": NAME, "effective": "2026-01-01", "reason": "新口径",
        "definition": "note: {zh: 新口径, en: New wording}\nminimum: 50",
    }  # fmt: skip
    return open_case("indicator_change", {**told, **values}, people.officer)


def test_a_revision_keeps_the_months_before_it(people: SimpleNamespace) -> None:
    data = definition(change_of(proposed(people)))
    assert data
    assert len(data["revisions"]) == len(pack().indicators[NAME].revisions) + 1
    assert data["revisions"][-1]["from"] == date(2026, 1, 1)
    assert data["minimum"] == 50


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (f"numerator: {WRONG}\ndenominator: {WRONG}", "no_such_grain"),
        ("denominatr: 3", "denominatr"),
        ("numerator: [", "YAML"),
        ("only words", "numerator"),
    ],
)
def test_a_definition_is_checked_as_every_standard_is(people: SimpleNamespace, definition: str, said: str) -> None:
    with pytest.raises(ChangeError, match=said), tried_pack(change_of(proposed(people, definition=definition))):
        pass


def test_a_definition_holds_from_the_first_of_a_month(people: SimpleNamespace) -> None:
    with pytest.raises(ChangeError):
        change_of(proposed(people, effective="2026-01-15"))


def test_publishing_puts_it_into_force_at_once_and_the_next_change_builds_on_it(
    people: SimpleNamespace, published: Callable[[Case], None]
) -> None:
    before = pack().fingerprint
    published(proposed(people))
    assert pack().fingerprint != before
    assert pack().indicators[NAME].minimum == 50
    published(proposed(people, effective="2026-06-01", definition="minimum: 60"))
    assert pack().indicators[NAME].minimum == 60
    assert pack().indicators[NAME].revisions[-1].since == date(2026, 1, 1)
    assert len(pack().indicators) == len(load_pack(PACK).indicators)


def test_an_indicator_can_be_withdrawn_and_a_new_one_added(
    people: SimpleNamespace, published: Callable[[Case], None]
) -> None:
    known = plain(pack().indicators[NAME]) | {"id": "own_mortality"}
    block = yaml.safe_dump([known], allow_unicode=True)
    published(proposed(people, kind="withdraw", definition=None))
    assert NAME not in pack().indicators
    published(proposed(people, kind="new", indicator=None, definition=block))
    assert "own_mortality" in pack().indicators
    assert NAME not in pack().indicators


def test_a_failed_publication_changes_nothing(people: SimpleNamespace) -> None:
    before = pack().fingerprint
    with pytest.raises(ChangeError):
        publish(proposed(people, definition="kind: nonsense"))
    assert pack().fingerprint == before
    assert version_in_force(home()) == ""


def test_a_revision_is_proposed_by_a_short_address_and_opens_with_the_definition_in_force(
    people: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    (panel,) = panels(request_of(people.officer), NAME, "H1")
    (address,) = re.findall(r'href="(/cases/indicator_change/new[^"]*)"', panel)
    assert address == f"/cases/indicator_change/new?kind=revise&amp;indicator={NAME}"
    page = signed_in("officer").get(unescape(address))
    assert yaml.safe_load(in_force(NAME))["numerator"]
    assert in_force(NAME) in unescape(page.content.decode())


def test_nobody_decides_before_the_trial_nor_the_author_alone(
    people: SimpleNamespace, django_capture_on_commit_callbacks: Any
) -> None:
    case = proposed(people)
    with pytest.raises(Refused, match="last year"):
        move(case, "submit", {}, people.officer, case.version)
    proposal = change_of(case).fingerprint
    case.trials.create(proposal=proposal, rows=[], units={"same": 0, "different": 0})
    case = move(case, "submit", {}, people.officer, case.version)
    with pytest.raises(Refused, match="else"):
        move(case, "endorse", {}, people.officer, case.version)
    case = move(case, "endorse", {}, people.vice, case.version)
    with django_capture_on_commit_callbacks(execute=True):
        case = move(case, "publish", {}, people.member, case.version, signed=True)
    assert case.state == "published"
    assert pack().indicators[NAME].minimum == 50


def test_a_proposal_changed_since_has_to_be_tried_again(people: SimpleNamespace) -> None:
    case = proposed(people)
    case.trials.create(proposal=change_of(case).fingerprint)
    assert trials.newest_trial(case)
    case = edit(case, {"definition": "minimum: 70"}, people.officer, case.version)
    assert trials.newest_trial(case) is None


def test_a_target_needs_a_reason_and_a_good_side(
    people: SimpleNamespace, django_capture_on_commit_callbacks: Any
) -> None:
    by = request_of(people.officer)
    with pytest.raises(decisions.DecisionError, match="why"):
        decisions.decide_target(NAME, 3.0, "2026-01", " ", by)
    watched = next(one.id for one in pack().indicators.values() if one.direction == "monitor")
    with pytest.raises(decisions.DecisionError, match="watched"):
        decisions.decide_target(watched, 3.0, "2026-01", "年度目标", by)
    with django_capture_on_commit_callbacks(execute=True):
        decisions.decide_target(NAME, 3.0, "2026-01", "年度目标", by)
    target = pack().indicators[NAME].of("H1").target
    assert target
    assert target.value == 3.0
    assert [one.value for one in decisions.targets(NAME)] == [3.0]


def test_a_target_holds_in_the_institution_that_decided_it(
    people: SimpleNamespace, django_capture_on_commit_callbacks: Any
) -> None:
    usual = pack().indicators[NAME].target
    with django_capture_on_commit_callbacks(execute=True):
        decisions.decide_target(NAME, 1.2, "2026-01", "本院目标", request_of(people.officer))
    found = pack().indicators[NAME]
    assert found.of("H1").target.value == 1.2
    assert found.of("H2").target == usual
    assert [one.value for one in decisions.targets(NAME, "H1")] == [1.2]
    assert decisions.targets(NAME, "H2") == []
