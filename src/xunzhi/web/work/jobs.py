"""Background jobs of this room: deliveries and digests."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from xunzhi.web.jobs.services import Progress, every, job
from xunzhi.web.work.delivery import deliver
from xunzhi.web.work.digests import write_due


@every(minutes=5)
@job("work.deliver", _("Send notifications"))
def send(progress: Progress) -> None:
    """Send what is due; `tell` asks for it at once, the clock for retries and for what was left lying."""
    count = deliver(progress)
    progress(1, str(count))


@every(minutes=10)
@job("work.digests", _("Write digests"))
def digests(progress: Progress) -> None:
    """Write the digests that are due and not yet written."""
    write_due(progress)
