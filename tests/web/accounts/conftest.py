"""Fixtures for the tests of accounts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from tests.web.conftest import PASSWORD
from xunzhi.web.configuration import configuration, home

Configured = Callable[..., None]
SignIn = Callable[..., Any]


@pytest.fixture
def configured() -> Iterator[Configured]:
    """Write settings.toml for one test: `configured(accounts={"failures": 3})`."""
    file = home() / "settings.toml"

    def write(**sections: dict[str, Any]) -> None:
        lines = []
        for name, values in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        file.write_text("\n".join(lines), encoding="utf-8")
        configuration.cache_clear()

    yield write
    file.unlink(missing_ok=True)
    configuration.cache_clear()


@pytest.fixture
def browser() -> Client:
    """A browser in which nobody is signed in yet."""
    return Client(headers={"accept-language": "en", "user-agent": "Firefox"})


@pytest.fixture
def sign_in(people: SimpleNamespace, browser: Client) -> SignIn:
    """Type account and password: `sign_in("officer")`; returns the answer."""

    def typed(username: str, password: str = PASSWORD, client: Client = browser, **more: Any) -> Any:
        return client.post("/sign-in", {"username": username, "password": password}, **more)

    return typed
