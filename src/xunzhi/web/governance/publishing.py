"""What was decided is in force: the files that all programs read follow the database, and only what is committed.

A new definition is stored first, without being in force; its publication is a row of the database, committed with its
case; then the files are made to say what the database says (`settle`): right after the commit, by a job queued in the
same transaction if the process died meanwhile, whenever the site starts, and every hour. Whatever happens in between,
the old or the new decision is in force, whole.
"""

from __future__ import annotations

import shutil
import time
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from xunzhi.standards.local import (
    FOLDER,
    keep_version,
    put_in_force,
    read_list,
    settling,
    version_in_force,
    write_list,
)
from xunzhi.web.cases.models import Case
from xunzhi.web.configuration import home
from xunzhi.web.governance.changes import ChangeError, change_of, tried_pack
from xunzhi.web.governance.models import Decision, Publication
from xunzhi.web.jobs.services import enqueue

JOB = "governance.settle"

ABANDONED = 24 * 3600.0
"""Seconds after which a version that was stored but not published is removed."""


@transaction.atomic
def publish(case: Case) -> None:
    """Publish the change that a case proposes: in force once this transaction is committed.

    Raises:
        ChangeError: if the standards would not be sound, or others publish at the same time; nothing changes then.
    """
    before = Publication.objects.last()
    if version_in_force(home()) != (before.version if before else ""):
        raise ChangeError(_("Another change is being put into force. Try again in a moment."))
    with tried_pack(change_of(case), alone=False) as checked:
        version = keep_version(home(), checked.root)
    try:
        with transaction.atomic():
            made = Publication.objects.create(case=case, version=version, number=before.number + 1 if before else 1)
    except IntegrityError as error:
        raise ChangeError(_("Someone else published a change meanwhile. Look at it, then publish this one.")) from error
    _soon(f"publication {made.number}", measure=True)


def decide(file: Decision.File, told: dict[str, Any]) -> None:
    """Record a decision on a target or baseline: in force once this transaction is committed."""
    made = Decision.objects.create(file=file, told=told)
    _soon(f"decision {made.pk}")


def _soon(key: str, *, measure: bool = False) -> None:
    enqueue(JOB, {"measure": measure}, key=key)
    transaction.on_commit(settle, robust=True)


def settle() -> None:
    """Let the files say what the database says. Bears being repeated, and being cut short anywhere."""
    with settling(home()):
        newest = Publication.objects.last()
        version = newest.version if newest else ""
        if version_in_force(home()) != version:
            put_in_force(home(), version)
        for file in Decision.File.values:
            _write_decisions(file)
        _sweep()


def _write_decisions(name: str) -> None:
    """Decisions written by hand have no number, and stay as they are."""
    file = home() / name
    known = read_list(file)
    by_hand = [one for one in known if one.get("number") is None]
    taken = [{**one.told, "number": one.pk} for one in Decision.objects.filter(file=name)]
    if known != [*by_hand, *taken]:
        write_list(file, [*by_hand, *taken])


def _sweep() -> None:
    """Remove what publications left that were not committed."""
    kept = set(Publication.objects.values_list("version", flat=True))
    for folder in (home() / FOLDER).iterdir():
        if folder.is_dir() and folder.name not in kept and folder.stat().st_mtime < time.time() - ABANDONED:
            shutil.rmtree(folder)
