"""Conditions of the standards in words: what a quality officer reads where the engine reads SQL.

`performed AND minutes_late <= 15` becomes “已实施手术”，且“开台延迟（分钟）” ≤ 15.
The words are those of the dictionary and its code lists, so a condition can't say something else than what is computed.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from xunzhi.standards.grains import GrainColumn
from xunzhi.standards.pack import Pack
from xunzhi.standards.sql import parse_expression
from xunzhi.standards.tables import Column

WORDS = {
    "zh": {
        "quoted": "“{0}”",
        "and": "{0}，且{1}",
        "or": "{0}或{1}",
        "group": "（{0}）",
        "not": "非{0}",
        "null": "{0}无记录",
        "filled": "{0}有记录",
        "is": "{0}为{1}",
        "is_not": "{0}不为{1}",
        "one_of": "{0}为{1}之一",
        "starts": "{0}以 {1} 开头",
        "between": "{0}在 {1} 至 {2} 之间",
        "else": "{0}（无记录时取{1}）",
        "when": "{0}时为 {1}",
        "otherwise": "其余为 {0}",
        "list": "、",
        "cases": "；",
        "true": "是",
        "false": "否",
    },
    "en": {
        "quoted": "“{0}”",
        "and": "{0} and {1}",
        "or": "{0} or {1}",
        "group": "({0})",
        "not": "not {0}",
        "null": "{0} not recorded",
        "filled": "{0} recorded",
        "is": "{0} is {1}",
        "is_not": "{0} is not {1}",
        "one_of": "{0} is one of {1}",
        "starts": "{0} begins with {1}",
        "between": "{0} from {1} to {2}",
        "else": "{0} ({1} where not recorded)",
        "when": "{1} where {0}",
        "otherwise": "otherwise {0}",
        "list": ", ",
        "cases": "; ",
        "true": "yes",
        "false": "no",
    },
}
SIGNS: dict[type[exp.Expr], str] = {
    exp.LT: "<",
    exp.LTE: "≤",
    exp.GT: ">",
    exp.GTE: "≥",
    exp.Add: "+",
    exp.Sub: "−",
    exp.Mul: "×",
    exp.Div: "÷",
}


class NoWordsError(ValueError):
    """An expression has a part for which there are no words."""


def in_words(pack: Pack, grain: str, expression: str, language: str) -> str:
    """An expression over a grain in words, in `zh` or `en`; one that has no words stays as it is written."""
    try:
        return _Reader(pack, grain, language).say(parse_expression(expression))
    except NoWordsError:
        return expression


class _Reader:
    """Says one expression in one language."""

    def __init__(self, pack: Pack, grain: str, language: str):
        self.pack, self.grain, self.language = pack, pack.grains[grain], language
        self.words = WORDS[language]
        self.ways: dict[type[exp.Expr], Callable[..., str]] = {
            exp.Column: self._column,
            exp.Literal: lambda node: str(node.this).removesuffix(".0"),
            exp.Boolean: lambda node: self.words["true" if node.this else "false"],
            exp.Paren: lambda node: self._form("group", self.say(node.this)),
            exp.Neg: lambda node: f"−{self.say(node.this)}",
            exp.And: lambda node: self._form("and", self.say(node.this), self.say(node.expression)),
            exp.Or: lambda node: self._form("or", self.say(node.this), self.say(node.expression)),
            exp.Not: self._not,
            exp.Is: lambda node: self._recorded(node, "null"),
            exp.EQ: lambda node: self._equal(node, "is"),
            exp.NEQ: lambda node: self._equal(node, "is_not"),
            exp.In: self._in,
            exp.Between: self._between,
            exp.Coalesce: self._coalesce,
            exp.Lower: lambda node: self.say(node.this),
            exp.Case: self._case,
        }

    def say(self, node: exp.Expr) -> str:
        """A part of the expression in words."""
        if type(node) in SIGNS:
            return f"{self.say(node.this)} {SIGNS[type(node)]} {self.say(node.expression)}"
        if type(node) not in self.ways:
            raise NoWordsError(node.sql("duckdb"))
        return self.ways[type(node)](node)

    def _form(self, name: str, *parts: str) -> str:
        return self.words[name].format(*parts)

    def _declared(self, name: str) -> Column | GrainColumn:
        if name in self.grain.columns:
            return self.grain.columns[name]
        for table in (self.grain.base, *self.grain.links):
            if name in self.pack.tables[table].columns:
                return self.pack.tables[table].columns[name]
        raise NoWordsError(name)

    def _column(self, node: exp.Column) -> str:
        label = self._declared(node.name).label(self.language)
        return self._form("quoted", label.removeprefix("是否"))

    def _not(self, node: exp.Not) -> str:
        if isinstance(node.this, exp.Is):
            return self._recorded(node.this, "filled")
        said = self.say(node.this)
        compound = isinstance(node.this, exp.And | exp.Or | exp.EQ | exp.In)
        return self._form("not", self._form("group", said) if compound else said)

    def _recorded(self, node: exp.Is, form: str) -> str:
        if not isinstance(node.expression, exp.Null):
            raise NoWordsError(node.sql("duckdb"))
        said = self.say(node.this)
        return self._form(form, said if isinstance(node.this, exp.Column) else self._form("group", said))

    def _value(self, of: exp.Expr, value: exp.Expr) -> str:
        """A value of a column, as its code list names it."""
        column = next(iter(of.find_all(exp.Column)), None)
        listed = self._declared(column.name).codes if column is not None else None
        codes = self.pack.codes[listed].codes if listed else {}
        text = str(value.this)
        code = codes.get(text) or codes.get(text.upper())  # lower(column) is compared with small letters
        if code is not None:
            return self._form("quoted", code.label(self.language))
        return self.say(value)

    def _equal(self, node: exp.EQ | exp.NEQ, form: str) -> str:
        """`coalesce(column, '') <> 'x'` says no more than the column is not x."""
        if isinstance(node.this, exp.Substring):
            return self._starts(node.this, [node.expression])
        return self._form(form, self.say(_bare(node.this)), self._value(node.this, node.expression))

    def _in(self, node: exp.In) -> str:
        if isinstance(node.this, exp.Substring):
            return self._starts(node.this, node.expressions)
        values = self.words["list"].join(self._value(node.this, value) for value in node.expressions)
        return self._form("one_of", self.say(node.this), values)

    def _starts(self, node: exp.Substring, values: list[exp.Expr]) -> str:
        if str(node.args["start"]) != "1":
            raise NoWordsError(node.sql("duckdb"))
        return self._form("starts", self.say(node.this), self.words["list"].join(self.say(value) for value in values))

    def _between(self, node: exp.Between) -> str:
        said, low, high = self.say(node.this), self.say(node.args["low"]), self.say(node.args["high"])
        return self._form("is", said, low) if low == high else self._form("between", said, low, high)

    def _coalesce(self, node: exp.Coalesce) -> str:
        if (bare := _bare(node)) is not node:
            return self.say(bare)
        return self._form("else", self.say(node.this), self.words["list"].join(map(self.say, node.expressions)))

    def _case(self, node: exp.Case) -> str:
        said = [self._form("when", self.say(way.this), self.say(way.args["true"])) for way in node.args["ifs"]]
        if node.args.get("default") is not None:
            said.append(self._form("otherwise", self.say(node.args["default"])))
        return self._form("group", self.words["cases"].join(said))


def _bare(node: exp.Expr) -> exp.Expr:
    """A column without the value that stands for a missing one, where that value is “no” or nothing."""
    if isinstance(node, exp.Coalesce) and len(node.expressions) == 1:
        instead = node.expressions[0]
        if isinstance(instead, exp.Boolean | exp.Literal) and instead.this in (False, ""):
            bare: exp.Expr = node.this
            return bare
    return node
