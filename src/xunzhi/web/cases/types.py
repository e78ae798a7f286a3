"""The case types in use, and those that old cases were filed with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from xunzhi.standards.cases import CaseType, load_case_types
from xunzhi.web.installation import pack

_REVIVED: dict[str, CaseType] = {}


@lru_cache(maxsize=1)
def case_types() -> Mapping[str, CaseType]:
    """The case types of the pack in use, in their order."""
    return load_case_types(pack())


def revived(fingerprint: str, spec: dict[str, Any]) -> CaseType:
    """The case type of a stored revision; each is read once in a process."""
    found = _REVIVED.get(fingerprint)
    if found is None:
        found = _REVIVED[fingerprint] = CaseType.model_validate(spec)
    return found
