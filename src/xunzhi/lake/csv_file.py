"""CSV files as they come: any encoding, any line ends, broken lines. Made fit for DuckDB to read."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from xunzhi.lake.errors import LakeError

CHUNK = 1 << 18  # as much as stays in the cache of a core: three times as quick as 4 MB
SAMPLE = 1 << 22
FEED = 10
BAD = "\ufdd0"  # no character; stands for bytes that are not of the encoding
DELIMITERS = (",", "\t", ";", "|")
_BLANK = re.compile(rb"(?<=\n)\r?\n")
_TEXT = re.compile(rb"[^\r\n]")
_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def _mark_bad(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return BAD, error.end


codecs.register_error("xunzhi_mark", _mark_bad)


@dataclass(frozen=True)
class Survey:
    """What one look at a file shows. `blank` are the numbers of empty lines."""

    encoding: str
    clean: bool
    lines: int
    blank: list[int] = field(default_factory=list)


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """The bytes of a file, decompressed if it ends in .gz or .zst."""
    if file.suffix == ".gz":
        with gzip.open(file) as stream:
            yield stream
    elif file.suffix == ".zst":
        with pa.input_stream(str(file), compression="zstd") as stream:
            yield stream
    else:
        with file.open("rb") as stream:
            yield stream


def fingerprint(file: Path) -> str:
    """The SHA-256 of a file."""
    status = file.stat()
    return _digest(file, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest(file: Path, size: int, modified: int) -> str:
    """Read once as long as size and time of the file stay the same."""
    del size, modified
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def survey(file: Path, encoding: str = "auto") -> Survey:
    """Read a file once: its encoding, whether DuckDB can read it as it is, its lines.

    Raises:
        LakeError: if the file is empty.
    """
    with opened(file) as stream:
        head = stream.read(1 << 16)
    if not head.strip():
        raise LakeError(
            f"{file} is empty. Nothing was loaded; ask for the file again",
            f"{file} 是空文件。未导入任何数据，请重新取得该文件",
        )
    found = next((name for bom, name in _BOMS.items() if head.startswith(bom)), "utf-8")
    tried = found if encoding == "auto" else _known(encoding)
    valid, lines, ends, blank = _scan(file, tried)
    if not valid and encoding == "auto" and found == "utf-8":
        tried = _second_guess(file)
    clean = valid and tried in ("utf-8", "ascii") and ends in ({"\n"}, {"\r\n"}, set())
    return Survey(tried, clean, lines, blank)


def _known(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise LakeError(
            f"No encoding is called {encoding!r}; write utf-8, gb18030, utf-16 or auto",
            f"没有名为 {encoding!r} 的编码；请写 utf-8、gb18030、utf-16 或 auto",
        ) from None


def _scan(file: Path, encoding: str) -> tuple[bool, int, set[str], list[int]]:
    """Whether all bytes are of the encoding; number of lines; kinds of line ends; empty lines."""
    decodes = _utf8_check() if encoding == "utf-8" else _check(encoding)
    valid, lines, ends, blank, last = True, 0, Counter[str](), [], b"\n"
    with opened(file) as stream:
        while chunk := stream.read(CHUNK):
            if chunk.endswith(b"\r"):  # keep \r\n together
                chunk += stream.read(1)
            valid = valid and decodes(chunk)
            feed = np.frombuffer(chunk, np.uint8) == FEED
            feeds, returns = int(np.count_nonzero(feed)), b"\r" in chunk
            both = chunk.count(b"\r\n") if returns else 0
            ends.update({"\r\n": both, "\n": feeds - both, "\r": returns and feeds == 0})
            doubled = bool(np.any(feed[1:] & feed[:-1])) or (returns and b"\n\r\n" in chunk)
            if doubled or chunk.startswith((b"\n", b"\r\n")):
                blank += _blank_lines(last, chunk, lines)
            lines += feeds
            last = chunk[-1:]
    return valid and decodes(b""), lines + (not last.endswith(b"\n")), {end for end, n in ends.items() if n}, blank


def _check(encoding: str) -> Callable[[bytes], bool]:
    """Tells of chunk after chunk whether they are of an encoding; a character may be cut between two."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")

    def decodes(chunk: bytes) -> bool:
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
        return True

    return decodes


