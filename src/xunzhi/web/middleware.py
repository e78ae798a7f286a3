"""What happens around every request, and to the files that come with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.exceptions import BadRequest
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
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


class PlainText:
    """Refuse NUL characters: no person types them, and PostgreSQL doesn't store them. The API says so by itself."""

    def __init__(self, get_response: Handler):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look at the address."""
        if not _is_api(request):
            _refuse_nul([request.path, *_texts(request.GET)])
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        """Look at what is posted to a page, once CSRF checks are past; a body that breaks off is no fault of ours."""
        if _is_api(request):
            return
        try:
            posted = request.POST
        except UnreadablePostError as error:
            raise BadRequest(str(error)) from error
        _refuse_nul(_texts(posted))


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _texts(sent: QueryDict) -> Iterator[str]:
    for name, values in sent.lists():
        yield from (name, *values)


def _refuse_nul(texts: Iterable[str]) -> None:
    if any("\0" in text for text in texts):
        raise BadRequest("NUL character")


class NoFilesOfStrangers(FileUploadHandler):
    """Stop reading where a file of someone who is not signed in begins: no page takes any, and disks are finite."""

    def new_file(self, *about: Any, **more: Any) -> None:
        """Let only people who are signed in bring a file."""
        super().new_file(*about, **more)
        if not self.request.user.is_authenticated:
            raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Leave the file to the handlers that follow."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers that follow."""


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
