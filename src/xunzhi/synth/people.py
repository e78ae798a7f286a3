"""Names, identity numbers and ages of inpatients."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from xunzhi.synth.columns import Array, Rows, day_of
from xunzhi.synth.month import Month
from xunzhi.synth.world import names, stream


def years_between(born: Array, at: Array) -> Array:
    """Full years between birthdays."""
    months = at.astype("M8[M]").astype(np.int64) - born.astype("M8[M]").astype(np.int64)
    day, birthday = (time.astype("M8[D]") - time.astype("M8[M]").astype("M8[D]") for time in (at, born))
    return np.asarray((months - (day < birthday)) // 12)


def identities(month: Month) -> Rows:
    """Names and numbers depend on the person only, not on the stay."""
    stays, seed = month.stays, month.hospital.seed
    name = np.empty(len(stays), dtype="U4")
    tail = np.zeros(len(stays), np.int64)
    for home in np.unique(stays.home):
        rows = np.flatnonzero(stays.home == home)
        base = month.hospital.stays.base(int(home))
        rng = stream(seed, "people", int(home))
        all_names, all_tails = names(rng, ~base.female), rng.integers(0, 10**8, len(base))
        name[rows], tail[rows] = all_names[stays.patient[rows]], all_tails[stays.patient[rows]]
    born = day_of(stays.admission) - np.floor(stays.age * 365.25).astype("m8[D]")
    digits = np.datetime_as_string(born)
    region = np.array(["410105", "410122", "411502", "410782", "341226"])[tail % 5]
    order = np.where(stays.female, tail % 500 * 2, tail % 500 * 2 + 1) % 1000
    body = [f"{r}{d[:4]}{d[5:7]}{d[8:]}{o:03d}" for r, d, o in zip(region, digits, order, strict=True)]
    return {
        "name": name,
        "id_kind": "1",
        "id_number": pa.array(_with_check(body)),
        "phone": pa.array([f"1{3 + t % 7}{t:09d}"[:11] for t in tail]),
    }


_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])


def _with_check(bodies: list[str]) -> list[str]:
    """18-digit numbers: the last digit by ISO 7064 MOD 11-2 (GB 11643)."""
    if not bodies:
        return []
    digits = np.frombuffer("".join(bodies).encode(), np.uint8).reshape(-1, 17) - 48
    checks = np.array(list("10X98765432"))[(digits @ _WEIGHTS) % 11]
    return [body + check for body, check in zip(bodies, checks, strict=True)]
