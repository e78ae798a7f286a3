"""Sessions with an owner: Django's, whose rows also say who is signed in, since when and from where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.utils import timezone

from xunzhi.web.accounts.models import Session

_DATA = "SELECT session_data FROM accounts_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(DatabaseStore):
    """Django's store on :class:`Session`."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """The table."""
        return Session

    def load(self) -> dict[str, Any]:
        """The data of the session; plain SQL, for each request asks for them."""
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(_DATA, [self.session_key, now])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        data: dict[str, Any] = self.decode(row[0])
        return data

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """The row of a session, with its columns taken from the data."""
        row: Session = super().create_model_instance(data)
        row.user_id = int(data["_auth_user_id"]) if "_auth_user_id" in data else None
        row.since, row.seen = _moment(data.get("since")), _moment(data.get("seen"))
        row.address, row.agent = data.get("address", ""), data.get("agent", "")
        return row


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
