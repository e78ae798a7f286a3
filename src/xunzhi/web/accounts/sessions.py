"""Sessions with an owner: Django's, whose rows also say who is signed in, since when and from where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore

from xunzhi.web.accounts.models import Session


class SessionStore(DatabaseStore):
    """Django's store on :class:`Session`."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row of a session, with its columns taken from the data."""
        row: Session = super().create_model_instance(data)
        row.user_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        row.since, row.seen = _moment(data.get("since")), _moment(data.get("seen"))
        row.address, row.agent = data.get("address", ""), data.get("agent", "")
        return row


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
