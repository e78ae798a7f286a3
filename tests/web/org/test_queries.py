"""Pages of the organisation and of jobs ask the database as often for many rows as for few."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from xunzhi.web.jobs.models import Job
from xunzhi.web.jobs.services import enqueue
from xunzhi.web.org.models import Person, Post, Unit

MOST = 30


@pytest.mark.parametrize("address", ["/organisation", "/organisation/units/{pk}", "/organisation/people", "/jobs"])
def test_queries_do_not_grow_with_rows(
    address: str,
    units: SimpleNamespace,
    people: SimpleNamespace,
    signed_in: Callable[[str], Client],
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(40):
        ward = Unit.objects.create(
            institution="H1", kind="ward", code=f"W{number}", name=f"病区{number}", parent=units.cardiology
        )
        person = Person.objects.create(institution="H1", code=f"N{number}", name="护", unit=units.cardiology)
        Post.objects.create(person=person, unit=ward, duty=Post.Duty.HEAD_NURSE, since="2020-01-01")
        Post.objects.create(person=person, unit=units.cardiology, duty=Post.Duty.QUALITY_NURSE, since="2020-01-01")
        enqueue("jobs.tidy", by=people.system_admin)
    assert Job.objects.count() == 40
    client = signed_in("system_admin")
    path = address.format(pk=units.cardiology.pk)
    client.get(path)
    with django_assert_max_num_queries(MOST):
        assert client.get(path).status_code == 200
