"""The data dictionary of the Chinese hospital pack: every table, check and code list, and the traps of the field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

import xunzhi.standards
from xunzhi.standards import load_pack
from xunzhi.standards.sql import columns_of
from xunzhi.standards.tables import Check, CodeList, Sensitivity, Table
from xunzhi.standards.yaml_source import load_yaml

PACK = Path(xunzhi.standards.__file__).parent / "packs" / "cn_hospital"
TABLES = {file.stem: load_yaml(file).validate(Table) for file in sorted((PACK / "tables").glob("*.yaml"))}
LISTS = {file.stem: load_yaml(file).validate(CodeList) for file in sorted((PACK / "codes").glob("*.yaml"))}
CODES = {codes.id: codes for codes in LISTS.values()}
CHECKS = [
    pytest.param(table, check, id=f"{name}-{check.id}") for name, table in TABLES.items() for check in table.checks
]


@pytest.fixture(scope="module")
def db() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def holds(db: duckdb.DuckDBPyConnection, table: Table, check: Check, row: dict[str, Any]) -> bool | None:
    """What the rule says of a row whose other columns are NULL."""
    used = dict.fromkeys([*columns_of(check.require), *row])
    cells = ", ".join(f"CAST(${name} AS {table.columns[name].type.sql}) AS {name}" for name in used)
    values = {name: row.get(name) for name in used}
    answer = db.execute(f"SELECT ({check.require}) FROM (SELECT {cells})", values).fetchone()
    assert answer is not None
    verdict: bool | None = answer[0]
    return verdict


@pytest.mark.parametrize(("table", "check"), CHECKS)
def test_a_check_flags_its_bad_row_and_passes_its_good_row(
    db: duckdb.DuckDBPyConnection, table: Table, check: Check
) -> None:
    assert holds(db, table, check, check.flags) is False
    assert holds(db, table, check, check.passes) is not False


@pytest.mark.parametrize(("table", "check"), CHECKS)
def test_a_check_says_nothing_of_an_empty_row_unless_it_asks_for_completeness(
    db: duckdb.DuckDBPyConnection, table: Table, check: Check
) -> None:
    if check.kind != "completeness":
        assert holds(db, table, check, {}) is not False


@pytest.mark.parametrize(("table", "check"), CHECKS)
def test_the_rows_of_a_check_use_codes_of_their_lists(table: Table, check: Check) -> None:
    for row in (check.flags, check.passes):
        for name, value in row.items():
            codes = CODES.get(table.columns[name].codes or "")
            assert codes is None or codes.open or value in codes.codes, f"{name}: {value!r}"


def test_file_names_are_the_names_inside() -> None:
    assert [table.table for table in TABLES.values()] == list(TABLES)
    assert [codes.id.lower() for codes in LISTS.values()] == list(LISTS)


def test_every_code_list_in_use_exists_and_every_list_is_in_use() -> None:
    used = {column.codes for table in TABLES.values() for column in table.columns.values() if column.codes}
    used |= {stratum.codes for stratum in load_pack().manifest.strata.values() if stratum.codes}
    assert used == set(CODES)


def test_every_coded_column_has_a_list() -> None:
    bare = [
        f"{table.table}.{name}"
        for table in TABLES.values()
        for name, column in table.columns.items()
        if column.type == "code" and column.codes is None
    ]
    assert bare == []


def test_tables_begin_with_institution_and_their_key() -> None:
    for table in TABLES.values():
        assert list(table.columns)[: len(table.key)] == list(table.key), table.table
        assert len({check.id for check in table.checks}) == len(table.checks)


def test_who_a_patient_is_stays_masked() -> None:
    encounter = TABLES["encounter"].columns
    assert {encounter[name].sensitivity for name in ("name", "id_number", "phone")} == {Sensitivity.IDENTIFYING}
    for table in TABLES.values():
        for name in ("patient_id", "birth_date", "encounter_id", "visit_id"):
            if name in table.columns:
                assert table.columns[name].sensitivity is Sensitivity.PERSONAL, f"{table.table}.{name}"


def test_no_column_leads_from_an_anonymous_report_or_answer_to_a_person() -> None:
    assert not {"reporter", "reporter_name", "staff"} & TABLES["adverse_event"].columns.keys()
    assert not {"patient_id", "encounter_id", "staff"} & TABLES["survey_answer"].columns.keys()
    assert not {"patient_id", "staff"} & TABLES["hand_hygiene"].columns.keys()


def test_the_front_page_has_24_fees_and_four_parts_of_them() -> None:
    fields = [column.hqms or "" for name, column in TABLES["front_page"].columns.items() if name.startswith("fee_")]
    whole = sorted(field for field in fields if "x" not in field)
    assert whole == [f"D{number}" for number in range(11, 35)]
    assert sorted(set(fields) - set(whole)) == ["D19x01", "D20x01", "D20x02", "D23x01"]


def test_an_upload_field_belongs_to_one_meaning() -> None:
    """The repeated ones (discharge time, doctors) say the same thing in both tables."""
    names: dict[str, set[str]] = {}
    for table in TABLES.values():
        for name, column in table.columns.items():
            for field in (column.hqms or "").split(","):
                if field:
                    names.setdefault(field, set()).add(name)
    assert {field: columns for field, columns in names.items() if len(columns) > 1} == {}


def test_d20x01_is_anaesthesia_and_d20x02_the_operation() -> None:
    columns = TABLES["front_page"].columns
    assert (columns["fee_anaesthesia"].hqms, columns["fee_operation"].hqms) == ("D20x01", "D20x02")


@pytest.mark.parametrize(
    ("codes", "code", "meaning"),
    [
        ("RC002", "3", "丧偶"),
        ("RC002", "4", "离婚"),
        ("RC014", "0", "0类切口"),
        ("RC014", "3", "Ⅰ/丙"),
        ("RC014", "10", "Ⅰ/其他"),
        ("RC014", "20", "Ⅱ/其他"),
        ("RC014", "30", "Ⅲ/其他"),
        ("RC016", "1", "是"),
        ("RC016", "2", "否"),
        ("RC018", "0", "未输"),
        ("RC018", "1", "有"),
        ("RC018", "2", "无"),
        ("RC019", "4", "非医嘱离院"),
        ("RC019", "5", "死亡"),
        ("RC027", "1", "有"),
        ("RC027", "4", "无"),
        ("RC028", "1", "无"),
        ("RC028", "2", "有"),
        ("RC030", "3", "O"),
        ("RC030", "4", "AB"),
        ("RC031", "1", "阴性"),
        ("RC031", "2", "阳性"),
        ("RC037", "1", "无"),
        ("RC037", "2", "有"),
        ("RC039", "0", "否"),
        ("RC039", "1", "是"),
        ("RC045", "6", "留观"),
        ("RC045", "7", "入院"),
    ],
)
def test_codes_that_people_get_wrong(codes: str, code: str, meaning: str) -> None:
    assert CODES[codes].codes[code].label.zh == meaning


def test_yes_no_lists_carry_a_warning() -> None:
    for name in ("RC016", "RC018", "RC028", "RC030", "RC031", "RC037", "RC039"):
        assert CODES[name].trap is not None


def test_every_label_is_in_both_languages() -> None:
    for table in TABLES.values():
        labels = [table.label, *(column.label for column in table.columns.values()), *(c.label for c in table.checks)]
        assert all(label.zh.strip() and label.en.strip() for label in labels), table.table
