"""Indicators: arithmetic on aggregates over grains."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field, model_validator

from xunzhi.standards.rules import RuleCode
from xunzhi.standards.tables import Label, Standard

ALL = "all"


class Aggregate(Standard):
    """One number over the rows of a grain: exactly one of count, sum, mean, median, quantile, distinct.

    `count` is a condition or `all`; the others are expressions over the rows where `where` holds.
    """

    grain: str
    count: str | None = None
    sum: str | None = None
    mean: str | None = None
    median: str | None = None
    quantile: str | None = None
    q: float | None = Field(default=None, gt=0, lt=1)
    distinct: str | None = None
    where: str | None = None

    @model_validator(mode="after")
    def _one_function(self) -> Aggregate:
        given = [name for name in FUNCTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"say exactly one of {', '.join(FUNCTIONS)}; got {', '.join(given) or 'none'}")
        if (self.quantile is None) != (self.q is None):
            raise ValueError("quantile needs q (for example q: 0.9), and only quantile has q")
        if self.count is not None and self.where is not None:
            raise ValueError("put the condition of a count in count itself")
        return self

    @property
    def function(self) -> str:
        """Which of the functions it is."""
        return next(name for name in FUNCTIONS if getattr(self, name) is not None)

    @property
    def expression(self) -> str:
        """The condition of a count, or the expression of the other functions."""
        return str(getattr(self, self.function))


FUNCTIONS = ("count", "sum", "mean", "median", "quantile", "distinct")


class Reference(Standard):
    """The value of another indicator, for ratios of rates."""

    indicator: str


class Citation(Standard):
    """Where a definition comes from, and how far it was checked."""

    document: str
    edition: str
    item: str = ""
    effective: date | None = None
    verified: Literal["formula", "numerator", "name", "none"] = Field(
        description="formula: numerator and denominator checked; name: only the name; none: from knowledge or local"
    )
    note: Label | None = None


class Level(Standard):
    """A target that was in force for a time; None: there was none."""

    since: str = Field(alias="from", pattern=r"^\d{4}-\d{2}$")
    value: float | None


class Target(Standard):
    """The value to reach; its sense (at least, at most) follows the indicator's direction.

    `history` are the levels that were decided for it, the oldest first, if they changed.
    """

    value: float
    source: str
    verified: bool
    history: tuple[Level, ...] = ()


class Expectation(Standard):
    """What a worked case must give for one month, in one department or the whole institution."""

    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    department: str | None = None
    numerator: float | None = None
    denominator: float | None = None
    value: float | None = None


class Case(Standard):
    """A worked case: a few rows in tables (pipes, one heading line), and what must come out."""

    tables: dict[str, str]
    expect: tuple[Expectation, ...] = Field(min_length=1)
    explain: Label | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        """Every key but `expect` and `explain` is a table."""
        if isinstance(data, dict) and "tables" not in data:
            rest = {key: value for key, value in data.items() if key in ("expect", "explain")}
            rest["tables"] = {key: value for key, value in data.items() if key not in rest}
            data = rest
        if isinstance(data, dict) and isinstance(data.get("expect"), dict):
            data = {**data, "expect": [data["expect"]]}
        return data


class Revision(Standard):
    """The definition in force from a day on."""

    since: date = Field(alias="from")
    numerator: Aggregate | Reference
    denominator: Aggregate | Reference | None = None
    source: Citation
    note: Label | None = Field(default=None, description="what changed against the revision before")
    oracle: str = Field(
        description="naive SQL over canonical tables: institution, month, department, numerator, denominator"
    )
    case: Case

    @model_validator(mode="after")
    def _fits(self) -> Revision:
        spread = isinstance(self.numerator, Aggregate) and self.numerator.function in ("mean", "median", "quantile")
        if spread and self.denominator is not None:
            raise ValueError("a mean, median or quantile has no denominator: its number of cases is counted by itself")
        return self


Kind = Literal["proportion", "rate", "ratio", "mean", "median", "quantile", "count", "sum", "distinct"]


class Indicator(Standard):
    """A quality indicator with all its revisions, the oldest first."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: Label
    area: str
    kind: Kind
    unit: str
    scale: float = Field(default=1, gt=0, description="the ratio is multiplied by this: 100 for %, 1000 for ‰")
    direction: Literal["higher", "lower", "monitor"]
    donabedian: Literal["structure", "process", "outcome"] = Field(alias="class")
    chart: Literal["run", "i", "p", "pp", "u", "up", "c", "xbar", "g", "t"]
    rules: tuple[RuleCode, ...] | None = Field(default=None, description="signal rules; the pack's default if absent")
    minimum: int = Field(default=30, ge=0, description="denominator below which nothing is ranked or coloured")
    owner: str
    target: Target | None = None
    own_targets: dict[str, Target | None] = Field(
        default={}, description="of single institutions, by code, where they differ: what they decided themselves"
    )
    why: Label
    revisions: tuple[Revision, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _single_revision(cls, data: Any) -> Any:
        """Numerator, denominator, source, oracle and case may stand at the top and hold for every revision."""
        if not isinstance(data, dict):
            return data
        data = dict(data)
        shared = {name: data.pop(name) for name in REVISED if name in data}
        revisions = data.get("revisions") or [{"from": date(1900, 1, 1)}]
        data["revisions"] = [
            {**shared, **revision} if isinstance(revision, dict) else revision for revision in revisions
        ]
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Indicator:
        starts = [revision.since for revision in self.revisions]
        if starts != sorted(set(starts)):
            raise ValueError("revisions must stand in order of their dates, each date once")
        for revision in self.revisions:
            _check_kind(self.kind, revision)
        return self

    def of(self, institution: str) -> Indicator:
        """The indicator with the target that holds in an institution."""
        if institution not in self.own_targets:
            return self
        return self.model_copy(update={"target": self.own_targets[institution], "own_targets": {}})

    def revision_on(self, day: date) -> Revision | None:
        """The revision in force on `day`; none before the first."""
        return next((revision for revision in reversed(self.revisions) if revision.since <= day), None)


REVISED = ("numerator", "denominator", "source", "oracle", "case")


def _check_kind(kind: Kind, revision: Revision) -> None:
    """Refuse a kind that the numerator and denominator can't give."""
    numerator, denominator = revision.numerator, revision.denominator
    if isinstance(numerator, Reference) or isinstance(denominator, Reference):
        if kind != "ratio" or not (isinstance(numerator, Reference) and isinstance(denominator, Reference)):
            raise ValueError("indicators refer to other indicators only as a ratio of two of them")
        return
    if kind in ("mean", "median", "quantile"):
        if numerator.function != kind:
            raise ValueError(f"a {kind} needs numerator: {{grain: …, {kind}: …}}")
    elif kind in ("count", "sum", "distinct"):
        if numerator.function != kind or denominator is not None:
            raise ValueError(f"a {kind} needs numerator: {{grain: …, {kind}: …}} and no denominator")
    elif denominator is None:
        raise ValueError(f"a {kind} needs a denominator")
    elif kind == "proportion" and (
        numerator.function != "count" or denominator.function != "count" or numerator.grain != denominator.grain
    ):
        raise ValueError(
            "a proportion counts numerator and denominator over the same grain; else call it rate or ratio"
        )
