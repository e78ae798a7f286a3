"""Lake versions: manifests that say which version of each Delta table belongs together."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from xunzhi.lake.errors import LakeError
from xunzhi.standards.durable import sync


@dataclass(frozen=True)
class Version:
    """One state of the whole lake. `tables` maps a table to the version of its Delta log."""

    number: int
    time: datetime
    note: str
    tables: Mapping[str, int] = field(default_factory=dict)


class Versions:
    """The folder of manifests. The newest one is the state of the lake; none is ever changed."""

    def __init__(self, folder: Path):
        self.folder = folder

    def numbers(self) -> list[int]:
        """All published versions, the oldest first."""
        return sorted(int(file.stem) for file in self.folder.glob("*.json") if file.stem.isdigit())

    def hold(self, number: int, why: str) -> None:
        """Note that a version must stay, so that what was printed from it can be printed again."""
        if number:
            (self.folder / f"{number}.held").write_text(why + "\n", encoding="utf-8")

    def held(self) -> list[int]:
        """The versions that must stay."""
        return sorted(int(file.stem) for file in self.folder.glob("*.held") if file.stem.isdigit())

    def forget(self, number: int) -> None:
        """Let a version go; it can't be read any more."""
        (self.folder / f"{number}.json").unlink()

    def newest(self) -> Version:
        """The state of the lake now; version 0 is the empty lake."""
        return self.read(max(self.numbers(), default=0))

    def read(self, number: int) -> Version:
        """A published version.

        Raises:
            LakeError: if there is no such version.
        """
        if number == 0:
            return Version(0, datetime.fromtimestamp(0).astimezone(), "empty")
        try:
            data = json.loads((self.folder / f"{number}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise LakeError(
                f"The lake has no version {number}; `xunzhi lake versions` lists those it has",
                f"数据湖没有版本 {number}；用 `xunzhi lake versions` 查看已有版本",
            ) from None
        return Version(number, datetime.fromisoformat(data["time"]), data["note"], data["tables"])

    def publish(self, version: Version) -> None:
        """Make a version the newest, in one step that happens or doesn't; an existing one is never replaced."""
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{version.number}.draft"
        with draft.open("w", encoding="utf-8") as stream:
            json.dump({**asdict(version), "time": version.time.isoformat()}, stream, ensure_ascii=False, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(draft, self.folder / f"{version.number}.json")
        draft.unlink()
        sync(self.folder)
