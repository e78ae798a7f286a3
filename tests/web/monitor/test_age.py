"""Wherever numbers appear, the page says from when they are, and what is wrong with them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from xunzhi.measures import MeasureStore
from xunzhi.web.installation import lake
from xunzhi.web.jobs.models import Job
from xunzhi.web.monitor import prepare

PAGES = ("/overview", "/wall", "/departments", "/units/department/0301", "/indicators/inpatient_mortality_rate")
Browser = Callable[[str], Client]


def _texts(browser: Client) -> list[str]:
    return [browser.get(address).content.decode() for address in PAGES]


def test_fresh_results_say_when_they_were_computed(signed_in: Browser, results: Path) -> None:
    for text in _texts(signed_in("officer")):
        assert "computed 20" in text
        assert "not the newest" not in text


def test_a_failed_computation_is_said(signed_in: Browser, own: Path) -> None:
    MeasureStore(own).fail(1, ValueError("the disk is full"))
    for text in _texts(signed_in("officer")):
        assert "computation failed" in text


def test_facts_that_are_newer_are_said(signed_in: Browser, own: Path) -> None:
    versions = own / "lake" / "_versions"
    newest = max(versions.glob("*.json"), key=lambda file: int(file.stem))
    shutil.copy(newest, versions / f"{int(newest.stem) + 1}.json")
    for text in _texts(signed_in("officer")):
        assert "not the newest" in text


def test_newer_results_are_prepared_in_the_background_while_the_old_ones_are_shown(
    signed_in: Browser, own: Path
) -> None:
    file = own / "measures" / "state.json"
    state = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**state, "finished": "2030-01-01T00:00:00+00:00"}), encoding="utf-8")
    page = signed_in("officer").get("/overview")
    assert "Newer results are being prepared" in page.content.decode()
    assert Job.objects.filter(kind="monitor.prepare").count() == 1
    assert page.context["results"].model.state.finished == state["finished"]


def test_nothing_is_prepared_while_a_computation_writes(own: Path) -> None:
    shutil.rmtree(prepare.root(own))
    with MeasureStore(own).writing(), pytest.raises(Exception, match="another computation"):
        prepare.prepare(lake(), own)
    assert prepare.prepared(own) is None
