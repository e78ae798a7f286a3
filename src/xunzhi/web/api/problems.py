"""Errors as problem JSON (RFC 9457), in the language of the one who asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as Wrong
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from xunzhi.web.cases.errors import CaseError, Invalid
from xunzhi.web.signals.services import SignalError

MEDIA_TYPE = "application/problem+json"


class Problem(Schema):
    """What went wrong: `detail` says what to do, `errors` has a text for each wrong field."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: dict[str, str] = {}


def problem(status: int, detail: str, errors: Mapping[str, str] | None = None) -> HttpResponse:
    """A response that says what went wrong."""
    said = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=dict(errors or {}))
    body = json.dumps(said.model_dump(), ensure_ascii=False)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE)


def explain(api: NinjaAPI) -> None:
    """Let an API answer all errors as problems."""
    handlers = {
        AuthenticationError: _unauthenticated,
        PermissionDenied: _forbidden,
        Http404: _missing,
        ValidationError: _unreadable,
        Wrong: _wrong,
        Invalid: _invalid,
        CaseError: _refused,
        SignalError: _refused,
        HttpError: _other,
    }
    for error, handler in handlers.items():
        api.add_exception_handler(error, handler)


def _unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
    response = problem(401, _("Send a token that is still valid: Authorization: Bearer xz_…"))
    response["WWW-Authenticate"] = "Bearer"
    return response


def _forbidden(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(403, str(error) or _("You may not do this."))


def _missing(request: HttpRequest, error: Any) -> HttpResponse:
    return problem(404, _("There is no such thing, or you may not know of it."))


def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = {".".join(str(part) for part in fault["loc"][1:] or fault["loc"]): fault["msg"] for fault in error.errors}
    return problem(422, _("The request can't be read: %(what)s") % {"what": _joined(errors)}, errors)


def _wrong(request: HttpRequest, error: Wrong) -> HttpResponse:
    return problem(422, " ".join(error.messages))


def _invalid(request: HttpRequest, error: Invalid) -> HttpResponse:
    return problem(422, _("The values can't be taken: %(what)s") % {"what": _joined(error.errors)}, error.errors)


def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(409, str(error))


def _other(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(error.status_code, str(error))


def _joined(errors: Mapping[str, str]) -> str:
    return "; ".join(f"{field}: {text}" for field, text in errors.items())
