"""Who may open the audit log (see permission_kit.py)."""

from __future__ import annotations

from tests.web.permission_kit import Page

OTHERS = ("president", "officer", "officer_h2", "head_a", "doctor_b", "system_admin", "security_admin")

PAGES = [
    Page("audit:log", may=("audit_admin",), outsider=OTHERS),
    Page("audit:verify", method="post", may=("audit_admin",), outsider=OTHERS),
]
