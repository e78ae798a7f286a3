"""Conditions on the fields of a form, such as `severity = 'serious' and not empty(cause)`.

One small language for server and browser. A condition is parsed into a tree of JSON: a literal is itself, everything
else is a list whose first member says what it is:

    ["field", name]                     the value of a field
    ["and", a, b, …] ["or", a, b, …] ["not", a]
    ["=", a, b] ["!=", a, b] ["<", a, b] ["<=", a, b] [">", a, b] [">=", a, b]
    ["in", a, literal, …]               one of several values
    ["has", a, literal]                 a choice of several, a list of units … contains a value
    ["empty", a]                        nothing was filled in: null, "", [] and {} alike
    ["count", a]                        rows of a table, files, values chosen; 0 if empty
    ["total", a] ["band", a]            the points of a scale, and the band in which they lie

Comparing for order is false if a side is empty or the two are of different kinds (numbers, texts); dates and times are
texts of ISO 8601. Nothing in the language can fail, loop or reach beyond the form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ConfigDict, RootModel, field_validator

from xunzhi.standards.sql import unknown

Tree = Any
"""A condition as JSON; see the module."""

COMPARISONS = ("=", "!=", "<=", ">=", "<", ">")
FUNCTIONS = ("empty", "count", "total", "band")

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|'(?P<text>[^']*)'|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>!=|<=|>=|[=<>()\[\],]))"
)


class Condition(RootModel[str]):
    """A condition as it stands in the standards; parsed when it is read.

    Raises:
        ValueError: saying what was expected where.
    """

    model_config = ConfigDict(frozen=True)

    @field_validator("root")
    @classmethod
    def _parses(cls, text: str) -> str:
        parse(text)
        return text

    @property
    def tree(self) -> Tree:
        """The condition as JSON, for the browser."""
        return parse(self.root)

    @property
    def fields(self) -> set[str]:
        """The fields that it reads."""
        return {node[1] for node in nodes(self.tree) if node[0] == "field"}

    def __call__(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds for the values of a form."""
        return evaluate(self.tree, values) is True

    def __str__(self) -> str:
        return self.root


def parse(text: str) -> Tree:
    """The tree of a condition.

    Raises:
        ValueError: if it isn't one.
    """
    parser = _Parser(text)
    tree = parser.disjunction()
    parser.end()
    return tree


def nodes(tree: Tree) -> Iterator[list[Any]]:
    """Every operation within a tree."""
    if isinstance(tree, list):
        yield tree
        for part in tree[1:]:
            yield from nodes(part)


def is_empty(value: Any) -> bool:
    """Whether nothing was filled in."""
    return value is None or value in ("", [], {})


def evaluate(tree: Tree, values: Mapping[str, Any]) -> Any:
    """The value of a tree over the values of a form (JSON)."""
    if not isinstance(tree, list):
        return tree
    operation, *parts = tree
    if operation == "field":
        return values.get(parts[0])
    if operation == "and":
        return all(evaluate(part, values) is True for part in parts)
    if operation == "or":
        return any(evaluate(part, values) is True for part in parts)
    found = [evaluate(part, values) for part in parts]
    return _OPERATIONS[operation](*found)


def _same(a: Any, b: Any) -> bool:
    if is_empty(a) or is_empty(b):
        return is_empty(a) and is_empty(b)
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def check(a: Any, b: Any) -> bool:
        texts = isinstance(a, str) and isinstance(b, str)
        if texts and not (a and b):
            return False
        return (texts or (_is_number(a) and _is_number(b))) and compare(a, b)

    return check


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _part(name: str) -> Callable[[Any], Any]:
    return lambda value: value.get(name) if isinstance(value, dict) else None


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "not": lambda a: a is not True,
    "=": _same,
    "!=": lambda a, b: not _same(a, b),
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "in": lambda a, *values: any(_same(a, value) for value in values),
    "has": lambda a, value: isinstance(a, list) and any(_same(member, value) for member in a),
    "empty": is_empty,
    "count": lambda a: len(a) if isinstance(a, list) else 0,
    "total": _part("total"),
    "band": _part("band"),
}


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str):
        self.text = text
        self.tokens = list(self._scan())
        self.at = 0

    def disjunction(self) -> Tree:
        parts = [self._conjunction()]
        while self._took("word", "or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else ["or", *parts]

    def end(self) -> None:
        if self.at < len(self.tokens):
            raise self._wrong("the end, and, or")

    def _conjunction(self) -> Tree:
        parts = [self._negation()]
        while self._took("word", "and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else ["and", *parts]

    def _negation(self) -> Tree:
        if self._took("word", "not"):
            return ["not", self._negation()]
        return self._comparison()

    def _comparison(self) -> Tree:
        left = self._operand()
        for sign in COMPARISONS:
            if self._took("sign", sign):
                return [sign, left, self._operand()]
        if self._took("word", "in"):
            return ["in", left, *self._list()]
        if self._took("word", "has"):
            return ["has", left, self._literal()]
        return left

    def _operand(self) -> Tree:
        if self._took("sign", "("):
            inner = self.disjunction()
            self._expect(")")
            return inner
        kind, word = self._peek()
        if kind != "word" or word in ("true", "false"):
            return self._literal()
        self.at += 1
        if word in FUNCTIONS and self._took("sign", "("):
            name = self._word()
            self._expect(")")
            return [word, ["field", name]]
        return ["field", word]

    def _list(self) -> list[Any]:
        self._expect("[")
        found = [self._literal()]
        while self._took("sign", ","):
            found.append(self._literal())
        self._expect("]")
        return found

    def _literal(self) -> Any:
        kind, text = self._peek()
        if kind == "number":
            value: Any = float(text) if "." in text else int(text)
        elif kind == "text":
            value = text
        elif kind == "word" and text in ("true", "false"):
            value = text == "true"
        else:
            raise self._wrong("a number, true, false or 'a value in quotes'")
        self.at += 1
        return value

    def _word(self) -> str:
        kind, text = self._peek()
        if kind != "word":
            raise self._wrong("the name of a field")
        self.at += 1
        return text

    def _expect(self, sign: str) -> None:
        if not self._took("sign", sign):
            raise self._wrong(repr(sign))

    def _took(self, kind: str, text: str) -> bool:
        if self._peek() != (kind, text):
            return False
        self.at += 1
        return True

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.at][:2] if self.at < len(self.tokens) else ("end", "")

    def _scan(self) -> Iterator[tuple[str, str, int]]:
        at, text = 0, self.text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise ValueError(f"condition {self.text!r}: can't read {text[at:].strip()[:20]!r}")
            yield found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)
            at = found.end()

    def _wrong(self, expected: str) -> ValueError:
        rest = self.text[self.tokens[self.at][2] :] if self.at < len(self.tokens) else "the end"
        return ValueError(f"condition {self.text!r}: expected {expected} at {rest[:20]!r}")


def mistakes(condition: Condition, options: Mapping[str, frozenset[str] | None]) -> Iterator[str]:
    """What is wrong with a condition over fields, given their names with the values of those that are choices."""
    for name in sorted(condition.fields - set(options)):
        yield f"condition {condition}: {unknown('field', name, set(options))}"
    for node in nodes(condition.tree):
        if node[0] in ("=", "!=", "in", "has") and isinstance(node[1], list) and node[1][0] == "field":
            allowed = options.get(node[1][1])
            for value in node[2:]:
                if allowed is not None and not isinstance(value, list) and value not in allowed and value != "":
                    yield f"condition {condition}: {unknown('choice', str(value), allowed)}"
