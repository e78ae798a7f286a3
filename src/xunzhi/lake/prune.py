"""Letting go of old versions: the newest stay, and those that somebody holds on to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from xunzhi.lake.files import data_files
from xunzhi.lake.lake import Lake
from xunzhi.lake.lock import only_writer


@dataclass(frozen=True)
class Pruned:
    """What was let go."""

    versions: tuple[int, ...]
    files: int
    size: int


def prune(lake: Lake, keep: int, held: Collection[int] = ()) -> Pruned:
    """Forget all versions but the newest `keep`, those `held`, and those held for a printed bulletin.

    Files that no remaining version needs are deleted. Killed half-way, it leaves files that belong to nobody, which the
    next run deletes; a version is forgotten before its files are.

    Raises:
        ValueError: for keep < 1.
        LakeBusyError: if another process is writing.
    """
    if keep < 1:
        raise ValueError(f"--keep {keep}: 至少保留最新版本 / at least the newest version must stay")
    with only_writer(lake.root / "_lock", "prune"):
        numbers = lake.versions.numbers()
        stay = {*numbers[-keep:], *held, *lake.versions.held()}
        gone = tuple(number for number in numbers if number not in stay)
        for number in gone:
            lake.versions.forget(number)
        needed = {
            lake.root / table / file.path
            for number in lake.versions.numbers()
            for table, version in lake.versions.read(number).tables.items()
            for file in data_files(lake.root / table, version)
        }
        unused = [file for file in lake.root.glob("[!_]*/**/*.parquet") if file not in needed]
        unused = [file for file in unused if "_delta_log" not in file.parts]
        size = sum(file.stat().st_size for file in unused)
        for file in unused:
            file.unlink()
    return Pruned(gone, len(unused), size)
