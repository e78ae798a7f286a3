"""Claim: a site killed outright ten times under load loses nothing that it acknowledged; on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys

TEST = [sys.executable, "-m", "pytest", "-q", "tests/web/test_survival.py"]


def main() -> int:
    """Run the test of survival with ten kills on each database; exit code 1 if it fails."""
    environment = os.environ | {"XUNZHI_KILLS": "10"}
    for before in ([], [sys.executable, "-m", "tests.postgresql"]):
        if subprocess.run([*before, *TEST], env=environment, check=False).returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
