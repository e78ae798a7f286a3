"""A throw-away PostgreSQL server for the tests: `with server("password") as address: …`.

As a program it runs a command with DATABASE_URL set: python -m tests.postgresql pytest tests/web
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4


def programs() -> Path | None:
    """The folder of the newest PostgreSQL that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def server(user: str, password: str) -> Iterator[str]:
    """A server that lives for the block; yields host and port as host:port."""
    bin_ = programs()
    assert bin_, "PostgreSQL is not installed"
    folder = Path(tempfile.mkdtemp(prefix="xunzhi-pg-"))  # pytest's own folders are closed to other users
    folder.chmod(0o755)
    as_user = ["runuser", "-u", "nobody", "--"] if os.getuid() == 0 else []
    if as_user:
        shutil.chown(folder, "nobody")
    (folder / "password").write_text(f"{password}\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *arguments: str) -> None:
        command = [*as_user, str(bin_ / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    data, secret = str(folder / "data"), f"--pwfile={folder / 'password'}"
    call("initdb", "-D", data, "-U", user, "-A", "scram-sha-256", secret, "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    call("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"127.0.0.1:{port}"
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@contextmanager
def own_database() -> Iterator[str | None]:
    """A new database beside that of DATABASE_URL, for a site of its own; yields its URL, None without PostgreSQL."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield None
        return
    import psycopg  # noqa: PLC0415  only installed with PostgreSQL

    name = f"xunzhi_{uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            yield f"{url.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def main(command: list[str]) -> int:
    """Run a command on a database of its own; without PostgreSQL say so, and succeed."""
    if programs() is None:
        sys.stderr.write("PostgreSQL is not installed: the tests on it are left out\n")
        return 0
    password = "s3cret/@:"
    with server("xunzhi", password) as at:
        url = f"postgresql://xunzhi:{quote(password, safe='')}@{at}/postgres"
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
