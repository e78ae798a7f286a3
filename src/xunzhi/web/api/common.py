"""What all parts of the API share: tokens with scope, paging, texts that the database can hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema
from ninja.errors import HttpError
from ninja.security import HttpBearer
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from xunzhi.standards import Label
from xunzhi.web.accounts.tokens import Caller, authenticate
from xunzhi.web.api.problems import Problem
from xunzhi.web.permissions import Access, refusal

Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
Long = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00]*$")]
Said = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")]
"""Text that says something."""
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


def _written(value: Any) -> Any:
    if not isinstance(value, str) or "-" not in value:
        raise ValueError("write 2026-11-22 / 请写成 2026-11-22")
    return value


def _in_utc(moment: datetime) -> datetime:
    """A moment as every database takes it: PostgreSQL knows no offset of more than 16 hours."""
    try:
        return (moment if moment.tzinfo else timezone.make_aware(moment)).astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range / 超出范围") from None


Day = Annotated[date, BeforeValidator(_written)]
Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_in_utc)]
"""Numbers are no times, although pydantic would take them for seconds since 1970."""

FAULTS = dict.fromkeys((400, 401, 403, 404, 409, 422), Problem)
"""What any operation may answer besides what was asked for."""


class Token(HttpBearer):
    """The token of an account; it needs a scope, and may within it what the account may."""

    def __init__(self, scope: str):
        self.scope = scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Who asks; from here on errors speak his language."""
        caller = authenticate(request)
        if caller is None:
            return None
        if caller.user.language:
            translation.activate(caller.user.language)
        caller.require(self.scope)
        _refuse_unknown(request)
        return caller


def _refuse_unknown(request: HttpRequest) -> None:
    """A misspelt filter would show everything: names that an address doesn't know are refused."""
    known = request.resolver_match.func.known(request)  # type: ignore[union-attr]  see urls.py
    unknown = sorted(set(request.GET) - known)
    if unknown:
        names = ", ".join(sorted(known)) or "–"
        raise HttpError(
            422,
            _("There is no parameter %(unknown)s here, only %(known)s.")
            % {"unknown": ", ".join(unknown), "known": names},
        )


class Name(Schema):
    """A label in both languages."""

    zh: str
    en: str

    @staticmethod
    def of(label: Label) -> Name:
        """A label of the standards."""
        return Name(zh=label("zh"), en=label("en"))


class Paging(Schema):
    """Which page, and how long."""

    page: int = Field(1, ge=1, le=100_000)
    size: int = Field(50, ge=1, le=200)


Pages = Query[Paging]


def paged(rows: QuerySet[Any] | Sequence[Any], paging: Paging, shown: Callable[[Any], Any]) -> dict[str, Any]:
    """A page of rows, and how many there are in all."""
    start = (paging.page - 1) * paging.size
    count = rows.count() if isinstance(rows, QuerySet) else len(rows)
    items = [shown(row) for row in rows[start : start + paging.size]]
    return {"items": items, "count": count, "page": paging.page, "size": paging.size}


def access_of(request: HttpRequest) -> Access:
    """What the caller may do."""
    access: Access = request.access  # type: ignore[attr-defined]
    return access


def need(access: Access, permission: str) -> None:
    """Refuse who has a permission nowhere.

    Raises:
        PermissionDenied: if so.
    """
    if not access.may_somewhere(permission):
        raise PermissionDenied(refusal(permission))
