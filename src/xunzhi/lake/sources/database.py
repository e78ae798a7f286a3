"""SQL databases, by SQLAlchemy URL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import duckdb
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from xunzhi.lake.csv_file import unique_names
from xunzhi.lake.errors import LakeError
from xunzhi.lake.mapping import SourceSpec
from xunzhi.lake.sources.base import BATCH_ROWS, Loaded, insert_text

_REFERENCE = re.compile(r"\$\{(\w+)\}")


class SqlSource:
    """The rows of a query, streamed by a cursor on the server."""

    def __init__(self, spec: SourceSpec, folder: Path):
        self.spec = spec
        self.folder = folder
        self.files: Sequence[Path] = ()
        self.name = f"{spec.url} {' '.join(str(spec.query).split())}"  # the URL as written: no password in it

    def fingerprint(self) -> str | None:
        """None: only reading shows whether rows changed."""
        return None

    def size(self) -> int | None:
        """None: not a file."""
        return None

    def headings(self) -> tuple[str, ...]:
        """The names of the columns of the query."""
        with self._result() as result:
            return unique_names(list(result.keys()))

    def load(self, connection: duckdb.DuckDBPyConnection, table: str, scratch: Path) -> Loaded:
        """Read all rows, a batch at a time.

        Raises:
            LakeError: if the database can't be reached or refuses the query; the message has no password.
        """
        with self._result() as result:
            headings = unique_names(list(result.keys()))
            rows = (tuple(row) for row in result)
            return Loaded(headings, insert_text(connection, table, headings, rows, self.spec.null_words))

    @contextmanager
    def _result(self) -> Iterator[sa.CursorResult[tuple[object, ...]]]:
        try:
            engine = sa.create_engine(self._url())
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise LakeError(
                f"{self.spec.url}: not a URL like postgresql://user:${{NAME}}@host/database, or its driver is not "
                f"installed: {error}",
                f"{self.spec.url}：不是 postgresql://user:${{NAME}}@host/database 形式的地址，或未安装驱动：{error}",
            ) from error
        try:
            with engine.connect().execution_options(stream_results=True, yield_per=BATCH_ROWS) as connection:
                yield connection.execute(sa.text(str(self.spec.query)))
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
            raise LakeError(
                f"{self.spec.url} can't be read: {reason}", f"无法读取 {self.spec.url}：{reason}"
            ) from error
        finally:
            engine.dispose()

    def _url(self) -> str:
        """The URL with what the environment says put in; a SQLite path is relative to the mapping."""

        def value(match: re.Match[str]) -> str:
            found = os.environ.get(match[1])
            if found is None:
                raise LakeError(
                    f"The environment has no {match[1]}, which {self.spec.url} needs; set it before the import",
                    f"环境变量 {match[1]} 未设置（{self.spec.url} 需要）；请先设置",
                )
            return quote(found, safe="")

        url = _REFERENCE.sub(value, str(self.spec.url))
        if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
            return f"sqlite:///{self.folder / url.removeprefix('sqlite:///')}"
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
