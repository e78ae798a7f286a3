"""Indexes in the order of lists and boards: of all cases, and of those that are open."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create them."""

    dependencies = [("cases", "0003_view_of_unit")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.RemoveIndex("case", "case_open"),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["type", "state", "due_at", "-id", "unit", "secrecy", "opened_by", "assignee"],
                name="case_open",
            ),
        ),
        migrations.AddIndex("case", models.Index(fields=["-opened_at", "-id"], name="case_newest")),
        migrations.AddIndex(
            "case",
            models.Index(
                condition=models.Q(("closed_at", None)), fields=["type", "-opened_at", "-id"], name="case_open_list"
            ),
        ),
    ]
