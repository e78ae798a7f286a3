"""What the API says of itself (OpenAPI) is what it does, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from xunzhi.web.accounts.tokens import SCOPES, make
from xunzhi.web.cases.services import open_case
from xunzhi.web.wsgi import application

pytestmark = pytest.mark.django_db
schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests are part of the test's transaction: its connection stays open."""
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


@pytest.fixture
def token(people: Any, units: Any) -> str:
    """The token of an officer who has a case to ask for."""
    values = {
        "subject": "跌倒", "problem": "夜间跌倒一例。", "severity": "serious", "found_time": "2026-11-20T09:30",
        "source": "inspection", "department": units.cardiology.pk, "deadline": "2026-12-04",
    }  # fmt: skip
    open_case("finding", values, people.officer)
    return make(people.officer, "test", tuple(SCOPES), 30, None)


@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_contract(case: Any, token: str) -> None:
    case.call_and_validate(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
