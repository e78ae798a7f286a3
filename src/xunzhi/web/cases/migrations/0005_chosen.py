"""What lists ask of a case stands in their indexes, the choices of its form too."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django.db import migrations, models

from xunzhi.standards.cases import CaseType
from xunzhi.web.cases import pairs
from xunzhi.web.cases.labels import chosen_text

ASKED = ["state", "unit", "secrecy", "opened_by", "assignee", "chosen"]
LOT = 500


def _fill(apps: Any, _editor: Any) -> None:
    revisions = apps.get_model("cases", "CaseTypeRevision").objects
    forms = {one.pk: CaseType.model_validate(one.spec) for one in revisions.iterator()}
    cases = apps.get_model("cases", "Case").objects
    found = cases.order_by("pk").only("values", "chosen", "revision_id").iterator(LOT)
    while lot := list(islice(found, LOT)):
        for case in lot:
            case.chosen = chosen_text(forms[case.revision_id], case.values)
        cases.bulk_update(lot, ["chosen"])


def _again(_apps: Any, editor: Any) -> None:
    """SQLite made the table anew, without its triggers."""
    pairs.drop(editor.connection)
    pairs.create(editor.connection)


class Migration(migrations.Migration):
    """Add the column, and take it into the indexes."""

    dependencies = [("cases", "0004_newest_and_open")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.AddField("case", "chosen", models.TextField(default="", editable=False)),
        migrations.RunPython(_fill, migrations.RunPython.noop),
        *(migrations.RemoveIndex("case", name) for name in ("case_list", "case_due", "case_open_list", "case_open")),
        migrations.AddIndex("case", models.Index(fields=["type", "-opened_at", "-id", *ASKED], name="case_list")),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["due_at", "id", "type", "stage", *ASKED[:-1]],
                name="case_due",
            ),
        ),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["type", "-opened_at", "-id", *ASKED],
                name="case_open_list",
            ),
        ),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["type", "state", "due_at", "-id", *ASKED[1:]],
                name="case_open",
            ),
        ),
        migrations.RunPython(_again, _again),
    ]
