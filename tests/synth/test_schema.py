"""Clean rows are what the data dictionary asks for: columns, codes, ranges, keys and every check of the pack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from xunzhi.standards import CodeList
from xunzhi.synth.schema import canonical_tables

Ask = Callable[[str], list[tuple[Any, ...]]]
TABLES = sorted(canonical_tables())

# Checks that also catch what is merely unusual may catch a few clean rows.
UNUSUAL = 0.002


@pytest.mark.parametrize("name", TABLES)
def test_every_canonical_table_is_made(clean: Ask, name: str) -> None:
    assert clean(f"SELECT count(*) FROM {name}")[0][0] > 0


@pytest.mark.parametrize("name", TABLES)
def test_keys_are_unique_and_required_columns_are_filled(clean: Ask, name: str) -> None:
    table = canonical_tables()[name]
    keys = ", ".join(table.key)
    assert clean(f"SELECT count(*) FROM (SELECT {keys} FROM {name} GROUP BY ALL HAVING count(*) > 1)") == [(0,)]
    required = [column for column, spec in table.columns.items() if spec.required]
    assert clean(f"SELECT count(*) FROM {name} WHERE " + " OR ".join(f"{c} IS NULL" for c in required)) == [(0,)]


@pytest.mark.parametrize("name", TABLES)
def test_codes_come_from_their_lists(clean: Ask, code_lists: dict[str, CodeList], name: str) -> None:
    for column, spec in canonical_tables()[name].columns.items():
        if spec.codes:
            found = {str(code) for (code,) in clean(f"SELECT DISTINCT {column} FROM {name} WHERE {column} IS NOT NULL")}
            assert found <= code_lists[spec.codes].codes.keys(), column


@pytest.mark.parametrize("name", TABLES)
def test_numbers_are_in_range(clean: Ask, name: str) -> None:
    for column, spec in canonical_tables()[name].columns.items():
        for limit, sign in ((spec.min, "<"), (spec.max, ">")):
            if limit is not None:
                assert clean(f"SELECT count(*) FROM {name} WHERE {column} {sign} {limit}") == [(0,)], column


@pytest.mark.parametrize("name", TABLES)
def test_clean_rows_pass_the_checks_of_the_pack(clean: Ask, name: str) -> None:
    for check in canonical_tables()[name].checks:
        failing, rows = clean(f"SELECT count(*) FILTER (NOT ({check.require})), count(*) FROM {name}")[0]
        assert failing <= (0 if check.severity == "error" else UNUSUAL * rows), check.id
