"""What a mapping brought in the browser may read: its own folder, and what settings.toml names.

A mapping names files, databases and SQL. Who may load data is not by that the administrator of the server: he must not
read its other files with it, nor have its secrets sent to a database of his own. SQL that slips through here finds no
files either: see `lake.engine.confine`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from sqlglot import exp

from xunzhi.lake.errors import LakeError
from xunzhi.lake.mapping import Mapping
from xunzhi.standards.sql import SqlError, parse_expression, parse_select
from xunzhi.web.configuration import configuration

TABLE_FUNCTIONS = (exp.GenerateSeries, exp.Unnest)
SELECT = re.compile(r"\s*(SELECT|WITH|FROM)\b", re.IGNORECASE)
OUTSIDE = re.compile(r"^(read_|getenv|glob|query|sniff_|current_setting|duckdb_|pragma_)", re.IGNORECASE)


def keep_inside(mapping: Mapping) -> None:
    """Let a mapping of the browser pass if it reads nothing else than it may.

    Raises:
        LakeError: naming what it reaches for, and where to allow it.
    """
    for reached in _reached(mapping):
        raise LakeError(
            f"Mapping {mapping.name} reaches for {reached}; to allow a folder or database, name it under [data] in "
            "settings.toml",
            f"映射 {mapping.name} 要读取 {reached}，超出范围；确需读取的文件夹或数据库，请管理员在 settings.toml 的 "
            "[data] 中列出",
        )


def _reached(mapping: Mapping) -> Iterator[str]:
    """What of a mapping lies outside."""
    allowed = [mapping.folder.resolve(), *(Path(folder).resolve() for folder in configuration().data.folders)]
    recoded = (path for feeds in mapping.spec.tables.values() for feed in feeds for path in feed.recode.values())
    named = [source.path for source in mapping.sources.values() if source.path]
    for path in [*named, *(path for path in recoded if isinstance(path, str))]:
        found = (mapping.folder / path).resolve()
        if not any(found.is_relative_to(folder) for folder in allowed):
            yield path
    for source in mapping.sources.values():
        if source.url and not _allowed(source.url):
            yield source.url
    known = {*mapping.sources, *mapping.spec.let}
    for text in _statements(mapping, known):
        yield from _outside(text, known)


def _allowed(url: str) -> bool:
    """Whether a database is one of settings.toml. Behind a `?` another host can be named, behind a `$` a secret."""
    return any(
        url.startswith(beginning) and not {"?", "$"} & set(url.removeprefix(beginning))
        for beginning in configuration().data.databases
    )


def _statements(mapping: Mapping, known: set[str]) -> Iterator[str]:
    yield from mapping.spec.let.values()
    for feed in (feed for feeds in mapping.spec.tables.values() for feed in feeds):
        yield from (str(sql) for sql in (feed.where, *feed.columns.values()) if sql is not None)
        if feed.relation not in known:
            yield feed.relation if SELECT.match(feed.relation) else f"SELECT * FROM {feed.relation}"


def _outside(text: str, known: set[str]) -> Iterator[str]:
    """Tables and functions of a statement that are none of the mapping's."""
    text = re.sub(r"\{n+\}", "1", text)
    try:
        parsed = parse_select(text) if SELECT.match(text) else parse_expression(text)
    except SqlError as error:
        yield str(error)
        return
    known = known | {name for cte in parsed.find_all(exp.CTE) if (name := cte.alias_or_name).isidentifier()}
    for described in parsed.find_all(exp.Summarize, exp.Describe):
        yield described.sql("duckdb")
    for table in parsed.find_all(exp.Table):
        own = isinstance(table.this, exp.Identifier) and table.name in known and not table.db
        if not own and not isinstance(table.this, TABLE_FUNCTIONS):
            yield table.sql("duckdb")
    for function in parsed.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        if OUTSIDE.match(name):
            yield name
