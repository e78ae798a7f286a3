"""Control charts on disk: written once after a computation, then mapped into the memory of every process.

A file of charts is a pickle that stands beside the numbers it points to; all processes share one copy of these, and
only what a page looks at is read. The files are this installation's own, as private as its database.
"""

from __future__ import annotations

import mmap
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xunzhi import spc
from xunzhi.measures.charts import Block
from xunzhi.measures.signals import Scan
from xunzhi.standards import Indicator


class _Pickler(pickle.Pickler):
    """Leaves numbers beside the pickle, and names indicators instead of copying them."""

    def persistent_id(self, obj: Any) -> str | None:
        """The id of an indicator."""
        return obj.id if isinstance(obj, Indicator) else None


class _Unpickler(pickle.Unpickler):
    """Finds indicators by their ids; one that the standards no longer have is None."""

    def __init__(self, stream: BytesIO, indicators: Mapping[str, Indicator], buffers: Sequence[memoryview]):
        super().__init__(stream, buffers=buffers)
        self.indicators = indicators

    def persistent_load(self, pid: str) -> Indicator | None:
        """The indicator with an id."""
        return self.indicators.get(pid)


def write(file: Path, charts: Mapping[str, Block]) -> None:
    """Write charts by indicator into `file` and `file`.numbers."""
    buffers: list[pickle.PickleBuffer] = []
    stream = BytesIO()
    _Pickler(stream, protocol=5, buffer_callback=buffers.append).dump(dict(charts))
    spans, end = [], 0
    with file.with_suffix(".numbers").open("wb") as numbers:
        for buffer in buffers:
            raw = buffer.raw()
            numbers.write(raw)
            numbers.write(b"\0" * (-len(raw) % 8))
            spans.append((end, len(raw)))
            end += len(raw) + -len(raw) % 8
    file.write_bytes(pickle.dumps((spans, stream.getvalue())))


def read(file: Path, indicators: Mapping[str, Indicator]) -> dict[str, Block]:
    """The charts in a file, of those indicators that there still are."""
    spans, content = pickle.loads(file.read_bytes())  # noqa: S301 - only this installation writes there
    whole = memoryview(b"")
    with file.with_suffix(".numbers").open("rb") as numbers:
        if any(length for _, length in spans):
            whole = memoryview(mmap.mmap(numbers.fileno(), 0, access=mmap.ACCESS_READ))
    views = [whole[begin : begin + length] for begin, length in spans]
    found: dict[str, Block] = _Unpickler(BytesIO(content), indicators, views).load()
    return {name: block for name, block in found.items() if block.indicator is not None}


def write_scan(file: Path, scan: Scan) -> None:
    """Write the signals of a month."""
    file.write_bytes(pickle.dumps(scan))


def read_scan(file: Path) -> Scan:
    """The signals of a month."""
    scan: Scan = pickle.loads(file.read_bytes())  # noqa: S301 - only this installation writes there
    return scan


class Cut(Mapping[str, Block]):
    """Charts as they stand, without the points after a month; each is cut when it is first looked at."""

    def __init__(self, charts: Mapping[str, Block], through: str):
        self._charts, self._through = charts, through
        self._cut: dict[str, Block] = {}

    def __getitem__(self, name: str) -> Block:
        if name not in self._cut:
            self._cut[name] = cut(self._charts[name], self._through)
        return self._cut[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._charts)

    def __len__(self) -> int:
        return len(self._charts)


def cut(block: Block, through: str) -> Block:
    """A chart without its points after a month; limits and verdicts stay as they are."""
    months = tuple(month for month in block.months if month <= through)
    monthly = {
        name: getattr(block, name)[:, : len(months)]
        for name in ("numerator", "denominator", "value", "provisional", "revision")
    }
    points = block.month_of_point
    gone = (points < 0) | (points >= len(months))
    limits = replace(
        block.limits,
        **{
            field.name: _blank(getattr(block.limits, field.name), gone, np.nan)
            for field in fields(spc.Limits)
            if field.name in ("value", "centre", "lower", "upper", "z")
        },
    )
    return replace(
        block,
        months=months,
        limits=limits,
        marks={rule: _blank(codes, gone, 0) for rule, codes in block.marks.items()},
        alarms={rule: _blank(codes, gone, 0) for rule, codes in block.alarms.items()},
        verdicts=_blank(block.verdicts, gone, 0),
        month_of_point=_blank(points, gone, -1),
        **monthly,
    )


def _blank(values: NDArray[Any], gone: NDArray[np.bool_], nothing: float) -> NDArray[Any]:
    return np.where(gone, np.asarray(nothing, dtype=values.dtype), values)
