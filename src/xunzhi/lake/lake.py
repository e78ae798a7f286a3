"""The lake: canonical tables on disk, written as one and read by version."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path

from xunzhi.lake.engine import MEMORY
from xunzhi.lake.errors import LakeError, is_disk_full
from xunzhi.lake.files import latest, restore
from xunzhi.lake.lock import only_writer
from xunzhi.lake.snapshot import Snapshot
from xunzhi.lake.tables import system_tables
from xunzhi.lake.transaction import Transaction
from xunzhi.lake.versions import Version, Versions
from xunzhi.standards import Pack, Table


class Lake:
    """The lake under `home`/lake.

    Every table is a Delta table, partitioned by institution and month. A lake version names one version of each, so
    that several tables change as one; readers hold on to a :class:`Snapshot` of a version.
    """

    def __init__(self, home: Path, pack: Pack, *, memory: str = MEMORY):
        self.root = home.absolute() / "lake"
        self.pack = pack
        self.memory = memory
        self.versions = Versions(self.root / "_versions")

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """Every table that can stand in the lake."""
        return {**system_tables(), **self.pack.tables}

    def version(self) -> int:
        """The number of the newest version; 0 for an empty lake."""
        return self.versions.newest().number

    def snapshot(self, version: int | None = None) -> Snapshot:
        """The lake as it is now, or as it was at a version.

        Raises:
            LakeError: if there is no such version.
        """
        at = self.versions.newest() if version is None else self.versions.read(version)
        return Snapshot(self.root, self.pack, self.tables, at)

    @contextmanager
    def write(self, note: str, *, wait: bool = False) -> Iterator[Transaction]:
        """Change the lake: all that is done in the block becomes the next version at its end, or nothing does.

        Raises:
            LakeBusyError: if another process is writing and `wait` is false.
            LakeError: if the disk is full; the lake is as it was.
        """
        with only_writer(self.root / "_lock", note, wait=wait):
            self._undo_interrupted()
            staging = self.root / "_staging"
            staging.mkdir()
            try:
                with Transaction(self, staging, note) as transaction:
                    yield transaction
                    transaction.commit()
            except BaseException as error:
                self._remove_orphans(self.version())
                if is_disk_full(error) and not isinstance(error, LakeError):
                    raise self._full(staging) from error
                raise
            finally:
                shutil.rmtree(staging, ignore_errors=True)

    def publish(self, tables: Mapping[str, int], note: str) -> Version:
        """Make a set of table versions the newest version of the lake. Only for the holder of the write lock."""
        version = Version(self.version() + 1, datetime.now().astimezone(), note, dict(tables))
        self.versions.publish(version)
        return version

    def _undo_interrupted(self) -> None:
        """Take back what a killed writer left: files of a version that never came, and Delta versions ahead of ours."""
        now = self.versions.newest()
        staging = self.root / "_staging"
        ahead: dict[str, int] = {}
        for root in self._delta_tables():
            published = now.tables.get(root.name)
            if published is None:
                shutil.rmtree(root)
            elif latest(root) != published:
                ahead[root.name] = published
        if staging.exists():
            self._remove_orphans(now.number)
        if ahead:
            restored = {table: restore(self.root / table, version) for table, version in ahead.items()}
            self.publish({**now.tables, **restored}, "undo an interrupted write")
        shutil.rmtree(staging, ignore_errors=True)

    def _delta_tables(self) -> list[Path]:
        return [root for root in self.root.iterdir() if root.is_dir() and not root.name.startswith("_")]

    def _remove_orphans(self, published: int) -> None:
        """Data files are named after the version that brings them; those of a version to come belong to nobody."""
        for root in self._delta_tables():
            for file in root.rglob("*.parquet"):
                number = file.name.split("-")[0]
                if number.isdigit() and int(number) > published:
                    file.unlink()

    def _full(self, staging: Path) -> LakeError:
        shutil.rmtree(staging, ignore_errors=True)
        free = shutil.disk_usage(self.root).free / 1e6
        return LakeError(
            f"The disk of {self.root} is full ({free:.0f} MB free). Nothing was loaded: the lake is still at version "
            f"{self.version()}. Make room, then run the same command again",
            f"{self.root} 所在磁盘已满（剩余 {free:.0f} MB）。未导入任何数据，数据湖仍为版本 {self.version()}。"
            "请清理空间后重新运行同一命令",
        )
