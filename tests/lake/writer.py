"""A writer to be killed: `writer.py HOME PACK loop|full|NAME:COUNT`; see test_crash.py."""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

from xunzhi.lake import Lake, LakeError, transaction
from xunzhi.standards import load_pack

ROWS = 3000
SMALL_FILE = 4000


def put(lake: Lake, value: int) -> None:
    """One version in which every row of two tables has the same value."""
    with lake.write(f"value {value}") as tx:
        tx.upsert(
            "encounter",
            "SELECT 'H1' AS institution, 'E' || i AS encounter_id, 'P' || i AS patient_id, TIMESTAMP '2026-01-01' AS "
            "admission_time, TIMESTAMP '2026-01-01' + to_days((i % 300)::INT) AS discharge_time, "
            f"{value} AS total_cost FROM range({ROWS}) t(i)",
        )
        tx.upsert("department", f"SELECT 'H1' AS institution, 'D' AS department, '{value}' AS name")


def die() -> None:
    """End as by kill -9."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at(name: str, count: int) -> None:
    """Die when the step `name` of a transaction begins for the count-th time, counted from 0."""
    owner: Any = transaction if hasattr(transaction, name) else transaction.Transaction
    step, calls = getattr(owner, name), iter(range(count))

    def dying(*args: Any, **options: Any) -> Any:
        if next(calls, None) is None:
            die()
        return step(*args, **options)

    setattr(owner, name, dying)


def main(home: str, pack: str, point: str) -> None:
    """Write until the end that `point` says."""
    lake = Lake(Path(home), load_pack(Path(pack)), memory="500MB")
    if point == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_FILE, SMALL_FILE))
        try:
            put(lake, 99)
        except LakeError as error:
            sys.exit(str(error))
    elif point == "loop":
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            put(lake, lake.version() + 1)
    else:
        name, _, count = point.partition(":")
        die_at(name, int(count))
        put(lake, 99)
        die()


if __name__ == "__main__":
    main(*sys.argv[1:])
