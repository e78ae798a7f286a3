"""Mappings: how a source becomes canonical rows, declared in one YAML file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from xunzhi.standards import Pack, Problem, StandardsError
from xunzhi.standards.forms import Name
from xunzhi.standards.sql import unknown
from xunzhi.standards.tables import NAME, Standard
from xunzhi.standards.yaml_source import Loc, Source, load_yaml

MAIN = "source"
_LITERAL_PASSWORD = re.compile(r"://[^/@:]*:(?!\$\{)[^/@]+@")
Scalar = str | int | float | bool


class SourceSpec(Standard):
    """Where rows come from and how they are written there."""

    type: Literal["csv", "hqms", "excel", "parquet", "sql"]
    path: str | None = Field(default=None, description="file, or a pattern like in/*.csv; relative to the mapping")
    url: str | None = Field(default=None, description="SQLAlchemy URL; the password as ${NAME} from the environment")
    query: str | None = Field(default=None, description="SELECT for a database")
    together: bool = Field(default=False, description="parquet: all files that match are one delivery")
    encoding: str = Field(default="auto", description="auto, utf-8, gb18030, utf-16 …")
    delimiter: str = Field(default="auto", min_length=1)
    quote: str = Field(default='"', max_length=1)
    header: int = Field(default=1, ge=0, description="line of the headings; 0 if there is none")
    headings: tuple[str, ...] | None = Field(default=None, description="names of the columns; needed if header: 0")
    sheet: str | int = Field(default=1, description="Excel: name or number of the sheet")
    nulls: tuple[str, ...] | None = Field(default=None, description="words that mean nothing; hqms: '-'")
    dates: tuple[str, ...] = Field(default=(), description="strptime formats, instead of the usual ones")
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @model_validator(mode="after")
    def _complete(self) -> SourceSpec:
        if self.type == "sql":
            if not (self.url and self.query):
                raise ValueError("a source of type sql needs url and query")
            if _LITERAL_PASSWORD.search(self.url):
                raise ValueError("take the password from the environment: postgresql://user:${NAME}@host/database")
        elif not self.path:
            raise ValueError(f"a source of type {self.type} needs path")
        if self.together and self.type != "parquet":
            raise ValueError(f"together: true reads many Parquet files as one; a source of type {self.type} can't")
        if self.header == 0 and not self.headings:
            raise ValueError("header: 0 (no headings in the file) needs headings: [a, b, …]")
        return self

    @property
    def null_words(self) -> tuple[str, ...]:
        """Words that mean nothing, beside the empty text."""
        if self.nulls is not None:
            return self.nulls
        return ("-",) if self.type == "hqms" else ()


class Feed(Standard):
    """How rows of one relation become rows of one canonical table."""

    relation: str = Field(default=MAIN, alias="from", description="a source, a view of let, or a SELECT")
    where: str | None = None
    match: Literal["name", "label", "hqms"] | None = Field(
        default=None, description="take columns whose heading is the canonical name, label or HQMS code"
    )
    columns: dict[str, Scalar] = Field(default_factory=dict)
    recode: dict[str, dict[str, str] | str] = Field(
        default_factory=dict, description="column → {from: to}, or a CSV file"
    )
    repeat: tuple[int, int] | None = Field(default=None, description="[1, 40]: once for each number, {n} or {nn}")

    @model_validator(mode="before")
    @classmethod
    def _codes_are_text(cls, data: Any) -> Any:
        """In `recode: {sex: {男: 1}}` the 1 is a code, not a number."""
        if isinstance(data, dict) and isinstance(data.get("recode"), dict):
            recode = {
                column: {str(key): str(value) for key, value in words.items()} if isinstance(words, dict) else words
                for column, words in data["recode"].items()
            }
            return {**data, "recode": recode}
        return data


class MappingSpec(Standard):
    """The content of a mapping file."""

    mapping: str = Field(pattern=NAME)
    institution: str | None = Field(default=None, description="code of the institution of all rows; else map it")
    plausible_years: tuple[int, int] | None = Field(
        default=None,
        description="[1990, 2030]: required dates outside are errors; else from 1990 to two years from now",
    )
    source: SourceSpec | None = None
    sources: dict[Name, SourceSpec] = Field(default_factory=dict)
    let: dict[Name, str] = Field(default_factory=dict, description="views in SQL over sources and earlier views")
    tables: dict[str, tuple[Feed, ...]] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        """A table fed once need not be a list."""
        if not isinstance(data, dict) or not isinstance(data.get("tables"), dict):
            return data
        tables = {name: [feed] if isinstance(feed, dict) else feed for name, feed in data["tables"].items()}
        return {**data, "tables": tables}

    @model_validator(mode="after")
    def _one_way(self) -> MappingSpec:
        if (self.source is None) == (not self.sources):
            raise ValueError("say either source: (one) or sources: (several, each with a name)")
        if self.plausible_years and self.plausible_years[0] > self.plausible_years[1]:
            raise ValueError("plausible_years: [first, last], the earlier year first")
        return self


@dataclass(frozen=True)
class Mapping:
    """A mapping file, checked against a pack."""

    spec: MappingSpec
    yaml: Source
    fingerprint: str

    @property
    def name(self) -> str:
        """What batches and quarantined rows remember the mapping by."""
        return self.spec.mapping

    @property
    def sources(self) -> dict[str, SourceSpec]:
        """All sources by name; the only one is called `source`."""
        return self.spec.sources or {MAIN: self.spec.source} if self.spec.source else self.spec.sources

    @property
    def folder(self) -> Path:
        """What paths in the mapping are relative to."""
        return self.yaml.file.parent

    def fail(self, loc: Loc, message: str) -> StandardsError:
        """An error about the value at `loc`, with file and line."""
        return StandardsError([self.problem(loc, message)])

    def problem(self, loc: Loc, message: str) -> Problem:
        """A problem with the value at `loc`; the number of a table's only feed stands in no file."""
        if len(loc) > 2 and loc[0] == "tables" and not isinstance(self.yaml.data["tables"][loc[1]], list):
            loc = (*loc[:2], *loc[3:])
        return self.yaml.problem(loc, message)


