"""Templates hold their fixed words as text, those of each language apart."""

from __future__ import annotations

from django.template import Template
from django.template.base import TextNode
from django.template.loader import get_template, render_to_string
from django.utils import translation


def test_each_language_keeps_its_own_words_whichever_is_read_first() -> None:
    for languages in (["en", "zh-hans", "en"], ["zh-hans", "en", "zh-hans"]):
        for language in languages:
            with translation.override(language):
                said = render_to_string("403.html")
            assert ("Not allowed" in said) == (language == "en")


def test_what_is_fixed_is_text_and_what_is_not_is_asked_each_time() -> None:
    with translation.override("en"):
        fixed = Template('{% translate "Save" %}{% icon "check" %}{% static "vendor/icons.svg" %}')
        asked = Template('{% icon name %}{% translate "Save" as word %}{{ word }}')
    assert all(isinstance(node, TextNode) for node in fixed.nodelist)
    assert not any(isinstance(node, TextNode) for node in asked.nodelist)


def test_a_template_is_read_once_for_a_language() -> None:
    with translation.override("en"):
        assert get_template("403.html").template is get_template("403.html").template
