"""CSV files, also front-page upload files (HQMS)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from xunzhi.lake.csv_file import Heading, line_numbers, read_heading, survey, unique_names, write_clean
from xunzhi.lake.engine import count_rows
from xunzhi.lake.errors import LakeError
from xunzhi.lake.files import literal, quoted
from xunzhi.lake.sources.base import Broken, Consume, FileSource, Lines, Loaded

MOST_BROKEN = 0.1
FEW = 1000
PASSES = 20
KEPT_TEXT = 100_000
SKIP = "ignore_errors=true"
KEEP = (
    "store_rejects=true, rejects_table='_rejects', rejects_scan='_reject_scans', rejects_limit=0, "
    f"rejects_line_size_limit={KEPT_TEXT}"
)
QUOTE, COLUMNS, BYTES = "csv-quote", "csv-columns", "csv-bytes"


class CsvSource(FileSource):
    """A CSV file in any encoding, plain, .gz or .zst."""

    def headings(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self._heading(survey(self.file, self.spec.encoding).encoding).names

    def load(self, connection: duckdb.DuckDBPyConnection, table: str, scratch: Path) -> Loaded:
        """Read all lines as text into a table; see :meth:`stream`."""

        def keep(lines: str, _: str) -> int:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(table)} AS FROM {lines}")
            return count_rows(connection, quoted(table))

        return self.stream(connection, scratch / f"{table}.csv", keep)

    def stream(self, connection: duckdb.DuckDBPyConnection, clean: Path, consume: Consume) -> Loaded:
        """Have `consume` read all lines as text; `clean` is a passing file for lines that must be mended first.

        Broken lines are listed, and never take their neighbours with them. A quotation mark that opens and never
        closes swallows the lines after it, in any reader. So the lines are counted: if some are missing, the line
        that opened is set aside and the file is consumed again without it.

        Raises:
            LakeError: if the file is empty, or most lines don't fit the headings.
        """
        seen = survey(self.file, self.spec.encoding)
        encoding, heading = seen.encoding, self._heading(seen.encoding)
        file, aside = self.file, dict[int, Broken]()
        if not seen.clean:
            texts = write_clean(file, encoding, clean, ())
            aside = {line: _bytes(line, text, encoding) for line, text in texts.items()}
            file, seen = clean, survey(clean)
        for _ in range(PASSES):
            records, rejects = self._read(connection, file, heading, consume)
            skipped = _skipped(heading, {*seen.blank, *aside}, rejects)
            missing = seen.lines - heading.lines - records - len(skipped)
            longer = _longer_records(connection, self._lines(file, heading, SKIP), heading.names) if missing else ()
            if missing == sum(further for _, further in longer):
                broken = sorted({**rejects, **aside}.values(), key=lambda line: line.line)
                self._refuse_mostly_broken(broken, records)
                return Loaded(heading.names, records, broken, Lines(heading.lines, skipped, longer))
            open_quotes = {line for line, reject in rejects.items() if reject.rule == QUOTE}
            if not open_quotes:
                break
            texts = write_clean(self.file, encoding, clean, {*aside, *open_quotes})
            aside |= {line: _quote(line, texts[line]) for line in open_quotes}
            file = clean
        raise LakeError(
            f"{self.file}: its lines can't be told apart. Nothing was loaded; check the quotation marks, or set "
            'quote: "" in the mapping',
            f'{self.file}：无法分辨各行。未导入任何数据，请检查引号，或在映射中设 quote: ""',
        )

    def _heading(self, encoding: str) -> Heading:
        found = read_heading(self.file, encoding, self.spec.header, self.spec.delimiter, self.spec.quote)
        if self.spec.headings:
            return Heading(unique_names(self.spec.headings), found.delimiter, found.lines)
        return found

    def _lines(self, file: Path, heading: Heading, rejects: str) -> str:
        """The lines of a file as a relation; `rejects` says what DuckDB is to do with those that don't fit."""
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in heading.names)
        nulls = ", ".join(literal(word) for word in ("", *self.spec.null_words))
        return (
            f"read_csv({literal(str(file))}, auto_detect=false, header=false, skip={heading.lines}, "
            f"delim={literal(heading.delimiter)}, quote={literal(self.spec.quote)}, "
            f"escape={literal(self.spec.quote)}, columns={{{columns}}}, nullstr=[{nulls}], {rejects})"
        )

    def _read(
        self, connection: duckdb.DuckDBPyConnection, file: Path, heading: Heading, consume: Consume
    ) -> tuple[int, dict[int, Broken]]:
        """Have the lines consumed; returns the number of records, and the lines that DuckDB refused."""
        connection.execute("DROP TABLE IF EXISTS _rejects; DROP TABLE IF EXISTS _reject_scans")
        try:
            records = consume(self._lines(file, heading, KEEP), self._lines(file, heading, SKIP))
        except duckdb.InvalidInputException as error:
            reason = str(error).split("\n")[0]
            if "CSV" not in reason:
                raise
            raise LakeError(f"{self.file} is not CSV: {reason}", f"{self.file} 不是 CSV 文件：{reason}") from error
        rows = connection.execute(
            # of a line that doesn't end, DuckDB may give the line before; the position of the value is right
            "SELECT CASE error_type WHEN 'UNQUOTED VALUE' THEN byte_position ELSE line_byte_position END - 1, "
            "error_type::VARCHAR, column_idx, csv_line FROM _rejects ORDER BY ALL DESC"
        ).fetchall()
        lines = line_numbers(file, sorted({position for position, *_ in rows}))
        rejects = [_reject(lines[at], kind, index, text, len(heading.names)) for at, kind, index, text in rows]
        return records, {reject.line: reject for reject in rejects}

    def _refuse_mostly_broken(self, broken: Sequence[Broken], records: int) -> None:
        total = records + len(broken)
        if len(broken) > FEW and len(broken) > MOST_BROKEN * total:
            first = broken[0]
            raise LakeError(
                f"{self.file}: {len(broken)} of {total} lines are broken, the first on line {first.line}: {first.en}. "
                "Nothing was loaded; check delimiter, quote, header and encoding in the mapping",
                f"{self.file}：{total} 行中有 {len(broken)} 行损坏，首个在第 {first.line} 行：{first.zh}。"
                "未导入任何数据，请检查映射中的 delimiter、quote、header 和 encoding",
            )


