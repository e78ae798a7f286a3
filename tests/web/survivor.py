"""What the test of survival does within an installation: python -m tests.web.survivor make|found.

`make` brings the database up to date and prints the number of a department; its officer may sign in with PASSWORD.
`found` prints as JSON what the site holds.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date
from typing import Any

import django
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.utils import timezone

PASSWORD = "Circle-of-quality-26"


def make() -> int:
    """An institution, a department and an officer; the number of the department."""
    from xunzhi.web.accounts.models import RoleGrant, User  # noqa: PLC0415  Django must be set up first
    from xunzhi.web.org.models import Person, Unit  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    top = Unit.objects.create(kind="institution", institution="H1", code="H1", name="循质医院")
    unit = Unit.objects.create(kind="department", institution="H1", code="0301", name="心血管内科", parent=top)
    person = Person.objects.create(institution="H1", code="S1", name="质控", unit=top)
    password = make_password(PASSWORD)
    user = User.objects.create(username="officer", person=person, password=password, password_set=timezone.now())
    RoleGrant.objects.create(user=user, role="quality_officer", unit=top, since=date(2020, 1, 1))
    return unit.pk


def found() -> dict[str, Any]:
    """Cases by title, comments, files by number with the hash of their bytes; what the log says was done, how often."""
    from xunzhi.web.audit.models import Entry  # noqa: PLC0415
    from xunzhi.web.cases.files import path_of  # noqa: PLC0415
    from xunzhi.web.cases.models import Attachment, Case, Comment  # noqa: PLC0415

    files = Attachment.objects.exclude(case=None)
    actions = ("case.open", "case.comment", "case.attach")
    return {
        "cases": list(Case.objects.values_list("title", flat=True)),
        "comments": list(Comment.objects.values_list("text", flat=True)),
        "files": {str(one.pk): hashlib.sha256(path_of(one.digest).read_bytes()).hexdigest() for one in files},
        "done": [Entry.objects.filter(action=action).count() for action in actions],
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(make() if sys.argv[1] == "make" else found()))
