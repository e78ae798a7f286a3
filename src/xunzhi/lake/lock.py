"""One writer at a time."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper
from pathlib import Path

from xunzhi.lake.errors import LakeBusyError

PAUSE_S = 0.2


@contextmanager
def only_writer(file: Path, doing: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lake's write lock; the system frees it however the process ends.

    Raises:
        LakeBusyError: if another process holds it and `wait` is false: who, since when, doing what.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as stream:
        while not _taken(stream):
            if not wait:
                raise _busy(stream)
            time.sleep(PAUSE_S)
        stream.truncate(0)
        json.dump({**_me(), "since": f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}", "doing": doing}, stream)
        stream.flush()
        yield


def user_name() -> str:
    """The name of the user who runs this process; the number if it has no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def _taken(stream: TextIOWrapper) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _me() -> dict[str, str | int]:
    return {"who": user_name(), "host": socket.gethostname(), "pid": os.getpid()}


def _busy(stream: TextIOWrapper) -> LakeBusyError:
    stream.seek(0)
    try:
        held = json.loads(stream.read())
    except ValueError:  # the holder is just writing its name
        held = {"who": "?", "host": "?", "pid": "?", "since": "?", "doing": "?"}
    who = f"{held['who']}@{held['host']} (pid {held['pid']})"
    return LakeBusyError(
        f"{who} has been writing to the lake since {held['since']}: {held['doing']}. Try again later, or use --wait",
        f"{who} 自 {held['since']} 起正在写入数据湖：{held['doing']}。请稍后再试，或加 --wait 等待",
    )