def load_mapping(file: Path, pack: Pack) -> Mapping:
    """Read and check a mapping.

    Raises:
        StandardsError: with every problem found: file, line, field, what to do.
    """
    if not file.is_file():
        raise StandardsError([Problem(file, 1, "", "no such mapping; `xunzhi mapping new SOURCE` proposes one")])
    yaml = load_yaml(file)
    spec = yaml.validate(MappingSpec)
    digest = hashlib.sha256(file.read_bytes())
    for table, feeds in spec.tables.items():
        digest.update(repr(pack.tables.get(table)).encode())
        for path in (words for feed in feeds for words in feed.recode.values() if isinstance(words, str)):
            target = file.parent / path
            digest.update(target.read_bytes() if target.is_file() else b"")
    mapping = Mapping(spec, yaml, digest.hexdigest()[:16])
    problems = _problems(mapping, pack)
    if problems:
        raise StandardsError(problems)
    return mapping


def _problems(mapping: Mapping, pack: Pack) -> list[Problem]:
    problems = []
    for table, feeds in mapping.spec.tables.items():
        if table not in pack.tables:
            problems.append(mapping.problem(("tables", table), unknown("table", table, set(pack.tables))))
            continue
        if pack.tables[table].cases:
            problems.append(mapping.problem(("tables", table), "is filled with the cases of the site; load no rows"))
        known = set(pack.tables[table].columns)
        for index, feed in enumerate(feeds):
            at: Loc = ("tables", table, index)
            for part, names in (("columns", feed.columns), ("recode", feed.recode)):
                problems += [
                    mapping.problem((*at, part, name), unknown("column", name, known))
                    for name in names
                    if name not in known
                ]
            problems += [
                mapping.problem((*at, "recode", name), f"no file {path} beside the mapping")
                for name, path in feed.recode.items()
                if isinstance(path, str) and not (mapping.folder / path).is_file()
            ]
            if mapping.spec.institution is None and "institution" not in feed.columns and feed.match is None:
                problems.append(mapping.problem(at, "say institution: at the top, or map the column institution"))
    return problems
