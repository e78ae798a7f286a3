"""What was filled in, field by field: from what the browser or another program sends to what is stored, or why not."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Hashable
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.standards.expressions import is_empty
from xunzhi.standards.forms import FieldType, FormField
from xunzhi.web.cases.errors import Invalid
from xunzhi.web.installation import in_language, pack
from xunzhi.web.org.models import Unit

LONGEST = 20_000
"""Characters in one text."""

MOST_ROWS = 200
"""Rows in one table, or members of one list."""


YEARS = range(1900, 2201)
"""Years in which a case can have dates: others are slips."""


def parsed(field: FormField, value: Any) -> Any:
    """A value as it is stored (see FieldType); None if nothing was filled in.

    Raises:
        ValueError: with a sentence for the person who filled it in.
        Invalid: as above, for single cells of a table.
    """
    if is_empty(value):
        return None
    return _PARSERS[field.type](field, value)


def _text(field: FormField, value: Any) -> str | None:
    if not isinstance(value, str):
        raise ValueError(_("must be a text"))  # noqa: TRY004  all of these are said to the person
    text = value.replace("\r\n", "\n").replace("\x00", "").strip()
    longest = field.max_length or LONGEST
    if len(text) > longest:
        raise ValueError(_("has %(length)d characters; at most %(most)d fit") % {"length": len(text), "most": longest})
    return text or None


def _number(field: FormField, value: Any) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(_("must be a number")) from None
    if isinstance(value, bool) or not math.isfinite(number) or abs(number) > 1e15:
        raise ValueError(_("must be a number"))
    if field.type is FieldType.MONEY:
        number = round(number, 2)
    if field.min is not None and number < field.min:
        raise ValueError(_("must be at least %(least)g") % {"least": field.min})
    if field.max is not None and number > field.max:
        raise ValueError(_("must be at most %(most)g") % {"most": field.max})
    return int(number) if number.is_integer() else number


def _choice(field: FormField, value: Any) -> str:
    if not isinstance(value, str) or value not in field.options:
        known = "、".join(in_language(label) for label in field.options.values())
        raise ValueError(_("must be one of: %(known)s") % {"known": known})
    return value


def _members(value: Any) -> list[Any]:
    members = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(member, Hashable) for member in members):
        raise ValueError(_("must be chosen from the list"))
    if len(members) > MOST_ROWS:
        raise ValueError(_("at most %(most)d can be chosen") % {"most": MOST_ROWS})
    return list(dict.fromkeys(members))


def _choices(field: FormField, value: Any) -> list[str]:
    chosen = [_choice(field, member) for member in _members(value)]
    return [option for option in field.options if option in chosen]


def _date(field: FormField, value: Any) -> str:
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(_("must be a date such as 2026-03-02")) from None
    _refuse_odd_year(day)
    return day.isoformat()


def _datetime(field: FormField, value: Any) -> str:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(_("must be date and time such as 2026-03-02 08:30")) from None
    _refuse_odd_year(moment)
    if moment.tzinfo is not None:
        moment = timezone.make_naive(moment)
    return moment.isoformat(timespec="minutes")


def _refuse_odd_year(day: date) -> None:
    if day.year not in YEARS:
        raise ValueError(
            _("must lie between the years %(first)d and %(last)d") % {"first": YEARS[0], "last": YEARS[-1]}
        )


def _boolean(field: FormField, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("must be yes or no"))  # noqa: TRY004
    return value


def _row_ids(field: FormField, value: Any) -> int | list[int]:
    try:
        ids = [int(member) for member in _members(value)]
    except (TypeError, ValueError, OverflowError):
        raise ValueError(_("must be chosen from the list")) from None
    if any(not 0 < number < 2**63 for number in ids):
        raise ValueError(_("must be chosen from the list"))
    if field.many:
        return ids
    if len(ids) != 1:
        raise ValueError(_("only one can be chosen"))
    return ids[0]


def _unit(field: FormField, value: Any) -> int | list[int]:
    found = _row_ids(field, value)
    ids = found if isinstance(found, list) else [found]
    if field.kinds and Unit.objects.filter(pk__in=ids).exclude(kind__in=field.kinds).exists():
        raise ValueError(_("a unit of this kind can't be chosen here"))
    return found


def _patient(field: FormField, value: Any) -> dict[str, str] | None:
    if not isinstance(value, dict) or set(value) - {"patient_id", "encounter_id", "name"}:
        raise ValueError(_("must be a patient"))
    told = {name: str(part).strip()[:60] for name, part in value.items() if not is_empty(part)}
    return {name: part for name, part in told.items() if part} or None


def _indicator(field: FormField, value: Any) -> str | list[str]:
    ids = [str(member) for member in _members(value)]
    for name in ids:
        if name not in pack().indicators:
            raise ValueError(_("there is no indicator %(name)s") % {"name": name})
    if field.many:
        return ids
    if len(ids) != 1:
        raise ValueError(_("only one can be chosen"))
    return ids[0]


def _scale(field: FormField, value: Any) -> dict[str, Any] | None:
    assert field.scale is not None  # noqa: S101  the standards say so
    answers = value.get("answers") if isinstance(value, dict) else None
    if not isinstance(answers, dict):
        raise ValueError(_("must be a filled-in scale"))  # noqa: TRY004
    answers = {item: option for item, option in answers.items() if not is_empty(option)}
    for item, option in answers.items():
        if item not in field.scale.items or option not in field.scale.items[item].options:
            raise ValueError(_("there is no answer %(answer)s") % {"answer": f"{item}: {option}"})
    missing = [in_language(item.label) for name, item in field.scale.items.items() if name not in answers]
    if answers and missing:
        raise ValueError(_("not answered yet: %(items)s") % {"items": "、".join(missing)})
    if not answers:
        return None
    total = field.scale.total(answers)
    total = int(total) if float(total).is_integer() else total
    return {"answers": answers, "total": total, "band": field.scale.band(total)}


def _table(field: FormField, value: Any) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError(_("must be rows of a table"))
    rows = [row for row in value if any(not is_empty(cell) and cell is not False for cell in row.values())]
    if len(rows) > MOST_ROWS:
        raise ValueError(_("has %(rows)d rows; at most %(most)d fit") % {"rows": len(rows), "most": MOST_ROWS})
    errors: dict[str, str] = {}
    found = [_row(field, row, index, errors) for index, row in enumerate(rows)]
    if errors:
        raise Invalid(errors)
    return found or None


def _row(field: FormField, row: dict[str, Any], index: int, errors: dict[str, str]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name in row:
        if name not in field.columns:
            errors[f"{index}.{name}"] = _("there is no such column")
    for name, column in field.columns.items():
        try:
            cell = parsed(column, row.get(name))
        except ValueError as error:
            errors[f"{index}.{name}"] = str(error)
            continue
        if cell is not None:
            cells[name] = cell
    for name, column in field.columns.items():
        needed = column.required or (column.required_if is not None and column.required_if(cells))
        if needed and name not in cells and f"{index}.{name}" not in errors:
            errors[f"{index}.{name}"] = _("is missing")
    return cells


def _files(field: FormField, value: Any) -> list[str]:
    try:
        return [str(uuid.UUID(str(member))) for member in _members(value)]
    except ValueError:
        raise ValueError(_("must be uploaded files")) from None


def _signature(field: FormField, value: Any) -> Any:
    raise ValueError(_("is set by the program when the step is signed"))


_PARSERS: dict[FieldType, Callable[[FormField, Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.LONG_TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.MONEY: _number,
    FieldType.CHOICE: _choice,
    FieldType.MULTI_CHOICE: _choices,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.BOOLEAN: _boolean,
    FieldType.PERSON: _row_ids,
    FieldType.UNIT: _unit,
    FieldType.PATIENT: _patient,
    FieldType.INDICATOR: _indicator,
    FieldType.SCALE: _scale,
    FieldType.TABLE: _table,
    FieldType.ATTACHMENT: _files,
    FieldType.SIGNATURE: _signature,
}
