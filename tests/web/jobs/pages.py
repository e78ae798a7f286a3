"""Who may open the pages of jobs (see permission_kit.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tests.web.permission_kit import EVERYONE, Page
from xunzhi.web.jobs import data
from xunzhi.web.jobs.models import Job
from xunzhi.web.jobs.services import enqueue

VIEWERS = ("officer", "president", "system_admin")
RUNNERS = ("officer", "system_admin")
NOT = ("head_a", "doctor_a", "security_admin", "audit_admin", "member")


def _job(world: SimpleNamespace) -> dict[str, Any]:
    job = enqueue("jobs.tidy")
    Job.objects.update(state=Job.State.FAILED, error="磁盘已满 / disk full", trace="…")
    return {"pk": job.pk}


def _kind(world: SimpleNamespace) -> dict[str, Any]:
    return {"kind": "measures"}


def _mapping(world: SimpleNamespace) -> dict[str, Any]:
    data.folder().mkdir(exist_ok=True)
    (data.folder() / "m.yaml").write_text("mapping: m\n")
    return {"act": "check", "name": "m.yaml"}


PAGES = [
    Page("jobs:data", may=RUNNERS, outsider=(*NOT, "president")),
    Page("jobs:data_act", may=RUNNERS, outsider=(*NOT, "president"), arguments=_mapping, method="post"),
    Page("jobs:index", may=VIEWERS, outsider=NOT),
    Page("jobs:one", may=VIEWERS, outsider=NOT, arguments=_job),
    Page("jobs:state", may=EVERYONE, arguments=_kind),
    Page("jobs:again", may=RUNNERS, outsider=(*NOT, "president"), arguments=_job, method="post"),
    Page("jobs:start", may=RUNNERS, outsider=(*NOT, "president"), arguments=_kind, method="post"),
]
