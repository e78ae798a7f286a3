"""Whose account it is that another system vouches for: by staff number, or by mail."""

from __future__ import annotations

from xunzhi.web.accounts.administration import create
from xunzhi.web.accounts.models import User
from xunzhi.web.accounts.services import in_force
from xunzhi.web.org.models import Person


def account_of(code: str = "", mail: str = "", institution: str = "", make: bool = False) -> User | None:
    """The account of the one person with a staff number, or else with a mail address; None if there isn't just one.

    `institution` limits the search to the staff of one ("" for all). With `make` a person without an account gets
    one, which has no roles and no password.
    """
    if not code and not mail:
        return None
    staff = Person.objects.filter(in_force()).select_related("user")
    if institution:
        staff = staff.filter(institution=institution)
    found = list((staff.filter(code=code) if code else staff.filter(email__iexact=mail))[:2])
    if len(found) != 1:
        return None
    person = found[0]
    user = User.objects.select_related("person").filter(person=person).first()
    return create(person, by=None) if user is None and make else user
