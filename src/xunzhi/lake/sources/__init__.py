"""Sources: each makes one DuckDB table of its rows and says what could not be read.

A source is a small class with `load`; another kind of source (HL7 v2, FHIR) is one more class, named in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from xunzhi.lake.errors import LakeError
from xunzhi.lake.mapping import Mapping, SourceSpec
from xunzhi.lake.sources.base import Broken, Lines, Loaded, RowSource, Streamed
from xunzhi.lake.sources.csv_source import CsvSource
from xunzhi.lake.sources.database import SqlSource
from xunzhi.lake.sources.excel import ExcelSource
from xunzhi.lake.sources.parquet import ParquetSource

__all__ = ["Broken", "Lines", "Loaded", "RowSource", "Streamed", "deliveries", "open_file"]

KINDS: dict[str, Callable[[SourceSpec, Path], RowSource]] = {
    "csv": CsvSource,
    "hqms": CsvSource,
    "excel": ExcelSource,
    "parquet": lambda spec, file: ParquetSource(spec, [file], str(file)),
}


def deliveries(mapping: Mapping) -> Iterator[dict[str, RowSource]]:
    """What there is to load: one delivery for each file of a single source, or one of several sources together.

    Raises:
        LakeError: if no file matches, or several match one of several sources.
    """
    found = {name: list(_open(mapping, spec)) for name, spec in mapping.sources.items()}
    if not mapping.spec.sources:
        ((name, files),) = found.items()
        yield from ({name: source} for source in files)
        return
    for name, files in found.items():
        if len(files) > 1:
            raise LakeError(
                f"Source {name} of mapping {mapping.name} matches {len(files)} files; beside other sources it must "
                "be one file, or Parquet files with together: true",
                f"映射 {mapping.name} 的来源 {name} 匹配到 {len(files)} 个文件；与其他来源并用时只能是一个文件，"
                "或为 together: true 的 Parquet 文件",
            )
    yield {name: files[0] for name, files in found.items()}


def open_file(spec: SourceSpec, file: Path) -> RowSource:
    """The source for one file."""
    return KINDS[spec.type](spec, file)


def _open(mapping: Mapping, spec: SourceSpec) -> Iterator[RowSource]:
    if spec.type == "sql":
        yield SqlSource(spec, mapping.folder)
        return
    pattern = mapping.folder / str(spec.path)
    anchor = Path(pattern.anchor or ".")
    files = [pattern] if pattern.is_file() else sorted(anchor.glob(str(pattern.relative_to(pattern.anchor))))
    if not files:
        raise LakeError(
            f"No file matches {pattern} (source of mapping {mapping.name})",
            f"没有文件匹配 {pattern}（映射 {mapping.name} 的来源）",
        )
    if spec.together:
        yield ParquetSource(spec, files, str(pattern))
        return
    yield from (open_file(spec, file) for file in files)
