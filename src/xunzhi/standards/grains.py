"""Grains: wide views with one row per thing that indicators count."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, model_validator

from xunzhi.standards.tables import NAME, Label, Standard


class Link(Standard):
    """How a changed row of a source table finds the grain rows that it can change.

    The grain's base rows with the same value in a column of `by` are touched; with `days`, only those whose time lies
    from `days[0]` to `days[1]` days after the changed row's own time (`time`, a column of the source table).
    A table with `whole: true` touches every row (small reference tables).
    """

    by: tuple[str, ...] = ()
    time: str | None = None
    days: tuple[int, int] | None = None
    whole: bool = False

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        if data == "whole":
            return {"whole": True}
        given = {"by": data} if isinstance(data, str) else data
        if isinstance(given, dict) and isinstance(given.get("by"), str):
            return {**given, "by": [given["by"]]}
        return given

    @model_validator(mode="after")
    def _one_way(self) -> Link:
        if self.whole == bool(self.by):
            raise ValueError("say either the linking column or whole")
        if (self.days is None) != (self.time is None):
            raise ValueError("days need the source table's time column, and the other way round")
        return self


class GrainColumn(Standard):
    """What a column of a grain means to a reader."""

    label: Label
    meaning: Label | None = None
    codes: str | None = Field(default=None, description="id of the code list that the values come from")
    follow_up_days: int = Field(
        default=0, ge=0, description="so many days after the row's own time its value can still change"
    )


class Grain(Standard):
    """A wide view. The SQL is a SELECT over canonical tables that yields one row per row of `base` that counts.

    It must select `institution`, every column of `key`, the `time` column and every stratum column.
    """

    grain: str = Field(pattern=NAME)
    label: Label
    row: Label = Field(description="what one row is")
    base: str
    key: tuple[str, ...] = Field(min_length=1, description="columns of a grain row that find it again (drill-down)")
    time: str = Field(description="column of the base table that dates a row")
    strata: dict[str, str] = Field(description="stratum name → grain column")
    sql: str = Field(description="file beside this one, or the SELECT itself")
    links: dict[str, Link]
    patient: str | None = Field(
        default=None, description="grain column with the patient's number, masked in drill-down"
    )
    columns: dict[str, GrainColumn] = Field(default_factory=dict)

    def follow_up_days(self, *expressions: str | None) -> int:
        """How many days after a row's own time all columns named in the expressions are settled."""
        words = set(re.findall(r"\w+", " ".join(text for text in expressions if text)))
        return max((self.columns[name].follow_up_days for name in words & set(self.columns)), default=0)
