"""What of this room waits for someone (see work.items)."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from xunzhi.web.accounts.glass import to_review
from xunzhi.web.permissions import Access
from xunzhi.web.work.items import WorkItem


def waiting(access: Access) -> Iterator[WorkItem]:
    """Broken glass to review."""
    if not access.may_somewhere("glass.review"):
        return
    for made in to_review(access):
        yield WorkItem(
            key=f"glass {made.pk}",
            title=f"{made.user} → {_('one patient') if made.patient else made.unit}",
            link=reverse("accounts:glass_reviews"),
            why=_("Review whether breaking the glass was justified"),
            kind=_("Broken glass"),
            since=made.since,
            unit=made.unit.name,
            icon="shield-check",
        )
