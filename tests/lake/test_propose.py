"""A mapping proposed from headings can be loaded, or says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from xunzhi.lake import Lake, LakeError
from xunzhi.lake.ingest import ingest
from xunzhi.lake.mapping import load_mapping
from xunzhi.lake.propose import propose


def test_headings_in_chinese_english_and_codes_are_known(lake: Lake, tmp_path: Path) -> None:
    data = "住院号,A48,Sex,入院时间,出院 时间,体重\nE1,P1,男,2026-03-01,2026-03-04,70\nE2,P2,女,2026-03-01,,60\n"
    (tmp_path / "in.csv").write_text(data, encoding="gb18030")
    text = propose(lake.pack, str(tmp_path / "in.csv"), folder=tmp_path)
    assert "      encounter_id: 住院号  # 住院号, text, required" in text
    assert "      patient_id: A48  # 病案号, text, required" in text
    assert '      sex: {女: "2", 男: "1"}' in text
    assert "      # age_years:   # 年龄, integer" in text
    assert "# headings not used: 体重" in text
    (tmp_path / "mapping.yaml").write_text(text, encoding="utf-8")
    (report,) = ingest(lake, load_mapping(tmp_path / "mapping.yaml", lake.pack))
    assert (report.accepted, report.quarantined) == (2, 0)


def test_words_that_are_no_label_are_named(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("住院号,病案号,性别\nE1,P1,外星人\n", encoding="utf-8")
    text = propose(lake.pack, str(tmp_path / "in.csv"))
    assert "      # sex: {}  # not in SEX: 外星人" in text
    assert "      # admission_time:   # 入院时间, datetime, required" in text


def test_a_source_of_unknown_headings_asks_for_the_table(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("x,y\n1,2\n", encoding="utf-8")
    with pytest.raises(LakeError, match=r"No heading is known: x, y\. Name the table with --table"):
        propose(lake.pack, str(tmp_path / "in.csv"))
    with pytest.raises(LakeError, match="no table 'stay'"):
        propose(lake.pack, str(tmp_path / "in.csv"), table="stay")
