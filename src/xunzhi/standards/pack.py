"""A pack: the folder of standards that a hospital runs on, loaded and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from xunzhi.standards.cache import cached, fingerprint
from xunzhi.standards.case_tables import case_tables
from xunzhi.standards.cases import CaseType, load_case_types
from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.grains import Grain, GrainColumn
from xunzhi.standards.indicators import ALL, Aggregate, Indicator, Reference
from xunzhi.standards.manifest import PARTS, Manifest
from xunzhi.standards.reading import Reader
from xunzhi.standards.sql import Binder, SqlError, columns_of, tables_of, unknown
from xunzhi.standards.tables import CodeList, Column, Table
from xunzhi.standards.yaml_source import Loc

PACKS = Path(__file__).parent / "packs"
DEFAULT_PACK = "cn_hospital"

COUNTED = ("pack.yaml", *PARTS)
"""The parts of a pack that numbers follow from; roles and the forms of cases are none of them."""

GRAIN = "grain of "
"""Before a grain's name, so that it is no table's."""


@dataclass(frozen=True)
class Pack:
    """All standards of one pack. Mappings keep the order of the files.

    `layers` are the folders that it was read from: the pack that it extends first, its own last. `fingerprint` changes
    with any standard of the pack that numbers follow from, and stands beside every result. `cases` are the case types;
    the tables that they fill are among `tables`.
    """

    root: Path
    manifest: Manifest
    codes: Mapping[str, CodeList]
    tables: Mapping[str, Table]
    grains: Mapping[str, Grain]
    indicators: Mapping[str, Indicator]
    grain_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    layers: tuple[Path, ...] = ()
    fingerprint: str = ""
    cases: Mapping[str, CaseType] = field(default_factory=dict)

    @cached_property
    def schema(self) -> dict[str, dict[str, str]]:
        """Table → column → SQL type."""
        return {
            name: {column: spec.type.sql for column, spec in table.columns.items()}
            for name, table in self.tables.items()
        }


def load_pack(pack: str | Path = DEFAULT_PACK) -> Pack:
    """Load and check a pack, given its name or its folder.

    Raises:
        StandardsError: with every problem found: file, line, field, what to do.
    """
    root = (pack if isinstance(pack, Path) else PACKS / pack).absolute()
    if not (root / "pack.yaml").is_file():
        raise StandardsError([Problem(root / "pack.yaml", 1, "", "no such pack; name a folder that holds pack.yaml")])
    return cached(root, lambda: _Loader(root).load())


T = TypeVar("T")


class _Loader:
    """Checks what the files of a pack say, gathering problems instead of stopping at the first."""

    def __init__(self, root: Path):
        self.root = root
        self.reader = Reader(PACKS)

    def load(self) -> Pack:
        manifest = self.reader.read(self.root)
        self._stop_at_problems()
        found = self.reader
        pack = Pack(
            self.root, manifest, found.codes, found.tables, found.grains, found.indicators,
            layers=tuple(found.folders), fingerprint=fingerprint(found.folders, COUNTED)[:12],
        )  # fmt: skip
        pack = replace(pack, cases=load_case_types(pack))
        pack = replace(pack, tables={**pack.tables, **case_tables(pack.cases)})
        binder = Binder(pack.schema)
        self._check_tables(pack, binder)
        pack = replace(pack, grain_columns=self._check_grains(pack, binder))
        self._stop_at_problems()
        self._check_indicators(pack, binder)
        self._stop_at_problems()
        return pack

    def _stop_at_problems(self) -> None:
        if self.reader.problems:
            raise StandardsError(self.reader.problems)

    def _try(self, folder: str, name: str, loc: Loc, check: Callable[..., T], *arguments: Any) -> T | None:
        try:
            return check(*arguments)
        except SqlError as error:
            self.reader.report(folder, name, loc, str(error))
            return None

    def _check_tables(self, pack: Pack, binder: Binder) -> None:
        for name, table in pack.tables.items():
            self._check_code_lists(pack, "tables", name, table.columns)
            known = frozenset(table.columns)
            for index, check in enumerate(table.checks):
                at: Loc = ("checks", index)
                self._boolean("tables", name, (*at, "require"), binder, check.require, name)
                for column in sorted({*check.flags, *check.passes, *([check.column] if check.column else [])} - known):
                    self.reader.report("tables", name, at, unknown("column", column, known))

    def _check_code_lists(
        self, pack: Pack, folder: str, name: str, columns: Mapping[str, Column] | Mapping[str, GrainColumn]
    ) -> None:
        for column, spec in columns.items():
            if spec.codes and spec.codes not in pack.codes:
                message = unknown("code list", spec.codes, set(pack.codes))
                self.reader.report(folder, name, ("columns", column, "codes"), message)

    def _check_grains(self, pack: Pack, binder: Binder) -> dict[str, tuple[str, ...]]:
        columns: dict[str, tuple[str, ...]] = {}
        for name, grain in pack.grains.items():
            found = self._try("grains", name, ("sql",), binder.define, GRAIN + name, grain.sql)
            if found is None:
                continue
            columns[name] = tuple(found)
            self._check_grain(pack, grain, set(found))
        return columns

    def _check_grain(self, pack: Pack, grain: Grain, found: set[str]) -> None:
        name = grain.grain
        self._check_code_lists(pack, "grains", name, grain.columns)
        base = pack.tables.get(grain.base)
        if base is None:
            self.reader.report("grains", name, ("base",), unknown("table", grain.base, set(pack.tables)))
            return
        if grain.time not in base.columns:
            self.reader.report("grains", name, ("time",), unknown("column", grain.time, set(base.columns)))
        needed = {"institution", grain.time, *grain.key, *grain.strata.values(), *grain.columns}
        for column in sorted(needed | ({grain.patient} if grain.patient else set())):
            if column not in found:
                self.reader.report(
                    "grains", name, ("sql",), f"must select {column!r}; {unknown('output column', column, found)}"
                )
        for stratum in sorted(set(grain.strata) - set(pack.manifest.strata)):
            self.reader.report(
                "grains", name, ("strata", stratum), unknown("stratum in pack.yaml", stratum, set(pack.manifest.strata))
            )
        self._check_links(pack, grain, base)

    def _check_links(self, pack: Pack, grain: Grain, base: Table) -> None:
        read = tables_of(grain.sql) - {grain.base}
        for table in sorted(read - set(grain.links)):
            self.reader.report(
                "grains",
                grain.grain,
                ("links",),
                f"reads {table!r} but doesn't link it; add how its rows touch the grain",
            )
        for table in sorted(set(grain.links) - read - {grain.base}):
            self.reader.report(
                "grains", grain.grain, ("links", table), "is linked but the SQL doesn't read it; remove the link"
            )
        for table, link in grain.links.items():
            if table not in pack.tables:
                continue
            linked = [(column, owner) for column in link.by for owner in (base, pack.tables[table])]
            for column, owner in (*linked, (link.time, pack.tables[table])):
                if column and column not in owner.columns:
                    self.reader.report(
                        "grains", grain.grain, ("links", table), f"{owner.table} has no column {column!r}"
                    )

    def _check_indicators(self, pack: Pack, binder: Binder) -> None:
        manifest = pack.manifest
        for name, indicator in pack.indicators.items():
            if indicator.area not in manifest.areas:
                self.reader.report(
                    "indicators", name, ("area",), unknown("area in pack.yaml", indicator.area, set(manifest.areas))
                )
            if indicator.owner not in manifest.owners:
                self.reader.report(
                    "indicators", name, ("owner",), unknown("owner in pack.yaml", indicator.owner, set(manifest.owners))
                )
            for index, revision in enumerate(indicator.revisions):
                for part in ("numerator", "denominator"):
                    spec = getattr(revision, part)
                    loc = self._revised(name, index, part)
                    if isinstance(spec, Aggregate):
                        self._check_aggregate(pack, binder, name, loc, spec)
                    elif isinstance(spec, Reference) and spec.indicator not in pack.indicators:
                        self.reader.report(
                            "indicators", name, loc, unknown("indicator", spec.indicator, set(pack.indicators))
                        )
                self._check_oracle(pack, binder, name, index)
        self._check_cycles(pack)

    def _revised(self, name: str, index: int, part: str) -> Loc:
        """Where a part of a revision stands: in the revision, or at the top of the indicator."""
        source, at = self.reader.places["indicators", name]
        inside: Loc = ("revisions", index, part)
        return inside if at + inside in source.lines else (part,)

    def _check_aggregate(self, pack: Pack, binder: Binder, name: str, loc: Loc, aggregate: Aggregate) -> None:
        if aggregate.grain not in pack.grains:
            self.reader.report("indicators", name, (*loc, "grain"), unknown("grain", aggregate.grain, set(pack.grains)))
            return
        view = GRAIN + aggregate.grain
        if aggregate.function != "count":
            at = (*loc, aggregate.function)
            self._try("indicators", name, at, binder.type_of, aggregate.expression, view)
        elif aggregate.count != ALL:
            self._boolean("indicators", name, (*loc, "count"), binder, aggregate.expression, view)
        if aggregate.where is not None:
            self._boolean("indicators", name, (*loc, "where"), binder, aggregate.where, view)

    def _boolean(self, folder: str, name: str, loc: Loc, binder: Binder, condition: str, table: str) -> None:
        """Check that a condition uses known columns and is true or false."""
        found = self._try(folder, name, loc, binder.type_of, condition, table)
        if found is not None and found != "BOOLEAN":
            self.reader.report(folder, name, loc, f"a condition must be true or false, this is {found}: {condition}")

    def _check_oracle(self, pack: Pack, binder: Binder, name: str, index: int) -> None:
        revision = pack.indicators[name].revisions[index]
        loc = self._revised(name, index, "oracle")
        found = self._try("indicators", name, loc, binder.columns, revision.oracle)
        if found is not None:
            for column in sorted({"institution", "month", "department"} - set(found)):
                self.reader.report(
                    "indicators", name, self._revised(name, index, "oracle"), f"the oracle must select {column!r}"
                )
        for table in sorted(set(revision.case.tables) - set(pack.tables)):
            self.reader.report(
                "indicators", name, self._revised(name, index, "case"), unknown("table", table, set(pack.tables))
            )

    def _check_cycles(self, pack: Pack) -> None:
        """Indicators may refer to indicators, but never back to themselves."""
        refers = {
            name: [
                part.indicator
                for revision in indicator.revisions
                for part in (revision.numerator, revision.denominator)
                if isinstance(part, Reference) and part.indicator in pack.indicators
            ]
            for name, indicator in pack.indicators.items()
        }
        done: set[str] = set()

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                circle = " → ".join((*path[path.index(name) :], name))
                self.reader.report("indicators", name, ("numerator",), f"refers to itself: {circle}; break the circle")
                return
            if name not in done:
                for other in refers[name]:
                    visit(other, (*path, name))
                done.add(name)

        for name in refers:
            visit(name, ())


def link_columns(pack: Pack, table: str) -> set[str]:
    """The columns of a table by which grains find what a changed row touches."""
    columns: set[str] = set(pack.tables[table].key)
    for grain in pack.grains.values():
        link = grain.links.get(table)
        if link:
            columns |= {*link.by, *([link.time] if link.time else [])}
        if grain.base == table:
            columns |= {grain.time} | {column for other in grain.links.values() for column in other.by}
    return columns


def expression_columns(aggregate: Aggregate) -> list[str]:
    """The grain columns that an aggregate reads."""
    texts = [text for text in (aggregate.expression, aggregate.where) if text is not None and text != ALL]
    return list(dict.fromkeys(column for text in texts for column in columns_of(text)))
