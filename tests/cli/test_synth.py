"""`xunzhi synth` on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from xunzhi.cli import app
from xunzhi.lake.mapping import load_mapping
from xunzhi.lake.sources import deliveries
from xunzhi.standards import load_pack

RUN = CliRunner()


def test_a_hospital_is_made_and_said(tmp_path: Path) -> None:
    options = ["--beds", "60", "--months", "1", "--start", "2025-06", "--scenario", "quiet", "--detail", "0.2"]
    result = RUN.invoke(app, ["synth", str(tmp_path / "out"), *options, "--csv", "complaint"])
    assert result.exit_code == 0, result.output
    assert "60 张床" in result.output
    assert (tmp_path / "out/encounter/2025-06.parquet").is_file()
    assert (tmp_path / "out/csv/complaint_2025-06.csv").is_file()
    assert (tmp_path / "out/mappings/2025-06.yaml").is_file()
    whole = load_mapping(tmp_path / "out/mapping.yaml", load_pack("cn_hospital"))
    (delivery,) = deliveries(whole)
    assert {"encounter", "department"} <= delivery.keys()


def test_a_month_that_is_none_is_refused(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["synth", str(tmp_path / "out"), "--start", "2025-13"])
    assert isinstance(result.exception, ValueError)
    with pytest.raises(ValueError, match="2025-13"):
        raise result.exception
