"""The addresses under /api/: people read /api/docs, tools /api/openapi.json."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from xunzhi.web.api import cases, docs, organisation, results, signals
from xunzhi.web.api.problems import MEDIA_TYPE, explain, problem
from xunzhi.web.permissions import public


class Api(NinjaAPI):
    """The API; its OpenAPI says that errors are problem JSON."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """What there is to ask for."""
        schema = super().get_openapi_schema(**options)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "application/json" in response.get("content", {}):
                        response["content"][MEDIA_TYPE] = response["content"].pop("application/json")
        return schema


api = Api(
    title="循质 Xunzhi",
    version=version("xunzhi"),
    description="Organisation, results, signals and cases. Tokens are made in the browser, each with its scopes.",
    docs_url=None,
    urls_namespace="api",
)
explain(api)
api.add_router("/organisation", organisation.router)
api.add_router("/", results.router)
api.add_router("/signals", signals.router)
api.add_router("/cases", cases.router)


@cache
def _parameters() -> dict[tuple[str, str], frozenset[str]]:
    """The names in the query of each operation, as OpenAPI says them."""
    paths = api.get_openapi_schema(path_prefix="/api/")["paths"]
    return {
        (address, method): frozenset(said["name"] for said in operation.get("parameters", ()) if said["in"] == "query")
        for address, operations in paths.items()
        for method, operation in operations.items()
    }


def known(request: HttpRequest) -> frozenset[str]:
    """The names that the query of a request may hold."""
    match = request.resolver_match
    address = "/" + re.sub(r"<(\w+)>", r"{\1}", match.route if match else "")
    return _parameters().get((address, (request.method or "").lower()), frozenset())


@public
def nothing(request: HttpRequest) -> HttpResponse:
    """Programs that ask for what isn't there get a problem, not a page."""
    return problem(404, _("There is no such address; /api/openapi.json names all of them."))


_patterns, _app, _namespace = api.urls
for _pattern in _patterns:
    if isinstance(_pattern, URLPattern):
        login_not_required(_pattern.callback)  # a token says who asks, not a session
        _pattern.callback.known = known

urlpatterns = [
    path("api/docs", docs.page, {"api": api}, name="api-docs"),
    path("api/", (_patterns, _app, _namespace)),
    re_path("^api/", nothing, name="no-api"),
]
