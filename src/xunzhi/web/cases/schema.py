"""A whole form: which fields are shown, which are needed, what is wrong; and the form as JSON for the browser."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.standards.cases import CaseType
from xunzhi.standards.expressions import is_empty
from xunzhi.standards.forms import FieldType, FormField
from xunzhi.web.cases.errors import Invalid, Refused
from xunzhi.web.cases.values import parsed
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person, Unit

Values = dict[str, Any]


def cleaned(
    form: CaseType, given: Mapping[str, Any], stored: Mapping[str, Any], open_fields: Collection[str],
    needs: Collection[str] = (),
) -> Values:  # fmt: skip
    """The values of a case after some were given: checked, hidden ones dropped.

    `stored` is what the case has, `open_fields` what may change now, `needs` what a step asks for. Fields that may not
    change may be given as they are.

    Raises:
        Invalid: with every mistake, by field.
    """
    errors: dict[str, str] = {}
    values: Values = {}
    for name in set(given) - set(form.fields):
        errors[name] = _("there is no such field")
    for name, field in form.fields.items():
        if field.show_if is not None and not field.show_if(values):
            continue
        value = _taken(field, name, given, stored, open_fields, errors)
        if value is not None:
            values[name] = value
    wrong = {place.split(".")[0] for place in errors}
    errors |= {name: _("is missing") for name in _missing(form, values, open_fields, needs) if name not in wrong}
    for check in form.checks:
        if not check.require(values):
            errors.setdefault(check.field, in_language(check.label))
    errors.update({name: text for name, text in _dangling(form, values) if name not in errors})
    if errors:
        raise Invalid(errors)
    return values


def told(form: CaseType, errors: Mapping[str, str]) -> str:
    """The mistakes of a form in one line, with the names of its fields."""
    labels = {name: in_language(spec.label) for name, spec in form.fields.items()}
    return "; ".join(f"{labels.get(place.split('.')[0], '')} {text}".strip() for place, text in errors.items())


@contextmanager
def filled_in_for(form: CaseType) -> Iterator[None]:
    """For a form that the program fills in: its mistakes are said with the names of its fields.

    Raises:
        Refused: instead of Invalid.
    """
    try:
        yield
    except Invalid as error:
        raise Refused(told(form, error.errors)) from error


def _taken(
    field: FormField, name: str, given: Mapping[str, Any], stored: Mapping[str, Any],
    open_fields: Collection[str], errors: dict[str, str],
) -> Any:  # fmt: skip
    """The value that a field has from now on; what is wrong is noted."""
    before = stored.get(name)
    if name not in given or field.type is FieldType.SIGNATURE:
        return before
    try:
        value = parsed(field, given[name])
    except ValueError as error:
        errors[name] = str(error)
        return None
    except Invalid as error:
        errors.update({f"{name}.{place}": text for place, text in error.errors.items()})
        return None
    if name not in open_fields and value != before:
        errors[name] = _("can't be changed at this step")
        return before
    return value


def _missing(form: CaseType, values: Values, open_fields: Collection[str], needs: Collection[str]) -> Iterator[str]:
    """Fields that are shown, may be filled in, and must be."""
    for name, field in form.fields.items():
        if not is_empty(values.get(name)) or (field.show_if is not None and not field.show_if(values)):
            continue
        asked = field.required or (field.required_if is not None and field.required_if(values))
        if name in needs or (asked and name in open_fields):
            yield name


def _dangling(form: CaseType, values: Values) -> Iterator[tuple[str, str]]:
    """Persons and units that aren't there (one query each)."""
    for kind, model, text in (
        (FieldType.PERSON, Person, _("there is no such person")),
        (FieldType.UNIT, Unit, _("there is no such unit")),
    ):
        named = list(row_ids(form, values, kind))
        known = set(model.objects.filter(pk__in={pk for _, pk in named}).values_list("pk", flat=True)) if named else ()
        yield from ((name, text) for name, pk in named if pk not in known)


def row_ids(form: CaseType, values: Mapping[str, Any], kind: FieldType) -> Iterator[tuple[str, int]]:
    """The persons or units that values name, with the field that names them."""
    for place, spec, value in _leaves(form, values):
        if spec.type is kind:
            yield from ((place, pk) for pk in as_list(value))


def file_ids(form: CaseType, values: Mapping[str, Any]) -> dict[str, str]:
    """The files that values name: id → field, or FIELD.COLUMN of a table."""
    found: dict[str, str] = {}
    for place, spec, value in _leaves(form, values):
        if spec.type is FieldType.ATTACHMENT:
            name, *row = place.split(".")
            found |= dict.fromkeys(value or (), ".".join((name, *row[1:])))
    return found


def _leaves(form: CaseType, values: Mapping[str, Any]) -> Iterator[tuple[str, FormField, Any]]:
    """The values of fields, and of each row's columns in tables (FIELD.ROW.COLUMN)."""
    for name, value in values.items():
        field = form.fields.get(name)
        if field is not None and field.type is not FieldType.TABLE:
            yield name, field, value
        elif field is not None:
            for index, row in enumerate(value or ()):
                yield from ((f"{name}.{index}.{key}", spec, row.get(key)) for key, spec in field.columns.items())


def as_list(value: Any) -> list[Any]:
    """A value, or the members of a list, as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{field: [before, after]} of what differs."""
    names: Iterable[str] = dict.fromkeys((*before, *after))
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def browser_rules(form: CaseType) -> dict[str, dict[str, Any]]:
    """The conditions of a form as trees for static/cases.js: {field: {"show": tree, "require": tree or true}}."""
    found: dict[str, dict[str, Any]] = {}
    for name, field in form.fields.items():
        rules: dict[str, Any] = {}
        if field.show_if is not None:
            rules["show"] = field.show_if.tree
        if field.required:
            rules["require"] = True
        elif field.required_if is not None:
            rules["require"] = field.required_if.tree
        if rules:
            found[name] = rules
    return found
