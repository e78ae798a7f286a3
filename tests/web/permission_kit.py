"""Who may open what: rooms declare it in tests/web/<room>/pages.py, and tests/web/test_permissions.py tries it all.

    PAGES = [
        Page("org:unit", may=("officer", "head_a"), outsider=("head_b",), wrong_scope=("officer_h2",),
             arguments=lambda world: {"pk": world.units.cardiology.pk}),
        Page("org:close", method="post", may=("system_admin",), outsider=("officer",), data=lambda world: {...}, ...),
        Page("accounts:profile", may=EVERYONE),
        Page("accounts:login", may=PUBLIC),
    ]

Each name of an address stands in at least one list. Each page is tried without signing in, by everyone who may not (the
answer is 403 or 404, whatever they send), and by everyone who may (the page, a redirect, or a complaint about what was
sent). What one of them changes is undone before the next one tries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

PUBLIC = ("anyone",)
EVERYONE = ("everyone who is signed in",)
HERE = Path(__file__).parent
Made = Callable[[SimpleNamespace], dict[str, Any]]


def _nothing(world: SimpleNamespace) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Page:
    """An address and who may open it; people are named as in tests/web/conftest.py.

    `outsider` are those of another department, or without the role; `wrong_scope` those who have the role elsewhere.
    `arguments` makes what the address needs (world.people, world.units) and returns its parts; `data` what is sent;
    `answers` are statuses that mean "let in" although they are above 400.
    """

    name: str
    may: tuple[str, ...]
    outsider: tuple[str, ...] = ()
    wrong_scope: tuple[str, ...] = ()
    method: str = "get"
    arguments: Made = _nothing
    data: Made = _nothing
    fixtures: tuple[str, ...] = ()
    answers: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def declared() -> list[Page]:
    """The pages of all rooms."""
    files = sorted([HERE / "pages.py", *HERE.glob("*/pages.py")])
    names = [".".join(file.relative_to(HERE.parents[1]).with_suffix("").parts) for file in files]
    return [page for name in names for page in import_module(name).PAGES]


def addresses() -> list[str]:
    """The names of all addresses of the site; those of the API (tests/web/api) have tests of their own."""
    return sorted(set(_names(get_resolver().url_patterns)))


def _names(patterns: list[Any], room: str = "", prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        address = prefix + str(pattern.pattern)
        if address.startswith("api/"):
            continue
        if isinstance(pattern, URLResolver):
            inner = f"{room}{pattern.namespace}:" if pattern.namespace else room
            yield from _names(pattern.url_patterns, inner, address)
        elif isinstance(pattern, URLPattern):
            yield f"{room}{pattern.name}" if pattern.name else f"(no name) {address}"


def attempt(client: Client, page: Page, address: str, data: dict[str, Any]) -> HttpResponse:
    """Ask for a page, and undo what that did."""
    with transaction.atomic():
        answer: HttpResponse = getattr(client, page.method)(address, data)
        if answer.streaming:
            list(answer.streaming_content)  # a file is closed when it was read
        transaction.set_rollback(True)
    return answer


def check(page: Page, world: SimpleNamespace) -> None:
    """Try a page as everyone it names.

    Raises:
        AssertionError: naming who was let in wrongly, or refused wrongly.
    """
    address = reverse(page.name, kwargs=page.arguments(world))
    data = page.data(world)
    anonymous = attempt(Client(), page, address, data)
    if page.may == PUBLIC:
        allowed = anonymous.status_code < 400 or anonymous.status_code in page.answers
        assert allowed, f"{page}: anyone may, but got {anonymous.status_code}"
        return
    login = str(resolve_url(settings.LOGIN_URL))
    sent_to = anonymous.headers.get("Location", "")
    assert anonymous.status_code == 302, f"{page}: without signing in the answer is {anonymous.status_code}"
    assert sent_to.startswith(login), f"{page}: without signing in one is sent to {sent_to}"
    for name in (*page.outsider, *page.wrong_scope):
        status = attempt(world.signed_in(name), page, address, data).status_code
        assert status in (403, 404), f"{page}: {name} may not, but got {status}"
    for name in vars(world.people) if page.may == EVERYONE else page.may:
        status = attempt(world.signed_in(name), page, address, data).status_code
        assert status < 500, f"{page}: {name} breaks it: {status}"
        assert status in page.answers or status not in (401, 403, 404), f"{page}: {name} may, but got {status}"
