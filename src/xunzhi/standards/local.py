"""A hospital's own standards: what it adds to a pack or defines anew, and its targets.

$XUNZHI_HOME/standards/<version>/      packs that extend another one, each as it was published; never changed
$XUNZHI_HOME/standards/in_force        the name of the version in force; without it, the pack that was extended
$XUNZHI_HOME/targets.yaml              every decision on a target, the oldest first
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from xunzhi.standards.cache import fingerprint
from xunzhi.standards.durable import sync, write
from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.indicators import Indicator, Level, Target
from xunzhi.standards.pack import DEFAULT_PACK, Pack, load_pack
from xunzhi.standards.tables import Standard

FOLDER = "standards"
IN_FORCE = "in_force"
LOCK = "standards/lock"
TARGETS = "targets.yaml"


class TargetDecision(Standard):
    """A target decided by the hospital: from which month, by whom, and why. Without a value the target is dropped."""

    indicator: str
    institution: str = Field(default="", description="code; empty: every institution of the installation")
    value: float | None = None
    since: str = Field(alias="from", pattern=r"^\d{4}-\d{2}$")
    author: str
    reason: str
    decided: date
    number: int | None = Field(default=None, description="of a decision taken in the browser")


def installed(home: Path, name: str = DEFAULT_PACK) -> Pack:
    """The pack of an installation: its own, if it has one, else the one named; with its targets.

    Raises:
        StandardsError: with every problem found.
    """
    folder = Path(name)
    named: Path | str = folder if folder.is_dir() else name
    return with_targets(load_pack(own_pack(home, name) or named), read_targets(home / TARGETS))


def version_in_force(home: Path) -> str:
    """The version of the hospital's own pack that is in force; "" if it has published none."""
    file = home / FOLDER / IN_FORCE
    return file.read_text(encoding="utf-8").strip() if file.is_file() else ""


def own_pack(home: Path, name: str = DEFAULT_PACK) -> Path | None:
    """The folder of the hospital's own pack that extends the one named; None if it has published none.

    Raises:
        StandardsError: if the version in force is not there.
    """
    version = version_in_force(home)
    if not version:
        return None
    folder = home / FOLDER / version
    if not (folder / "pack.yaml").is_file():
        message = f"is in force ({FOLDER}/{IN_FORCE}) but missing; restore it from a backup"
        raise StandardsError([Problem(folder / "pack.yaml", 1, "", message)])
    extended = yaml.safe_load((folder / "pack.yaml").read_text(encoding="utf-8"))["extends"]
    return folder if extended in (name, str(Path(name).absolute())) else None


def keep_version(home: Path, pack: Path) -> str:
    """Store a pack, whole and durable, without putting it into force. Returns its version: equal packs have one."""
    version = fingerprint([pack])[:16]
    with settling(home):
        place = home / FOLDER / version
        draft = place.with_name(f".{version}")
        shutil.rmtree(draft, ignore_errors=True)
        if place.is_dir():
            os.utime(place)
            return version
        shutil.copytree(pack, draft)
        for path in [*draft.rglob("*"), draft]:
            sync(path)
        draft.rename(place)
        sync(place.parent)
    return version


def put_in_force(home: Path, version: str) -> None:
    """Make a stored version the hospital's standards; with "" go back to the pack that it extends."""
    write(home / FOLDER / IN_FORCE, f"{version}\n")


def read_targets(file: Path) -> tuple[TargetDecision, ...]:
    """The decisions on targets; none if there is no file.

    Raises:
        StandardsError: if the file holds anything else.
    """
    try:
        return tuple(TargetDecision.model_validate(one) for one in read_list(file))
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise StandardsError([Problem(file, 1, "", f"no list of targets: {error}")]) from error


def read_list(file: Path) -> list[Any]:
    """What a file of decisions (targets, baselines) holds; nothing if there is no file."""
    return yaml.safe_load(file.read_text(encoding="utf-8")) or [] if file.is_file() else []


def write_list(file: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Write a file of decisions, whole or not at all."""
    write(file, yaml.safe_dump(list(entries), allow_unicode=True, sort_keys=False))


@contextmanager
def settling(home: Path) -> Iterator[None]:
    """Only one process at a time changes what is stored and in force."""
    file = home / LOCK
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def with_targets(pack: Pack, decisions: Sequence[TargetDecision]) -> Pack:
    """The pack with the targets that the hospital decided, in place of those it came with."""
    if not decisions:
        return pack
    of: dict[str, list[TargetDecision]] = {}
    for one in decisions:
        of.setdefault(one.indicator, []).append(one)
    decided = {name: _everywhere(pack.indicators[name], found) for name, found in of.items() if name in pack.indicators}
    return replace(pack, indicators={**pack.indicators, **decided})


def _everywhere(indicator: Indicator, decisions: Sequence[TargetDecision]) -> Indicator:
    """The indicator with the target for all, and those of institutions that decided for themselves."""
    common = [one for one in decisions if not one.institution]
    own = {
        place: _decided(indicator, [one for one in decisions if one.institution in ("", place)]).target
        for place in sorted({one.institution for one in decisions} - {""})
    }
    return _decided(indicator, common).model_copy(update={"own_targets": own})


def _decided(indicator: Indicator, decisions: Sequence[TargetDecision]) -> Indicator:
    """The latest decision on each month counts; before the first, what the pack says."""
    if not decisions:
        return indicator
    levels = {one.since: one for one in sorted(decisions, key=lambda one: one.decided)}
    ordered = [levels[month] for month in sorted(levels)]
    now = ordered[-1]
    if now.value is None:
        return indicator.model_copy(update={"target": None})
    before = [Level.model_validate({"from": "1900-01", "value": indicator.target.value})] if indicator.target else []
    history = (*before, *(Level.model_validate({"from": one.since, "value": one.value}) for one in ordered))
    source = f"{now.author} {now.decided}: {now.reason}"
    target = Target(value=now.value, source=source, verified=True, history=history)
    return indicator.model_copy(update={"target": target})
