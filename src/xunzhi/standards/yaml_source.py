"""YAML that remembers where each value stands, so that an error can name file and line."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from xunzhi.standards.errors import Problem, StandardsError

Loc = tuple[Any, ...]
Model = TypeVar("Model", bound=BaseModel)

_BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BaseLoader):  # type: ignore[misc, valid-type]
    """Safe YAML in which only true and false are booleans: `no`, `on`, `off` are words in a code list."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in _BaseLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Source:
    """The content of one YAML file and the line on which each value begins."""

    file: Path
    data: Any
    lines: dict[Loc, int]

    def line(self, loc: Loc) -> int:
        """Line of the value at `loc`, or of the nearest thing that holds it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def problem(self, loc: Loc, message: str) -> Problem:
        """A problem with the value at `loc`."""
        return Problem(self.file, self.line(loc), ".".join(str(part) for part in loc), message)

    def validate(self, model: type[Model], loc: Loc = ()) -> Model:
        """The value at `loc` as a `model`.

        Raises:
            StandardsError: with one problem for each field that doesn't fit.
        """
        try:
            return model.model_validate(self._at(loc))
        except ValidationError as error:
            problems = [self.problem(loc + self._real(loc, tuple(e["loc"])), _plain(dict(e))) for e in error.errors()]
            raise StandardsError(problems) from error

    def _at(self, loc: Loc) -> Any:
        value = self.data
        for part in loc:
            value = value[part]
        return value

    def _real(self, prefix: Loc, loc: Loc) -> Loc:
        """Drop the parts that pydantic adds for unions and validators: they stand in no file."""
        real: Loc = ()
        for part in loc:
            if prefix + real + (part,) in self.lines or isinstance(part, int) or part == loc[-1]:
                real = (*real, part)
        return real


def _plain(error: dict[str, Any]) -> str:
    """Pydantic's finding in the words of someone who writes standards."""
    match error["type"]:
        case "extra_forbidden":
            return "no such field here; check its spelling against docs/standards"
        case "missing":
            return "is missing; add it"
        case _:
            message = str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
            shown = repr(error.get("input"))
            return f"{message}, got {shown}" if len(shown) <= 60 else message


def load_yaml(file: Path) -> Source:
    """Read a YAML file.

    Raises:
        StandardsError: if it is not YAML, or names the same key twice in one place.
    """
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise StandardsError(
            [Problem(file, line, "", f"not YAML: {error.problem}; check indentation and quotes")]
        ) from error
    except yaml.YAMLError as error:
        raise StandardsError([Problem(file, 1, "", "not YAML: it holds a character that no text has")]) from error
    except UnicodeDecodeError as error:
        raise StandardsError([Problem(file, 1, "", "not UTF-8; save the file as UTF-8")]) from error
    if node is None:
        raise StandardsError([Problem(file, 1, "", "the file is empty")])
    lines: dict[Loc, int] = {}
    twice = list(_walk(node, (), lines))
    if twice:
        raise StandardsError([Problem(file, line, key, "stands twice; keep one") for key, line in twice])
    constructor = _Loader("")
    try:
        data = constructor.construct_document(node)
    finally:
        constructor.dispose()
    return Source(file, data, lines)


def _walk(node: yaml.Node, loc: Loc, lines: dict[Loc, int]) -> Iterable[tuple[str, int]]:
    """Note the line of every value below `node`; yield the keys that stand twice."""
    lines[loc] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*loc, index), lines)
    elif isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.value, key.start_mark.line + 1
            seen.add(key.value)
            yield from _walk(value, (*loc, key.value), lines)
            lines[(*loc, key.value)] = key.start_mark.line + 1
