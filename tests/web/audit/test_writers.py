"""Many record at once: one unbroken chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from xunzhi.web.audit.models import Entry
from xunzhi.web.audit.services import record
from xunzhi.web.audit.verify import Verdict, verify

WRITERS = 200


@pytest.mark.django_db(transaction=True)
def test_two_hundred_writers_leave_one_unbroken_chain() -> None:
    def write(number: int) -> None:
        try:
            with transaction.atomic():
                record(None, "case.move", f"case {number}")
                if number % 10 == 0:
                    transaction.set_rollback(True)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(write, range(WRITERS)))
    kept = WRITERS - WRITERS // 10
    assert verify() == Verdict(checked=kept, signed=kept)
    assert Entry.objects.values("thing").distinct().count() == kept
