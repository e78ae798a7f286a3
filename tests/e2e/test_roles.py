"""Everyone opens every entry of his menu: what is offered opens without a fault, and fits the screen."""

from __future__ import annotations

import re

import pytest

from tests.e2e import hospital
from tests.e2e.conftest import Walk
from tests.e2e.visitor import Visitor

CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = re.compile(f"[{hospital.SURNAMES}][{hospital.GIVEN}]")
"""Names of people stay as they are."""


def one_of_each_role(visitor: Visitor) -> list[str]:
    """An account of each role, as the sign-in page of the demo lists them."""
    visitor.go("/sign-in")
    firsts = visitor.page.eval_on_selector_all(
        ".demo-roles > .list-group-item", "roles => roles.map((role) => role.querySelector('[data-fill]').dataset.fill)"
    )
    return list(dict.fromkeys(firsts))


@pytest.mark.parametrize(("language", "screen"), [("en", "phone"), ("zh", "desktop")])
def test_every_entry_of_every_menu_opens(walk: Walk, language: str, screen: str) -> None:
    users = one_of_each_role(walk("", language, screen))
    assert len(users) >= 10
    looked_at = set()
    for user in users:
        visitor = walk(user, language, screen)
        visitor.go("/")
        links = visitor.page.eval_on_selector_all(
            "#sidebar a[href^='/']", "links => links.map((link) => link.pathname)"
        )
        assert "/" in links
        for path in dict.fromkeys(links):
            if path in looked_at:  # as it looks to somebody else; here it only must answer
                assert visitor.page.request.get(visitor.address + path).ok, f"{user} {path}"
                continue
            looked_at.add(path)
            visitor.go(path)
            heading = visitor.page.locator("h1").first.inner_text()
            assert heading.strip(), f"{user} {path} has no heading"
            assert language == "zh" or not CHINESE.search(NAMES.sub("", heading)), f"{user} {path}: {heading}"
        visitor.page.context.close()
    assert len(looked_at) >= 30
