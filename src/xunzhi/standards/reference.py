"""Writes docs/standards/ from the pack, so that the documentation can't say anything else than the program does.

python -m xunzhi.standards.reference            write
python -m xunzhi.standards.reference --check    fail if the files are not what would be written
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from xunzhi.standards.indicators import Aggregate, Indicator, Reference
from xunzhi.standards.pack import Pack, load_pack
from xunzhi.standards.tables import Column, Table

FOLDER = Path(__file__).parents[3] / "docs" / "standards"

DIRECTIONS = {"higher": "↑", "lower": "↓", "monitor": "○"}
VERIFIED = {
    "formula": "✓ 公式已核 / formula checked",
    "numerator": "分子已核 / numerator checked",
    "name": "仅名称已核 / name only",
    "none": "未核实或院内 / unverified or local",
}
NOTE = "<!-- Written by python -m xunzhi.standards.reference; change the pack, not this file. -->\n"


def pages(pack: Pack) -> dict[str, str]:
    """File name → content."""
    return {
        "indicators.md": NOTE + "\n".join(_indicators(pack)) + "\n",
        "tables.md": NOTE + "\n".join(_tables(pack)) + "\n",
        "codes.md": NOTE + "\n".join(_codes(pack)) + "\n",
    }


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield _row(*("---" for _ in heads))


def _indicators(pack: Pack) -> Iterator[str]:
    yield f"# 指标目录 / Indicators\n\n{len(pack.indicators)} 项 / indicators, {len(pack.grains)} 粒度 / grains.\n"
    yield "方向 / direction: ↑ 越高越好 higher is better, ↓ 越低越好 lower is better, ○ 监测 monitor.\n"
    for area, label in pack.manifest.areas.items():
        chosen = [indicator for indicator in pack.indicators.values() if indicator.area == area]
        if chosen:
            yield f"\n## {label.zh} / {label.en}\n"
            yield from _area(chosen)


def _area(chosen: Iterable[Indicator]) -> Iterator[str]:
    yield from _table(
        "编号 id",
        "名称",
        "Name",
        "分子 numerator",
        "分母 denominator",
        "单位",
        "",
        "图",
        "来源 source",
        "核对 verified",
    )
    for indicator in chosen:
        for revision in indicator.revisions:
            since = f"<br>自 / from {revision.since}" if len(indicator.revisions) > 1 else ""
            source = revision.source
            yield _row(
                f"`{indicator.id}`{since}",
                indicator.label.zh,
                indicator.label.en,
                _part(revision.numerator),
                _part(revision.denominator),
                indicator.unit,
                DIRECTIONS[indicator.direction],
                indicator.chart,
                " ".join(part for part in (source.document, source.edition, source.item) if part),
                VERIFIED[source.verified],
            )


def _part(part: Aggregate | Reference | None) -> str:
    match part:
        case None:
            return ""
        case Reference():
            return f"→ `{part.indicator}`"
        case Aggregate():
            where = f" where {part.where}" if part.where else ""
            return f"{part.grain}: `{part.function}({part.expression}){where}`"


def _tables(pack: Pack) -> Iterator[str]:
    tables = [table for table in pack.tables.values() if not table.cases]
    columns = sum(len(table.columns) for table in tables)
    yield f"# 数据字典 / Data dictionary\n\n{len(tables)} 表 / tables, {columns} 列 / columns.\n"
    for table in tables:
        yield from _one_table(table)


def _one_table(table: Table) -> Iterator[str]:
    month = f"; 月份 / month: `{table.month}`" if table.month else ""
    yield f"\n## {table.table} · {table.label.zh} / {table.label.en}\n"
    yield f"主键 / key: {', '.join(f'`{name}`' for name in table.key)}{month}\n"
    yield from _table(
        "列 column", "名称", "Label", "类型 type", "代码 codes", "单位", "必填", "敏感 sensitivity", "HQMS"
    )
    for name, column in table.columns.items():
        yield _row(f"`{name}`", *_column(column))
    if table.checks:
        yield "\n质量规则 / checks\n"
        yield from _table("规则 rule", "说明", "Meaning", "条件 condition", "级别 severity")
        for check in table.checks:
            yield _row(f"`{check.id}`", check.label.zh, check.label.en, f"`{check.require}`", check.severity)


def _column(column: Column) -> tuple[str, ...]:
    unverified = "" if column.verified else " (未核实 unverified)"
    return (
        column.label.zh + unverified,
        column.label.en,
        column.type.value,
        f"[{column.codes}](codes.md#{column.codes.lower()})" if column.codes else "",
        column.unit or "",
        "✓" if column.required else "",
        column.sensitivity.value,
        column.hqms or "",
    )


def _codes(pack: Pack) -> Iterator[str]:
    yield f"# 代码表 / Code lists\n\n{len(pack.codes)} 表 / lists.\n"
    for codes in pack.codes.values():
        verified = "已核对 / checked" if codes.verified else "未核实 / unverified"
        yield f"\n## {codes.id}\n\n{codes.label.zh} / {codes.label.en} · {codes.source} · {verified}\n"
        if codes.trap:
            yield f"> ⚠ {codes.trap.zh}\n> {codes.trap.en}\n"
        yield from _table("代码 code", "名称", "Label")
        for code, item in codes.codes.items():
            yield _row(f"`{code}`", item.label.zh, item.label.en)


def main(arguments: list[str]) -> int:
    """Write or check the pages; the exit code."""
    wanted = pages(load_pack())
    if "--check" in arguments:
        old = [name for name, text in wanted.items() if not _is(FOLDER / name, text)]
        for name in old:
            sys.stderr.write(f"docs/standards/{name} is old: run python -m xunzhi.standards.reference\n")
        return 1 if old else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


def _is(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
