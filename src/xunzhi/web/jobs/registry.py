"""The kinds of jobs and their schedules, as the rooms declare them in their jobs.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.utils.functional import Promise

from xunzhi.web.jobs.schedule import Daily, Every, Schedule

Progress = Callable[..., None]
"""Called as progress(share from 0 to 1, what is being done)."""

Run = Callable[..., None]


@dataclass(frozen=True)
class Kind:
    """A kind of job."""

    name: str
    label: str | Promise
    run: Run


@dataclass(frozen=True)
class Plan:
    """A kind of job that is queued when due, once for all moments that were missed."""

    kind: str
    schedule: Schedule


_kinds: dict[str, Kind] = {}
_plans: dict[str, Plan] = {}
_followers: dict[str, list[str]] = {}


def job(name: str, label: str | Promise) -> Callable[[Run], Run]:
    """Declare `run(progress, **arguments)` as a kind of job."""

    def declare(run: Run) -> Run:
        _kinds[name] = Kind(name, label, run)
        run.kind = name  # type: ignore[attr-defined]
        return run

    return declare


def _planned(schedule: Schedule) -> Callable[[Run], Run]:
    def declare(run: Run) -> Run:
        kind: str = run.kind  # type: ignore[attr-defined]
        _plans[kind] = Plan(kind, schedule)
        return run

    return declare


def every(**length: float) -> Callable[[Run], Run]:
    """Queue a job every so often: `@every(hours=1)` above `@job(…)`."""
    return _planned(Every(timedelta(**length)))


def daily(at: str) -> Callable[[Run], Run]:
    """Queue a job each day at a time: `@daily("02:00")` above `@job(…)`."""
    return _planned(Daily(time.fromisoformat(at)))


def after(kind: str) -> Callable[[Run], Run]:
    """Queue a job whenever one of another kind is done: `@after("measures")` above `@job(…)`."""

    def declare(run: Run) -> Run:
        _followers.setdefault(kind, []).append(run.kind)  # type: ignore[attr-defined]
        return run

    return declare


@lru_cache(maxsize=1)
def _found() -> None:
    for room in settings.ROOMS:
        if find_spec(f"xunzhi.web.{room}.jobs"):
            import_module(f"xunzhi.web.{room}.jobs")


def kinds() -> dict[str, Kind]:
    """All kinds of jobs, by name."""
    _found()
    return _kinds


def plans() -> dict[str, Plan]:
    """What is queued by the clock, by kind."""
    _found()
    return _plans


def followers(kind: str) -> list[str]:
    """The kinds that are queued when one of `kind` is done."""
    _found()
    return _followers.get(kind, [])
