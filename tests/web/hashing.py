"""The site's hash of passwords with less work: tests make thousands of accounts."""

from __future__ import annotations

from django.contrib.auth.hashers import ScryptPasswordHasher


class Quick(ScryptPasswordHasher):
    """As the site's, but soon done; test_hashing.py looks at the site's own."""

    work_factor = 2
