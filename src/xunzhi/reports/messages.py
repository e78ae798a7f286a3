"""Every text of a bulletin that is not in the standards, in both languages: locale/zh.yaml and locale/en.yaml."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from xunzhi.reports.model import Number, Sentence

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("zh", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language by dotted key.

    Raises:
        ValueError: for a language without a catalogue.
    """
    if language not in LANGUAGES:
        raise ValueError(f"语言须为 zh 或 en / language must be zh or en, got {language!r}")
    return _flat(yaml.safe_load((LOCALE / f"{language}.yaml").read_text(encoding="utf-8")))


@cache
def units() -> dict[str, str]:
    """English for the words that units are made of."""
    words: dict[str, Any] = yaml.safe_load((LOCALE / "units.yaml").read_text(encoding="utf-8"))
    return {word: str(english) for word, english in words.items()}


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": str(value)}
    return flat


class Messages:
    """The texts of one language: `say("title.hospital", name=…)`."""

    def __init__(self, language: str):
        self.language = language
        self.texts = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """A text with its values put in; values are never read as templates."""
        return self.texts[key].format(**values)

    def sentence(self, key: str, **values: Number | str) -> Sentence:
        """A sentence that remembers its numbers and names."""
        numbers = tuple(value for value in values.values() if isinstance(value, Number))
        names = tuple(value for value in values.values() if isinstance(value, str) and value)
        texts = {name: value.text if isinstance(value, Number) else value for name, value in values.items()}
        return Sentence(self(key, **texts), numbers, names)

    def group(self, prefix: str) -> dict[str, str]:
        """The texts whose keys begin with a prefix, which is taken off."""
        return {
            key.removeprefix(f"{prefix}."): text for key, text in self.texts.items() if key.startswith(f"{prefix}.")
        }

    def listed(self, words: list[str]) -> str:
        """Words one after another."""
        return self("list.comma").join(words)

    def period(self, period: str) -> str:
        """A period as people write it: 2026年9月, September 2026."""
        year, _, rest = period.replace("Q", "-Q").partition("-")
        if not rest:
            return self("period.year", year=year)
        if rest.startswith("Q"):
            return self("period.quarter", year=year, quarter=rest[1:])
        return self("period.month", year=year, month=self(f"period.month_{int(rest)}"))

    def unit(self, unit: str) -> str:
        """A unit of the standards (`件/百床·年`) in this language; words that nobody translated stay as they are."""
        if self.language == "zh":
            return unit
        return "".join(units().get(part, part) for part in re.split("([/·])", unit))

    def rule(self, code: str) -> str:
        """A signal rule in words."""
        matched = re.fullmatch(r"(shift|trend|alternation)_(\d+)", code)
        return self(f"rule.{matched[1]}", n=matched[2]) if matched else self(f"rule.{code}")
