"""Forms of cases in the browser: what a page needs to show them, and what comes back from it.

Inputs are called as the fields are; `measures.0.owner` is a cell of a table, `patient.name` a part of a patient. The
errors of :mod:`~xunzhi.web.cases.schema` have the same names, so each stands where its mistake was made.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from xunzhi.standards.cases import CaseType
from xunzhi.standards.expressions import is_empty
from xunzhi.standards.forms import FieldType, FormField, Scale
from xunzhi.web import asked
from xunzhi.web.cases.files import LARGEST
from xunzhi.web.cases.labels import Names
from xunzhi.web.cases.schema import as_list
from xunzhi.web.installation import in_language, pack
from xunzhi.web.org.models import Person, Unit

PATIENT = ("patient_id", "encounter_id", "name")
MOST_BUTTONS = 5
"""A choice of up to so many options is shown as buttons, not as a list."""


def posted(fields: Mapping[str, FormField], data: QueryDict) -> dict[str, Any]:
    """What a form sent, field by field, as JSON; what can't be read stays as it was typed. None: left empty."""
    return {name: _empty_as_none(_read(spec, name, data)) for name, spec in fields.items()}


def _read(spec: FormField, name: str, data: QueryDict) -> Any:
    return _READERS.get(spec.type, _text)(spec, name, data)


def _empty_as_none(value: Any) -> Any:
    return None if is_empty(value) else value


def _text(spec: FormField, name: str, data: QueryDict) -> str:
    return data.get(name, "")


def _list(spec: FormField, name: str, data: QueryDict) -> list[str]:
    return [value for value in data.getlist(name) if value]


def _number(spec: FormField, name: str, data: QueryDict) -> Any:
    text = data.get(name, "").strip()
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _boolean(spec: FormField, name: str, data: QueryDict) -> Any:
    return {"true": True, "false": False, "on": True}.get(data.get(name, ""))


def _rows_of(spec: FormField, name: str, data: QueryDict) -> Any:
    """Ids of persons or units; without script the typed text is looked up by code or exact name."""
    ids = [pk for value in data.getlist(name) if (pk := asked.number(value)) is not None]
    typed = data.get(f"{name}.text", "").strip()
    if not ids and typed:
        ids = _looked_up(spec, typed)
        if not ids:
            return typed
    return ids if spec.many else next(iter(ids), None)


def _looked_up(spec: FormField, typed: str) -> list[int]:
    model = Person if spec.type is FieldType.PERSON else Unit
    for column in ("code", "name"):
        found = list(model.objects.filter(**{column: typed}).values_list("pk", flat=True)[:2])
        if len(found) == 1:
            return found
    return []


def _indicator(spec: FormField, name: str, data: QueryDict) -> str | list[str]:
    """Ids of indicators; without script what was typed must be one."""
    ids = _list(spec, name, data) or [typed for typed in [data.get(f"{name}.text", "").strip()] if typed]
    return ids if spec.many else next(iter(ids), "")


def _patient(spec: FormField, name: str, data: QueryDict) -> dict[str, str]:
    told = {part: data.get(f"{name}.{part}", "").strip() for part in PATIENT}
    return {part: value for part, value in told.items() if value}


def _scale(spec: FormField, name: str, data: QueryDict) -> dict[str, Any]:
    assert spec.scale is not None  # noqa: S101  the standards say so
    answers = {item: data.get(f"{name}.{item}") for item in spec.scale.items}
    answers = {item: option for item, option in answers.items() if option}
    return {"answers": answers} if answers else {}


def _table(spec: FormField, name: str, data: QueryDict) -> list[dict[str, Any]]:
    start = re.compile(rf"{re.escape(name)}\.(\d+)\.")
    numbers = sorted({int(found[1]) for key in data if (found := start.match(key))})
    rows = []
    for number in numbers:
        cells = {key: _read(column, f"{name}.{number}.{key}", data) for key, column in spec.columns.items()}
        filled = {key: value for key, value in cells.items() if not is_empty(value)}
        if filled:
            rows.append(filled)
    return rows


