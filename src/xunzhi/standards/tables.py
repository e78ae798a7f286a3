"""Canonical tables: the data dictionary that every source is brought into."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

NAME = r"^[a-z][a-z0-9_]*$"


class Standard(BaseModel):
    """Anything that is read from a pack: frozen, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Label(Standard):
    """What people read, in both languages."""

    do_not_call_in_templates: ClassVar[bool] = True  # a page chooses the language by a filter

    zh: str
    en: str

    def __call__(self, language: str) -> str:
        """The label in `zh` or `en`."""
        return self.zh if language == "zh" else self.en


class ColumnType(StrEnum):
    """The types of canonical columns; times are the wall clock of the institution."""

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"

    @property
    def sql(self) -> str:
        """The column type in SQL."""
        return _SQL_TYPES[self]


_SQL_TYPES = {
    ColumnType.TEXT: "VARCHAR",
    ColumnType.CODE: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.NUMBER: "DOUBLE",
    ColumnType.MONEY: "DECIMAL(18,2)",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.DATETIME: "TIMESTAMP",
}


class Sensitivity(StrEnum):
    """How carefully a column is shown: names and numbers of patients are masked unless the reader is allowed."""

    OPEN = "open"
    INTERNAL = "internal"
    PERSONAL = "personal"
    IDENTIFYING = "identifying"


class Column(Standard):
    """One column of a canonical table."""

    type: ColumnType
    label: Label
    meaning: Label | None = None
    codes: str | None = Field(default=None, description="id of the code list that the values come from")
    unit: str | None = None
    required: bool = False
    min: float | None = None
    max: float | None = None
    sensitivity: Sensitivity = Sensitivity.INTERNAL
    hqms: str | None = Field(default=None, description="field code in the front-page upload file")
    verified: bool = True

    @model_validator(mode="after")
    def _code_has_list(self) -> Column:
        if self.codes and self.type is not ColumnType.CODE:
            raise ValueError("only a column of type code has a code list")
        if (self.min is not None or self.max is not None) and self.type not in NUMERIC:
            raise ValueError("min and max belong to integer, number and money columns")
        return self


NUMERIC = frozenset({ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.MONEY})


class Check(Standard):
    """A data-quality rule on one row: `require` must not be false.

    `flags` is a row that the rule must catch, `passes` one that it must not; tests run both.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    kind: Literal["conformance", "completeness", "plausibility"]
    require: str
    label: Label
    severity: Literal["error", "warning"] = "error"
    column: str | None = Field(default=None, description="column to name in the report; else the first in `require`")
    flags: dict[str, Any]
    passes: dict[str, Any]
    source: str | None = None
    verified: bool = True


class Table(Standard):
    """A canonical table. `month` is the column whose month decides the partition."""

    table: str = Field(pattern=NAME)
    label: Label
    meaning: Label | None = None
    key: tuple[str, ...] = Field(min_length=2)
    month: str | None = None
    columns: dict[str, Column]
    checks: tuple[Check, ...] = ()
    cases: str | None = Field(default=None, description="the case type that fills the table; no delivery does")

    @model_validator(mode="after")
    def _names_exist(self) -> Table:
        if "institution" not in self.key:
            raise ValueError("the key of every table begins with institution")
        for name in (*self.key, *([self.month] if self.month else [])):
            if name not in self.columns:
                raise ValueError(f"key or month names {name!r}, which is no column of the table")
        for name in self.key:
            if not self.columns[name].required:
                raise ValueError(f"key column {name!r} must be required: true")
        if self.month and self.columns[self.month].type not in (ColumnType.DATE, ColumnType.DATETIME):
            raise ValueError(f"month column {self.month!r} must be a date or datetime")
        return self


class Code(Standard):
    """One value of a code list."""

    label: Label
    meaning: Label | None = None


class CodeList(Standard):
    """The values that a coded column may take."""

    id: str
    label: Label
    source: str
    verified: bool
    trap: Label | None = Field(default=None, description="what people often get wrong with this list")
    codes: dict[str, Code]
    open: bool = Field(default=False, description="true: other values are allowed (a sample of a large classification)")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        """Allow `1: {zh: 男, en: Male}` for `1: {label: {zh: 男, en: Male}}`."""
        if isinstance(data, dict) and isinstance(data.get("codes"), dict):
            codes = {
                str(code): {"label": value} if isinstance(value, dict) and "zh" in value else value
                for code, value in data["codes"].items()
            }
            return {**data, "codes": codes}
        return data
