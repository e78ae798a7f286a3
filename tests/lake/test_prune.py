"""Old versions go; what was printed stays."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from xunzhi.lake import Lake, LakeError
from xunzhi.lake.prune import prune


def put(lake: Lake, name: str) -> None:
    with lake.write(name) as transaction:
        row = {"institution": "H1", "department": "D1", "name": name}
        transaction.upsert("department", pa.Table.from_pylist([row]))


def name_at(lake: Lake, version: int) -> str:
    return str(duckdb.sql(lake.snapshot(version).view_sql("department")).fetchall()[0][2])


def test_the_newest_and_the_held_versions_can_still_be_read(lake: Lake) -> None:
    for number in range(1, 7):
        put(lake, f"v{number}")
    lake.versions.hold(2, "bulletin 2026-02")
    gone = prune(lake, 2, held=[4])
    assert gone.versions == (1, 3)
    assert gone.files == 2
    assert {version: name_at(lake, version) for version in (2, 4, 5, 6)} == {2: "v2", 4: "v4", 5: "v5", 6: "v6"}
    with pytest.raises(LakeError, match="no version 3"):
        lake.snapshot(3)
    put(lake, "v7")
    assert name_at(lake, lake.version()) == "v7"
    assert prune(lake, 10).versions == ()


def test_something_must_stay(lake: Lake) -> None:
    put(lake, "v1")
    with pytest.raises(ValueError, match="newest"):
        prune(lake, 0)
