"""Forms of this room."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from xunzhi.web.installation import in_language, pack
from xunzhi.web.org.models import Import, Person, Post, Unit


class DateInput(forms.DateInput):
    """The browser's own way to choose a day."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d", attrs={"class": "form-control"})


def dressed(form: forms.BaseForm) -> None:
    """Give the fields of a form the look of the site."""
    for field in form.fields.values():
        widget = field.widget
        look = "form-select" if isinstance(widget, forms.Select) else "form-control"
        widget.attrs.setdefault("class", "form-check-input" if isinstance(widget, forms.CheckboxInput) else look)


class Dressed(forms.Form):
    """A form with the look of the site."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dressed(self)


def today() -> date:
    """The day that forms begin with."""
    return timezone.localdate()


class UnitForm(Dressed):
    """A new unit, or one that changes from a day on."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Unit.Kind.choices)
    code = forms.CharField(
        label=_("Code"), max_length=40, help_text=_("of a department or ward: the code that the hospital's data use")
    )
    name = forms.CharField(label=_("Name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=120, required=False)
    parent = forms.ModelChoiceField(label=_("Belongs to"), queryset=Unit.objects.none())
    owner_key = forms.ChoiceField(
        label=_("Owner of indicators"),
        required=False,
        help_text=_("this office answers for the indicators that name this owner"),
    )
    order = forms.IntegerField(label=_("Order"), initial=100, min_value=0, help_text=_("smaller numbers come first"))
    on = forms.DateField(
        label=_("Takes effect on"),
        initial=today,
        widget=DateInput(),
        help_text=_("reports of earlier days keep what was"),
    )

    def __init__(self, *args: Any, parents: QuerySet[Unit], unit: Unit | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = pack().manifest.owners
        self.fields["owner_key"].choices = [("", "—"), *((key, in_language(label)) for key, label in owners.items())]
        self.fields["parent"].queryset = parents
        if unit:
            del self.fields["kind"], self.fields["code"]
            if unit.parent_id is None:
                del self.fields["parent"]


class CloseForm(Dressed):
    """The last day of a unit."""

    until = forms.DateField(label=_("Last day"), initial=today, widget=DateInput())


class PostForm(forms.ModelForm):
    """Someone takes a post in a unit."""

    staff_number = forms.CharField(label=_("Staff number"), max_length=40)

    class Meta:
        """Who, what, how long."""

        model = Post
        fields = ["staff_number", "duty", "duties", "since", "until"]
        widgets = {"since": DateInput(), "until": DateInput(), "duties": forms.Textarea({"rows": 2})}

    field_order = ["staff_number"]

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.unit = unit
        self.fields["since"].initial = today
        dressed(self)

    def clean_staff_number(self) -> str:
        """Find the person."""
        code = self.cleaned_data["staff_number"].split(" ")[0]
        person = Person.objects.filter(institution=self.instance.unit.institution, code=code).first()
        if person is None:
            raise forms.ValidationError(_("There is nobody with this staff number."))
        self.instance.person = person
        return str(code)

    def clean(self) -> dict[str, Any]:
        """The term must not end before it begins."""
        found: dict[str, Any] = super().clean() or {}
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", _("The term ends before it begins."))
        return found


class PersonForm(forms.ModelForm):
    """Someone who works here."""

    on = forms.DateField(
        label=_("In this unit since"),
        initial=today,
        required=False,
        widget=DateInput(),
        help_text=_("if the unit changes; today at the latest"),
    )

    class Meta:
        """All that is known of a person."""

        model = Person
        fields = ["code", "name", "unit", "title", "category", "licence_level", "email", "channel", "since", "until"]
        widgets = {"since": DateInput(), "until": DateInput()}

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units
        del self.fields["code" if self.instance.pk else "on"]
        dressed(self)

    def clean(self) -> dict[str, Any]:
        """Staff numbers are unique; nobody leaves before he comes."""
        found: dict[str, Any] = super().clean() or {}
        unit, code = found.get("unit"), found.get("code")
        if unit and code and Person.objects.filter(institution=unit.institution, code=code).exists():
            self.add_error("code", _("Someone else has this staff number."))
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", _("The term ends before it begins."))
        return found


class UploadForm(Dressed):
    """A table to bring in."""

    kind = forms.ChoiceField(label=_("Content"), choices=Import.Kind.choices)
    file = forms.FileField(label=_("File"), help_text=_(".xlsx, or .csv in UTF-8 or GB18030"))
    on = forms.DateField(
        label=_("Changes take effect on"),
        initial=today,
        widget=DateInput(),
        help_text=_("for new names and places of units"),
    )
