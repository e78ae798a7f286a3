"""A hospital's own standards: what it adds to a pack or defines anew ($XUNZHI_HOME/standards), and its targets.

$XUNZHI_HOME/standards/pack.yaml       a pack that extends another one (made when the first change is published)
$XUNZHI_HOME/targets.yaml              every decision on a target, the oldest first
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.indicators import Indicator, Level, Target
from xunzhi.standards.pack import DEFAULT_PACK, Pack, load_pack
from xunzhi.standards.tables import Standard

FOLDER = "standards"
TARGETS = "targets.yaml"


class TargetDecision(Standard):
    """A target decided by the hospital: from which month, by whom, and why. Without a value the target is dropped."""

    indicator: str
    value: float | None = None
    since: str = Field(alias="from", pattern=r"^\d{4}-\d{2}$")
    author: str
    reason: str
    decided: date


def installed(home: Path, name: str = DEFAULT_PACK) -> Pack:
    """The pack of an installation: its own, if it has one, else the one named; with its targets.

    Raises:
        StandardsError: with every problem found.
    """
    own = home / FOLDER
    folder = Path(name)
    chosen: Path | str = folder if folder.is_dir() else name
    if name == DEFAULT_PACK and (own / "pack.yaml").is_file():
        chosen = own
    return with_targets(load_pack(chosen), read_targets(home / TARGETS))


def read_targets(file: Path) -> tuple[TargetDecision, ...]:
    """The decisions on targets; none if there is no file.

    Raises:
        StandardsError: if the file holds anything else.
    """
    if not file.is_file():
        return ()
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8")) or []
        return tuple(TargetDecision.model_validate(one) for one in told)
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise StandardsError([Problem(file, 1, "", f"no list of targets: {error}")]) from error


def append(file: Path, record: Standard | dict[str, object]) -> None:
    """Add a record to a file that holds a list (targets, baselines), whole or not at all."""
    known = yaml.safe_load(file.read_text(encoding="utf-8")) or [] if file.is_file() else []
    entry = record if isinstance(record, dict) else record.model_dump(mode="json", by_alias=True)
    text = yaml.safe_dump([*known, entry], allow_unicode=True, sort_keys=False)
    write(file, text)


def write(file: Path, text: str) -> None:
    """Write a file so that readers see the old or the new one, also after a power cut."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)


def with_targets(pack: Pack, decisions: Sequence[TargetDecision]) -> Pack:
    """The pack with the targets that the hospital decided, in place of those it came with."""
    if not decisions:
        return pack
    indicators = {
        name: _decided(indicator, [one for one in decisions if one.indicator == name])
        for name, indicator in pack.indicators.items()
    }
    return replace(pack, indicators=indicators)


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
