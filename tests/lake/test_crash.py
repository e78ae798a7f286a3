"""Whatever kills a writer, the lake keeps its last good version, and the next writer cleans up."""

from __future__ import annotations

import importlib.util
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from xunzhi.lake import Lake

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("lake_writer", HERE / "writer.py")
assert spec is not None
assert spec.loader is not None
writer_module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(writer_module)
write, ROWS = writer_module.put, writer_module.ROWS


def value_of(lake: Lake) -> int:
    """The one value that all rows of both tables have."""
    snapshot = lake.snapshot()
    costs = duckdb.sql(
        f"SELECT count(*), min(total_cost)::INT, max(total_cost)::INT FROM ({snapshot.view_sql('encounter')})"
    ).fetchall()
    names = duckdb.sql(f"SELECT name::INT FROM ({snapshot.view_sql('department')})").fetchall()
    ((rows, low, high),) = costs
    assert rows == ROWS
    assert low == high
    assert names == [(low,)]
    return int(low)


def start(lake: Lake, point: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(HERE / "writer.py"), str(lake.root.parent), str(HERE / "pack"), point]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end_of(writer: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and what it said."""
    _, said = writer.communicate(timeout=120)
    return writer.returncode, said


def files(lake: Lake) -> set[Path]:
    return {path for path in lake.root.rglob("*.parquet") if "_delta_log" not in path.parts}


@pytest.mark.parametrize("point", ["_write:1", "_move:1", "commit:1"])
def test_a_writer_killed_at_each_step_leaves_the_last_good_version(lake: Lake, point: str) -> None:
    write(lake, 1)
    good = files(lake)
    assert end_of(start(lake, point)) == (-signal.SIGKILL, "")
    assert value_of(lake) == 1
    with lake.write("nothing to do, but clean up"):
        pass
    assert value_of(lake) == 1
    assert files(lake) == good
    write(lake, 2)
    assert value_of(lake) == 2


def test_a_first_writer_killed_before_the_first_version_leaves_an_empty_lake(lake: Lake) -> None:
    assert end_of(start(lake, "commit:1")) == (-signal.SIGKILL, "")
    assert lake.version() == 0
    assert lake.snapshot().rows("encounter") == 0
    write(lake, 1)
    assert value_of(lake) == 1


def test_killing_at_random_moments_never_shows_half_a_version(lake: Lake) -> None:
    write(lake, 1)
    chance = random.Random(20260305)
    for _ in range(3):
        writer = start(lake, "loop")
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(chance.uniform(0.05, 1.0))
        writer.kill()
        end_of(writer)
        value_of(lake)
    write(lake, 7)
    assert value_of(lake) == 7
    live = {path for version in lake.versions.numbers() for path in lake.snapshot(version).files("encounter")}
    live |= {path for version in lake.versions.numbers() for path in lake.snapshot(version).files("department")}
    assert files(lake) == live


def test_a_full_disk_is_one_message_and_changes_nothing(lake: Lake) -> None:
    write(lake, 1)
    code, said = end_of(start(lake, "full"))
    assert code == 1
    assert "is full" in said
    assert "the lake is still at version 1" in said
    assert "磁盘已满" in said
    assert value_of(lake) == 1
    assert not (lake.root / "_staging").exists()
