"""What the engine has computed, on disk: cubes, results, and the state that says from which facts.

$XUNZHI_HOME/measures/
  cubes/<grain>.sums.parquet, <grain>.values.parquet
  result/        Delta table of results, partitioned by period
  state.json     written last: what the results were computed from
  failure.json   the last computation failed, and why; gone after the next that succeeds
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from xunzhi.measures.cube import KEYS, VALUES_SCHEMA, Cube
from xunzhi.measures.results import SCHEMA


class MeasureError(Exception):
    """A computation that can't be done, in one message."""


@dataclass(frozen=True)
class State:
    """What the stored results were computed from.

    `spans` holds, for each grain and institution, first and last month with rows and the last day reached (for busy
    grains): what decides between zero and not collected, and what is provisional.
    """

    lake_version: int
    pack: str
    as_of: str
    finished: str
    grains: dict[str, str]
    spans: dict[str, dict[str, tuple[str, str, str]]] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


class MeasureStore:
    """The folder of computed measures under `home`."""

    def __init__(self, home: Path):
        self.root = home.absolute() / "measures"
        self.cubes = self.root / "cubes"
        self.results = self.root / "result"

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store for writing.

        Raises:
            MeasureError: if another process computes at the moment.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise MeasureError("another computation is running; wait for it / 另一个计算正在运行,请稍候") from error
            yield

    def state(self) -> State | None:
        """What the results were computed from; None before the first computation."""
        known = self._read("state.json")
        return State(**known) if known else None

    def failure(self) -> dict[str, Any] | None:
        """When and why the last computation failed, if it did."""
        return self._read("failure.json")

    def _read(self, name: str) -> dict[str, Any] | None:
        file = self.root / name
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None

    def finish(self, state: State) -> None:
        """Note that the stored results are those of `state`."""
        self._write("state.json", asdict(state))
        (self.root / "failure.json").unlink(missing_ok=True)

    def fail(self, lake_version: int, error: BaseException) -> None:
        """Note that the computation for a lake version failed: readers show its results as stale."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        self._write(
            "failure.json", {"lake_version": lake_version, "time": now, "error": f"{type(error).__name__}: {error}"}
        )

    def _write(self, name: str, content: dict[str, Any]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        draft = self.root / f"{name}.new"
        draft.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        draft.replace(self.root / name)

    def cube(self, grain: str) -> Cube | None:
        """The stored cube of a grain."""
        sums, values = self._cube_files(grain)
        return Cube(pq.read_table(sums), pq.read_table(values)) if sums.is_file() and values.is_file() else None

    def put_cube(self, grain: str, cube: Cube) -> None:
        """Store the cube of a grain in place of the old one."""
        self.cubes.mkdir(parents=True, exist_ok=True)
        for file, table in zip(self._cube_files(grain), (cube.sums, cube.values), strict=True):
            draft = file.with_suffix(".new")
            pq.write_table(table, draft, compression="zstd")
            draft.replace(file)

    def _cube_files(self, grain: str) -> tuple[Path, Path]:
        return self.cubes / f"{grain}.sums.parquet", self.cubes / f"{grain}.values.parquet"

    def put_results(self, table: pa.Table, periods: Collection[str] | None) -> None:
        """Replace the results of some periods, or all of them, in one commit."""
        table = table.sort_by(
            [(name, "ascending") for name in ("period", "indicator", "institution", "stratum", "unit")]
        )
        replace = (
            {"predicate": f"period IN ({_quoted(periods)})"} if periods is not None and self.results.is_dir() else {}
        )
        if not table.num_rows and replace:
            DeltaTable(self.results).delete(replace["predicate"])
            return
        write_deltalake(self.results, table, mode="overwrite", partition_by=["period"], **replace)  # type: ignore[call-overload]

    def result_files(self) -> list[str]:
        """The Parquet files of the results; none before the first computation."""
        return DeltaTable(self.results).file_uris() if self.results.is_dir() else []

    def all_results(self) -> pa.Table:
        """All results, in no particular order."""
        return (
            DeltaTable(self.results).to_pyarrow_table().select(SCHEMA.names)
            if self.results.is_dir()
            else SCHEMA.empty_table()
        )


def _quoted(values: Collection[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values)) or "''"


def merged(old: Cube | None, new: Cube, months: Collection[str] | None) -> Cube:
    """A cube with the rows of some months replaced (None: of all), in a fixed order."""
    if old is None or months is None:
        return Cube(_sorted(new.sums), _sorted(new.values))
    gone = pa.array(sorted(months), pa.string())
    kept = [table.filter(pc.invert(pc.is_in(table["month"], gone))) for table in (old.sums, old.values)]
    sums = pa.concat_tables([kept[0], new.sums.cast(kept[0].schema)])
    return Cube(_sorted(sums), _sorted(pa.concat_tables([kept[1], new.values.cast(VALUES_SCHEMA)])))


def _sorted(table: pa.Table) -> pa.Table:
    more = ("cell", "value", "item") if "cell" in table.column_names else ()
    return table.sort_by([(name, "ascending") for name in (*KEYS, *more)]).combine_chunks()
