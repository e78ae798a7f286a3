"""What the search page finds here: cases by number, title, text."""

from __future__ import annotations

from collections.abc import Iterator

from xunzhi.web.cases.access import visible
from xunzhi.web.cases.models import address_of
from xunzhi.web.cases.pairs import holding
from xunzhi.web.cases.rows import forms_of, read
from xunzhi.web.installation import in_language
from xunzhi.web.permissions import Access
from xunzhi.web.work.items import Hit

MOST = 20
"""Cases that a search gives, the newest first."""


def found(access: Access, text: str) -> Iterator[Hit]:
    """Cases that hold every word of the text; parts of Chinese words are found too."""
    cases = visible(access).filter(*(holding(word) for word in text.split()))
    records = read(cases[:MOST], ["unit"])
    forms = forms_of(record["revision_id"] for record in records)
    for record in records:
        form = forms[record["revision_id"]]
        note = f"{record['unit__name']} · {in_language(form.states[record['state']].label)}"
        title = f"{record['number']} {record['title']}"
        yield Hit(title, address_of(record["pk"]), in_language(form.label), note, form.icon)
