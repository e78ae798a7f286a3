"""What the search page finds here: cases by number, title, text."""

from __future__ import annotations

from collections.abc import Iterator

from xunzhi.web.cases.access import visible
from xunzhi.web.cases.pairs import holding
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import Access
from xunzhi.web.work.items import Hit

MOST = 20
"""Cases that a search gives, the newest first."""


def found(access: Access, text: str) -> Iterator[Hit]:
    """Cases that hold every word of the text; parts of Chinese words are found too."""
    cases = visible(access).light()
    for word in text.split():
        cases = cases.filter(holding(word))
    for case in cases[:MOST]:
        state = in_language(case.form.states[case.state].label)
        yield Hit(
            f"{case.number} {case.title}", case.get_absolute_url(), in_language(case.form.label),
            f"{case.unit.name} · {state}", case.form.icon,
        )  # fmt: skip
