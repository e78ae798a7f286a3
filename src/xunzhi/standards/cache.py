"""Packs already checked, kept on disk, so that a command needn't check hundreds of files again.

One file for each pack in $XDG_CACHE_HOME/xunzhi (~/.cache/xunzhi). It counts only if every file of the pack and of the
program's own standards code is as it was, and only its owner can write it, since reading a pickle runs it. Whatever is
wrong with it, the pack is loaded from its files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xunzhi.standards.pack import Pack

KINDS = (".yaml", ".sql")
"""The files that a pack is made of."""

SETTLED = 2
"""Seconds that a pack's files must be unchanged before it is kept: one being edited may have changed while loading."""


def fingerprint(folders: Sequence[Path], parts: Sequence[str] = ()) -> str:
    """Changes with the name, place or content of any file of these folders that a pack is made of.

    With `parts`, only of the files and folders of these names that stand directly in one of them.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for file in (file for file in _files(folder) if not parts or file.relative_to(folder).parts[0] in parts):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(folder)}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def cached(root: Path, load: Callable[[], Pack]) -> Pack:
    """The pack in a folder (absolute): as it was checked before, or loaded now and kept for the next time."""
    begun = time.time()
    file = _place(root)
    known = _known(file) if file else None
    if known is not None:
        return known
    pack = load()
    with contextlib.suppress(OSError):  # a disk that is full or can't be written to
        if file and _newest(pack.layers) < begun - SETTLED:
            _keep(file, pack)
    return pack


def _place(root: Path) -> Path | None:
    """Where the pack of a folder is kept; None for a user without a home."""
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = Path(home) if home else Path("~/.cache").expanduser()
    except RuntimeError:
        return None
    return folder / "xunzhi" / f"{hashlib.sha256(str(root).encode()).hexdigest()[:16]}.pack"


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.rglob("*")) if file.suffix in KINDS)


def _newest(folders: Sequence[Path]) -> float:
    return max(file.stat().st_mtime for folder in folders for file in _files(folder))


def _mark(layers: Sequence[Path]) -> str:
    """Changes with the standards, and with what could read them differently."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(" ".join(version(name) for name in ("pydantic", "sqlglot", "duckdb")).encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    digest.update(fingerprint(layers).encode())
    return digest.hexdigest()


def _known(file: Path) -> Pack | None:
    """The pack in a file of the cache, if the file is ours alone and all is as it was."""
    try:
        if not (_only_ours(file) and _only_ours(file.parent)):
            return None
        layers, mark, content = pickle.loads(file.read_bytes())  # noqa: S301 - only the user can have written it
        if mark != _mark(layers):
            return None
        pack: Pack = pickle.loads(content)  # noqa: S301
    except Exception:  # noqa: BLE001 - a damaged pickle fails in any way, and the pack itself is at hand
        return None
    return pack


def _only_ours(path: Path) -> bool:
    status = path.stat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _keep(file: Path, pack: Pack) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = pickle.dumps((pack.layers, _mark(pack.layers), pickle.dumps(pack)))
    handle, draft = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(draft).replace(file)
    except OSError:
        Path(draft).unlink()
        raise
