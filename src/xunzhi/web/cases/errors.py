"""Why something can't be done with a case; each says it in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


class CaseError(Exception):
    """Anything that keeps a case from changing; its text is for the person who tried."""


class Conflict(CaseError):  # noqa: N818  said so everywhere in the rooms
    """Someone else was faster. `who` is empty for the program and for anonymous openers."""

    def __init__(self, number: str, who: str, when: datetime, state: str):
        self.number, self.who, self.when, self.state = number, who, when, state
        time = date_format(timezone.localtime(when), "DATETIME_FORMAT")
        super().__init__(
            _("%(who)s changed %(number)s at %(time)s; it is now “%(state)s”. Look at it again before you go on.")
            % {"who": who or _("The program"), "number": number, "time": time, "state": state}
        )


class Refused(CaseError):  # noqa: N818
    """A rule forbids it; the text says which and what to do."""


class Invalid(CaseError):  # noqa: N818
    """Values that can't be taken: `errors` has a text for each field, `field.row.column` within a table."""

    def __init__(self, errors: Mapping[str, str]):
        self.errors = dict(errors)
        super().__init__("\n".join(f"{field}: {text}" for field, text in self.errors.items()))
