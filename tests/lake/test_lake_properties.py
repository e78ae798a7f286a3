"""Any sequence of upserts and deletes leaves what a dictionary would hold."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xunzhi.lake import Lake
from xunzhi.standards import Pack

Key = tuple[str, str]
Model = dict[Key, dict[str, Any]]

ROW = st.fixed_dictionaries(
    {
        "institution": st.sampled_from(["H1", "H2"]),
        "encounter_id": st.sampled_from(["E1", "E2", "E3", "E4"]),
        "patient_id": st.just("P"),
        "admission_time": st.just(datetime.fromisoformat("2026-01-01")),
        "discharge_time": st.sampled_from([None, *(datetime.fromisoformat(f"2026-0{m}-03") for m in (1, 2, 3))]),
        "age_years": st.sampled_from([None, 1, 2]),
    }
)
KEYS = st.lists(st.tuples(st.sampled_from(["H1", "H2"]), st.sampled_from(["E1", "E2", "E3", "E4"])), max_size=3)
STEP = st.one_of(
    st.tuples(st.just("upsert"), st.lists(ROW, min_size=1, max_size=5)), st.tuples(st.just("delete"), KEYS)
)
SCHEMA = pa.schema(
    [
        ("institution", pa.string()),
        ("encounter_id", pa.string()),
        ("patient_id", pa.string()),
        ("admission_time", pa.timestamp("us")),
        ("discharge_time", pa.timestamp("us")),
        ("age_years", pa.int64()),
    ]
)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@contextmanager
def fresh(pack: Pack) -> Iterator[Lake]:
    with tempfile.TemporaryDirectory() as folder:
        yield Lake(Path(folder), pack, memory="300MB")


def key_of(row: dict[str, Any]) -> Key:
    return row["institution"], row["encounter_id"]


def content(lake: Lake, version: int | None = None) -> Model:
    sql = lake.snapshot(version).view_sql("encounter")
    rows = duckdb.sql(f"SELECT {', '.join(SCHEMA.names)} FROM ({sql})").fetchall()
    found = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    model = {key_of(row): row for row in found}
    assert len(model) == len(found)
    return model


def apply(lake: Lake, model: Model, step: tuple[str, Any]) -> Model:
    """Do a step on the lake and on a copy of the model; the counts must agree."""
    what, given_rows = step
    model = dict(model)
    with lake.write(what) as tx:
        if what == "delete":
            keys = pa.table({"institution": [k[0] for k in given_rows], "encounter_id": [k[1] for k in given_rows]})
            gone = tx.delete("encounter", keys.cast(pa.schema(SCHEMA.field(n) for n in keys.column_names)))
            assert gone == len({key for key in given_rows if key in model})
            return {key: row for key, row in model.items() if key not in given_rows}
        counts = tx.upsert("encounter", pa.Table.from_pylist(given_rows, SCHEMA))
    last = {key_of(row): row for row in given_rows}
    assert counts.total == len(given_rows)
    assert counts.duplicates == len(given_rows) - len(last)
    assert counts.unchanged == sum(model.get(key) == row for key, row in last.items())
    assert counts.inserted == sum(key not in model for key in last)
    return model | last


@QUICK
@given(steps=st.lists(STEP, min_size=1, max_size=4))
def test_the_lake_equals_a_dictionary(pack: Pack, steps: list[tuple[str, Any]]) -> None:
    with fresh(pack) as lake:
        model: Model = {}
        states = {0: model}
        for step in steps:
            before = lake.snapshot()
            model = apply(lake, model, step)
            states[lake.version()] = model
            assert content(lake) == model
            changed = duckdb.sql(
                f"SELECT DISTINCT institution, encounter_id FROM ({lake.snapshot().changed_sql('encounter', before)})"
            ).fetchall()
            old = states[before.version]
            assert set(changed) == {k for k in {*old, *model} if old.get(k) != model.get(k)}
        for version, state in states.items():
            assert content(lake, version) == state


@QUICK
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_loading_twice_changes_nothing(pack: Pack, rows: list[dict[str, Any]]) -> None:
    with fresh(pack) as lake:
        model = apply(lake, {}, ("upsert", rows))
        assert apply(lake, model, ("upsert", list(model.values()))) == model
        assert lake.version() == 1


@QUICK
@given(rows=st.lists(ROW, min_size=2, max_size=8, unique_by=key_of), data=st.data())
def test_the_order_of_independent_batches_does_not_matter(pack: Pack, rows: list[dict[str, Any]], data: Any) -> None:
    cut = data.draw(st.integers(1, len(rows) - 1))
    with fresh(pack) as one, fresh(pack) as other:
        for lake, batches in ((one, (rows[:cut], rows[cut:])), (other, (rows[cut:], rows[:cut]))):
            for batch in batches:
                apply(lake, content(lake), ("upsert", batch))
        assert content(one) == content(other)
