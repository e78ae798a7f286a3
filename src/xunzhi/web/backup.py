"""`xunzhi backup` and `xunzhi restore`: all of an installation in one file, taken while the site runs.

The file is a tar: the database as of one moment, every other file of the home folder, and last a manifest with the
SHA-256 of each. Marks of the audit log are read before the database and attachments after it, so that all that the
database speaks of is there. Imports and computations wait until the lake and the measures are read.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import dj_database_url

from xunzhi.lake.lock import only_writer
from xunzhi.standards.local import FOLDER, LOCK, settling
from xunzhi.web.configuration import home

MANIFEST = "manifest.json"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
SQLITE = "xunzhi.sqlite3"
LEFT_OUT = {"static", "spill", SQLITE, f"{SQLITE}-wal", f"{SQLITE}-shm"}
"""Entries of the home folder that are made anew, or stored as the database."""

SCRATCH = {"lake/_lock", "lake/_staging", "measures/lock", LOCK}
CHUNK = 1 << 20

Say = Callable[[str, str], None]


class _Hashing(io.RawIOBase):
    """A file that is hashed while it is read."""

    def __init__(self, stream: IO[bytes]):
        self.stream = stream
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        found = self.stream.read(size)
        self.hash.update(found)
        return found


def backup(file: Path, say: Say) -> int:
    """Write everything to a file; it appears under its name only when it is whole. Returns how many files it holds.

    Raises:
        FileExistsError: if the file exists.
        ValueError: if pg_dump is missing or fails.
    """
    if file.exists():
        raise FileExistsError(f"{file} 已存在，不覆盖 / exists and is not overwritten")
    draft = file.with_name(f".{file.name}.part")
    kept: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        out = stack.enter_context(os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"))
        stack.callback(draft.unlink, missing_ok=True)
        tar = stack.enter_context(tarfile.open(fileobj=out, mode="w"))
        root = home()
        for path in _files(root / "audit"):
            _add(tar, path, f"home/{path.relative_to(root)}", kept)
        say("数据库", "database")
        with _database() as (name, path):
            _add(tar, path, name, kept)
        for part in sorted(root.iterdir()):
            if part.name in LEFT_OUT | {"audit"}:
                continue
            say(part.name, part.name)
            with _still(part):
                for path in _files(part):
                    if not path.relative_to(root).as_posix().startswith(tuple(SCRATCH)):
                        _add(tar, path, f"home/{path.relative_to(root).as_posix()}", kept)
        manifest = {
            "xunzhi": version("xunzhi"),
            "created": datetime.now().astimezone().isoformat(timespec="seconds"),
            "files": kept,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
        member = tarfile.TarInfo(MANIFEST)
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
        tar.close()
        out.flush()
        os.fsync(out.fileno())
        draft.rename(file)
    return len(kept)


def _files(part: Path) -> Iterator[Path]:
    if part.is_file():
        yield part
    elif part.is_dir():
        yield from (path for path in sorted(part.rglob("*")) if path.is_file() and not path.is_symlink())


@contextmanager
def _still(part: Path) -> Iterator[None]:
    """Keep the lake, the measures or the standards from changing while they are read."""
    if part.name == "lake":
        with only_writer(part / "_lock", "backup", wait=True):
            yield
    elif part.name == "measures":
        with (part / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    elif part.name == FOLDER:
        with settling(part.parent):
            yield
    else:
        yield


def _add(tar: tarfile.TarFile, path: Path, name: str, kept: dict[str, dict[str, Any]]) -> None:
    with path.open("rb") as stream:
        member = tar.gettarinfo(arcname=name, fileobj=stream)
        hashing = _Hashing(stream)
        tar.addfile(member, hashing)  # type: ignore[arg-type]
    kept[name] = {"size": member.size, "sha256": hashing.hash.hexdigest()}


def _url() -> str:
    """The address of a PostgreSQL database; "" for SQLite in the home folder."""
    url = os.environ.get("DATABASE_URL", "")
    return "" if url.startswith("sqlite") else url


@contextmanager
def _database() -> Iterator[tuple[str, Path]]:
    """The database as of one moment, as a file that lives for the block."""
    with tempfile.TemporaryDirectory(prefix="xunzhi-backup-") as folder:
        kind = "postgresql" if _url() else "sqlite"
        copy = Path(folder) / DATABASES[kind]
        if kind == "sqlite":
            file = home() / SQLITE
            if not file.is_file():
                raise FileNotFoundError(f"{file} 不存在 / is not there: is this the home of a site?")
            with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
                source.backup(target)
        else:
            _postgresql("pg_dump", "--format=custom", "--no-owner", f"--file={copy}")
        yield copy.name, copy


def _postgresql(program: str, *arguments: str) -> None:
    """Run a client program of PostgreSQL; the password is not shown to others on the machine.

    Raises:
        ValueError: if it is not installed, or fails.
    """
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)
    found = shutil.which(program) or next((str(path) for path in versions), None)
    if found is None:
        raise ValueError(
            f"未安装 {program}（postgresql-client）/ {program} is not installed (package postgresql-client)"
        )
    parts = dj_database_url.parse(_url())
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    environment = os.environ | {name: str(parts[key]) for name, key in names.items() if parts.get(key)}
    ended = subprocess.run([found, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        raise ValueError(f"{program}: {ended.stderr.strip()}")


def restore(file: Path, say: Say, *, force: bool = False) -> int:
    """Make the home folder, and the database, what a backup holds. Everything is verified before anything changes.

    With `force` what is there is put aside as `<home>.before-<time>`; a PostgreSQL database is overwritten.

    Raises:
        ValueError: if the file is damaged or of another kind of database, or there is something that would be lost.
    """
    root = home()
    if not force and _in_use(root):
        raise ValueError(
            f"{root} 里已有数据，加 --force 才会替换 / holds data; --force replaces it (the old is put aside)"
        )
    root.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{root.name}-restore-", dir=root.parent))
    try:
        say("核验", "verifying")
        count = _unpacked(file, draft)
        kind = "postgresql" if _url() else "sqlite"
        database = draft / DATABASES[kind]
        if not database.is_file():
            raise ValueError(
                "备份的数据库类型与 DATABASE_URL 不同 / the backup is of the other kind of database than DATABASE_URL"
            )
        _put_back(draft, database, kind, root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return count


def _in_use(root: Path) -> bool:
    known = {path.name for path in root.iterdir()} if root.is_dir() else set()
    return bool(known - {"static", "spill"})


def _put_back(draft: Path, database: Path, kind: str, root: Path) -> None:
    content = draft / "home"
    content.mkdir(exist_ok=True)
    if kind == "sqlite":
        database.rename(content / SQLITE)
    else:
        to = f"--dbname={dj_database_url.parse(_url())['NAME']}"
        _postgresql("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", to, str(database))
    if root.exists():
        if _in_use(root):
            root.rename(root.with_name(f"{root.name}.before-{datetime.now().astimezone():%Y%m%d-%H%M%S}"))
        else:
            shutil.rmtree(root)
    content.rename(root)


def _unpacked(file: Path, to: Path) -> int:
    """Unpack a backup and compare every file with the manifest. Returns how many there are.

    Raises:
        ValueError: naming what is damaged.
    """
    try:
        with tarfile.open(file, mode="r:") as tar:
            tar.extractall(to, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{file} 已损坏或不是备份文件 / is damaged or no backup: {error}") from error
    if not (to / MANIFEST).is_file():
        raise ValueError(f"{file} 不完整：没有清单 / is not whole: it has no manifest")
    kept: dict[str, dict[str, Any]] = json.loads((to / MANIFEST).read_text(encoding="utf-8"))["files"]
    found = {path.relative_to(to).as_posix() for path in to.rglob("*") if path.is_file()} - {MANIFEST}
    wrong = sorted(found ^ set(kept)) + [
        name for name in sorted(found & set(kept)) if _sha(to / name) != kept[name]["sha256"]
    ]
    if wrong:
        raise ValueError(f"备份已损坏 / the backup is damaged: {', '.join(wrong[:5])}")
    return len(kept)


def _sha(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
