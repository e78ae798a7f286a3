"""Claim: a scan of a hospital in which nothing happens raises few more signals than it says are to be expected.

A synthetic hospital with its ordinary variation (season, case mix, lasting and monthly effects, dirty values), through
ingest and measuring; the last complete months are scanned as the newest, one after the other. Expected are the false
alarms of independent points in control: what is above them is overdispersion, season, and tails of small counts.

    python -m benchmarks.quiet [HOME]      HOME: an installation that holds such a hospital already
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.common import claim
from xunzhi.lake import Lake
from xunzhi.measures import Readings
from xunzhi.measures.signals import scan
from xunzhi.standards import load_pack

BEDS, MONTHS, START, SCANNED = 250, 36, "2023-10", ("2026-08", "2026-07", "2026-06", "2026-05")
MOST = 2.5  # it was 4.2 before the pack named charts and rules for what carries over from month to month
SHOWN = 12


def make(folder: Path) -> Path:
    """A quiet hospital, loaded and measured; its home."""
    xunzhi = [sys.executable, "-c", "from xunzhi.cli import main; main()"]
    home = folder / "home"
    size = ["--beds", str(BEDS), "--months", str(MONTHS), "--start", START]
    for command in (
        ["synth", str(folder / "data"), *size, "--scenario", "quiet", "--seed", "5"],
        ["--home", str(home), "ingest", str(folder / "data" / "mapping.yaml")],
        ["--home", str(home), "measure"],
    ):
        subprocess.run([*xunzhi, *command], check=True, stdout=subprocess.DEVNULL)
    return home


def main(arguments: list[str]) -> int:
    """Print the claim; exit code 1 if it is missed."""
    with tempfile.TemporaryDirectory(prefix="xunzhi-bench-") as folder:
        home = Path(arguments[0]) if arguments else make(Path(folder))
        readings = Readings(Lake(home, load_pack()), home)
        scans = [scan(readings, readings.institutions()[0], month) for month in SCANNED]
    raised: Counter[str] = Counter(signal.indicator for one in scans for signal in one.signals)
    expected = sum(one.expected_false_alarms for one in scans)
    for month, one in zip(SCANNED, scans, strict=True):
        print(f"  {month}: {len(one.signals)} signals, {one.expected_false_alarms:.1f} expected, {one.charts} charts")
    print("  most often:", ", ".join(f"{name} {count}" for name, count in raised.most_common(SHOWN)))
    held = claim("signals over expected false alarms", raised.total() / expected, at_most=MOST)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
