"""The newest results as pages read them: opened once in a process, and again when newer ones are prepared."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from xunzhi.lake import Lake
from xunzhi.measures import HOSPITAL, MeasureError
from xunzhi.measures.charts import Block, blocks, read_baselines
from xunzhi.measures.reading import Freshness
from xunzhi.measures.signals import Scan
from xunzhi.measures.store import State
from xunzhi.reports import Source, read_profile
from xunzhi.reports.source import DEPARTMENT
from xunzhi.standards import Pack
from xunzhi.web.configuration import home
from xunzhi.web.installation import lake
from xunzhi.web.jobs.services import enqueue
from xunzhi.web.monitor import charted, prepare
from xunzhi.web.monitor.held import Held, file_of
from xunzhi.web.monitor.kept import Kept

SOURCES = 24
"""Periods, departments and people whose results stay in memory."""

DERIVED = 48
"""Things that pages made of results, such as the lines of an overview, that stay in memory."""


@dataclass(frozen=True)
class Age:
    """From when the numbers of a page are, and what is wrong with them, if anything.

    `newer` says that results of a newer computation are being prepared; `error` is why the last computation failed.
    """

    finished: str
    as_of: str
    stale: bool
    newer: bool
    error: str

    @property
    def late(self) -> bool:
        """Whether the page must say so wherever its numbers appear."""
        return self.stale or self.newer or bool(self.error)


class Shown(Source):
    """A period of the held results. Charts are those of the newest month, without the points after the period."""

    def __init__(
        self, model: Model, institution: str, period: str, division: str = DEPARTMENT, unit: str | None = None
    ):
        readings = model.readings if unit is None else model.readings.of_unit(unit)
        super().__init__(readings, institution, period, model.baselines, model.profile, division)
        self.model = model

    def charts_through(self, stratum: str, through: str) -> Mapping[str, Block]:
        """All charts of a stratum up to a month."""
        charts = self.model.charts(self.institution, stratum)
        if charts is None:
            charts = blocks(
                self.readings, self.institution, stratum, through=self.model.newest, baselines=self.baselines
            )
        return charts if through == self.model.newest else charted.Cut(charts, through)

    @cached_property
    def decimals(self) -> Mapping[str, int]:
        """Decimal places of each indicator, the same in every period."""
        if self.last == self.model.newest:
            return Source.decimals.func(self)  # type: ignore[attr-defined, no-any-return]
        return self.model.period(self.institution, self.model.newest).decimals

    @cached_property
    def scans(self) -> tuple[Scan, ...]:
        """What moved in each month of the period."""
        if self.months == (self.model.newest,):
            return (self.model.scan(self.institution),)
        return super().scans


class Model:
    """What is prepared of one computation."""

    def __init__(self, lake_: Lake, folder: Path):
        self.lake, self.folder = lake_, folder
        noted = json.loads((folder / prepare.NOTED).read_text(encoding="utf-8"))
        self.readings = Held(lake_, home(), folder, State(**noted["state"]), noted)
        self.newest: str = noted["newest"]
        self.baselines = read_baselines(home() / prepare.BASELINES)
        self.profile = read_profile(home())
        self._charts: dict[tuple[str, str], dict[str, Block]] = {}
        self.period = lru_cache(maxsize=SOURCES)(self._period)
        self.scan = lru_cache(maxsize=SOURCES)(self._scan)
        self.block = lru_cache(maxsize=256)(self._block)
        self.derived = lru_cache(maxsize=DERIVED)(_made)
        self.kept = Kept()

    @property
    def pack(self) -> Pack:
        """The standards in use."""
        return self.lake.pack

    @property
    def state(self) -> State:
        """What the results were computed from."""
        state: State = self.readings.state
        return state

    def _period(self, institution: str, period: str, division: str = DEPARTMENT, unit: str | None = None) -> Shown:
        """The results of a period; with `unit`, of the whole hospital and that unit of a stratum alone.

        Raises:
            ValueError: if the period has no results.
        """
        return Shown(self, institution, period, division, unit)

    def charts(self, institution: str, stratum: str) -> dict[str, Block] | None:
        """All charts of a stratum through the newest month; None for a stratum whose charts aren't prepared."""
        key = institution, stratum
        file = file_of(self.folder, *key, kind="charts")
        if key not in self._charts and file.is_file():
            here = {name: indicator.of(institution) for name, indicator in self.pack.indicators.items()}
            self._charts[key] = charted.read(file, here)
        return self._charts.get(key)

    def _block(self, indicator: str, institution: str, stratum: str = HOSPITAL) -> Block | None:
        """The charts of one indicator for all units of any stratum, through the newest month; None if it is gone."""
        if indicator not in self.pack.indicators:
            return None
        charts = self.charts(institution, stratum)
        if charts is None:
            charts = blocks(
                self.readings, institution, stratum,
                through=self.newest, indicators=[indicator], baselines=self.baselines,
            )  # fmt: skip
        return charts.get(indicator)

    def _scan(self, institution: str) -> Scan:
        """The signals of the newest month, with how many false ones to expect; none of withdrawn indicators."""
        scan = charted.read_scan(file_of(self.folder, institution, kind="scan"))
        return replace(scan, signals=tuple(one for one in scan.signals if one.indicator in self.pack.indicators))

    def newest_of(self, kind: str) -> str:
        """The newest period of a kind."""
        return self.readings.periods(kind)[-1]


def _made(make: Callable[..., Any], *of: Hashable) -> Any:
    return make(*of)


_lock = Lock()
_held: Model | None = None


def current() -> Model | None:
    """What is prepared of the newest results; None before the first.

    Results that are newer than what is prepared are prepared in the background (the job monitor.prepare); only the
    first ones of an installation are prepared at once.
    """
    global _held  # noqa: PLW0603
    name = prepare.wanted(home(), lake().pack.fingerprint)
    if name is None:
        return None
    model = _held  # read once: another thread may replace it
    if _is(model, name):
        return model
    with _lock:
        folder = prepare.root(home()) / name
        if not (folder / prepare.NOTED).is_file():
            folder = _instead()
        if folder is None:
            return None
        if not _is(_held, folder.name):
            _held = Model(lake(), folder)
        return _held


def _is(model: Model | None, name: str) -> bool:
    return model is not None and model.folder.name == name and model.lake is lake()


def _instead() -> Path | None:
    """What was prepared before, while what is newer is prepared; the first results are prepared at once."""
    before = prepare.prepared(home())
    if before is not None:
        enqueue("monitor.prepare", key="monitor.prepare")
        return before
    try:
        return prepare.prepare(lake(), home())
    except MeasureError:  # being computed for the first time
        return None


def is_newest(model: Model) -> bool:
    """Whether no newer results wait to be prepared."""
    return model.folder.name == prepare.wanted(home(), lake().pack.fingerprint)


def age(model: Model) -> Age:
    """From when the numbers of a page are."""
    fresh: Freshness = model.readings.freshness()
    error = str(fresh.failure["error"]) if fresh.failure else ""
    return Age(model.state.finished, model.state.as_of, fresh.stale, not is_newest(model), error)
