"""Scenarios: known faults put into the hospital, and the truth about them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from xunzhi.standards import Label
from xunzhi.synth.rates import Effect, all_rates
from xunzhi.synth.world import Units

_END = date(2200, 1, 1)
BUNDLED = Path(__file__).parent / "scenarios"


class Fault(BaseModel):
    """What all faults have: a reason, a place (whole hospital when empty), a time."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    why: Label | None = None
    department: str | None = Field(default=None, description="department or ward, by code or name")
    start: date = Field(alias="from")
    until: date | None = Field(default=None, description="first day on which it is over")

    @model_validator(mode="after")
    def _in_order(self) -> Fault:
        if self.until and self.until <= self.start:
            raise ValueError("until must be later than from")
        return self


class RateFault(Fault):
    """A rate (or a time, in minutes) multiplied from a day; `drift` once more each month; `spike` in one month only."""

    kind: Literal["rate", "drift", "spike"]
    rate: str
    factor: float = Field(gt=0)

    @field_validator("rate")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in all_rates():
            raise ValueError(f"no rate {name!r} in rates.yaml")
        return name


class LateFeed(BaseModel):
    """The last weeks of some tables have not arrived yet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["late_feed"]
    why: Label | None = None
    tables: tuple[str, ...] = Field(min_length=1)
    weeks: float = Field(gt=0)


class ReportingDrop(Fault):
    """Part of the rows of a table is no longer recorded."""

    kind: Literal["reporting_drop"]
    table: str
    keep: float = Field(ge=0, lt=1)


class CopiedNotes(Fault):
    """Daily notes repeat the text of the note before."""

    kind: Literal["copied_notes"]
    share: float = Field(gt=0, le=1)


AnyFault = Annotated[RateFault | LateFeed | ReportingDrop | CopiedNotes, Field(discriminator="kind")]


class Scenario(BaseModel):
    """A named list of faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenario: str
    label: Label
    faults: tuple[AnyFault, ...] = ()

    def effects(self, units: Units) -> list[Effect]:
        """The faults that change rates.

        Raises:
            ValueError: when any fault names a department or ward that the hospital does not have.
        """
        for fault in self.faults:
            if isinstance(fault, Fault) and fault.department:
                units.named(fault.department)
        return [_effect(fault, units) for fault in self.faults if isinstance(fault, RateFault)]

    def truth(self) -> list[dict[str, Any]]:
        """For each fault: what, where, from when, and which indicators should move which way."""
        return [_truth(fault) for fault in self.faults]


class ScenarioError(ValueError):
    """A scenario that can't be used; the message says where and what to do."""


def load_scenario(source: str | Path, start: date, months: int) -> Scenario:
    """A scenario by name of a bundled one or by file. `from: +12` means the first day of the 13th month.

    Raises:
        ScenarioError: unknown file, unknown fields, wrong values.
    """
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        path = BUNDLED / f"{source}.yaml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in BUNDLED.glob("*.yaml")))
        raise ScenarioError(
            f"没有场景文件 no scenario {source}; 可用 there are: {names}, 或给出 .yaml 文件 or name a file"
        )
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        for fault in data.get("faults", []):
            for field in ("from", "until"):
                if field in fault:
                    fault[field] = _day(fault[field], start, months)
        return Scenario.model_validate(data)
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise ScenarioError(f"{path}: 不是场景文件 not a scenario: {error}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise ScenarioError(f"{path}: " + "; ".join(lines)) from error


def _day(value: Any, start: date, months: int) -> Any:
    """A date, or a number: +n months after the start, -n months before the end."""
    if not isinstance(value, int):
        return value
    number = max(value if value >= 0 else months + value, 0) + start.year * 12 + start.month - 1
    return date(number // 12, number % 12 + 1, 1)


def time(day: date | None) -> np.datetime64:
    """Midnight of a day; none is the far future."""
    return np.datetime64(day or _END, "s")


def _effect(fault: RateFault, units: Units) -> Effect:
    where = np.arange(len(units.codes)) if fault.department is None else units.named(fault.department)
    end = time(fault.until)
    if fault.kind == "spike" and fault.until is None:
        end = (np.datetime64(fault.start, "M") + 1).astype("M8[s]")
    return Effect(fault.rate, where, time(fault.start), end, fault.factor, fault.kind == "drift")


def _truth(fault: Any) -> dict[str, Any]:
    facts: dict[str, Any] = fault.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(fault, RateFault):
        rate = all_rates()[fault.rate]
        rises = fault.factor > 1
        facts["indicators"] = [{"indicator": name, "direction": "up" if rises else "down"} for name in rate.up] + [
            {"indicator": name, "direction": "down" if rises else "up"} for name in rate.down
        ]
    return facts
