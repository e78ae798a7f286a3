"""What the benchmarks share: timing, and one way to print a claim with its measured ratio.

Claims are about the clock on a quiet machine. Beside them stand seconds of CPU, all threads together, which other work
on the machine disturbs less.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and seconds of CPU."""

    clock: float
    cpu: float

    @classmethod
    def so_far(cls) -> Self:
        """What this process has spent since moments of its own: only differences mean something."""
        return cls(time.perf_counter(), time.process_time())

    def __sub__(self, other: Spent) -> Spent:
        return Spent(self.clock - other.clock, self.cpu - other.cpu)


def timed(work: Callable[[], T], repeat: int = 3) -> tuple[list[Spent], T]:
    """What each run took, and what the last one returned."""
    spent = []
    for _ in range(repeat):
        begun = Spent.so_far()
        result = work()
        spent.append(Spent.so_far() - begun)
    return spent, result


def median(spent: list[Spent]) -> Spent:
    """The medians of clock and CPU."""
    return Spent(statistics.median(one.clock for one in spent), statistics.median(one.cpu for one in spent))


def shown(spent: list[Spent]) -> str:
    """Minimum, median and maximum by the clock, and the median of CPU."""
    clock = [one.clock for one in spent]
    middle = median(spent)
    return f"{min(clock):.3f} / {middle.clock:.3f} / {max(clock):.3f} s, {middle.cpu:.3f} s of CPU"


def in_cpu(ratio: float) -> None:
    """Print below a claim what it would be, were time counted in seconds of CPU."""
    print(f"       in CPU time: {ratio:.3g}")


def claim(text: str, ratio: float, *, at_least: float | None = None, at_most: float | None = None) -> bool:
    """Print a measured ratio beside the claim; True if it holds."""
    holds = (at_least is None or ratio >= at_least) and (at_most is None or ratio <= at_most)
    bound = f"at least {at_least:g}" if at_least is not None else f"at most {at_most:g}"
    print(f"  {'ok  ' if holds else 'MISS'} {text}: {ratio:.3g} ({bound})")
    return holds


def peak_gigabytes() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
