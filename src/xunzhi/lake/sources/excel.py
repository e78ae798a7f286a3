"""Excel workbooks."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import duckdb
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from xunzhi.lake.csv_file import unique_names
from xunzhi.lake.errors import LakeError
from xunzhi.lake.sources.base import FileSource, Lines, Loaded, insert_text

CHUNK = 1 << 20
MOST_BESIDE = 500 * 1024 * 1024
"""Bytes of a workbook's texts and styles once they are unpacked: they are held in memory, the sheets are not."""

_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


class ExcelSource(FileSource):
    """A sheet of a workbook (.xlsx); values are read as text, dates in ISO form, formulas as their last result."""

    def headings(self) -> tuple[str, ...]:
        """The names of the columns.

        Raises:
            LakeError: if headings are merged cells, or the sheet has none.
        """
        with self._rows() as rows:
            return self._headings(rows)

    def load(self, connection: duckdb.DuckDBPyConnection, table: str, scratch: Path) -> Loaded:
        """Read all rows that are not empty."""
        with self._rows() as rows:
            headings = self._headings(rows)
            blank: list[int] = []
            filled = self._filled(rows, len(headings), blank)
            records = insert_text(connection, table, headings, filled, self.spec.null_words)
        return Loaded(headings, records, [], Lines(self.spec.header, tuple(blank)))

    def _filled(self, rows: Iterator[Sequence[Any]], width: int, blank: list[int]) -> Iterator[Sequence[Any]]:
        for number, row in enumerate(rows, self.spec.header + 1):
            if any(value not in (None, "") for value in row):
                yield (*row[:width], *[None] * (width - len(row)))
            else:
                blank.append(number)

    def _headings(self, rows: Iterator[Sequence[Any]]) -> tuple[str, ...]:
        """Read down to the headings and give them."""
        row: Sequence[Any] = ()
        for _ in range(self.spec.header):
            row = next(rows, ())
        names = list(self.spec.headings) if self.spec.headings else [str(v) if v is not None else "" for v in row]
        while names and not names[-1].strip():
            names.pop()
        if not names:
            raise LakeError(
                f"{self.file} has no headings on row {self.spec.header} of sheet {self.spec.sheet}; it may be empty",
                f"{self.file} 的工作表 {self.spec.sheet} 第 {self.spec.header} 行没有列名；工作表可能为空",
            )
        return unique_names(names)

    @contextmanager
    def _rows(self) -> Iterator[Iterator[Sequence[Any]]]:
        try:
            self._refuse_bombs()
            book = openpyxl.load_workbook(self.file, read_only=True, data_only=True)
        except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
            raise LakeError(
                f"{self.file} is not an Excel workbook (.xlsx); open it in Excel and save it as .xlsx",
                f"{self.file} 不是 Excel 工作簿（.xlsx）；请用 Excel 另存为 .xlsx",
            ) from error
        try:
            sheet = self._sheet(book)
            self._refuse_merged_headings(book.sheetnames.index(sheet.title), sheet)
            yield sheet.iter_rows(values_only=True)
        finally:
            book.close()

    def _refuse_bombs(self) -> None:
        with zipfile.ZipFile(self.file) as archive:
            parts = archive.infolist()
        beside = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
        if beside > MOST_BESIDE:
            most = MOST_BESIDE // 1024**2
            raise LakeError(
                f"{self.file} unpacks to more than {most} MB of texts; save the sheet as CSV (UTF-8) and bring that",
                f"{self.file} 解压后的文本超过 {most} MB；请将工作表另存为 CSV（UTF-8）后再导入",
            )

    def _sheet(self, book: Any) -> Any:
        names = book.sheetnames
        wanted = self.spec.sheet
        if isinstance(wanted, int) and 1 <= wanted <= len(names):
            return book[names[wanted - 1]]
        if wanted in names:
            return book[wanted]
        raise LakeError(
            f"{self.file} has no sheet {wanted!r}; it has: {', '.join(names)}",
            f"{self.file} 没有工作表 {wanted!r}；已有：{'、'.join(names)}",
        )

    def _refuse_merged_headings(self, position: int, sheet: Any) -> None:
        """Merged headings name several columns, or a heading spreads over rows: only a person can tell."""
        part = getattr(sheet, "_worksheet_path", f"xl/worksheets/sheet{position + 1}.xml")
        with zipfile.ZipFile(self.file) as archive, archive.open(part) as xml:
            found = next((one for one in _merged(xml) if one[1] <= self.spec.header <= one[3]), None)
        if found:
            left, top, right, bottom = found
            raise LakeError(
                f"{self.file}: the headings on row {self.spec.header} are merged cells "
                f"({left}{top}:{right}{bottom}). Unmerge them so that each column has one heading, or set header: "
                "to the row that has them",
                f"{self.file}：第 {self.spec.header} 行列名含合并单元格（{left}{top}:{right}{bottom}）。"
                "请取消合并，使每列各有一个列名，或用 header: 指定列名所在行",
            )


def _merged(xml: IO[bytes]) -> Iterator[tuple[str, int, str, int]]:
    """The merged cells of a sheet: column and row of the first and of the last. A sheet may not fit into memory."""
    kept = b""
    while chunk := xml.read(CHUNK):
        kept += chunk
        end = kept.rfind(b">") + 1
        for match in _MERGED.finditer(kept, 0, end):
            left, top, right, bottom = (group.decode() for group in match.groups())
            yield left, int(top), right, int(bottom)
        kept = kept[end:] if end else kept[-CHUNK:]
