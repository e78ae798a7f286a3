"""Functions that rooms offer in a module of an agreed name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings


@cache
def offered(module: str, function: str) -> tuple[Callable[..., Any], ...]:
    """`function` of each room that has a `module`, in the order of the rooms."""
    return tuple(
        getattr(import_module(f"xunzhi.web.{room}.{module}"), function)
        for room in settings.ROOMS
        if find_spec(f"xunzhi.web.{room}.{module}")
    )
