"""The guides are read on the site, in the reader's language, without the internet."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.urls import reverse

DOCS = Path(__file__).parents[3] / "docs"
pytestmark = pytest.mark.django_db


def test_the_guide_speaks_the_readers_language(signed_in) -> None:
    client = signed_in("officer")
    text = client.get(reverse("work:guide"), headers={"accept-language": "zh-CN"}).content.decode()
    assert "我的工作" in text
    assert 'href="#c1"' in text
    assert '.md"' not in text
    assert "Each morning" in client.get(reverse("work:guide"), headers={"accept-language": "en"}).content.decode()


def test_administrators_find_their_guide(signed_in) -> None:
    client = signed_in("system_admin")
    for language, word in (("zh-CN", "信息科"), ("en", "For IT staff")):
        answer = client.get(reverse("work:guide_of", args=["admin"]), headers={"accept-language": language})
        assert word in answer.content.decode()


def test_both_guides_for_administrators_name_the_same_settings_and_commands() -> None:
    """A chapter or a setting that one of them lacks shows up here."""
    english, chinese = ((DOCS / name).read_text(encoding="utf-8") for name in ("admin.md", "admin.zh-CN.md"))
    for pattern in (r"^#+ ", r"^    \[\w+\]", r"^    (\w+ = )", r"`--?[\w-]+", r"`(/[\w./]+)`"):
        names = re.findall(pattern, english, re.MULTILINE)
        assert names == [one for one in re.findall(pattern, chinese, re.MULTILINE) if one in names], pattern


def test_there_is_no_other_guide(signed_in) -> None:
    client = signed_in("system_admin")
    assert client.get(reverse("work:guide_of", args=["nothing"])).status_code == 404
