"""What happens around every request."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from xunzhi.web.configuration import configuration
from xunzhi.web.permissions import Access

Handler = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


def client_address(get_response: Handler) -> Handler:
    """Behind the proxies that settings.toml names, take the address of the one who asked them."""

    def handle(request: HttpRequest) -> HttpResponse:
        known = configuration().site.proxies
        way = [step.strip() for step in request.headers.get("X-Forwarded-For", "").split(",") if step.strip()]
        while request.META.get("REMOTE_ADDR") in known and way:
            request.META["REMOTE_ADDR"] = way.pop()
        return get_response(request)

    return handle


def plain_text(get_response: Handler) -> Handler:
    """Refuse NUL characters: no person types them, and PostgreSQL doesn't store them. The API says so by itself."""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return get_response(request)
        sent = (
            text for told in (request.GET, request.POST) for texts in told.lists() for text in (texts[0], *texts[1])
        )
        if "\0" in request.path or any("\0" in text for text in sent):
            raise BadRequest("NUL character")
        return get_response(request)

    return handle


def access(get_response: Handler) -> Handler:
    """Give each request `request.access` (see permissions.py) and the language its user chose."""

    def handle(request: HttpRequest) -> HttpResponse:
        request.access = SimpleLazyObject(lambda: Access(request.user))  # type: ignore[attr-defined]
        chosen = getattr(request.user, "language", "") if request.user.is_authenticated else ""
        if chosen and chosen != translation.get_language():
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        return get_response(request)

    return handle


def security_headers(get_response: Handler) -> Handler:
    """Nothing from another host, no script in a page; pages with patients are not kept by browsers."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return handle
