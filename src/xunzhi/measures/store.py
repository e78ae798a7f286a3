"""What the engine has computed, on disk: cubes, results, and the state that says from which facts.

$XUNZHI_HOME/measures/
  cubes/<grain>/<year>.sums.parquet, <year>.values.parquet
  reach.parquet  of each grain, institution and month: number of rows and last day
  result/        Delta table of results, partitioned by period
  state.json     written last: what the results were computed from
  failure.json   the last computation failed, and why; gone after the next that succeeds
"""

from __future__ import annotations

import fcntl
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake

from xunzhi.measures.cube import KEYS, LAST, ROWS, VALUES_SCHEMA, Cube
from xunzhi.measures.result_rows import SCHEMA

REACH_SCHEMA = pa.schema(
    [
        ("grain", pa.string()),
        ("institution", pa.string()),
        ("month", pa.string()),
        (ROWS, pa.int64()),
        (LAST, pa.date32()),
    ]
)

ROW_GROUP = 100_000
"""Cubes are sorted by institution, so that reading one leaves out the row groups of the others."""

Rows = tuple[str, Collection[str]]
"""A column, and the values in it that are wanted."""

RESULT_ORDER = ("period", "indicator", "institution", "stratum", "unit")


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

    def cube(self, grain: str, years: Collection[str], only: Rows | None = None) -> Cube:
        """The stored cube of a grain over some years; `only` rows with some values in a column, if given."""
        folder = self.cubes / grain
        return Cube(_read(folder, "sums", years, only), _read(folder, "values", years, only))

    def sizes(self, grains: Iterable[str]) -> Counter[str]:
        """How many rows the stored cubes of some grains have for each institution."""
        found: Counter[str] = Counter()
        for grain in grains:
            for file in (self.cubes / grain).glob("[0-9]*.sums.parquet"):
                for count in pc.value_counts(pq.ParquetFile(file).read(["institution"])["institution"]).to_pylist():
                    found[count["values"]] += count["counts"]
        return found

    def put_cube(self, grain: str, cube: Cube, years: Collection[str] | None) -> None:
        """Store the cube of a grain over some years (None: over all) in place of the old one."""
        folder = self.cubes / grain
        folder.mkdir(parents=True, exist_ok=True)
        present = {month[:4] for month in pc.unique(cube.sums["month"]).to_pylist()}
        for kind, table in (("sums", cube.sums), ("values", cube.values)):
            year = pc.utf8_slice_codeunits(table["month"], 0, 4)
            _write(folder / f"empty.{kind}.parquet", table.schema.empty_table())
            for name in sorted(present):
                _write(folder / f"{name}.{kind}.parquet", table.filter(pc.equal(year, name)))
        for file in folder.glob("[0-9]*.parquet"):
            if file.name[:4] not in present and (years is None or file.name[:4] in years):
                file.unlink()

    def reach(self) -> dict[str, pa.Table] | None:
        """How far each grain reached when last computed; None before that."""
        file = self.root / "reach.parquet"
        if not file.is_file():
            return None
        table = pq.read_table(file)
        grains = pc.unique(table["grain"]).to_pylist()
        return {grain: table.filter(pc.equal(table["grain"], grain)).drop_columns("grain") for grain in grains}

    def put_reach(self, reached: Mapping[str, pa.Table]) -> None:
        """Store how far the grains reach."""
        named = [
            table.select(REACH_SCHEMA.names[1:])
            .cast(pa.schema(list(REACH_SCHEMA)[1:]))
            .add_column(0, "grain", pa.repeat(grain, table.num_rows))
            for grain, table in sorted(reached.items())
        ]
        _write(self.root / "reach.parquet", pa.concat_tables([REACH_SCHEMA.empty_table(), *named]))

    def put_results(self, table: pa.Table, periods: Collection[str]) -> None:
        """Replace the results of some periods in one commit."""
        table = table.sort_by([(name, "ascending") for name in RESULT_ORDER])
        if table.num_rows:
            write_deltalake(self.results, table, mode="overwrite", partition_by=["period"], predicate=_among(periods))
        else:
            DeltaTable(self.results).delete(_among(periods))

    def put_all_results(self, tables: Iterable[pa.Table]) -> int:
        """Replace all results by tables that come one after the other, in one commit; returns how many there are."""
        count = 0

        def batches() -> Iterator[pa.RecordBatch]:
            nonlocal count
            for table in tables:
                count += table.num_rows
                yield from table.sort_by([(name, "ascending") for name in RESULT_ORDER]).to_batches()

        reader = pa.RecordBatchReader.from_batches(SCHEMA, batches())
        write_deltalake(self.results, reader, mode="overwrite", partition_by=["period"])
        return count

    def results_of(self, periods: Collection[str]) -> pa.Table:
        """The stored results of some periods."""
        parts = [SCHEMA.empty_table()]
        for file in self.result_files() if periods else ():
            period = Path(file).parent.name.removeprefix("period=")
            if period in periods:
                stored = pq.ParquetFile(file.removeprefix("file://")).read()
                named = stored.append_column("period", pa.repeat(period, stored.num_rows))
                parts.append(named.select(SCHEMA.names).cast(SCHEMA))
        return pa.concat_tables(parts)

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


