"""Files and folders that survive a power cut."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def sync(path: Path) -> None:
    """Have the disk hold the content of a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(file: Path, text: str) -> None:
    """Write a file so that readers see the old or the new one, also after a power cut."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        draft.chmod(0o644)
        draft.replace(file)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync(file.parent)
