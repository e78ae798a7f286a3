"""Fixtures for all tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import django
import hypothesis
import pytest
from django.conf import settings

# Before Django is set up: an installation of its own for each test process.
os.environ["XUNZHI_HOME"] = tempfile.mkdtemp(prefix="xunzhi-test-")
os.environ["DJANGO_SETTINGS_MODULE"] = "xunzhi.web.settings"
(Path(os.environ["XUNZHI_HOME"]) / "static").mkdir()
django.setup()
# Static files under their own names: nothing has been collected here.
settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.PASSWORD_HASHERS = ["tests.web.hashing.Quick"]

# How long an example takes says more about the machine than about the code. New examples are looked for where people
# work; what lands is judged by the same ones each time.
hypothesis.settings.register_profile("xunzhi", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("xunzhi")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data sets and reference results beside the checkout; a test that needs them is skipped without."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no data at {SHARED_DATA}")
    return SHARED_DATA