_READERS: dict[FieldType, Callable[[FormField, str, QueryDict], Any]] = {
    FieldType.NUMBER: _number,
    FieldType.MONEY: _number,
    FieldType.MULTI_CHOICE: _list,
    FieldType.ATTACHMENT: _list,
    FieldType.BOOLEAN: _boolean,
    FieldType.PERSON: _rows_of,
    FieldType.UNIT: _rows_of,
    FieldType.INDICATOR: _indicator,
    FieldType.PATIENT: _patient,
    FieldType.SCALE: _scale,
    FieldType.TABLE: _table,
}


def names_for(form: CaseType, values: Mapping[str, Any]) -> Names:
    """The names behind the ids in values that may still be wrong."""
    return Names.of([(form, {name: _ids_only(form.fields[name], value) for name, value in values.items()})])


def _ids_only(spec: FormField, value: Any) -> Any:
    """What may be an id, where ids belong."""
    if spec.type is FieldType.TABLE:
        rows = [row for row in as_list(value) if isinstance(row, dict)]
        return [{key: _ids_only(spec.columns[key], cell) for key, cell in row.items()} for row in rows]
    if spec.type in (FieldType.PERSON, FieldType.UNIT):
        return [one for one in as_list(value) if isinstance(one, int)]
    return [one for one in as_list(value) if is_uuid(one)] if spec.type is FieldType.ATTACHMENT else value


def is_uuid(text: Any) -> bool:
    """Whether something is the id of a file."""
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return True


def named(spec: FormField, value: Any, names: Names) -> str:
    """The name behind one id; "" if there is nothing."""
    match spec.type:
        case FieldType.PERSON:
            return str(names.persons.get(value, ""))
        case FieldType.UNIT:
            return str(names.units.get(value, ""))
        case FieldType.ATTACHMENT:
            return names.files.get(value, "")
        case _:
            return in_language(pack().indicators[value].label) if value in pack().indicators else ""


