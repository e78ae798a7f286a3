"""How the site itself stores passwords; other tests use less work (tests/web/hashing.py)."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password, get_hasher, make_password

from tests.web.conftest import PASSWORD
from xunzhi.web import settings as site


def test_a_password_is_stored_as_scrypt_with_the_work_of_django(settings) -> None:
    settings.PASSWORD_HASHERS = site.PASSWORD_HASHERS
    stored = make_password(PASSWORD)
    algorithm, work, _salt, block, _parallel, _hash = stored.split("$")
    assert (algorithm, int(work) >= 2**14, int(block) >= 8) == ("scrypt", True, True)
    assert check_password(PASSWORD, stored)
    assert not check_password(PASSWORD + "x", stored)
    assert not get_hasher().must_update(stored)
