"""Values as people read them. Names of persons, units, files are looked up once for many cases."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.standards.cases import CaseType
from xunzhi.standards.expressions import is_empty
from xunzhi.standards.forms import SEARCHED, FieldType, FormField
from xunzhi.standards.tables import Sensitivity
from xunzhi.web.cases.schema import as_list, file_ids, row_ids
from xunzhi.web.installation import in_language, pack
from xunzhi.web.org.models import Person, Unit

HIDDEN = "＊＊＊"
"""Stands for what a reader may not see."""

_OPEN = (Sensitivity.OPEN, Sensitivity.INTERNAL)


@dataclass
class Names:
    """Persons, units and files named by the values of some cases."""

    persons: Mapping[int, Person] = field(default_factory=dict)
    units: Mapping[int, Unit] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, cases: Iterable[tuple[CaseType, Mapping[str, Any]]]) -> Names:
        """Look up what forms with values name: at most one query for each kind."""
        from xunzhi.web.cases.models import Attachment  # noqa: PLC0415  models know types, types know labels

        cases = list(cases)
        ids = {
            kind: {pk for form, values in cases for _, pk in row_ids(form, values, kind)}
            for kind in (FieldType.PERSON, FieldType.UNIT)
        }
        files = {pk for form, values in cases for pk in file_ids(form, values)}
        return cls(
            _read(Person, ids[FieldType.PERSON]),
            _read(Unit, ids[FieldType.UNIT]),
            {str(pk): name for pk, name in Attachment.objects.filter(pk__in=files).values_list("pk", "name")}
            if files
            else {},
        )

    def text(self, spec: FormField, value: Any, *, masked: bool = False) -> str:
        """A value in the reader's language; `masked` hides what is personal or identifying."""
        if is_empty(value):
            return ""
        if masked and is_sensitive(spec):
            return HIDDEN
        match spec.type:
            case FieldType.CHOICE | FieldType.MULTI_CHOICE:
                return "、".join(
                    in_language(spec.options[one]) if one in spec.options else str(one) for one in as_list(value)
                )
            case FieldType.PERSON:
                return "、".join(str(self.persons.get(pk, "?")) for pk in as_list(value))
            case FieldType.UNIT:
                return "、".join(str(self.units.get(pk, "?")) for pk in as_list(value))
            case FieldType.BOOLEAN:
                return _("Yes") if value else _("No")
            case FieldType.DATETIME:
                return str(value).replace("T", " ")
            case FieldType.NUMBER | FieldType.MONEY:
                return self._number(spec, value)
            case FieldType.INDICATOR:
                return "、".join(_indicator(one) for one in as_list(value))
            case _:
                return self._compound(spec, value, masked=masked)

    def _number(self, spec: FormField, value: Any) -> str:
        text = f"{value:,.2f}" if spec.type is FieldType.MONEY else f"{value:g}"
        return f"{text} {spec.unit}" if spec.unit else text

    def _compound(self, spec: FormField, value: Any, *, masked: bool) -> str:
        match spec.type:
            case FieldType.ATTACHMENT:
                return "、".join(self.files.get(pk, "?") for pk in value)
            case FieldType.PATIENT:
                return " ".join(value[part] for part in ("name", "patient_id", "encounter_id") if value.get(part))
            case FieldType.SIGNATURE:
                return f"{value['name']} {str(value['at']).replace('T', ' ')}"
            case FieldType.SCALE:
                band = spec.scale.bands.get(value.get("band")) if spec.scale else None
                return f"{value['total']:g}" + (f" {in_language(band.label)}" if band else "")
            case FieldType.TABLE:
                return "\n".join(
                    "；".join(
                        f"{in_language(column.label)}：{self.text(column, row[name], masked=masked)}"
                        for name, column in spec.columns.items()
                        if name in row
                    )
                    for row in value
                )
            case _:
                return str(value)


def _indicator(name: str) -> str:
    found = pack().indicators.get(name)
    return in_language(found.label) if found else name


def _read(model: Any, ids: Collection[int]) -> Mapping[int, Any]:
    """Persons or units by id, with name and code alone."""
    return {row.pk: row for row in model.objects.filter(pk__in=ids).order_by().only("name", "code")} if ids else {}


def is_sensitive(spec: FormField) -> bool:
    """Whether a field is masked for those who may not see who a patient is."""
    return spec.sensitivity not in _OPEN


def title_of(form: CaseType, values: Mapping[str, Any], names: Names) -> str:
    """The title that the case type makes of the values; what is sensitive is hidden."""
    words = {name: names.text(spec, values.get(name), masked=True) for name, spec in form.fields.items()}
    return " ".join(form.title.format_map(words).split())[:200]


def chosen_text(form: CaseType, values: Mapping[str, Any]) -> str:
    """What was chosen where there is one choice, a line `field=value` for each between line breaks."""
    chosen = [
        f"{name}={values[name]}\n"
        for name, spec in form.fields.items()
        if spec.type is FieldType.CHOICE and values.get(name)
    ]
    return "\n" + "".join(chosen) if chosen else ""


def search_text(form: CaseType, number: str, title: str, values: Mapping[str, Any], names: Names) -> str:
    """What the search finds of a case, in lower case: number, title, texts, names of people and units."""
    found = [number, title]
    found += [
        names.text(spec, values.get(name))
        for name, spec in form.fields.items()
        if spec.type in (SEARCHED | {FieldType.TABLE, FieldType.PERSON, FieldType.UNIT}) and not is_sensitive(spec)
    ]
    return "\n".join(text for text in found if text).lower()
