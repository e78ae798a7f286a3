"""All texts stand in two catalogues that say the same things."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
import yaml

from xunzhi import reports, spc
from xunzhi.reports.messages import LANGUAGES, Messages, catalogue

TEMPLATES = Path(reports.__file__).parent / "templates"
CODE = Path(reports.__file__).parent
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_in_the_same_order():
    assert list(catalogue("zh")) == list(catalogue("en"))


@pytest.mark.parametrize("key", catalogue("zh"))
def test_both_languages_take_the_same_values(key):
    assert fields(catalogue("zh")[key]) == fields(catalogue("en")[key])


def test_every_text_is_text():
    for language in LANGUAGES:
        raw = yaml.safe_load((CODE / "locale" / f"{language}.yaml").read_text(encoding="utf-8"))
        leaves = [leaf for group in raw.values() for leaf in (group.values() if isinstance(group, dict) else [group])]
        assert all(isinstance(leaf, str) and leaf for leaf in leaves)


def test_english_has_no_chinese():
    assert not [key for key, text in catalogue("en").items() if CHINESE.search(text)]


def test_templates_hold_no_text():
    html = (TEMPLATES / "bulletin.html.j2").read_text(encoding="utf-8")
    between_tags = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", " ", html, flags=re.DOTALL)
    assert not re.search(r"[^\W\d_]", between_tags)
    typst = (TEMPLATES / "bulletin.typ").read_text(encoding="utf-8")
    markup = re.findall(r"\[([^\[\]]*)\]", typst)
    assert not any(re.search(r"[^\W\d_]{2}", text) for text in markup)
    assert not CHINESE.search(html + typst)


def test_code_holds_no_chinese_but_names_of_fonts_and_errors():
    allowed = {"宋体", "黑体", "等线"}
    for file in CODE.rglob("*.py"):
        for line in file.read_text(encoding="utf-8").splitlines():
            plain = line
            for word in allowed:
                plain = plain.replace(word, "")
            said_twice = " / " in plain or '"""' in plain or plain.lstrip().startswith("#")
            documented = "'''" in plain or not re.search(r"[\"'][^\"']*[\u4e00-\u9fff]", plain)
            assert documented or said_twice, f"{file.name}: {line}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_words(language):
    say = Messages(language)
    codes = {rule.code for rules in spc.RULE_SETS.values() for rule in rules}
    assert all(say.rule(code) for code in codes)


@pytest.mark.parametrize(
    ("period", "zh", "en"),
    [("2026-09", "2026年9月", "September 2026"), ("2026Q3", "2026年第3季度", "Q3 2026"), ("2026", "2026年", "2026")],
)
def test_periods(period, zh, en):
    assert Messages("zh").period(period) == zh
    assert Messages("en").period(period) == en


def test_values_are_never_read_as_templates():
    assert "{0} {x.__class__}" in Messages("en").sentence("chart.nothing", indicator="{0} {x.__class__}").text


def test_an_unknown_language_says_so():
    with pytest.raises(ValueError, match="zh or en"):
        Messages("fr")
