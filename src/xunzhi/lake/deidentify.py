"""Tables for analysis outside the program, without what names a patient (去标识化, PIPL article 73).

What a column may show is what the data dictionary says of it, nothing else. Names, numbers of identity, addresses and
free text are left out. Other texts that aren't open, such as the numbers of stays, specimens and staff, are replaced by
marks that are the same within one extract and in no other, for the key is thrown away. Of dates of birth the year
stays; ages from 90 on are one. Times of care stay, or no indicator could be computed: whoever knows when someone was
treated may find him, so an extract remains personal data.
"""

from __future__ import annotations

import csv
import secrets
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb

from xunzhi.lake.errors import LakeError
from xunzhi.lake.files import quoted
from xunzhi.lake.snapshot import Snapshot
from xunzhi.standards.durable import sync
from xunzhi.standards.tables import NUMERIC, Column, ColumnType, Sensitivity

OLDEST = 90
"""Ages from here on are told as this one: few reach them, and those are known."""

UNFINISHED = ".unfinished"
"""Where files stand while they are written."""

ENDINGS = {"parquet": "(FORMAT parquet, COMPRESSION zstd)", "csv": "(FORMAT csv, HEADER)"}
DONE = {
    "kept": ("原样保留", "as it is"),
    "left out": ("已删除", "left out"),
    "mark": ("替换为代号", "replaced by a mark"),
    "year": (f"只保留年份（最早为 {OLDEST} 年前）", f"the year only, at most {OLDEST} years ago"),
    "capped": (f"{OLDEST} 岁及以上记为 {OLDEST}", f"{OLDEST} and above are {OLDEST}"),
}


def deidentified(
    snapshot: Snapshot,
    folder: Path,
    tables: Collection[str],
    months: Collection[str] | None = None,
    ending: str = "parquet",
) -> dict[str, int]:
    """Write tables into a new folder, a file each, and columns.csv that says what became of each column.

    Returns how many rows each table has. The files are there when all of them are written.

    Args:
        snapshot: the lake as it stands.
        folder: is made for its owner alone; an empty one may be there, and keeps its rights.
        tables: names of canonical tables.
        months: 'YYYY-MM'; None for all. Tables without a time are written whole.
        ending: `parquet` or `csv`.

    Raises:
        LakeError: if the folder isn't empty or can't be written, or there is no such table.
    """
    if unknown := sorted(set(tables) - snapshot.tables.keys()):
        raise LakeError(
            f"there is no table {', '.join(unknown)}; `xunzhi lake tables` lists them",
            f"没有表 {', '.join(unknown)}；`xunzhi lake tables` 可列出全部",
        )
    draft = folder / UNFINISHED
    try:
        if folder.exists() and {path.name for path in folder.iterdir()} - {UNFINISHED}:
            raise LakeError(f"{folder} is not empty; name a new folder", f"{folder} 不是空文件夹，请另指定一个新文件夹")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        rows = _written(snapshot, draft, tables, months, ending)
        for file in sorted(draft.iterdir()):
            sync(file)
            file.rename(folder / file.name)
        sync(folder)
    except OSError as error:
        raise LakeError(f"{folder} can't be written: {error}", f"{folder} 无法写入：{error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return rows


def _written(
    snapshot: Snapshot, folder: Path, tables: Collection[str], months: Collection[str] | None, ending: str
) -> dict[str, int]:
    key, rows = secrets.token_hex(32), dict.fromkeys(tables, 0)
    with duckdb.connect() as connection:
        for table in tables:
            spec = snapshot.tables[table]
            shown = [sql for name, column in spec.columns.items() if (sql := _shown(name, column, key))]
            stored = snapshot.view_sql(table, months if spec.month else None)
            target = str(folder / f"{table}.{ending}").replace("'", "''")
            copied = connection.execute(
                f"COPY (SELECT {', '.join(shown)} FROM ({stored})) TO '{target}' {ENDINGS[ending]}"
            ).fetchone()
            rows[table] = copied[0] if copied else 0
    with (folder / "columns.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(_told(snapshot, tables))
    return rows


def _done(column: Column) -> str:
    """What becomes of a column: a key of :data:`DONE`."""
    if column.sensitivity is Sensitivity.IDENTIFYING:
        return "left out"
    if column.sensitivity is Sensitivity.OPEN:
        return "kept"
    if column.type is ColumnType.TEXT:
        return "mark"
    if column.sensitivity is Sensitivity.INTERNAL:
        return "kept"
    if column.type in (ColumnType.DATE, ColumnType.DATETIME):
        return "year"
    return "capped" if column.type in NUMERIC and column.unit == "year" else "kept"


def _shown(name: str, column: Column, key: str) -> str | None:
    """A column as it is written; None if it is left out."""
    said = quoted(name)
    match _done(column):
        case "left out":
            return None
        case "mark":
            return f"'X' || upper(substr(sha256('{key}' || {said}), 1, 16)) AS {said}"
        case "year":
            oldest = f"CAST(date_trunc('year', current_date) - INTERVAL {OLDEST} YEAR AS DATE)"
            year = f"CAST(date_trunc('year', {said}) AS DATE)"
            return f"CASE WHEN {said} < {oldest} THEN {oldest} ELSE {year} END AS {said}"
        case "capped":
            return f"CASE WHEN {said} > {OLDEST} THEN {OLDEST} ELSE {said} END AS {said}"
        case _:
            return said


def _told(snapshot: Snapshot, tables: Collection[str]) -> Iterator[list[str]]:
    yield ["表 table", "列 column", "名称", "label", "处理", "what was done"]
    for table in tables:
        for name, column in snapshot.tables[table].columns.items():
            yield [table, name, column.label.zh, column.label.en, *DONE[_done(column)]]