def _utf8_check() -> Callable[[bytes], bool]:
    """As :func:`_check` of UTF-8, but quick, for Arrow makes no text of the bytes. An empty chunk is the end."""
    rest = b""

    def decodes(chunk: bytes) -> bool:
        nonlocal rest
        text = rest + chunk
        if not chunk:
            return _check("utf-8")(text)
        cut = next((back for back in (1, 2, 3) if text[-back:][:1] >= b"\xc0"), 0)
        whole = len(text) - cut
        rest = text[whole:]
        ends = pa.py_buffer(np.array([0, whole], np.int64))
        try:
            pa.Array.from_buffers(pa.large_string(), 1, [None, ends, pa.py_buffer(text)]).validate(full=True)
        except pa.ArrowInvalid:
            return False
        return True

    return decodes


def _blank_lines(last: bytes, chunk: bytes, before: int) -> list[int]:
    """Numbers of the empty lines of a chunk that `before` lines stand before."""
    text = last + chunk
    found, at, line = [], 1, before
    for match in _BLANK.finditer(text):
        line += text.count(b"\n", at, match.end())
        at = match.end()
        found.append(line)
    return found


def _second_guess(file: Path) -> str:
    """The encoding of a file that is not UTF-8 throughout: GB18030, unless that fits worse."""
    with opened(file) as stream:
        sample = stream.read(SAMPLE)
    bad = {name: sample.decode(name, "replace").count("\ufffd") for name in ("gb18030", "utf-8")}
    return min(bad, key=bad.__getitem__)


def line_numbers(file: Path, positions: Sequence[int]) -> dict[int, int]:
    """On which line the first text at or after each byte stands: DuckDB may let a line begin with line ends before it.

    `positions` are in order, counted from 0 in the decompressed file.
    """
    found: dict[int, int] = {}
    left, start, line = list(reversed(positions)), 0, 1
    with opened(file) as stream:
        while left and (chunk := stream.read(CHUNK)):
            at = 0
            while left and left[-1] < start + len(chunk):
                position = left.pop()
                begin = _TEXT.search(chunk, position - start)
                here = begin.start() if begin else len(chunk)
                line += chunk.count(b"\n", at, here)
                at = here
                found[position] = line
            line += chunk.count(b"\n", at)
            start += len(chunk)
    return found | dict.fromkeys(left, line)


def write_clean(file: Path, encoding: str, target: Path, drop: Collection[int]) -> dict[int, str]:
    """Copy a file as UTF-8 with plain line ends; lines to drop, and lines with wrong bytes, become empty.

    Returns the text of those lines by number, with � for each wrong byte.
    """
    dropped: dict[int, str] = {}
    with opened(file) as stream, target.open("w", encoding="utf-8", newline="\n") as clean:
        text = io.TextIOWrapper(io.BufferedReader(_Unclosing(stream), CHUNK), encoding, errors="xunzhi_mark")
        for number, line in enumerate(text, 1):
            if number in drop or BAD in line:
                dropped[number] = line.rstrip("\n").replace(BAD, "\ufffd")
                clean.write("\n")
            else:
                clean.write(line.removeprefix("\ufeff") if number == 1 else line)
        text.detach()
    return dropped


class _Unclosing(io.RawIOBase):
    """A readable raw stream over any reader; closing it leaves the reader open."""

    def __init__(self, stream: Any):
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@dataclass(frozen=True)
class Heading:
    """The headings of a CSV file, the delimiter between them, and the number of lines down to the first row."""

    names: tuple[str, ...]
    delimiter: str
    lines: int


def read_heading(file: Path, encoding: str, line: int, delimiter: str, quote: str) -> Heading:
    """Read the headings on a line; headings without a name are called column_N, doubled ones get _2.

    Raises:
        LakeError: if the file is shorter.
    """
    with opened(file) as stream:
        text = stream.read(1 << 20).decode(encoding, "replace").removeprefix("\ufeff")
    lines = text.splitlines()
    if len(lines) < line:
        raise LakeError(f"{file} has no line {line} with headings", f"{file} 没有第 {line} 行（列名行）")
    if delimiter == "auto":
        delimiter = max(DELIMITERS, key=lines[max(line - 1, 0)].count)
    if line == 0:
        return Heading((), delimiter, 0)
    options = {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}
    reader = csv.reader(io.StringIO("\n".join(lines[line - 1 :])), delimiter=delimiter, **options)
    names = next(reader)
    return Heading(unique_names(names), delimiter, line - 1 + reader.line_num)


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Headings trimmed and made unique."""
    seen: Counter[str] = Counter()
    unique = []
    for position, name in enumerate(names, 1):
        plain = name.strip(" \t\u3000\ufeff\n") or f"column_{position}"
        seen[plain.lower()] += 1
        unique.append(plain if seen[plain.lower()] == 1 else f"{plain}_{seen[plain.lower()]}")
    return tuple(unique)
