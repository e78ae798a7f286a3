"""CSV files as hospitals send them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xunzhi.lake import LakeError
from xunzhi.lake.csv_file import _check, _utf8_check
from xunzhi.lake.mapping import SourceSpec
from xunzhi.lake.sources import Loaded
from xunzhi.lake.sources.csv_source import CsvSource

Rows = list[tuple[Any, ...]]


def read(folder: Path, data: bytes, *, name: str = "in.csv", **spec: Any) -> tuple[Loaded, Rows]:
    file = folder / name
    file.write_bytes(data)
    with duckdb.connect() as connection:
        loaded = CsvSource(SourceSpec(type="csv", path=name, **spec), file).load(connection, "t", folder)
        return loaded, connection.execute("FROM t").fetchall()


def lines(loaded: Loaded) -> list[int]:
    assert loaded.lines is not None
    return loaded.lines.of(np.arange(1, loaded.records + 1)).tolist()


def broken(loaded: Loaded) -> list[tuple[int, str]]:
    return [(line.line, line.rule) for line in loaded.broken]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_line_end(tmp_path: Path, encoding: str, end: str) -> None:
    text = end.join(["病案号,姓名", "1,张三", "2,㐀𠮷", ""])
    loaded, rows = read(tmp_path, text.encode(encoding))
    assert loaded.headings == ("病案号", "姓名")
    assert rows == [("1", "张三"), ("2", "㐀𠮷")]
    assert lines(loaded) == [2, 3]
    assert loaded.broken == []


@given(st.binary(max_size=40), st.lists(st.sampled_from(["a", "é", "中", "𠮷", "\n"]), max_size=40), st.integers(1, 9))
def test_the_quick_check_of_utf8_agrees_with_python(wrong: bytes, right: list[str], size: int) -> None:
    for data in (wrong, "".join(right).encode(), "".join(right).encode() + wrong):
        chunks = [data[at : at + size] for at in range(0, len(data), size)]
        quick, plain = _utf8_check(), _check("utf-8")
        assert all([*map(quick, chunks), quick(b"")]) == all(map(plain, chunks))


def test_compressed_files(tmp_path: Path) -> None:
    data = "病案号,b\n1,张\n".encode("gb18030")
    assert read(tmp_path, gzip.compress(data), name="in.csv.gz")[1] == [("1", "张")]
    with pa.output_stream(str(tmp_path / "z"), compression="zstd") as stream:
        stream.write("病案号,b\n1,张\n".encode())
    assert read(tmp_path, (tmp_path / "z").read_bytes(), name="in.csv.zst")[1] == [("1", "张")]


def test_the_text_na_is_data_and_only_the_empty_text_is_null(tmp_path: Path) -> None:
    data = b'a,b\nNA,""\nNULL,\n-,x\n'
    assert read(tmp_path, data)[1] == [("NA", None), ("NULL", None), ("-", "x")]
    assert read(tmp_path, data, nulls=["NA", "-"])[1] == [(None, None), ("NULL", None), (None, "x")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b,c\n1,2\n4,5,6\n", (2, "csv-columns")),
        (b"a,b,c\n1,2,3,4\n4,5,6\n", (2, "csv-columns")),
        (b'a,b,c\n1,"x"y,3\n4,5,6\n', (2, "csv-quote")),
        (b'a,b,c\n1,"xy"z","3\n4,5,6\n', (2, "csv-quote")),
        (b'a,b,c\n1,"never closed,3\n4,5,6\n', (2, "csv-quote")),
        ("a,b,c\n1,张,3\n4,5,6\n".encode("gb18030") + b"7,\xff\xff,9\n", (4, "csv-bytes")),
        (b"\na,b,c\n\n1,2\n\n4,5,6\n", (4, "csv-columns")),
        (b"a,b,c\r\n1,2\r\n4,5,6\n", (2, "csv-columns")),
    ],
)
def test_a_broken_line_is_set_aside_with_its_number(tmp_path: Path, data: bytes, expected: tuple[int, str]) -> None:
    loaded, rows = read(tmp_path, data, header=2 if data.startswith(b"\n") else 1)
    assert broken(loaded) == [expected]
    assert rows[-1] == ("4", "5", "6")


def test_an_open_quotation_mark_never_swallows_other_lines(tmp_path: Path) -> None:
    plain, bad = b"1234567890,some text here,abcdefghij\n", b'1234567890,"some text here,abcdefghij\n'
    data = b"a,b,c\n" + plain * 150_000 + bad + plain * 150_000 + bad + plain * 10
    loaded, rows = read(tmp_path, data)
    assert broken(loaded) == [(150_002, "csv-quote"), (300_003, "csv-quote")]
    assert len(rows) == 300_010
    assert set(rows) == {("1234567890", "some text here", "abcdefghij")}
    assert lines(loaded)[150_000] == 150_003


def test_line_numbers_hold_beside_long_records_empty_and_broken_lines(tmp_path: Path) -> None:
    loaded, rows = read(tmp_path, b'a,b,c\n1,"x\ny\nz",3\n\n4,5\n7,8,9\n"a\nb",1\n1,2,3\n')
    assert rows == [("1", "x\ny\nz", "3"), ("7", "8", "9"), ("1", "2", "3")]
    assert lines(loaded) == [2, 7, 10]
    assert broken(loaded) == [(6, "csv-columns"), (8, "csv-columns")]


def test_delimiters_headings_and_files_without_them(tmp_path: Path) -> None:
    assert read(tmp_path, b"a;b\n1;2\n")[1] == [("1", "2")]
    assert read(tmp_path, b'a\tb\n1\t"x\n', quote="")[1] == [("1", '"x')]
    assert read(tmp_path, b"a,a,,b \n1,2,3,4\n")[0].headings == ("a", "a_2", "column_3", "b")
    assert read(tmp_path, b"1,2\n3,4\n", header=0, headings=["x", "y"])[1] == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  "])
def test_an_empty_file_is_one_message(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(LakeError, match="is empty") as error:
        read(tmp_path, data)
    assert "空文件" in error.value.zh


def test_the_wrong_delimiter_is_one_message_not_a_million_broken_lines(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="2000 of 2000 lines are broken, the first on line 2: 1 columns where"):
        read(tmp_path, b"a,b,c\n" + b"1\n" * 2000)


def test_an_unknown_encoding_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="No encoding is called 'utf-9'"):
        read(tmp_path, b"a\n1\n", encoding="utf-9")
