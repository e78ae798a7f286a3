"""Notice and reply on paper: to whom, what, by when, with the signatures that were given in the program."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pdfplumber
import pytest
from django.test import Client
from django.utils import translation
from docx import Document

from xunzhi.web.accounts.identity import purposes
from xunzhi.web.audit.models import Entry
from xunzhi.web.cases.models import Case
from xunzhi.web.cases.services import move

pytestmark = pytest.mark.django_db
Browser = Callable[[str], Client]


def _is_no_watermark(sign: dict[str, Any]) -> bool:
    return "matrix" not in sign or sign["matrix"][1] == 0


@pytest.fixture
def printed(signed_in: Browser) -> Callable[..., str]:
    """The words on a paper of a case: `printed(case, "notice", "pdf")`."""

    def words(case: Case, paper: str, form: str, name: str = "officer") -> str:
        sent = {"purpose": next(iter(purposes())), "paper": paper, "format": form}
        answer = signed_in(name).post(f"/cases/{case.pk}/print", sent)
        assert answer.status_code == 200
        if form == "pdf":
            with pdfplumber.open(BytesIO(answer.content)) as read:
                return "\n".join(page.filter(_is_no_watermark).extract_text() for page in read.pages)
        document = Document(BytesIO(answer.content))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)

    return words


@pytest.mark.parametrize("form", ["pdf", "word"])
def test_the_notice_says_to_whom_what_and_by_when(form: str, printed: Callable[..., str], finding: Any) -> None:
    case = finding("issue", patient={"patient_id": "P0042", "name": "欧阳明"})
    text = printed(case, "notice", form)
    for said in (
        case.number,
        "Rectification notice",
        "心血管内科",
        "2026-12-04",
        case.values["problem"],
        "Received by",
    ):
        assert said in text
    assert "欧阳明" not in text
    assert '"paper":"notice"' in Entry.objects.get(action="print").detail.replace(" ", "")


@pytest.mark.parametrize("form", ["pdf", "word"])
def test_the_reply_bears_the_signatures_of_its_round(
    form: str, printed: Callable[..., str], finding: Any, reply: dict[str, Any], people: SimpleNamespace
) -> None:
    case = finding("issue")
    assert "Cause" in printed(case, "reply", form), "there is room to write by hand"
    case = move(case, "answer", reply, people.head_a, case.version, signed=True)
    text = printed(case, "reply", form)
    assert "head_a" in text
    assert reply["cause"] in text
    back = {"recheck_way": "on_site", "recheck_finding": "未到位", "deadline": "2026-12-20"}
    case = move(case, "return", back, people.officer, case.version, comment="再整改")
    assert "head_a" not in printed(case, "reply", form), "what was signed was the reply before"


def test_papers_are_in_the_language_of_the_reader(printed: Callable[..., str], finding: Any) -> None:
    case = finding("issue")
    case.opened_by.language = "zh-hans"
    case.opened_by.save()
    with translation.override("zh-hans"):
        assert "质量整改通知书" in printed(case, "notice", "word")


def test_the_dialog_offers_the_papers_of_the_type_and_no_others(signed_in: Browser, finding: Any) -> None:
    case = finding()
    page = signed_in("officer").get(f"/cases/{case.pk}").content.decode()
    assert 'value="notice"' in page
    assert 'value="reply"' in page
    sent = {"purpose": next(iter(purposes())), "paper": "../../etc/passwd", "format": "pdf"}
    assert signed_in("officer").post(f"/cases/{case.pk}/print", sent).status_code == 404
