"""Every page of every room, tried as anonymous, as outsiders and as those who may (see permission_kit.py)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from tests.web.permission_kit import EVERYONE, PUBLIC, Page, addresses, check, declared

DECLARED = declared()


@pytest.fixture
def world(people: SimpleNamespace, units: SimpleNamespace, signed_in: Callable[[str], Client]) -> SimpleNamespace:
    """What pages may use to make what they are about."""
    return SimpleNamespace(people=people, units=units, signed_in=signed_in)


@pytest.mark.parametrize("page", DECLARED, ids=str)
def test_a_page_opens_to_those_who_may_and_to_no_one_else(
    page: Page, world: SimpleNamespace, request: pytest.FixtureRequest
) -> None:
    for name in page.fixtures:
        request.getfixturevalue(name)
    check(page, world)


@pytest.mark.parametrize("page", [page for page in DECLARED if page.may not in (PUBLIC, EVERYONE)], ids=str)
def test_a_page_that_is_not_for_everyone_names_someone_who_may_and_someone_who_may_not(page: Page) -> None:
    assert page.may
    assert page.outsider or page.wrong_scope


@pytest.mark.parametrize("name", addresses())
def test_every_address_is_declared(name: str) -> None:
    assert name in {page.name for page in DECLARED}, f"add {name} to PAGES in tests/web/<room>/pages.py"
