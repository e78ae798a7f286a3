"""What pages need of the newest results, prepared once after each computation and stored beside them.

$XUNZHI_HOME/measures/pages/<program>-<results>/
  <institution>.<stratum>.<kind>.arrow   sorted results
  <institution>.<stratum>.charts         control charts through the newest month, of the hospital and its departments
  <institution>.scan                     the signals of the newest month
  noted.json                             the state they were computed from, names, periods; written last

The name changes with the results, the recorded baselines, the standards, and the program that prepares them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path

import xunzhi
from xunzhi.lake import Lake
from xunzhi.measures import HOSPITAL, MeasureStore, Readings
from xunzhi.measures.charts import blocks, read_baselines
from xunzhi.measures.signals import scan_blocks
from xunzhi.reports.source import DEPARTMENT
from xunzhi.web.monitor import charted
from xunzhi.web.monitor.held import KINDS, file_of, write_slice

Progress = Callable[[str, int, int], None]
CHARTED = HOSPITAL, DEPARTMENT
NOTED = "noted.json"
PARTS = "measures/*.py", "spc/*.py", "web/monitor/charted.py", "web/monitor/held.py", "web/monitor/prepare.py"
"""The parts of the program that what is prepared depends on."""

BASELINES = "baselines.yaml"
KEPT = 2
"""Pages may still be reading what was prepared before."""


def root(home: Path) -> Path:
    """The folder of all that is prepared."""
    return home / "measures" / "pages"


@lru_cache(maxsize=1)
def program() -> str:
    """Changes with the program that prepares and reads."""
    digest = hashlib.sha256()
    here = Path(xunzhi.__file__).parent
    for part in PARTS:
        for file in sorted(here.glob(part)):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def wanted(home: Path, pack: str) -> str | None:
    """The name of what should be prepared now; None before the first results."""
    state = home / "measures" / "state.json"
    if not state.is_file():
        return None
    return f"{program()}-{_content(pack, _stamp(state), _stamp(home / BASELINES))}"


Stamp = tuple[Path, int, int]


def _stamp(file: Path) -> Stamp:
    status = file.stat() if file.is_file() else None
    return (file, status.st_mtime_ns, status.st_size) if status else (file, 0, 0)


@lru_cache(maxsize=8)
def _content(pack: str, *stamps: Stamp) -> str:
    digest = hashlib.sha256(pack.encode())
    for file, _, size in stamps:
        digest.update(file.read_bytes() if size else b"")
    return digest.hexdigest()[:16]


def prepared(home: Path) -> Path | None:
    """The newest folder that is complete and that this program can read."""
    found = [folder for folder in root(home).glob(f"{program()}-*") if (folder / NOTED).is_file()]
    return max(found, key=lambda folder: (folder / NOTED).stat().st_mtime, default=None)


def prepare(lake: Lake, home: Path, progress: Progress | None = None) -> Path | None:
    """Prepare the newest results, unless that is done; None before the first results.

    Raises:
        MeasureError: while a computation is writing them.
    """
    name = wanted(home, lake.pack.fingerprint)
    if name is None or not MeasureStore(home).result_files():
        return None
    folder = root(home) / name
    if not (folder / NOTED).is_file():
        with MeasureStore(home).writing():
            _write(lake, home, folder, progress or (lambda *_: None))
    _forget(home, folder)
    return folder


def _write(lake: Lake, home: Path, folder: Path, progress: Progress) -> None:
    readings = Readings(lake, home)
    draft = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    newest = readings.newest()
    strata = {name: _strata(readings, name) for name in readings.institutions()}
    steps = [(name, stratum) for name, found in strata.items() for stratum in found]
    for done, (name, stratum) in enumerate(steps):
        progress(f"{name} {stratum}", done, len(steps))
        for kind in KINDS:
            write_slice(readings, file_of(draft, name, stratum, kind, kind="arrow"), name, stratum, kind)
    baselines = read_baselines(home / BASELINES)
    for name, found in strata.items():
        drawn = []
        for stratum in (item for item in CHARTED if item in found):
            charts = blocks(readings, name, stratum, through=newest, baselines=baselines)
            charted.write(file_of(draft, name, stratum, kind="charts"), charts)
            drawn += list(charts.values())
        charted.write_scan(file_of(draft, name, kind="scan"), scan_blocks(drawn, newest))
    noted = {
        "state": asdict(readings.state) if readings.state else {},
        "newest": newest,
        "periods": {kind: _begun(readings.periods(kind), newest) for kind in KINDS},
        "institutions": strata,
        "names": {
            stratum: [[*key, text] for key, text in readings.unit_names(stratum).items()]
            for stratum in lake.pack.manifest.strata
        },
    }
    (draft / NOTED).write_text(json.dumps(noted, ensure_ascii=False), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.replace(folder)


def _begun(periods: list[str], newest: str) -> list[str]:
    """The periods that the newest month has reached: a few facts are dated by days to come."""
    year, quarter = newest[:4], f"{newest[:4]}Q{(int(newest[5:]) + 2) // 3}"
    limits = {4: year, 6: quarter, 7: newest}
    return [period for period in periods if period <= limits[len(period)]]


def _strata(readings: Readings, institution: str) -> list[str]:
    sql = "SELECT DISTINCT stratum FROM result WHERE institution = $institution ORDER BY 1"
    return [str(row["stratum"]) for row in readings.query(sql, {"institution": institution}).to_pylist()]


def _forget(home: Path, current: Path) -> None:
    """Remove what was prepared long ago, but for the latest few folders."""
    others = [folder for folder in root(home).iterdir() if folder != current and not folder.name.startswith(".")]
    for folder in sorted(others, key=lambda item: item.stat().st_mtime, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