def _read(folder: Path, kind: str, years: Collection[str], only: Rows | None) -> pa.Table:
    files = [file for year in sorted(years) if (file := folder / f"{year}.{kind}.parquet").is_file()]
    return pa.concat_tables([_rows(file, only) for file in files or [folder / f"empty.{kind}.parquet"]])


def _rows(file: Path, only: Rows | None) -> pa.Table:
    if only is None:
        return pq.ParquetFile(file).read()
    column, values = only
    return pq.read_table(file, partitioning=None, filters=[(column, "in", list(values))])


def _write(file: Path, table: pa.Table) -> None:
    draft = file.with_suffix(".new")
    pq.write_table(table, draft, compression="zstd", row_group_size=ROW_GROUP)
    draft.replace(file)


def _among(periods: Collection[str]) -> str:
    listed = ", ".join(f"'{period}'" for period in sorted(periods)) or "''"
    return f"period IN ({listed})"


def within(table: pa.Table, months: Collection[str]) -> pa.Table:
    """The rows of a table with a column `month` in some months."""
    return table.filter(pc.is_in(table["month"], _strings(months)))


def without(table: pa.Table, months: Collection[str]) -> pa.Table:
    """The rows of a table with a column `month` in other months."""
    return table.filter(pc.invert(pc.is_in(table["month"], _strings(months))))


def grouped(sizes: Mapping[str, int], most: int) -> list[tuple[str, ...]]:
    """Names in order, in groups whose sizes add up to at most so much, or of a single larger one."""
    groups: list[list[str]] = [[]]
    room = most
    for name, size in sorted(sizes.items()):
        if size > room and groups[-1]:
            groups.append([])
            room = most
        groups[-1].append(name)
        room -= size
    return [tuple(group) for group in groups]


def joined(cubes: Sequence[Cube]) -> Cube:
    """Cubes of different institutions as one."""
    return Cube(pa.concat_tables([cube.sums for cube in cubes]), pa.concat_tables([cube.values for cube in cubes]))


def merged(old: Cube, new: Cube, months: Collection[str]) -> Cube:
    """A cube with the rows of some months replaced, in a fixed order."""
    kept = [without(table, months) for table in (old.sums, old.values)]
    sums = pa.concat_tables([kept[0], new.sums.cast(kept[0].schema)])
    return in_order(Cube(sums, pa.concat_tables([kept[1], new.values.cast(VALUES_SCHEMA)])))


def in_order(cube: Cube) -> Cube:
    """A cube with its rows in a fixed order, whatever the order in which they were computed."""
    return Cube(_sorted(cube.sums), _sorted(cube.values))


def _strings(values: Collection[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())


def _sorted(table: pa.Table) -> pa.Table:
    more = ("cell", "value", "item") if "cell" in table.column_names else ()
    return table.sort_by([(name, "ascending") for name in (*KEYS, *more)]).combine_chunks()
