"""Cases for the tests of their pages; filed as in tests/web/cases."""

from __future__ import annotations

from tests.web.cases.conftest import english, finding, problem, reply

__all__ = ["english", "finding", "problem", "reply"]
