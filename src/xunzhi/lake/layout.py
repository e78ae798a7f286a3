"""How rows lie in files: partition, order, and which files are merged."""

from __future__ import annotations

from collections.abc import Iterator

from xunzhi.lake.files import NO_MONTH, OPEN_MONTH, DataFile, literal, quoted
from xunzhi.standards import Table


def month_sql(spec: Table) -> str:
    """The partition of a row, as SQL."""
    if spec.month is None:
        return literal(NO_MONTH)
    return f"coalesce(strftime({quoted(spec.month)}, '%Y-%m'), {literal(OPEN_MONTH)})"


def counts_sql(spec: Table, rows: str) -> str:
    """A SELECT of institution, partition and number of rows; a month becomes text once, not once a row."""
    if spec.month is None:
        return f"SELECT institution, {month_sql(spec)}, count(*) FROM {rows} GROUP BY ALL"
    month = quoted(spec.month)
    counted = f"SELECT institution, date_trunc('month', {month}) AS {month}, count(*) AS n FROM {rows} GROUP BY ALL"
    return f"SELECT institution, {month_sql(spec)}, n FROM ({counted})"


def order_sql(spec: Table, *, one_institution: bool) -> Iterator[str]:
    """Partition, then key, as SQL; numbers where they do, for they sort faster than texts."""
    if not one_institution:
        yield "institution"
    if spec.month is not None:
        yield f"(12 * year({quoted(spec.month)}) + month({quoted(spec.month)}))::INTEGER"
    yield from (quoted(name) for name in spec.key if name != "institution")


def to_merge(files: set[DataFile], incoming: list[tuple[str, str, int]]) -> set[DataFile]:
    """The files that are no larger than what is written beside them; their number stays logarithmic in the loads."""
    merged = set()
    for institution, month, rows in incoming:
        total = rows
        neighbours = [file for file in files if (file.institution, file.month) == (institution, month)]
        for file in sorted(neighbours, key=lambda file: file.rows):
            if file.rows > total:
                break
            merged.add(file)
            total += file.rows
    return merged
