"""The case types in use, and those that old cases were filed with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from xunzhi.standards.cases import CaseType
from xunzhi.web.installation import pack

_REVIVED: dict[str, CaseType] = {}


def case_types() -> Mapping[str, CaseType]:
    """The case types of the pack in use, in their order."""
    return pack().cases


def revived(fingerprint: str, spec: Callable[[], dict[str, Any]]) -> CaseType:
    """The case type of a stored revision; each is read once in a process."""
    found = _REVIVED.get(fingerprint)
    if found is None:
        found = _REVIVED[fingerprint] = CaseType.model_validate(spec())
    return found


def known(revisions: Any) -> list[CaseType]:
    """The case types of all stored revisions (a manager of CaseTypeRevision); only those not read before are loaded."""
    stored = list(revisions.values_list("fingerprint", flat=True))
    missing = [fingerprint for fingerprint in stored if fingerprint not in _REVIVED]
    for revision in revisions.filter(fingerprint__in=missing) if missing else ():
        _REVIVED[revision.fingerprint] = CaseType.model_validate(revision.spec)
    return [_REVIVED[fingerprint] for fingerprint in stored]
