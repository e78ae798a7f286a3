"""The forms of this room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from xunzhi.web.accounts.models import User
from xunzhi.web.accounts.tokens import SCOPES
from xunzhi.web.configuration import configuration
from xunzhi.web.installation import in_language
from xunzhi.web.org.models import Person, Unit
from xunzhi.web.permissions import roles

CLASSES = {forms.Select: "form-select", forms.SelectMultiple: "form-select", forms.CheckboxSelectMultiple: ""}


class Form(forms.Form):
    """A form whose fields look like those of the site."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", CLASSES.get(type(field.widget), "form-control"))


def _password(label: Any, complete: str = "new-password", **more: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": complete})
    return forms.CharField(label=label, strip=False, max_length=200, widget=widget, **more)


def _day() -> forms.DateInput:
    """Browsers take and show days as ISO 8601 has them, whatever the language."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class SignInForm(Form):
    """Account and password."""

    username = forms.CharField(
        label=_("Account"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )
    password = _password(_("Password"), "current-password")


class CodeForm(Form):
    """A code of the authenticator app."""

    code = forms.CharField(
        label=_("Verification code"),
        max_length=30,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "class": "form-control code"}
        ),
    )


class NewPasswordForm(Form):
    """A password of one's own choice, typed twice."""

    new = _password(_("New password"))
    again = _password(_("New password, again"))

    def __init__(self, user: User, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user = user
        self.rules = password_validators_help_texts()

    def clean_again(self) -> str:
        """Both must be the same."""
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new"):
            raise forms.ValidationError(_("The two passwords differ."))
        return again


class ChangePasswordForm(NewPasswordForm):
    """As above, with the password until now."""

    old = _password(_("Password until now"), "current-password")
    field_order = ("old", "new", "again")


class TokenForm(Form):
    """A token of one's own."""

    name = forms.CharField(label=_("What for"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=lambda: list(SCOPES.items()), widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(label=_("Days until it expires"), min_value=1, initial=90)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["days"].widget.attrs["max"] = configuration().accounts.token_days


class AccountForm(Form):
    """A new account for someone who works here."""

    person = forms.ModelChoiceField(label=_("Person"), queryset=Person.objects.none())
    username = forms.CharField(
        label=_("Account name"), max_length=150, required=False, help_text=_("Empty: the staff number.")
    )

    def __init__(self, people: Any, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        field.queryset = people  # type: ignore[attr-defined]
        field.label_from_instance = lambda person: f"{person.code} {person.name} · {person.unit.name}"  # type: ignore[attr-defined]


class GrantForm(Form):
    """A role for a unit and a term, with a reason."""

    role = forms.ChoiceField(label=_("Role"))
    unit = forms.ModelChoiceField(label=_("Given for"), queryset=Unit.objects.none())
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=_("Last day of the role"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    reason = forms.CharField(label=pgettext_lazy("justification", "Reason"), max_length=200)

    def __init__(self, units: Any, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        known = roles().roles.items()
        self.fields["role"].choices = [(name, in_language(role.label)) for name, role in known]  # type: ignore[attr-defined]
        field = self.fields["unit"]
        field.queryset = units  # type: ignore[attr-defined]
        field.label_from_instance = lambda unit: f"{'　' * (unit.path.count('/') - 2)}{unit.name}"  # type: ignore[attr-defined]


class GlassForm(Form):
    """What one must reach, and why."""

    unit = forms.ModelChoiceField(label=pgettext_lazy("organisation", "Unit"), queryset=Unit.objects.none())
    patient = forms.CharField(
        label=_("Patient number"), max_length=80, required=False, help_text=_("Empty: all patients of the unit.")
    )
    reason = forms.CharField(
        label=pgettext_lazy("justification", "Reason"),
        min_length=8,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, units: Any, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        field.queryset = units  # type: ignore[attr-defined]
        field.label_from_instance = lambda unit: f"{'　' * (unit.path.count('/') - 2)}{unit.name}"  # type: ignore[attr-defined]
