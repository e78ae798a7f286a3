"""The page that says what the API can do: its own OpenAPI in the reader's language, without asking another host."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI

from xunzhi.web.accounts.tokens import SCOPES
from xunzhi.web.permissions import signed_in

CHAPTERS: Mapping[str, Promise] = {
    "organisation": gettext_lazy("Organisation"),
    "results": gettext_lazy("Indicators and results"),
    "signals": gettext_lazy("Signals"),
    "cases": gettext_lazy("Registers and cases"),
}

WORDS: Mapping[str, Promise] = {
    "page": gettext_lazy("number of the page, from 1"),
    "size": gettext_lazy("rows on a page"),
    "on": gettext_lazy("day on which the organisation is wanted; today if empty"),
    "kind": gettext_lazy("kind; the values are listed"),
    "unit": gettext_lazy("unit: its id; for results its code"),
    "institution": gettext_lazy("code of the institution"),
    "area": gettext_lazy("area of indicators"),
    "indicator": gettext_lazy("id of the indicator"),
    "stratum": gettext_lazy("by what: hospital, department, ward, doctor …"),
    "pk": gettext_lazy("id, as lists give it"),
    "state": gettext_lazy("state, as the lists name it"),
    "stage": gettext_lazy("kind of state"),
    "type": gettext_lazy("case type, as /api/cases/types lists them"),
    "text": gettext_lazy("text: looked for, or said"),
    "opened_since": gettext_lazy("opened at this time or later"),
    "version": gettext_lazy("the version that you saw; if someone was faster, the answer is 409"),
    "until": gettext_lazy("day until which nothing is asked"),
    "department": gettext_lazy("id of the department that is to answer"),
    "values": gettext_lazy("what the form holds, by field"),
    "step": gettext_lazy("step, one of `steps` of the case"),
    "comment": gettext_lazy("comment; some steps ask for one"),
}
"""What the names of queries and bodies mean."""

DEEPEST = 4
"""How far examples of answers go into what they hold."""


@dataclass(frozen=True)
class Argument:
    """A name in the address, the query or the body."""

    name: str
    place: str
    type: str
    required: bool
    meaning: Any


@dataclass(frozen=True)
class Operation:
    """One thing to ask for, with an example of the call and of its answer."""

    id: str
    method: str
    address: str
    summary: str
    scope: str
    arguments: list[Argument]
    call: str
    answer: str


@signed_in
def page(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """What the API can do, and how to begin."""
    host = request.build_absolute_uri("/").rstrip("/")
    schema = api.get_openapi_schema(path_prefix="/api/")
    found = list(operations(schema, host))
    chapters = [(label, [one for one in found if one.scope.startswith(f"{tag}:")]) for tag, label in CHAPTERS.items()]
    context = {"chapters": chapters, "scopes": SCOPES.items(), "host": host, "version": schema["info"]["version"]}
    return render(request, "api_docs.html", context)


def operations(schema: Mapping[str, Any], host: str) -> Iterator[Operation]:
    """What an OpenAPI description offers, as a page shows it; `host` begins the addresses of the examples."""
    parts = schema["components"]["schemas"]
    for address, methods in schema["paths"].items():
        for method, said in methods.items():
            body = _body(said, parts)
            yield Operation(
                id=said["operationId"],
                method=method.upper(),
                address=address,
                summary=str(said["summary"]),
                scope=f"{said['tags'][0]}:{'read' if method == 'get' else 'write'}",
                arguments=list(_arguments(said, body)),
                call=_call(method.upper(), f"{host}{address}", said, body, parts),
                answer=_json(_sample(_answer(said), parts)),
            )


def _body(said: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    if "requestBody" not in said:
        return {}
    return _resolved(said["requestBody"]["content"]["application/json"]["schema"], parts)


def _answer(said: Mapping[str, Any]) -> Mapping[str, Any]:
    good = next(answer for status, answer in said["responses"].items() if int(status) < 300)
    schema: Mapping[str, Any] = good["content"]["application/json"]["schema"]
    return schema


def _arguments(said: Mapping[str, Any], body: Mapping[str, Any]) -> Iterator[Argument]:
    places = {"path": _("the address"), "query": _("the query")}
    for one in said.get("parameters", ()):
        name = one["name"]
        yield Argument(name, places[one["in"]], _type(one["schema"]), one.get("required", False), WORDS[name])
    for name, schema in body.get("properties", {}).items():
        yield Argument(name, _("the body"), _type(schema), name in body.get("required", ()), WORDS[name])


def _type(schema: Mapping[str, Any]) -> str:
    """A type in words: "integer", "date", or the values that are taken."""
    options = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    if "enum" in options[0]:
        return " | ".join(options[0]["enum"])
    return str(options[0].get("format") or options[0].get("type", "object"))


def _call(method: str, url: str, said: Mapping[str, Any], body: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    """A call as a shell takes it."""
    asked = [one["name"] for one in said.get("parameters", ()) if one["in"] == "query" and one.get("required")]
    query = "?" + "&".join(f"{name}=…" for name in asked) if asked else ""
    lines = [f"curl -H 'Authorization: Bearer xz_…' '{url.replace('{pk}', '1')}{query}'"]
    if method == "POST":
        needed = {name: one for name, one in body["properties"].items() if name in body.get("required", ())}
        told = json.dumps({name: _sample(one, parts) for name, one in needed.items()}, ensure_ascii=False)
        lines = [lines[0].replace("curl", "curl -X POST"), "-H 'Content-Type: application/json'", f"-d '{told}'"]
    return " \\\n  ".join(lines)


def _resolved(schema: Mapping[str, Any], parts: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = parts[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    return found


_SAMPLES: Mapping[str, Any] = {"integer": 1, "number": 1.5, "boolean": False, "string": "…", "null": None}
_TIMES: Mapping[str, str] = {"date": "2026-03-02", "date-time": "2026-03-02T08:30:00+08:00"}


def _sample(schema: Mapping[str, Any], parts: Mapping[str, Any], depth: int = 0) -> Any:
    """What a value of a schema looks like."""
    schema = _resolved(schema, parts)
    if depth > DEEPEST:
        return "…"
    if "anyOf" in schema:
        return _sample(schema["anyOf"][0], parts, depth)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "array":
        return [_sample(schema["items"], parts, depth + 1)]
    if "properties" in schema:
        return {name: _sample(one, parts, depth + 1) for name, one in schema["properties"].items()}
    if schema.get("type") == "object":
        return {}
    return _TIMES.get(schema.get("format", ""), _SAMPLES[schema.get("type", "string")])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
