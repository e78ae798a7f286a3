"""A proposed change of an indicator as a pack: laid out, and checked as every pack is.

What a hospital publishes stands in its own pack, extending the one it began with: one file for each indicator it
defines anew, `indicators/<id>.yaml`, with all revisions. A month keeps the definition in force then.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import gettext as _

from xunzhi.standards import Pack, StandardsError, load_pack
from xunzhi.standards.durable import write
from xunzhi.standards.indicators import REVISED, Indicator
from xunzhi.standards.local import FOLDER, own_pack
from xunzhi.standards.pack import DEFAULT_PACK, PACKS
from xunzhi.web.cases.models import Case
from xunzhi.web.configuration import home
from xunzhi.web.installation import pack

REVISION_FIELDS = {*REVISED, "note"}
"""What a revision may change; the rest of an indicator is changed for all months at once."""


class ChangeError(Exception):
    """A proposal that can't become a standard, with what to mend."""


@dataclass(frozen=True)
class Change:
    """A proposal: of one indicator, from a day on. `told` is what its author wrote, parsed."""

    kind: str
    indicator: str
    effective: date
    told: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """Changes with anything proposed, and with the standards it would change."""
        parts = (self.kind, self.indicator, self.effective.isoformat(), self.told, pack().fingerprint)
        return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def change_of(case: Case) -> Change:
    """The proposal of a case.

    Raises:
        ChangeError: if it can't be read.
    """
    values = case.values
    kind, effective = values["kind"], date.fromisoformat(values["effective"])
    if effective.day != 1:
        raise ChangeError(_("A definition is in force from the first day of a month."))
    told = _parsed(values.get("definition") or "") if kind != "withdraw" else {}
    name = values.get("indicator") if kind != "new" else told.get("id")
    if kind == "new" and (not name or name in pack().indicators):
        raise ChangeError(_("A new indicator needs an id that no other one has."))
    if kind != "new" and name not in pack().indicators:
        raise ChangeError(_("There is no indicator %(name)s.") % {"name": name})
    return Change(kind, str(name), effective, told)


def _parsed(text: str) -> dict[str, Any]:
    try:
        told = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ChangeError(_("Line %(line)d is not YAML: %(why)s.") % {"line": line, "why": error.problem}) from error
    except yaml.YAMLError as error:
        raise ChangeError(_("This is not YAML.")) from error
    if isinstance(told, list) and len(told) == 1:
        told = told[0]
    if not isinstance(told, dict):
        raise ChangeError(_("Write the definition as fields, such as “numerator: …”."))
    return told


def definition(change: Change) -> dict[str, Any] | None:
    """The indicator with all its revisions after the change, as a pack says it; None if it is withdrawn."""
    if change.kind == "withdraw":
        return None
    if change.kind == "new":
        return {"revisions": [{"from": change.effective}], **change.told}
    known = pack().indicators[change.indicator]
    data = plain(known)
    latest = data["revisions"][-1]
    revised = {name: value for name, value in change.told.items() if name in REVISION_FIELDS}
    if revised:
        revision = {**{name: latest[name] for name in REVISED if name in latest}, **revised, "from": change.effective}
        kept = [one for one in data["revisions"] if _day(one["from"]) < change.effective]
        data["revisions"] = [*kept, revision]
    return {**data, **{name: value for name, value in change.told.items() if name not in REVISION_FIELDS}}


def plain(indicator: Indicator) -> dict[str, Any]:
    """An indicator as it would stand in a pack, without the hospital's decisions on its target."""
    data: dict[str, Any] = indicator.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
    data.pop("own_targets", None)
    if data.get("target"):
        data["target"].pop("history", None)
    return data


def in_force(indicator: str) -> str:
    """The definition in force as its author would write it: what a revision starts from."""
    latest = plain(pack().indicators[indicator])["revisions"][-1]
    told = {name: latest[name] for name in REVISED if name in latest}
    return yaml.safe_dump(told, allow_unicode=True, sort_keys=False)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


@contextmanager
def tried_pack(change: Change, alone: bool = True) -> Iterator[Pack]:
    """The standards as they would be, checked; with `alone` reduced to the indicator and what it is computed from.

    Raises:
        ChangeError: with every problem that the pack's check finds.
    """
    with tempfile.TemporaryDirectory(prefix="xunzhi-change-") as folder:
        root = Path(folder) / FOLDER
        _lay_out(root, change, keeps=_needed(change) if alone else None)
        try:
            found = load_pack(root)
        except StandardsError as error:
            raise ChangeError(_told(error, change)) from error
        yield found


def _told(error: StandardsError, change: Change) -> str:
    """What is wrong with the definition itself; that it is missing then elsewhere follows from that."""
    mine = [one for one in error.problems if one.file.stem == change.indicator] or error.problems
    return "\n".join(f"{one.field}: {one.message}" if one.field else one.message for one in mine)


def _needed(change: Change) -> list[str]:
    """The indicators that a definition refers to, and the one as it is now."""
    wanted = {change.indicator} & set(pack().indicators)
    for part in ("numerator", "denominator"):
        reference = (definition(change) or {}).get("revisions", [{}])[-1].get(part)
        if isinstance(reference, dict) and "indicator" in reference:
            wanted.add(reference["indicator"])
    return sorted(wanted)


def _lay_out(root: Path, change: Change, keeps: list[str] | None = None) -> None:
    """Write the hospital's pack as it would be after a change."""
    own = own_pack(home(), os.environ.get("XUNZHI_PACK", DEFAULT_PACK))
    if own:
        shutil.copytree(own, root)
    file = root / "pack.yaml"
    told: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else _first(pack())
    own_indicators = root / "indicators"
    own_indicators.mkdir(parents=True, exist_ok=True)
    data = definition(change)
    replaced = set((told.get("replaces") or {}).get("indicators") or ())
    kept = list(told["keeps"]) if told.get("keeps") is not None else None
    mine = own_indicators / f"{change.indicator}.yaml"
    base = _base_indicators(told)
    if data is None:
        mine.unlink(missing_ok=True)
        replaced.discard(change.indicator)
        kept = [name for name in (kept if kept is not None else sorted(base)) if name != change.indicator]
    else:
        text = yaml.safe_dump([{"id": change.indicator, **data}], allow_unicode=True, sort_keys=False)
        mine.write_text(text, encoding="utf-8")
        if change.indicator in base:
            replaced.add(change.indicator)
    if keeps is not None:
        kept = [name for name in keeps if name in base]
        for other in own_indicators.glob("*.yaml"):
            if other != mine and other.stem not in keeps:
                other.unlink()
                replaced.discard(other.stem)
    told["replaces"] = {**(told.get("replaces") or {}), "indicators": sorted(replaced)}
    told["version"] = str(change.effective)
    if kept is not None:
        told["keeps"] = sorted({*kept, *replaced})
    write(file, yaml.safe_dump(told, allow_unicode=True, sort_keys=False))


def _first(base: Pack) -> dict[str, Any]:
    """The pack.yaml of a hospital that publishes its first change."""
    named = base.root.name if base.root.parent == PACKS else str(base.root)
    return {
        "pack": "local", "version": "1", "label": {"zh": "本院标准", "en": "Standards of this hospital"},
        "extends": named, "areas": {}, "owners": {}, "strata": {},
    }  # fmt: skip


def _base_indicators(told: dict[str, Any]) -> set[str]:
    extended = told["extends"]
    folder = Path(extended)
    return set(load_pack(folder if folder.is_absolute() else extended).indicators)
