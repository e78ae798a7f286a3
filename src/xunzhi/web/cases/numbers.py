"""Numbers of cases: without gaps within an institution, a type and a period."""

from __future__ import annotations

import re
from datetime import date

from django.db.models import F

from xunzhi.web.cases.models import Counter


def next_number(pattern: str, institution: str, case_type: str, day: date) -> str:
    """The next number of a series such as "ZG-{yyyy}{mm}-{0000}".

    Call it in the transaction that stores the case: others who want a number of the series wait until its end, and if
    it fails the number is given again.
    """
    period = "".join(f"{day:{code}}" for name, code in (("{yy", "%Y"), ("{mm}", "%m")) if name in pattern)
    series = {"institution": institution, "type": case_type, "period": period}
    Counter.objects.get_or_create(**series)
    Counter.objects.filter(**series).update(last=F("last") + 1)
    last = Counter.objects.get(**series).last
    said = pattern.replace("{yyyy}", f"{day:%Y}").replace("{yy}", f"{day:%y}").replace("{mm}", f"{day:%m}")
    return re.sub(r"\{(0+)\}", lambda zeros: f"{last:0{len(zeros[1])}d}", said)
