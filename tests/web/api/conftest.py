"""Programs that ask the API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from xunzhi.web.accounts.tokens import SCOPES, make

Ask = Callable[..., HttpResponse]


@pytest.fixture
def asking(people: Any) -> Callable[..., Ask]:
    """A program with a token: `asking("officer")("get", "/api/cases")`; `scopes` limits it."""

    def program(name: str, scopes: Any = tuple(SCOPES), language: str = "en") -> Ask:
        user = getattr(people, name)
        token = make(user, "test", scopes, 30, None)
        client = Client(headers={"authorization": f"Bearer {token}", "accept-language": language})

        def ask(method: str, address: str, body: Any = None) -> HttpResponse:
            if body is None:
                return getattr(client, method)(address)
            return getattr(client, method)(address, json.dumps(body), content_type="application/json")

        return ask

    return program
