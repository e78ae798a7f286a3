"""The commands on the lake, from the proposal of a mapping to the retry of what was refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from xunzhi.cli import app

PACK = str(Path(__file__).parent / "pack")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XUNZHI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XUNZHI_PACK", PACK)
    monkeypatch.setenv("COLUMNS", "300")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["--language", "en", *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.output

    return run


def test_from_a_file_to_the_lake(call, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rows = "住院号,病案号,性别,入院时间\nE1,P1,男,2026-03-01\nE2,P2,男性,2026-03-01\n"
    (tmp_path / "in.csv").write_text(rows, encoding="gb18030")
    assert "written to m.yaml" in call("mapping", "new", "in.csv", "--to", "m.yaml")
    assert "encounter#1  selected 2  quarantined 1" in call("mapping", "check", "m.yaml")
    assert "inserted 1" in call("ingest", "m.yaml")
    assert "nothing new: loaded in batch 1" in call("ingest", "m.yaml")
    assert "sex: '男性' is not in code list SEX" in call("quarantine", "list")
    assert "1 rows (patients' data)" in call("quarantine", "export", "out.csv")
    assert "男性" in (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    mapping = tmp_path / "m.yaml"
    mapping.write_text(mapping.read_text().replace('男: "1"', '男: "1", 男性: "1"'), encoding="utf-8")
    assert "inserted 1" in call("quarantine", "retry", "m.yaml")
    assert "男性" not in call("quarantine", "list")
    assert "retry the quarantine of encounter" in call("lake", "versions")
    assert "encounter" in call("lake", "tables")
    with pytest.raises(ValueError, match="2026/01 is no month"):
        call("lake", "extract", "out", "--from", "2026/01")
    assert "handle it as personal data" in call("lake", "extract", "out", "--csv")
    extract = (tmp_path / "out" / "encounter.csv").read_text(encoding="utf-8").splitlines()
    assert len(extract) == 3, extract
    assert not {"E1", "E2", "P1", "P2"} & {value for line in extract for value in line.split(",")}
    assert "1 versions" in call("lake", "prune", "--keep", "1")
