"""Units and people are found by parts of their Chinese names, and by their codes, within reach."""

from __future__ import annotations

import pytest

from xunzhi.web.org.search import found
from xunzhi.web.permissions import Access

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("血管", {"心血管内科"}),
        ("心", {"心血管内科", "心内一病区"}),
        ("0401", {"普通外科"}),
        ("doctor_", {"doctor_a", "doctor_b"}),
    ],
)
def test_parts_of_names_and_whole_codes_are_found(people, text, titles) -> None:
    assert {hit.title for hit in found(Access(people.officer), text)} == titles


def test_another_hospital_is_not_found(people) -> None:
    assert not list(found(Access(people.officer_h2), "血管"))
