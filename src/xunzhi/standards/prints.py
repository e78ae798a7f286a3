"""prints.yaml: the papers into which cases are printed, such as a notice and the reply to it.

A case type names its papers by `print_template`; each can also be printed as a whole, which needs no paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from string import Formatter

from pydantic import Field, model_validator

from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.forms import Name
from xunzhi.standards.pack import Pack
from xunzhi.standards.sql import unknown
from xunzhi.standards.tables import Label, Standard
from xunzhi.standards.yaml_source import Loc, load_yaml

WHOLE = "case"
"""The template of case types that have no papers of their own."""

WORDS = frozenset({"number", "title", "unit", "institution", "due", "opened", "round", "state"})
"""What the opening of a paper may name in braces."""


class Block(Standard):
    """Some fields of the case under a heading; empty ones leave room to write if `blank`."""

    label: Label
    fields: tuple[str, ...] = Field(min_length=1)
    blank: bool = False


class SignatureLine(Standard):
    """A line to sign on; filled in with who signed the step in the program, if it was signed there."""

    label: Label
    step: str | None = None


class Paper(Standard):
    """A sheet with a title, an opening, some of the fields, and lines to sign on."""

    label: Label
    opening: Label | None = Field(default=None, description="texts with {number} {title} {unit} {due} and so on")
    sections: tuple[Block, ...] = Field(min_length=1)
    signatures: tuple[SignatureLine, ...] = ()

    @model_validator(mode="after")
    def _known_words(self) -> Paper:
        for text in (self.opening.zh, self.opening.en) if self.opening else ():
            named = {word for _text, word, *_ in Formatter().parse(text) if word is not None}
            if named - WORDS:
                raise ValueError(unknown("word", min(named - WORDS), set(WORDS)))
        return self


class _Prints(Standard):
    templates: dict[Name, dict[Name, Paper]]


def load_prints(pack: Pack) -> Mapping[str, Mapping[str, Paper]]:
    """The papers by template and name; a pack that extends another one may define a template anew.

    Raises:
        StandardsError: if prints.yaml is wrong, names a field or step that its case types lack, or a case type names a
            template that isn't there.
    """
    files = [folder / "prints.yaml" for folder in pack.layers if (folder / "prints.yaml").is_file()]
    found: dict[str, dict[str, Paper]] = {}
    problems: list[Problem] = []
    for file in files:
        source = load_yaml(file)
        part = source.validate(_Prints).templates
        problems += [
            source.problem(at, text) for name, papers in part.items() for at, text in _lost(pack, name, papers)
        ]
        found |= part
    for case in pack.cases.values():
        if case.print_template not in {WHOLE, *found}:
            text = unknown("template of prints.yaml", case.print_template, {WHOLE, *found})
            problems.append(Problem(pack.root / "cases", 1, f"{case.case}.print_template", text))
    if problems:
        raise StandardsError(problems)
    return found


def _lost(pack: Pack, template: str, papers: Mapping[str, Paper]) -> Iterator[tuple[Loc, str]]:
    """Fields and steps that a case type of the template lacks."""
    for case in (case for case in pack.cases.values() if case.print_template == template):
        for name, paper in papers.items():
            at = ("templates", template, name)
            for index, block in enumerate(paper.sections):
                for field in set(block.fields) - set(case.fields):
                    yield (*at, "sections", index, "fields"), unknown("field", field, set(case.fields))
            for index, line in enumerate(paper.signatures):
                if line.step is not None and line.step not in case.transitions:
                    place = (*at, "signatures", index, "step")
                    yield place, unknown("transition", line.step, set(case.transitions))
