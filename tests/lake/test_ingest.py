"""From a file and a mapping to rows in the lake."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from xunzhi.lake import Lake
from xunzhi.lake.ingest import _name, check, ingest
from xunzhi.lake.mapping import Mapping, SourceSpec, load_mapping
from xunzhi.lake.quarantine import entries
from xunzhi.lake.references import references
from xunzhi.lake.report import Report
from xunzhi.lake.retry import retry
from xunzhi.lake.sources.csv_source import CsvSource
from xunzhi.standards import StandardsError, load_pack

Make = Callable[[str], Mapping]

ENCOUNTERS = """
mapping: encounters
institution: H1
source: {type: csv, path: in.csv}
tables:
  encounter:
    columns:
      encounter_id: 住院号
      patient_id: 病案号
      sex: 性别
      age_years: 年龄
      admission_time: 入院时间
      discharge_time: 出院时间
      total_cost: 总费用
    recode:
      sex: {男: 1, 女: 2}
"""
HEAD = "住院号,病案号,性别,年龄,入院时间,出院时间,总费用\n"
ROWS = HEAD + "E1,P1,男,60,2026-03-01 08:00,2026-03-05 10:00,1000.50\nE2,P2,女,7,2026/3/2 8:05,,\n"


@pytest.fixture
def make(tmp_path: Path, lake: Lake) -> Make:
    """Write a mapping file and load it."""

    def write(text: str) -> Mapping:
        file = tmp_path / "mapping.yaml"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return load_mapping(file, lake.pack)

    return write


def load(lake: Lake, mapping: Mapping, data: str | bytes | None = None, *, force: bool = False) -> Report:
    if data is not None:
        content = data if isinstance(data, bytes) else data.encode()
        (mapping.folder / "in.csv").write_bytes(content)
    (report,) = ingest(lake, mapping, force=force)
    return report


def rows(lake: Lake, table: str, columns: str) -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT {columns} FROM ({lake.snapshot().view_sql(table)}) ORDER BY ALL").fetchall()


def test_a_csv_file_becomes_typed_rows(lake: Lake, make: Make) -> None:
    report = load(lake, make(ENCOUNTERS), ROWS)
    assert report.version == 1
    assert report.accepted == 2
    assert rows(lake, "encounter", "encounter_id, sex, age_years, admission_time::VARCHAR, total_cost::VARCHAR") == [
        ("E1", "1", 60, "2026-03-01 08:00:00", "1000.50"),
        ("E2", "2", 7, "2026-03-02 08:05:00", None),
    ]
    assert rows(lake, "ingest_batch", "mapping, records, broken") == [("encounters", 2, 0)]


def rows_of(lake: Lake) -> list[tuple[object, ...]]:
    view = lake.snapshot().view_sql("encounter", system=True)
    return duckdb.sql(f"SELECT _record, encounter_id, sex, age_years FROM ({view}) ORDER BY ALL").fetchall()


def test_rows_mapped_as_they_are_read_are_those_of_a_view(tmp_path: Path, lake: Lake, make: Make) -> None:
    """Recodings, conditions, bad and broken lines; enough rows for several threads."""
    number = 300_000
    lines = [
        f"E{n},P{n % 9},{'男女'[n % 2]},{n % 131 + n % 3},2026-03-01,2026-03-0{1 + n % 5},{n}" for n in range(number)
    ]
    lines[7], lines[200_000] = "E7,P7", 'E,P,"男,1,2026-03-01,,'
    text = HEAD + "\n".join(lines)
    streamed = ENCOUNTERS.replace("    columns:", "    where: 病案号 <> 'P4'\n    columns:")
    viewed = streamed.replace("tables:", "let: {v: SELECT * FROM source}\ntables:").replace(
        "  encounter:", "  encounter:\n    from: v"
    )
    found = []
    for mapping in (streamed, viewed):
        other = Lake(tmp_path / str(len(found)), lake.pack, memory="500MB")
        report = load(other, make(mapping), text)
        feed = report.feeds["encounter#1"]
        stored = rows_of(other)
        kept = [(row["record"], row["rule"], row["raw"]) for row in entries(other.snapshot())]
        found.append(
            (report.records, feed.selected, feed.quarantined, len(report.broken), stored, sorted(kept, key=str))
        )
    assert found[0] == found[1]
    assert found[0][0] == number - 2
    assert found[0][2] > 1000


def test_loading_the_same_file_twice_changes_nothing(lake: Lake, make: Make) -> None:
    mapping = make(ENCOUNTERS)
    load(lake, mapping, ROWS)
    again = load(lake, mapping)
    assert again.already == 1
    assert lake.version() == 1
    forced = load(lake, mapping, force=True)
    assert forced.accepted == 0
    assert forced.feeds["encounter#1"].lake is not None
    assert forced.feeds["encounter#1"].lake.unchanged == 2


def test_bad_rows_go_to_quarantine_with_line_column_and_reason(lake: Lake, make: Make) -> None:
    bad = (
        ROWS
        + "E3,P3,男,180,2026-03-01,2026-03-02,1\nE4,,x,abc,2026-02-30,2026-03-02,1\nE5,P5,1,5,2026-03-03,2026-03-01,5\n"
    )
    report = load(lake, make(ENCOUNTERS), bad)
    assert report.accepted == 2
    assert report.quarantined == 3
    found = entries(lake.snapshot())
    assert [(row["line"], row["column_name"], row["rule"]) for row in found] == [
        (4, "age_years", "age_years:range"),
        (5, "patient_id", "patient_id:required,sex:code,age_years:type,admission_time:type"),
        (6, "discharge_time", "discharge-after-admission"),
    ]
    assert found[0]["reason_en"] == "age_years: '180' is outside 0…130"
    assert found[0]["reason_zh"] == "年龄（age_years）的值“180”超出范围 0…130"
    assert '"病案号":"P3"' in found[0]["raw"]
    assert {row["status"] for row in found} == {"open"}


def test_the_report_is_in_both_languages_and_adds_up(lake: Lake, make: Make) -> None:
    report = load(lake, make(ENCOUNTERS), ROWS + "E1,P1,男,61,2026-03-01 08:00,2026-03-05 10:00,1000.50\nbroken\n")
    feed = report.feeds["encounter#1"]
    assert feed.lake is not None
    assert (feed.selected, feed.lake.inserted, feed.lake.duplicates, feed.quarantined) == (3, 2, 1, 0)
    assert "读取 3  损坏行 1" in report.text("zh")
    assert "read 3  broken lines 1" in report.text("en")
    assert rows(lake, "encounter", "encounter_id, age_years") == [("E1", 61), ("E2", 7)]
    assert [(row["line"], row["rule"], row["raw"]) for row in entries(lake.snapshot())] == [
        (5, "csv-columns", "broken")
    ]


def test_warnings_are_counted_and_accepted(lake: Lake, make: Make) -> None:
    report = load(lake, make(ENCOUNTERS), HEAD + "E1,P1,1,60,2026-01-01,2026-06-05,1\n")
    (finding,) = report.feeds["encounter#1"].findings
    assert (finding.rule.id, finding.rule.error, finding.rows) == ("long-stay", False, 1)
    assert report.accepted == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-05", "2026-03-05 00:00:00"),
        ("2026/3/5 8:05", "2026-03-05 08:05:00"),
        ("20260305", "2026-03-05 00:00:00"),
        ("20260305080500", "2026-03-05 08:05:00"),
        ("2026-03-05T08:05:01", "2026-03-05 08:05:01"),
        ("2026-03-05T08:05:00+08:00", "2026-03-05 08:05:00"),
        ("2026年3月5日", "2026-03-05 00:00:00"),
        ("46086.5", "2026-03-05 12:00:00"),
        ("　2026-03-05 ", "2026-03-05 00:00:00"),
        ("2026-02-30", None),
        ("05/03/2026", None),
        ("0001-01-01", None),
        ("8", None),
    ],
)
def test_times_are_understood_or_refused(lake: Lake, make: Make, text: str, value: str | None) -> None:
    report = load(lake, make(ENCOUNTERS), HEAD + f"E1,P1,1,60,{text},,\n")
    assert rows(lake, "encounter", "admission_time::VARCHAR") == ([(value,)] if value else [])
    assert report.quarantined == (value is None)


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("3.0", 3), ("3e1", 30), (" 4 ", 4), ("3.7", None), ("三", None)]
)
def test_whole_numbers_are_not_rounded(lake: Lake, make: Make, text: str, value: int | None) -> None:
    load(lake, make(ENCOUNTERS), HEAD + f"E1,P1,1,{text},2026-01-01,,\n")
    assert rows(lake, "encounter", "age_years") == ([(value,)] if value else [])


def test_declared_formats(lake: Lake, make: Make) -> None:
    settings = 'source: {type: csv, path: in.csv, delimiter: ";", dates: ["%d/%m/%Y"], decimal: ",", thousands: "."}'
    mapping = make(ENCOUNTERS.replace("source: {type: csv, path: in.csv}", settings))
    load(lake, mapping, HEAD.replace(",", ";") + "E1;P1;1;60;05/03/2026;;1.234,50\n")
    assert rows(lake, "encounter", "admission_time::VARCHAR, total_cost::VARCHAR") == [
        ("2026-03-05 00:00:00", "1234.50")
    ]


def test_quarantined_rows_pass_after_the_mapping_is_mended(lake: Lake, make: Make) -> None:
    load(
        lake,
        make(ENCOUNTERS),
        ROWS + "E3,P3,男性,60,2026-03-01,2026-03-02,1\nE4,P4,外星人,60,2026-03-01,2026-03-02,1\n",
    )
    assert [row["status"] for row in entries(lake.snapshot())] == ["open", "open"]
    mended = make(ENCOUNTERS.replace("男: 1", "男: 1, 男性: 1"))
    report = retry(lake, mended)
    assert report.accepted == 1
    found = {row["line"]: row for row in entries(lake.snapshot())}
    assert (found[4]["status"], found[5]["status"]) == ("resolved", "retried")
    assert found[5]["source"].endswith("in.csv")
    assert rows(lake, "encounter", "encounter_id, sex") == [("E1", "1"), ("E2", "2"), ("E3", "1")]
    assert load(lake, mended, force=True).accepted == 0


def test_broken_lines_pass_after_the_mapping_is_mended(lake: Lake, make: Make) -> None:
    load(lake, make(ENCOUNTERS), ROWS + 'E3,"P3,男,60,2026-03-01,2026-03-02,1\n')
    mended = make(ENCOUNTERS.replace("path: in.csv", "path: in.csv, quote: ''"))
    assert retry(lake, mended).accepted == 1
    assert ("E3", '"P3') in rows(lake, "encounter", "encounter_id, patient_id")
    assert [row["status"] for row in entries(lake.snapshot())] == ["resolved"]


def test_a_later_load_through_a_mended_mapping_resolves_too(lake: Lake, make: Make) -> None:
    load(lake, make(ENCOUNTERS), ROWS + "E3,P3,男性,60,2026-03-01,2026-03-02,1\n")
    load(lake, make(ENCOUNTERS.replace("男: 1", "男: 1, 男性: 1")))
    assert [row["status"] for row in entries(lake.snapshot())] == ["resolved"]


def test_loading_bad_rows_twice_keeps_one_entry_and_when_it_was_first_seen(lake: Lake, make: Make) -> None:
    mapping = make(ENCOUNTERS)
    load(lake, mapping, ROWS + "E3,P3,x,60,2026-03-01,,1\nE3,P3,x,60,2026-03-01,,1\n")
    first = entries(lake.snapshot())
    load(lake, mapping, force=True)
    assert len(first) == 2
    assert {(row["id"], row["first_seen"]) for row in first} == {
        (row["id"], row["first_seen"]) for row in entries(lake.snapshot())
    }


def test_the_report_says_what_is_new(lake: Lake, make: Make) -> None:
    mapping = make(ENCOUNTERS)
    first = load(lake, mapping, ROWS + "E3,P3,x,60,2026-03-01,,1\n")
    assert first.news == []
    second = load(lake, mapping, HEAD.replace("总费用", "总费用,新列") + "E1,P1,男,60,2026-03-01,,1,x\n")
    assert any("source has new columns: 新列" in english for _, english in second.news)
    more = "".join(f"E{n},P{n},y,200,2026-03-01,,1\n" for n in range(10, 40))
    third = load(lake, mapping, ROWS + more)
    english = "\n".join(text for _, text in third.news)
    assert "never seen before: encounter#1 age_years:range, 30 rows" in english
    assert "encounter#1 sex:code has codes not seen before: y" in english
    assert "32 records, where" in english


def test_check_is_a_dry_run(lake: Lake, make: Make) -> None:
    mapping = make(ENCOUNTERS)
    (mapping.folder / "in.csv").write_text(ROWS + "E3,P3,x,60,2026-03-01,,1\n", encoding="utf-8")
    (report,) = check(lake, mapping)
    assert (report.records, report.quarantined) == (3, 1)
    assert "encounter#1  selected 3  quarantined 1" in report.text("en")
    assert lake.version() == 0
    assert not lake.root.exists()


def test_views_several_feeds_repeats_and_matching_by_name(lake: Lake, make: Make) -> None:
    mapping = make("""
        mapping: log
        institution: H1
        source: {type: csv, path: in.csv}
        let:
          stays: >
            SELECT 例号, min(as_datetime(时间)) AS first, max(as_datetime(时间)) AS last,
                   any_value(诊断1) AS d1, any_value(诊断2) AS d2
            FROM source GROUP BY 例号
        tables:
          encounter:
            from: stays
            columns: {encounter_id: 例号, patient_id: 例号, admission_time: first, discharge_time: last}
          diagnosis:
            - from: stays
              where: d1 IS NOT NULL
              columns: {encounter_id: 例号, sequence: 1, icd10: d1, discharge_time: last}
            - repeat: [2, 9]
              where: 诊断{n} IS NOT NULL
              columns: {encounter_id: 例号, sequence: "{n}", icd10: "诊断{n}"}
          department:
            from: SELECT DISTINCT 科室 AS department, 科室 AS name FROM source
            match: name
        """)
    data = "例号,时间,诊断1,诊断2,科室\nA,2026-03-01 10:00,I10,E11,D1\nA,2026-03-02 09:00,I10,,D2\nB,2026-03-03,,,D1\n"
    report = load(lake, mapping, data)
    assert rows(lake, "encounter", "encounter_id, admission_time::VARCHAR") == [
        ("A", "2026-03-01 10:00:00"),
        ("B", "2026-03-03 00:00:00"),
    ]
    assert rows(lake, "diagnosis", "encounter_id, sequence, icd10") == [("A", 1, "I10"), ("A", 2, "E11")]
    assert rows(lake, "department", "department") == [("D1",), ("D2",)]
    codes = {f.rule.id: dict(f.codes) for f in report.feeds["diagnosis#2"].findings}
    assert codes == {"icd10:code": {"E11": 1}}


def test_several_sources_are_joined(lake: Lake, make: Make) -> None:
    mapping = make("""
        mapping: joined
        institution: H1
        sources:
          stays: {type: csv, path: in.csv}
          people: {type: csv, path: people.csv}
        tables:
          encounter:
            from: SELECT s.*, p.sex FROM stays s LEFT JOIN people p USING (pid)
            columns: {encounter_id: id, patient_id: pid, admission_time: at, sex: sex}
        """)
    (mapping.folder / "people.csv").write_text("pid,sex\nP1,2\n")
    load(lake, mapping, "id,pid,at\nE1,P1,2026-01-01\nE2,P2,2026-01-02\n")
    assert rows(lake, "encounter", "encounter_id, sex") == [("E1", "2"), ("E2", None)]


@pytest.mark.parametrize("where", ["columns", "let", "from"])
def test_the_sql_of_a_mapping_reads_its_sources_and_no_other_file(lake: Lake, make: Make, where: str) -> None:
    text = ENCOUNTERS.replace("path: in.csv", "path: in/in.csv")
    stolen = text.replace("recode:", "where: (SELECT count(*) FROM '%s') > 0\n    recode:")
    if where != "columns":
        let = "let: {v: SELECT * FROM '%s'}\n" if where == "let" else ""
        told = "SELECT * FROM '%s'" if where == "from" else "v"
        stolen = text.replace("source:", f"{let}source:").replace("columns:", f"from: {told}\n    columns:")
    mapping = make(text)
    (mapping.folder / "in").mkdir()
    other = mapping.folder / "other.csv"
    for file in (other, mapping.folder / "in/in.csv"):
        file.write_text(ROWS, encoding="utf-8")
    for act in (check, ingest):
        with pytest.raises(StandardsError, match="Cannot access file"):
            list(act(lake, make(stolen % other)))
    assert lake.version() == 0
    (report,) = ingest(lake, mapping)
    assert report.accepted == 2


def test_references_to_nothing_are_counted(lake: Lake, make: Make) -> None:
    load(lake, make(ENCOUNTERS), ROWS)
    mapping = make("""
        mapping: diagnoses
        institution: H1
        source: {type: csv, path: in.csv}
        tables: {diagnosis: {match: name}}
        """)
    report = load(lake, mapping, "encounter_id,sequence,icd10\nE1,1,I10\nE9,1,I10\nE9,2,I10\n")
    (finding,) = report.feeds["diagnosis#1"].findings
    assert (finding.rule.id, finding.rows, dict(finding.codes)) == ("encounter_id:reference", 2, {"E9": 2})
    assert report.accepted == 3


def test_an_identifier_points_at_the_table_of_its_name_or_at_any_with_its_key() -> None:
    pack = load_pack("cn_hospital")
    assert references(pack.tables["diagnosis"], pack)["encounter_id"] == ("encounter",)
    assert references(pack.tables["document"], pack)["visit_id"] == ("emergency_visit", "outpatient_visit")
    assert "encounter_id" not in references(pack.tables["encounter"], pack)
    assert "visit_id" not in references(pack.tables["emergency_visit"], pack)


def test_a_visit_may_be_of_either_kind(tmp_path: Path) -> None:
    """V1 came to the clinic, V2 to the emergency department, V3 nowhere."""
    (tmp_path / "in.csv").write_text("id,at\nV1,2026-01-01\nV2,2026-01-02\nV3,2026-01-03\n")
    (tmp_path / "mapping.yaml").write_text(
        textwrap.dedent("""
        mapping: visits
        institution: H1
        source: {type: csv, path: in.csv}
        tables:
          outpatient_visit: {where: id = 'V1', columns: {visit_id: id, patient_id: id, visit_time: at}}
          emergency_visit: {where: id = 'V2', columns: {visit_id: id, patient_id: id, arrival_time: at}}
          prescription: {columns: {prescription_id: id, visit_id: id, patient_id: id, prescribed_time: at}}
        """)
    )
    pack = load_pack("cn_hospital")
    lake = Lake(tmp_path / "home", pack, memory="500MB")
    (report,) = ingest(lake, load_mapping(tmp_path / "mapping.yaml", pack))
    (finding,) = report.feeds["prescription#1"].findings
    assert (finding.rule.id, dict(finding.codes)) == ("visit_id:reference", {"V3": 1})


@pytest.mark.parametrize(
    ("years", "accepted"),
    [("", ["E2", "E3"]), ("plausible_years: [1980, 2200]", ["E1", "E2", "E3", "E4"])],
)
def test_required_dates_lie_in_plausible_years(lake: Lake, make: Make, years: str, accepted: list[str]) -> None:
    """Admissions in 1989 and three years from now are refused, unless the mapping says that they can be."""
    ahead = datetime.now().astimezone().year + 2
    text = f"encounter_id,patient_id,admission_time\nE1,P,1989-12-31\nE2,P,1990-01-01\nE3,P,{ahead}-01-01\n"
    mapping = make(f"""
        mapping: years
        institution: H1
        {years}
        source: {{type: csv, path: in.csv}}
        tables: {{encounter: {{match: name}}}}
        """)
    load(lake, mapping, f"{text}E4,P,{ahead + 1}-01-01\n")
    assert [name for (name,) in rows(lake, "encounter", "encounter_id")] == accepted
    refused = [row["rule"] for row in entries(lake.snapshot())]
    assert refused == ["admission_time:range"] * (4 - len(accepted))


def test_each_file_of_a_pattern_is_a_delivery(lake: Lake, make: Make) -> None:
    mapping = make(ENCOUNTERS.replace("in.csv", "day*.csv"))
    for day in (1, 2):
        (mapping.folder / f"day{day}.csv").write_text(HEAD + f"E{day},P,1,60,2026-03-0{day},,\n", encoding="utf-8")
    assert [report.version for report in ingest(lake, mapping)] == [1, 2]
    (mapping.folder / "day3.csv").write_text(HEAD + "E3,P,1,60,2026-03-03,,\n", encoding="utf-8")
    assert [report.version for report in ingest(lake, mapping)] == [None, None, 3]


def test_recoding_by_a_file(lake: Lake, make: Make, tmp_path: Path) -> None:
    (tmp_path / "sex.csv").write_text("from,to\n男,1\n女,2\n", encoding="utf-8")
    load(lake, make(ENCOUNTERS.replace("{男: 1, 女: 2}", "sex.csv")), ROWS)
    assert rows(lake, "encounter", "sex") == [("1",), ("2",)]


def test_the_sepsis_case_without_a_name_is_not_lost(lake: Lake, make: Make, shared_data: Path) -> None:
    """1,050 cases by the log's documentation. One is called NA there; in this copy of the file its name is empty."""
    text = f"""
        mapping: sepsis
        institution: NL
        source: {{type: csv, path: {shared_data / "event_logs/sepsis.csv.zst"}}}
        let:
          cases: >
            SELECT case_id AS name, min(as_datetime("timestamp")) AS first, max(as_datetime("timestamp")) AS last
            FROM source GROUP BY case_id
        tables:
          encounter:
            from: cases
            columns: {{encounter_id: name, patient_id: name, admission_time: first, discharge_time: last}}
        """
    report = load(lake, make(text))
    assert (report.records, report.accepted, report.quarantined) == (15_214, 1_049, 1)
    (row,) = entries(lake.snapshot())
    assert row["rule"] == "encounter_id:required,patient_id:required"
    report = load(lake, make(text.replace("case_id AS name", "coalesce(case_id, 'NA') AS name")))
    feed = report.feeds["encounter#1"].lake
    assert feed is not None
    assert (feed.inserted, feed.unchanged) == (1, 1_049)
    assert rows(lake, "encounter", "count(*) FILTER (encounter_id = 'NA')") == [(1,)]
    assert [row["status"] for row in entries(lake.snapshot())] == ["resolved"]


def test_many_sources_are_named_by_their_folder(tmp_path: Path) -> None:
    spec = SourceSpec(type="csv", path="x")
    few = {str(n): CsvSource(spec, tmp_path / f"{n}.csv") for n in range(2)}
    many = {str(n): CsvSource(spec, tmp_path / "a" / f"{n}.csv") for n in range(47)}
    assert _name(few) == f"{tmp_path / '0.csv'} + {tmp_path / '1.csv'}"
    assert _name(many) == f"{tmp_path / 'a'} (47)"
