"""Claim: 1,000 p charts × 60 points with limits and all Nelson rules in under 50 ms, at least 500× pyqicharts 2.0.0.

The peer runs in an environment of its own (`uv run --with`), on the same numbers. It is given its cheapest path, the
calculation table without a figure, and its Nelson rules; as it is slow, it does a share of the charts, and its time is
scaled to all. Limits must be equal before any time is compared.

    python benchmarks/spc.py
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.common import claim, in_cpu, timed
from xunzhi import spc

CHARTS, POINTS, PEER_CHARTS, REPEATS = 1_000, 60, 20, 15
PEER = "pyqicharts==2.0.0"
CLAIM_MS, CLAIM_RATIO = 50, 500
SEED = 20260901

PEER_SCRIPT = """
import json, sys, time
import numpy as np, pandas as pd
from pyqicharts.nelson import nelson_rule_signals
from pyqicharts.tables import qic_table

data = np.load(sys.argv[1])
frames = [
    pd.DataFrame({"x": range(cases.size), "cases": cases, "size": size})
    for cases, size in zip(data["cases"], data["size"])
]

def run():
    lines, signals = [], 0
    for frame in frames:
        table = qic_table(frame, x="x", y="cases", denominator="size", chart="p")
        sigma = (table["ucl"] - table["centre"]) / 3
        signals += len(nelson_rule_signals(table["plot_value"], table["centre"], sigma))
        lines.append(table[["centre", "lcl", "ucl"]].to_numpy().T.tolist())
    return lines

seconds = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter(), time.process_time()
    lines = run()
    seconds.append((time.perf_counter() - start[0], time.process_time() - start[1]))
json.dump({"seconds": seconds, "lines": lines}, sys.stdout)
"""


def ours(cases: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, spc.Limits]:
    """Milliseconds of each repeat by the clock and of CPU, and the chart."""

    def run() -> spc.Limits:
        chart = spc.limits("p", cases, size)
        spc.signals(chart, spc.RULE_SETS["nelson"])
        return chart

    spent, chart = timed(run, REPEATS)
    return np.array([(one.clock, one.cpu) for one in spent]) * 1000, chart


def theirs(cases: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Milliseconds of each repeat for these charts as :func:`ours`, and their lines (charts, 3, points)."""
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "data.npz", Path(folder) / "peer.py"
        np.savez(data, cases=cases, size=size)
        script.write_text(PEER_SCRIPT, encoding="utf-8")
        command = ["uv", "run", "--quiet", "--no-project", "--with", PEER, "python", str(script), str(data), "5"]
        result = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=folder).stdout)
    return np.array(result["seconds"]) * 1000, np.array(result["lines"])


def every_chart(rng: np.random.Generator) -> None:
    """Median milliseconds of each chart with limits and all rules of all sets."""
    size = rng.integers(150, 400, (CHARTS, POINTS))
    values = rng.binomial(size, 0.2)
    rules = {rule for selection in spc.RULE_SETS.values() for rule in selection}
    for name, chart in spc.CHARTS.items():
        denominator = None if chart.denominator is None else size
        spent = []
        for _ in range(3):
            start = time.perf_counter()
            spc.signals(spc.limits(name, values, denominator, spread=values), rules)
            spent.append((time.perf_counter() - start) * 1000)
        print(f"  {name:<5} with all {len(rules)} rules{np.median(spent):>10.1f} ms")


def main() -> int:
    rng = np.random.default_rng(SEED)
    size = rng.integers(150, 400, (CHARTS, POINTS))
    cases = rng.binomial(size, 0.2)

    spent, chart = ours(cases, size)
    peer_spent, lines = theirs(cases[:PEER_CHARTS], size[:PEER_CHARTS])
    for line, index in [(chart.centre, 0), (chart.lower, 1), (chart.upper, 2)]:
        np.testing.assert_allclose(line[:PEER_CHARTS], lines[:, index], rtol=0, atol=1e-6)
    print(f"limits equal to {PEER} on {PEER_CHARTS} charts × {POINTS} points")

    scaled = peer_spent * CHARTS / PEER_CHARTS
    print(f"{CHARTS} p charts × {POINTS} points, limits and 8 Nelson rules, milliseconds   min    median       max")
    for name, times in [("xunzhi.spc", spent), (f"{PEER} (scaled from {PEER_CHARTS})", scaled)]:
        clock = times[:, 0]
        print(f"  {name:<50}{min(clock):>21.1f}{np.median(clock):>10.1f}{max(clock):>10.1f}")
    every_chart(rng)
    milliseconds = np.median(spent, axis=0)
    ratio = np.median(scaled, axis=0) / milliseconds
    holds = claim("milliseconds for all charts", float(milliseconds[0]), at_most=CLAIM_MS)
    in_cpu(float(milliseconds[1]))
    holds &= claim(f"times faster than {PEER}", float(ratio[0]), at_least=CLAIM_RATIO)
    in_cpu(float(ratio[1]))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
