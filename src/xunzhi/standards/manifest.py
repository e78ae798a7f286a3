"""pack.yaml: what a pack is, what it extends, and the lists that its indicators choose from."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from xunzhi.standards.rules import RuleCode
from xunzhi.standards.tables import Label, Standard
from xunzhi.standards.yaml_source import Source

LISTS = ("areas", "owners", "strata")
PARTS = ("codes", "tables", "grains", "indicators")


class Stratum(Standard):
    """A way to divide the hospital's results.

    Attributes:
        names: the table and columns that give its units (departments, people) their names.
        codes: the list that names its units, if they are kinds of cases, such as diseases. These belong to nobody: who
            doesn't see the whole hospital doesn't see them.
    """

    label: Label
    names: tuple[str, str, str] | None = None
    codes: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Stratum:
        if self.names and self.codes:
            raise ValueError("say either names or codes")
        return self


class Replaced(Standard):
    """What a pack takes over from the pack that it extends, and defines anew under the same name."""

    codes: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    grains: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()

    def names(self, part: str) -> tuple[str, ...]:
        """The names taken over in `codes`, `tables`, `grains`, `indicators`, `areas`, `owners` or `strata`."""
        found: tuple[str, ...] = getattr(self, part)
        return found


class Manifest(Standard):
    """The content of pack.yaml. Of a pack that extends another one: with the lists of both."""

    pack: str
    version: str
    label: Label
    extends: str | None = Field(default=None, description="name of a pack, or a folder relative to this one")
    keeps: tuple[str, ...] | None = Field(
        default=None, description="indicators of the extended pack that stay in use; all if absent"
    )
    replaces: Replaced = Replaced()
    areas: dict[str, Label]
    owners: dict[str, Label]
    strata: dict[str, Stratum]
    rules: tuple[RuleCode, ...]
    run_rules: tuple[RuleCode, ...] = Field(
        default=(), description="for run charts, which have no limits; else as rules"
    )
    settle_days: int = Field(default=10, description="days after its end from which a period is no longer provisional")


def inherited(own: Source, base: Manifest) -> Source:
    """A pack.yaml completed by what stands in that of the pack it extends; what it says itself comes last."""
    given = dict(own.data)
    said: dict[str, Any] = base.model_dump()
    lists = {name: {**said[name], **(given.get(name) or {})} for name in LISTS}
    common = {name: said[name] for name in ("rules", "run_rules", "settle_days")}
    return Source(own.file, {**common, **given, **lists}, own.lines)
