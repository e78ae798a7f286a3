"""The organisation keeps its history: a report of last year shows last year's organisation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from xunzhi.web.org import services
from xunzhi.web.org.files import Row
from xunzhi.web.org.importing import CHANGED, run
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


def test_who_changed_department_is_still_found_in_the_old_one_on_earlier_days(
    units: SimpleNamespace, people: SimpleNamespace
) -> None:
    doctor = people.doctor_a.person
    services.transfer(doctor, units.surgery, date(2025, 3, 1))
    services.transfer(doctor, units.office, date(2026, 1, 1))

    def places(on: date | None) -> set[int]:
        return {person.place for person in services.staff(on).filter(pk=doctor.pk)}

    assert places(date(2025, 2, 28)) == {units.cardiology.pk}
    assert places(date(2025, 3, 1)) == places(date(2025, 12, 31)) == {units.surgery.pk}
    assert places(date(2026, 1, 1)) == places(None) == {units.office.pk}
    doctor.refresh_from_db()
    assert doctor.unit == units.office


def test_a_slip_corrected_on_the_same_day_leaves_no_trace(units: SimpleNamespace, people: SimpleNamespace) -> None:
    doctor = people.doctor_a.person
    services.transfer(doctor, units.surgery, date(2025, 3, 1))
    services.transfer(doctor, units.office, date(2025, 3, 1))
    (stay,) = doctor.placements.all()
    assert (stay.unit, stay.until) == (units.cardiology, date(2025, 2, 28))
    services.transfer(doctor, units.office)
    assert doctor.placements.count() == 1


def test_pages_of_an_earlier_day_show_who_worked_there_then(
    units: SimpleNamespace, people: SimpleNamespace, signed_in: Callable[[str], Client]
) -> None:
    services.rename(units.cardiology, "心脏中心", date(2025, 6, 1))
    client = signed_in("system_admin")
    changed = {"name": "doctor_a", "unit": units.surgery.pk, "since": "2000-01-01", "on": "2025-03-01"}
    assert client.post(f"/organisation/people/{people.doctor_a.person.pk}/edit", changed).status_code == 302
    then, now = f"/organisation/units/{units.cardiology.pk}?on=2025-02-28", f"/organisation/units/{units.surgery.pk}"
    assert "doctor_a" in client.get(then).content.decode()
    assert "doctor_a" in client.get(now).content.decode()
    assert "doctor_a" not in client.get(then.split("?", maxsplit=1)[0]).content.decode()
    listed = client.get("/organisation/people?q=doctor_a&on=2025-02-28").content.decode()
    assert "心血管内科" in listed, "named as it was then"
    assert "2025-02-28" in client.get(f"/organisation/people/{people.doctor_a.person.pk}").content.decode()


def test_an_imported_table_that_moves_people_keeps_where_they_were(
    units: SimpleNamespace, people: SimpleNamespace
) -> None:
    row = Row(2, {"institution": "H1", "code": people.doctor_a.person.code, "name": "doctor_a", "unit": "0401"})
    for keep in (False, True):
        (line,) = run("people", [row], date(2025, 3, 1), keep=keep)
        assert line.status == CHANGED
    (stay,) = people.doctor_a.person.placements.all()
    assert (stay.unit, stay.until) == (units.cardiology, date(2025, 2, 28))


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
