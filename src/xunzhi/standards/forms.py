"""Forms: the fields that people fill in, in their sections."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from xunzhi.standards.expressions import Condition, mistakes
from xunzhi.standards.tables import NAME, Label, Sensitivity, Standard
from xunzhi.standards.yaml_source import Loc

RESERVED = frozenset({"and", "or", "not", "in", "has", "true", "false", "empty", "count", "total", "band"})
"""Words of the conditions; no field is called so."""

Name = Annotated[str, StringConstraints(pattern=NAME)]


class FieldType(StrEnum):
    """What a field takes.

    How each is kept as JSON: text, long_text, choice, indicator (its id), date ("2026-03-02"), datetime
    ("2026-03-02T08:30", wall clock of the institution): a string · number, money: a number · boolean: true or false ·
    multi_choice: a list of strings · person, unit: the id of a row of the organisation · with `many` a list of ids ·
    attachment: a list of the ids of files · patient: {"patient_id", "encounter_id", "name"} ·
    scale: {"answers": {item: option}, "total", "band"} · table: a list of {column: value} ·
    signature: {"user", "name", "at"}. What was not filled in is absent.
    """

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    MONEY = "money"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"
    PERSON = "person"
    UNIT = "unit"
    PATIENT = "patient"
    INDICATOR = "indicator"
    SCALE = "scale"
    TABLE = "table"
    ATTACHMENT = "attachment"
    SIGNATURE = "signature"


CHOICES = frozenset({FieldType.CHOICE, FieldType.MULTI_CHOICE})
NUMBERS = frozenset({FieldType.NUMBER, FieldType.MONEY})
SEARCHED = frozenset({FieldType.TEXT, FieldType.LONG_TEXT})
"""What the search of cases finds."""

SEVERAL = frozenset({FieldType.PERSON, FieldType.UNIT, FieldType.INDICATOR})
"""What can be chosen several times over (`many`)."""

IN_TABLES = frozenset(FieldType) - {FieldType.TABLE, FieldType.SCALE, FieldType.PATIENT, FieldType.SIGNATURE}
"""What a column of a table may be."""


class ScaleOption(Standard):
    """An answer to an item of a scale, and what it counts."""

    label: Label
    points: float


class ScaleItem(Standard):
    """One question of a scale; `options` stand in their order."""

    label: Label
    options: dict[str, ScaleOption] = Field(min_length=2)


class Band(Standard):
    """What a total means: from `from` points on, until the next band begins."""

    label: Label
    start: float = Field(alias="from")


class Scale(Standard):
    """A scale with scoring: the points of the answers are added up, the total lies in a band."""

    items: dict[Name, ScaleItem] = Field(min_length=1)
    bands: dict[str, Band] = Field(default={})

    @model_validator(mode="after")
    def _bands_rise(self) -> Scale:
        starts = [band.start for band in self.bands.values()]
        if starts != sorted(set(starts)):
            raise ValueError("bands must stand in rising order of `from`")
        return self

    def total(self, answers: dict[str, str]) -> float:
        """The points of all answers."""
        return sum(self.items[item].options[option].points for item, option in answers.items())

    def band(self, total: float) -> str | None:
        """The band of a total; None below the first."""
        reached = [name for name, band in self.bands.items() if band.start <= total]
        return reached[-1] if reached else None


class FormField(Standard):
    """One field of a form, or one column of a table in it."""

    type: FieldType
    label: Label
    help: Label | None = None
    required: bool = Field(default=False, description="without it, a case can't be opened")
    required_if: Condition | None = None
    show_if: Condition | None = Field(default=None, description="over fields that stand earlier in the form")
    sensitivity: Sensitivity = Sensitivity.INTERNAL
    options: dict[str, Label] = Field(default={}, description="of a choice")
    codes: str | None = Field(default=None, description="id of the code list that the options come from")
    many: bool = Field(default=False, description="several persons, units or indicators")
    kinds: tuple[str, ...] = Field(default=(), description="kinds of unit to choose from, such as department")
    unit: str | None = Field(default=None, description="of a number")
    min: float | None = None
    max: float | None = None
    max_length: int | None = None
    scale: Scale | None = None
    columns: dict[Name, FormField] = Field(default={}, description="of a table")

    @model_validator(mode="before")
    @classmethod
    def _patients_identify(cls, data: Any) -> Any:
        """A field that takes a patient is masked unless it says otherwise."""
        if isinstance(data, dict) and data.get("type") == "patient":
            return {"sensitivity": Sensitivity.IDENTIFYING, **data}
        return data

    @model_validator(mode="after")
    def _fits(self) -> FormField:
        belongs = {
            "options": bool(self.options) <= (self.type in CHOICES),
            "codes": bool(self.codes) <= (self.type in CHOICES),
            "many": self.many <= (self.type in SEVERAL),
            "kinds": bool(self.kinds) <= (self.type is FieldType.UNIT),
            "scale": (self.scale is not None) == (self.type is FieldType.SCALE),
            "columns": bool(self.columns) == (self.type is FieldType.TABLE),
            "max_length": (self.max_length is None) or self.type in SEARCHED,
            "min and max": (self.min is None and self.max is None) or self.type in NUMBERS,
        }
        for name, fits in belongs.items():
            if not fits:
                raise ValueError(f"{name} doesn't go with type {self.type}, or is missing there")
        if self.type in CHOICES and not (self.options or self.codes):
            raise ValueError("a choice needs options, or codes that name a code list")
        for name, column in self.columns.items():
            if column.type not in IN_TABLES:
                raise ValueError(f"column {name!r} of a table can't be of type {column.type}")
            if column.show_if is not None:
                raise ValueError(f"column {name!r} of a table can't be hidden; drop show_if")
        return self


class Section(Standard):
    """Some fields that belong together; they can be filled in while the case is in one of the states `open_in`."""

    id: Name
    label: Label
    help: Label | None = None
    open_in: tuple[str, ...] = Field(min_length=1)
    fields: dict[Name, FormField] = Field(min_length=1)


def form_mistakes(sections: tuple[Section, ...], taken: frozenset[str]) -> Iterator[tuple[Loc, str]]:
    """What is wrong with the fields of a form as a whole, and where; the names in `taken` stand for something else."""
    options: dict[str, frozenset[str] | None] = {}
    later: list[tuple[Loc, Condition]] = []
    for index, section in enumerate(sections):
        for name, field in section.fields.items():
            at: Loc = ("sections", index, "fields", name)
            if name in RESERVED | taken or name in options:
                yield at, f"the name {name!r} is taken; choose another"
            if field.show_if is not None:
                wrong = mistakes(field.show_if, options)
                yield from (((*at, "show_if"), f"{found} (it may read what stands earlier)") for found in wrong)
            if field.required_if is not None:
                later.append(((*at, "required_if"), field.required_if))
            options[name] = choices_of(field)
            yield from _column_mistakes(at, field)
    for at, condition in later:
        yield from ((at, found) for found in mistakes(condition, options))


def choices_of(field: FormField) -> frozenset[str] | None:
    """The values that a field can take, if it is a choice."""
    return frozenset(field.options) if field.options else None


def _column_mistakes(at: Loc, field: FormField) -> Iterator[tuple[Loc, str]]:
    """Conditions of a table's columns are over its own columns."""
    options = {name: choices_of(column) for name, column in field.columns.items()}
    for name, column in field.columns.items():
        if column.required_if is not None:
            wrong = mistakes(column.required_if, options)
            yield from (((*at, "columns", name, "required_if"), found) for found in wrong)
