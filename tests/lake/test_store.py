"""The lake keeps rows by key and version."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from xunzhi.lake import Lake, LakeBusyError, LakeError, Snapshot, Upserted


def stay(
    number: int, *, month: int | None = 3, patient: str | None = None, cost: str = "100", where: str = "H1"
) -> dict[str, object]:
    return {
        "institution": where,
        "encounter_id": f"E{number}",
        "patient_id": patient or f"P{number}",
        "admission_time": datetime.fromisoformat("2026-01-01 08:00"),
        "discharge_time": datetime.fromisoformat(f"2026-0{month}-05 09:30") if month else None,
        "total_cost": Decimal(cost),
    }


def put(lake: Lake, table: str, *rows: dict[str, object]) -> Upserted:
    with lake.write("test") as tx:
        return tx.upsert(table, pa.Table.from_pylist(list(rows)))


def put_two(lake: Lake) -> None:
    with lake.write("fails at the second table") as tx:
        tx.upsert("encounter", pa.Table.from_pylist([stay(2)]))
        tx.upsert("nothing", pa.Table.from_pylist([stay(2)]))


def content(snapshot: Snapshot, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    return duckdb.sql(f"SELECT {columns} FROM ({snapshot.view_sql(table)}) ORDER BY ALL").fetchall()


def test_an_empty_lake_has_empty_tables_with_the_right_types(lake: Lake) -> None:
    assert lake.version() == 0
    relation = duckdb.sql(lake.snapshot().view_sql("encounter"))
    assert relation.fetchall() == []
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    assert types["total_cost"] == "DECIMAL(18,2)"
    assert types["discharge_time"] == "TIMESTAMP"
    assert types["visit_number"] == "BIGINT"
    assert list(types) == list(lake.pack.tables["encounter"].columns)


def test_rows_are_read_back_with_exact_types(lake: Lake) -> None:
    counts = put(lake, "encounter", stay(1), stay(2, month=None))
    assert counts == Upserted(inserted=2)
    assert lake.version() == 1
    relation = duckdb.sql(lake.snapshot().view_sql("encounter"))
    assert [str(kind) for kind in relation.types] == [
        c.type.sql for c in lake.pack.tables["encounter"].columns.values()
    ]
    assert content(lake.snapshot(), "encounter", "encounter_id, discharge_time, total_cost, sex") == [
        ("E1", datetime.fromisoformat("2026-03-05 09:30"), Decimal("100.00"), None),
        ("E2", None, Decimal("100.00"), None),
    ]


def test_files_are_partitioned_by_institution_and_month(lake: Lake) -> None:
    put(lake, "encounter", stay(1), stay(2, month=4), stay(3, month=None), stay(1, where="分院/2 号"))
    put(lake, "department", {"institution": "H1", "department": "D1", "name": "内科"})
    snapshot = lake.snapshot()
    assert snapshot.months("encounter") == ["2026-03", "2026-04", "open"]
    assert snapshot.months("department") == ["all"]
    assert len(snapshot.files("encounter")) == 4
    assert len(snapshot.files("encounter", ["2026-03"])) == 2
    assert duckdb.sql(snapshot.view_sql("encounter", ["2026-04"])).fetchall()[0][1] == "E2"


def test_loading_the_same_rows_twice_changes_nothing(lake: Lake) -> None:
    put(lake, "encounter", stay(1), stay(2))
    assert put(lake, "encounter", stay(2), stay(1)) == Upserted(unchanged=2)
    assert lake.version() == 1


def test_a_correction_replaces_the_row_with_the_same_key(lake: Lake) -> None:
    put(lake, "encounter", stay(1), stay(2))
    assert put(lake, "encounter", stay(1, cost="7.5"), stay(2)) == Upserted(updated=1, unchanged=1)
    assert content(lake.snapshot(), "encounter", "encounter_id, total_cost") == [
        ("E1", Decimal("7.50")),
        ("E2", Decimal("100.00")),
    ]


def test_a_late_discharge_moves_the_row_to_its_month(lake: Lake) -> None:
    put(lake, "encounter", stay(1, month=None), stay(2, month=None))
    put(lake, "encounter", stay(1, month=2))
    snapshot = lake.snapshot()
    assert snapshot.months("encounter") == ["2026-02", "open"]
    assert content(snapshot, "encounter", "encounter_id") == [("E1",), ("E2",)]


def test_the_last_of_several_records_with_one_key_wins(lake: Lake) -> None:
    assert put(lake, "encounter", stay(1, cost="1"), stay(2), stay(1, cost="3")) == Upserted(inserted=2, duplicates=1)
    assert content(lake.snapshot(), "encounter", "encounter_id, total_cost")[0] == ("E1", Decimal("3.00"))


def test_only_files_of_touched_partitions_are_rewritten(lake: Lake) -> None:
    put(lake, "encounter", *(stay(n, month=1 + n % 6) for n in range(60)))
    before = set(lake.snapshot().files("encounter"))
    put(lake, "encounter", stay(7, month=2, cost="9"))
    assert len(before - set(lake.snapshot().files("encounter"))) == 1


def test_many_small_loads_leave_few_files(lake: Lake) -> None:
    for n in range(20):
        put(lake, "encounter", stay(n))
    snapshot = lake.snapshot()
    assert snapshot.rows("encounter") == 20
    assert len(snapshot.files("encounter")) <= 5


def test_rows_are_deleted_by_key(lake: Lake) -> None:
    put(lake, "encounter", stay(1), stay(2), stay(3, month=4))
    with lake.write("delete") as tx:
        assert tx.delete("encounter", "SELECT 'H1' AS institution, unnest(['E1', 'E9']) AS encounter_id") == 1
    assert content(lake.snapshot(), "encounter", "encounter_id") == [("E2",), ("E3",)]


def test_a_transaction_sees_its_own_changes_and_others_see_all_or_nothing(lake: Lake) -> None:
    put(lake, "encounter", stay(1))
    with lake.write("two tables") as tx:
        tx.upsert("encounter", pa.Table.from_pylist([stay(1, month=5), stay(2)]))
        tx.upsert("encounter", pa.Table.from_pylist([stay(2, month=6), stay(3)]))
        tx.upsert("department", "SELECT 'H1' AS institution, 'D1' AS department, '内科' AS name")
        assert tx.connection.execute(f"SELECT count(*) FROM ({tx.view_sql('encounter')})").fetchone() == (3,)
        assert content(lake.snapshot(), "encounter", "encounter_id") == [("E1",)]
    assert lake.version() == 2
    assert lake.snapshot().months("encounter") == ["2026-03", "2026-05", "2026-06"]
    assert lake.snapshot().rows("department") == 1


def test_a_failure_leaves_the_lake_as_it_was(lake: Lake) -> None:
    put(lake, "encounter", stay(1))
    with pytest.raises(LakeError, match="no table"):
        put_two(lake)
    assert lake.version() == 1
    assert content(lake.snapshot(), "encounter", "encounter_id") == [("E1",)]
    assert sorted(path.name for path in lake.root.iterdir()) == ["_lock", "_versions", "encounter"]


def test_old_versions_stay_readable(lake: Lake) -> None:
    put(lake, "encounter", stay(1))
    put(lake, "encounter", stay(1, cost="2"), stay(2))
    assert content(lake.snapshot(1), "encounter", "encounter_id, total_cost") == [("E1", Decimal("100.00"))]
    assert len(content(lake.snapshot(2), "encounter")) == 2
    with pytest.raises(LakeError, match="no version 9"):
        lake.snapshot(9)


def test_changes_between_versions_show_both_sides(lake: Lake) -> None:
    put(lake, "encounter", stay(1), stay(2), stay(3, month=4), stay(4))
    first = lake.snapshot()
    put(lake, "encounter", stay(1, cost="5"), stay(2, month=4), stay(5))
    with lake.write("delete") as tx:
        tx.delete("encounter", "SELECT 'H1' AS institution, 'E4' AS encounter_id")
    now = lake.snapshot()
    changed = duckdb.sql(
        f"SELECT encounter_id, _side, _month, total_cost FROM ({now.changed_sql('encounter', first)}) ORDER BY ALL"
    )
    assert changed.fetchall() == [
        ("E1", "new", "2026-03", Decimal("5.00")),
        ("E1", "old", "2026-03", Decimal("100.00")),
        ("E2", "new", "2026-04", Decimal("100.00")),
        ("E2", "old", "2026-03", Decimal("100.00")),
        ("E4", "old", "2026-03", Decimal("100.00")),
        ("E5", "new", "2026-03", Decimal("100.00")),
    ]
    assert now.changed_tables(first) == ["encounter"]
    assert duckdb.sql(now.changed_sql("encounter", now)).fetchall() == []
    assert duckdb.sql(now.changed_sql("department", first)).fetchall() == []


def test_rows_can_come_from_parquet_and_from_sql(lake: Lake, tmp_path: Path) -> None:
    duckdb.sql("SELECT 'H1' AS institution, 'D' || i AS department, 'x' AS name FROM range(3) t(i)").write_parquet(
        str(tmp_path / "a.parquet")
    )
    with lake.write("files") as tx:
        assert tx.upsert("department", tmp_path / "a.parquet").inserted == 3
        assert tx.upsert("department", [tmp_path / "a.parquet"]).unchanged == 3
        assert (
            tx.upsert("department", duckdb.sql("SELECT 'H2' AS institution, 'D1' AS department, 'y' AS name")).inserted
            == 1
        )


def test_unknown_tables_and_columns_and_missing_keys_are_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match=r"no column nmae; it has: institution, department, name"):
        put(lake, "department", {"institution": "H1", "department": "D1", "nmae": "x"})
    with pytest.raises(LakeError, match="no table 'wards'"):
        put(lake, "wards", {"institution": "H1"})
    with pytest.raises(LakeError, match="1 rows for table department have no department"):
        put(lake, "department", {"institution": "H1", "department": None, "name": "x"})
    with pytest.raises(LakeError, match="has a value of another type"):
        put(lake, "encounter", {**stay(1), "total_cost": "a lot"})
    assert lake.version() == 0


def test_merged_patients_move_to_the_surviving_number(lake: Lake) -> None:
    put(
        lake,
        "encounter",
        stay(1, patient="old"),
        stay(2, patient="middle"),
        stay(3, patient="new"),
        stay(4, patient="old", where="H2"),
    )
    put(
        lake,
        "card",
        {"institution": "H1", "patient_id": "old", "number": "1"},
        {"institution": "H1", "patient_id": "new", "number": "2"},
    )
    merge = {"institution": "H1", "merged_time": date(2026, 3, 1)}
    put(lake, "patient_merge", {**merge, "old_patient_id": "old", "new_patient_id": "middle"})
    put(lake, "patient_merge", {**merge, "old_patient_id": "middle", "new_patient_id": "new"})
    assert content(lake.snapshot(), "encounter", "encounter_id, patient_id") == [
        ("E1", "new"),
        ("E2", "new"),
        ("E3", "new"),
        ("E4", "old"),
    ]
    assert content(lake.snapshot(), "card", "patient_id, number") == [("new", "2")]
    assert put(lake, "encounter", stay(1, patient="old")) == Upserted(unchanged=1)
    put(lake, "encounter", stay(5, patient="old"))
    assert ("E5", "new") in content(lake.snapshot(), "encounter", "encounter_id, patient_id")


def test_rows_may_follow_a_merge_and_a_query_in_one_transaction(lake: Lake) -> None:
    put(lake, "encounter", stay(1, patient="old"))
    merge = {"institution": "H1", "merged_time": date(2026, 3, 1), "old_patient_id": "old", "new_patient_id": "new"}
    with lake.write("merge") as tx:
        tx.upsert("patient_merge", pa.Table.from_pylist([merge]))
        tx.upsert("encounter", pa.Table.from_pylist([stay(2, patient="old")]))
        tx.connection.execute("FROM range(1000000)").fetchone()
        tx.upsert("encounter", pa.Table.from_pylist([stay(3)]))
    assert content(lake.snapshot(), "encounter", "encounter_id, patient_id")[:2] == [("E1", "new"), ("E2", "new")]


def test_an_upsert_reads_the_files_of_its_institutions_only(lake: Lake) -> None:
    with lake.write("many") as tx:
        for number in range(5):
            tx.upsert("encounter", pa.Table.from_pylist([stay(n, where=f"H{number}", month=1 + n) for n in range(4)]))
    with lake.write("one more") as tx:
        for file in lake.root.glob("encounter/H[0124]/*/*.parquet"):
            file.write_bytes(b"unreadable")
        changed = tx.upsert("encounter", pa.Table.from_pylist([stay(1, where="H3", cost="7"), stay(9, where="H3")]))
    assert changed == Upserted(inserted=1, updated=1)


def test_merges_in_a_circle_are_refused(lake: Lake) -> None:
    merge = {"institution": "H1", "merged_time": date(2026, 3, 1)}
    put(lake, "patient_merge", {**merge, "old_patient_id": "A", "new_patient_id": "B"})
    with pytest.raises(LakeError, match="circle"):
        put(lake, "patient_merge", {**merge, "old_patient_id": "B", "new_patient_id": "A"})
    assert lake.version() == 1


def test_a_second_writer_is_told_who_is_writing(lake: Lake) -> None:
    with lake.write("load encounters.csv"), pytest.raises(LakeBusyError) as refused:
        put(lake, "encounter", stay(1))
    assert re.search(r"has been writing to the lake since \S+ \S+: load encounters.csv", refused.value.en)
    assert "正在写入数据湖" in refused.value.zh
    put(lake, "encounter", stay(1))
    assert lake.version() == 1


def test_tables_are_ordinary_delta_tables(lake: Lake) -> None:
    put(lake, "encounter", stay(1), stay(2, month=4))
    put(lake, "encounter", stay(1, cost="3"))
    delta = DeltaTable(lake.root / "encounter")
    rows = delta.to_pyarrow_table().select(["encounter_id", "total_cost"]).sort_by("encounter_id").to_pylist()
    assert rows == [
        {"encounter_id": "E1", "total_cost": Decimal("3.00")},
        {"encounter_id": "E2", "total_cost": Decimal("100.00")},
    ]


def test_a_column_added_to_the_pack_is_null_in_old_rows(lake: Lake) -> None:
    put(lake, "department", {"institution": "H1", "department": "D1", "name": "内科"})
    table = lake.pack.tables["department"]
    wider = table.model_copy(
        update={"columns": {**table.columns, "beds": lake.pack.tables["encounter"].columns["visit_number"]}}
    )
    pack = replace(lake.pack, tables={**lake.pack.tables, "department": wider})
    later = Lake(lake.root.parent, pack, memory="500MB")
    assert content(later.snapshot(), "department", "department, beds") == [("D1", None)]
    put(later, "department", {"institution": "H1", "department": "D2", "name": "外科", "beds": 40})
    put(later, "department", {"institution": "H1", "department": "D3", "name": "儿科", "beds": 30})
    assert content(later.snapshot(), "department", "department, beds") == [("D1", None), ("D2", 40), ("D3", 30)]