@dataclass(frozen=True)
class Box:
    """One field as a form shows it; `name` is that of its inputs, `errors` those of the whole form."""

    name: str
    spec: FormField
    value: Any
    names: Names
    errors: Mapping[str, str] = field(default_factory=dict)
    needed: bool = False

    @property
    def id(self) -> str:
        """The id of its (first) input."""
        return f"f-{self.name.replace('.', '-')}"

    @property
    def column(self) -> str:
        """Of a cell: its column."""
        return self.name.rsplit(".", 1)[-1]

    @property
    def template(self) -> str:
        """What draws its input."""
        kind = {FieldType.MONEY: FieldType.NUMBER, FieldType.DATETIME: FieldType.DATE}.get(
            self.spec.type, self.spec.type
        )
        return f"cases/widgets/{kind.value}.html"

    @property
    def error(self) -> str:
        """What is wrong with it."""
        return self.errors.get(self.name, "")

    @property
    def wide(self) -> bool:
        """Whether it takes the whole width."""
        return self.spec.type in WIDE or self.spec.many

    @property
    def as_buttons(self) -> bool:
        """Whether a choice is short enough for buttons."""
        return len(self.spec.options) <= MOST_BUTTONS and "." not in self.name

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """Of a choice: value, label, whether chosen."""
        chosen = self.value if isinstance(self.value, list) else [self.value]
        return [(value, in_language(label), value in chosen) for value, label in self.spec.options.items()]

    @property
    def picked(self) -> list[tuple[Any, str]]:
        """Persons, units, an indicator or files that were chosen: id and name."""
        return [(one, text) for one in as_list(self.value) if (text := named(self.spec, one, self.names))]

    @property
    def typed(self) -> str:
        """Of one person, unit or indicator: its name, or what was typed."""
        picked = self.picked
        return picked[0][1] if picked else ("" if self.value is None else str(self.value))

    @property
    def plain(self) -> str:
        """Of a number: as it is typed, without grouping."""
        return f"{self.value:.15g}" if isinstance(self.value, int | float) else str(self.value or "")

    @property
    def limit(self) -> int:
        """The most bytes of a file."""
        return LARGEST

    @property
    def search(self) -> str:
        """Where the browser finds persons, units or indicators to choose from."""
        address = reverse("cases:pick", args=[self.spec.type.value])
        return f"{address}?kinds={','.join(self.spec.kinds)}" if self.spec.kinds else address

    @property
    def parts(self) -> dict[str, str]:
        """Of a patient: its parts."""
        told = self.value if isinstance(self.value, dict) else {}
        return {part: told.get(part, "") for part in PATIENT}

    @property
    def rows(self) -> list[tuple[int, list[Box]]]:
        """Of a table: number and cells of each row; one empty row if there is none."""
        rows = self.value if isinstance(self.value, list) else []
        return [(number, self._cells(number, row)) for number, row in enumerate(rows or [{}])]

    @property
    def next_row(self) -> int:
        """Of a table: the number of a row to come."""
        return len(self.rows)

    @property
    def blank_row(self) -> list[Box]:
        """Of a table: the cells of a row to come."""
        return self._cells("__row__", {})

    @property
    def heads(self) -> list[FormField]:
        """Of a table: its columns."""
        return list(self.spec.columns.values())

    def _cells(self, number: int | str, row: Mapping[str, Any]) -> list[Box]:
        return [
            Box(f"{self.name}.{number}.{key}", column, row.get(key), self.names, self.errors, column.required)
            for key, column in self.spec.columns.items()
        ]

    @property
    def questions(self) -> list[dict[str, Any]]:
        """Of a scale: its items with their options."""
        scale = self._scale()
        answers = (self.value or {}).get("answers", {}) if isinstance(self.value, dict) else {}
        return [
            {
                "id": item,
                "label": in_language(question.label),
                "options": [
                    {
                        "id": key,
                        "label": in_language(o.label),
                        "points": f"{o.points:g}",
                        "chosen": answers.get(item) == key,
                    }
                    for key, o in question.options.items()
                ],
            }
            for item, question in scale.items.items()
        ]

    @property
    def bands_json(self) -> str:
        """Of a scale: its bands, for the browser."""
        bands = self._scale().bands.items()
        found = [{"id": key, "from": band.start, "label": in_language(band.label)} for key, band in bands]
        return json.dumps(found, ensure_ascii=False)

    def _scale(self) -> Scale:
        assert self.spec.scale is not None  # noqa: S101  the standards say so
        return self.spec.scale


WIDE = {FieldType.LONG_TEXT, FieldType.TABLE, FieldType.SCALE, FieldType.ATTACHMENT, FieldType.PATIENT}


@dataclass(frozen=True)
class Part:
    """A section of a form with its boxes."""

    id: str
    label: str
    help: str
    boxes: list[Box]


def layout(
    form: CaseType,
    fields: Collection[str],
    values: Mapping[str, Any],
    names: Names,
    errors: Mapping[str, str],
    needs: Collection[str] = (),
) -> list[Part]:
    """The sections of a form that hold some of its fields, with these."""
    parts = []
    for section in form.sections:
        boxes = [
            Box(name, spec, values.get(name), names, errors, name in needs)
            for name, spec in section.fields.items()
            if name in fields and spec.type is not FieldType.SIGNATURE
        ]
        if boxes:
            told = in_language(section.help) if section.help else ""
            parts.append(Part(section.id, in_language(section.label), told, boxes))
    return parts


def summary(form: CaseType, errors: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The mistakes in the order of the form: id of the input, name of the field, what is wrong."""
    order = {name: place for place, name in enumerate(form.fields)}
    found = []
    for name, text in sorted(errors.items(), key=lambda item: order.get(item[0].split(".")[0], 0)):
        top, *rest = name.split(".")
        spec = form.fields.get(top)
        label = in_language(spec.label) if spec else ""
        if spec and len(rest) == 2 and rest[1] in spec.columns:
            label = f"{label} {int(rest[0]) + 1} · {in_language(spec.columns[rest[1]].label)}"
        found.append((f"f-{name.replace('.', '-')}", label, text))
    return found