def _skipped(heading: Heading, without: Collection[int], rejects: dict[int, Broken]) -> tuple[int, ...]:
    """The lines below the headings that give no record; a record of several lines may have the wrong columns."""
    refused = {
        line + further
        for line, reject in rejects.items()
        for further in range(1 + (reject.text.count("\n") if reject.rule == COLUMNS else 0))
    }
    return tuple(sorted(line for line in refused | set(without) if line > heading.lines))


def _longer_records(
    connection: duckdb.DuckDBPyConnection, relation: str, headings: Sequence[str]
) -> tuple[tuple[int, int], ...]:
    """The records with line ends inside their texts, each with how many."""
    feeds = " + ".join(
        f"coalesce(length({quoted(name)}) - length(replace({quoted(name)}, chr(10), '')), 0)" for name in headings
    )
    having = " OR ".join(f"contains({quoted(name)}, chr(10))" for name in headings)
    found = connection.execute(
        f"SELECT record, {feeds} FROM (SELECT row_number() OVER () AS record, * FROM {relation}) "
        f"WHERE {having} ORDER BY 1"
    ).fetchall()
    return tuple((record, further) for record, further in found)


def _reject(line: int, kind: str, index: int | None, text: str, expected: int) -> Broken:
    plain = text.lstrip("\r\n")
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        en = f"{index} columns where the headings have {expected}"
        return Broken(line, COLUMNS, en, f"此行有 {index} 列，列名有 {expected} 个", plain)
    return _quote(line, plain)


def _quote(line: int, text: str) -> Broken:
    en = "a quotation mark that neither opens nor closes a value, or a line over 2 MB"
    return Broken(line, QUOTE, en, "引号不配对，或单行超过 2 MB", text)


def _bytes(line: int, text: str, encoding: str) -> Broken:
    return Broken(line, BYTES, f"bytes that are not {encoding}", f"含有非 {encoding} 编码的字节", text)
