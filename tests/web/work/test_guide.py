"""The guides are read on the site, in the reader's language, without the internet."""

from __future__ import annotations

import pytest
from django.urls import reverse

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
    assert "settings.toml" in client.get(reverse("work:guide_of", args=["admin"])).content.decode()
    assert client.get(reverse("work:guide_of", args=["nothing"])).status_code == 404
