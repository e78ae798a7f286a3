"""Texts of the bulletins, in the language of the page."""

from __future__ import annotations

from functools import cache

from django.utils.translation import get_language

from xunzhi.reports.messages import Messages


def language() -> str:
    """'zh' or 'en'."""
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


def say() -> Messages:
    """The texts of the reader's language."""
    return _messages(language())


@cache
def _messages(code: str) -> Messages:
    return Messages(code)
