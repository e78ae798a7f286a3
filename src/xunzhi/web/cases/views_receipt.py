"""How an anonymous case stands, for who has its secret."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from xunzhi.web.accounts.attempts import Blocked
from xunzhi.web.accounts.signing_in import address_of
from xunzhi.web.cases.receipts import found_by
from xunzhi.web.permissions import signed_in


@signed_in
def receipt(request: HttpRequest) -> HttpResponse:
    """Number and state of the case of a secret; nothing is kept of who asks."""
    found, problem = None, ""
    if request.method == "POST":
        try:
            found = found_by(request.POST.get("secret", ""), address_of(request))
        except Blocked as blocked:
            problem = str(blocked)
        else:
            problem = "" if found else _("Nothing was sent under this secret number. Check it letter by letter.")
    state = found.form.states[found.state] if found else None
    context = {"case": found, "state": state, "problem": problem}
    return render(request, "cases/lookup.html", context, status=422 if problem else 200)
