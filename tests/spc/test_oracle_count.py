"""Comparisons with independent numbers must run, not quietly vanish."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_comparisons_with_independent_numbers_are_not_skipped(
    request: pytest.FixtureRequest, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Count by file; every reference file must be named by a test, so that none is forgotten."""
    count = sum(item.get_closest_marker("oracle") is not None for item in request.session.items)
    with capsys.disabled():
        print(f"\noracle cases of SPC in this session: {count}")  # noqa: T201
    alone = all(item.path == Path(__file__) for item in request.session.items)
    assert count > 0 or alone

    sources = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_oracle_*.py"))
    expected = shared_data / "spc_reference" / "expected"
    families = {path.stem.split("_")[0] for path in expected.iterdir()}
    assert families == {"anhoej", "cusum", "funnel", "nhsr", "ptd", "qcc", "qicharts2"}
    for family in families:
        assert family in sources
