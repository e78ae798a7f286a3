"""Proposing a mapping from the headings of a source."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from xunzhi.lake.engine import connect, fetch_dicts
from xunzhi.lake.errors import LakeError
from xunzhi.lake.files import quoted
from xunzhi.lake.mapping import SourceSpec
from xunzhi.lake.sources import RowSource, open_file
from xunzhi.lake.sources.database import SqlSource
from xunzhi.standards import Column, Pack, Table

HQMS_TEMPLATE = Path(__file__).parent / "hqms.yaml"
HQMS_KEYS = {"A48", "A49", "B15"}
KINDS = {".xlsx": "excel", ".xlsm": "excel", ".parquet": "parquet"}
MANY_WORDS = 30
_PLAIN = re.compile(r"[\s_\-（）()\[\]【】:：/.]+")


@dataclass(frozen=True)
class Guess:
    """A canonical table with the headings that fit its columns."""

    table: Table
    columns: dict[str, str]

    @property
    def score(self) -> tuple[int, float]:
        """Number of columns found, then the share of required ones among them."""
        required = [name for name, column in self.table.columns.items() if column.required and name != "institution"]
        return len(self.columns), sum(name in self.columns for name in required) / max(len(required), 1)


def source_spec(source: str, query: str | None = None) -> SourceSpec:
    """What kind of source a file name or URL is."""
    if "://" in source:
        return SourceSpec(type="sql", url=source, query=query)
    suffix = Path(source.removesuffix(".gz").removesuffix(".zst")).suffix.lower()
    return SourceSpec.model_validate({"type": KINDS.get(suffix, "csv"), "path": source})


def propose(
    pack: Pack, source: str, *, query: str | None = None, table: str | None = None, folder: Path | None = None
) -> str:
    """The text of a mapping for a source: for the table that fits best, or the one named.

    A mapping names its file from the `folder` that it will lie in; by default the present one.

    Raises:
        LakeError: if the source can't be read, or fits no table.
    """
    spec = source_spec(source, query)
    rows: RowSource = SqlSource(spec, Path.cwd()) if spec.type == "sql" else open_file(spec, Path(source))
    headings = rows.headings()
    if spec.path:
        spec = spec.model_copy(update={"path": os.path.relpath(source, folder or Path.cwd())})
    if table is None and set(headings) >= HQMS_KEYS and spec.type == "csv":
        return HQMS_TEMPLATE.read_text(encoding="utf-8").replace("path: SOURCE", f"path: {spec.path}")
    guess = _guess(pack, headings, table)
    words = _words(rows, [guess.columns[name] for name in guess.columns if guess.table.columns[name].codes])
    return "\n".join(_lines(pack, spec, headings, guess, words)) + "\n"


def _guess(pack: Pack, headings: tuple[str, ...], table: str | None) -> Guess:
    if table is not None and table not in pack.tables:
        raise LakeError(
            f"There is no table {table!r}; the tables are: {', '.join(pack.tables)}",
            f"没有表 {table!r}；已有的表：{'、'.join(pack.tables)}",
        )
    candidates = [pack.tables[table]] if table else [one for one in pack.tables.values() if not one.cases]
    guess = max((_fit(candidate, headings) for candidate in candidates), key=lambda guess: guess.score)
    if not guess.columns:
        raise LakeError(
            f"No heading is known: {', '.join(headings)}. Name the table with --table",
            f"列名均无法识别：{'、'.join(headings)}。请用 --table 指定目标表",
        )
    return guess


def _fit(table: Table, headings: tuple[str, ...]) -> Guess:
    """Headings that are the name, a label or the HQMS code of a column."""
    plain = {_normal(heading): heading for heading in reversed(headings)}
    found = {}
    for name, column in table.columns.items():
        names = [name, column.label.zh, column.label.en, *(column.hqms or "").split(",")]
        heading = next((plain[_normal(word)] for word in names if word and _normal(word) in plain), None)
        if heading:
            found[name] = heading
    return Guess(table, found)


def _normal(name: str) -> str:
    return _PLAIN.sub("", name).lower()


def _words(source: RowSource, headings: list[str]) -> dict[str, list[str]]:
    """The distinct words of coded columns, if they are few."""
    if not headings:
        return {}
    with tempfile.TemporaryDirectory(prefix="xunzhi-") as folder, connect(Path(folder) / "spill") as connection:
        source.load(connection, "source", Path(folder))
        return {
            heading: [str(row["word"]) for row in found]
            for heading in headings
            for found in [
                fetch_dicts(
                    connection,
                    f"SELECT DISTINCT {quoted(heading)} AS word FROM source WHERE word IS NOT NULL "
                    f"ORDER BY 1 LIMIT {MANY_WORDS + 1}",
                )
            ]
            if len(found) <= MANY_WORDS
        }


def _lines(
    pack: Pack, spec: SourceSpec, headings: tuple[str, ...], guess: Guess, words: dict[str, list[str]]
) -> list[str]:
    table = guess.table
    where = [f"  path: {spec.path}"] if spec.path else [f"  url: {spec.url}", f"  query: {spec.query}"]
    lines = [
        f"# Proposed for {table.table} ({table.label.zh} / {table.label.en}); check every line, then run",
        "# `xunzhi mapping check` on this file. docs/mapping.md explains the format.",
        "",
        f"mapping: {table.table}",
        "institution: H001  # the code of your institution",
        "",
        "source:",
        f"  type: {spec.type}",
        *where,
        "",
        "tables:",
        f"  {table.table}:",
        "    columns:",
    ]
    for name, column in table.columns.items():
        if name != "institution":
            lines.append(_column_line(name, column, guess, headings))
    recode = [line for name in guess.columns for line in _recode_lines(pack, name, guess, words)]
    lines += ["    recode:", *recode] if recode else []
    unused = [heading for heading in headings if heading not in guess.columns.values()]
    return [*lines, "", f"# headings not used: {', '.join(unused)}"] if unused else lines


def _column_line(name: str, column: Column, guess: Guess, headings: tuple[str, ...]) -> str:
    says = f"{column.label.zh}, {column.type}" + (", required" if column.required else "")
    if name in guess.columns:
        return f"      {name}: {_yaml(guess.columns[name])}  # {says}"
    free = [heading for heading in headings if heading not in guess.columns.values()]
    close = get_close_matches(column.label.zh, free, n=1) or get_close_matches(name, free, n=1)
    return f"      # {name}: {_yaml(close[0]) if close else ''}  # {says}"


def _recode_lines(pack: Pack, name: str, guess: Guess, words: dict[str, list[str]]) -> list[str]:
    """Words of the source that are labels of codes, and those that are neither label nor code."""
    codes = guess.table.columns[name].codes
    found = words.get(guess.columns[name], [])
    if not codes or not found:
        return []
    known = pack.codes[codes].codes
    labels = {
        label: code for code, item in known.items() for label in (item.label.zh, item.label.en, item.label.en.lower())
    }
    strange = [word for word in found if word not in known]
    pairs = [f"{_yaml(word)}: {_yaml(labels[word])}" for word in strange if word in labels]
    missing = [word for word in strange if word not in labels]
    remark = f"  # not in {codes}: {', '.join(missing)}" if missing else ""
    if not pairs:
        return [f"      # {name}: {{}}{remark}"] if missing else []
    return [f"      {name}: {{{', '.join(pairs)}}}{remark}"]


def _yaml(text: str) -> str:
    """A text as a YAML scalar."""
    plain = re.fullmatch(r"[\w.]+", text) and not re.fullmatch(r"[\d.]+|true|false|null|yes|no", text, re.IGNORECASE)
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
