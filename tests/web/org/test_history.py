"""The organisation keeps its history: a report of last year shows last year's organisation."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from xunzhi.web.org import services
from xunzhi.web.org.models import Person, Post, Unit

pytestmark = pytest.mark.django_db


def test_a_renamed_unit_keeps_its_old_name_for_earlier_days(units: SimpleNamespace) -> None:
    services.rename(units.cardiology, "心脏中心", date(2025, 3, 1))
    units.cardiology.refresh_from_db()
    assert units.cardiology.name == "心脏中心"
    assert services.unit_at(units.cardiology, date(2025, 2, 28)).name == "心血管内科"
    assert services.unit_at(units.cardiology, date(2025, 3, 1)).name == "心脏中心"


def test_what_lies_below_moves_along_and_the_old_tree_can_still_be_seen(units: SimpleNamespace) -> None:
    services.move(units.cardiology, units.surgery, date(2025, 3, 1))
    units.ward.refresh_from_db()
    assert units.ward.within(units.surgery)

    def parents(on: date | None) -> dict[str, str]:
        found = {}
        for top in services.tree(on):
            for node in top.walk():
                found.update({child.name: node.name for child in node.children})
        return found

    assert parents(None)["心血管内科"] == "普通外科"
    assert parents(date(2025, 2, 28))["心血管内科"] == "循质医院"
    assert parents(date(2025, 2, 28))["心内一病区"] == "心血管内科"


def test_a_change_dated_ahead_waits_for_its_day(units: SimpleNamespace) -> None:
    services.rename(units.ward, "心内病区", date(2999, 1, 1))
    units.ward.refresh_from_db()
    assert units.ward.name == "心内一病区"
    assert services.apply_states(on=date(2999, 1, 1)) == 1
    units.ward.refresh_from_db()
    assert units.ward.name == "心内病区"


def test_a_unit_can_not_be_placed_below_itself(units: SimpleNamespace) -> None:
    with pytest.raises(ValidationError, match=r"itself|自身"):
        services.move(units.cardiology, units.ward)


def test_history_before_the_last_change_stands(units: SimpleNamespace) -> None:
    services.rename(units.ward, "甲", date(2025, 3, 1))
    with pytest.raises(ValidationError):
        services.rename(units.ward, "乙", date(2025, 2, 1))


def test_only_an_empty_unit_can_be_closed_and_its_posts_end(units: SimpleNamespace) -> None:
    with pytest.raises(ValidationError):
        services.close(units.cardiology, date(2025, 6, 30))
    chair = Person.objects.create(institution="H1", code="S9", name="钱", unit=units.office)
    post = Post.objects.create(person=chair, unit=units.committee, duty=Post.Duty.CHAIR, since=date(2020, 1, 1))
    services.close(units.committee, date(2025, 6, 30))
    post.refresh_from_db()
    assert post.until == date(2025, 6, 30)
    assert services.unit_at(units.committee, date(2025, 6, 30))
    assert services.unit_at(units.committee, date(2025, 7, 1)) is None


def test_who_answers_for_a_unit(units: SimpleNamespace, people: SimpleNamespace) -> None:
    assert services.heads(units.cardiology) == [people.head_a.person]
    assert services.heads(units.ward) == [people.nurse_a.person]
    Post.objects.filter(unit=units.ward).update(until=date(2025, 1, 1))
    assert services.heads(units.ward) == [people.head_a.person], "without a head nurse, the head of the department"
    assert services.heads(units.ward, date(2024, 12, 31)) == [people.nurse_a.person]


def test_results_find_their_unit(units: SimpleNamespace, people: SimpleNamespace) -> None:
    assert services.unit_for("H1", "hospital") == units.hospital
    assert services.unit_for("H1", "department", "0301") == units.cardiology
    assert services.unit_for("H1", "ward", "0301W1") == units.ward
    assert services.unit_for("H2", "department", "0301") is None
    assert services.unit_for("H1", "doctor", people.doctor_b.person.code) == units.surgery


def test_the_tree_takes_the_same_queries_whatever_its_size(
    units: SimpleNamespace, django_assert_max_num_queries: object
) -> None:
    for number in range(50):
        services.create(Unit.Kind.WARD, "H1", f"W{number}", f"病区{number}", units.surgery)
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        services.tree(date(2025, 1, 1))


DAYS = st.dates(date(2020, 1, 1), date(2024, 12, 31))


class Histories(TestCase):
    """Whatever is renamed when, each day has one name: the last that was given up to then."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.tuples(DAYS, st.text("甲乙丙丁", min_size=1, max_size=3)), max_size=6), DAYS)
    def test_each_day_has_the_name_given_last(self, renamings: list[tuple[date, str]], day: date) -> None:
        unit = services.create(Unit.Kind.OFFICE, "H9", "O1", "始", None)
        expected = "始"
        for when, name in sorted(renamings, key=lambda pair: pair[0]):
            services.rename(unit, name, when)
            if when <= day:
                expected = name
        assert services.unit_at(unit, day).name == expected
        assert unit.states.filter(services.in_force(day)).count() == 1
