"""What the benchmarks share: timing, and one way to print a claim with its measured ratio."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T], repeat: int = 3) -> tuple[list[float], T]:
    """Seconds of each run, and what the last one returned."""
    seconds = []
    for _ in range(repeat):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    return seconds, result


def shown(seconds: list[float]) -> str:
    """Minimum, median and maximum."""
    return f"{min(seconds):.3f} / {statistics.median(seconds):.3f} / {max(seconds):.3f} s"


def claim(text: str, ratio: float, *, at_least: float | None = None, at_most: float | None = None) -> bool:
    """Print a measured ratio beside the claim; True if it holds."""
    holds = (at_least is None or ratio >= at_least) and (at_most is None or ratio <= at_most)
    bound = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    print(f"  {'ok  ' if holds else 'MISS'} {text}: {ratio:.3g} ({bound})")
    return holds


def peak_gigabytes() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
